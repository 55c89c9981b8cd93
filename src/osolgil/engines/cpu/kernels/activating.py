"""A layer's activation on its way forward and back, for every kind there is.

Elementwise: the value, and the slope in place of the pre-activation. In pieces (maxout, gated linear units): an
output has several pre-activations, and a slope for each. Random: a number per element, drawn from a counter.
Learning: a parameter per unit, whose gradient needs ∂f/∂parameter (`EXTRA`). Row-wise (softmax): the whole row
enters each value; back goes a product with the row's Jacobian, which needs the row's values, kept in place of the
pre-activations, and the share of each that dropout left (`EXTRA`).
"""

import numpy as np

from .intrinsics import call_address, njit
from .layout import (
    ACTIVATION,
    BLOCKS,
    BLOCKS_SIZE,
    ELEMENTWISE,
    EXTRA,
    IN_PIECES,
    KIND,
    LEARNED,
    LEARNING,
    OUTPUTS,
    PIECES,
    PULLBACK,
    RANDOM,
    ROW_WISE,
    SLOPE,
    VALUE,
)
from .random import drop, drop_line, drop_pieces

_OTHER_KEY = np.uint64(0x5BF03635)  # random activations and dropout see different numbers


@njit
def portion(extent, part, parts):
    """Start and stop of one of `parts` portions of an axis, cut at multiples of 16."""
    size = ((extent + parts - 1) // parts + 15) // 16 * 16
    return min(part * size, extent), min((part + 1) * size, extent)


@njit
def place(array, offset):
    """Address of an array's element."""
    return array.ctypes.data + offset * array.itemsize


@njit
def _blocks(layer, space, rank):
    return place(space, layer[BLOCKS] + rank * layer[BLOCKS_SIZE])


@njit
def _scale(line, factors):
    for i in range(line.size):
        line[i] *= factors[i]


@njit
def _fill(line, number):
    for i in range(line.size):
        line[i] = number


@njit
def _scale_pieces(slopes, factors, pieces):
    for i in range(factors.size):
        for j in range(i * pieces, (i + 1) * pieces):
            slopes[j] *= factors[i]


@njit
def activate(layer, theta, space, rows, training, dropout, key, rank, team):
    """Values and slopes of this thread's part of the layer; returns where the part starts and stops."""
    outputs, kind = layer[OUTPUTS], layer[KIND]
    value, slope = layer[VALUE], layer[SLOPE]
    if kind == ELEMENTWISE:
        start, stop = portion(rows * outputs, rank, team)
        call_address(
            layer[ACTIVATION], (place(space, slope + start), place(space, value + start), stop - start)
        )
        if dropout > 0.0:
            drop(
                space[value : value + rows * outputs], space[slope : slope + rows * outputs], start, stop,
                dropout, key,
            )  # fmt: skip
        return start, stop
    return _activate_otherwise(layer, theta, space, rows, training, dropout, key, rank, team)


@njit
def _activate_otherwise(layer, theta, space, rows, training, dropout, key, rank, team):
    outputs, kind, pieces, extra = layer[OUTPUTS], layer[KIND], layer[PIECES], layer[EXTRA]
    first, last = portion(rows, rank, team)
    start, stop = first * outputs, last * outputs
    value, slope = layer[VALUE], layer[SLOPE]
    from_place, to_place = place(space, slope + pieces * start), place(space, value + start)
    if kind == IN_PIECES:
        call_address(layer[ACTIVATION], (from_place, to_place, stop - start))
    elif kind == RANDOM:
        chance = np.int64(key ^ _OTHER_KEY) if training else 0
        call_address(layer[ACTIVATION], (from_place, to_place, stop - start, start, chance, int(training)))
    elif kind == LEARNING:
        call_address(
            layer[ACTIVATION],
            (
                from_place,
                to_place,
                place(space, extra + start),
                place(theta, layer[LEARNED]),
                last - first,
                outputs,
            ),
        )
    else:
        call_address(
            layer[ACTIVATION], (from_place, to_place, last - first, outputs, _blocks(layer, space, rank))
        )
        if training:
            _fill(space[extra + start : extra + stop], space.dtype.type(1.0))
    if dropout > 0.0:
        drop_line(space[value : value + rows * outputs], start, stop, dropout, key)
        if kind in (LEARNING, ROW_WISE):
            drop_line(space[extra : extra + rows * outputs], start, stop, dropout, key)
        if kind != ROW_WISE:
            slopes = space[slope : slope + pieces * rows * outputs]
            drop_pieces(slopes, pieces, start, stop, dropout, key)
    return start, stop


@njit
def pull_back(layer, gradient, space, delta, rows, first_piece, rank, team):
    """Gradient of the pre-activations, in place of the slopes, from that of the values in `delta`."""
    outputs, kind, slope = layer[OUTPUTS], layer[KIND], layer[SLOPE]
    if kind == ROW_WISE:
        first, last = portion(rows, rank, team)
        start = first * outputs
        call_address(
            layer[PULLBACK],
            (
                place(space, slope + start), place(space, delta + start), place(space, layer[EXTRA] + start),
                last - first, outputs, _blocks(layer, space, rank),
            ),
        )  # fmt: skip
        return
    start, stop = portion(rows * outputs, rank, team)
    if kind == IN_PIECES:
        pieces = layer[PIECES]
        slopes = space[slope + pieces * start : slope + pieces * stop]
        _scale_pieces(slopes, space[delta + start : delta + stop], pieces)
        return
    _scale(space[slope + start : slope + stop], space[delta + start : delta + stop])
    if kind == LEARNING:
        _learned_gradient(layer, gradient, space, delta, rows, first_piece, rank, team)


@njit
def _learned_gradient(layer, gradient, space, delta, rows, first_piece, rank, team):
    """Gradient of the activation's parameter of each unit: the sum over rows of delta · ∂f/∂parameter."""
    outputs = layer[OUTPUTS]
    start, stop = portion(outputs, rank, team)
    total = gradient[layer[LEARNED] : layer[LEARNED] + outputs]
    if first_piece:
        _fill(total[start:stop], space.dtype.type(0.0))
    for row in range(rows):
        line = row * outputs
        for j in range(start, stop):
            total[j] += space[delta + line + j] * space[layer[EXTRA] + line + j]
