"""The training kernel: each team of threads takes the next run and trains it for the epochs it asks for.

All tables are laid out in `layout.py`. Nothing a run computes depends on the other runs or on the team.
"""

import math

import numpy as np

from .evaluation import copy_numbers, evaluate, gather, loss_of, predict
from .intrinsics import atomic_add, atomic_load, atomic_store, barrier, njit
from .layers import backward, forward
from .layout import (
    BATCH,
    CLASSES,
    DELTA,
    DIVERGED,
    DROPOUT,
    EVALUATED,
    FINISHED,
    FIRST_EPOCH,
    L1,
    L2,
    LABELS,
    LAST_EPOCH,
    NOISE,
    OBSERVED_ROWS,
    OUTPUTS,
    PIECE_ROWS,
    PROBE_STAGE,
    PROBING,
    RESUME_STAGE,
    SEED,
    STATUS,
    STEP,
    STEPS_DONE,
    STOPPED,
    TRAINING_LOSS,
    VALIDATION_LOSS,
    VALIDATION_SCORE,
)
from .moving import backward_moving, moves_elements
from .random import mixed, shuffle
from .recording import observe_gradients, observe_signals, observe_step
from .scheduling import schedule, watch
from .stepping import begin_step, draw_signs, pass_stages, penalise, prepare, step

_NEXT_RUN, _STOP = 0, 1
_CURRENT, _HALT = 2, 3


