"""Laws of every activation of the catalog: its value, its slope, its limits and its compiled loops.

The judges are SymPy at 50 digits (which differentiates the value by itself), JAX's own activations and
automatic differentiation, and mpmath for the compiled loops.
"""

import itertools

import jax
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from laws import accuracy, compiled
from osolgil.engines import accelerator, symbolic
from osolgil.formulas import catalog

ROWS = list(catalog.activations().values())
PRECISIONS = ("float32", "float64")
POINTS = [
    sympy.Rational(*pair)
    for pair in itertools.product((-170, -64, -25, -8, -1, 1, 3, 19, 70, 333), (9, 1000))
]
MODERATE = np.array([float(point) for point in POINTS])
EXTREME = [0.0, 5e-324, 1e-310, 1e-300, 1e-45, 1e-38, 30.0, 400.0, 1e38, np.inf]
EXTREME = np.array([*EXTREME, *(-x for x in EXTREME), np.nan])
IRRATIONAL = {"gelu"}  # a written constant, 1/√(2π), has no more digits than a float
# smallest and largest value, smallest and largest slope, and whether the value never falls
KNOWN = {
    "identity": (-np.inf, np.inf, 1, 1, True),
    "sigmoid": (0, 1, 0, 1 / 4, True),
    "tanh": (-1, 1, 0, 1, True),
    "relu": (0, np.inf, 0, 1, True),
    "leaky_relu": (-np.inf, np.inf, 0.01, 1, True),
    "elu": (-1, np.inf, 0, 1, True),
    "selu": (-1.758099340847377, np.inf, 0, 1.7580993408473769, True),
    "gelu": (-0.16997120747990369, np.inf, -0.12890414345110256, 1.1289041434511026, False),
    "silu": (-0.27846454276107380, np.inf, -0.09983932012886691, 1.0998393201288669, False),
    "softplus": (0, np.inf, 0, 1, True),
}
# largest error of the compiled value and slope, in ulp as `laws.accuracy` counts them
LARGEST_ULP = {
    "identity": (0, 0),
    "sigmoid": (2, 3),
    "tanh": (3, 3),
    "relu": (0, 0),
    "leaky_relu": (1, 1),
    "elu": (1, 1),
    "selu": (2, 2),
    "gelu": (4, 4),
    "silu": (2, 4),
    "softplus": (2, 2),
}

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
each_precision = pytest.mark.parametrize("precision", PRECISIONS)


def digits(expression, symbol, points=POINTS):
    return [expression.subs(symbol, point).evalf(50) for point in points]


@every_row
def test_value_has_the_digits_of_exact_mathematics(row):
    x = sympy.Symbol("x", real=True)
    exact = [float(value) for value in digits(symbolic.expression(row.formula, x), x)]
    np.testing.assert_allclose(row(MODERATE), exact, rtol=1e-13, atol=1e-18)


@every_row
def test_slope_is_the_derivative_to_30_digits(row):
    x = sympy.Symbol("x", real=True)
    derived = digits(sympy.diff(symbolic.expression(row.formula, x), x), x)
    written = digits(symbolic.expression(row.slope, x), x)
    allowed = 1e-16 if row.name in IRRATIONAL else 1e-30
    assert max(abs(a - b) for a, b in zip(derived, written, strict=True)) < allowed
    np.testing.assert_allclose(
        row.slope(MODERATE), [float(value) for value in derived], rtol=1e-13, atol=1e-15
    )


@every_row
def test_slope_is_what_jax_differentiates(row):
    with jax.enable_x64(True):
        slopes = jax.vmap(jax.grad(accelerator.traced(row.formula)))(MODERATE)
    np.testing.assert_allclose(row.slope(MODERATE), slopes, rtol=1e-12, atol=1e-14)


@every_row
def test_value_is_the_one_jax_defines(row):
    peer = {"gelu": lambda x: jax.nn.gelu(x, approximate=False)}.get(row.name) or getattr(jax.nn, row.name)
    with jax.enable_x64(True):
        values = np.asarray(peer(MODERATE))
    np.testing.assert_allclose(row(MODERATE), values, rtol=1e-12, atol=1e-16)


