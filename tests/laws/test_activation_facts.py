"""The facts of an activation against closed forms, published numbers, and inputs that hypothesis invents."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osolgil.formulas import catalog
from osolgil.formulas.facts import activation_facts

ROWS = list(catalog.elementwise_activations().values())
INF = math.inf
# largest slope and where, from calculus: 1 + 1/√(2πe)·… for GELU at √2, √(2/e) for exp(-x²) at 1/√2
SLOPES = {
    "sigmoid": (0.25, 0.0),
    "tanh": (1.0, 0.0),
    "softsign": (1.0, 0.0),
    "gaussian": (math.sqrt(2 / math.e), -1 / math.sqrt(2)),
    "gelu": (0.5 * math.erfc(-1) + 1 / (math.e * math.sqrt(math.pi)), math.sqrt(2)),
    "erf": (2 / math.sqrt(math.pi), 0.0),
    "lecun_tanh": (1.7159 * 2 / 3, 0.0),
    "hard_sigmoid": (1 / 6, 0.0),
    "hard_swish": (1.5, 3.0),
    "selu": (1.6732632423543772 * 1.0507009873554805, 0.0),
    "silu": (1.0998393201288669, 2.3993572805),
    "snake": (2.0, math.pi / 4),
    "softplus": (1.0, INF),
    "step": (0.0, 0.0),
    "relu_squared": (INF, INF),
}
# the interval of values, its ends from calculus or from the papers
RANGES = {
    "arctan": (-math.pi / 2, math.pi / 2),
    "elu": (-1.0, INF),
    "exponential": (0.0, INF),
    "gaussian": (0.0, 1.0),
    "gelu": (-0.16997120747990369, INF),
    "hard_swish": (-3 / 8, INF),
    "hard_tanh": (-1.0, 1.0),
    "log_sigmoid": (-INF, 0.0),
    "mish": (-0.3088434130172504, INF),  # ≈ -0.31 in arXiv:1908.08681, section 2
    "relu6": (0.0, 6.0),
    "selu": (-1.6732632423543772 * 1.0507009873554805, INF),
    "silu": (-0.2784645427610738, INF),  # ≈ -0.28 in arXiv:1702.03118, section 2
    "sine": (-1.0, 1.0),
    "step": (0.0, 1.0),
    "symlog": (-INF, INF),
}
# |slope| below a hundredth of the largest, solved by hand: σ' = 1/400, tanh' = 1/100, 1/(1 + |x|)² = 1/100, …
SATURATED = {
    "sigmoid": math.log(199 + math.sqrt(199**2 - 1)),
    "tanh": math.atanh(math.sqrt(0.99)),
    "softsign": 9.0,
    "arctan": math.sqrt(99),
    "isru": math.sqrt(100 ** (2 / 3) - 1),
    "erf": math.sqrt(math.log(100)),
    "hard_tanh": 1.0,
    "symlog": 99.0,
}
SMOOTHNESS = {
    -1: {"step", "threshold", "hard_shrink"},
    0: {"relu", "relu6", "leaky_relu", "prelu", "rrelu", "selu", "parametric_selu", "hard_sigmoid", "hard_tanh",
        "hard_swish", "soft_shrink", "sparse_sigmoid"},
    1: {"elu", "celu", "softsign", "symlog", "relu_squared", "sparse_plus"},
    2: {"isrlu"},
}  # fmt: skip
# every other row is a composition of analytic functions
FALLING = {"gelu", "gelu_tanh", "quick_gelu", "silu", "hard_swish", "mish", "parametric_mish", "smish", "golu",
           "tanh_exp", "serf", "lisht", "gaussian", "sine", "growing_cosine"}  # fmt: skip
FIXED = {
    "relu": ((0.0, INF),),
    "identity": ((-INF, INF),),
    "hard_tanh": ((-1.0, 1.0),),
    "hard_sigmoid": ((0.6, 0.6),),
    "sigmoid": ((0.659046068407, 0.659046068407),),
    "hard_shrink": ((-INF, -0.5), (0.0, 0.0), (0.5, INF)),
    "lecun_tanh": ((-1.0, -1.0), (0.0, 0.0), (1.0, 1.0)),  # "±1 to ±1" of Efficient BackProp, to 2e-5
    "exponential": (),
}
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


@pytest.mark.parametrize("name", SLOPES)
def test_largest_slope_is_that_of_calculus(name):
    facts = activation_facts(catalog.activation(name))
    assert facts["largest_slope"] == pytest.approx(SLOPES[name][0], rel=1e-12)
    assert facts["largest_slope_at"] == pytest.approx(SLOPES[name][1], abs=1e-6)


@pytest.mark.parametrize("name", RANGES)
def test_range_is_that_of_calculus(name):
    assert activation_facts(catalog.activation(name))["range"] == pytest.approx(RANGES[name], rel=1e-13)


@pytest.mark.parametrize("name", SATURATED)
def test_saturation_begins_where_it_is_solved_for(name):
    end = SATURATED[name]
    low, high = activation_facts(catalog.activation(name))["saturates"]
    assert low == pytest.approx((-INF, -end), rel=1e-8)
    assert high == pytest.approx((end, INF), rel=1e-8)


@pytest.mark.parametrize("name", FIXED)
def test_fixed_points(name):
    found = activation_facts(catalog.activation(name))["fixed_points"]
    assert len(found) == len(FIXED[name])
    for interval, expected in zip(found, FIXED[name], strict=True):
        assert interval == pytest.approx(expected, abs=2e-5)


@every_row
def test_smoothness_is_what_the_pieces_allow(row):
    expected = next((order for order, names in SMOOTHNESS.items() if row.name in names), INF)
    assert activation_facts(row)["continuous_derivatives"] == expected


@every_row
def test_monotone_or_not(row):
    assert activation_facts(row)["monotone"] == (row.name not in FALLING)


@every_row
@settings(max_examples=40)
@given(points=st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=30))
def test_no_input_leaves_the_facts(row, points):
    points = np.sort(np.concatenate([points, np.asarray(points) % 7.0]))
    facts = activation_facts(row)
    with np.errstate(over="ignore"):
        values, slopes = row(points), row.slope(points)
    slack = 1e-14
    assert facts["range"][0] - slack <= values.min()
    assert values.max() <= facts["range"][1] + slack
    assert facts["smallest_slope"] - slack <= slopes.min()
    assert slopes.max() <= facts["largest_slope"] + slack
    if facts["monotone"]:
        assert (values[1:] >= values[:-1] - slack * np.minimum(np.abs(values[:-1]), 1e300)).all()
    steepest = max(abs(facts["smallest_slope"]), abs(facts["largest_slope"]))
    for low, high in facts["saturates"]:
        inside = (points > low + 1e-8) & (points < high - 1e-8)
        assert (np.abs(slopes[inside]) <= 0.0100001 * steepest).all()
    for low, high in facts["fixed_points"]:
        inside = points[(points >= low + 1e-8) & (points <= high - 1e-8)]
        np.testing.assert_array_equal(row(inside), inside)


def test_facts_follow_the_hyperparameters():
    leaky = activation_facts(catalog.activation("leaky_relu(0.2)"))
    assert leaky["smallest_slope"] == 0.2
    wave = activation_facts(catalog.activation("sine(frequency=30)"))
    assert wave["largest_slope"] == 30.0
    assert activation_facts(catalog.activation("elu(alpha=0.5)"))["continuous_derivatives"] == 0


def test_sigmoid_is_steepest_at_zero_with_a_quarter():
    assert catalog.activation("sigmoid").slope(0.0) == 0.25
