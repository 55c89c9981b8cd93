"""Forward and backward pass of one piece of a batch, shared by the threads of a team.

Work is cut into blocks by the shapes alone and each block is computed whole by one thread, so the number of
threads never changes a bit of the result. Row-major matrices are handed to column-major BLAS as transposes.
"""

import numpy as np
from numba import njit

from .intrinsics import barrier, call_address, gemm_address
from .layout import (
    ACTIVATION,
    BIAS,
    INPUTS,
    NO_NORMALIZATION,
    NORMALIZATION,
    OUTPUTS,
    RESIDUAL,
    SLOPE,
    VALUE,
    WEIGHT,
)
from .normalization import normalize, normalize_backward
from .random import drop, mixed

_PLAIN, _TRANSPOSED = ord("N"), ord("T")


@njit
def blocks(work, extent):
    """Into how many blocks a matrix product of `work` multiplications is cut along an axis of `extent`."""
    if work < 8_000_000:
        return 1
    return max(1, min(8, extent // 128))


@njit
def portion(extent, part, parts):
    """Start and stop of one of `parts` portions of an axis, cut at multiples of 16."""
    size = ((extent + parts - 1) // parts + 15) // 16 * 16
    return min(part * size, extent), min((part + 1) * size, extent)


@njit
def _place(array, offset):
    return array.ctypes.data + offset * array.itemsize


@njit
def multiply(blas, left_flag, right_flag, m, n, k, a, lda, b, ldb, beta, c, ldc, one):
    gemm_address(blas, (left_flag, right_flag), (m, n, k, lda, ldb, ldc), (one, beta), (a, b, c))


@njit
def _linear(layer, theta, space, source, rows, blas, rank, team):
    inputs, outputs = layer[INPUTS], layer[OUTPUTS]
    one = space.dtype.type(1.0)
    weight, target = layer[WEIGHT], layer[SLOPE]
    bias = theta[layer[BIAS] : layer[BIAS] + outputs]
    count = blocks(rows * inputs * outputs, outputs)
    for block in range(rank, count, team):
        start, stop = portion(outputs, block, count)
        for row in range(rows):
            line = space[target + row * outputs : target + (row + 1) * outputs]
            for j in range(start, stop):
                line[j] = bias[j]
        multiply(
            blas, _PLAIN, _PLAIN, stop - start, rows, inputs, _place(theta, weight + start), outputs,
            _place(space, source), inputs, one, _place(space, target + start), outputs, one,
        )  # fmt: skip


@njit
def forward(layers, theta, running, space, rows, blas, training, dropout, key, rank, team, sync):
    """Compute every layer's value, and its slope at the same time, from the rows in the workspace."""
    source = 0
    for index in range(layers.shape[0]):
        layer = layers[index]
        outputs = layer[OUTPUTS]
        _linear(layer, theta, space, source, rows, blas, rank, team)
        barrier(sync, team)
        if layer[NORMALIZATION] != NO_NORMALIZATION:
            normalize(layer, theta, running, space, rows, training, rank, team)
            barrier(sync, team)
        start, stop = portion(rows * outputs, rank, team)
        value, slope = layer[VALUE], layer[SLOPE]
        call_address(
            layer[ACTIVATION], (_place(space, slope + start), _place(space, value + start), stop - start)
        )
        if index + 1 < layers.shape[0]:
            if training and dropout > 0.0:
                drop(
                    space[value : value + rows * outputs], space[slope : slope + rows * outputs], start, stop,
                    dropout, mixed(key + np.uint64(index)),
                )  # fmt: skip
            if layer[RESIDUAL]:
                for i in range(start, stop):
                    space[value + i] += space[source + i]
        source = value
        barrier(sync, team)


@njit
def _weight_gradient(layer, gradient, space, source, rows, blas, beta, rank, team):
    inputs, outputs = layer[INPUTS], layer[OUTPUTS]
    one = space.dtype.type(1.0)
    count = blocks(rows * inputs * outputs, inputs)
    for block in range(rank, count, team):
        start, stop = portion(inputs, block, count)
        multiply(
            blas, _PLAIN, _TRANSPOSED, outputs, stop - start, rows, _place(space, layer[SLOPE]), outputs,
            _place(space, source + start), inputs, beta,
            _place(gradient, layer[WEIGHT] + start * outputs), outputs, one,
        )  # fmt: skip
    start, stop = portion(outputs, rank, team)
    total = gradient[layer[BIAS] : layer[BIAS] + outputs]
    for j in range(start, stop):
        total[j] *= beta
    for row in range(rows):
        line = space[layer[SLOPE] + row * outputs : layer[SLOPE] + (row + 1) * outputs]
        for j in range(start, stop):
            total[j] += line[j]


@njit
def _input_gradient(layer, theta, space, delta, rows, blas, rank, team):
    inputs, outputs = layer[INPUTS], layer[OUTPUTS]
    one = space.dtype.type(1.0)
    kept = one if layer[RESIDUAL] else space.dtype.type(0.0)
    count = blocks(rows * inputs * outputs, inputs)
    for block in range(rank, count, team):
        start, stop = portion(inputs, block, count)
        multiply(
            blas, _TRANSPOSED, _PLAIN, stop - start, rows, outputs,
            _place(theta, layer[WEIGHT] + start * outputs), outputs, _place(space, layer[SLOPE]), outputs,
            kept, _place(space, delta + start), inputs, one,
        )  # fmt: skip


@njit
def backward(layers, theta, gradient, space, delta, rows, blas, first, rank, team, sync):
    """Turn the loss gradient at the outputs (in `delta`) into the gradient of every parameter.

    `first` says that this is a batch's first piece: the gradient is replaced, not added to.
    """
    zero = space.dtype.type(0.0)
    beta = zero if first else space.dtype.type(1.0)
    for index in range(layers.shape[0] - 1, -1, -1):
        layer = layers[index]
        start, stop = portion(rows * layer[OUTPUTS], rank, team)
        slope = layer[SLOPE]
        for i in range(start, stop):
            space[slope + i] *= space[delta + i]
        barrier(sync, team)
        if layer[NORMALIZATION] != NO_NORMALIZATION:
            normalize_backward(layer, theta, gradient, space, rows, beta, rank, team, sync)
            barrier(sync, team)
        source = layers[index - 1, VALUE] if index > 0 else 0
        _weight_gradient(layer, gradient, space, source, rows, blas, beta, rank, team)
        if index > 0:
            _input_gradient(layer, theta, space, delta, rows, blas, rank, team)
        barrier(sync, team)
