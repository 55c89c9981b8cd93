"""exp, log, tanh, erf and their relatives, free of branches so that loops over them become vector code.

exp splits x into n log 2 + r and scales a Taylor polynomial of r by 2^n, put together from bits. expm1 keeps
2^n - 1 apart so that nothing cancels; tanh is a quotient of expm1. log is 2 artanh((m - 1)/(m + 1)) on
m in [√½, √2). erfc is exp(-x²) times a polynomial in (x - k)/(x + k) (J. Schonfelder, Math. Comp. 32, 1978),
fitted by `tools/fit_polynomials.py`; x² is squared in two parts so that exp sees every digit of it.
The largest errors, in units in the last place, are measured in `tests/engines/cpu/test_elementary.py`.
"""

import math
from types import SimpleNamespace

import numpy as np

from .circular import circular_words
from .intrinsics import bits_of_float32, bits_of_float64, float32_of_bits, float64_of_bits, njit
from .polynomials import horner

# fmt: off
ERFC32 = (1.237512628, -0.1402405749, 0.003585712976, 0.08227638183, -0.1088085485, 0.09230467239,
          -0.05866704701, 0.02837061173, -0.009815788082, 0.001722842623, 0.0003821510299, -0.0002448291058)
ERF32 = (1.128379167, -0.3761263847, 0.112837825, -0.02686543073, 0.005221031808, -0.0008484080406,
         0.0001126595903, -9.667044571e-6)
ERFC64 = (1.2375126308378275818, -0.1402405985855470025, 0.0035854154854637005286, 0.082276738490149042483,
          -0.10880393014170837063, 0.092304321160271629486, -0.058693398590516035967, 0.028362277420257148982,
          -0.0097465795481739020536, 0.0017556258445333775231, 0.00029371360043855729373,
          -0.00029015405142787529417, 0.000051649371985051274276, 0.000022384193060599741589,
          -0.000011444900227741763224, -9.7358630407763803738e-7, 1.7530277238093542475e-6,
          -5.6953145572300928409e-8, -2.6036343840781637628e-7, 2.2732400755058993226e-8,
          3.9987965525446407112e-8, -3.2029637666414513233e-9, -5.7589933725004832438e-9,
          2.2292087203451129477e-11, 5.3943119514391068904e-10, 6.4201843209698841067e-11)
ERF64 = (1.1283791670955125739, -0.37612638903183752462, 0.11283791670955125626, -0.026866170645131218518,
         0.0052239776254416740139, -0.00085483270234030006089, 0.00012055332978879483867,
         -0.000014925650236967501742, 1.6462110782018636387e-6, -1.6365768648832072118e-7,
         1.4806027146128751663e-8, -1.2277734486795523848e-9, 9.3237235181530266337e-11,
         -6.1967364287876999834e-12, 2.8067128195611262471e-13)
# fmt: on

FLOAT32 = SimpleNamespace(
    real=np.float32, integer=np.int32, bits=bits_of_float32, from_bits=float32_of_bits, fraction=23, bias=127,
    magic=12582912.0, ln2_high=0.693359375, ln2_low=-2.12194440054690583e-4, largest=89.0, smallest=-104.0,
    exp_terms=8, log_terms=5, split_mask=-4096, tiny=1.1754943508222875e-38, erfc=ERFC32, erf=ERF32,
    erfc_end=10.6, most_negative=-20.0,
)  # fmt: skip
FLOAT64 = SimpleNamespace(
    real=np.float64, integer=np.int64, bits=bits_of_float64, from_bits=float64_of_bits, fraction=52,
    bias=1023, magic=6755399441055744.0, ln2_high=6.93147180369123816490e-01,
    ln2_low=1.90821492927058770002e-10, largest=710.0, smallest=-746.0, exp_terms=14, log_terms=11,
    split_mask=-134217728, tiny=2.2250738585072014e-308, erfc=ERFC64, erf=ERF64, erfc_end=28.0,
    most_negative=-40.0,
)  # fmt: skip


def _selections(kind):
    """The words that choose: NaN goes in, NaN comes out."""
    F = kind.real

    @njit(inline="always")
    def where(condition, chosen, otherwise):
        return chosen if condition else otherwise

    @njit(inline="always")
    def maximum(x, y):
        x, y = F(x), F(y)
        return x if (x > y) | (x != x) else y

    @njit(inline="always")
    def minimum(x, y):
        x, y = F(x), F(y)
        return x if (x < y) | (x != x) else y

    @njit(inline="always")
    def absolute(x):
        return abs(F(x))

    @njit(inline="always")
    def sign(x):
        x = F(x)
        one = F(1.0) if x > F(0.0) else F(-1.0)
        return one if (x > F(0.0)) | (x < F(0.0)) else x

    @njit(inline="always")
    def sqrt(x):
        return F(math.sqrt(F(x)))

    @njit(inline="always")
    def floor(x):
        return F(np.floor(F(x)))

    return {
        "floor": floor,
        "where": where,
        "maximum": maximum,
        "minimum": minimum,
        "absolute": absolute,
        "sign": sign,
        "sqrt": sqrt,
    }


