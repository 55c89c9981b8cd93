"""What a run leaves on record of every layer: signals, slopes, gradients and updates of one batch per epoch.

Sums are kept in float64 (squares of vanishing gradients are below what float32 holds) and in a fixed order, so
that a record is the same whatever the number of threads; a layer is recorded whole by one thread of the team.
"""

import math

import numpy as np

from .evaluation import gather, loss_of
from .intrinsics import njit
from .layers import backward, forward
from .layout import (
    BIAS,
    DEAD,
    DELTA,
    DELTA_SIZE,
    EXAMPLES,
    GRADIENT,
    INPUTS,
    KIND,
    OUTPUTS,
    ROW_WISE,
    SATURATED,
    SIGNAL,
    SIGNAL_MEAN,
    SIMILARITY,
    SLOPE,
    SLOPES,
    UNITS,
    UPDATE_NORM,
    VALUE,
    WEIGHT,
    WEIGHT_NORM,
)

_LIFELESS = 1e-4  # of what counts as saturated
_LANES = 64  # sums that run side by side, so that a processor adds many at once


@njit(error_model="numpy")
def square_sum(array, start, size):
    """Sum of squares, in four sums that a processor adds at once, or in many lanes where they are worth their start."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    first, last = start, start + size
    if size >= 8 * _LANES:
        lanes = np.zeros(_LANES)
        first = start + size // _LANES * _LANES
        for i in range(start, first, _LANES):
            block = array[i : i + _LANES]
            for j in range(_LANES):
                x = float(block[j])
                lanes[j] += x * x
        a = lanes.sum()
    whole = first + (last - first) // 4 * 4
    for i in range(first, whole, 4):
        w, x, y, z = float(array[i]), float(array[i + 1]), float(array[i + 2]), float(array[i + 3])
        a += w * w
        b += x * x
        c += y * y
        d += z * z
    for i in range(whole, last):
        a += float(array[i]) ** 2
    return (a + b) + (c + d)


@njit(error_model="numpy")
def _size_and_move(array, before, start, size):
    """Norm of a part of an array as it was, and of its difference from that."""
    sizes, moves = np.zeros(_LANES), np.zeros(_LANES)
    whole = start + size // _LANES * _LANES
    for i in range(start, whole, _LANES):
        old, new = before[i : i + _LANES], array[i : i + _LANES]
        for j in range(_LANES):
            x = float(old[j])
            y = float(new[j]) - x
            sizes[j] += x * x
            moves[j] += y * y
    square, moved = sizes.sum(), moves.sum()
    for i in range(whole, start + size):
        square += float(before[i]) ** 2
        moved += (float(array[i]) - float(before[i])) ** 2
    return math.sqrt(square), math.sqrt(moved)


@njit(error_model="numpy")
def observe_signals(layers, space, rows, limits, record, rank, team):
    """After a forward pass: mean, size and similarity of every layer's values, size of its slopes, and which lack.

    limits: (layers,) slopes below it count as saturated. Of an activation in pieces every piece has a slope; a
    row-wise one has none that stands for a unit, so these columns stay empty.
    """
    for index in range(rank, layers.shape[0], team):
        _values(layers[index], space, rows, record[index])
        if layers[index, KIND] != ROW_WISE:
            _slopes(layers[index], space, rows, limits[index], record[index])


@njit(error_model="numpy")
def _values(layer, space, rows, line):
    units, start = layer[OUTPUTS], layer[VALUE]
    sums, squares = np.zeros(units), np.zeros(units)
    for row in range(rows):
        values = space[start + row * units : start + (row + 1) * units]
        for j in range(units):
            x = float(values[j])
            sums[j] += x
            squares[j] += x * x
    total, square, together = 0.0, 0.0, 0.0
    for j in range(units):
        total += sums[j]
        square += squares[j]
        together += sums[j] * sums[j]
    line[SIGNAL_MEAN] = total / (rows * units)
    line[SIGNAL] = math.sqrt(square / (rows * units))
    line[SIMILARITY] = (together - square) / ((rows - 1) * square) if rows > 1 and square > 0.0 else np.nan


@njit(error_model="numpy")
def _slopes(layer, space, rows, limit, line):
    units, start = layer[UNITS], layer[SLOPE]
    squares, flat, highest = np.zeros(units), np.zeros(units), np.zeros(units)
    for row in range(rows):
        slopes = space[start + row * units : start + (row + 1) * units]
        for j in range(units):
            x = float(slopes[j])
            squares[j] += x * x
            size = abs(x)
            flat[j] += 1.0 if size < limit else 0.0
            highest[j] = size if size > highest[j] else highest[j]
    square, saturated, dead = 0.0, 0.0, 0.0
    for j in range(units):
        square += squares[j]
        saturated += flat[j]
        dead += 1.0 if highest[j] <= limit * _LIFELESS else 0.0
    line[SLOPES] = math.sqrt(square / (rows * units))
    line[SATURATED] = saturated / (rows * units)
    line[DEAD] = dead / units


@njit(error_model="numpy")
def observe_gradients(layers, gradient, space, rows, size, record, rank, team):
    """After a backward pass over a batch of `size` rows, of which `rows` are in the workspace: gradients.

    The gradient of one row in a layer's weights is the product of its pre-activations' gradient and the layer's
    input, so its square needs no pass of its own (I. Goodfellow, arXiv:1510.01799).
    """
    for index in range(rank, layers.shape[0], team):
        inputs, units = layers[index, INPUTS], layers[index, UNITS]
        source = layers[index - 1, VALUE] if index > 0 else 0
        delta, examples = 0.0, 0.0
        for row in range(rows):
            own = square_sum(space, layers[index, SLOPE] + row * units, units)
            delta += own
            examples += own * (1.0 + square_sum(space, source + row * inputs, inputs))
        line = record[index]
        line[DELTA_SIZE] = size * math.sqrt(delta / (rows * units))
        weights = inputs * units
        line[GRADIENT] = math.sqrt(
            square_sum(gradient, layers[index, WEIGHT], weights)
            + square_sum(gradient, layers[index, BIAS], units)
        )
        line[EXAMPLES] = size * math.sqrt(examples / rows)


@njit(error_model="numpy")
def observe_step(layers, theta, before, record, rank, team):
    """After a step: how large every layer's weights were, and how far they moved."""
    for index in range(rank, layers.shape[0], team):
        weights = layers[index, INPUTS] * layers[index, UNITS]
        size, move = _size_and_move(theta, before, layers[index, WEIGHT], weights)
        record[index, WEIGHT_NORM], record[index, UPDATE_NORM] = size, move


@njit
def examine(
    layers, theta, running, gradient, space, places, inputs, targets, rows, loss, limits, record, training
):
    """Loss, gradient and record of one batch of at most PIECE_ROWS rows; the workspace keeps every layer's values.

    The record stands between the passes: the backward pass writes gradients where the slopes were.
    """
    sync = np.zeros(4, np.int64)
    delta, weighted = places[DELTA], targets.shape[1] > layers[-1, OUTPUTS]
    count = rows.size
    gather(inputs, targets, rows, 0, count, layers, space, places, 0, 1)
    forward(layers, theta, running, space, count, training, 0.0, np.uint64(0), 0, 1, sync)
    observe_signals(layers, space, count, limits, record, 0, 1)
    total = loss_of(loss, layers, space, places, weighted, count, 1.0 / count)
    backward(layers, theta, gradient, space, delta, count, True, 0, 1, sync)
    observe_gradients(layers, gradient, space, count, count, record, 0, 1)
    return total / count
