"""The arithmetic of a fair comparison: paired intervals, elimination, tunability, profiles."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from osolgil.race import student


@dataclass(frozen=True)
class Comparison:
    """Mean of paired differences, its confidence interval and the two-sided p-value of "no difference"."""

    mean: float
    low: float
    high: float
    p_value: float

    @property
    def behind(self) -> bool:
        """True where the whole interval lies below zero."""
        return self.high < 0.0


def interval(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """Student's interval of the mean (Student 1908); a point where all values are equal.

    >>> low, high = interval([1.0, 2.0, 3.0], 0.95)
    >>> round(low, 2), round(high, 2)
    (-0.48, 4.48)
    """
    numbers = np.asarray(values, float)
    mean, count = float(numbers.mean()), len(numbers)
    if count < 2:
        return -math.inf, math.inf
    error = float(numbers.std(ddof=1)) / math.sqrt(count)
    reach = student.quantile(confidence, count - 1) * error
    return mean - reach, mean + reach


def compare(
    challenger: Sequence[float], best: Sequence[float], confidence: float, comparisons: int = 1
) -> Comparison:
    """Challenger minus best, seed by seed; the level is shared among `comparisons` (Bonferroni)."""
    differences = np.asarray(challenger, float) - np.asarray(best, float)
    level = 1.0 - (1.0 - confidence) / max(comparisons, 1)
    low, high = interval(differences.tolist(), level)
    mean, count = float(differences.mean()), len(differences)
    error = float(differences.std(ddof=1)) / math.sqrt(count) if count > 1 else math.inf
    if error == 0.0:
        p_value = 1.0 if mean == 0.0 else 0.0
    else:
        p_value = student.beyond(mean / error, count - 1) if count > 1 else 1.0
    return Comparison(mean, low, high, p_value)


def doubtless_losers(
    losses: np.ndarray, scores: np.ndarray, kept: int, early: bool = True, level: float = 0.01
) -> dict[int, tuple[int, float]]:
    """Which settings of one optimizer need not go on: index → (index of the best, p-value).

    losses, scores: (settings in order of learning rate, seeds); losses infinite and scores NaN where a run
    diverged. The setting of least mean loss, the next smaller rate, which may look worse than it will end (`early`
    also the one below it and the next larger one), and the `kept` best go on. Of the others, those go whose loss is
    above the best's, or whose score is below it, beyond doubt (one-sided paired t-tests, in the manner of O. Maron,
    A. Moore, NIPS 1993, which share the level) while the mean of neither is better than the best's.
    """
    usable = [i for i in range(len(losses)) if np.isfinite(losses[i]).all()]
    if not usable:
        return {}
    order = sorted(usable, key=lambda i: (float(losses[i].mean()), i))
    best = order[0]
    safe = {*order[: max(kept, 1)], *range(best - 1 - early, best + 1 + early)}
    out: dict[int, tuple[int, float]] = {}
    for index in range(len(losses)):
        if index in safe:
            continue
        if index not in usable:
            out[index] = (best, 0.0)
            continue
        lower = compare((-losses[index]).tolist(), (-losses[best]).tolist(), 0.95)
        score = compare(scores[index].tolist(), scores[best].tolist(), 0.95)
        p_value = min(lower.p_value, score.p_value)  # half of it one-sided, twice that for two tests
        if lower.mean < 0.0 and score.mean <= 0.0 and p_value < level:
            out[index] = (best, p_value)
    return out


def reachable_decades(rates: Sequence[float], scores: Sequence[float], best: int) -> float:
    """Width, in powers of ten, of the range of learning rates within 1 % of the best score around it."""
    floor = scores[best] - 0.01 * abs(scores[best])
    low = high = best
    while low > 0 and scores[low - 1] >= floor:
        low -= 1
    while high + 1 < len(scores) and scores[high + 1] >= floor:
        high += 1
    return math.log10(rates[high] / rates[low])


def profile(steps: Mapping[str, Sequence[float]]) -> dict[str, list[list[float]]]:
    """Share of seeds solved within a ratio of the fastest (E. Dolan, J. Moré, arXiv:cs/0102001)."""
    ratios = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)
    names = list(steps)
    table = np.array([list(steps[name]) for name in names], float)
    fastest = table.min(axis=0)
    result: dict[str, list[list[float]]] = {}
    for name, row in zip(names, table, strict=True):
        solved = np.isfinite(row)
        result[name] = [
            [ratio, float(np.mean(solved & (row <= ratio * np.where(np.isfinite(fastest), fastest, 0.0))))]
            for ratio in ratios
        ]
    return result


def first_reaching(scores: np.ndarray, steps: np.ndarray, target: float) -> float:
    """Training steps after which a run first reaches the target, infinity if it never does."""
    hits = np.flatnonzero(scores >= target)
    return float(steps[hits[0]]) if hits.size else math.inf
