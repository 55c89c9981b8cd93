"""Mean-field theory: quadrature against mpmath, closed forms where they are known, published critical points."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import erf
from scipy.stats import norm

from osolgil import mean_field
from osolgil.engines._binding import bind
from osolgil.formulas import catalog
from osolgil.formulas.catalog import Activation
from osolgil.mean_field import gaussian_mean

ROWS = [row for row in catalog.activations().values() if row.kind == "elementwise"]
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
VARIANCES = [1.3, *(pytest.param(variance, marks=pytest.mark.long) for variance in (1e-8, 0.04, 37.0, 1e6))]


def made(function, slope):
    """An activation that no catalog holds."""
    return Activation("made", "Made", function, "none", 2024, slope=slope)


ERROR_FUNCTION = made(erf, lambda x: 2.0 / math.sqrt(math.pi) * np.exp(-x * x))


def exact_mean(formula, variance):
    """E[f(√q z)²] by mpmath's double-exponential rule, cut where activations bend."""
    words = {
        "absolute": abs, "exp": mpmath.exp, "expm1": mpmath.expm1, "log": mpmath.log, "log1p": mpmath.log1p,
        "sqrt": mpmath.sqrt, "tanh": mpmath.tanh, "erf": mpmath.erf, "erfc": mpmath.erfc,
        "sign": mpmath.sign, "maximum": max, "minimum": min,
        "where": lambda condition, chosen, otherwise: chosen if condition else otherwise,
    }  # fmt: skip
    try:
        function = bind(formula, words, engine="mpmath")
    except TypeError:
        pytest.skip("written with words that mpmath has not")
    with mpmath.workdps(25):
        q = mpmath.mpf(variance)
        bends = {x for bend in (0, 0.5, 1, 2, 3, 6, 20, 200, 2000) for x in (bend, -bend)}
        near = 12 * q**0.5
        far = near + (2 * q if variance < 100 else 0)  # where exp(x)² times the density has its summit
        cuts = sorted({x for x in bends if abs(x) < 12 * math.sqrt(variance)} | {-far, -near, near, far})
        density = lambda x: mpmath.exp(-x * x / (2 * q)) / mpmath.sqrt(2 * mpmath.pi * q)  # noqa: E731
        return float(mpmath.quad(lambda x: function(x) ** 2 * density(x), cuts))


@every_row
@pytest.mark.parametrize("variance", VARIANCES)
def test_means_of_the_catalog_are_right_to_ten_digits(row, variance):
    for formula in (row.formula, row.slope):
        exact = exact_mean(formula, variance)
        assert gaussian_mean(lambda x, f=formula: f(x) ** 2, variance) == pytest.approx(
            exact, rel=1e-10, abs=1e-300
        )


@given(
    deviation=st.sampled_from([0.3, 1.0, 3.0, 11.0, 1000.0]),
    kink=st.floats(-13.0, 13.0),
    mean=st.floats(-3.0, 3.0),
)
def test_kinks_and_jumps_are_found(deviation, kink, mean):
    variance = deviation**2
    place = (mean - kink) / deviation
    above = gaussian_mean(lambda x: np.maximum(x - kink, 0.0), variance, mean)
    exact = deviation * norm.pdf(place) + (mean - kink) * norm.cdf(place)
    assert above == pytest.approx(exact, rel=1e-10, abs=1e-11 * deviation)
    share = gaussian_mean(lambda x: np.where(x > kink, 1.0, 0.0), variance, mean)
    assert share == pytest.approx(norm.cdf(place), abs=1e-12)


@pytest.mark.parametrize("power", range(0, 13, 2))
def test_moments_of_a_normal_variable(power):
    exact = 3.0 ** (power / 2) * math.prod(range(1, power, 2))
    assert gaussian_mean(lambda x: x**power, 3.0) == pytest.approx(exact, rel=1e-12)


def test_exponentials_far_out_and_means_without_end():
    assert gaussian_mean(np.exp, 25.0) == pytest.approx(math.exp(12.5), rel=1e-12)
    assert gaussian_mean(np.exp, 1e4) == math.inf
    assert gaussian_mean(np.tanh, 0.0, 0.5) == math.tanh(0.5)
    assert math.isnan(gaussian_mean(np.tanh, -1.0))
    assert gaussian_mean(lambda x: np.sin(x) ** 2, 1e4) == pytest.approx(0.5, rel=1e-10)


