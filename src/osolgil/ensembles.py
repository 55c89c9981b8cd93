"""Several runs of one network as one model, and each run's best epoch.

Networks that differ only in their seeds err in different rows: the mean of their answers is better than any of them
(L. Hansen, P. Salamon 1990; B. Lakshminarayanan et al. 2016, arXiv:1612.01474; for tables Y. Gorishniy et al. 2024,
TabM, arXiv:2410.24210, whose members share most of their weights). A fleet trains them side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from osolgil.data.dataset import Dataset, Split
from osolgil.engines.cpu.fleet import Fleet
from osolgil.engines.cpu.kernels import layout
from osolgil.errors import SettingsError
from osolgil.formulas import catalog
from osolgil.model import Model
from osolgil.network import Network
from osolgil.spelling import hint

KEPT = ("last", "best", "best-loss")


def combined(outputs: np.ndarray, task: str, link: str = "identity") -> np.ndarray:
    """The outputs (rows, outputs) of the mean answer of several networks, given theirs (networks, rows, outputs).

    Averaged is what a user sees: probabilities of classes and labels, and numbers in the target's own unit. The
    result is written as one network would: logarithms of the mean probabilities, logits, or with link "log" the
    logarithm of the mean.

    >>> combined(np.log([[[0.5, 0.5]], [[0.9, 0.1]]]), "classification").round(3).tolist()
    [[-0.357, -1.204]]
    """
    from scipy.special import log_expit, log_softmax, logsumexp

    if len(outputs) == 1:
        return outputs[0]
    values, count = outputs.astype(np.float64), np.log(len(outputs))
    if task == "classification":
        values = logsumexp(log_softmax(values, axis=2), axis=0) - count
    elif task == "multi-label":
        values = logsumexp(log_expit(values), axis=0) - logsumexp(log_expit(-values), axis=0)
    else:
        values = logsumexp(values, axis=0) - count if link == "log" else values.mean(axis=0)
    return values.astype(outputs.dtype)


@dataclass(eq=False)
class BestEpochs:
    """The evaluated weights of every run of a fleet after its best epoch so far.

    keep: "last" keeps whatever is newest; "best" the epoch of the highest validation score, of equal ones the one of
    the lowest loss; "best-loss" the epoch of the lowest validation loss.
    thetas (runs, size), runnings (runs, …), epochs (runs,) counted from 1; 0 before the first.
    """

    fleet: Fleet
    keep: str = "best"
    thetas: np.ndarray = field(init=False)
    runnings: np.ndarray = field(init=False)
    epochs: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        if self.keep not in KEPT:
            raise SettingsError(
                f"Weights are kept of the {', '.join(KEPT)} epoch, not '{self.keep}'.{hint(self.keep, KEPT)}"
            )
        self.thetas, self.runnings = self.fleet.evaluated, self.fleet.arrays["runnings"].copy()
        self.epochs = np.zeros(len(self.fleet), np.int64)
        self._ranks = np.full((len(self.fleet), 2), -np.inf)

    def look(self, epoch: int) -> None:
        """Take the weights of the runs that are now, after `epoch` epochs, better than ever."""
        table = self.fleet.arrays["histories"][:, epoch - 1]
        alive = self.fleet.arrays["runs"][:, layout.STATUS] != layout.DIVERGED
        losses, scores = -table[:, layout.VALIDATION_LOSS], table[:, layout.VALIDATION_SCORE]
        ranks = np.column_stack([losses, losses] if self.keep == "best-loss" else [scores, losses])
        first, second = ranks.T > self._ranks.T
        better = first | ((ranks[:, 0] == self._ranks[:, 0]) & second)
        better = np.flatnonzero(alive & (better | (self.keep == "last")))
        if better.size:
            self.thetas[better] = self.fleet.evaluated[better]
            self.runnings[better] = self.fleet.arrays["runnings"][better]
            self.epochs[better], self._ranks[better] = epoch, ranks[better]


def train_to_best(
    fleet: Fleet,
    optimizers: Sequence[str],
    epochs: int,
    *,
    workers: int,
    keep: str = "best",
    patience: int | None = None,
    tick: Callable[[], None] = lambda: None,
) -> BestEpochs:
    """Train every run and keep its best epoch; with `patience` all stop when none has been better for so many epochs.

    Schedules run over the fleet's whole course, whether or not its end is reached.
    """
    if patience is not None and patience < 1:
        raise SettingsError(f"The patience must be 1 epoch or more, not {patience}.")
    best = BestEpochs(fleet, keep)
    if keep == "last" and patience is None:
        fleet.advance(optimizers, epochs, workers=workers, tick=tick)
        best.look(epochs)
        return best
    for epoch in range(1, epochs + 1):
        fleet.advance(optimizers, epoch, workers=workers, tick=tick)
        best.look(epoch)
        if patience is not None and epoch - int(best.epochs.max()) >= patience:
            break
    return best


def model_of(
    data: Dataset, network: Network, best: BestEpochs, made_by: dict[str, Any], clip_targets: bool = False
) -> Model:
    """The model of all the runs of a fleet, each at its kept epoch."""
    members = [
        (theta.copy(), running.copy()) for theta, running in zip(best.thetas, best.runnings, strict=True)
    ]
    known = data.train.original
    limits = (float(known.min()), float(known.max())) if clip_targets and known is not None else None
    model = Model.of(data, network, *members[0], made_by)
    return replace(model, others=tuple(members[1:]), target_limits=limits)


def measured(model: Model, split: Split, loss: str) -> dict[str, float]:
    """Score (accuracy, share of right labels, or R²) and mean loss of a model on some rows, each by its weight."""
    outputs = model.outputs(split.inputs)
    targets = np.eye(outputs.shape[1])[split.targets] if model.task == "classification" else split.targets
    weights = np.ones(len(split)) if split.weights is None else split.weights
    losses = catalog.loss(loss).losses(outputs.astype(np.float64), targets.astype(np.float64)).sum(axis=1)
    if model.task == "classification":
        hits = (outputs.argmax(axis=1) == split.targets).astype(np.float64)
        score = float(np.average(hits, weights=weights))
    elif model.task == "multi-label":
        score = float(np.average(((outputs > 0) == (targets > 0.5)).mean(axis=1), weights=weights))
    else:
        answers = (model.answers(outputs) - model.target_mean) / model.target_scale
        known = split.targets[:, 0].astype(np.float64)
        spread = np.average((known - np.average(known, weights=weights)) ** 2, weights=weights)
        score = float(1.0 - np.average((answers - known) ** 2, weights=weights) / (spread or 1.0))
    return {"score": score, "loss": float(np.average(losses, weights=weights))}