@njit
def _measure(
    stages, layers, blocks, theta, running, gradient, state, run, penalty, space, places, order, inputs, targets,
    start, size, loss, coefficients, limits, record, moving, rank, team, sync,
):  # fmt: skip
    """Gradient of a batch, penalties included; returns the sum of its losses (rank 0), or halts where it is none.

    Its last piece is put on record, unless `record` is empty. With `moving` the parameters take their step, too.
    """
    delta, weighted = places[DELTA], targets.shape[1] > layers[-1, OUTPUTS]
    total = 0.0
    for piece in range(0, size, PIECE_ROWS):
        count = min(PIECE_ROWS, size - piece)
        gather(inputs, targets, order, start + piece, count, layers, space, places, rank, team)
        barrier(sync, team)
        key = mixed(
            mixed(np.uint64(run[SEED]) + np.uint64(77)) + np.uint64(run[STEP] * 64 + piece // PIECE_ROWS)
        )
        forward(layers, theta, running, space, count, True, penalty[DROPOUT], key, rank, team, sync)
        observed = min(count, OBSERVED_ROWS) if record.shape[0] > 0 and piece + count == size else 0
        if observed > 0:
            observe_signals(layers, space, observed, limits, record, rank, team)
        if rank == 0:
            total += loss_of(loss, layers, space, places, weighted, count, 1.0 / size)
            atomic_store(sync, _HALT, 0 if math.isfinite(total) else 1)
        barrier(sync, team)
        if atomic_load(sync, _HALT) == 1:
            return total
        if moving:
            begin_step(run, coefficients, total / size)
            backward_moving(
                stages, layers, blocks, theta, gradient, state, space, delta, count, coefficients, sync
            )
        else:
            backward(layers, theta, gradient, space, delta, count, piece == 0, rank, team, sync)
        if observed > 0:
            observe_gradients(layers, gradient, space, observed, size, record, rank, team)
    if penalty[L1] != 0.0 or penalty[L2] != 0.0:
        penalise(layers, theta, gradient, penalty[L1], penalty[L2], rank, team)
        barrier(sync, team)
    return total


@njit
def _probes(run, coefficients):
    """Whether this step measures the gradient a second time."""
    return run[PROBING] == 1 or (run[PROBING] > 1 and coefficients[run[PROBING] - 2] != 0.0)


@njit
def _draws(run, coefficients):
    """Whether this step needs random signs: for its probe, or, where noise waits for none, always."""
    return run[NOISE] >= 0 and (run[PROBING] <= 1 or _probes(run, coefficients))


@njit
def _epoch(
    stages, layers, blocks, theta, running, gradient, state, carried, hyper, run, penalty, space, places, order,
    inputs, targets, rows, loss, epoch, coefficients, limits, record, before, rank, team, sync,
):  # fmt: skip
    """One pass over the training rows; returns the mean loss seen on the way (rank 0 only).

    The first batch is put on record, where records are kept: the network as it enters the epoch.
    """
    if rank == 0:
        shuffle(order, rows, run[SEED], epoch)
    barrier(sync, team)
    batch = min(run[BATCH], rows.size)
    simple = team == 1 and moves_elements(stages, run, penalty)
    total = 0.0
    for start in range(0, rows.size, batch):
        size = min(batch, rows.size - start)
        observed = record if start == 0 else record[:0]
        if rank == 0:
            schedule(hyper, run, penalty)
            prepare(stages, hyper, carried, run, coefficients)
        moving = simple and size <= PIECE_ROWS and observed.shape[0] == 0
        measured = _measure(
            stages, layers, blocks, theta, running, gradient, state, run, penalty, space, places, order, inputs,
            targets, start, size, loss, coefficients, limits, observed, moving, rank, team, sync,
        )  # fmt: skip
        total += measured
        if atomic_load(sync, _HALT) == 0 and _draws(run, coefficients):
            draw_signs(state, theta.size, run, rank, team)
            barrier(sync, team)
        if atomic_load(sync, _HALT) == 0 and _probes(run, coefficients):
            pass_stages(
                PROBE_STAGE, stages, layers, blocks, theta, gradient, state, coefficients, rank, team, sync
            )
            # running averages are those of the weights, not of the probe
            _measure(
                stages, layers, blocks, theta, running.copy(), gradient, state, run, penalty, space, places, order,
                inputs, targets, start, size, loss, coefficients, limits, record[:0], False, rank, team, sync,
            )  # fmt: skip
            if atomic_load(sync, _HALT) == 0:
                pass_stages(
                    RESUME_STAGE, stages, layers, blocks, theta, gradient, state, coefficients, rank, team, sync
                )  # fmt: skip
        if atomic_load(sync, _HALT) == 1:
            return total
        if observed.shape[0] > 0:
            if rank == 0:
                copy_numbers(theta, 0, before, 0, theta.size)
            barrier(sync, team)
        if not moving:
            step(
                stages, layers, blocks, theta, gradient, state, hyper, run, penalty, coefficients, measured / size,
                rank, team, sync,
            )  # fmt: skip
        if observed.shape[0] > 0:
            observe_step(layers, theta, before, record, rank, team)
    return total / rows.size


@njit
def _point(theta, state, run):
    """The weights that are evaluated."""
    return theta if run[EVALUATED] < 0 else state[run[EVALUATED] : run[EVALUATED] + theta.size]


@njit
def _train(
    stages, layers, blocks, theta, running, state, carried, hyper, run, penalty, history, records, space, gradient,
    order, places, inputs, targets, rows, validation, loss, scoring, spread, shared, coefficients, limits, before,
    rank, team, sync,
):  # fmt: skip
    for epoch in range(run[FIRST_EPOCH], run[LAST_EPOCH]):
        measured = _epoch(
            stages, layers, blocks, theta, running, gradient, state, carried, hyper, run, penalty, space, places,
            order, inputs, targets, rows, loss, epoch, coefficients, limits, records[epoch], before, rank, team, sync,
        )  # fmt: skip
        diverged = atomic_load(sync, _HALT) == 1
        mean, score = np.nan, np.nan
        if not diverged:
            mean, score = evaluate(
                layers, _point(theta, state, run), running, space, places, inputs, targets, validation, loss, scoring,
                rank, team, sync,
            )  # fmt: skip
        if rank == 0:
            diverged = diverged or not math.isfinite(mean)
            history[epoch, TRAINING_LOSS] = measured
            history[epoch, VALIDATION_LOSS] = mean
            share = scoring in (CLASSES, LABELS)
            history[epoch, VALIDATION_SCORE] = score if share else 1.0 - score / spread
            history[epoch, STEPS_DONE] = run[STEP]
            watch(run, penalty, mean)
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


@njit
def work(
    shared, syncs, stages, layers, blocks, places, thetas, runnings, states, carrieds, hypers, runs, penalties,
    histories, records, spaces, gradients, orders, coefficients, limits, befores, inputs, targets, rows, validation,
    loss, scoring, spread, team_index, rank, team,
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
            return 0.0
        run = runs[index]
        _train(
            stages[index], layers, blocks, thetas[index], runnings[index], states[index], carrieds[index],
            hypers[index], run, penalties[index], histories[index], records[index], spaces[team_index],
            gradients[team_index], orders[team_index], places, inputs, targets, rows, validation, loss, scoring,
            spread, shared, coefficients[team_index], limits, befores[team_index], rank, team, sync,
        )  # fmt: skip


@njit
def measure(
    layers, places, thetas, runnings, spaces, inputs, targets, rows, loss, scoring, losses, scores,
    worker, workers,
):  # fmt: skip
    """Mean loss and mean score (as `evaluate` has it) of every run on `rows`; worker i of n takes every n-th run."""
    sync = np.zeros(4, np.int64)
    for index in range(worker, thetas.shape[0], workers):
        losses[index], scores[index] = evaluate(
            layers, thetas[index], runnings[index], spaces[worker], places, inputs, targets, rows, loss,
            scoring, 0, 1, sync,
        )  # fmt: skip
    return 0.0


@njit
def outputs_of(layers, theta, running, space, inputs, outputs, first, last):
    """The network's outputs for some rows, without a loss."""
    predict(layers, theta, running, space, inputs, outputs, first, last)
    return 0.0


@njit
def loss_and_gradient(
    layers, theta, running, gradient, space, places, inputs, targets, rows, loss, dropout, key
):
    """Loss of one batch and its gradient, for tests and diagnosis."""
    sync = np.zeros(4, np.int64)
    delta, weighted = places[DELTA], targets.shape[1] > layers[-1, OUTPUTS]
    total = 0.0
    for piece in range(0, rows.size, PIECE_ROWS):
        count = min(PIECE_ROWS, rows.size - piece)
        gather(inputs, targets, rows, piece, count, layers, space, places, 0, 1)
        forward(layers, theta, running, space, count, True, dropout, np.uint64(key), 0, 1, sync)
        total += loss_of(loss, layers, space, places, weighted, count, 1.0 / rows.size)
        backward(layers, theta, gradient, space, delta, count, piece == 0, 0, 1, sync)
    return total / rows.size
