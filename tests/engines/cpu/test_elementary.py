"""exp, log, tanh, erf and their relatives against mpmath: how many units in the last place they are off."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.cpu import words
from laws import accuracy

# largest error in ulp: float32, float64
LARGEST_ULP = {
    "exp": (1, 1),
    "expm1": (1.5, 1.5),
    "log": (1, 1),
    "log1p": (2, 2),
    "tanh": (3, 3),
    "erf": (3, 3),
    "erfc": (4, 4),
    "sin": (1.5, 1),
    "cos": (1.5, 1),
    "arctan": (1.5, 1.5),
    "sqrt": (0.5, 0.5),
}
# how far from zero results are neither infinite nor subnormal
REACH = {
    "float32": {
        "exp": 87,
        "expm1": 88,
        "tanh": 20,
        "erf": 6,
        "erfc": 9,
        "sin": 1e6,
        "cos": 1e6,
        "arctan": 99,
    },
    "float64": {
        "exp": 708,
        "expm1": 709,
        "tanh": 30,
        "erf": 6.5,
        "erfc": 26,
        "sin": 1e6,
        "cos": 1e6,
        "arctan": 99,
    },
}
REACH_OF_LOGARITHM = {"float32": 87.0, "float64": 708.0}
PRECISIONS = ("float32", "float64")

each_word = pytest.mark.parametrize("name", words.NAMES)
each_precision = pytest.mark.parametrize("precision", PRECISIONS)


def sample(name: str, precision: str, count: int = 500) -> np.ndarray:
    """Inputs across the whole range of a word, dense where cancellation would show."""
    random = np.random.default_rng(5)
    reach = REACH_OF_LOGARITHM[precision]
    if name in ("log", "sqrt"):
        spread = np.exp(random.uniform(-reach, reach, count))
        return np.concatenate([spread, random.uniform(0.5, 2.0, count)]).astype(precision)
    if name == "log1p":
        below = -np.exp(random.uniform(-40, -1e-6, count))
        return np.concatenate([np.exp(random.uniform(-40, reach, count)), below]).astype(precision)
    return accuracy.sample(precision, REACH[precision][name], count)


def largest_ulp(name: str, precision: str, count: int = 500) -> float:
    """Largest error of a word on its sample."""
    inputs = sample(name, precision, count)
    return accuracy.ulps(inputs, words.loop(name, precision)(inputs), accuracy.MPMATH[name], precision).max()


@each_word
@each_precision
def test_error_stays_below_its_bound(name, precision):
    assert largest_ulp(name, precision) <= LARGEST_ULP[name][PRECISIONS.index(precision)]


@each_word
@given(x=st.floats(allow_nan=False, width=32))
def test_any_float32(name, x):
    check_one(name, x, "float32")


@each_word
@given(x=st.floats(allow_nan=False))
def test_any_float64(name, x):
    check_one(name, x, "float64")


def check_one(name, x, precision):
    (result,) = words.loop(name, precision)([x])
    endless = name in ("sin", "cos") and np.isinf(x)
    if endless or (name in ("log", "sqrt") and x < 0) or (name == "log1p" and x < -1):
        assert np.isnan(result)
        return
    with mpmath.workprec(1400 if name in ("log1p", "sin", "cos") else accuracy.ULP_BITS):
        truth = true_value(name, x)
        nearest = accuracy.rounded(truth, precision)
        if np.isinf(nearest):
            assert result == nearest
            return
        unit = max(accuracy.spacing(truth, precision), abs(truth) * float(np.finfo(precision).eps) / 2)
        error = abs(mpmath.mpf(float(result)) - truth) / unit
    assert error <= LARGEST_ULP[name][PRECISIONS.index(precision)] + 0.5


def true_value(name, x):
    if name in ("exp", "expm1") and abs(x) > 1e4:
        return mpmath.inf if x > 0 else mpmath.mpf(-1 if name == "expm1" else 0)
    if name == "erfc" and x > 1e4:
        return mpmath.mpf(0)
    if name in ("tanh", "erf") and abs(x) > 1e4:
        return mpmath.sign(x)
    if name == "erfc" and x < -1e4:
        return mpmath.mpf(2)
    if name in ("log", "log1p") and x == (0 if name == "log" else -1):
        return -mpmath.inf
    return accuracy.MPMATH[name](mpmath.mpf(float(x)))


TINY = [(1e-42, 1e-42), (-1e-42, -1e-42)]
SPECIAL = {
    "exp": [(0.0, 1), (-0.0, 1), (np.inf, np.inf), (-np.inf, 0), (1e-42, 1), (-1e-42, 1)],
    "expm1": [(0.0, 0.0), (-0.0, -0.0), (np.inf, np.inf), (-np.inf, -1), *TINY],
    "log": [(0.0, -np.inf), (-0.0, -np.inf), (np.inf, np.inf), (-np.inf, np.nan), (-1.0, np.nan), (1.0, 0.0)],
    "log1p": [
        (0.0, 0.0),
        (-0.0, -0.0),
        (np.inf, np.inf),
        (-1.0, -np.inf),
        (-1.5, np.nan),
        (1e-42, 1e-42),
        (-1e-42, -1e-42),
    ],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (np.inf, 1), (-np.inf, -1), *TINY],
    "erf": [(0.0, 0.0), (-0.0, -0.0), (np.inf, 1), (-np.inf, -1)],
    "erfc": [(0.0, 1), (-0.0, 1), (np.inf, 0), (-np.inf, 2), (1e-42, 1), (-1e-42, 1)],
    "sin": [(0.0, 0.0), (-0.0, -0.0), (np.inf, np.nan), (-np.inf, np.nan), *TINY],
    "cos": [(0.0, 1), (-0.0, 1), (np.inf, np.nan), (-np.inf, np.nan), (1e-42, 1), (-1e-42, 1)],
    "arctan": [(0.0, 0.0), (-0.0, -0.0), (np.inf, np.pi / 2), (-np.inf, -np.pi / 2), *TINY],
    "sqrt": [(0.0, 0.0), (-0.0, -0.0), (np.inf, np.inf), (-1.0, np.nan)],
}


@each_word
@each_precision
def test_special_inputs(name, precision):
    inputs, expected = np.array([*SPECIAL[name], (np.nan, np.nan)], precision).T
    results = words.loop(name, precision)(inputs)
    np.testing.assert_array_equal(results, expected)
    signed = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(results[signed]), np.signbit(expected[signed]))


@each_precision
def test_exp_ends_gracefully_on_both_sides(precision):
    largest = np.log(float(np.finfo(precision).max))
    smallest = np.log(float(np.finfo(precision).smallest_subnormal))
    exp = words.loop("exp", precision)
    over, under = exp([largest * 1.0001, largest * 1.1]), exp([smallest * 1.02, smallest * 1.5])
    np.testing.assert_array_equal(over, np.inf)
    np.testing.assert_array_equal(under, 0.0)
    assert np.isfinite(exp([largest * 0.9999])).all()
    assert exp([smallest * 0.99])[0] > 0.0


@each_word
@each_precision
def test_every_piece_of_an_array_gives_the_same_bits(name, precision):
    inputs = sample(name, precision, 150)
    run = words.loop(name, precision)
    whole = run(inputs)
    for size in (1, 5, 13):
        pieces = [run(inputs[start : start + size]) for start in range(0, inputs.size, size)]
        np.testing.assert_array_equal(np.concatenate(pieces), whole)
