"""Facts about an activation, computed from its formula: range, slopes, saturation, monotony, smoothness, fixed points.

>>> from osolgil.formulas import catalog
>>> facts = activation_facts(catalog.activation("sigmoid"))
>>> facts["range"], facts["largest_slope"], facts["largest_slope_at"], facts["monotone"]
((0.0, 1.0), 0.25, 0.0, True)
>>> [round(end, 2) for end in facts["saturates"][1]]  # the slope is below 1 % of its largest from here on
[5.99, inf]
>>> activation_facts(catalog.activation("relu"))["fixed_points"]
((0.0, inf),)
"""

from __future__ import annotations

import ast
import inspect
import math
import textwrap
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from osolgil.formulas.catalog import Activation

Function = Callable[[np.ndarray], np.ndarray]
Interval = tuple[float, float]

_REACH = 60.0  # every activation is a line, a constant or a wave beyond
_SATURATED = 0.01


@lru_cache(maxsize=1024)
def activation_facts(row: Activation) -> dict[str, Any]:
    """What can be said about an elementwise activation from its value and its slope alone.

    Returns a plain dictionary:
        range: closure of the values it takes. largest_slope, smallest_slope: of f', with the x nearest to 0 where
            each is taken (`…_at`), an infinite one where it is only approached.
        saturates: intervals of x in which |f'| is below 1 % of the largest |f'|; empty where that is infinite.
        monotone: whether f never falls. continuous_derivatives: how many derivatives of f are continuous, -1 where f
            itself jumps, infinite where no break is found in the first three. breaks: where the first one breaks.
        fixed_points: intervals of x with f(x) = x, a point as an interval of no length; where a wave only touches
            the line y = x is left out.
    """
    grid = _grid(row)
    with np.errstate(all="ignore"):
        values, slopes = _everywhere(row, grid), _everywhere(row.slope, grid)
        (lowest, _), (highest, _) = _extremes(row, grid, values)
        (least, least_at), (most, most_at) = _extremes(row.slope, grid, slopes)
        order, breaks = _smoothness(row)
        return {
            "range": (lowest, highest),
            "largest_slope": most,
            "largest_slope_at": most_at,
            "smallest_slope": least,
            "smallest_slope_at": least_at,
            "saturates": _saturated(row.slope, grid, slopes, max(abs(least), abs(most))),
            "monotone": bool(least >= 0.0 and _never_falls(values)),
            "continuous_derivatives": order,
            "breaks": breaks,
            "fixed_points": _fixed_points(row, grid, values),
        }


def _grid(row: Activation) -> np.ndarray:
    """Inputs near and far, with both sides of every number the formula is written with."""
    far = np.geomspace(_REACH, 1e30, 60)[1:]
    near = np.linspace(-_REACH, _REACH, 24_001)
    marks = np.array(_marks(row))
    beside = np.concatenate([marks, np.nextafter(marks, -np.inf), np.nextafter(marks, np.inf)])
    return np.unique(np.concatenate([-far, near, beside, far])) + 0.0


@lru_cache(maxsize=1024)
def _marks(row: Activation) -> tuple[float, ...]:
    """0 and the numbers of the formula of either sign: where else could it have corners?"""
    numbers = {0.0, *row.settings.values()}
    for formula in (row.formula, row.slope):
        tree = ast.parse(textwrap.dedent(inspect.getsource(formula)))
        values = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        numbers |= {float(value) for value in values if isinstance(value, int | float)}
    return tuple(sorted({sign * value + 0.0 for value in numbers if value <= _REACH for sign in (-1.0, 1.0)}))


def _everywhere(function: Function, points: np.ndarray) -> np.ndarray:
    return np.broadcast_to(np.asarray(function(points), float), points.shape)


def _extremes(function: Function, grid: np.ndarray, heights: np.ndarray) -> tuple[Interval, Interval]:
    """Smallest and largest height with where it is taken, nearest to 0; limits at ±inf count."""
    low, low_at = _highest(lambda x: -np.asarray(function(x)), grid, -heights)
    high, high_at = _highest(function, grid, heights)
    return (0.0 - low, low_at), (high, high_at)


def _highest(function: Any, grid: np.ndarray, heights: np.ndarray) -> Interval:
    from scipy.optimize import minimize_scalar

    ends = np.array([-np.inf, np.inf])
    limits = _everywhere(function, ends)
    limits, ends = limits[~np.isnan(limits)], ends[~np.isnan(limits)]
    points, heights = np.concatenate([grid, ends]), np.concatenate([heights, limits])
    top = float(heights.max())
    if top > 1e15:
        return math.inf, math.inf if points[heights.argmax()] > 0 else -math.inf
    for tolerance in (1e-5, 1e-15):
        near = np.flatnonzero(heights >= top - tolerance * max(1.0, abs(top)))
        best = int(near[np.abs(points[near]).argmin()])
        height, place = float(heights[best]), float(points[best])
        if 0 < best < len(grid) - 1:
            room = (float(grid[best - 1]), float(grid[best + 1]))
            found: Any = minimize_scalar(lambda x: -float(function(np.float64(x))), room, bounds=room,
                                    method="bounded", options={"xatol": 1e-12})  # fmt: skip
            if -found.fun > height:
                height, place = float(-found.fun), float(found.x)
        if height >= top - 1e-15 * max(1.0, abs(top)):
            break
    side = limits[np.sign(ends) == np.sign(place)]
    if abs(place) > 2.0 and side.size and side[0] >= height and _slopes_up(function, place):
        place = math.copysign(math.inf, place)
    height = max(height, top)
    return float(f"{height:.15g}") if abs(height) > 1e-15 else 0.0, round(place, 8) + 0.0


