"""What takes part in a step of training: optimizers, and the wrappers that stand around them."""

import functools
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from osolgil.formulas import naming
from osolgil.formulas.row import Formula, Row

Scope = Literal["element", "layer", "network"]
Hook = Literal["gradient", "before", "update", "after", "probe", "resume"]


@dataclass(frozen=True, eq=False)
class Part(Row):
    """What takes part in a step: a formula with its state, and coefficients computed once per step.

    `scope` says what the formula is given: "element", one number at a time; "layer", a weight as a matrix
    (inputs, outputs) and a bias, gain or shift as one row (1, units), which `vectors` moves where it is given;
    "network", all parameters as one vector (size,). `state` names the arrays carried from step to step; they are
    as large as θ unless `shapes` says otherwise, in the words "rows", "columns", "size" and whole numbers; () is
    a number. They start at 0 unless `initial` gives a number, a hyperparameter's name, "theta" (the parameters
    at the start), "identity" or the numbers themselves. `carried` names scalars carried from step to step with
    their first values; `defaults` are the hyperparameters. A formula that takes `loss` is given the batch's loss.

    `hooks` holds further formulas by the moment of the step they stand at: "probe" moves θ to where the gradient
    is measured a second time, "resume" comes after that, "before" and "gradient" before the optimizer's update,
    "after" after it. A probe whose coefficients include `probing` is left out while that is 0; the state named by
    `noise` is filled with random signs before each probe, or before each step where nothing probes.
    """

    state: tuple[str, ...] = field(kw_only=True)
    defaults: Mapping[str, float] = field(kw_only=True)
    changes: str = field(kw_only=True)
    answers: str = field(kw_only=True)
    coefficients: Formula | None = field(default=None, kw_only=True)
    carried: Mapping[str, float] = field(default_factory=dict, kw_only=True)
    scope: Scope = field(default="element", kw_only=True)
    vectors: Formula | None = field(default=None, kw_only=True)
    shapes: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict, kw_only=True)
    initial: Mapping[str, float | str | tuple[float, ...]] = field(default_factory=dict, kw_only=True)
    hook: Hook = field(default="update", kw_only=True)
    hooks: Mapping[Hook, Formula] = field(default_factory=dict, kw_only=True)
    noise: str = field(default="", kw_only=True)

    @property
    def family(self) -> str:
        """The module it is written in: "momentum", "adaptive", "adam" …"""
        return self.formula.__module__.rpartition(".")[2]

    @property
    def inputs(self) -> tuple[str, ...]:
        """What the coefficients take after the step's number and what is carried."""
        return tuple(self.defaults)

    @property
    def coefficient_names(self) -> tuple[str, ...]:
        """Names of the scalars the formulas take after the parameter, its gradient and the state."""
        formulas = (*self.updates, *self.hooks.values())
        names = dict.fromkeys(name for formula in formulas for name in _arguments(formula)[2:])
        return tuple(name for name in names if name not in (*self.state, "loss"))

    @property
    def updates(self) -> tuple[Formula, ...]:
        """The formula for matrices, and the one for vectors where they are treated apart."""
        return (self.formula,) if self.vectors is None else (self.formula, self.vectors)

    @property
    def needs_loss(self) -> bool:
        """Whether a formula is given the batch's loss."""
        return any("loss" in _arguments(formula) for formula in (*self.updates, *self.hooks.values()))

    def state_of(self, formula: Formula) -> tuple[str, ...]:
        """The state that one of the formulas takes."""
        return tuple(name for name in self.state if name in _arguments(formula))

    def results(self, formula: Formula) -> tuple[str, ...]:
        """What the update returns: the parameters and the state it takes."""
        return ("theta", *self.state_of(formula))

    def hyperparameters(self, **given: float) -> dict[str, float]:
        """Defaults overridden by what is given; unknown names raise `SettingsError`."""
        return naming.settle(self.title, self.defaults, given, self.limits)


@dataclass(frozen=True, eq=False)
class Optimizer(Part):
    """A part that moves the parameters by itself.

    `generalises` names the optimizers it contains as special cases, which it must not lose to when well tuned
    (Choi et al. 2019, arXiv:1910.05446).
    """

    generalises: tuple[str, ...] = field(default=(), kw_only=True)
    full_batch: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, eq=False)
class Wrapper(Part):
    """A part that stands around any optimizer: `lookahead(adam)`.

    Its formula stands at the moment `hook` of the step. `evaluated` names the state that is evaluated and kept in
    place of θ. Its coefficients are given the learning rate and the planned number of steps too.
    """

    evaluated: str = field(default="", kw_only=True)

    @property
    def inputs(self) -> tuple[str, ...]:
        return ("learning_rate", "total_steps", *self.defaults)


@functools.cache
def _arguments(formula: Formula) -> tuple[str, ...]:
    return tuple(inspect.signature(formula).parameters)
