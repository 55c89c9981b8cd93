"""Laws of every loss: value and slope against SymPy, SciPy, scikit-learn, optax and JAX; what a loss is for."""

import jax
import numpy as np
import pytest
import scipy.optimize
import scipy.stats
import sympy
from hypothesis import given
from hypothesis import strategies as st

from laws.loss_cases import OPTAX, ROWS, SCIPY, SET_ROWS, SOURCES, batch, numpy_loss, oracle
from osolgil.engines import accelerator, symbolic
from osolgil.errors import SettingsError
from osolgil.formulas import catalog

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
every_setting = pytest.mark.parametrize("row", SET_ROWS, ids=lambda row: row.text)
HALF = sympy.Rational(1, 2)
TARGETS = {"any": (0, sympy.Rational(2, 5), sympy.Rational(3, 5)), "zero or more": (0, 3, HALF), "positive": (2, 3, HALF)}  # noqa: E501  # fmt: skip


def test_every_loss_has_an_oracle():
    assert SCIPY.keys() == SOURCES.keys() == {row.name for row in ROWS}
    assert OPTAX.keys() == {row.name for row in ROWS if row.peers["optax"].startswith("same")}


@every_setting
def test_slope_is_the_derivative_in_exact_mathematics(row):
    outputs = sympy.symbols("z0:3", real=True)
    targets = sympy.symbols("y0:3", real=True)
    settings = [sympy.Rational(str(value)) for value in row.settings.values()]
    extra = symbolic.expression(row.statistic, outputs, targets) if row.statistic else ()
    pairs = list(zip(outputs, targets, strict=True))
    total = sum(symbolic.expression(row.formula, z, y, *extra, *settings) for z, y in pairs)
    point = dict(zip(outputs, [sympy.Rational(-7, 3), sympy.Rational(1, 9), 4], strict=True))
    point |= dict(zip(targets, TARGETS[row.targets], strict=True))
    for z, y in pairs:
        derived = sympy.diff(total, z).subs(point).evalf(50)
        written = symbolic.expression(row.slope, z, y, *extra, *settings).subs(point).evalf(50)
        assert abs(derived - written) < 1e-45


