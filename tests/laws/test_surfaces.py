"""Laws of every surface of the catalog: gradient, minima, window and noise, judged by SymPy, JAX and SciPy."""

import jax
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from osolgil.engines import accelerator, symbolic
from osolgil.formulas import catalog

ROWS = list(catalog.surfaces().values())
POINTS = [
    (sympy.Rational(a, 10), sympy.Rational(b, 7)) for a, b in [(3, 5), (-12, 9), (19, -8), (-7, -13), (11, 2)]
]
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def grid(row, count=41):
    x_low, x_high, y_low, y_high = row.window
    return np.meshgrid(np.linspace(x_low, x_high, count), np.linspace(y_low, y_high, count))


def test_there_are_at_least_fifteen():
    assert len(ROWS) >= 15


@every_row
def test_gradient_is_what_sympy_finds_at_fifty_digits(row):
    x, y = sympy.symbols("x y", real=True)
    value = symbolic.expression(row.formula, x, y)
    slope = symbolic.expression(row.slope, x, y)
    for symbol, written in zip((x, y), slope, strict=True):
        true = sympy.diff(value, symbol)
        for a, b in POINTS:
            found, wanted = (sympy.N(each.subs({x: a, y: b}), 50) for each in (written, true))
            assert abs(found - wanted) <= sympy.Float("1e-45", 50) * (1 + abs(wanted))


@every_row
def test_value_and_gradient_agree_with_jax(row):
    x, y = (part.ravel() for part in grid(row, 9))
    with jax.enable_x64(True):
        value = accelerator.traced(row.formula)
        derivative = jax.vmap(jax.grad(value, (0, 1)))
        jax_value, jax_slope = np.asarray(value(x, y)), np.asarray(derivative(x, y))
    tip = (x == 0) & (y == 0) & (row.name == "ackley")  # no derivative exists at a cone's tip
    np.testing.assert_allclose(row(x, y), jax_value, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        np.array(np.broadcast_arrays(*row.slope(x, y)))[:, ~tip], jax_slope[:, ~tip], rtol=1e-10, atol=1e-10
    )


@every_row
def test_the_stated_minima_are_flat_and_as_low_as_stated(row):
    for x, y in row.minima:
        assert row(x, y) == pytest.approx(row.lowest, rel=1e-12, abs=1e-12)
        assert np.allclose(row.slope(x, y), 0.0, atol=1e-11)
        x_low, x_high, y_low, y_high = row.window
        assert x_low <= x <= x_high
        assert y_low <= y <= y_high


@every_row
def test_nothing_in_the_window_is_lower_and_every_lowest_place_is_stated(row):
    xs, ys = grid(row, 121)
    heights = row(xs, ys)
    assert heights.min() >= row.lowest - 1e-12
    starts = np.argsort(heights, axis=None)[:60]
    for x, y in zip(xs.ravel()[starts], ys.ravel()[starts], strict=True):
        end = minimize(lambda p: float(row(*p)), (x, y), jac=lambda p: np.array(row.slope(*p)), tol=1e-14)
        if end.fun < row.lowest + 1e-9:
            away = min(np.hypot(end.x[0] - a, end.x[1] - b) for a, b in row.minima)
            outside = not (xs.min() <= end.x[0] <= xs.max() and ys.min() <= end.x[1] <= ys.max())
            assert away < 1e-3 or outside, f"{row.name} is as low at {end.x}"
        assert end.fun >= row.lowest - 1e-9


@every_row
def test_a_path_starts_inside_the_window_away_from_rest(row):
    x_low, x_high, y_low, y_high = row.window
    x, y = row.start
    assert x_low <= x <= x_high
    assert y_low <= y <= y_high
    assert np.hypot(*row.slope(x, y)) > 1e-8


@every_row
@given(st.floats(-20, 20), st.floats(-20, 20))
def test_the_gradient_is_the_slope_of_the_value(row, x, y):
    """Central differences, as wide as rounding allows; ackley's tip has no derivative."""
    if row.name == "ackley" and np.hypot(x, y) < 1e-2:
        return
    step = 1e-5 * max(1.0, abs(x), abs(y))
    scale = 1.0 + max(abs(float(row(x + a, y + b))) for a in (-step, step) for b in (-step, step))
    slope = row.slope(x, y)
    across = (row(x + step, y) - row(x - step, y)) / (2 * step)
    along = (row(x, y + step) - row(x, y - step)) / (2 * step)
    bent = 1e-4 * (1.0 + abs(across) + abs(along)) + 1e-9 * scale / step
    assert abs(across - slope[0]) <= bent
    assert abs(along - slope[1]) <= bent


@pytest.mark.parametrize("row", [row for row in ROWS if row.noise], ids=lambda row: row.name)
def test_noise_has_the_variance_of_the_curvature(row):
    """Zhang et al. 2019, section 3: the covariance of one sample's gradient is the Hessian."""
    x, y = sympy.symbols("x y", real=True)
    value = symbolic.expression(row.formula, x, y)
    noise = symbolic.expression(row.noise, x, y)
    for symbol, deviation in zip((x, y), noise, strict=True):
        assert sympy.simplify(deviation**2 - sympy.diff(value, symbol, 2)) == 0


@every_row
def test_not_a_number_stays_one(row):
    assert np.isnan(row(np.nan, 1.0))
    assert np.isnan(row.slope(np.nan, 1.0)[0])
