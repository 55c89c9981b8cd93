"""Fit the polynomials of the CPU kernels `elementary.py` and `circular.py` at 60 digits; print their coefficients.

Run `uv run python tools/fit_polynomials.py`; the kernels hold what it prints.
"""

from mpmath import atan, chebyt, cos, erf, erfc, exp, mp, mpf, pi, sin, sqrt, tan, taylor

mp.dps = 60


def chebyshev_fit(function, low, high, degree):
    """Monomial coefficients (lowest first) of the Chebyshev interpolant of `function` on [low, high]."""
    count = degree + 1
    nodes = [cos(pi * (k + mpf(1) / 2) / count) for k in range(count)]
    values = [function((high + low) / 2 + (high - low) / 2 * node) for node in nodes]
    total = [mpf(0)] * count
    for j in range(count):
        weight = sum(value * cos(j * pi * (k + mpf(1) / 2) / count) for k, value in enumerate(values))
        weight *= (1 if j == 0 else 2) / mpf(count)
        for power, term in enumerate(taylor(lambda x, order=j: chebyt(order, x), 0, j)):
            total[power] += weight * term
    return _shifted(total, (high + low) / 2, (high - low) / 2)


def _shifted(coefficients, centre, half):
    """Rewrite Σ c_k ((x - centre)/half)^k as a polynomial in x."""
    result = [mpf(0)] * len(coefficients)
    for c in reversed(coefficients):
        times = [mpf(0)] * len(coefficients)
        for power, value in enumerate(result):
            times[power] -= value * centre / half
            if power + 1 < len(times):
                times[power + 1] += value / half
        result = times
        result[0] += c
    return result


def scaled_erfc(t, k=mpf("3.75")):
    """(1 + 2x) exp(x²) erfc(x) with x = k (1 + t)/(1 - t), after J. Schonfelder, Math. Comp. 32, 1978."""
    if t == 1:
        return 2 / sqrt(pi)
    x = k * (1 + t) / (1 - t)
    return (1 + 2 * x) * exp(x * x) * erfc(x)


def erf_over_x(square):
    """erf(x)/x as a function of x²."""
    return 2 / sqrt(pi) if square == 0 else erf(sqrt(square)) / sqrt(square)


def arctan_tail(square):
    """(arctan(x)/x - 1)/x² as a function of x²."""
    return mpf(-1) / 3 if square == 0 else (atan(sqrt(square)) / sqrt(square) - 1) / square


def sin_tail(square):
    """(sin(x)/x - 1)/x² as a function of x²."""
    return mpf(-1) / 6 if square == 0 else (sin(sqrt(square)) / sqrt(square) - 1) / square


def cos_tail(square):
    """(cos(x) - 1 + x²/2)/x⁴ as a function of x²."""
    return mpf(1) / 24 if square == 0 else (cos(sqrt(square)) - 1 + square / 2) / square**2


def main():
    arctan_end, turn_end = (end**2 * mpf("1.0001") for end in (tan(pi / 8), pi / 4))
    for name, degrees, digits in (("float32", (11, 7, 5, 3), 10), ("float64", (25, 14, 11, 6), 20)):
        mp_print = lambda values, digits=digits: ", ".join(mp.nstr(v, digits) for v in values)  # noqa: E731
        print(name, "ERFC =", mp_print(chebyshev_fit(scaled_erfc, mpf(-1), mpf("0.9"), degrees[0])))
        print(name, "ERF =", mp_print(chebyshev_fit(erf_over_x, mpf(0), mpf(1), degrees[1])))
        print(name, "ARCTAN =", mp_print(chebyshev_fit(arctan_tail, mpf(0), arctan_end, degrees[2])))
        print(name, "SIN =", mp_print(chebyshev_fit(sin_tail, mpf(0), turn_end, degrees[3])))
        print(name, "COS =", mp_print(chebyshev_fit(cos_tail, mpf(0), turn_end, degrees[3])))


if __name__ == "__main__":
    main()
