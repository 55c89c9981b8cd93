"""Laws of every elementwise activation of the catalog: its value, its slope, its limits and its compiled loops.

The judges are SymPy at 50 digits (which differentiates the value by itself), the textbook definitions in exact
arithmetic (`definitions.py`), and JAX's automatic differentiation. PyTorch's, Keras's and JAX's own activations
judge in `test_activation_peers.py`, the facts are tried in `test_activation_facts.py`.
"""

import itertools

import jax
import mpmath
import numpy as np
import pytest
import sympy

from laws import accuracy, agreement, compiled, definitions
from osolgil.engines import accelerator, symbolic
from osolgil.formulas import catalog

ROWS = list(catalog.elementwise_activations().values())
PRECISIONS = ("float32", "float64")
POINTS = [
    sympy.Rational(*pair)
    for pair in itertools.product((-170, -64, -25, -8, -1, 1, 3, 19, 70, 333), (9, 1000))
]
MODERATE = np.array([float(point) for point in POINTS])
EXTREME = [0.0, 5e-324, 1e-310, 1e-300, 1e-45, 1e-38, 30.0, 400.0, 1e38, np.inf]
EXTREME = np.array([*EXTREME, *(-x for x in EXTREME), np.nan])
# a written constant, such as 1/√(2π), has no more digits than a float; tanhshrink's continued fraction has an end
OF_FEW_DIGITS = {"erf", "gelu", "gelu_tanh", "parametric_selu", "selu", "serf", "tanhshrink"}
ENDLESS = {"sine", "snake", "growing_cosine"}  # no limit at ±inf: nan
# largest error of the compiled value and slope, in ulp as `laws.accuracy` counts them
LARGEST_ULP = {
    "arctan": (2, 2),
    "celu": (1, 1),
    "elu": (1, 1),
    "erf": (3, 3),
    "exponential": (1, 1),
    "gaussian": (1, 2),
    "gelu": (4, 5),
    "gelu_tanh": (4, 6),
    "golu": (2, 3),
    "growing_cosine": (2, 2),
    "hard_shrink": (0, 0),
    "hard_sigmoid": (1, 1),
    "hard_swish": (2, 2),
    "hard_tanh": (0, 0),
    "identity": (0, 0),
    "isrlu": (3, 7),
    "isru": (3, 7),
    "leaky_relu": (1, 1),
    "lecun_tanh": (4, 4),
    "lisht": (2, 3),
    "log_sigmoid": (2, 2),
    "mish": (2, 8),
    "parametric_mish": (2, 8),
    "parametric_selu": (3, 3),
    "prelu": (0, 0),
    "quick_gelu": (3, 4),
    "relu": (0, 0),
    "relu6": (0, 0),
    "relu_squared": (1, 0),
    "rrelu": (1, 1),
    "selu": (3, 3),
    "serf": (3, 6),
    "sigmoid": (2, 3),
    "silu": (2, 4),
    "sine": (2, 2),
    "smish": (4, 6),
    "snake": (3, 4),
    "soft_shrink": (1, 0),
    "softplus": (2, 2),
    "softsign": (2, 4),
    "sparse_plus": (2, 1),
    "sparse_sigmoid": (1, 0),
    "squareplus": (3, 5),
    "step": (0, 0),
    "symlog": (2, 2),
    "tanh": (3, 3),
    "tanh_exp": (3, 4),
    "tanhshrink": (2, 6),
    "threshold": (0, 0),
}

MOST_ULP = 8  # of every engine, both precisions, extreme inputs included

# their loops are compiled in every test run, those of the others in the long tests
OFTEN = {
    "relu",
    "leaky_relu",
    "tanh",
    "sigmoid",
    "gelu",
    "silu",
    "softplus",
    "arctan",
    "sine",
    "prelu",
    "rrelu",
}

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
every_loop = pytest.mark.parametrize(
    "row",
    [pytest.param(row, marks=() if row.name in OFTEN else pytest.mark.long) for row in ROWS],
    ids=lambda row: row.name,
)
each_precision = pytest.mark.parametrize("precision", PRECISIONS)


def digits(expression, symbol, points=POINTS):
    return [expression.subs(symbol, point).evalf(50) for point in points]


def test_every_row_has_a_definition_and_a_bound():
    names = {row.name for row in ROWS}
    assert names == set(definitions.DEFINITIONS) == set(LARGEST_ULP)
    assert len(names) >= 35


@every_row
def test_value_has_the_digits_of_exact_mathematics(row):
    x = sympy.Symbol("x", real=True)
    exact = [float(value) for value in digits(symbolic.expression(row.formula, x), x)]
    np.testing.assert_allclose(row(MODERATE), exact, rtol=1e-13, atol=1e-18)


