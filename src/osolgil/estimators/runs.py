"""Train plans: plans that share a network and a task as one fleet, every run stopped at its own best epoch.

With stopping, epochs are trained a few at a time. Where the best one lies inside such a piece, it is trained again
from the state at the piece's start: training is reproducible to the bit, so that gives the very weights passed by.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from osolgil.best_epochs import train_to_best
from osolgil.engines.cpu.fleet import Fleet
from osolgil.engines.cpu.kernels import layout
from osolgil.ensembles import Ensemble, fold_tasks
from osolgil.errors import SettingsError
from osolgil.estimators.plans import Plan, Stopping, prepare_kernels

_PIECE = 8


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of one run.

    theta (size,), running: the weights to keep. history (epochs run, layout.HISTORY_COLUMNS); best_epoch counts
    from 1; fleet holds the run's state after that epoch, at `place`.
    """

    theta: np.ndarray
    running: np.ndarray
    history: np.ndarray
    best_epoch: int
    diverged: bool
    fleet: Fleet
    place: int


def train(plans: Sequence[Plan], workers: int) -> list[list[Outcome]]:
    """Train every plan; the outcomes of its runs, per plan. Nothing depends on the number of workers."""
    groups: dict[object, list[int]] = {}
    for place, plan in enumerate(plans):
        alone = plan.observe is not None or plan.thetas is not None or plan.folds
        groups.setdefault(place if alone else plan.shared, []).append(place)
    for members in groups.values():
        first = plans[members[0]]
        names = [run.optimizer for place in members for run in plans[place].runs]
        prepare_kernels(first.network, first.task.loss, first.task.kind, first.precision, names)
    results: list[list[Outcome]] = [[] for _ in plans]

    def work(members: list[int], threads: int) -> None:
        outcomes = iter(_train([plans[place] for place in members], threads))
        for place in members:
            results[place] = [next(outcomes) for _ in plans[place].runs]

    if len(groups) < 2 or workers < 2:
        for members in groups.values():
            work(members, workers)
        return results
    largest = sorted(groups.values(), key=lambda m: -sum(len(plans[p].runs) for p in m))
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work, members, 1) for members in largest]:
            done.result()
    return results


_creating = threading.Lock()


@contextlib.contextmanager
def _within_memory(plan: Plan) -> Iterator[None]:
    try:
        yield
    except MemoryError as error:
        raise SettingsError(
            f"A network of {plan.network.size:,} parameters does not fit into memory; choose smaller hidden layers."
        ) from error


def _train(plans: Sequence[Plan], workers: int) -> list[Outcome]:
    plan = plans[0]
    if plan.folds:
        return _train_folds(plan, workers)
    runs = [run for each in plans for run in each.runs]
    with _creating, _within_memory(plan):
        fleet = Fleet.create(
            plan.network, plan.task, runs, plan.epochs, plan.precision, recorded=False, thetas=plan.thetas
        )
    return advance(fleet, [run.optimizer for run in runs], plan.epochs, workers, plan.stopping, plan.observe)


def _train_folds(plan: Plan, workers: int) -> list[Outcome]:
    """Runs that each validate on a fold of their own, in step."""
    tasks = fold_tasks(plan.task, len(plan.runs), plan.runs[0].seed)
    with _creating, _within_memory(plan):
        fleets = tuple(
            Fleet.create(plan.network, task, [run], plan.epochs, plan.precision, recorded=False)
            for task, run in zip(tasks, plan.runs, strict=True)
        )
    keep, patience = "last", None
    if plan.stopping is not None:
        keep = "best-mean" if plan.stopping.monitor == "score" else "best-mean-loss"
        patience = plan.stopping.patience
    ensemble = Ensemble(fleets, plan.runs[0].optimizer)
    best = train_to_best(ensemble, plan.epochs, workers=workers, keep=keep, patience=patience)
    trained = int(np.isfinite(ensemble.histories[:, :, layout.STEPS_DONE]).sum(axis=1).max())
    histories, diverged = ensemble.histories[:, :trained], ensemble.diverged
    return [
        Outcome(
            best.thetas[place].copy(), best.runnings[place].copy(), histories[place].copy(),
            int(best.epochs[place]), bool(diverged[place]), fleet, 0,
        )
        for place, fleet in enumerate(fleets)
    ]  # fmt: skip


