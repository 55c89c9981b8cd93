"""Scores of numbers: the share of R² for a loss that asks for something else than the middle, such as a quantile.

R² is the share of the squared distances from the mean that answers explain. Whoever asks for the 0.9-quantile does
not want the mean, and the answers of highest R² are not those of least loss. The same share of the loss is D²:
1 - (mean loss) / (mean loss of the best constant answer); 1 at best, 0 for that constant. Of the squared error it is
R² itself; of quantiles it is R¹ (R. Koenker, J. Machado, "Goodness of fit and related inference processes for quantile
regression", J. American Statistical Association 94, 1999).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from osolgil.formulas import catalog
from osolgil.formulas.catalog import Loss

Score = Literal["accuracy", "r2", "d2"]
_STEPS = 90  # the golden section's 90th power is below float64's precision
_GOLDEN = 0.5 * (5.0**0.5 - 1.0)


def score_of(task: str, loss: str) -> Score:
    """The name of the score that networks under this loss are judged by.

    >>> score_of("regression", "huber"), score_of("regression", "pinball(quantile=0.9)")
    ('r2', 'd2')
    """
    if task != "regression":
        return "accuracy"
    row = catalog.loss(loss)
    return "r2" if row.link == "log" or row.symmetric else "d2"


def mean_loss(row: Loss, answers: np.ndarray, targets: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """The loss of every target, averaged over rows by their weights: (targets,) for answers (rows, targets)."""
    with np.errstate(all="ignore"):  # a loss of one's own need not be defined everywhere
        return np.average(row.losses(answers, targets), axis=0, weights=weights)


def best_constant(row: Loss, targets: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """The constant answer of least mean loss for every target, found by golden section between its ends.

    Args:
        row: a loss of numbers, convex between the least and the largest target.
        targets: (rows, targets), in float64.
        weights: how much each row counts, (rows,); None: all alike.

    Source: J. Kiefer, "Sequential minimax search for a maximum", Proc. American Mathematical Society 4, 1953.

    >>> best_constant(catalog.loss("pinball(quantile=0.9)"), np.arange(101.0)[:, None]).round(6).tolist()
    [90.0]
    """

    def loss_at(constant: np.ndarray) -> np.ndarray:
        return mean_loss(row, np.broadcast_to(constant, targets.shape), targets, weights)

    low, high = targets.min(axis=0), targets.max(axis=0)
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    below, above = loss_at(left), loss_at(right)
    for _ in range(_STEPS):
        lower = below <= above
        low, high = np.where(lower, low, left), np.where(lower, right, high)
        probe = np.where(lower, high - _GOLDEN * (high - low), low + _GOLDEN * (high - low))
        found = loss_at(probe)
        left, right, below, above = (
            np.where(lower, probe, right), np.where(lower, left, probe),
            np.where(lower, found, above), np.where(lower, below, found),
        )  # fmt: skip
    return 0.5 * (low + high)


def yardstick(row: Loss, targets: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Mean loss of the best constant answer, summed over targets; 1 where it is 0, or where there are no rows."""
    if len(targets) == 0:
        return 1.0
    constant = np.broadcast_to(best_constant(row, targets, weights), targets.shape)
    return float(mean_loss(row, constant, targets, weights).sum()) or 1.0


def explained(
    row: Loss, answers: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """D²: the share of the best constant's loss that answers (rows, targets) avoid.

    >>> targets = np.array([[0.0], [1.0], [2.0], [7.0]])
    >>> round(explained(catalog.loss("squared_error"), targets + 1.0, targets), 6)  # R²: 1 - 4/29
    0.862069
    """
    loss = float(mean_loss(row, answers, targets, weights).sum())
    return 1.0 - loss / yardstick(row, targets, weights)
