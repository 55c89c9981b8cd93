"""One training step from a batch's gradient: penalties, clipping, decoupled decay, the optimizer's update."""

import math

import numpy as np

from .intrinsics import barrier, call_address, njit
from .layers import portion
from .layout import (
    CARRIED,
    CLIP_NORM,
    COEFFICIENTS,
    ELEMENT_SCOPE,
    HYPERS,
    INPUTS,
    L1,
    L2,
    MOMENT,
    NEEDS_LOSS,
    NOISE,
    PRODUCT,
    RUN,
    SCALARS,
    SCOPE,
    SEED,
    STATE,
    STEP,
    STEP_STAGE,
    UNITS,
    WEIGHT,
    WEIGHT_DECAY,
)
from .random import mixed


@njit(error_model="numpy")
def penalise(layers, theta, gradient, l1, l2, rank, team):
    real = theta.dtype.type
    first, second, zero = real(l1), real(l2), real(0.0)
    for index in range(layers.shape[0]):
        offset = layers[index, WEIGHT]
        start, stop = portion(layers[index, INPUTS] * layers[index, UNITS], rank, team)
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
        for i in range(offset, offset + layers[index, INPUTS] * layers[index, UNITS]):
            weight = float(theta[i])
            total += l1 * abs(weight) + 0.5 * l2 * weight * weight
    return total


@njit(error_model="numpy")
def _shrink(layers, theta, kept, rank, team):
    factor = theta.dtype.type(kept)
    for index in range(layers.shape[0]):
        offset = layers[index, WEIGHT]
        start, stop = portion(layers[index, INPUTS] * layers[index, UNITS], rank, team)
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
def prepare(stages, hyper, carried, run, coefficients):
    """Compute every part's coefficients for the step that comes, from the scheduled learning rate."""
    for index in range(stages.shape[0]):
        stage = stages[index]
        if stage[COEFFICIENTS] != 0:
            hyper[stage[HYPERS]] = hyper[0]
            call_address(
                stage[COEFFICIENTS],
                (
                    float(run[STEP] + 1),
                    hyper.ctypes.data + stage[HYPERS] * hyper.itemsize,
                    carried.ctypes.data + stage[CARRIED] * carried.itemsize,
                    coefficients.ctypes.data + stage[SCALARS] * coefficients.itemsize,
                ),
            )


@njit
def begin_step(run, coefficients, loss):
    """What rank 0 tells the others of a step: nothing is clipped, and the batch's loss."""
    coefficients[-1], coefficients[-2] = 1.0, loss
    run[STEP] += 1


@njit(error_model="numpy")
def run_stage(stage, layers, blocks, theta, gradient, state, coefficients, start, stop):
    call_address(
        stage[RUN],
        (
            theta.ctypes.data, gradient.ctypes.data, state.ctypes.data + stage[STATE] * state.itemsize,
            theta.size, start, stop, coefficients.ctypes.data + stage[SCALARS] * coefficients.itemsize,
            blocks.ctypes.data, blocks.shape[0], layers[0, PRODUCT], coefficients[-2],
        ),
    )  # fmt: skip


@njit(error_model="numpy")
def pass_stages(kind, stages, layers, blocks, theta, gradient, state, coefficients, rank, team, sync):
    """Run the formulas of one kind in their order: elements and whole blocks are dealt out, a network is rank 0's."""
    for index in range(stages.shape[0]):
        stage = stages[index]
        if stage[MOMENT] == kind:
            start, stop = portion(theta.size, rank, team)
            if stage[SCOPE] != ELEMENT_SCOPE:
                start, stop = rank, team
            run_stage(stage, layers, blocks, theta, gradient, state, coefficients, start, stop)
            barrier(sync, team)


@njit
def draw_signs(state, size, run, rank, team):
    """Fill the noise with -1 and 1, which depend on the run's seed and the step alone."""
    key = mixed(mixed(np.uint64(run[SEED]) + np.uint64(991)) + np.uint64(run[STEP]))
    start, stop = portion(size, rank, team)
    one = state.dtype.type(1.0)
    for i in range(start, stop):
        state[run[NOISE] + i] = one if mixed(key + np.uint64(i)) >> np.uint64(63) else -one


@njit(error_model="numpy")
def step(
    stages, layers, blocks, theta, gradient, state, hyper, run, penalty, coefficients, loss, rank, team, sync
):
    """Clipping, decoupled decay, then the optimizer's own update and its wrappers'.

    `loss` is the batch's, known to rank 0. The last two coefficients carry what rank 0 found to the others.
    """
    if rank == 0:
        begin_step(run, coefficients, loss)
        if penalty[CLIP_NORM] > 0.0:
            coefficients[-1] = _clip_factor(gradient, penalty[CLIP_NORM])
        if run[NEEDS_LOSS] == 1:
            coefficients[-2] += _penalties(layers, theta, penalty[L1], penalty[L2])
    if penalty[WEIGHT_DECAY] != 0.0:
        barrier(sync, team)  # the loss's penalties are of the weights before they shrink
        _shrink(layers, theta, 1.0 - hyper[0] * penalty[WEIGHT_DECAY], rank, team)
    barrier(sync, team)
    start, stop = portion(theta.size, rank, team)
    factor = theta.dtype.type(coefficients[-1])
    if factor != theta.dtype.type(1.0):
        for i in range(start, stop):
            gradient[i] *= factor
        barrier(sync, team)
    pass_stages(STEP_STAGE, stages, layers, blocks, theta, gradient, state, coefficients, rank, team, sync)
