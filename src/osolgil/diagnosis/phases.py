"""The phase diagram of an activation: for which scales of weights and biases gradients vanish, explode, or pass."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from osolgil.formulas.catalog import Activation
from osolgil.mean_field import critical_bias_variance, square_mean, square_slope_mean

_POINTS, _STEPS = 41, 120
_LOW, _HIGH = 1e-8, 1e8


def phases(row: Activation, weight_variance: float = 1.0, bias_variance: float = 0.0) -> dict[str, Any]:
    """χ₁ at the fixed point over a grid of σ_w and σ_b, and the line χ₁ = 1 between order and chaos.

    Args:
        row: the activation. weight_variance, bias_variance: of the network at hand, which the grid must contain.

    Returns a plain dictionary: weight_deviations (columns), bias_deviations (rows), log10_chi (rows of columns, None
    where the signal has no end), critical_line (σ_w, σ_b) and point (σ_w, σ_b).

    >>> from osolgil.formulas import catalog
    >>> diagram = phases(catalog.activation("tanh"))
    >>> diagram["critical_line"][0]  # without biases tanh is critical at σ_w = 1
    [1.0, 0.0]
    """
    point = (math.sqrt(max(weight_variance, 0.0)), math.sqrt(max(bias_variance, 0.0)))
    line = critical_line(row)
    farthest = max(2.5, 1.3 * min(point[0], 50.0), 1.3 * min((x for x, _ in line), default=0.0))
    weights, biases = np.linspace(farthest / _POINTS, farthest, _POINTS), np.linspace(0.0, 1.5, 16)
    grid = np.geomspace(_LOW, _HIGH, 161)
    values = np.array([square_mean(row, float(q)) for q in grid])
    slopes = np.array([square_slope_mean(row, float(q)) for q in grid])
    chis = _chi(grid, values, slopes, weights[None, :] ** 2, biases[:, None] ** 2)
    return {
        "activation": row.name,
        "weight_deviations": weights.tolist(),
        "bias_deviations": biases.tolist(),
        "log10_chi": [[float(x) if np.isfinite(x) else None for x in line] for line in chis],
        "critical_line": [list(pair) for pair in line if pair[0] <= farthest and pair[1] <= 1.6],
        "point": list(point),
    }


def critical_line(row: Activation) -> list[tuple[float, float]]:
    """Pairs (σ_w, σ_b) with χ₁ = 1, from small signals to large ones; empty where there are none."""
    found: list[tuple[float, float]] = []
    for q in np.geomspace(1e-20, 1e4, 121):
        slopes, bias = square_slope_mean(row, float(q)), critical_bias_variance(row, float(q))
        if slopes > 0.0 and bias >= -1e-9 * q:
            pair = (round(1.0 / math.sqrt(slopes), 9), round(math.sqrt(max(bias, 0.0)), 9))
            if not found or pair != found[-1]:
                found.append(pair)
    return found


def _chi(
    grid: np.ndarray, values: np.ndarray, slopes: np.ndarray, weight: np.ndarray, bias: np.ndarray
) -> np.ndarray:
    """log10 χ₁ where iterating the signal from 1 ends, by interpolation in the logarithm of the variance."""
    logs = np.log(grid)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_values, log_slopes = np.log(values), np.log(slopes)
        q = np.zeros(np.broadcast_shapes(weight.shape, bias.shape))
        for _ in range(_STEPS):
            following = weight * np.exp(np.interp(q, logs, log_values)) + bias
            q = np.log(np.clip(following, _LOW, _HIGH))
        chi = np.log10(weight) + np.interp(q, logs, log_slopes) / math.log(10.0)
    return np.where(q >= math.log(_HIGH) - 1e-6, np.nan, chi)
