"""Student's t distribution for whole degrees of freedom, in closed form: no import is as quick as these sums.

With θ = arctan(t/√ν), the probability of |T| ≤ t is a finite sum of powers of cos θ (M. Abramowitz, I. Stegun,
Handbook of Mathematical Functions, 1964, 26.7.3 and 26.7.4).
"""

import math


def within(t: float, freedom: int) -> float:
    """Probability that a variable of `freedom` degrees of freedom lies between -t and t.

    >>> round(within(2.776445, 4), 6)
    0.95
    """
    if freedom < 1:
        raise ValueError(f"Student's t has 1 degree of freedom or more, not {freedom}")
    return _within_angle(math.atan(abs(t) / math.sqrt(freedom)), freedom)


def beyond(t: float, freedom: int) -> float:
    """Probability that a variable lies further out than ±t: the two-sided p-value."""
    return max(0.0, 1.0 - within(t, freedom))


def quantile(share: float, freedom: int) -> float:
    """The t with the share of all probability between -t and t, by halving the angle's interval.

    >>> round(quantile(0.95, 4), 6)
    2.776445
    """
    low, high = 0.0, math.pi / 2.0
    for _ in range(64):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _within_angle(middle, freedom) < share else (low, middle)
    return math.sqrt(freedom) * math.tan(low)


def _within_angle(angle: float, freedom: int) -> float:
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term, total = (cosine if odd else 1.0), 0.0
    for k in range(1 + odd, freedom, 2):
        total += term
        term *= cosine * cosine * k / (k + 1.0)
    return 2.0 / math.pi * (angle + sine * total) if odd else sine * total
