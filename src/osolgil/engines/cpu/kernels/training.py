"""The training kernel: each team of threads takes the next run and trains it for the epochs it asks for.

All tables are laid out in `layout.py`. Nothing a run computes depends on the other runs or on the team.
"""

import math

import numpy as np
from numba import njit

from .evaluation import evaluate, gather, loss_of, predict
from .intrinsics import atomic_add, atomic_load, atomic_store, barrier
from .layers import backward, forward
from .layout import (
    BATCH,
    DIVERGED,
    DROPOUT,
    FINISHED,
    FIRST_EPOCH,
    LAST_EPOCH,
    OBSERVED_ROWS,
    PIECE_ROWS,
    SEED,
    STATUS,
    STEP,
    STEPS_DONE,
    STOPPED,
    TRAINING_LOSS,
    VALIDATION_LOSS,
    VALIDATION_SCORE,
)
from .random import mixed, shuffle
from .recording import observe_gradients, observe_signals, observe_step
from .stepping import step

_NEXT_RUN, _STOP = 0, 1
_CURRENT, _HALT = 2, 3


@njit
def _epoch(
    layers, blocks, theta, running, gradient, state, carried, hyper, run, penalty, space, places, order,
    inputs, targets, rows, loss, epoch, coefficients, limits, record, before, rank, team, sync,
):  # fmt: skip
    """One pass over the training rows; returns the mean loss seen on the way (rank 0 only).

    The first batch is put on record, where records are kept: the network as it enters the epoch.
    """
    if rank == 0:
        shuffle(order, rows, run[SEED], epoch)
    barrier(sync, team)
    batch = min(run[BATCH], rows.size)
    target_place, delta = places[0], places[1]
    total = 0.0
    for start in range(0, rows.size, batch):
        size = min(batch, rows.size - start)
        of_batch = 0.0
        observed = start == 0 and record.shape[0] > 0
        for piece in range(0, size, PIECE_ROWS):
            count = min(PIECE_ROWS, size - piece)
            gather(inputs, targets, order, start + piece, count, space, target_place, rank, team)
            barrier(sync, team)
            key = mixed(
                mixed(np.uint64(run[SEED]) + np.uint64(77)) + np.uint64(run[STEP] * 64 + piece // PIECE_ROWS)
            )
            forward(layers, theta, running, space, count, True, penalty[DROPOUT], key, rank, team, sync)
            last = observed and piece + count == size
            if last:
                observe_signals(layers, space, min(count, OBSERVED_ROWS), limits, record, rank, team)
            if rank == 0:
                measured = loss_of(loss, layers, space, target_place, delta, count, 1.0 / size)
                of_batch += measured
                total += measured
                atomic_store(sync, _HALT, 0 if math.isfinite(total) else 1)
            barrier(sync, team)
            if atomic_load(sync, _HALT) == 1:
                return total
            backward(layers, theta, gradient, space, delta, count, piece == 0, rank, team, sync)
            if last:
                observed_rows = min(count, OBSERVED_ROWS)
                observe_gradients(layers, gradient, space, observed_rows, size, record, rank, team)
        if observed:
            if rank == 0:
                before[:] = theta
            barrier(sync, team)
        step(
            layers, blocks, theta, gradient, state, carried, hyper, run, penalty, coefficients,
            of_batch / size, rank, team, sync,
        )  # fmt: skip
        if observed:
            observe_step(layers, theta, before, record, rank, team)
    return total / rows.size


@njit
def _train(
    layers, blocks, theta, running, state, carried, hyper, run, penalty, history, records, space, gradient,
    order, places, inputs, targets, rows, validation, loss, classify, spread, shared, coefficients, limits,
    before, rank, team, sync,
):  # fmt: skip
    for epoch in range(run[FIRST_EPOCH], run[LAST_EPOCH]):
        measured = _epoch(
            layers, blocks, theta, running, gradient, state, carried, hyper, run, penalty, space, places,
            order, inputs, targets, rows, loss, epoch, coefficients, limits, records[epoch], before, rank,
            team, sync,
        )  # fmt: skip
        diverged = atomic_load(sync, _HALT) == 1
        mean, score = np.nan, np.nan
        if not diverged:
            mean, score = evaluate(
                layers, theta, running, space, places, inputs, targets, validation, loss, classify,
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
    shared, syncs, layers, blocks, places, thetas, runnings, states, carrieds, hypers, runs, penalties, histories,
    records, spaces, gradients, orders, coefficients, limits, befores, inputs, targets, rows, validation, loss,
    classify, spread, team_index, rank, team,
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
            layers, blocks, thetas[index], runnings[index], states[index], carrieds[index], hypers[index], run,
            penalties[index], histories[index], records[index], spaces[team_index], gradients[team_index],
            orders[team_index], places, inputs, targets, rows, validation, loss, classify, spread,
            shared, coefficients[team_index], limits, befores[team_index], rank, team, sync,
        )  # fmt: skip


@njit(nogil=True, cache=True)
def measure(
    layers, places, thetas, runnings, spaces, inputs, targets, rows, loss, classify, losses, scores,
    worker, workers,
):  # fmt: skip
    """Mean loss and raw score of every run on `rows`; worker i of n takes every n-th run."""
    sync = np.zeros(4, np.int64)
    for index in range(worker, thetas.shape[0], workers):
        losses[index], scores[index] = evaluate(
            layers, thetas[index], runnings[index], spaces[worker], places, inputs, targets, rows, loss,
            classify, 0, 1, sync,
        )  # fmt: skip


@njit(nogil=True, cache=True)
def outputs_of(layers, theta, running, space, inputs, outputs, first, last):
    """The network's outputs for some rows, without a loss."""
    predict(layers, theta, running, space, inputs, outputs, first, last)


@njit(nogil=True, cache=True)
def loss_and_gradient(
    layers, theta, running, gradient, space, places, inputs, targets, rows, loss, dropout, key
):
    """Loss of one batch and its gradient, for tests and diagnosis."""
    sync = np.zeros(4, np.int64)
    target_place, delta = places[0], places[1]
    total = 0.0
    for piece in range(0, rows.size, PIECE_ROWS):
        count = min(PIECE_ROWS, rows.size - piece)
        gather(inputs, targets, rows, piece, count, space, target_place, 0, 1)
        forward(layers, theta, running, space, count, True, dropout, np.uint64(key), 0, 1, sync)
        total += loss_of(loss, layers, space, target_place, delta, count, 1.0 / rows.size)
        backward(layers, theta, gradient, space, delta, count, piece == 0, 0, 1, sync)
    return total / rows.size
