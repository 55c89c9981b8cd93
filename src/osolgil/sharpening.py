"""Probabilities of networks that were trained on smoothed labels, made as sure as rows left out say they may be.

Smoothed labels (C. Szegedy et al. 2015, arXiv:1512.00567, section 7) keep every probability away from 1, so a network
says 95 % where it is right in 99 of 100 rows. Dividing its logits by one temperature repairs that and changes no answer
(C. Guo et al. 2017, arXiv:1706.04599, section 4.2). As the last layer is linear, its weights and biases are divided
instead: the model's networks stay plain ones.

>>> round(sharpness(np.array([[2.0, 0.0]] * 9 + [[0.0, 2.0]]), np.eye(2)[[0] * 10]), 2)  # says 88 %; right are 9 of 10
0.8
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from osolgil.engines.cpu.fleet import Task, outputs
from osolgil.formulas import catalog
from osolgil.network import Network

LOSS = "softmax_cross_entropy"  # what a sharpened model is judged by
_MOST = 8.0


def smoothed(loss: str) -> bool:
    """Whether a loss is a cross-entropy that smooths its labels."""
    row = catalog.loss(loss)
    return row.name == LOSS and row.settings["label_smoothing"] > 0


def sharpness(logits: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None) -> float:
    """What to multiply logits (rows, classes) by for the least cross-entropy with one-hot targets; from 1/8 to 8.

    n rows that are all right are no proof that the next one is: the targets are those of Laplace's rule of succession,
    (n + 1)/(n + classes) for the right class.
    """
    known = np.isfinite(logits).all(axis=1)
    if weights is not None:
        known &= weights > 0
        weights = weights[known]
    logits, targets = logits[known], targets[known]
    if not len(logits):
        return 1.0
    rows, classes = logits.shape
    loss = catalog.loss(f"{LOSS}(label_smoothing={classes / (rows + classes)!r})")
    outputs_, wanted = logits.astype(np.float64), targets.astype(np.float64)

    def mean(factor: float) -> float:
        return float(np.average(loss.losses(outputs_ * factor, wanted).sum(axis=1), weights=weights))

    return best_factor(mean, float(np.log(_MOST)))


def best_factor(loss: Callable[[float], float], bound: float) -> float:
    """The factor, from exp(-bound) to exp(bound), of the least loss."""
    from scipy.optimize import minimize_scalar

    found: Any = minimize_scalar(
        lambda logarithm: loss(float(np.exp(logarithm))), bounds=(-bound, bound), method="bounded",
        options={"xatol": 1e-6},
    )  # fmt: skip
    return float(np.exp(found.x))


def sharpen(network: Network, thetas: np.ndarray, runnings: np.ndarray, tasks: Sequence[Task]) -> float:
    """Sharpen the last layers of networks in place, all alike, by what each says of the rows its task left out.

    thetas (networks, size), runnings (networks, …): a network and a task each. Returns the factor.
    """
    logits, targets, weights = [], [], []
    for theta, running, task in zip(thetas, runnings, tasks, strict=True):
        left_out = task.validation
        logits.append(outputs(network, theta, running, task.inputs[left_out]))
        targets.append(task.targets[left_out])
        weights.append(np.ones(len(left_out)) if task.weights is None else task.weights[left_out])
    factor = sharpness(np.concatenate(logits), np.concatenate(targets), np.concatenate(weights))
    for theta in thetas:
        last = network.unpack(theta)[-1]
        last["weight"] *= factor
        last["bias"] *= factor
    return factor