def _slopes_up(function: Any, place: float) -> bool:
    """Whether a height is approached gradually: a hundredth nearer to 0 it is lower, but hardly."""
    height, before = float(function(np.float64(place))), float(function(np.float64(0.99 * place)))
    return 0.0 < height - before < 1e-6 * max(1.0, abs(height)) or height == before


def _saturated(slope: Function, grid: np.ndarray, slopes: np.ndarray, largest: float) -> tuple[Interval, ...]:
    if not 0.0 < largest < math.inf:
        return ()
    flat = np.abs(slopes) < _SATURATED * largest
    edges = np.flatnonzero(np.diff(flat.astype(int)))
    ends = [_crossing(lambda x: abs(slope(x)) - _SATURATED * largest, grid[i], grid[i + 1]) for i in edges]
    ends = [-math.inf] * bool(flat[0]) + ends + [math.inf] * bool(flat[-1])
    found = list(zip(ends[::2], ends[1::2], strict=True))
    tails = [pair for pair in found if math.isinf(pair[0]) or math.isinf(pair[1])]
    inner = [pair for pair in found if pair not in tails and _keeps_sign(slope, *pair)]
    return tuple(sorted(tails + (inner if len(inner) <= 4 else [])))


def _keeps_sign(slope: Any, low: float, high: float) -> bool:
    """False where the slope only passes through 0, as at the bottom of a valley."""
    inside = _everywhere(slope, np.linspace(low, high, 50)[1:-1])
    return bool((inside >= 0.0).all() or (inside <= 0.0).all())


def _crossing(function: Any, low: float, high: float) -> float:
    """Where a function stops or starts to be positive between two points, by halving: it may jump there."""
    below = function(np.float64(low)) > 0.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        if (function(np.float64(middle)) > 0.0) == below:
            low = middle
        else:
            high = middle
    return round(float(high), 9) + 0.0


def _never_falls(values: np.ndarray) -> bool:
    before, after = values[:-1], values[1:]
    return bool(((after >= before) | (before - after <= 1e-15 * np.abs(before))).all())


def _smoothness(row: Activation) -> tuple[float, tuple[float, ...]]:
    """How many derivatives are continuous everywhere, and the points where the next one is not."""
    for order in range(-1, 3):
        breaks = tuple(mark for mark in _marks(row) if _jumps(row, mark, order + 1))
        if breaks:
            return order, breaks
    return math.inf, ()


def _jumps(row: Activation, mark: float, order: int) -> bool:
    """Whether the derivative of some order differs between the two sides of a point."""
    if order < 2:
        below, above = (float((row, row.slope)[order](np.float64(mark + side))) for side in (-1e-7, 1e-7))
        return abs(above - below) > 1e-5 * max(1.0, abs(above))
    sides = [_one_sided(row, mark, side, order) for side in (-1.0, 1.0)]
    return abs(sides[0] - sides[1]) > 1e-4 * max(1.0, *map(abs, sides))


def _one_sided(row: Activation, mark: float, side: float, order: int) -> float:
    """A derivative's limit from one side: of a polynomial through the slope at Chebyshev's points beside it."""
    nodes = 0.5 - 0.5 * np.cos(np.pi * (np.arange(12) + 0.5) / 12)
    width = 0.2
    heights = _everywhere(row.slope, mark + side * width * nodes)
    series = np.polynomial.Chebyshev.fit(nodes, heights, 11, domain=[0.0, 1.0])
    for _ in range(order - 1):
        series = series.deriv()
    return float(series(0.0)) * (side / width) ** (order - 1)


def _fixed_points(row: Activation, grid: np.ndarray, values: np.ndarray) -> tuple[Interval, ...]:
    """Intervals of x with f(x) = x: stretches that end where the formula has a corner, and points that are crossed."""
    rest = values - grid
    same = np.abs(rest) <= 4e-16 * np.abs(grid)
    found: list[Interval] = []
    for start, stop in _stretches(same):
        low = -math.inf if start == 0 else round(float(grid[start]), 8) + 0.0
        high = math.inf if stop == len(grid) - 1 else round(float(grid[stop]), 8) + 0.0
        if all(math.isinf(end) or end in _marks(row) for end in (low, high)):
            found.append((low, high))
    for i in np.flatnonzero((rest[:-1] * rest[1:] < 0) & ~same[:-1] & ~same[1:]):
        point = _crossing(lambda x: row(x) - x, grid[i], grid[i + 1])
        if abs(float(row(np.float64(point))) - point) < 1e-6 * max(1.0, abs(point)):
            found.append((point, point))
    return tuple(sorted(found))


def _stretches(flags: np.ndarray) -> list[tuple[int, int]]:
    edges = np.diff(np.concatenate([[0], flags.astype(int), [0]]))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return list(zip(starts.tolist(), stops.tolist(), strict=True))
