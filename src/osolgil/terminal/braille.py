"""Curves in a terminal: a dot of braille is an eighth of a letter, so that a small block shows a smooth line.

>>> print("\\n".join(line for line, _ in canvas([[0.0, 1.0, 2.0, 3.0]], 2, 1)))
⡠⠊
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
Limits = tuple[float, float]


def canvas(
    curves: Sequence[Sequence[float]], width: int, height: int, limits: Limits | None = None
) -> list[tuple[str, list[int]]]:
    """Lines of letters, and for each letter which curve it belongs to (-1: none, the last drawn otherwise).

    curves: values over one even axis; what is not finite is left out. width, height: in letters. limits: lowest
    and highest value shown; by default those of the curves.
    """
    low, high = limits or value_range(curves)
    span = (high - low) or 1.0
    cells = [[0] * width for _ in range(height)]
    owners = [[-1] * width for _ in range(height)]
    for number, curve in enumerate(curves):
        before: int | None = None
        for column in range(2 * width):
            value = _at(curve, column / max(2 * width - 1, 1))
            if not math.isfinite(value):
                before = None
                continue
            share = min(
                max((high - value) / span, -1.0), 2.0
            )  # what lies beyond the block ends just beyond it
            row = round(share * (4 * height - 1))
            for dot in _between(before, row):
                if 0 <= dot < 4 * height:
                    cells[dot // 4][column // 2] |= _DOTS[dot % 4][column % 2]
                    owners[dot // 4][column // 2] = number
            before = row
    return [
        ("".join(chr(0x2800 + cell) if cell else " " for cell in line), owner)
        for line, owner in zip(cells, owners, strict=True)
    ]


def value_range(curves: Sequence[Sequence[float]]) -> Limits:
    """Lowest and highest of all finite values; 0 and 1 where there is none."""
    finite = [float(value) for curve in curves for value in curve if math.isfinite(value)]
    return (min(finite), max(finite)) if finite else (0.0, 1.0)


def _at(curve: Sequence[float], share: float) -> float:
    """The curve's value at a share of its axis, straight between its points."""
    place = share * (len(curve) - 1)
    left = min(int(place), max(len(curve) - 2, 0))
    right = min(left + 1, len(curve) - 1)
    part = place - left
    if part == 0.0 or left == right:
        return float(curve[left])
    return float(curve[left]) * (1.0 - part) + float(curve[right]) * part


def _between(before: int | None, row: int) -> range:
    """Dots from the last row to this one, so that steep lines have no gaps."""
    if before is None or abs(before - row) <= 1:
        return range(row, row + 1)
    return range(before + 1, row + 1) if row > before else range(row, before)