def _exponentials(kind):
    F, I, bits, from_bits = kind.real, kind.integer, kind.bits, kind.from_bits  # noqa: E741
    magic, high, low = F(kind.magic), F(kind.ln2_high), F(kind.ln2_low)
    log2e, fraction, bias = F(1.4426950408889634), I(kind.fraction), I(kind.bias)
    offset = I(np.asarray(kind.magic, F).view(I))
    largest, smallest, most_negative = F(kind.largest), F(kind.smallest), F(kind.most_negative)
    taylor = [1.0 / math.factorial(k) for k in range(kind.exp_terms + 1)]
    exp_tail, zero, one, inverse_limit = horner(taylor[2:], F), F(0.0), F(1.0), I(100)

    @njit(inline="always")
    def nearest_power(x):
        shifted = x * log2e + magic
        return bits(shifted) - offset, shifted - magic

    @njit(inline="always")
    def two_to(n):
        return from_bits(I((n + bias) << fraction))

    @njit(inline="always")
    def scaled(value, n):
        half = I(n >> I(1))
        return (value * two_to(half)) * two_to(I(n - half))

    @njit(inline="always")
    def clamped(x, low, high):
        x = high if x > high else x
        return low if x < low else x

    @njit(inline="always")
    def exp_of_sum(x, small):
        x = clamped(x, smallest, largest)
        n, whole = nearest_power(x)
        r = ((x - whole * high) - whole * low) + small
        return scaled(one + (r + (r * r) * exp_tail(r)), n)

    @njit(inline="always")
    def exp(x):
        return exp_of_sum(F(x), zero)

    @njit(inline="always")
    def expm1(x):
        x = F(x)
        x = clamped(x, most_negative, largest)
        n, whole = nearest_power(x)
        r = (x - whole * high) - whole * low
        q = r + (r * r) * exp_tail(r)
        inverse = two_to(I(-(n if n < inverse_limit else inverse_limit)))
        value = scaled(q + (one - inverse), n)
        return value if x != zero else x

    @njit(inline="always")
    def tanh(x):
        x = F(x)
        t = expm1(F(-2.0) * abs(x))
        value = -t / (t + F(2.0))
        value = -value if x < zero else value
        return value if x != zero else x

    return {"exp": exp, "exp_of_sum": exp_of_sum, "expm1": expm1, "tanh": tanh}


def _logarithms(kind):
    F, I, bits, from_bits = kind.real, kind.integer, kind.bits, kind.from_bits  # noqa: E741
    high, low, tiny, fraction = F(kind.ln2_high), F(kind.ln2_low), F(kind.tiny), I(kind.fraction)
    lift = F(2.0**kind.fraction)
    root_half_bits = I(np.asarray(math.sqrt(0.5), F).view(I))
    series = horner([2.0 / (2 * k + 1) for k in range(1, kind.log_terms + 1)], F)
    zero, one, infinity, nothing = F(0.0), F(1.0), F(np.inf), F(np.nan)

    @njit(inline="always")
    def log(x):
        x = F(x)
        subnormal = x < tiny
        y = x * lift if subnormal else x
        n = I((bits(y) - root_half_bits) >> fraction)
        m = from_bits(I(bits(y) - I(n << fraction)))
        whole = F(n) - (F(fraction) if subnormal else zero)
        f = m - one
        s = f / (F(2.0) + f)
        z = s * s
        half = F(0.5) * f * f
        value = whole * high - ((half - (s * (half + z * series(z)) + whole * low)) - f)
        value = value if x < infinity else x
        value = value if x > zero else (-infinity if x == zero else nothing)
        return value if x == x else x

    @njit(inline="always")
    def log1p(x):
        x = F(x)
        u = one + x
        lost = (x - (u - one)) if x < one else (one - (u - x))
        value = log(u) + (lost / u if (u > zero) & (u < infinity) else zero)
        return value if x != zero else x

    return {"log": log, "log1p": log1p}


def _error_functions(kind, exp_of_sum):
    F, I, bits, from_bits = kind.real, kind.integer, kind.bits, kind.from_bits  # noqa: E741
    mask, end, k = I(kind.split_mask), F(kind.erfc_end), F(3.75)
    scaled_erfc, erf_over_x = horner(kind.erfc, F), horner(kind.erf, F)
    zero, half, one, two = F(0.0), F(0.5), F(1.0), F(2.0)

    @njit(inline="always")
    def erfc_of_positive(x):
        x = end if x > end else x
        head = from_bits(I(bits(x) & mask))
        bell = exp_of_sum(-(head * head), -((x - head) * (x + head)))
        return bell * (scaled_erfc((x - k) / (x + k)) / (one + two * x))

    @njit(inline="always")
    def erfc(x):
        x = F(x)
        size = abs(x)
        near = one - x * erf_over_x(x * x)
        value = erfc_of_positive(size)
        value = two - value if x < zero else value
        return near if size < half else value

    @njit(inline="always")
    def erf(x):
        x = F(x)
        size = abs(x)
        small = x * erf_over_x(x * x)
        large = one - erfc_of_positive(size)
        large = -large if x < zero else large
        return small if size < one else large

    return {"erf": erf, "erfc": erfc}


def words_for(kind):
    """Every word over one number, for one precision."""
    exponentials = _exponentials(kind)
    exp_of_sum = exponentials.pop("exp_of_sum")
    words = {**_selections(kind), **exponentials, **_logarithms(kind)}
    return words | _error_functions(kind, exp_of_sum) | circular_words(kind)


float32 = words_for(FLOAT32)
float64 = words_for(FLOAT64)
