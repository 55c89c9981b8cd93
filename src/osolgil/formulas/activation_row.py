"""A catalog row that is an activation: elementwise, row-wise or in pieces, with learned parameters or without."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

from osolgil.errors import SettingsError
from osolgil.formulas import naming
from osolgil.formulas.row import Formula, Row


@dataclass(frozen=True, eq=False)
class Activation(Row):
    """An activation f with its hand-written derivative, both functions of the pre-activation x.

    Of a "row-wise" one each value depends on the whole row: `statistic` reduces the row to two numbers, which
    the formula takes besides x. Its `slope` is the product of a gradient with the row's Jacobian, a function of the
    value, the gradient at the value, and the sums over the row of the `terms` of these two.
    One in "pieces" folds several pre-activations into a value, two at a time: the formula takes what is folded so
    far and the next piece, the slope returns the derivatives by both. Its number of pieces may be set up to
    `most_pieces`.
    `learned` names a hyperparameter that every unit of a layer trains like a bias, from its default on, and
    `learned_slope` is the derivative by it. A `random` activation takes a number from [0, 1) as its second
    argument, drawn anew for every element in training, 1/2 in evaluation. `ordered` names two hyperparameters
    of which the second may not be below the first.
    """

    slope: Formula = field(kw_only=True)
    kind: Literal["elementwise", "row-wise", "pieces"] = field(default="elementwise", kw_only=True)
    statistic: Formula | None = field(default=None, kw_only=True)
    terms: Formula | None = field(default=None, kw_only=True)
    pieces: int = field(default=1, kw_only=True)
    most_pieces: int = field(default=0, kw_only=True)
    learned: str | None = field(default=None, kw_only=True)
    learned_slope: Formula | None = field(default=None, kw_only=True)
    random: bool = field(default=False, kw_only=True)
    ordered: tuple[str, str] | None = field(default=None, kw_only=True)

    @property
    def family(self) -> str:
        """The module it is written in: "sigmoidal", "rectifiers", "gates" …"""
        return self.formula.__module__.rpartition(".")[2]

    @property
    def term_count(self) -> int:
        """How many terms of a row-wise one are summed over the row."""
        found = self.terms(1.0, 1.0) if self.terms is not None else ()
        return len(found) if isinstance(found, tuple) else 1

    @property
    def settings(self) -> dict[str, float]:
        """Every hyperparameter: its default, or what was given."""
        own = super().settings
        if self.random:
            del own["random"]
        return {**own, "pieces": float(self.pieces)} if self.most_pieces else own

    def having(self, given: Mapping[str, float]) -> Self:
        """This row with hyperparameters set, in its value and its slopes alike."""
        defaults = self.settings
        chosen = naming.settle(self.title, defaults, given, self.limits)
        if self.ordered and chosen[self.ordered[0]] > chosen[self.ordered[1]]:
            low, high = self.ordered
            raise SettingsError(f"{low} of {self.title} must not be above {high}.")
        pieces = chosen.get("pieces", self.pieces)
        if self.most_pieces and pieces not in range(2, self.most_pieces + 1):
            raise SettingsError(
                f"pieces of {self.title} must be a whole number from 2 to {self.most_pieces}, not {pieces:g}."
            )
        changed = {key: value for key, value in chosen.items() if value != defaults[key]}
        formulas = {
            name: naming.redefined(formula, changed)
            for name in ("formula", "slope", "learned_slope")
            if (formula := getattr(self, name)) is not None
        }
        return replace(self, given={**self.given, **changed}, pieces=int(pieces), **formulas)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """The value: of x, of the rows (…, outputs) of a row-wise one, or of all pieces, one after another."""
        if self.statistic is not None:
            (rows,) = arguments
            return self.formula(rows, *(number[..., None] for number in self.statistic(rows)), **keywords)
        if self.kind == "pieces":
            return functools.reduce(lambda folded, piece: self.formula(folded, piece, **keywords), arguments)
        return self.formula(*arguments, **keywords)

    def pull_back(self, rows: Any, gradient: Any) -> Any:
        """For a row-wise one: the gradient at the pre-activations (…, outputs) from that at the values."""
        assert self.terms is not None
        values = self(rows)
        terms = self.terms(values, gradient)
        totals = [term.sum(-1, keepdims=True) for term in (terms if isinstance(terms, tuple) else (terms,))]
        return self.slope(values, gradient, *totals)
