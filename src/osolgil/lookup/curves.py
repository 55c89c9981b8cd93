"""The curve a row draws: an activation and its derivative, a loss and its slope, a schedule's course, a way down.

>>> from osolgil.formulas import catalog
>>> drawn = curve(catalog.activation("relu"))
>>> list(drawn.series), float(drawn.x[0]), float(drawn.x[-1])
(['f(x)', 'f′(x)'], -6.0, 6.0)
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from osolgil.formulas.catalog import Row

POINTS = 241
_WALK, _COURSE = 60, 200


@dataclass(frozen=True)
class Curve:
    """Curves over one axis: x (points,), and a series (points,) per name. `x_label` is a symbol or a message's key."""

    x: np.ndarray
    series: dict[str, np.ndarray]
    x_label: str
    logarithmic: bool = False


def curve(row: Row) -> Curve | None:
    """What there is to draw of a row, or None."""
    with np.errstate(all="ignore"):
        for kind, draw in _DRAWN.items():
            if any(each.__name__ == kind for each in type(row).__mro__):
                return draw(row)
    return None


def _activation(row: Any) -> Curve | None:
    if getattr(row, "kind", "elementwise") != "elementwise":
        return None
    x = np.linspace(-6.0, 6.0, POINTS)
    found = {name: _values(formula, x) for name, formula in (("f(x)", row.formula), ("f′(x)", row.slope))}
    kept = {name: values for name, values in found.items() if values is not None}
    return Curve(x, kept, "x") if "f(x)" in kept else None


def _values(formula: Any, x: np.ndarray) -> np.ndarray | None:
    """A function of one number at many, or None where it takes whole rows."""
    try:
        values = np.asarray(formula(x), float)
    except (TypeError, ValueError, IndexError):
        return None
    return np.broadcast_to(values, x.shape) if values.shape in ((), x.shape) else None


def _loss(row: Any) -> Curve | None:
    """Loss and slope by the first output, for a target of 1; a second output of a row stays at 0."""
    z = np.linspace(-4.0, 4.0, POINTS)
    target, given = np.ones_like(z), ()
    if row.statistic is not None:
        rows = np.stack([z, np.zeros_like(z)], axis=-1), np.stack([target, np.zeros_like(z)], axis=-1)
        try:
            given = row.statistic(*rows[: len(inspect.signature(row.statistic).parameters)])
        except (TypeError, ValueError, IndexError):
            return None
        given = given if isinstance(given, tuple) else (given,)
    given = (z, target, *given)
    try:
        series = {"ℓ(z, 1)": row(*given), "∂ℓ/∂z": row.slope(*given, **row.given)}
    except (TypeError, ValueError, IndexError):
        return None
    return Curve(z, {name: np.broadcast_to(np.asarray(v, float), z.shape) for name, v in series.items()}, "z")


def _initial_scale(row: Any) -> Curve | None:
    fans = np.geomspace(4.0, 4096.0, 81)
    if len(inspect.signature(row.formula).parameters) < 2:
        return None
    try:
        values = np.array([float(row(fan, fan)) for fan in fans])
    except (TypeError, ValueError):
        return None
    return Curve(fans, {"s": values}, "fan in = fan out", logarithmic=True)


def _schedule(row: Any) -> Curve | None:
    """The factor over a course of 200 steps; a schedule that looks at the validation loss has no course of its own."""
    if getattr(row, "state", None):
        return None
    steps = np.arange(_COURSE + 1.0)
    try:
        values = np.array([float(row.formula(step, float(_COURSE))) for step in steps])
    except (TypeError, ValueError):
        return None
    return Curve(steps, {"γ": values}, "lookup.course")


@functools.cache
def _optimizer(row: Any) -> Curve | None:
    """How high it stands on the ravine step by step, beside gradient descent, each with its own learning rate."""
    from osolgil.errors import SettingsError
    from osolgil.paths import path

    names = list(dict.fromkeys(["gradient_descent", row.name]))
    try:
        found = path("ravine", names, steps=_WALK)
    except SettingsError:
        return None
    heights = {walk.name: np.log10(np.maximum(_padded(walk.values), 1e-12)) for walk in found.walks}
    return Curve(np.arange(_WALK + 1.0), heights, "lookup.walk")


def _padded(values: np.ndarray) -> np.ndarray:
    return np.pad(values, (0, max(0, _WALK + 1 - len(values))), constant_values=np.nan)


def _surface(row: Any) -> Curve:
    """The heights along the two lines through the lowest place, on the scale of contour lines."""
    x_low, x_high, y_low, y_high = row.window
    a, b = row.minima[0] if row.minima else (0.0, 0.0)
    share = np.linspace(0.0, 1.0, POINTS)
    along = {
        "x": row.formula(x_low + share * (x_high - x_low), b),
        "y": row.formula(a, y_low + share * (y_high - y_low)),
    }
    series = {
        f"log₁₀(1 + f), {name}": np.log10(1.0 + np.maximum(v - row.lowest, 0.0)) for name, v in along.items()
    }
    return Curve(share, series, "lookup.window")


_DRAWN: dict[str, Callable[[Any], Curve | None]] = {
    "Activation": _activation,
    "Loss": _loss,
    "InitialScale": _initial_scale,
    "Schedule": _schedule,
    "Optimizer": _optimizer,
    "Surface": _surface,
}
