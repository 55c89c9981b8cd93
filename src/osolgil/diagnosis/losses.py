"""A loss of the catalog on arrays: what its rows need besides outputs and targets is found for it."""

from __future__ import annotations

import numpy as np

from osolgil.formulas import catalog


def values(name: str, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Loss per element (rows, outputs)."""
    with np.errstate(all="ignore"):
        return np.asarray(catalog.loss(name).losses(outputs, targets), float) + 0.0 * outputs


def slopes(name: str, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Derivative by the outputs, per element (rows, outputs)."""
    with np.errstate(all="ignore"):
        return np.asarray(catalog.loss(name).slopes(outputs, targets), float) + 0.0 * outputs


def mean(name: str, outputs: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Sum over outputs, mean over rows, which may have weights.

    >>> round(mean("softmax_cross_entropy", np.zeros((2, 4)), np.eye(4)[:2]), 6)  # log 4
    1.386294
    """
    return float(np.average(values(name, outputs, targets).sum(1), weights=weights))
