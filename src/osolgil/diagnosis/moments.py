"""Gaussian moments of an activation, for one signal and for two: what prediction and its band are made of."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from osolgil.formulas.catalog import Activation
from osolgil.mean_field import edges, gaussian_mean

Moment = Callable[[Activation, float, float], float]
_TERMS, _FARTHEST = 48, 16.0
_GAUSS = np.polynomial.legendre.leggauss(12)


@lru_cache(maxsize=16384)
def mean(row: Activation, variance: float, shift: float = 0.0) -> float:
    """E[φ] for pre-activations of this variance around `shift`."""
    return gaussian_mean(row, variance, shift)


@lru_cache(maxsize=16384)
def value(row: Activation, variance: float, shift: float = 0.0) -> float:
    """E[φ²]."""
    return gaussian_mean(lambda x: row(x) ** 2, variance, shift)


@lru_cache(maxsize=16384)
def slope(row: Activation, variance: float, shift: float = 0.0) -> float:
    """E[φ'²]."""
    return gaussian_mean(lambda x: row.slope(x) ** 2, variance, shift)


@lru_cache(maxsize=16384)
def value_and_slope(row: Activation, variance: float, shift: float = 0.0) -> tuple[float, float]:
    """E[φ²] and E[φ'²] by one rule of fixed nodes: fast, for many variances.

    To 1e-8 where the activation is smooth, to a percent or so where it jumps or waves often within the signal.
    """
    nodes, weights = rule(shift, math.sqrt(max(variance, 1e-300)))
    x = shift + math.sqrt(variance) * nodes
    with np.errstate(all="ignore"):
        return float(weights @ row(x) ** 2), float(weights @ row.slope(x) ** 2)


@lru_cache(maxsize=16384)
def value_spread(row: Activation, variance: float, shift: float = 0.0) -> float:
    """E[φ⁴]/E[φ²]² - 1, n times the relative variance of a layer's mean square value."""
    square = value(row, variance, shift)
    return _ratio(gaussian_mean(lambda x: row(x) ** 4, variance, shift), square * square) - 1.0


@lru_cache(maxsize=16384)
def slope_kurtosis(row: Activation, variance: float, shift: float = 0.0) -> float:
    """E[φ'⁴]/E[φ'²]²: 1 where all slopes are equal, 2 for ReLU."""
    square = slope(row, variance, shift)
    return _ratio(gaussian_mean(lambda x: row.slope(x) ** 4, variance, shift), square * square)


@lru_cache(maxsize=16384)
def joint_spread(row: Activation, variance: float, shift: float = 0.0) -> float:
    """E[φ²φ'²]/(E[φ²]E[φ'²]) - 1, how values and slopes go together."""
    together = gaussian_mean(lambda x: (row(x) * row.slope(x)) ** 2, variance, shift)
    return _ratio(together, value(row, variance, shift) * slope(row, variance, shift)) - 1.0


@lru_cache(maxsize=16384)
def value_elasticity(row: Activation, variance: float, shift: float = 0.0) -> float:
    """d ln E[φ²] / d ln q."""
    growth = gaussian_mean(
        lambda x: row(x) ** 2 * ((x - shift) ** 2 / variance - 1.0), variance, shift
    )  # fmt: skip
    return _ratio(0.5 * growth, value(row, variance, shift))


@lru_cache(maxsize=16384)
def slope_elasticity(row: Activation, variance: float, shift: float = 0.0) -> float:
    """d ln E[φ'²] / d ln q."""
    growth = gaussian_mean(lambda x: row.slope(x) ** 2 * ((x - shift) ** 2 / variance - 1.0), variance, shift)
    return _ratio(0.5 * growth, slope(row, variance, shift))


def product(row: Activation, variance: float, correlation: float, shift: float = 0.0) -> float:
    """E[φ(u)φ(v)] of two normal pre-activations, from Hermite coefficients: Σ a_k² c^k."""
    return _paired(_coefficients(row, variance, shift, "value"), value(row, variance, shift), correlation)


def slope_product(row: Activation, variance: float, correlation: float, shift: float = 0.0) -> float:
    """E[φ'(u)φ'(v)]."""
    return _paired(_coefficients(row, variance, shift, "slope"), slope(row, variance, shift), correlation)


def square_slope_product(row: Activation, variance: float, correlation: float, shift: float = 0.0) -> float:
    """E[φ'(u)²φ'(v)²]."""
    square = slope(row, variance, shift)
    whole = slope_kurtosis(row, variance, shift) * square * square
    return _paired(_coefficients(row, variance, shift, "square slope"), whole, correlation)


def _paired(squares: np.ndarray, whole: float, correlation: float) -> float:
    """The series; what lies beyond its last term counts with the next power."""
    correlation = min(max(correlation, -1.0), 1.0)
    with np.errstate(all="ignore"):
        known = float(squares @ correlation ** np.arange(_TERMS))
        beyond = float(np.maximum(whole - squares.sum(), 0.0))
    return known + beyond * correlation**_TERMS


@lru_cache(maxsize=4096)
def _coefficients(row: Activation, variance: float, shift: float, kind: str) -> np.ndarray:
    """Squares a_k² of E[f(shift + √q z) He_k(z)]/√k!."""
    deviation = math.sqrt(max(variance, 1e-300))
    nodes, weights = rule(shift, deviation)
    x = shift + deviation * nodes
    function = {"value": row, "slope": row.slope, "square slope": lambda x: row.slope(x) ** 2}[kind]
    before, current, found = np.zeros_like(nodes), np.ones_like(nodes), []
    with np.errstate(all="ignore"):
        heights = weights * function(x)
        for order in range(_TERMS):
            found.append(float(np.square(np.sum(heights * current))))  # infinite where it overflows
            following = (nodes * current - math.sqrt(order) * before) / math.sqrt(order + 1.0)
            before, current = current, following
    return np.array(found)


def rule(shift: float, deviation: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights for a standard normal z that are close where activations bend."""
    cuts = edges(shift, deviation)
    cuts = cuts[np.abs(cuts) <= _FARTHEST]
    half, middle = 0.5 * np.diff(cuts), 0.5 * (cuts[1:] + cuts[:-1])
    place, share = _GAUSS
    nodes = (half[:, None] * place + middle[:, None]).ravel()
    weights = (half[:, None] * share).ravel() * np.exp(-0.5 * nodes**2) / math.sqrt(2.0 * math.pi)
    return nodes, weights


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0.0 and math.isfinite(below) and math.isfinite(above) else math.nan