@every_row
@pytest.mark.parametrize("kind", ["numpy", *PRECISIONS])
def test_extreme_inputs_give_what_exact_mathematics_gives(row, kind):
    inputs = EXTREME.astype("float64" if kind == "numpy" else kind)
    values, slopes = (
        (row(inputs), row.slope(inputs)) if kind == "numpy" else compiled.activation(row, kind)(inputs)
    )
    assert np.isnan(values[-1])
    assert np.isnan(slopes[-1])
    for formula, results in ((row.formula, values), (row.slope, slopes)):
        exact = accuracy.exactly(formula)
        for x, result in zip(inputs[:-1], results, strict=False):
            truth = float(exact(accuracy.mpmath.mpf(float(x if np.isfinite(x) else np.sign(x) * 1e30))))
            if np.isinf(x) and abs(truth) > 1e20:
                assert result == np.sign(truth) * np.inf
            else:
                assert result == pytest.approx(truth, rel=1e-5 if kind == "float32" else 1e-12, abs=1e-35)


@every_row
@each_precision
def test_nothing_but_the_limit_far_out_on_either_side(row, precision):
    far = np.array([-np.inf, -1e38, 1e38, np.inf])
    _, slopes = compiled.activation(row, precision)(far)
    assert slopes[0] == slopes[1]
    assert slopes[2] == slopes[3]
    np.testing.assert_array_equal(row.slope(far), row.slope(far[[1, 1, 2, 2]]))


def test_bounds_are_known_for_every_row():
    assert set(KNOWN) == set(LARGEST_ULP) == {row.name for row in ROWS}


@every_row
@given(points=st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=30))
def test_bounds_and_monotony(row, points):
    points = np.sort(points)
    low, high, least, most, monotone = KNOWN[row.name]
    values, slopes = row(points), row.slope(points)
    slack = 1e-15
    assert values.min() >= low - slack
    assert values.max() <= high + slack
    assert slopes.min() >= least - slack
    assert slopes.max() <= most + slack
    if monotone:
        assert (values[1:] >= values[:-1] - slack * np.abs(values[:-1])).all()


def test_sigmoid_is_steepest_at_zero_with_a_quarter():
    sigmoid = catalog.activation("sigmoid")
    assert sigmoid.slope(0.0) == 0.25
    assert (sigmoid.slope(MODERATE) < 0.25).all()


@every_row
@each_precision
def test_compiled_loop_is_right_to_a_few_ulp(row, precision):
    value, slope = accuracy.activation_ulps(row, precision, count=120)
    allowed = LARGEST_ULP[row.name]
    assert value <= allowed[0]
    assert slope <= allowed[1]


@every_row
@each_precision
def test_compiled_loop_does_not_depend_on_the_pieces_it_is_cut_into(row, precision):
    inputs = accuracy.sample(precision, 30.0, 250)
    run = compiled.activation(row, precision)
    values, slopes = run(inputs)
    for size in (1, 3, 7, 17, 61):
        pieces = [run(inputs[start : start + size]) for start in range(0, inputs.size, size)]
        np.testing.assert_array_equal(np.concatenate([piece[0] for piece in pieces]), values)
        np.testing.assert_array_equal(np.concatenate([piece[1] for piece in pieces]), slopes)


@every_row
@each_precision
def test_compiled_loop_computes_the_numpy_formula(row, precision):
    inputs = accuracy.sample(precision, 20.0, 500)
    values, slopes = compiled.activation(row, precision)(inputs)
    tolerance = 100 * np.finfo(precision).eps
    np.testing.assert_allclose(values, row(inputs.astype(float)), rtol=tolerance * 10, atol=tolerance)
    np.testing.assert_allclose(slopes, row.slope(inputs.astype(float)), rtol=tolerance * 10, atol=tolerance)
