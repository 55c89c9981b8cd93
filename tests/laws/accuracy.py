"""How far compiled formulas are from the truth, in units in the last place (ulp).

The truth is mpmath at 200 bits. Near a zero of a function, and where it is ill-conditioned, the last place
of the input itself moves the result by many ulp, so the unit for activations is the larger of the spacing of
floats at f(x) and eps · |x f'(x)|: what half an ulp more or less of x would do anyway. Results so small that
steps on the way to them are subnormal are not counted; they are right to a few of the smallest floats.
"""

import mpmath
import numpy as np

from laws import compiled, definitions
from osolgil.engines._binding import bind
from osolgil.formulas.catalog import Activation

ULP_BITS = 200
DEFINITION_BITS = 400  # a textbook form may cancel most of them
MORE_BITS = {"gelu_tanh": 2400}  # and this one more: exp(-700) beside 1


def _chosen(condition, first, second):
    return first if condition else second


MPMATH = {
    "absolute": abs,
    "arctan": mpmath.atan,
    "cos": mpmath.cos,
    "erf": mpmath.erf,
    "erfc": mpmath.erfc,
    "exp": mpmath.exp,
    "expm1": mpmath.expm1,
    "log": mpmath.log,
    "log1p": mpmath.log1p,
    "maximum": max,
    "minimum": min,
    "sign": mpmath.sign,
    "sin": mpmath.sin,
    "sqrt": mpmath.sqrt,
    "tanh": mpmath.tanh,
    "where": _chosen,
}


def exactly(formula):
    """A formula as a function of mpmath numbers, its literals taken as the decimals they are written as."""
    return bind(formula, MPMATH, engine="mpmath", literal=lambda value: mpmath.mpf(str(value)))


def rounded(number, precision: str):
    """An mpmath number as the nearest float, subnormals included."""
    with np.errstate(over="ignore"):
        return np.dtype(precision).type(float(number))


def spacing(exact, precision: str) -> mpmath.mpf:
    """Distance between floats at the exact result."""
    return mpmath.mpf(float(abs(np.spacing(rounded(exact, precision)))))


def ulps(inputs, computed, exact, precision: str, condition=lambda x: 0, bits: int = ULP_BITS) -> np.ndarray:
    """Errors of `computed` against `exact(x)`; `condition(x)` is |x f'(x)|, which widens the unit."""
    smallest = 64 * float(np.finfo(precision).tiny)
    with mpmath.workprec(bits):
        epsilon = mpmath.mpf(float(np.finfo(precision).eps))
        errors = []
        for x, y in zip(inputs, computed, strict=True):
            x = mpmath.mpf(float(x))
            truth = exact(x)
            unit = max(spacing(truth, precision), epsilon * abs(condition(x)))
            error = abs(mpmath.mpf(float(y)) - truth)
            errors.append(float(error / unit) if truth == 0 or abs(truth) > smallest else 0.0)
    return np.array(errors)


def sample(precision: str, largest: float, count: int = 500, seed: int = 0) -> np.ndarray:
    """Inputs of both signs: evenly spread up to `largest`, and log-uniform towards zero."""
    random = np.random.default_rng(seed)
    tiny = np.exp(random.uniform(-40, np.log(largest), count)) * random.choice([-1, 1], count)
    return np.concatenate([random.uniform(-largest, largest, count), tiny]).astype(precision)


def activation_ulps(row: Activation, precision: str, count: int = 300) -> tuple[float, float]:
    """Largest error of a compiled activation's value and of its slope, against its textbook definition."""
    inputs = np.concatenate([sample(precision, 6.0, count), sample(precision, 60.0, count // 2, seed=1)])
    values, slopes = compiled.activation(row, precision)(inputs)
    bits = MORE_BITS.get(row.name, DEFINITION_BITS)
    value, slope = definitions.DEFINITIONS[row.name], definitions.derivative(row.name)

    def curvature(x):
        step = abs(x) * mpmath.mpf(2) ** -60
        return x * (slope(x + step) - slope(x - step)) / (2 * step)

    return (
        ulps(inputs, values, value, precision, lambda x: x * slope(x), bits).max(),
        ulps(inputs, slopes, slope, precision, curvature, bits).max(),
    )
