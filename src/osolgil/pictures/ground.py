"""The ground of a surface: heights on a grid, on a scale that shows valleys and walls alike, and its contour lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Window = tuple[float, float, float, float]
Segment = tuple[float, float, float, float]


def heights(formula: Any, window: Window, count: int = 121) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x (count,), y (count,) and the heights (count, count), rows along y."""
    x, y = np.linspace(*window[:2], count), np.linspace(*window[2:], count)
    with np.errstate(all="ignore"):
        return (
            x,
            y,
            np.broadcast_to(np.asarray(formula(x[None, :], y[:, None]), float), (count, count)).copy(),
        )


def levelled(values: np.ndarray, lowest: float) -> np.ndarray:
    """Heights above the lowest on a logarithmic scale that is linear near the bottom.

    >>> levelled(np.array([0.0, 1.0, 100.0]), 0.0).round(2).tolist()
    [0.0, 2.3, 4.3]
    """
    above = np.maximum(values - lowest, 0.0)
    typical = float(np.nanmedian(above[np.isfinite(above)])) or 1.0
    return np.log10(1.0 + above * 200.0 / typical)


def widened(window: Window, points: np.ndarray, most: float = 0.6) -> Window:
    """The window, grown to hold the points, but by no more than a share of its size on each side."""
    finite = points[np.isfinite(points).all(1)]
    if not len(finite):
        return window
    sides = []
    for low, high, column in ((window[0], window[1], 0), (window[2], window[3], 1)):
        room, margin = most * (high - low), 0.03 * (high - low)
        least, greatest = float(finite[:, column].min()) - margin, float(finite[:, column].max()) + margin
        sides += [max(low - room, min(low, least)), min(high + room, max(high, greatest))]
    return sides[0], sides[1], sides[2], sides[3]


def contour(x: np.ndarray, y: np.ndarray, z: np.ndarray, level: float) -> list[Segment]:
    """Segments (x₁, y₁, x₂, y₂) of the line where z is `level`, by marching squares with straight interpolation.

    >>> contour(np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.array([[0.0, 1.0], [0.0, 1.0]]), 0.5)
    [(0.5, 0.0, 0.5, 1.0)]
    """
    with np.errstate(invalid="ignore"):
        above = z > level
    crossed = above[:-1, :-1].astype(int) + above[:-1, 1:] + above[1:, :-1] + above[1:, 1:]
    finite = np.isfinite(z[:-1, :-1] + z[:-1, 1:] + z[1:, :-1] + z[1:, 1:])
    found: list[Segment] = []
    for row, column in np.argwhere((crossed % 4 != 0) & finite):
        found += _cell(x, y, z, level, int(row), int(column))
    return found


def _cell(
    x: np.ndarray, y: np.ndarray, z: np.ndarray, level: float, row: int, column: int
) -> Iterator[Segment]:
    corners = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)]
    ends: list[tuple[float, float]] = []
    for one, other in zip(corners, corners[1:] + corners[:1], strict=True):
        a, b = float(z[one]) - level, float(z[other]) - level
        if (a > 0) != (b > 0):
            share = a / (a - b)
            ends.append(
                (
                    float(x[one[1]] + share * (x[other[1]] - x[one[1]])),
                    float(y[one[0]] + share * (y[other[0]] - y[one[0]])),
                )
            )
    if len(ends) == 4:  # a pass: whether corners that face each other hang together is decided by the middle
        middle_above = sum(float(z[corner]) for corner in corners) / 4 > level
        if middle_above != (float(z[corners[0]]) > level):
            ends = [ends[3], *ends[:3]]
    for one, other in zip(ends[::2], ends[1::2], strict=True):
        yield (*one, *other)
