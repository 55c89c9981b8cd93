"""Rows that enter in unequal sizes: each goes its own way through the layers, and meets slopes of its own.

An activation that grows faster than a line at the signals at hand (x tanh x, the bends of GELU) drives sizes apart from
layer to layer, and then a mean over rows is what the largest rows have. Expansions around a typical row fail there, so
the recursion of mean-field theory is run for some sizes instead, all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from osolgil.diagnosis import moments
from osolgil.formulas.catalog import Activation

GROUPS = 8
_ALIKE = 1e-4


def grouped(squares: np.ndarray) -> tuple[float, ...]:
    """Relative sizes of rows as means of groups of equally many, smallest first; one size where all are alike.

    >>> grouped(np.array([1.0, 1.0, 1.0])), grouped(np.array([3.0, 1.0]))
    ((1.0,), (0.5, 1.5))
    """
    relative = np.sort(squares) / squares.mean()
    if np.ptp(relative) < _ALIKE:
        return (1.0,)
    cuts = np.linspace(0.0, len(relative), min(GROUPS, len(relative)) + 1)
    return tuple(float(part.mean()) for part in _shares(relative, cuts))


def _shares(values: np.ndarray, cuts: np.ndarray) -> list[np.ndarray]:
    """Groups between cuts; a row on a cut counts in both, in parts."""
    fine = np.repeat(values, len(cuts) - 1)  # so that every cut falls between two
    return np.split(fine, len(cuts) - 1)


@dataclass(frozen=True)
class Way:
    """A hidden layer on a row's way: its activation, mean pre-activation, variance of biases, and share kept.

    weight_variance: of its weights times their number per unit.
    """

    row: Activation
    weight_variance: float
    bias_variance: float
    shift: float
    kept: float


def ways_of_sizes(
    ways: Sequence[Way], mean_square: float, sizes: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Natural log (sizes, hidden layers) of each size's squared gradient at a layer, from the last hidden layer on.

    And the mean square (sizes,) of what leaves that one. mean_square: of a feature of the typical row.
    """
    logs = np.zeros((len(sizes), len(ways)))
    squares = mean_square * np.array(sizes)
    for index, way in enumerate(ways):
        variances = way.weight_variance * squares + way.bias_variance
        found = np.array([moments.value_and_slope(way.row, float(q), way.shift) for q in variances])
        squares = found[:, 0] / way.kept
        with np.errstate(divide="ignore"):
            logs[:, index] = np.log(found[:, 1])
    return logs[:, ::-1].cumsum(1)[:, ::-1], squares


@dataclass(frozen=True)
class Unequal:
    """What unequal sizes do to the squared gradient of each layer (layers,), against rows that are all alike.

    raised: natural log of its mean over rows. fewer: of how many times fewer rows that mean counts as.
    """

    raised: np.ndarray
    fewer: np.ndarray

    @classmethod
    def of(
        cls,
        ways: Sequence[Way],
        mean_square: float,
        sizes: Sequence[float],
        at_outputs: Callable[[float], float],
    ) -> Unequal | None:
        """None where rows are alike, or theory has no number for some size.

        at_outputs: mean squared gradient at the outputs of a row whose signal has this mean square before them.
        """
        if len(sizes) < 2 or not ways:
            return None
        logs, squares = ways_of_sizes(ways, mean_square, (1.0, *sizes))
        shares = np.array([at_outputs(float(square)) for square in squares[1:]])
        if not (np.isfinite(logs).all() and np.isfinite(shares).all() and shares.sum() > 0.0):
            return None
        gradients = np.exp(logs[1:] - logs[0]) * (shares / shares.mean())[:, None]
        raised = np.log(gradients.mean(0))
        fewer = np.log((gradients**2).mean(0)) - 2.0 * raised
        return cls(np.append(raised, 0.0), np.append(np.maximum(fewer, 0.0), 0.0))