@every_row
def test_formula_is_the_definition_to_30_digits(row):
    allowed = 1e-13 if row.name in OF_FEW_DIGITS else 1e-30
    with mpmath.workprec(accuracy.DEFINITION_BITS):
        pairs = (
            (accuracy.exactly(row.formula), definitions.DEFINITIONS[row.name]),
            (accuracy.exactly(row.slope), definitions.derivative(row.name)),
        )
        for point in POINTS:
            x = mpmath.mpf(point.p) / point.q
            for formula, definition in pairs:
                assert mpmath.almosteq(formula(x), definition(x), allowed, 1e-60)


@every_row
def test_slope_is_the_derivative_to_30_digits(row):
    x = sympy.Symbol("x", real=True)
    derived = digits(sympy.diff(symbolic.expression(row.formula, x), x), x)
    written = digits(symbolic.expression(row.slope, x), x)
    allowed = 1e-15 if row.name in OF_FEW_DIGITS else 1e-30
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
def test_extreme_inputs_give_what_exact_mathematics_gives(row):
    check_extremes(row, "numpy")


@every_loop
@each_precision
def test_extreme_inputs_of_compiled_loops_give_the_same(row, precision):
    check_extremes(row, precision)


def check_extremes(row, kind):
    inputs = EXTREME.astype("float64" if kind == "numpy" else kind)
    with np.errstate(over="ignore"):
        values, slopes = (
            (row(inputs), row.slope(inputs)) if kind == "numpy" else compiled.activation(row, kind)(inputs)
        )
    assert np.isnan(values[-1])
    assert np.isnan(slopes[-1])
    for formula, results in ((row.formula, values), (row.slope, slopes)):
        exact = accuracy.exactly(formula)
        for x, result in zip(inputs[:-1], results, strict=False):
            if np.isinf(x) and row.name in ENDLESS:
                assert np.isnan(result)
                continue
            truth = limit(exact, x, results.dtype)
            if np.isinf(truth):
                assert result == truth
            else:
                relative = 1e-5 if results.dtype == "float32" else 1e-12
                assert result == pytest.approx(truth, rel=relative, abs=1e-35 if np.isfinite(x) else 1e-29)


def limit(exact, x, dtype):
    """The exact result as a float of the precision; that of 1e30 for an infinite input, where it is finite."""
    with mpmath.workprec(accuracy.ULP_BITS):
        truth = float(exact(mpmath.mpf(float(x if np.isfinite(x) else np.sign(x) * 1e30))))
    if abs(truth) > (1e20 if np.isinf(x) else float(np.finfo(dtype).max)):
        return np.sign(truth) * np.inf
    return float(exact(mpmath.mpf(float(x)))) if np.isinf(x) and abs(truth) > 50.0 else truth


@every_loop
@each_precision
def test_nothing_but_the_limit_far_out_on_either_side(row, precision):
    far = np.array([-np.inf, -1e38, 1e38, np.inf])
    if row.name in ENDLESS:
        assert np.isnan(row.slope(far[[0, 3]])).all()
        return
    _, slopes = compiled.activation(row, precision)(far)
    with np.errstate(over="ignore", invalid="ignore"):
        for found in (slopes, row.slope(far)):
            assert not np.abs(found[[0, 3]] - found[[1, 2]]).max() > (
                1e-30 if row.name != "relu_squared" else np.inf
            )


@every_loop
@each_precision
def test_compiled_loop_is_right_to_a_few_ulp(row, precision):
    value, slope = accuracy.activation_ulps(row, precision, count=60)
    allowed = LARGEST_ULP[row.name]
    assert value <= allowed[0]
    assert slope <= allowed[1]


@every_loop
@each_precision
def test_compiled_loop_does_not_depend_on_the_pieces_it_is_cut_into(row, precision):
    inputs = accuracy.sample(precision, 30.0, 250)
    run = compiled.activation(row, precision)
    values, slopes = run(inputs)
    for size in (1, 3, 7, 17, 61):
        pieces = [run(inputs[start : start + size]) for start in range(0, inputs.size, size)]
        np.testing.assert_array_equal(np.concatenate([piece[0] for piece in pieces]), values)
        np.testing.assert_array_equal(np.concatenate([piece[1] for piece in pieces]), slopes)


@every_loop
@each_precision
def test_compiled_loop_computes_the_numpy_formula(row, precision):
    inputs = accuracy.sample(precision, 20.0, 500)
    values, slopes = compiled.activation(row, precision)(inputs)
    tolerance = 100 * np.finfo(precision).eps
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(values, row(inputs.astype(float)), rtol=tolerance * 10, atol=tolerance)
        np.testing.assert_allclose(
            slopes, row.slope(inputs.astype(float)), rtol=tolerance * 10, atol=tolerance
        )


@every_loop
@each_precision
@pytest.mark.parametrize("engine", agreement.ENGINES)
def test_engines_agree_at_extreme_inputs_too(row, precision, engine):
    value, slope = agreement.ulps(row, engine, precision)
    assert value <= MOST_ULP
    assert slope <= MOST_ULP
