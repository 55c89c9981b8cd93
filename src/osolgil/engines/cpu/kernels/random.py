"""Random numbers by counter: splitmix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014), same on every machine."""

import numpy as np

from .intrinsics import njit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)


@njit(inline="always")
def mixed(counter):
    """The 64 random bits that belong to a counter."""
    z = np.uint64(counter) * _GOLDEN + _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * _MIX1
    z = (z ^ (z >> np.uint64(27))) * _MIX2
    return z ^ (z >> np.uint64(31))


@njit
def shuffle(order, rows, seed, epoch):
    """Fill `order` with `rows` in an order of nothing but seed and epoch (R. Durstenfeld 1964)."""
    key = mixed(mixed(np.uint64(seed)) ^ np.uint64(epoch))
    for i in range(rows.size):
        order[i] = rows[i]
    for i in range(rows.size - 1, 0, -1):
        bits = mixed(key + np.uint64(i)) >> np.uint64(32)
        j = np.int64((bits * np.uint64(i + 1)) >> np.uint64(32))
        order[i], order[j] = order[j], order[i]


@njit(inline="always")
def uniform(key, counter):
    """A number of 24 random bits from [0, 1) that belongs to a key and a counter."""
    return np.int64(mixed(key + np.uint64(counter)) >> np.uint64(40)) * 5.9604644775390625e-08


@njit(error_model="numpy")
def drop_line(line, start, stop, rate, key):
    """Drop the same elements as `drop` does, of one array."""
    limit = np.uint64(rate * 4294967296.0)
    kept = line.dtype.type(1.0 / (1.0 - rate))
    nothing = line.dtype.type(0.0)
    for i in range(start, stop):
        line[i] *= kept if (mixed(key + np.uint64(i)) >> np.uint64(32)) >= limit else nothing


@njit(error_model="numpy")
def drop_pieces(slopes, pieces, start, stop, rate, key):
    """Drop the same elements as `drop` does, each with its `pieces` slopes."""
    limit = np.uint64(rate * 4294967296.0)
    kept = slopes.dtype.type(1.0 / (1.0 - rate))
    nothing = slopes.dtype.type(0.0)
    for i in range(start, stop):
        factor = kept if (mixed(key + np.uint64(i)) >> np.uint64(32)) >= limit else nothing
        for j in range(i * pieces, (i + 1) * pieces):
            slopes[j] *= factor


@njit(error_model="numpy")
def drop(value, slope, start, stop, rate, key):
    """Set a share `rate` of units to zero and scale the others up; the slope is dropped with its value."""
    limit = np.uint64(rate * 4294967296.0)
    kept = value.dtype.type(1.0 / (1.0 - rate))
    nothing = value.dtype.type(0.0)
    for i in range(start, stop):
        factor = kept if (mixed(key + np.uint64(i)) >> np.uint64(32)) >= limit else nothing
        value[i] *= factor
        slope[i] *= factor
