"""Laws of every loss: value and slope against SymPy, SciPy and optax; the compiled loops against those."""

import jax
import numpy as np
import optax
import pytest
import scipy.special
import sympy
from hypothesis import given
from hypothesis import strategies as st

from laws import compiled
from osolgil.engines import accelerator, symbolic
from osolgil.formulas import catalog

ROWS = list(catalog.losses().values())
PRECISIONS = ("float32", "float64")
TOLERANCE = {"float32": 3e-6, "float64": 1e-13}


def scipy_cross_entropy(outputs, targets):
    return -(targets * scipy.special.log_softmax(outputs, axis=-1)).sum(-1)


def scipy_binary_cross_entropy(outputs, targets):
    log_yes, log_no = scipy.special.log_expit(outputs), scipy.special.log_expit(-outputs)
    return -(targets * log_yes + (1 - targets) * log_no).sum(-1)


# the loss of each row of a batch, by SciPy and by optax
ORACLES = {
    "softmax_cross_entropy": (scipy_cross_entropy, optax.softmax_cross_entropy),
    "binary_cross_entropy": (
        scipy_binary_cross_entropy,
        lambda outputs, targets: optax.sigmoid_binary_cross_entropy(outputs, targets).sum(-1),
    ),
    "squared_error": (
        lambda outputs, targets: ((outputs - targets) ** 2).sum(-1),
        lambda outputs, targets: optax.squared_error(outputs, targets).sum(-1),
    ),
}

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
each_precision = pytest.mark.parametrize("precision", PRECISIONS)


def batch(row, rows=40, outputs=5, size=4.0, seed=0):
    """Outputs of any size, and targets as the task has them."""
    random = np.random.default_rng(seed)
    values = size * random.normal(size=(rows, outputs))
    if row.task == "classification":
        return values, np.eye(outputs)[random.integers(0, outputs, rows)]
    return values, random.normal(size=(rows, outputs))


def numpy_loss(row, outputs, targets):
    """Loss and slope of every element, in NumPy."""
    extra = (row.statistic(outputs)[..., None],) if row.statistic else ()
    return row(outputs, targets, *extra), row.slope(outputs, targets, *extra)


def test_every_loss_has_an_oracle():
    assert ORACLES.keys() == {row.name for row in ROWS}


@every_row
def test_slope_is_the_derivative_in_exact_mathematics(row):
    outputs = sympy.symbols("z0:3", real=True)
    targets = sympy.symbols("y0:3", real=True)
    extra = (symbolic.expression(row.statistic, outputs),) if row.statistic else ()
    total = sum(symbolic.expression(row.formula, z, y, *extra) for z, y in zip(outputs, targets, strict=True))
    point = dict(zip(outputs, [sympy.Rational(-7, 3), sympy.Rational(1, 9), 4], strict=True))
    point |= dict(zip(targets, [0, sympy.Rational(2, 5), sympy.Rational(3, 5)], strict=True))
    for z, y in zip(outputs, targets, strict=True):
        derived = sympy.diff(total, z).subs(point).evalf(50)
        written = symbolic.expression(row.slope, z, y, *extra).subs(point).evalf(50)
        assert abs(derived - written) < 1e-45


@every_row
@pytest.mark.parametrize("oracle", [0, 1], ids=["scipy", "optax"])
def test_value_is_the_one_others_compute(row, oracle):
    outputs, targets = batch(row)
    with jax.enable_x64(True):
        expected = np.asarray(ORACLES[row.name][oracle](outputs, targets))
    np.testing.assert_allclose(numpy_loss(row, outputs, targets)[0].sum(-1), expected, rtol=1e-13, atol=1e-15)


@every_row
def test_slope_is_what_jax_differentiates(row):
    outputs, targets = batch(row)
    formula = accelerator.traced(row.formula)
    statistic = accelerator.traced(row.statistic) if row.statistic else None

    def total(z):
        extra = (statistic(z)[..., None],) if statistic else ()
        return formula(z, targets, *extra).sum()

    with jax.enable_x64(True):
        ours = np.asarray(jax.grad(total)(jax.numpy.asarray(outputs)))
        theirs = np.asarray(
            jax.grad(lambda z: ORACLES[row.name][1](z, targets).sum())(jax.numpy.asarray(outputs))
        )
    slopes = numpy_loss(row, outputs, targets)[1]
    np.testing.assert_allclose(slopes, ours, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(slopes, theirs, rtol=1e-12, atol=1e-15)


@every_row
@each_precision
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (33, 3), (7, 100)])
def test_compiled_loop_computes_the_formula(row, precision, shape):
    outputs, targets = batch(row, *shape)
    outputs, targets = outputs.astype(precision).astype(float), targets.astype(precision).astype(float)
    losses, slopes = numpy_loss(row, outputs, targets)
    total, gradient = compiled.loss(row, precision)(outputs, targets, scale=0.125)
    tolerance = TOLERANCE[precision]
    assert total == pytest.approx(losses.sum(), rel=tolerance * 3, abs=tolerance)
    np.testing.assert_allclose(gradient, slopes * 0.125, rtol=tolerance * 10, atol=tolerance)


@every_row
@each_precision
def test_extreme_outputs_do_not_overflow(row, precision):
    outputs = np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [1e4, 1e4, 1e4], [-1e4, 1e4, 1e4 - 1]])
    targets = np.eye(3)[[1, 0, 2, 1]]
    expected = ORACLES[row.name][0](outputs, targets)
    losses, slopes = numpy_loss(row, outputs, targets)
    np.testing.assert_allclose(losses.sum(-1), expected, rtol=1e-11)
    assert np.isfinite(slopes).all()
    for index in range(len(outputs)):
        total, gradient = compiled.loss(row, precision)(
            outputs[index : index + 1], targets[index : index + 1]
        )
        assert total == pytest.approx(
            expected[index], rel=1e-6, abs=2e-3 if precision == "float32" else 1e-11
        )
        np.testing.assert_allclose(gradient[0], slopes[index], rtol=1e-5, atol=2e-3)


@every_row
@given(seed=st.integers(0, 10_000), exponent=st.floats(-6, 4))
def test_a_loss_is_never_negative_and_least_at_its_target(row, seed, exponent):
    outputs, targets = batch(row, rows=3, outputs=4, size=10.0**exponent, seed=seed)
    losses, slopes = numpy_loss(row, outputs, targets)
    assert (losses >= 0).all()
    nearer = numpy_loss(row, outputs - 1e-3 * slopes, targets)[0]
    assert (nearer.sum(-1) <= losses.sum(-1) * (1 + 1e-12)).all()


@each_precision
def test_slope_keeps_its_digits_where_a_prediction_is_nearly_right(precision):
    row = catalog.loss("binary_cross_entropy")
    outputs, targets = np.array([[30.0, -30.0]]), np.array([[1.0, 0.0]])
    _, gradient = compiled.loss(row, precision)(outputs, targets)
    np.testing.assert_allclose(gradient, [[-np.exp(-30.0), np.exp(-30.0)]], rtol=1e-6)


@every_row
@each_precision
def test_nan_in_is_nan_out(row, precision):
    outputs, targets = batch(row, rows=2, outputs=3)
    outputs[1, 2] = np.nan
    total, gradient = compiled.loss(row, precision)(outputs, targets)
    assert np.isnan(total)
    assert np.isnan(gradient[1, 2])
    assert np.isfinite(gradient[0]).all()
