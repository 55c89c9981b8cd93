"""What happens to a number before and after the network, written once in the formulas' vocabulary for every language.

>>> float(standardised(5.0, center=1.0, scale=2.0)), round(float(squashed(1e9)), 9)
(2.0, 3.0)
>>> [float(part) for part in date_parts(1706702400.0)]
[2024.0, 1.0, 2.0, 12.0]
"""

from osolgil.formulas._vocabulary import cos, exp, floor, maximum, minimum, sqrt, where


def standardised(x, center, scale):
    """(x - center)/scale, finite even at the extremes of a float64."""
    return minimum(maximum((x - center) / scale, -1e100), 1e100)


def squashed(z):
    """z/√(1 + (z/3)²), within ±3."""
    third = z / 3.0
    return z / sqrt(1.0 + third * third)


def clipped(z):
    """z within ±10."""
    return minimum(maximum(z, -10.0), 10.0)


def piece(x, unit, start, width, low, high):
    """How far x has come through a bin, 0 … 1; the outer bins have wider limits."""
    return minimum(maximum((x / unit - start) / width, low), high)


def wave(z, frequency, phase):
    """√2 cos(ω z + φ) of a scaled number."""
    return sqrt(2.0) * cos(z * frequency + phase)


def date_parts(seconds):
    """Year, month, day of week (Monday 0) and hour of a moment, given in seconds since 1970 in UTC.

    Days are counted in eras of 400 years that begin on the 1st of March, as in H. Hinnant, "chrono-compatible
    low-level date algorithms", 2014.
    """
    days = floor(seconds / 86400.0)
    hour = floor((seconds - days * 86400.0) / 3600.0)
    weekday = days + 3.0 - 7.0 * floor((days + 3.0) / 7.0)
    shifted = days + 719468.0
    era = floor(shifted / 146097.0)
    day = shifted - era * 146097.0
    leaps = floor(day / 1460.0) - floor(day / 36524.0) + floor(day / 146096.0)
    year = floor((day - leaps) / 365.0)
    day = day - (365.0 * year + floor(year / 4.0) - floor(year / 100.0))
    month = floor((5.0 * day + 2.0) / 153.0)
    month = where(month < 10.0, month + 3.0, month - 9.0)
    return year + era * 400.0 + where(month <= 2.0, 1.0, 0.0), month, weekday, hour


def exponential(output):
    """What a logarithm stands for."""
    return exp(output)


def in_unit(output, scale, mean):
    """A standardised answer in the target's own unit."""
    return output * scale + mean


def within(answer, low, high):
    """An answer no smaller and no larger than those of the training rows."""
    return minimum(maximum(answer, low), high)


def risen(share, start, width, rise):
    """How much of a piece's rise a probability has behind it."""
    return rise * minimum(maximum((share - start) / width, 0.0), 1.0)
