"""What a learning-rate schedule tells about itself."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from osolgil.formulas.row import Row


@dataclass(frozen=True, eq=False)
class Schedule(Row):
    """A factor on the learning rate from the step and the number of all steps.

    `share` is how much of a course it takes where another schedule follows it and nothing else is said (a warm-up
    has one). A schedule with a `state` does not look at the step but at the validation loss after each epoch: its
    formula takes the loss and the state, and returns the state, whose last value is the factor.
    """

    share: float | None = field(default=None, kw_only=True)
    state: Mapping[str, float] = field(default_factory=dict, kw_only=True)

    @property
    def defaults(self) -> dict[str, Any]:
        """Hyperparameters with their defaults; one whose default is a tuple takes any number of values."""
        parameters = inspect.signature(self.formula).parameters.values()
        return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}

    @property
    def settings(self) -> dict[str, Any]:
        return {**self.defaults, **self.given}
