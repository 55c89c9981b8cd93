"""What a network answers to rows, and how good that is: outputs, mean loss, score."""

import numpy as np
from numba import njit

from .intrinsics import barrier, call_address
from .layers import forward, place
from .layout import EVALUATION_ROWS, OUTPUTS, VALUE


@njit
def gather(inputs, targets, order, start, rows, space, target_place, rank, team):
    width, outputs = inputs.shape[1], targets.shape[1]
    for row in range(rank, rows, team):
        chosen = order[start + row]
        source = inputs[chosen]
        line = space[row * width : (row + 1) * width]
        for j in range(width):
            line[j] = source[j]
        for j in range(outputs):
            space[target_place + row * outputs + j] = targets[chosen, j]


@njit
def loss_of(loss, layers, space, target_place, delta, rows, scale):
    output = layers[-1, VALUE]
    outputs = layers[-1, OUTPUTS]
    return call_address(
        loss,
        (place(space, output), place(space, target_place), place(space, delta), rows, outputs, scale),
    )


@njit
def _correct(space, output, target, rows, outputs):
    """Rows whose largest output is the target's class; with one output, whose sign is."""
    total = 0
    for row in range(rows):
        z = space[output + row * outputs : output + (row + 1) * outputs]
        y = space[target + row * outputs : target + (row + 1) * outputs]
        if outputs == 1:
            total += (z[0] > 0) == (y[0] > 0.5)
        else:
            best = 0
            for j in range(1, outputs):
                best = j if z[j] > z[best] else best
            total += y[best] > 0.5
    return float(total)


@njit
def _squared_distance(space, output, target, size):
    total = 0.0
    for i in range(size):
        total += float(space[output + i] - space[target + i]) ** 2
    return total


@njit
def evaluate(layers, theta, running, space, places, inputs, targets, rows, loss, classify, rank, team, sync):
    """Mean loss over `rows`, and the number of correct rows or the sum of squared distances."""
    target_place, delta = places[0], places[1]
    outputs = layers[-1, OUTPUTS]
    total, score = 0.0, 0.0
    for start in range(0, rows.size, EVALUATION_ROWS):
        count = min(EVALUATION_ROWS, rows.size - start)
        gather(inputs, targets, rows, start, count, space, target_place, rank, team)
        barrier(sync, team)
        forward(layers, theta, running, space, count, False, 0.0, np.uint64(0), rank, team, sync)
        if rank == 0:
            total += loss_of(loss, layers, space, target_place, delta, count, 1.0)
            if classify:
                score += _correct(space, layers[-1, VALUE], target_place, count, outputs)
            else:
                score += _squared_distance(space, layers[-1, VALUE], target_place, count * outputs)
        barrier(sync, team)
    return total / max(rows.size, 1), score


@njit
def predict(layers, theta, running, space, inputs, outputs, first, last):
    """Write the network's outputs for rows first … last - 1 of `inputs` into `outputs`."""
    sync = np.zeros(2, np.int64)
    width, places = inputs.shape[1], layers[-1, OUTPUTS]
    for start in range(first, last, EVALUATION_ROWS):
        count = min(EVALUATION_ROWS, last - start)
        for row in range(count):
            for j in range(width):
                space[row * width + j] = inputs[start + row, j]
        forward(layers, theta, running, space, count, False, 0.0, np.uint64(0), 0, 1, sync)
        for row in range(count):
            for j in range(places):
                outputs[start + row, j] = space[layers[-1, VALUE] + row * places + j]
