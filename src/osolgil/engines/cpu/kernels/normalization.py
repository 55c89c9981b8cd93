"""Layer normalisation (Ba et al., arXiv:1607.06450), batch normalisation (Ioffe, Szegedy, arXiv:1502.03167).

Both give each pre-activation mean 0 and variance 1, over a row's units or over a unit's rows, then a gain and
a shift. Batch normalisation keeps running averages for evaluation. A batch larger than PIECE_ROWS is
normalised piece by piece.
"""

import math

from .intrinsics import barrier, njit
from .layout import (
    BATCH_NORMALIZATION,
    EPSILON,
    GAIN,
    NORMALIZATION,
    RUNNING,
    RUNNING_SHARE,
    SHIFT,
    SLOPE,
    SPREAD,
    STANDARD,
    UNITS,
)


@njit(error_model="numpy")
def _moments(space, start, count, stride):
    mean = 0.0
    for i in range(count):
        mean += space[start + i * stride]
    mean /= count
    variance = 0.0
    for i in range(count):
        variance += (space[start + i * stride] - mean) ** 2
    return mean, variance / count


@njit(error_model="numpy")
def _standardise(space, source, target, count, stride, mean, inverse):
    real = space.dtype.type
    for i in range(count):
        space[target + i * stride] = real((space[source + i * stride] - mean) * inverse)


@njit
def _axis(layer, rows):
    """How many groups are normalised, entries in a group, and the strides between groups and entries."""
    outputs = layer[UNITS]
    if layer[NORMALIZATION] == BATCH_NORMALIZATION:
        return outputs, rows, 1, outputs
    return rows, outputs, outputs, 1


@njit(error_model="numpy")
def normalize(layer, theta, running, space, rows, training, rank, team):
    """Replace the pre-activations by their normalised, scaled and shifted values."""
    groups, count, group_stride, stride = _axis(layer, rows)
    batch = layer[NORMALIZATION] == BATCH_NORMALIZATION
    share = RUNNING_SHARE
    for group in range(rank, groups, team):
        place = group * group_stride
        mean, variance = 0.0, 1.0
        if batch and not training:
            mean = running[layer[RUNNING] + group]
            variance = running[layer[RUNNING] + groups + group]
        else:
            mean, variance = _moments(space, layer[SLOPE] + place, count, stride)
        if batch and training:
            unbiased = variance * count / max(count - 1, 1)
            old = running[layer[RUNNING] + group]
            running[layer[RUNNING] + group] = old + share * (mean - old)
            old = running[layer[RUNNING] + groups + group]
            running[layer[RUNNING] + groups + group] = old + share * (unbiased - old)
        inverse = 1.0 / math.sqrt(variance + EPSILON)
        space[layer[SPREAD] + group] = inverse
        _standardise(space, layer[SLOPE] + place, layer[STANDARD] + place, count, stride, mean, inverse)
        for i in range(count):
            unit = group if batch else i
            space[layer[SLOPE] + place + i * stride] = (
                space[layer[STANDARD] + place + i * stride] * theta[layer[GAIN] + unit]
                + theta[layer[SHIFT] + unit]
            )


@njit(error_model="numpy")
def _gain_gradient(layer, gradient, space, rows, beta, rank, team):
    outputs = layer[UNITS]
    for unit in range(rank, outputs, team):
        gain, shift = 0.0, 0.0
        for row in range(rows):
            delta = space[layer[SLOPE] + row * outputs + unit]
            gain += delta * space[layer[STANDARD] + row * outputs + unit]
            shift += delta
        gradient[layer[GAIN] + unit] = gradient[layer[GAIN] + unit] * beta + gain
        gradient[layer[SHIFT] + unit] = gradient[layer[SHIFT] + unit] * beta + shift


@njit(error_model="numpy")
def normalize_backward(layer, theta, gradient, space, rows, beta, rank, team, sync):
    """Carry the gradient back: dz = (dx - mean(dx) - x̂ mean(dx x̂))/s with dx = dy · gain."""
    real = space.dtype.type
    _gain_gradient(layer, gradient, space, rows, beta, rank, team)
    barrier(sync, team)
    groups, count, group_stride, stride = _axis(layer, rows)
    batch = layer[NORMALIZATION] == BATCH_NORMALIZATION
    for group in range(rank, groups, team):
        place = group * group_stride
        mean, projection = 0.0, 0.0
        for i in range(count):
            unit = group if batch else i
            entry = place + i * stride
            scaled = space[layer[SLOPE] + entry] * theta[layer[GAIN] + unit]
            mean += scaled
            projection += scaled * space[layer[STANDARD] + entry]
        mean /= count
        projection /= count
        inverse = space[layer[SPREAD] + group]
        for i in range(count):
            unit = group if batch else i
            entry = place + i * stride
            scaled = space[layer[SLOPE] + entry] * theta[layer[GAIN] + unit]
            space[layer[SLOPE] + entry] = real(
                (scaled - mean - space[layer[STANDARD] + entry] * projection) * inverse
            )
