"""The vocabulary's words for single numbers and lists of them, without any library: pasted into exported files.

They answer where Python's own functions raise: exp(1000) is inf, log(0) is -inf, 0/0 is nan.
"""

import math

INF = float("inf")
NAN = float("nan")


def absolute(x):
    return math.fabs(x)


def arctan(x):
    return math.atan(x)


def cos(x):
    return math.cos(x) if math.isfinite(x) else NAN


def quotient_of(x, y):
    try:
        return x / y
    except ZeroDivisionError:
        return NAN if x == 0.0 or x != x else math.copysign(INF, x) * math.copysign(1.0, y)


def erf(x):
    return math.erf(x)


def erfc(x):
    return math.erfc(x)


def exp(x):
    try:
        return math.exp(x)
    except OverflowError:
        return INF


def expm1(x):
    try:
        return math.expm1(x)
    except OverflowError:
        return INF


def floor(x):
    return float(math.floor(x)) if math.isfinite(x) else x


def log(x):
    if x > 0.0:
        return math.log(x)
    return -INF if x == 0.0 else NAN


def log1p(x):
    if x > -1.0:
        return math.log1p(x)
    return -INF if x == -1.0 else NAN


def maximum(x, y):
    return x if x >= y or x != x else y


def minimum(x, y):
    return x if x <= y or x != x else y


def power_of(x, y):
    try:
        return math.pow(x, y)
    except OverflowError:
        return INF if x > 0.0 or y % 2.0 != 1.0 else -INF
    except ValueError:
        return NAN if x < 0.0 else INF


def sign(x):
    return x if x == 0.0 or x != x else math.copysign(1.0, x)


def sin(x):
    return math.sin(x) if math.isfinite(x) else NAN


def sqrt(x):
    return math.sqrt(x) if x >= 0.0 else NAN


def tanh(x):
    return math.tanh(x)


def where(condition, chosen, other):
    return chosen if condition else other


def row_maximum(row):
    return max(row)


def logsumexp_above(row):
    largest = max(row)
    return log(math.fsum(exp(x - largest) for x in row))


def logsumexp(row):
    return max(row) + logsumexp_above(row)


def simplex_threshold(row):
    largest, total, found = max(row), 0.0, -INF
    for count, x in enumerate(sorted(row, reverse=True), 1):
        total += maximum(x - largest, -2.0)
        found = max(found, (total - 1.0) / count)
    return found
