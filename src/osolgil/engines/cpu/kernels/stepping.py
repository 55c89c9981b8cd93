"""One training step from a batch's gradient: penalties, clipping, decoupled decay, the optimizer's update."""

import math

from numba import njit

from .intrinsics import barrier, call_address
from .layers import portion
from .layout import (
    CLIP_NORM,
    COEFFICIENTS,
    ELEMENT_SCOPE,
    INPUTS,
    L1,
    L2,
    NEEDS_LOSS,
    OUTPUTS,
    PRODUCT,
    SCOPE,
    STEP,
    UPDATE,
    WEIGHT,
    WEIGHT_DECAY,
)


@njit(error_model="numpy")
def _penalise(layers, theta, gradient, l1, l2, rank, team):
    real = theta.dtype.type
    first, second, zero = real(l1), real(l2), real(0.0)
    for index in range(layers.shape[0]):
        offset = layers[index, WEIGHT]
        start, stop = portion(layers[index, INPUTS] * layers[index, OUTPUTS], rank, team)
        for i in range(offset + start, offset + stop):
            weight = theta[i]
            pull = first if weight > zero else (-first if weight < zero else zero)
            gradient[i] += second * weight + pull


@njit(error_model="numpy")
def _penalties(layers, theta, l1, l2):
    """What the penalties add to the loss: λ₁ Σ|w| + ½ λ₂ Σ w² over the weights."""
    total = 0.0
    for index in range(layers.shape[0]):
        offset = layers[index, WEIGHT]
        for i in range(offset, offset + layers[index, INPUTS] * layers[index, OUTPUTS]):
            weight = float(theta[i])
            total += l1 * abs(weight) + 0.5 * l2 * weight * weight
    return total


@njit(error_model="numpy")
def _shrink(layers, theta, kept, rank, team):
    factor = theta.dtype.type(kept)
    for index in range(layers.shape[0]):
        offset = layers[index, WEIGHT]
        start, stop = portion(layers[index, INPUTS] * layers[index, OUTPUTS], rank, team)
        for i in range(offset + start, offset + stop):
            theta[i] *= factor


@njit(error_model="numpy")
def _clip_factor(gradient, limit):
    total = 0.0
    for i in range(gradient.size):
        total += float(gradient[i]) ** 2
    norm = math.sqrt(total)
    return limit / norm if norm > limit else 1.0


@njit(error_model="numpy")
def step(
    layers, blocks, theta, gradient, state, carried, hyper, run, penalty, coefficients, loss, rank, team, sync
):
    """Penalties, clipping, decoupled decay, then the optimizer's own update.

    `loss` is the batch's, known to rank 0. The last two coefficients carry what rank 0 found to the others.
    """
    if penalty[L1] != 0.0 or penalty[L2] != 0.0:
        _penalise(layers, theta, gradient, penalty[L1], penalty[L2], rank, team)
        barrier(sync, team)
    if rank == 0:
        factor = 1.0
        if penalty[CLIP_NORM] > 0.0:
            factor = _clip_factor(gradient, penalty[CLIP_NORM])
        coefficients[-1], coefficients[-2] = factor, loss
        if run[NEEDS_LOSS] == 1:
            coefficients[-2] += _penalties(layers, theta, penalty[L1], penalty[L2])
        run[STEP] += 1
        call_address(
            run[COEFFICIENTS],
            (float(run[STEP]), hyper.ctypes.data, carried.ctypes.data, coefficients.ctypes.data),
        )
    if penalty[WEIGHT_DECAY] != 0.0:
        _shrink(layers, theta, 1.0 - hyper[0] * penalty[WEIGHT_DECAY], rank, team)
    barrier(sync, team)
    start, stop = portion(theta.size, rank, team)
    factor = theta.dtype.type(coefficients[-1])
    if factor != theta.dtype.type(1.0):
        for i in range(start, stop):
            gradient[i] *= factor
    if run[SCOPE] != ELEMENT_SCOPE:  # whole blocks are dealt out; a network is moved by rank 0
        barrier(sync, team)
        start, stop = rank, team
    call_address(
        run[UPDATE],
        (
            theta.ctypes.data, gradient.ctypes.data, state.ctypes.data, theta.size, start, stop,
            coefficients.ctypes.data, blocks.ctypes.data, blocks.shape[0], layers[0, PRODUCT], coefficients[-2],
        ),
    )  # fmt: skip
    barrier(sync, team)
