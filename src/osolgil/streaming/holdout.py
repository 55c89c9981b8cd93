"""Which rows are held out: a hash of the row's number and the seed decides, so that no list of rows is needed.

>>> drawn = chance(0, 100_000, seed=1, purpose=0)
>>> bool(abs((drawn < 0.1).mean() - 0.1) < 0.005)
True
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

SPLIT, SAMPLE = 0, 1


def chance(start: int, count: int, seed: int, purpose: int) -> np.ndarray:
    """A number from [0, 1) for each of `count` rows from `start` on, by splitmix64 (Steele, Lea, Flood 2014)."""
    with np.errstate(over="ignore"):
        key = _mixed(np.uint64(seed) * np.uint64(2) + np.uint64(purpose))
        return (_mixed(np.arange(start, start + count, dtype=np.uint64) + key) >> np.uint64(11)) * 2.0**-53


def _mixed(counter: Any) -> Any:
    with np.errstate(over="ignore"):
        z = counter * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


@dataclass(frozen=True)
class Split:
    """Shares of the rows that test and that validate; the rest trains."""

    test: float
    validation: float
    seed: int

    @classmethod
    def of(cls, rows: int, test: float | None, most: int, seed: int) -> Split:
        """Shares as usual (1/5 tests, 1/6 of the rest validates), but never more than `most` rows each."""
        cap = most / rows
        tested = min(0.2 if test is None else test, cap)
        return cls(tested, min((1.0 - tested) / 6.0, cap), seed)

    def parts(self, start: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Truth values of `count` rows from `start` on: trains, validates, tests."""
        drawn = chance(start, count, self.seed, SPLIT)
        tests = drawn < self.test
        validates = ~tests & (drawn < self.test + self.validation)
        return ~tests & ~validates, validates, tests
