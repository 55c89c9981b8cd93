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
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, Literal, TypeVar

from osolgil.errors import SettingsError
from osolgil.formulas import naming
from osolgil.formulas.activation_row import Activation
from osolgil.formulas.part import Hook, Optimizer, Wrapper
from osolgil.formulas.row import Formula, Row
from osolgil.formulas.schedule_row import Schedule
from osolgil.spelling import hint

Task = Literal["classification", "multi-label", "regression"]
NOT_AVAILABLE: Mapping[str, str] = MappingProxyType(
    {"pytorch": "not available", "keras": "not available", "optax": "not available"}
)


@dataclass(frozen=True, eq=False)
class Loss(Row):
    """A loss per output element and its derivative with respect to the network's output.

    Both take the output, the target, what `statistic` found in the row, and the hyperparameters. `statistic` is
    a function of a row's outputs and targets that returns those numbers, or None. `tasks` it can train, the
    usual first. `link` "log" says that outputs are logarithms of what they predict; `targets` which are
    possible. `convex` as a function of a row's outputs.
    """

    slope: Formula = field(kw_only=True)
    tasks: tuple[Task, ...] = field(kw_only=True)
    statistic: Formula | None = field(default=None, kw_only=True)
    link: Literal["identity", "log"] = field(default="identity", kw_only=True)
    targets: Literal["any", "zero or more", "positive"] = field(default="any", kw_only=True)
    convex: bool = field(default=False, kw_only=True)

    @property
    def task(self) -> Task:
        """The task it usually trains."""
        return self.tasks[0]

    @functools.cached_property
    def symmetric(self) -> bool:
        """Whether an output too high costs what one too low by as much does: its best constant is then a middle."""
        import numpy as np

        errors = np.array([[0.25], [1.0], [3.0]])
        zeros = np.zeros_like(errors)
        with np.errstate(all="ignore"):  # a loss of one's own need not be defined everywhere
            return bool(np.allclose(self.losses(errors, zeros), self.losses(-errors, zeros), rtol=1e-6))

    @property
    def statistic_names(self) -> tuple[str, ...]:
        """What the formula calls the numbers of its row."""
        parameters = inspect.signature(self.formula).parameters.values()
        return tuple(p.name for p in parameters if p.default is inspect.Parameter.empty)[2:]

    def statistics(self, outputs: Any, targets: Any) -> tuple[Any, ...]:
        """What `statistic` finds in rows (…, outputs) of NumPy arrays, each number (…, 1)."""
        if self.statistic is None:
            return ()
        return tuple(number[..., None] for number in self.statistic(outputs, targets))

    def losses(self, outputs: Any, targets: Any) -> Any:
        """The loss of every output (…, outputs), in NumPy; a row's loss is their sum.

        >>> import numpy as np
        >>> float(loss("huber(delta=2)").losses(np.array([[5.0]]), np.array([[0.0]]))[0, 0])
        8.0
        """
        return self(outputs, targets, *self.statistics(outputs, targets))

    def slopes(self, outputs: Any, targets: Any) -> Any:
        """The derivative of every row's loss by each of its outputs (…, outputs), in NumPy."""
        return self.losses_and_slopes(outputs, targets)[1]

    def losses_and_slopes(self, outputs: Any, targets: Any) -> tuple[Any, Any]:
        """Both, for which a row's statistic is found once."""
        found = self.statistics(outputs, targets)
        return self(outputs, targets, *found), self.slope(outputs, targets, *found, **self.given)


@dataclass(frozen=True, eq=False)
class InitialScale(Row):
    """Standard deviation of initial weights from fan-in and fan-out, and the distribution they come from.

    `bias`: biases are "zero", as wide as the weights ("uniform"), or of the critical variance. With `bias`
    "critical" the formula takes the activation's critical weight variance too. `adapts_to_data`: the engine
    divides each layer's weights by the deviation of its outputs on training rows.
    """

    distribution: Literal["normal", "uniform", "truncated", "orthogonal", "sparse", "identity"] = field(
        kw_only=True
    )
    bias: Literal["zero", "uniform", "critical"] = field(default="zero", kw_only=True)
    adapts_to_data: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, eq=False)
