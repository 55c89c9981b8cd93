"""Mean-field theory of wide networks: how signals and gradients change from layer to layer, before any training.

With weights of variance σ_w²/fan-in and biases of variance σ_b², the pre-activations of a layer of infinite width
are normal, so one number tells everything: their variance q. A layer maps it to σ_w² E[φ(√q z)²] + σ_b², and a
gradient that goes back through it has its mean square multiplied by χ₁ = σ_w² E[φ'(√q z)²]. Gradients vanish
where χ₁ < 1 (the ordered phase), explode where χ₁ > 1 (the chaotic one), and pass where χ₁ = 1 (the edge).
Source: B. Poole et al., arXiv:1606.05340, eq. 3 and eq. 6; S. Schoenholz et al., arXiv:1611.01232, section 3.

>>> from osolgil.formulas import catalog
>>> relu, tanh = catalog.activation("relu"), catalog.activation("tanh")
>>> round(critical_weight_variance(relu), 9), round(critical_weight_variance(tanh), 9)
(2.0, 1.0)
>>> round(slope_chi(tanh, 0.5, 1.0), 3)  # a tanh layer of that signal takes 4 tenths of squared gradients
0.592
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial import legendre

from osolgil.formulas.catalog import Activation

Function = Callable[[Any], Any]

_NODES, _WEIGHTS = legendre.leggauss(16)
_REACH = 38.5  # standard deviations: beyond, the normal density is 0 in floating point
_STEPS = np.array([0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 11.0, 16.0, 24.0, _REACH])
_SCALES = np.array([0.25, 0.5, 1.0, 2.0, 3.0, 6.0, 16.0, 64.0, 256.0])  # where activations bend
_TOLERANCE, _MOST_HALVINGS, _MOST_PANELS = 1e-14, 60, 20_000
_ENDS = np.array([-1.0 + 2e-12, 1.0 - 2e-12])
_TO_ENDS = legendre.legvander(_ENDS, 15) @ np.linalg.inv(legendre.legvander(_NODES, 15))
_POINTS = np.concatenate([_NODES, _ENDS])
_BLIND, _UNEXPECTED = 0.0106, 1e-13  # half panels between an end and the node next to it
_SMALLEST, _LARGEST = 1e-9, 1e12
_NEARLY_0 = 1e-20


def gaussian_mean(function: Function, variance: float, mean: float = 0.0) -> float:
    """E[f(mean + √variance z)] for a standard normal z, to about 1e-12 of E[|f|].

    Panels begin at 0 and at the scales where activations bend, and are halved until both halves agree with the
    whole, and the values at their ends with what their other values say of them: so kinks and jumps elsewhere are
    found too, wherever they lie. The result is infinite where the mean overflows.

    Args:
        function: of an array, elementwise. variance: ≥ 0. mean: of the normal variable.

    >>> round(gaussian_mean(lambda x: x**4, 2.0), 9)
    12.0
    """
    if not variance >= 0.0 or not math.isfinite(variance):
        return math.inf if variance == math.inf else math.nan
    if variance == 0.0:
        return float(np.asarray(function(np.float64(mean))))
    deviation = math.sqrt(variance)
    cuts = edges(mean, deviation)
    with np.errstate(all="ignore"):
        return _integral(lambda z: _weighed(function, mean + deviation * z, z), cuts[:-1], cuts[1:])


def signal(row: Activation, variance: float, weight_variance: float, bias_variance: float = 0.0) -> float:
    """Variance of the next layer's pre-activations, σ_w² E[φ(√q z)²] + σ_b².

    Args:
        row: an activation φ of the catalog, or one like it. variance: q of this layer's pre-activations.
        weight_variance: σ_w², the variance of a weight times the fan-in. bias_variance: σ_b².
    """
    return weight_variance * square_mean(row, variance) + bias_variance


def slope_chi(row: Activation, variance: float, weight_variance: float) -> float:
    """χ₁ = σ_w² E[φ'(√q z)²], the factor of the mean squared gradient from a layer to the one before."""
    return weight_variance * square_slope_mean(row, variance)


@lru_cache(maxsize=65536)
def square_mean(row: Activation, variance: float) -> float:
    """E[φ(√q z)²], the mean square of a layer's values."""
    return gaussian_mean(lambda x: row(x) ** 2, variance)


@lru_cache(maxsize=65536)
def square_slope_mean(row: Activation, variance: float) -> float:
    """E[φ'(√q z)²], the mean square of a layer's slopes."""
    return gaussian_mean(lambda x: row.slope(x) ** 2, variance)


def fixed_point(
    row: Activation, weight_variance: float, bias_variance: float = 0.0, start: float = 1.0
) -> float:
    """The variance q* at which the signal of a deep network settles when it starts at `start`.

    0 where the signal dies out, infinite where it grows without end. Where a layer maps `start` upwards it is the
    next fixed point above, else the next below: the limit, since the map rises with q for monotone activations.
    """

    def growth(variance: float) -> float:
        return signal(row, variance, weight_variance, bias_variance) / variance - 1.0

    first = growth(start)
    if abs(first) < 1e-13:
        return start
    factor = 1.25 if first > 0.0 else 0.8
    last = start
    while _SMALLEST < last < _LARGEST:
        following = last * factor
        if not growth(following) * first > 0.0:
            return _root(growth, last, following)
        last = following
    return math.inf if first > 0.0 else 0.0


def fixed_point_chi(row: Activation, weight_variance: float, bias_variance: float = 0.0) -> float:
    """χ₁ at the fixed point: below 1 the network is ordered, above 1 chaotic; NaN where the signal has no end."""
    variance = fixed_point(row, weight_variance, bias_variance)
    return slope_chi(row, variance, weight_variance) if math.isfinite(variance) else math.nan


def depth_scale(chi: float) -> float:
    """Layers after which the mean squared gradient has changed by a factor e: 1/|ln χ|; infinite at the edge.

    >>> round(depth_scale(0.25), 3)
    0.721
    """
    if chi == 1.0:
        return math.inf
    return 1.0 / abs(math.log(chi)) if chi > 0.0 else 0.0


def critical_bias_variance(row: Activation, variance: float) -> float:
    """σ_b² that makes `variance` the fixed point of a critical network, whose σ_w² is 1/E[φ'(√q z)²].

    Over all q the two draw the line between order and chaos; where it is negative the line is left of σ_b = 0.
    """
    slopes = square_slope_mean(row, variance)
    return variance - square_mean(row, variance) / slopes if slopes > 0.0 else math.nan


def square_growth(row: Activation, variance: float) -> float:
    """d/dq E[φ(√q z)²] = E[φ² (z² - 1)]/2q: times σ_w², how a difference in variance grows in a layer (χ∥)."""
    return gaussian_mean(lambda x: row(x) ** 2 * (x * x / variance - 1.0), variance) / (2.0 * variance)


class Critical(NamedTuple):
    """A point on the edge between order and chaos: σ_w², σ_b² and the fixed point q* they belong to."""

    weight_variance: float
    bias_variance: float
    variance: float


@lru_cache(maxsize=1024)
def critical(row: Activation) -> Critical | None:
    """Where a deep network of this activation neither loses nor multiplies its gradients; None where nowhere.

    Without biases (σ_b = 0) where that is possible: for a scale-invariant activation (ReLU: any q is a fixed
    point), one whose signal falls to 0 slowly (tanh: σ_w² = 1/φ'(0)²), or one with a fixed point in between
    (sigmoid). GELU, SiLU and their like have no such point that the signal does not leave again; theirs is the
    half-stable one with σ_b > 0, where χ₁ = χ∥ = 1 (D. Roberts, S. Yaida, B. Hanin, arXiv:2106.10165, chapter 5).
    """
    if _is_invariant(row):
        return Critical(1.0 / square_slope_mean(row, 1.0), 0.0, 1.0)
    slopes = square_slope_mean(row, _NEARLY_0)
    if slopes > 0.0 and abs(critical_bias_variance(row, _NEARLY_0)) < 1e-3 * _NEARLY_0:
        weight_variance = 1.0 / slopes
        if fixed_point(row, weight_variance) == 0.0:
            return Critical(weight_variance, 0.0, 0.0)
    roots = [_critical(row, q) for q in _roots(lambda q: critical_bias_variance(row, q) / q)]
    calm = [point for point in roots if point.weight_variance * square_growth(row, point.variance) < 1.0]
    if calm or roots:
        return (calm or roots)[0]._replace(bias_variance=0.0)
    halves = _roots(lambda q: square_growth(row, q) / (square_slope_mean(row, q) or math.nan) - 1.0)
    points = [_critical(row, q) for q in halves]
    return next((point for point in points if point.bias_variance > 0.0), None)


def critical_weight_variance(row: Activation) -> float:
    """σ_w² of `critical`: the weights' variance times the fan-in at which χ₁ = 1; NaN where there is none."""
    point = critical(row)
    return point.weight_variance if point is not None else math.nan


def _critical(row: Activation, variance: float) -> Critical:
    slopes = square_slope_mean(row, variance)
    return Critical(1.0 / slopes, critical_bias_variance(row, variance), variance)


def _roots(function: Callable[[float], float]) -> list[float]:
    """Where a function of the variance changes its sign, from below upwards."""
    grid = [float(q) for q in np.geomspace(1e-6, 300.0, 51)]
    heights = [function(q) for q in grid]
    pairs = zip(grid, grid[1:], heights, heights[1:], strict=False)
    return [_root(function, low, high) for low, high, below, above in pairs if below * above < -1e-22]


def _is_invariant(row: Activation) -> bool:
    """Whether φ(a x) = a φ(x): then E[φ²]/q and E[φ'²] are one number for every q."""
    points = np.array([-3.0, -0.7, 0.4, 5.0])
    with np.errstate(all="ignore"):
        return all(
            np.allclose(row(a * points), a * row(points), rtol=1e-12, atol=0.0) for a in (1e-3, 7.0, 1e4)
        )


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import brentq

    if function(low) == 0.0:
        return low
    return float(brentq(function, min(low, high), max(low, high), xtol=1e-300, rtol=1e-13))  # type: ignore[arg-type]


def edges(mean: float, deviation: float) -> np.ndarray:
    """Ends of panels for a standard normal z, close where mean + deviation z passes what activations bend at."""
    bends = np.concatenate([-_SCALES[::-1], [0.0], _SCALES])
    found = np.concatenate([-_STEPS, _STEPS, (bends - mean) / deviation])
    return np.unique(found[np.abs(found) <= _REACH])


def _weighed(function: Function, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    return np.where(density > 0.0, np.asarray(function(x)) * density, 0.0)


def _integral(function: Function, lows: np.ndarray, highs: np.ndarray) -> float:
    """Sum over panels of a 16-point Gauss rule, each halved until its halves agree with it and hide nothing."""
    wholes, sizes, _ = _panels(function, lows, highs)
    scale, total = float(sizes.sum()), 0.0
    if not math.isfinite(scale):
        return float(wholes.sum())
    for _ in range(_MOST_HALVINGS):
        middles = 0.5 * (lows + highs)
        lows, highs = np.concatenate([lows, middles]), np.concatenate([middles, highs])
        halves, _, hidden = _panels(function, lows, highs)
        count = len(wholes)
        both, unseen = halves[:count] + halves[count:], np.maximum(hidden[:count], hidden[count:])
        differ = (np.abs(both - wholes) > _TOLERANCE * scale) | (unseen > _UNEXPECTED * scale)
        agreed = ~differ | (count > _MOST_PANELS)
        total += float(both[agreed].sum())
        if agreed.all():
            return total
        kept = np.concatenate([~agreed, ~agreed])
        lows, highs, wholes = lows[kept], highs[kept], halves[kept]
    return total + float(wholes.sum())


def _panels(
    function: Function, lows: np.ndarray, highs: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Integral of f over each panel, of |f|, and what a jump before the first or after the last node would hide."""
    half, middle = 0.5 * (highs - lows), 0.5 * (highs + lows)
    values = function(half[:, None] * _POINTS + middle[:, None])
    values, ends = values[:, : len(_NODES)], values[:, len(_NODES) :]
    surprise = np.abs(ends - values @ _TO_ENDS.T).max(1)
    return (values @ _WEIGHTS) * half, (np.abs(values) @ _WEIGHTS) * half, _BLIND * half * surprise
