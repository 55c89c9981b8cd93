"""What every formula of the catalog tells about itself, whatever it is a formula of."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from osolgil.formulas import naming

Formula = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Row:
    """What every formula of the catalog tells about itself.

    `peers` maps a library ("pytorch", "keras", "optax") to one sentence on how its definition differs,
    or "same" where it does not. Arguments of the formula that have a default are its hyperparameters;
    `limits` gives the interval each must lie in, `given` what a user set: a row found as
    `huber(delta=2)` carries {"delta": 2.0} and applies it when called.
    """

    name: str
    title: str
    formula: Formula
    paper: str
    year: int
    parents: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    peers: Mapping[str, str] = field(default_factory=dict)
    limits: naming.Limits = field(default_factory=dict, kw_only=True)
    given: Mapping[str, float] = field(default_factory=dict, kw_only=True)

    @property
    def settings(self) -> dict[str, float]:
        """Every hyperparameter of the formula: its default, or what was given."""
        return {**naming.defaults_of(self.formula), **self.given}

    @property
    def text(self) -> str:
        """The name as a user writes it, with the hyperparameters that differ from their defaults."""
        return naming.written(self.name, self.given)

    def having(self, given: Mapping[str, float]) -> Self:
        """This row with hyperparameters set; `SettingsError` for unknown names and senseless values."""
        defaults = naming.defaults_of(self.formula)
        chosen = naming.settle(self.title, defaults, given, self.limits)
        return replace(self, given={key: value for key, value in chosen.items() if value != defaults[key]})

    def __init_subclass__(cls) -> None:
        cls.__repr__ = Row.__repr__  # or @dataclass would write a long one into every kind of row

    def __repr__(self) -> str:
        return f"<{self.name}: {self.summary}>"

    def _repr_html_(self) -> str:
        """What it is, which a notebook shows by itself."""
        from osolgil import notebooks

        path, line = self.location
        content = {
            "": self.summary,
            "also called": ", ".join(self.aliases),
            "hyperparameters": ", ".join(f"{k} = {v:g}" for k, v in getattr(self, "defaults", {}).items()),
            "state": ", ".join(getattr(self, "state", ())),
            "parents": ", ".join(self.parents),
            "changes": getattr(self, "changes", ""),
            "paper": f"{self.paper} ({self.year})" if self.year else self.paper,
            "written in": f"{path}, line {line}",
            **self.peers,
        }
        return notebooks.facts(self.title, content)

    @property
    def location(self) -> tuple[str, int]:
        """File and line where the formula is written."""
        return inspect.getsourcefile(self.formula) or "", inspect.getsourcelines(self.formula)[1]

    @property
    def summary(self) -> str:
        """First line of the formula's docstring."""
        return (inspect.getdoc(self.formula) or "").split("\n", 1)[0]

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self.formula(*arguments, **{**self.given, **keywords})
