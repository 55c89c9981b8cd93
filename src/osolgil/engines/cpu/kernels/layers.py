"""Forward and backward pass of one piece of a batch, shared by the threads of a team.

A matrix product gives the same bits wherever it is cut, so each thread takes a portion of it, and the number of
threads never changes a bit of the result.
"""

import numpy as np

from .activating import activate, place, portion, pull_back
from .intrinsics import barrier, call_address, njit
from .layout import (
    BIAS,
    INPUTS,
    NO_NORMALIZATION,
    NORMALIZATION,
    ONE,
    PANEL,
    PANEL_SIZE,
    PRODUCT,
    RESIDUAL,
    SLOPE,
    UNITS,
    VALUE,
    WEIGHT,
    ZEROS,
)
from .normalization import normalize, normalize_backward
from .random import mixed


@njit
def share(work, extent, rank, team):
    """Start and stop of a thread's part of an axis of a matrix product of `work` multiplications.

    What is too little to be cut is left to the first thread.
    """
    if work < 100_000:
        return (0, extent) if rank == 0 else (extent, extent)
    return portion(extent, rank, team)


@njit
def _add(line, summands):
    for i in range(line.size):
        line[i] += summands[i]


@njit
def _panel(layer, space, rank):
    return place(space, layer[PANEL] + rank * PANEL_SIZE)


@njit
def _linear(layer, theta, space, source, rows, rank, team):
    """Pre-activations: bias + source · weight."""
    inputs, outputs, size = layer[INPUTS], layer[UNITS], space.itemsize
    start, stop = share(rows * inputs * outputs, outputs, rank, team)
    if start < stop:
        call_address(layer[PRODUCT], (
            _panel(layer, space, rank), 0,
            place(space, source), inputs * size, size,
            place(theta, layer[WEIGHT] + start), outputs * size,
            place(theta, layer[BIAS] + start), 0,
            place(space, layer[SLOPE] + start), outputs * size,
            rows, stop - start, inputs,
        ))  # fmt: skip


@njit
def forward(layers, theta, running, space, rows, training, dropout, key, rank, team, sync):
    """Compute every layer's value, and its slope at the same time, from the rows in the workspace."""
    source = 0
    for index in range(layers.shape[0]):
        layer = layers[index]
        _linear(layer, theta, space, source, rows, rank, team)
        barrier(sync, team)
        if layer[NORMALIZATION] != NO_NORMALIZATION:
            normalize(layer, theta, running, space, rows, training, rank, team)
            barrier(sync, team)
        hidden = index + 1 < layers.shape[0]
        start, stop = activate(
            layer, theta, space, rows, training, dropout if training and hidden else 0.0,
            mixed(key + np.uint64(index)), rank, team,
        )  # fmt: skip
        value = layer[VALUE]
        if hidden and layer[RESIDUAL]:
            _add(space[value + start : value + stop], space[source + start : source + stop])
        source = value
        barrier(sync, team)


@njit
def weight_gradient(layer, gradient, space, source, rows, first, start, stop, rank):
    """Gradient of the weights of the inputs from `start` to `stop`: sourceᵀ · delta."""
    outputs, size = layer[UNITS], space.itemsize
    target = place(gradient, layer[WEIGHT] + start * outputs)
    call_address(layer[PRODUCT], (
        _panel(layer, space, rank), 0,
        place(space, source + start), size, layer[INPUTS] * size,
        place(space, layer[SLOPE]), outputs * size,
        place(space, layer[ZEROS]) if first else target, 0 if first else outputs * size,
        target, outputs * size,
        stop - start, outputs, rows,
    ))  # fmt: skip


@njit
def bias_gradient(layer, gradient, space, rows, first, rank, team):
    """Gradient of the biases: the column sums of delta."""
    outputs, size = layer[UNITS], space.itemsize
    start, stop = portion(outputs, rank, team)
    total = place(gradient, layer[BIAS] + start)
    space[layer[ONE]] = space.dtype.type(1.0)
    call_address(layer[PRODUCT], (
        _panel(layer, space, rank), 0,
        place(space, layer[ONE]), 0, 0,
        place(space, layer[SLOPE] + start), outputs * size,
        place(space, layer[ZEROS]) if first else total, 0,
        total, 0,
        1, stop - start, rows,
    ))  # fmt: skip


@njit
def input_gradient(layer, theta, space, delta, rows, rank, team):
    """Gradient of the layer's inputs: delta · weightᵀ, added to what a residual connection passed by."""
    inputs, outputs, size = layer[INPUTS], layer[UNITS], space.itemsize
    start, stop = share(rows * inputs * outputs, inputs, team - 1 - rank, team)
    if start < stop:
        target = place(space, delta + start)
        call_address(layer[PRODUCT], (
            _panel(layer, space, rank), 1,
            place(space, layer[SLOPE]), outputs * size, size,
            place(theta, layer[WEIGHT] + start * outputs), outputs * size,
            target if layer[RESIDUAL] else place(space, layer[ZEROS]), inputs * size if layer[RESIDUAL] else 0,
            target, inputs * size,
            rows, stop - start, outputs,
        ))  # fmt: skip


@njit
def pre_activation_gradient(layer, theta, gradient, space, delta, rows, first, rank, team, sync):
    """Carry the gradient (in `delta`) from a layer's values to its pre-activations, where the slopes were."""
    pull_back(layer, gradient, space, delta, rows, first, rank, team)
    barrier(sync, team)
    if layer[NORMALIZATION] != NO_NORMALIZATION:
        beta = space.dtype.type(0.0 if first else 1.0)
        normalize_backward(layer, theta, gradient, space, rows, beta, rank, team, sync)
        barrier(sync, team)


@njit
def backward(layers, theta, gradient, space, delta, rows, first, rank, team, sync):
    """Turn the loss gradient at the outputs (in `delta`) into the gradient of every parameter.

    `first` says that this is a batch's first piece: the gradient is replaced, not added to.
    """
    for index in range(layers.shape[0] - 1, -1, -1):
        layer = layers[index]
        pre_activation_gradient(layer, theta, gradient, space, delta, rows, first, rank, team, sync)
        source, inputs = layers[index - 1, VALUE] if index > 0 else 0, layer[INPUTS]
        start, stop = share(rows * inputs * layer[UNITS], inputs, rank, team)
        if start < stop:
            weight_gradient(layer, gradient, space, source, rows, first, start, stop, rank)
        bias_gradient(layer, gradient, space, rows, first, rank, team)
        if index > 0:
            input_gradient(layer, theta, space, delta, rows, rank, team)
        barrier(sync, team)
