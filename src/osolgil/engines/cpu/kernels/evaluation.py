"""What a network answers to rows, and how good that is: outputs, mean loss, score.

A column of `targets` beyond the network's outputs holds the weights of the rows; without it every row weighs 1.
"""

import math

import numpy as np

from .intrinsics import barrier, call_address, njit
from .layers import forward, place
from .layout import (
    BLOCKS,
    CLASSES,
    DELTA,
    EVALUATION_ROWS,
    LABELS,
    LOGARITHMS,
    LOSS,
    LOSS_SETTINGS,
    LOSSES,
    OUTPUTS,
    TARGET,
    VALUE,
    WEIGHTS,
)
from .tiles import float32

copy_words = float32.copy


@njit
def copy_numbers(source, first, target, start, size):
    """Copy numbers of one array to another of its type: slices would count their owners, which costs more."""
    copy_words(place(source, first), place(target, start), size * (source.itemsize // 4))


@njit
def gather(inputs, targets, order, start, rows, layers, space, places, rank, team):
    """Copy the inputs, targets and weights of some rows into the workspace."""
    width, outputs = inputs.shape[1], layers[-1, OUTPUTS]
    for row in range(rank, rows, team):
        chosen = order[start + row]
        copy_numbers(inputs, chosen * width, space, row * width, width)
        copy_numbers(targets, chosen * targets.shape[1], space, places[TARGET] + row * outputs, outputs)
        if targets.shape[1] > outputs:
            space[places[WEIGHTS] + row] = targets[chosen, outputs]


@njit
def loss_of(loss, layers, space, places, weighted, rows, scale):
    """Sum of the rows' losses, each times its weight; leaves the gradient at the outputs, times `scale`."""
    weights = place(space, places[WEIGHTS]) if weighted else 0
    return call_address(
        loss[LOSS],
        (
            place(space, layers[-1, VALUE]), place(space, places[TARGET]), place(space, places[DELTA]), weights,
            loss[LOSS_SETTINGS], rows, layers[-1, OUTPUTS], scale, place(space, layers[-1, BLOCKS]),
        ),
    )  # fmt: skip


@njit
def _correct(space, output, target, row, outputs):
    """1 where the largest output is the target's class, with one output where its sign is right; else 0."""
    z, y = output + row * outputs, target + row * outputs
    if outputs == 1:
        return 1.0 if (space[z] > 0) == (space[y] > 0.5) else 0.0
    best = 0
    for j in range(1, outputs):
        best = j if space[z + j] > space[z + best] else best
    return 1.0 if space[y + best] > 0.5 else 0.0


@njit
def _right_share(space, output, target, row, outputs):
    """Share of a row's labels whose output has the right sign."""
    right = 0
    for i in range(row * outputs, (row + 1) * outputs):
        right += (space[output + i] > 0) == (space[target + i] > 0.5)
    return right / outputs


@njit
def _squared_distance(space, output, target, row, outputs, logarithms):
    total = 0.0
    for i in range(row * outputs, (row + 1) * outputs):
        value = float(space[output + i])
        total += ((math.exp(value) if logarithms else value) - float(space[target + i])) ** 2
    return total


@njit
def _score(space, output, target, row, outputs, scoring):
    if scoring == CLASSES:
        return _correct(space, output, target, row, outputs)
    if scoring == LABELS:
        return _right_share(space, output, target, row, outputs)
    if scoring == LOSSES:
        return 0.0
    return _squared_distance(space, output, target, row, outputs, scoring == LOGARITHMS)


@njit
def evaluate(layers, theta, running, space, places, inputs, targets, rows, loss, scoring, rank, team, sync):
    """Mean loss over `rows`, and their mean score: 1 or 0, a share of labels, a squared distance, or the loss."""
    outputs = layers[-1, OUTPUTS]
    weighted = targets.shape[1] > outputs
    total, score, weights = 0.0, 0.0, 0.0
    for start in range(0, rows.size, EVALUATION_ROWS):
        count = min(EVALUATION_ROWS, rows.size - start)
        gather(inputs, targets, rows, start, count, layers, space, places, rank, team)
        barrier(sync, team)
        forward(layers, theta, running, space, count, False, 0.0, np.uint64(0), rank, team, sync)
        if rank == 0:
            total += loss_of(loss, layers, space, places, weighted, count, 1.0)
            for row in range(count):
                weight = float(space[places[WEIGHTS] + row]) if weighted else 1.0
                if weight != 0.0:
                    value = _score(space, layers[-1, VALUE], places[TARGET], row, outputs, scoring)
                    score += weight * value
                    weights += weight
        barrier(sync, team)
    if weights == 0.0:
        return 0.0, 0.0
    return total / weights, (total if scoring == LOSSES else score) / weights


@njit
def predict(layers, theta, running, space, inputs, outputs, first, last):
    """Write the network's outputs for rows first … last - 1 of `inputs` into `outputs`."""
    sync = np.zeros(2, np.int64)
    width, places = inputs.shape[1], layers[-1, OUTPUTS]
    for start in range(first, last, EVALUATION_ROWS):
        count = min(EVALUATION_ROWS, last - start)
        for row in range(count):
            copy_numbers(inputs, (start + row) * width, space, row * width, width)
        forward(layers, theta, running, space, count, False, 0.0, np.uint64(0), 0, 1, sync)
        value = layers[-1, VALUE]
        for row in range(count):
            copy_numbers(space, value + row * places, outputs, (start + row) * places, places)
