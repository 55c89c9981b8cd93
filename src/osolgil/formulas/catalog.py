"""The catalog: one frozen row per formula, found by name or alias.

A formula joins the catalog by its decorator, in the module where it is written; nothing else is edited.

>>> from osolgil.formulas import catalog
>>> catalog.optimizer("adam").parents
('momentum', 'rmsprop')
>>> catalog.activation("logistic").name
'sigmoid'
>>> dict(catalog.activation("leaky_relu(negative_slope=0.2)").settings)
{'negative_slope': 0.2}
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Generic, Literal, Self, TypeVar

from osolgil.errors import SettingsError
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
    term_count: int = field(default=1, kw_only=True)
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


@dataclass(frozen=True, eq=False)
class Loss(Row):
    """A loss per output element and its derivative with respect to the network's output.

    `statistic` reduces a row of outputs to one number the element formulas need (the log-normaliser of the
    softmax), or is None.
    """

    slope: Formula = field(kw_only=True)
    task: Literal["classification", "regression"] = field(kw_only=True)
    statistic: Formula | None = field(default=None, kw_only=True)


@dataclass(frozen=True, eq=False)
class InitialScale(Row):
    """Standard deviation of initial weights from fan-in and fan-out, and the distribution they come from."""

    distribution: Literal["normal", "uniform"] = field(kw_only=True)


@dataclass(frozen=True, eq=False)
class Optimizer(Row):
    """An update per element with its state, and coefficients computed once per step.

    `state` names the arrays carried from step to step (all start at 0); `carried` names scalars carried from
    step to step with their first values; `defaults` are the hyperparameters. `generalises` names the
    optimizers it contains as special cases, which it must not lose to when well tuned (Choi et al. 2019,
    arXiv:1910.05446).
    """

    state: tuple[str, ...] = field(kw_only=True)
    defaults: Mapping[str, float] = field(kw_only=True)
    changes: str = field(kw_only=True)
    answers: str = field(kw_only=True)
    coefficients: Formula | None = field(default=None, kw_only=True)
    carried: Mapping[str, float] = field(default_factory=dict, kw_only=True)
    generalises: tuple[str, ...] = field(default=(), kw_only=True)
    full_batch: bool = field(default=False, kw_only=True)

    @property
    def family(self) -> str:
        """The module it is written in: "momentum", "adaptive", "adam" …"""
        return self.formula.__module__.rpartition(".")[2]

    @property
    def coefficient_names(self) -> tuple[str, ...]:
        """Names of the scalars `update` takes after the parameter, its gradient and the state."""
        names = tuple(inspect.signature(self.formula).parameters)
        return names[2 + len(self.state) :]

    def hyperparameters(self, **given: float) -> dict[str, float]:
        """Defaults overridden by what is given; unknown names raise `SettingsError`."""
        return naming.settle(self.title, self.defaults, given, self.limits)


RowType = TypeVar("RowType", bound=Row)


class Shelf(Generic[RowType]):
    """All rows of one kind, in the order they were written."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._rows: dict[str, RowType] = {}
        self._aliases: dict[str, str] = {}
        self._changed: dict[str, RowType] = {}

    def add(self, row: RowType) -> RowType:
        for name in (row.name, *row.aliases):
            if name in self._aliases:
                raise ValueError(f"two {self._kind}s are called '{name}'")
            self._aliases[name] = row.name
        self._rows[row.name] = row
        return row

    def find(self, name: str) -> RowType:
        key = naming.plain(str(name).partition("(")[0])
        if key in self._aliases:
            row = self._rows[self._aliases[key]]
            _, given = naming.parse(name, tuple(row.settings))
            changed = row.having(given) if given else row
            return self._changed.setdefault(changed.text, changed) if changed.given else row
        hint = naming.hint(key, self._aliases)
        raise SettingsError(f"There is no {self._kind} '{name}'.{hint} Known: {', '.join(self._rows)}.")

    @property
    def rows(self) -> Mapping[str, RowType]:
        return MappingProxyType(self._rows)


_activations: Shelf[Activation] = Shelf("activation")
_losses: Shelf[Loss] = Shelf("loss")
_initial_scales: Shelf[InitialScale] = Shelf("initial scale")
_optimizers: Shelf[Optimizer] = Shelf("optimizer")


def activation(name: str) -> Activation:
    """The activation called `name`; `SettingsError` names the nearest one if there is none."""
    return _loaded(_activations).find(name)


def loss(name: str) -> Loss:
    """The loss called `name`."""
    return _loaded(_losses).find(name)


def initial_scale(name: str) -> InitialScale:
    """The initial scale called `name`."""
    return _loaded(_initial_scales).find(name)


def optimizer(name: str) -> Optimizer:
    """The optimizer called `name`."""
    return _loaded(_optimizers).find(name)


def activations() -> Mapping[str, Activation]:
    """Every activation, by name."""
    return _loaded(_activations).rows


def elementwise_activations() -> Mapping[str, Activation]:
    """The activations that are a function of one number, by name."""
    return MappingProxyType({name: row for name, row in activations().items() if row.kind == "elementwise"})


def losses() -> Mapping[str, Loss]:
    """Every loss, by name."""
    return _loaded(_losses).rows


def initial_scales() -> Mapping[str, InitialScale]:
    """Every initial scale, by name."""
    return _loaded(_initial_scales).rows


def optimizers() -> Mapping[str, Optimizer]:
    """Every optimizer, by name."""
    return _loaded(_optimizers).rows


def _loaded(shelf: Shelf[RowType]) -> Shelf[RowType]:
    from osolgil.formulas import activations, initial_scales, losses, optimizers  # noqa: F401

    return shelf


def _name(formula: Formula, name: str | None) -> str:
    return name or formula.__name__


def add_activation(
    *, slope: Formula, name: str | None = None, **facts: Any
) -> Callable[[Formula], Activation]:
    """Decorator: put an activation with its derivative `slope` into the catalog."""
    return lambda formula: _activations.add(
        Activation(name=_name(formula, name), formula=formula, slope=slope, **facts)
    )


def add_loss(*, slope: Formula, name: str | None = None, **facts: Any) -> Callable[[Formula], Loss]:
    """Decorator: put a loss with its derivative `slope` into the catalog."""
    return lambda formula: _losses.add(Loss(name=_name(formula, name), formula=formula, slope=slope, **facts))


def add_initial_scale(*, name: str | None = None, **facts: Any) -> Callable[[Formula], InitialScale]:
    """Decorator: put an initial scale into the catalog."""
    return lambda formula: _initial_scales.add(
        InitialScale(name=_name(formula, name), formula=formula, **facts)
    )


def add_optimizer(
    *, defaults: Mapping[str, float], state: tuple[str, ...] = (), name: str | None = None, **facts: Any
) -> Callable[[Formula], Optimizer]:
    """Decorator: put an optimizer's update, its defaults and the names of its state into the catalog."""
    return lambda formula: _optimizers.add(
        Optimizer(
            name=_name(formula, name),
            formula=formula,
            state=state,
            defaults=MappingProxyType(dict(defaults)),
            **facts,
        )
    )
