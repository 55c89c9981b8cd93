"""The training kernel: each team of threads takes the next run and trains it for the epochs it asks for.

All tables are laid out in `layout.py`. Nothing a run computes depends on the other runs or on the team.
"""

import math

import numpy as np
from numba import njit

from .intrinsics import atomic_add, atomic_load, atomic_store, barrier, call_address
from .layers import _place, backward, forward, portion
from .layout import (
    BATCH,
    CLIP_NORM,
    COEFFICIENTS,
    DIVERGED,
    DROPOUT,
    EVALUATION_ROWS,
    FINISHED,
    FIRST_EPOCH,
    INPUTS,
    L1,
    L2,
    LAST_EPOCH,
    OUTPUTS,
    PIECE_ROWS,
    SEED,
    STATES,
    STATUS,
    STEP,
    STEPS_DONE,
    STOPPED,
    TRAINING_LOSS,
    UPDATE,
    VALIDATION_LOSS,
    VALIDATION_SCORE,
    VALUE,
    WEIGHT,
    WEIGHT_DECAY,
)
from .random import mixed, shuffle

_NEXT_RUN, _STOP = 0, 1
_CURRENT, _HALT = 2, 3


@njit
def _gather(inputs, targets, order, start, rows, space, target_place, rank, team):
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
def _loss(loss, layers, space, target_place, delta, rows, scale):
    output = layers[-1, VALUE]
    outputs = layers[-1, OUTPUTS]
    return call_address(
        loss,
        (_place(space, output), _place(space, target_place), _place(space, delta), rows, outputs, scale),
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
def evaluate(
    layers, theta, running, space, places, inputs, targets, rows, blas, loss, classify, rank, team, sync
):
    """Mean loss over `rows`, and the number of correct rows or the sum of squared distances."""
    target_place, delta = places[0], places[1]
    outputs = layers[-1, OUTPUTS]
    total, score = 0.0, 0.0
    for start in range(0, rows.size, EVALUATION_ROWS):
        count = min(EVALUATION_ROWS, rows.size - start)
        _gather(inputs, targets, rows, start, count, space, target_place, rank, team)
        barrier(sync, team)
        forward(layers, theta, running, space, count, blas, False, 0.0, np.uint64(0), rank, team, sync)
        if rank == 0:
            total += _loss(loss, layers, space, target_place, delta, count, 1.0)
            if classify:
                score += _correct(space, layers[-1, VALUE], target_place, count, outputs)
            else:
                score += _squared_distance(space, layers[-1, VALUE], target_place, count * outputs)
        barrier(sync, team)
    return total / max(rows.size, 1), score


@njit
def predict(layers, theta, running, space, inputs, outputs, blas, first, last):
    """Write the network's outputs for rows first … last - 1 of `inputs` into `outputs`."""
    sync = np.zeros(2, np.int64)
    width, places = inputs.shape[1], layers[-1, OUTPUTS]
    for start in range(first, last, EVALUATION_ROWS):
        count = min(EVALUATION_ROWS, last - start)
        for row in range(count):
            for j in range(width):
                space[row * width + j] = inputs[start + row, j]
        forward(layers, theta, running, space, count, blas, False, 0.0, np.uint64(0), 0, 1, sync)
        for row in range(count):
            for j in range(places):
                outputs[start + row, j] = space[layers[-1, VALUE] + row * places + j]


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
def _step(layers, theta, gradient, state, carried, hyper, run, penalty, coefficients, rank, team, sync):
    """Penalties, clipping, decoupled decay, then the optimizer's own update."""
    if penalty[L1] != 0.0 or penalty[L2] != 0.0:
        _penalise(layers, theta, gradient, penalty[L1], penalty[L2], rank, team)
        barrier(sync, team)
    if rank == 0:
        factor = 1.0
        if penalty[CLIP_NORM] > 0.0:
            factor = _clip_factor(gradient, penalty[CLIP_NORM])
        coefficients[-1] = factor
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
    call_address(
        run[UPDATE],
        (
            theta.ctypes.data, gradient.ctypes.data, state.ctypes.data, theta.size, start, stop,
            coefficients.ctypes.data,
        ),
    )  # fmt: skip
    barrier(sync, team)


@njit
def _epoch(
    layers, theta, running, gradient, state, carried, hyper, run, penalty, space, places, order, inputs,
    targets, rows, blas, loss, epoch, coefficients, rank, team, sync,
):  # fmt: skip
    """One pass over the training rows; returns the mean loss seen on the way (rank 0 only)."""
    if rank == 0:
        shuffle(order, rows, run[SEED], epoch)
    barrier(sync, team)
    batch = min(run[BATCH], rows.size)
    target_place, delta = places[0], places[1]
    total = 0.0
    for start in range(0, rows.size, batch):
        size = min(batch, rows.size - start)
        for piece in range(0, size, PIECE_ROWS):
            count = min(PIECE_ROWS, size - piece)
            _gather(inputs, targets, order, start + piece, count, space, target_place, rank, team)
            barrier(sync, team)
            key = mixed(
                mixed(np.uint64(run[SEED]) + np.uint64(77)) + np.uint64(run[STEP] * 64 + piece // PIECE_ROWS)
            )
            forward(layers, theta, running, space, count, blas, True, penalty[DROPOUT], key, rank, team, sync)
            if rank == 0:
                total += _loss(loss, layers, space, target_place, delta, count, 1.0 / size)
                atomic_store(sync, _HALT, 0 if math.isfinite(total) else 1)
            barrier(sync, team)
            if atomic_load(sync, _HALT) == 1:
                return total
            backward(layers, theta, gradient, space, delta, count, blas, piece == 0, rank, team, sync)
        _step(layers, theta, gradient, state, carried, hyper, run, penalty, coefficients, rank, team, sync)
    return total / rows.size


@njit
def _train(
    layers, theta, running, state, carried, hyper, run, penalty, history, space, gradient, order, places,
    inputs, targets, rows, validation, blas, loss, classify, spread, shared, coefficients, rank, team, sync,
):  # fmt: skip
    for epoch in range(run[FIRST_EPOCH], run[LAST_EPOCH]):
        measured = _epoch(
            layers, theta, running, gradient, state, carried, hyper, run, penalty, space, places, order,
            inputs, targets, rows, blas, loss, epoch, coefficients, rank, team, sync,
        )  # fmt: skip
        diverged = atomic_load(sync, _HALT) == 1
        mean, score = np.nan, np.nan
        if not diverged:
            mean, score = evaluate(
                layers, theta, running, space, places, inputs, targets, validation, blas, loss, classify,
                rank, team, sync,
            )  # fmt: skip
        if rank == 0:
            diverged = diverged or not math.isfinite(mean)
            history[epoch, TRAINING_LOSS] = measured
            history[epoch, VALIDATION_LOSS] = mean
            history[epoch, VALIDATION_SCORE] = score / validation.size if classify else 1.0 - score / spread
            history[epoch, STEPS_DONE] = run[STEP]
            run[FIRST_EPOCH] = epoch + 1
            if diverged:
                run[STATUS] = DIVERGED
            elif epoch + 1 == run[LAST_EPOCH]:
                run[STATUS] = FINISHED
            elif atomic_load(shared, _STOP) == 1:
                run[STATUS] = STOPPED
            atomic_store(sync, _HALT, 1 if run[STATUS] != 0 else 0)
        barrier(sync, team)
        if atomic_load(sync, _HALT) == 1:
            return


@njit(nogil=True, cache=True)
def work(
    shared, syncs, layers, places, thetas, runnings, states, carrieds, hypers, runs, penalties, histories,
    spaces, gradients, orders, coefficients, inputs, targets, rows, validation, blas, loss, classify, spread,
    team_index, rank, team,
):  # fmt: skip
    """Be thread `rank` of a team: take the next run until none is left or `shared[1]` says stop."""
    sync = syncs[team_index]
    while True:
        if rank == 0:
            taken = atomic_add(shared, _NEXT_RUN, 1)
            atomic_store(sync, _CURRENT, taken if atomic_load(shared, _STOP) == 0 else runs.shape[0])
            atomic_store(sync, _HALT, 0)
        barrier(sync, team)
        index = atomic_load(sync, _CURRENT)
        barrier(sync, team)
        if index >= runs.shape[0]:
            return
        run = runs[index]
        _train(
            layers, thetas[index], runnings[index], states[index, : run[STATES]], carrieds[index],
            hypers[index], run, penalties[index], histories[index], spaces[team_index], gradients[team_index],
            orders[team_index], places, inputs, targets, rows, validation, blas, loss, classify, spread,
            shared, coefficients[team_index], rank, team, sync,
        )  # fmt: skip


@njit(nogil=True, cache=True)
def measure(
    layers, places, thetas, runnings, spaces, inputs, targets, rows, blas, loss, classify, losses, scores,
    worker, workers,
):  # fmt: skip
    """Mean loss and raw score of every run on `rows`; worker i of n takes every n-th run."""
    sync = np.zeros(4, np.int64)
    for index in range(worker, thetas.shape[0], workers):
        losses[index], scores[index] = evaluate(
            layers, thetas[index], runnings[index], spaces[worker], places, inputs, targets, rows, blas, loss,
            classify, 0, 1, sync,
        )  # fmt: skip


@njit(nogil=True, cache=True)
def outputs_of(layers, theta, running, space, inputs, outputs, blas, first, last):
    """The network's outputs for some rows, without a loss."""
    predict(layers, theta, running, space, inputs, outputs, blas, first, last)


@njit(nogil=True, cache=True)
def loss_and_gradient(
    layers, theta, running, gradient, space, places, inputs, targets, rows, blas, loss, dropout, key
):
    """Loss of one batch and its gradient, for tests and diagnosis."""
    sync = np.zeros(4, np.int64)
    target_place, delta = places[0], places[1]
    total = 0.0
    for piece in range(0, rows.size, PIECE_ROWS):
        count = min(PIECE_ROWS, rows.size - piece)
        _gather(inputs, targets, rows, piece, count, space, target_place, 0, 1)
        forward(layers, theta, running, space, count, blas, True, dropout, np.uint64(key), 0, 1, sync)
        total += _loss(loss, layers, space, target_place, delta, count, 1.0 / rows.size)
        backward(layers, theta, gradient, space, delta, count, blas, piece == 0, 0, 1, sync)
    return total / rows.size
