"""What the kernels need of schedules: a table of factors per course, and the compiled rule for a plateau."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from osolgil.engines.cpu import library
from osolgil.engines.cpu.kernels import layout
from osolgil.formulas import scheduling


def describe(numbers: np.ndarray, schedule: str, learning_rate: float) -> None:
    """Fill a run's row of numbers in: its learning rate, and the first state and the settings of its plateau."""
    numbers[layout.LEARNING_RATE], numbers[layout.PLATEAU_SCALE] = learning_rate, 1.0
    plateau = scheduling.parse(schedule).plateau
    if plateau is not None:
        values = [*plateau.row.state.values(), *plateau.values.values()]
        numbers[layout.PLATEAU : layout.PLATEAU + len(values)] = values


def prepare(runs: np.ndarray, schedules: Sequence[str], steps: Sequence[int]) -> list[np.ndarray]:
    """Write addresses into the runs' rows; what they point to lives as long as what is returned."""
    kept = []
    for run, schedule, total in zip(runs, schedules, steps, strict=True):
        course = scheduling.parse(schedule)
        run[layout.FACTORS] = run[layout.PLATEAU_RULE] = 0
        if course.plateau is not None:
            run[layout.PLATEAU_RULE] = library.schedule(course.plateau.row)
        if not course.constant:
            kept.append(_factors(schedule, total))
            run[layout.FACTORS] = kept[-1].ctypes.data
    return kept


@functools.lru_cache(maxsize=16)
def _factors(schedule: str, steps: int) -> np.ndarray:
    return scheduling.parse(schedule).factors(steps)
