"""Wrapped optimizers as they are written: `lookahead(adam)`, `ema(cautious(adamw), memory=0.98)`.

The first thing in a wrapper's brackets is what it stands around; its own hyperparameters follow, by name. An
optimizer's own may stand in brackets too: `adam(beta1=0.8)`.

>>> row = parse("Lookahead(adam(beta1=0.8), period = 5)")
>>> row.name
'lookahead(adam(beta1=0.8), period=5)'
>>> {name: row.defaults[name] for name in ("learning_rate", "beta1", "period", "share")}
{'learning_rate': 0.001, 'beta1': 0.8, 'period': 5.0, 'share': 0.5}
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from osolgil.errors import SettingsError
from osolgil.formulas import catalog, naming
from osolgil.formulas.catalog import Optimizer, Wrapper
from osolgil.formulas.part import Part
from osolgil.formulas.stages import Fitted

_DEEPEST = 12


@dataclass(frozen=True, eq=False)
class Wrapped(Optimizer):
    """An optimizer with wrappers around it; `parts` are its base and its wrappers from the inside out."""

    base: Optimizer = field(kw_only=True)
    parts: tuple[Fitted, ...] = field(kw_only=True)

    @property
    def needs_loss(self) -> bool:
        return any(fitted.part.needs_loss for fitted in self.parts)

    @property
    def wrappers(self) -> tuple[Wrapper, ...]:
        """The wrappers from the inside out."""
        return tuple(fitted.part for fitted in self.parts if isinstance(fitted.part, Wrapper))


def parse(text: str) -> Optimizer:
    """The optimizer that `text` writes; `SettingsError` says what is wrong, with the nearest right name."""
    if text.count("(") > _DEEPEST:
        raise SettingsError(f"An optimizer is wrapped at most {_DEEPEST} times.")
    return _parse(" ".join(text.split()))


def innermost(text: str) -> str:
    """The name of what stands inside all wrappers, as it is written.

    >>> innermost("ema(cautious(mine.py:fast, memory=0.9))"), innermost("adam(beta1=0.8)"), innermost("sgd")
    ('mine.py:fast', 'adam', 'sgd')
    """
    head, _, rest = text.strip().partition("(")
    inside = naming.split(rest.strip()[:-1])
    if not inside or "=" in inside[0].partition("(")[0]:
        return head.strip()
    return innermost(inside[0])


def _parse(text: str) -> Optimizer:
    head, bracket, rest = text.partition("(")
    if not bracket:
        if ")" in text:
            raise SettingsError(f"The brackets in '{text}' do not match.")
        return catalog.optimizer(text)
    if not rest.endswith(")"):
        raise SettingsError(f"'{text}' is not understood; write it as '{head.strip()}(…)'.")
    inside = naming.split(rest[:-1])
    name = naming.plain(head)
    if _is_wrapper(name) or not _is_optimizer(head):
        row = catalog.wrapper(head) if _is_wrapper(name) else _refuse(head, text)
        return _wrapped(row, inside, text)
    given = dict(_pair(part, head, text) for part in inside)
    row = catalog.optimizer(head)
    values = row.hyperparameters(**given)
    return _canonical(
        row, replace(row, name=_written(row.name, [], row.defaults, given), defaults=MappingProxyType(values))
    )


def _wrapped(wrapper: Wrapper, inside: list[str], text: str) -> Optimizer:
    if not inside or "=" in inside[0].partition("(")[0]:
        raise SettingsError(f"Say which optimizer '{wrapper.name}' stands around: {wrapper.name}(adam).")
    inner = _parse(inside[0])
    around = getattr(inner, "parts", (Fitted(inner, {}),))
    if any(fitted.part.name == wrapper.name for fitted in around):
        raise SettingsError(f"'{text}' has {wrapper.name} twice; once is enough.")
    if _probes(wrapper) and any(_probes(fitted.part) for fitted in around):
        raise SettingsError(f"'{text}' would measure a second gradient twice in a step; once is possible.")
    names = {
        name: name if name not in inner.defaults else f"{wrapper.name}_{name}" for name in wrapper.defaults
    }
    defaults = {names[name]: value for name, value in wrapper.defaults.items()}
    limits = {names[name]: limit for name, limit in wrapper.limits.items() if name in names}
    given = {}
    for part in inside[1:]:
        name, value = _pair(part, wrapper.name, text)
        if name not in names and name in inner.defaults:
            raise SettingsError(
                f"{name} belongs to {inner.name}, not to {wrapper.name}; write it in its own brackets: "
                f"{inner.name.partition('(')[0]}(…{name}={value:.15g})."
            )
        given[names.get(name, name)] = value
    chosen = naming.settle(wrapper.title, defaults, given, limits)
    written = {name: chosen[names[name]] for name in wrapper.defaults}
    made = Wrapped(
        name=_written(wrapper.name, [inner.name], wrapper.defaults, written),
        title=f"{wrapper.title} ({inner.title})",
        formula=inner.formula,
        paper=wrapper.paper,
        year=wrapper.year,
        parents=(inner.name,),
        peers=dict.fromkeys(("pytorch", "keras", "optax"), f"see {wrapper.name} and {inner.name}"),
        limits={**inner.limits, **limits},
        state=inner.state,
        defaults=MappingProxyType({**inner.defaults, **chosen}),
        changes=wrapper.changes,
        answers=wrapper.answers,
        full_batch=inner.full_batch,
        base=getattr(inner, "base", inner),
        parts=(*around, Fitted(wrapper, names)),
    )
    return _canonical(inner, made)


_made: dict[str, Optimizer] = {}


def _canonical(inner: Optimizer, made: Optimizer) -> Optimizer:
    """One row per canonical name, so that nothing is compiled twice."""
    if made.name == inner.name:
        return inner
    return _made.setdefault(made.name, made)


def _probes(part: Part) -> bool:
    return part.hook == "probe" or "probe" in part.hooks


def _is_wrapper(name: str) -> bool:
    return any(name in (row.name, *row.aliases) for row in catalog.wrappers().values())


def _is_optimizer(name: str) -> bool:
    try:
        catalog.optimizer(name)
    except SettingsError:
        return False
    return True


def _refuse(name: str, text: str) -> Wrapper:
    known = [*catalog.wrappers(), *catalog.optimizers()]
    known += [
        alias
        for row in (*catalog.wrappers().values(), *catalog.optimizers().values())
        for alias in row.aliases
    ]
    hint = naming.hint(naming.plain(name), known)
    raise SettingsError(
        f"There is no wrapper '{name.strip()}' as in '{text}'.{hint} Known: {', '.join(catalog.wrappers())}."
    )


def _pair(part: str, owner: str, text: str) -> tuple[str, float]:
    name, equals, number = part.partition("=")
    if not equals:
        raise SettingsError(
            f"'{part}' in '{text}' has no name; write it as '{owner.strip()}(…, key={part})'."
        )
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise SettingsError(f"{name.strip()} in '{text}' must be a finite number.")
    return naming.plain(name), value


def _written(name: str, inside: list[str], defaults: Mapping[str, float], chosen: Mapping[str, float]) -> str:
    changed = {key: value for key, value in chosen.items() if value != defaults[key]}
    parts = [*inside, *(f"{key}={value:.15g}" for key, value in changed.items())]
    return f"{name}({', '.join(parts)})" if parts else name
