"""The network as the lecture draws it: columns of circles, inputs left, outputs right, every unit connected.

>>> drawing((2, 3, 1), "A network").count("<circle")
6
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

_UNITS = 8
_LAYERS = 8
_GAP, _COLUMN, _RADIUS = 34, 118, 11
_TOP = 30
Place = int | None


def drawing(
    widths: Sequence[int],
    title: str,
    captions: Sequence[str] = (),
    weights: Sequence[np.ndarray] | None = None,
) -> str:
    """Inline SVG of a fully connected network.

    widths: units of every layer, inputs first. title: what a screen reader says. captions: a text under the
    first, the hidden and the last layers. weights: one array (inputs, outputs) per layer of weights, whose
    sign colours the connections and whose size thickens them. Wide layers and deep networks are elided with dots.
    """
    columns = elided(len(widths), _LAYERS)
    shown: list[list[Place]] = [
        elided(widths[place], _UNITS) if place is not None else [None] for place in columns
    ]
    tallest = max(len(units) for units in shown)
    width, height = _COLUMN * (len(columns) - 1) + 110, _GAP * tallest + _TOP + 44
    centres = [_centres(len(units), tallest) for units in shown]
    parts = [
        line
        for index in range(len(columns) - 1)
        for line in _connections(columns, shown, centres, index, weights)
    ]
    for index, (layer, units) in enumerate(zip(columns, shown, strict=True)):
        parts += _column(index, layer, units, centres[index])
        if layer is not None:
            parts += _labels(index, widths[layer], _caption(layer, len(widths), captions), height)
    return (
        f'<svg class="network" viewBox="0 0 {width} {height}" width="{width}" role="img" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>{"".join(parts)}</svg>'
    )


def elided(count: int, most: int) -> list[Place]:
    """Places from 0 to count - 1, with None for those left out in the middle where there are too many.

    >>> elided(3, 8), elided(100, 5)
    ([0, 1, 2], [0, 1, None, 98, 99])
    """
    if count <= most:
        return list(range(count))
    before = most // 2
    after = most - before - 1
    return [*range(before), None, *range(count - after, count)]


def _centres(count: int, tallest: int) -> list[float]:
    start = _TOP + _GAP * (tallest - count) / 2 + _GAP / 2
    return [start + _GAP * place for place in range(count)]


def _x(index: int) -> int:
    return 55 + _COLUMN * index


def _connections(
    columns: list[Place], shown: list[list[Place]], centres: list[list[float]], index: int,
    weights: Sequence[np.ndarray] | None,
) -> list[str]:  # fmt: skip
    layer = columns[index]
    if layer is None or columns[index + 1] is None:
        return []
    matrix = None if weights is None else np.asarray(weights[layer], float)
    largest = 1.0 if matrix is None else float(np.abs(matrix).max()) or 1.0
    lines = []
    for unit, y in zip(shown[index], centres[index], strict=True):
        for following, other in zip(shown[index + 1], centres[index + 1], strict=True):
            if unit is None or following is None:
                continue
            value = None if matrix is None else float(matrix[unit, following]) / largest
            start, stop = _x(index) + _RADIUS, _x(index + 1) - _RADIUS
            lines.append(f'<line x1="{start}" y1="{y:g}" x2="{stop}" y2="{other:g}"{_stroke(value)}/>')
    return lines


def _stroke(value: float | None) -> str:
    if value is None or not np.isfinite(value):
        return ""
    sign = "positive" if value >= 0 else "negative"
    size = abs(value)
    return f' class="{sign}" stroke-width="{0.4 + 2.4 * size:.2f}" stroke-opacity="{0.2 + 0.7 * size:.2f}"'


def _column(index: int, layer: Place, units: list[Place], centres: list[float]) -> list[str]:
    x = _x(index)
    if layer is None:
        dots = (x - 12, x, x + 12)
        return [f'<circle class="dot" cx="{place}" cy="{centres[0]:g}" r="2.5"/>' for place in dots]
    parts = []
    for unit, y in zip(units, centres, strict=True):
        if unit is None:
            parts += [f'<circle class="dot" cx="{x}" cy="{y + shift:g}" r="2"/>' for shift in (-8, 0, 8)]
        else:
            parts.append(f'<circle cx="{x}" cy="{y:g}" r="{_RADIUS}"/>')
    return parts


def _caption(layer: int, layers: int, captions: Sequence[str]) -> str:
    if not captions:
        return ""
    return captions[0 if layer == 0 else 2 if layer == layers - 1 else 1]


def _labels(index: int, width: int, caption: str, height: int) -> list[str]:
    x = _x(index)
    return [
        f'<text x="{x}" y="18">{width:,}</text>',
        f'<text class="caption" x="{x}" y="{height - 12}">{escape(caption)}</text>',
    ]