class Surface(Row):
    """A function of two parameters with its hand-written gradient, to watch optimizers on.

    `slope` gives (∂/∂x, ∂/∂y). `minima` are all points (x, y) where the lowest value, `lowest`, is reached;
    `window` is the part usually drawn, (lowest x, highest x, lowest y, highest y), and `start` where a path
    begins unless told otherwise. `noise` gives the standard deviation of one sample's gradient, where the
    surface is seen through mini-batches.
    """

    slope: Formula = field(kw_only=True)
    minima: tuple[tuple[float, float], ...] = field(kw_only=True)
    lowest: float = field(kw_only=True)
    window: tuple[float, float, float, float] = field(kw_only=True)
    start: tuple[float, float] = field(kw_only=True)
    noise: Formula | None = field(default=None, kw_only=True)


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

    def find(self, name: str | Formula) -> RowType:
        if not isinstance(name, str) or "@" in name or ":" in name or name.endswith(".py"):
            from osolgil.formulas import own

            return own.find(self._kind, name)  # type: ignore[return-value]
        key = naming.plain(name.partition("(")[0])
        if key in self._aliases:
            row = self._rows[self._aliases[key]]
            if "(" not in name:
                return row
            _, given = naming.parse(name, tuple(row.settings))
            changed = row.having(given) if given else row
            return self._changed.setdefault(changed.text, changed) if changed.given else row
        help_ = hint(key, self._aliases) or f" Known: {', '.join(self._rows)}."
        raise SettingsError(f"There is no {self._kind} '{naming.one_line(name)}'.{help_}")

    @property
    def rows(self) -> Mapping[str, RowType]:
        return MappingProxyType(self._rows)


_activations: Shelf[Activation] = Shelf("activation")
_losses: Shelf[Loss] = Shelf("loss")
_initial_scales: Shelf[InitialScale] = Shelf("initial scale")
_optimizers: Shelf[Optimizer] = Shelf("optimizer")
_surfaces: Shelf[Surface] = Shelf("surface")
_schedules: Shelf[Schedule] = Shelf("schedule")
_wrappers: Shelf[Wrapper] = Shelf("wrapper")


def activation(name: str | Formula) -> Activation:
    """The activation called `name`; `SettingsError` names the nearest one if there is none.

    As everywhere in the catalog, `name` may be the user's own function, or its place: "mine.py:bent".
    """
    return _loaded(_activations).find(name)


def loss(name: str | Formula) -> Loss:
    """The loss called `name`."""
    return _loaded(_losses).find(name)


def initial_scale(name: str) -> InitialScale:
    """The initial scale called `name`."""
    return _loaded(_initial_scales).find(name)


def optimizer(name: str | Formula) -> Optimizer:
    """The optimizer called `name`; it may be wrapped, `lookahead(adam, period=5)`."""
    if isinstance(name, str) and ("(" in name or ")" in name):
        from osolgil.formulas import wrapping

        return wrapping.parse(name)
    if isinstance(name, str) and naming.plain(name) in _wrappers.rows:
        raise SettingsError(f"'{name}' stands around an optimizer; write for example {name}(adam).")
    return _loaded(_optimizers).find(name)


def surface(name: str) -> Surface:
    """The surface called `name`."""
    return _loaded(_surfaces).find(name)


def schedule(name: str) -> Schedule:
    """The schedule called `name`."""
    return _loaded(_schedules).find(name)


def wrapper(name: str) -> Wrapper:
    """The wrapper called `name`."""
    return _loaded(_wrappers).find(name)


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


def surfaces() -> Mapping[str, Surface]:
    """Every surface, by name."""
    return _loaded(_surfaces).rows


def schedules() -> Mapping[str, Schedule]:
    """Every schedule, by name."""
    return _loaded(_schedules).rows


def wrappers() -> Mapping[str, Wrapper]:
    """Every wrapper, by name."""
    return _loaded(_wrappers).rows


def _loaded(shelf: Shelf[RowType]) -> Shelf[RowType]:
    from osolgil.formulas import (  # noqa: F401
        activations,
        initial_scales,
        losses,
        optimizers,
        schedules,
        surfaces,
        wrappers,
    )

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


def add_surface(*, slope: Formula, name: str | None = None, **facts: Any) -> Callable[[Formula], Surface]:
    """Decorator: put a surface with its gradient `slope` into the catalog."""
    return lambda formula: _surfaces.add(
        Surface(name=_name(formula, name), formula=formula, slope=slope, **facts)
    )


def add_schedule(*, name: str | None = None, **facts: Any) -> Callable[[Formula], Schedule]:
    """Decorator: put a schedule into the catalog."""
    return lambda formula: _schedules.add(Schedule(name=_name(formula, name), formula=formula, **facts))


def add_wrapper(
    *, hook: Hook, defaults: Mapping[str, float] = MappingProxyType({}), name: str | None = None, **facts: Any
) -> Callable[[Formula], Wrapper]:
    """Decorator: put a wrapper, its formula standing at `hook`, into the catalog."""
    facts = {"state": (), "defaults": MappingProxyType(dict(defaults)), **facts}
    return lambda formula: _wrappers.add(
        Wrapper(name=_name(formula, name), formula=formula, hook=hook, **facts)
    )
