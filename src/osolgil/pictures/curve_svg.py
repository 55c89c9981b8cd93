"""A row's curve as a small SVG that takes its ink from the page it stands in.

>>> from osolgil.formulas import catalog
>>> from osolgil.lookup.curves import curve
>>> curve_svg(curve(catalog.activation("relu")), "ReLU").count("<polyline")
2
"""

from __future__ import annotations

import math
from html import escape

import numpy as np

from osolgil.lookup.curves import Curve
from osolgil.messages import message

_WIDTH, _HEIGHT = 560, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 30, 34
_COLOURS = ("#2f8a61", "#d0692a", "#4472c9", "#b8508a")


def curve_svg(drawn: Curve, title: str, language: str = "en") -> str:
    """The curves over their axis, with the ends of both axes written on them."""
    x = np.log10(drawn.x) if drawn.logarithmic else drawn.x
    values = np.array([np.asarray(each, float) for each in drawn.series.values()])
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if high - low < 1e-12:
        low, high = low - 0.5, high + 0.5
    parts = [_frame(drawn, low, high, language)]
    if low < 0.0 < high:
        parts.append(_rule(0.0, low, high))
    for number, (name, own) in enumerate(drawn.series.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        parts += [
            f'<polyline fill="none" stroke="{colour}" stroke-width="2.2" points="{line}"/>'
            for line in _lines(x, np.asarray(own, float), low, high)
        ]
        at = _LEFT + 170 * number
        parts.append(f'<rect x="{at}" y="10" width="14" height="4" rx="2" fill="{colour}"/>')
        parts.append(f'<text x="{at + 20}" y="16">{escape(name)}</text>')
    return (
        f'<svg class="curve" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'width="{_WIDTH}" style="max-width:100%;height:auto;font:12px system-ui,sans-serif" fill="currentColor" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def _frame(drawn: Curve, low: float, high: float, language: str) -> str:
    bottom = _HEIGHT - _BOTTOM
    label = message(drawn.x_label, language) if drawn.x_label.startswith("lookup.") else drawn.x_label
    return (
        f'<path d="M{_LEFT} {_TOP}V{bottom}H{_WIDTH - _RIGHT}" fill="none" stroke="currentColor" stroke-opacity="0.4"/>'
        f'<text x="{_LEFT - 6}" y="{_TOP + 8}" text-anchor="end">{high:.3g}</text>'
        f'<text x="{_LEFT - 6}" y="{bottom}" text-anchor="end">{low:.3g}</text>'
        f'<text x="{_LEFT}" y="{bottom + 18}">{drawn.x[0]:.4g}</text>'
        f'<text x="{_WIDTH - _RIGHT}" y="{bottom + 18}" text-anchor="end">{drawn.x[-1]:.4g}</text>'
        f'<text x="{(_LEFT + _WIDTH) / 2}" y="{bottom + 18}" text-anchor="middle">{escape(label)}</text>'
    )


def _rule(value: float, low: float, high: float) -> str:
    y = _y(value, low, high)
    return (
        f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="currentColor" stroke-opacity="0.25" '
        'stroke-dasharray="3 4"/>'
    )


def _lines(x: np.ndarray, values: np.ndarray, low: float, high: float) -> list[str]:
    """The points of a curve, in as many pieces as it is finite in."""
    pieces: list[list[str]] = [[]]
    span = float(x[-1] - x[0]) or 1.0
    for place, value in zip(x, values, strict=True):
        if not math.isfinite(value):
            pieces.append([])
            continue
        across = _LEFT + (float(place) - float(x[0])) / span * (_WIDTH - _LEFT - _RIGHT)
        pieces[-1].append(f"{across:.1f},{_y(float(value), low, high):.1f}")
    return [" ".join(piece) for piece in pieces if piece]


def _y(value: float, low: float, high: float) -> float:
    return _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)
