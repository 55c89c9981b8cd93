"""The moments of one step: which formula of which part comes when, and where each part keeps its numbers.

A step measures the gradient; probes may measure it again elsewhere; hooks before the update change the gradient or
θ, the outermost wrapper's first; the optimizer moves θ; hooks after it follow, the innermost wrapper's first.

>>> from osolgil.formulas import catalog
>>> [str(stage) for stage in stages_of(catalog.optimizer("lookahead(clip_norm(adam))"))]
['clip_norm gradient', 'adam update', 'lookahead after']
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from osolgil.formulas import states
from osolgil.formulas.catalog import Formula, Optimizer, Wrapper
from osolgil.formulas.part import Hook, Part
from osolgil.formulas.states import Block

PROBE, RESUME, STEP = 1, 2, 3


@dataclass(frozen=True, eq=False)
class Stage:
    """One formula of a part at its moment of the step; all else is the part's."""

    part: Part
    hook: Hook
    place: int

    @property
    def formula(self) -> Formula:
        return self.part.formula if self.hook == self.part.hook else self.part.hooks[self.hook]

    @property
    def vectors(self) -> Formula | None:
        return self.part.vectors if self.hook == self.part.hook else None

    @property
    def updates(self) -> tuple[Formula, ...]:
        return (self.formula,) if self.vectors is None else (self.formula, self.vectors)

    @property
    def kind(self) -> int:
        """PROBE, RESUME or STEP."""
        return {"probe": PROBE, "resume": RESUME}.get(self.hook, STEP)

    def results(self, formula: Formula) -> tuple[str, ...]:
        """What a formula returns, in order: what it moves, then the state it takes."""
        moved = {"gradient": ("gradient",), "resume": ("theta", "gradient")}.get(self.hook, ("theta",))
        return (*moved, *self.part.state_of(formula))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.part, name)

    def __str__(self) -> str:
        return f"{self.part.name} {self.hook}"


@dataclass(frozen=True)
class Fitted:
    """A part as it stands in an optimizer: the names its hyperparameters have there."""

    part: Part
    names: Mapping[str, str]

    def values(self, hyperparameters: Mapping[str, float], total_steps: float) -> list[float]:
        """The numbers its coefficients take, from the optimizer's hyperparameters."""
        known = {**hyperparameters, "total_steps": total_steps}
        return [float(known[self.names.get(name, name)]) for name in self.part.inputs]


def parts_of(row: Optimizer) -> tuple[Fitted, ...]:
    """The optimizer itself, or its base and then its wrappers from the inside out."""
    return getattr(row, "parts", None) or (Fitted(row, {}),)


@functools.cache
def stages_of(row: Optimizer) -> tuple[Stage, ...]:
    """Every formula of a step in its order."""
    parts = [fitted.part for fitted in parts_of(row)]
    outside_in = list(enumerate(parts))[::-1]
    order: list[tuple[int, Part, Hook]] = []
    moments: tuple[tuple[tuple[Hook, ...], list[tuple[int, Part]]], ...] = (
        (("probe",), outside_in),
        (("resume",), outside_in),
        (("before", "gradient"), outside_in),
        (("update",), outside_in),
        (("after",), outside_in[::-1]),
    )
    for hooks, ordered in moments:
        for place, part in ordered:
            present = _hooks(part)
            for hook in hooks:
                if hook in present:
                    order.append((place, part, hook))
    return tuple(Stage(part, hook, place) for place, part, hook in order)


def _hooks(part: Part) -> set[Hook]:
    return {part.hook, *part.hooks}


def evaluated_of(row: Optimizer) -> tuple[int, str] | None:
    """Place and state of the part whose state is evaluated in place of θ: the outermost that has one."""
    for place, fitted in reversed(list(enumerate(parts_of(row)))):
        if isinstance(fitted.part, Wrapper) and fitted.part.evaluated:
            return place, fitted.part.evaluated
    return None


def count_of(part: Part, blocks: Sequence[Block]) -> int:
    """How many numbers the state of a part holds."""
    if isinstance(part, Wrapper):
        return len(part.state) * sum(block.size for block in blocks)
    return states.count(part, blocks)


def starts_of(row: Optimizer, blocks: Sequence[Block]) -> list[int]:
    """Where in the state of a run each part's begins, and at last where all ends."""
    counts = [count_of(fitted.part, blocks) for fitted in parts_of(row)]
    return [0, *np.cumsum(counts).tolist()]


def first_state(
    row: Optimizer,
    blocks: Sequence[Block],
    theta: np.ndarray,
    hyperparameters: Mapping[str, float],
    out: np.ndarray | None = None,
) -> np.ndarray:
    """The state of all parts before the first step, in the precision of θ; written to `out` where given."""
    starts = starts_of(row, blocks)
    state = np.zeros(starts[-1], theta.dtype) if out is None else out
    for fitted, start, stop in zip(parts_of(row), starts, starts[1:], strict=False):
        own = state[start:stop]
        if not isinstance(fitted.part, Wrapper):
            states.first(fitted.part, blocks, theta, hyperparameters, own)
            continue
        for view, name in zip(own.reshape(-1, theta.size), fitted.part.state, strict=True):
            value = fitted.part.initial.get(name, 0.0)
            view[...] = theta if value == "theta" else value
    return state
