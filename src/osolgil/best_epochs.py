"""Train the runs of an ensemble and keep each one's best epoch.

Short epochs are trained several at a time, since to start one costs as much as to train it. Where the best lies inside
such a piece, its runs are trained again from the piece's start: training is reproducible to the bit, so that gives the
very weights passed by.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from osolgil import sharpening
from osolgil.engines.cpu.kernels import layout
from osolgil.ensembles import Ensemble
from osolgil.errors import SettingsError
from osolgil.spelling import hint

KEPT = ("last", "best", "best-loss", "best-mean", "best-mean-loss")
_LONGEST_PIECE = 8
_WORTH_A_START = 400_000_000  # operations, some milliseconds


@dataclass(eq=False)
class BestEpochs:
    """The evaluated weights of every run of an ensemble after its best epoch so far.

    keep: "last" keeps whatever is newest; "best" the epoch of the highest validation score, of equal ones the one of
    the lowest loss; "best-loss" the epoch of the lowest validation loss; "best-mean" and "best-mean-loss" the one epoch
    that is best in the mean of all runs, which a few validation rows mislead less.
    thetas (runs, size), runnings (runs, …), epochs (runs,) counted from 1; 0 before the first. sharpness: what the last
    layers were multiplied by at the end, None where they were not, see `osolgil.sharpening`.
    """

    ensemble: Ensemble
    keep: str = "best"
    thetas: np.ndarray = field(init=False)
    runnings: np.ndarray = field(init=False)
    epochs: np.ndarray = field(init=False)
    sharpness: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.keep not in KEPT:
            raise SettingsError(
                f"Weights are kept of the {', '.join(KEPT)} epoch, not '{self.keep}'.{hint(self.keep, KEPT)}"
            )
        self.thetas, self.runnings = self.ensemble.evaluated, self.ensemble.runnings
        self.epochs = np.zeros(len(self.thetas), np.int64)
        self._ranks = np.full((len(self.thetas), 2), -np.inf)
        self._passed: dict[int, tuple[Ensemble, int]] = {}  # by run: from where its best epoch can be reached

    def look(self, epoch: int, before: Ensemble | None = None) -> None:
        """Take the weights of the runs that are after `epoch` epochs better than ever.

        before: where the ensemble stood before that epoch, if it has gone on since; `settle` then goes there again.
        """
        histories = self.ensemble.histories
        table, alive = histories[:, epoch - 1], self._alive(histories, epoch)
        losses, scores = -table[:, layout.VALIDATION_LOSS], table[:, layout.VALIDATION_SCORE]
        ranks = np.column_stack([losses, losses] if self.keep.endswith("loss") else [scores, losses])
        if self.keep.startswith("best-mean") and alive.any():
            ranks[:] = ranks[alive].mean(axis=0)
        first, second = ranks.T > self._ranks.T
        better = first | ((ranks[:, 0] == self._ranks[:, 0]) & second)
        better = np.flatnonzero(alive & (better | (self.keep == "last")))
        if not better.size:
            return
        self.epochs[better], self._ranks[better] = epoch, ranks[better]
        for run in better.tolist():
            self._passed.pop(run, None)
            if before is not None:
                self._passed[run] = before, epoch
        if before is None:
            self.thetas[better] = self.ensemble.evaluated[better]
            self.runnings[better] = self.ensemble.runnings[better]

    def settle(self, workers: int) -> None:
        """Train the runs whose best epoch was passed by up to it again, and take their weights."""
        for epoch in sorted({epoch for _, epoch in self._passed.values()}):
            runs = [run for run, (_, best) in self._passed.items() if best == epoch]
            again = self._passed[runs[0]][0].take(runs)
            again.advance(epoch, workers)
            self.thetas[runs], self.runnings[runs] = again.evaluated, again.runnings
        self._passed.clear()

    def sharpen(self) -> None:
        """Make networks that were trained on smoothed labels in folds as sure as the folds say they may be."""
        fleets = self.ensemble.fleets
        network, loss = fleets[0].network, fleets[0].task.loss
        if len(fleets) > 1 and network.activations[-1] == "identity" and sharpening.smoothed(loss):
            tasks = [fleet.task for fleet in fleets]
            self.thetas, self.runnings = self.thetas.copy(), self.runnings.copy()
            self.sharpness = sharpening.sharpen(network, self.thetas, self.runnings, tasks)

    def _alive(self, histories: np.ndarray, epoch: int) -> np.ndarray:
        """Which runs had not diverged after an epoch, bool (runs,)."""
        trained = np.isfinite(histories[:, :, layout.STEPS_DONE]).sum(axis=1)
        return ~self.ensemble.diverged | (trained > epoch)


def train_to_best(
    ensemble: Ensemble,
    epochs: int,
    *,
    workers: int,
    keep: str = "best",
    patience: int | None = None,
    tick: Callable[[], None] = lambda: None,
) -> BestEpochs:
    """Train every run and keep its best epoch; with `patience` all stop when none has been better for so many epochs.

    Schedules run over the fleets' whole course, whether or not its end is reached. In folds, smoothed labels are made
    good for: see `osolgil.sharpening`.
    """
    if patience is not None and patience < 1:
        raise SettingsError(f"The patience must be 1 epoch or more, not {patience}.")
    best = BestEpochs(ensemble, keep)
    if keep == "last" and patience is None:
        ensemble.advance(epochs, workers, tick)
        best.look(epochs)
        best.sharpen()
        return best
    length = piece_of(ensemble)
    for start in range(0, epochs, length):
        stop = min(start + length, epochs)
        before = ensemble.copy() if stop > start + 1 else None
        ensemble.advance(stop, workers, tick)
        last = _look(best, start, stop, before, patience)
        if before is not None and last < stop:
            ensemble.go_back(before)
            ensemble.advance(last, workers, tick)
        if last < stop or _waited(best, last, patience):
            break
    best.settle(workers)
    best.sharpen()
    return best


def piece_of(ensemble: Ensemble) -> int:
    """How many epochs to train at a time: one where it takes much longer than to start it."""
    fleet = ensemble.fleets[0]
    rows = len(fleet.task.training)
    operations = len(fleet) * fleet.network.operations(rows)
    return int(max(1, min(_LONGEST_PIECE, _WORTH_A_START // max(operations, 1))))


def _look(best: BestEpochs, start: int, stop: int, before: Ensemble | None, patience: int | None) -> int:
    """Look at a piece's epochs in their order; the last that is to be trained."""
    for epoch in range(start + 1, stop + 1):
        best.look(epoch, before if epoch < stop else None)
        if _waited(best, epoch, patience):
            return epoch
    return stop


def _waited(best: BestEpochs, epoch: int, patience: int | None) -> bool:
    return patience is not None and epoch - int(best.epochs.max()) >= patience