@pytest.mark.parametrize("variance", [0.01, 1.0, 20.0])
def test_error_function_has_williams_closed_forms(variance):
    """C. Williams 1998, eq. 11, as B. Poole et al., arXiv:1606.05340 use it."""
    value = 1.3 * 2.0 / math.pi * math.asin(2.0 * variance / (1.0 + 2.0 * variance)) + 0.05
    assert mean_field.signal(ERROR_FUNCTION, variance, 1.3, 0.05) == pytest.approx(value, rel=1e-12)
    slope = 1.3 * 4.0 / math.pi / math.sqrt(1.0 + 4.0 * variance)
    assert mean_field.slope_chi(ERROR_FUNCTION, variance, 1.3) == pytest.approx(slope, rel=1e-12)
    step = 1e-5 * variance
    above, below = (mean_field.square_mean(ERROR_FUNCTION, variance + s) for s in (step, -step))
    growth = mean_field.square_growth(ERROR_FUNCTION, variance)
    assert growth == pytest.approx((above - below) / (2 * step), rel=1e-7)


def test_rectifiers_are_critical_where_he_put_them():
    critical = mean_field.critical_weight_variance
    assert critical(catalog.activation("relu")) == pytest.approx(2.0, rel=1e-12)
    assert critical(catalog.activation("leaky_relu")) == pytest.approx(2.0 / (1.0 + 0.01**2), rel=1e-12)
    assert critical(catalog.activation("identity")) == pytest.approx(1.0, rel=1e-12)
    for variance in (1e-6, 1.0, 1e6):
        assert mean_field.signal(catalog.activation("relu"), variance, 2.0) == pytest.approx(
            variance, rel=1e-12
        )


def test_hyperbolic_tangent_is_critical_at_one_without_biases():
    tanh = catalog.activation("tanh")
    assert mean_field.critical_weight_variance(tanh) == pytest.approx(1.0, abs=1e-9)
    assert mean_field.critical_weight_variance(ERROR_FUNCTION) == pytest.approx(math.pi / 4.0, rel=1e-9)
    # the line between order and chaos begins there and moves right as biases grow (Poole et al., figure 1)
    biases = [mean_field.critical_bias_variance(tanh, q) for q in (0.01, 0.1, 1.0)]
    assert 0.0 < biases[0] < biases[1] < biases[2]


def test_selu_keeps_mean_zero_and_variance_one():
    selu = catalog.activation("selu")
    assert gaussian_mean(selu, 1.0) == pytest.approx(0.0, abs=1e-12)
    assert mean_field.signal(selu, 1.0, 1.0) == pytest.approx(1.0, rel=1e-12)
    assert mean_field.fixed_point(selu, 1.0) == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "weight_variance", "bias_variance", "variance"),
    [
        ("gelu", 1.98305826, 0.17292239, (3.0 + math.sqrt(17.0)) / 2.0),
        ("silu", 1.98800468, 0.55514317, 14.32017362),
    ],
)
def test_half_stable_points_are_those_of_roberts_yaida_and_hanin(
    name, weight_variance, bias_variance, variance
):
    """arXiv:2106.10165, section 5.3.4."""
    point = mean_field.critical(catalog.activation(name))
    assert point == pytest.approx((weight_variance, bias_variance, variance), rel=1e-7)


@every_row
def test_critical_points_keep_gradients_and_are_none_where_there_are_none(row):
    point = mean_field.critical(row)
    if point is None:
        assert math.isnan(mean_field.critical_weight_variance(row))
        return
    variance = point.variance or 1e-18
    assert mean_field.slope_chi(row, variance, point.weight_variance) == pytest.approx(1.0, rel=1e-8)
    held = mean_field.signal(row, variance, point.weight_variance, point.bias_variance)
    assert held == pytest.approx(variance, rel=1e-7)


def test_no_critical_point_for_softplus():
    assert mean_field.critical(catalog.activation("softplus")) is None


@pytest.mark.parametrize(
    ("name", "weight_variance", "bias_variance", "answer"),
    [
        ("tanh", 0.81, 0.0, 0.0), ("relu", 1.9, 0.0, 0.0), ("relu", 2.1, 0.0, math.inf), ("relu", 2.0, 0.1, math.inf),
        ("relu", 1.0, 0.5, 1.0), ("identity", 0.5, 1.0, 2.0),
    ],
)  # fmt: skip
def test_fixed_points_known_exactly(name, weight_variance, bias_variance, answer):
    found = mean_field.fixed_point(catalog.activation(name), weight_variance, bias_variance)
    assert found == pytest.approx(answer, rel=1e-9, abs=0.0)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "gelu", "silu"])
@pytest.mark.parametrize("start", [0.3, 5.0])
def test_fixed_point_is_where_iterating_ends(name, start):
    row = catalog.activation(name)
    variance = start
    for _ in range(400):
        variance = mean_field.signal(row, variance, 1.5, 0.3)
    assert mean_field.fixed_point(row, 1.5, 0.3, start) == pytest.approx(variance, rel=1e-8)


def test_depth_scale():
    assert mean_field.depth_scale(math.exp(-0.1)) == pytest.approx(10.0)
    assert mean_field.depth_scale(math.exp(0.1)) == pytest.approx(10.0)
    assert mean_field.depth_scale(1.0) == math.inf
    assert mean_field.depth_scale(0.0) == 0.0
