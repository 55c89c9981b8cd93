"""An own formula computes a little before it may race: are its results numbers, is its derivative its slope?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from osolgil.errors import SettingsError
from osolgil.formulas.catalog import Optimizer

_GRADIENTS = np.array([0.0, 1.0, -1.0, 0.01, -0.3, 1e-6, -50.0, 1e3])
_STEPS = 5
_TOLERANCE = 1e-5


class WrongSlope(SettingsError):
    """A derivative that is no number, or not the slope of its function."""


def optimizer(row: Optimizer, where: str) -> None:
    """Five steps along gradients of every size, 0 among them, must leave numbers."""
    theta: Any = np.linspace(-1.0, 1.0, len(_GRADIENTS))
    states: list[Any] = [np.zeros_like(theta) for _ in row.state]
    for step in range(1, _STEPS + 1):
        gradient = _GRADIENTS * (1.0 + 0.1 * step)
        scalars: list[Any] = list(row.defaults.values())
        if row.coefficients is not None:
            scalars = _values(row.coefficients, [float(step), *scalars], where)
        theta, *states = _values(row.formula, [theta, gradient, *states, *scalars], where)
        for name, values in zip(("the parameter", *row.state), (theta, *states), strict=True):
            broken = ~np.isfinite(np.broadcast_to(values, gradient.shape))
            if broken.any():
                place = int(np.argmax(broken))
                raise SettingsError(
                    f"{where}: in step {step}, {name} becomes {np.broadcast_to(values, gradient.shape)[place]:g} "
                    f"where the gradient is {gradient[place]:g}; is something divided by 0 there?"
                )


def descent(row: Optimizer, where: str) -> None:
    """Where the gradient is 1 all the time, a parameter must not have risen in the end."""
    theta, states = np.zeros(1), [np.zeros(1) for _ in row.state]
    for step in range(1, _STEPS + 1):
        scalars = list(row.defaults.values())
        if row.coefficients is not None:
            scalars = _values(row.coefficients, [float(step), *scalars], where)
        theta, *states = _values(row.formula, [theta, np.ones(1), *states, *scalars], where)
    risen = float(np.max(theta))
    if risen > 0.0:
        raise SettingsError(
            f"{where}: it climbs. Where the gradient is 1, the parameter goes from 0 to {risen:.3g} in {_STEPS} "
            "steps instead of down; is a sign wrong?"
        )


def slope(
    value: Callable[..., Any], derivative: Callable[..., Any], variables: int, where: str, name: str
) -> None:  # fmt: skip
    """The derivative must be the slope of the function, from -60 to 60, and a number far out in single precision."""
    for others in _others(variables):
        _check_slope(value, derivative, others, where, name)
        _check_far_out(value, derivative, others, where, name)


def _others(variables: int) -> list[tuple[float, ...]]:
    return [()] if variables == 1 else [(0.0,), (1.0,), (-0.7,)]


def _check_slope(
    value: Callable[..., Any], derivative: Callable[..., Any], others: tuple[float, ...], where: str, name: str
) -> None:  # fmt: skip
    near = np.linspace(-8.0, 8.0, 401) + 0.00731
    points = np.concatenate([-np.geomspace(60.3, 1e-3, 60), np.geomspace(1e-3, 60.3, 60), near])
    step = 1e-4 * np.maximum(1.0, np.abs(points))
    left, right = (_number(value, points + sign * step, others, where) for sign in (-1.0, 1.0))
    middle = _number(value, points, others, where)
    if not np.isfinite(middle).all():
        place = points[np.argmin(np.isfinite(middle))]
        raise SettingsError(
            f"{where}: its value at {place:.4g} is {middle[np.argmin(np.isfinite(middle))]:g}."
        )
    half = [_number(value, points + sign * 0.5 * step, others, where) for sign in (-1.0, 1.0)]
    wide, narrow = (right - left) / (2.0 * step), (half[1] - half[0]) / step
    central = (4.0 * narrow - wide) / 3.0
    found = _number(derivative, points, others, where)
    noise = 1e-14 * np.abs(middle) / step
    allowed = _TOLERANCE * (1.0 + np.abs(central)) + 30.0 * noise
    sides = np.stack([(middle - left) / step, (right - middle) / step])
    corner = np.abs(sides[0] - sides[1]) > 0.01 * (1.0 + np.abs(central))
    between = (found >= sides.min(0) - allowed) & (found <= sides.max(0) + allowed)
    wrong = ~((np.abs(found - central) <= allowed) | (corner & between))
    if wrong.any():
        place = int(np.flatnonzero(wrong)[np.argmin(np.abs(points[wrong]))])
        raise WrongSlope(
            f"{where}: at {points[place]:.4g} {name} is {found[place]:.6g}, but the slope there is "
            f"{central[place]:.6g}."
        )


def _check_far_out(
    value: Callable[..., Any], derivative: Callable[..., Any], others: tuple[float, ...], where: str, name: str
) -> None:  # fmt: skip
    points = np.array([-1e4, -400.0, -90.0, 0.0, 90.0, 400.0, 1e4], np.float32)
    values, slopes = (_number(formula, points, others, where) for formula in (value, derivative))
    broken = np.isfinite(values) & ~np.isfinite(slopes)
    if broken.any():
        place = int(np.argmax(broken))
        raise WrongSlope(
            f"{where}: at {points[place]:g} {name} is {slopes[place]:g} in single precision, though the value is "
            f"{values[place]:g}."
        )


def _number(
    formula: Callable[..., Any], points: np.ndarray, others: tuple[float, ...], where: str
) -> np.ndarray:
    return np.broadcast_to(_values(formula, [points, *others], where)[0], points.shape)


def _values(formula: Callable[..., Any], arguments: list[Any], where: str) -> list[Any]:
    try:
        with np.errstate(all="ignore"):
            result = formula(*arguments)
    except (ArithmeticError, ValueError, TypeError) as error:
        raise SettingsError(f"{where}: it cannot be computed ({' '.join(str(error).split())}).") from None
    return list(result) if isinstance(result, tuple) else [result]