@every_setting
def test_value_is_the_one_scipy_or_scikit_learn_computes(row):
    outputs, targets = batch(row)
    expected = oracle(row)(outputs, targets)
    np.testing.assert_allclose(numpy_loss(row, outputs, targets)[0].sum(-1), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("row", [row for row in SET_ROWS if row.name in OPTAX], ids=lambda row: row.text)
def test_value_and_slope_are_those_of_optax(row):
    outputs, targets = batch(row)
    losses, slopes = numpy_loss(row, outputs, targets)
    theirs = oracle(row, OPTAX)
    with jax.enable_x64(True):
        expected = np.asarray(theirs(outputs, targets))
        gradient = np.asarray(jax.grad(lambda z: theirs(z, targets).sum())(jax.numpy.asarray(outputs)))
    np.testing.assert_allclose(losses.sum(-1), expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(slopes, gradient, rtol=1e-11, atol=1e-13)


@every_setting
def test_slope_is_what_jax_differentiates(row):
    outputs, targets = batch(row)
    formula = accelerator.traced(row.formula)
    statistic = accelerator.traced(row.statistic) if row.statistic else None

    def total(z):
        extra = [number[..., None] for number in statistic(z, targets)] if statistic else []
        return formula(z, targets, *extra, *row.settings.values()).sum()

    with jax.enable_x64(True):
        ours = np.asarray(jax.grad(total)(jax.numpy.asarray(outputs)))
    np.testing.assert_allclose(numpy_loss(row, outputs, targets)[1], ours, rtol=1e-11, atol=1e-13)


@every_setting
def test_slope_is_the_difference_of_two_values(row):
    outputs, targets = batch(row, rows=30, size=2.0, seed=3)
    slopes, step = numpy_loss(row, outputs, targets)[1], 1e-6
    for place in range(outputs.shape[1]):
        aside = np.zeros_like(outputs)
        aside[:, place] = step
        above = numpy_loss(row, outputs + aside, targets)[0].sum(-1)
        below = numpy_loss(row, outputs - aside, targets)[0].sum(-1)
        np.testing.assert_allclose((above - below) / (2 * step), slopes[:, place], rtol=1e-5, atol=1e-7)


@every_setting
@given(seed=st.integers(0, 10_000), exponent=st.floats(-6, 1.5))
def test_a_loss_is_never_negative_and_falls_against_its_slope(row, seed, exponent):
    outputs, targets = batch(row, rows=3, outputs=4, size=10.0**exponent, seed=seed)
    losses, slopes = numpy_loss(row, outputs, targets)
    assert (losses.sum(-1) >= -1e-15).all()
    step = 1e-4 * min(1.0, np.abs(outputs).max(-1).min()) / max(1.0, np.abs(slopes).max())
    nearer = numpy_loss(row, outputs - step * slopes, targets)[0]
    assert (nearer.sum(-1) <= losses.sum(-1) * (1 + 1e-12) + 1e-15).all()


@every_setting
def test_a_loss_is_convex_exactly_where_its_row_says_so(row):
    random = np.random.default_rng(5)
    outputs, targets = batch(row, rows=4000, outputs=3, size=3.0, seed=1)
    others = 3.0 * random.normal(size=outputs.shape)
    between = numpy_loss(row, 0.5 * (outputs + others), targets)[0].sum(-1)
    chord = 0.5 * sum(numpy_loss(row, z, targets)[0].sum(-1) for z in (outputs, others))
    assert bool((between <= chord * (1 + 1e-12) + 1e-12).all()) is row.convex


SAMPLE = np.random.default_rng(11).gamma(1.5, 2.0, 401)
CONSTANTS = {
    "squared_error": np.mean(SAMPLE),
    "absolute_error": np.median(SAMPLE),
    "pinball(quantile=0.9)": np.sort(SAMPLE)[360],
    "pinball(quantile=0.25)": np.sort(SAMPLE)[100],
    "expectile(quantile=0.8)": scipy.stats.expectile(SAMPLE, 0.8),
    "huber(delta=1000)": np.mean(SAMPLE),
    "huber(delta=1e-6)": np.median(SAMPLE),
    "poisson": np.log(np.mean(SAMPLE)),
    "gamma": np.log(np.mean(SAMPLE)),
    "tweedie(power=1.3)": np.log(np.mean(SAMPLE)),
}


@pytest.mark.parametrize("text", CONSTANTS)
def test_the_best_constant_is_the_one_a_loss_is_known_for(text):
    """The mean, the median, a quantile, an expectile; for counts and amounts the logarithm of the mean."""
    row = catalog.loss(text)
    found = scipy.optimize.minimize_scalar(
        lambda z: float(row(np.full_like(SAMPLE, z), SAMPLE).sum()), bounds=(-5, 20), method="bounded",
        options={"xatol": 1e-9},
    )  # fmt: skip
    assert found.x == pytest.approx(CONSTANTS[text], abs=1e-4)


def test_the_best_logit_is_that_of_the_share_of_yes():
    row, targets = catalog.loss("binary_cross_entropy"), np.repeat([1.0, 0.0], [30, 70])
    slope = row.slope(np.full_like(targets, np.log(0.3 / 0.7)), targets)
    assert slope.sum() == pytest.approx(0.0, abs=1e-12)


def test_tweedie_lies_between_poisson_and_gamma():
    outputs, targets = batch(catalog.loss("gamma"), size=1.0)
    for text, name in (("tweedie(power=1.0000001)", "poisson"), ("tweedie(power=1.9999999)", "gamma")):
        near, end = (
            numpy_loss(catalog.loss(text), outputs, targets),
            numpy_loss(catalog.loss(name), outputs, targets),
        )
        np.testing.assert_allclose(near[0], end[0], rtol=1e-4)
        np.testing.assert_allclose(near[1], end[1], rtol=1e-4)


def test_focal_losses_without_focus_are_cross_entropies():
    for focal, plain in (("focal", "binary_cross_entropy"), ("softmax_focal", "softmax_cross_entropy")):
        outputs, targets = batch(catalog.loss("softmax_cross_entropy"))
        near = numpy_loss(catalog.loss(f"{focal}(gamma=0)"), outputs, targets)
        for one, other in zip(near, numpy_loss(catalog.loss(plain), outputs, targets), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


def test_the_perceptron_leaves_a_boundary_that_passes_through_a_row():
    row = catalog.loss("perceptron")
    assert (row.slope(0.0, 1.0), row.slope(0.0, 0.0)) == (-1.0, 1.0)


def test_no_direction_costs_what_a_right_angle_costs():
    losses, slopes = numpy_loss(catalog.loss("cosine"), np.zeros((1, 3)), np.eye(3)[:1])
    assert losses.sum() == 1.0
    np.testing.assert_array_equal(slopes, -np.eye(3)[:1])


@every_row
def test_senseless_hyperparameters_are_refused(row):
    for name, interval in row.limits.items():
        assert name in row.settings
        low, high = interval[1:-1].split(",")
        for end, bracket in ((low, interval[0]), (high.strip(), interval[-1])):
            if bracket in "()" and np.isfinite(float(end)):
                with pytest.raises(SettingsError, match=f"{name} of .* must lie in"):
                    catalog.loss(f"{row.name}({name}={end})")
    assert row.limits.keys() == row.settings.keys()
    with pytest.raises(SettingsError, match="has no hyperparameter 'speed'"):
        catalog.loss(f"{row.name}(speed=1)")


def test_a_misspelt_hyperparameter_is_answered_with_the_nearest():
    with pytest.raises(SettingsError, match="Did you mean 'quantile'"):
        catalog.loss("pinball(quantil=0.9)")
    with pytest.raises(SettingsError, match="Did you mean 'huber'"):
        catalog.loss("hubert(delta=2)")