def advance(
    fleet: Fleet,
    names: Sequence[str],
    epochs: int,
    workers: int,
    stopping: Stopping | None = None,
    observe: Callable[[int, np.ndarray], bool] | None = None,
) -> list[Outcome]:
    """Train a fleet's runs to their end."""
    if stopping is None and observe is None:
        fleet.advance(names, epochs, workers=workers)
        return _outcomes(fleet, range(len(fleet)), epochs)
    return _Watched(fleet, names, epochs, workers, stopping, observe).outcomes()


def _outcomes(fleet: Fleet, places: Sequence[int], epochs: int) -> list[Outcome]:
    evaluated = fleet.evaluated
    return [
        Outcome(
            evaluated[place].copy(),
            fleet.arrays["runnings"][place].copy(),
            fleet.arrays["histories"][place, :epochs].copy(),
            epochs,
            bool(fleet.arrays["runs"][place, layout.STATUS] == layout.DIVERGED),
            fleet,
            place,
        )
        for place in places
    ]


class _Watched:
    """A fleet trained piece by piece, until every run is done or has stopped getting better."""

    def __init__(
        self,
        fleet: Fleet,
        names: Sequence[str],
        epochs: int,
        workers: int,
        stopping: Stopping | None,
        observe: Callable[[int, np.ndarray], bool] | None,
    ) -> None:
        self.fleet, self.names, self.epochs, self.workers = fleet, list(names), epochs, workers
        self.stopping, self.observe = stopping, observe
        count = len(fleet)
        self.active = list(range(count))
        self.best = np.full(count, np.inf)
        self.epoch_of_best = np.zeros(count, np.int64)
        self.ended = np.full(count, epochs)
        self.kept: list[tuple[Fleet, int]] = [(fleet, place) for place in range(count)]
        self.histories = fleet.arrays["histories"].copy()
        self.diverged = np.zeros(count, bool)
        self.latest: list[tuple[Fleet, int]] = list(self.kept)

    def outcomes(self) -> list[Outcome]:
        piece = 1 if self.observe else _PIECE
        current, epoch = self.fleet, 0
        keeps_best = self.stopping is not None and self.stopping.best
        while epoch < self.epochs and self.active:
            before = current.take(range(len(current))) if keeps_best else current
            reached = min(epoch + piece, self.epochs)
            current.advance([self.names[run] for run in self.active], reached, workers=self.workers)
            stays = [self._judge(place, current, before, epoch, reached) for place in range(len(current))]
            if self.observe is not None and self.observe(reached, self.histories[:, :reached]):
                self.ended[self.active] = np.minimum(self.ended[self.active], reached)
                break
            if not all(stays):
                places = [place for place, stay in enumerate(stays) if stay]
                self.active = [self.active[place] for place in places]
                current = current.take(places)
            epoch = reached
        return [self._outcome(run) for run in range(len(self.histories))]

    def _judge(self, place: int, current: Fleet, before: Fleet, start: int, stop: int) -> bool:
        """Look at a run's new epochs; returns whether it goes on."""
        run = self.active[place]
        history = current.arrays["histories"][place]
        self.histories[run] = history
        self.latest[run] = (current, place)
        self.diverged[run] = current.arrays["runs"][place, layout.STATUS] == layout.DIVERGED
        if self.diverged[run]:
            self.ended[run] = int(current.arrays["runs"][place, layout.FIRST_EPOCH])
            return False
        rule = self.stopping
        if rule is None:
            return True
        for epoch in range(start + 1, stop + 1):
            value = history[epoch - 1, layout.VALIDATION_LOSS]
            if rule.monitor == "score":
                value = -history[epoch - 1, layout.VALIDATION_SCORE]
            if value < self.best[run] - rule.tolerance or self.epoch_of_best[run] == 0:
                self.best[run], self.epoch_of_best[run] = value, epoch
                if rule.best:
                    self.kept[run] = (current.take([place]), 0) if epoch == stop else (before, place)
            elif epoch - self.epoch_of_best[run] >= rule.patience:
                self.ended[run] = epoch
                return False
        return True

    def _outcome(self, run: int) -> Outcome:
        rule = self.stopping
        if rule is None or not rule.best or self.epoch_of_best[run] == 0:
            fleet, place = self.latest[run]
            best = int(self.ended[run])
        else:
            fleet, place = self.kept[run]
            best = int(self.epoch_of_best[run])
            if int(fleet.arrays["runs"][place, layout.FIRST_EPOCH]) < best:
                fleet, place = fleet.take([place]), 0
                fleet.advance([self.names[run]], best, workers=self.workers)
        found = _outcomes(fleet, [place], self.epochs)[0]
        history = self.histories[run, : self.ended[run]].copy()
        return Outcome(found.theta, found.running, history, best, bool(self.diverged[run]), fleet, place)
