"""sin, cos and arctan, free of branches so that loops over them become vector code.

sin and cos turn x into quarter turns, q + r = x · 2/π, of which q is needed modulo 4 only. In float32 the product
is taken in float64 with that window of the bits of 2/π that matters at the size of x, in three parts of which two
give exact products, so that every float32 up to 3e38 keeps all its digits (after M. Payne, R. Hanek, ACM SIGNUM
Newsletter 18, 1983). In float64 both are the C library's, which is as exact but no vector code.
arctan takes arctan(1/x) = π/2 - arctan(x) and arctan((x - 1)/(x + 1)) = arctan(x) - π/4 to reach |x| ≤ tan(π/8).
The polynomials are fitted by `tools/fit_polynomials.py`.
"""

import math

import numpy as np

from .intrinsics import njit
from .polynomials import horner

# fmt: off
ARCTAN32 = (-0.3333333328, 0.1999997725, -0.1428415063, 0.1107135457, -0.08624598215, 0.05047937432)
SIN32 = (-0.1666666666, 0.008333331874, -0.000198400865, 2.724989523e-6)
COS32 = (0.04166666666, -0.001388888767, 2.480060018e-5, -2.730093369e-7)
ARCTAN64 = (-0.33333333333333333217, 0.19999999999999804328, -0.14285714285659777756, 0.11111111105150587894,
            -0.090909087532591129423, 0.076922963680422971183, -0.066664247602005201418, 0.058789275544738067649,
            -0.05230443640686947707, 0.045515447340221616522, -0.034569315063326089813, 0.016284375050043394444)
# fmt: on
TWO_OVER_PI_256 = 0xA2F9836E4E441529FC2757D1F534DDC0DB6295993C439041FE5163ABDEBBC561  # 2/π · 2^256
_STEP = 26  # bits between windows: a float32 in the next window is a whole multiple of 2^26


def _window(index):
    """2/π · 2^(26 index) modulo 4 in parts of 29, 29 and 53 bits, divided by 2^(26 index) again."""
    bits = (TWO_OVER_PI_256 << (_STEP * index)) % (1 << 258)
    first, second = bits >> 229, bits >> 200
    parts = (first << 229, (second - (first << 29)) << 200, bits - (second << 200))
    return [math.ldexp(part, -256 - _STEP * index) for part in parts]


def _turning(kind):
    """sin and cos of a float32."""
    F = kind.real
    (a0, a1, a2, a3), (b0, b1, b2, b3), (c0, c1, c2, c3) = zip(*map(_window, range(4)), strict=True)
    end0, end1, end2 = 2.0**50, 2.0**76, 2.0**102
    sin_tail, cos_tail = horner(SIN32, F), horner(COS32, F)
    quarter, zero, one, half = math.pi / 2, F(0.0), F(1.0), F(0.5)

    @njit(inline="always")
    def quarters(x):
        x = np.float64(x)
        size = abs(x)
        a = a0 if size < end0 else (a1 if size < end1 else (a2 if size < end2 else a3))
        b = b0 if size < end0 else (b1 if size < end1 else (b2 if size < end2 else b3))
        c = c0 if size < end0 else (c1 if size < end1 else (c2 if size < end2 else c3))
        first, second = x * a, x * b
        whole, more = np.rint(first), np.rint(second)
        rest = ((first - whole) + (second - more)) + x * c
        carry = np.rint(rest)
        return (whole - 4.0 * np.rint(0.25 * whole)) + (more + carry), F((rest - carry) * quarter)

    @njit(inline="always")
    def sine_of(nearest, angle):
        square = angle * angle
        odd = nearest - 2.0 * np.floor(0.5 * nearest)
        turned = 0.5 * (nearest - odd)
        sine = angle + (angle * square) * sin_tail(square)
        cosine = one + square * (square * cos_tail(square) - half)
        value = cosine if odd != 0.0 else sine
        return -value if turned != 2.0 * np.floor(0.5 * turned) else value

    @njit(inline="always")
    def sin(x):
        x = F(x)
        nearest, angle = quarters(x)
        value = sine_of(nearest, angle)
        return value if x != zero else x

    @njit(inline="always")
    def cos(x):
        nearest, angle = quarters(F(x))
        return sine_of(nearest + 1.0, angle)

    return {"sin": sin, "cos": cos}


def _turning_of_library():
    @njit(inline="always")
    def sin(x):
        return math.sin(np.float64(x))

    @njit(inline="always")
    def cos(x):
        return math.cos(np.float64(x))

    return {"sin": sin, "cos": cos}


def _arctan(kind, coefficients):
    F = kind.real
    tail = horner(coefficients, F)
    near, far = F(0.4142135623730950488), F(2.4142135623730950488)
    zero, one = F(0.0), F(1.0)
    eighth, quarter = math.pi / 4, math.pi / 2
    eighth_high, quarter_high = F(eighth), F(quarter)
    exact = ("0.78539816339744830961566084581987572", "1.5707963267948966192313216916397514")
    eighth_low, quarter_low = (
        F(_difference(text, float(high)))
        for text, high in zip(exact, (eighth_high, quarter_high), strict=True)
    )

    @njit(inline="always")
    def arctan(x):
        x = F(x)
        size = abs(x)
        above = -one if size > far else size - one
        below = size if size > far else size + one
        inner = size < near
        t = (size if inner else above) / (one if inner else below)
        high = quarter_high if size > far else eighth_high
        low = quarter_low if size > far else eighth_low
        high, low = (zero if inner else high), (zero if inner else low)
        square = t * t
        value = high + (t + (low + (t * square) * tail(square)))
        value = -value if x < zero else value
        return value if x != zero else x

    return {"arctan": arctan}


def _difference(exact, rounded):
    from fractions import Fraction

    return float(Fraction(exact) - Fraction(rounded))


def circular_words(kind):
    """sin, cos and arctan for one precision."""
    if kind.real is np.float32:
        return {**_turning(kind), **_arctan(kind, ARCTAN32)}
    return {**_turning_of_library(), **_arctan(kind, ARCTAN64)}
