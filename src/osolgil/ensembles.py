"""Several runs of one network as one model.

Networks that differ only in their seeds err in different rows: the mean of their answers is better than any of them
(L. Hansen, P. Salamon 1990; B. Lakshminarayanan et al. 2016, arXiv:1612.01474; for tables Y. Gorishniy et al. 2024,
TabM, arXiv:2410.24210, whose members share most of their weights). A fleet trains them side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from osolgil.data.dataset import Dataset, Split
from osolgil.engines.cpu.fleet import Fleet, Task
from osolgil.engines.cpu.kernels import layout
from osolgil.errors import SettingsError
from osolgil.formulas import catalog
from osolgil.formulas.explained import explained, score_of
from osolgil.model import Model
from osolgil.network import Network

if TYPE_CHECKING:
    from osolgil.best_epochs import BestEpochs

_FOLDS = 7919  # keeps the folds' chance apart from that of splits and weights


@dataclass(eq=False)
class Ensemble:
    """Runs of one optimizer that train in step, epoch by epoch: one fleet, or a fleet per fold of the rows."""

    fleets: tuple[Fleet, ...]
    optimizer: str

    @property
    def histories(self) -> np.ndarray:
        """What was measured at the end of every epoch (runs, epochs, layout.HISTORY_COLUMNS)."""
        return self._all("histories")

    @property
    def records(self) -> np.ndarray:
        """What every layer left on record (runs, epochs, layers, layout.RECORD_COLUMNS)."""
        return self._all("records")

    @property
    def diverged(self) -> np.ndarray:
        """Which runs diverged, bool (runs,)."""
        return self._all("runs")[:, layout.STATUS] == layout.DIVERGED

    @property
    def runnings(self) -> np.ndarray:
        """Running averages of batch normalisation (runs, …)."""
        return self._all("runnings")

    @property
    def evaluated(self) -> np.ndarray:
        """The weights (runs, size) that are evaluated and kept."""
        return np.concatenate([fleet.evaluated for fleet in self.fleets])

    def copy(self) -> Ensemble:
        """The same as it stands now, to be gone back to."""
        return Ensemble(tuple(fleet.take(range(len(fleet))) for fleet in self.fleets), self.optimizer)

    def take(self, places: Sequence[int]) -> Ensemble:
        """A copy of some of the runs, in the order given, each in a fleet of its own."""
        every = [(fleet, place) for fleet in self.fleets for place in range(len(fleet))]
        chosen = [every[number] for number in places]
        return Ensemble(tuple(fleet.take([place]) for fleet, place in chosen), self.optimizer)

    def go_back(self, before: Ensemble) -> None:
        """Be what a copy was."""
        for fleet, old in zip(self.fleets, before.fleets, strict=True):
            fleet.arrays.update({name: values.copy() for name, values in old.arrays.items()})

    def _all(self, name: str) -> np.ndarray:
        return np.concatenate([fleet.arrays[name] for fleet in self.fleets])

    def advance(self, epoch: int, workers: int, tick: Callable[[], None] = lambda: None) -> None:
        """Train every run up to an epoch; one thread takes a fleet at a time where there are several."""
        if len(self.fleets) == 1:
            names = [self.optimizer] * len(self.fleets[0])
            return self.fleets[0].advance(names, epoch, workers=workers, tick=tick)
        with ThreadPoolExecutor(workers) as pool:
            jobs = [
                pool.submit(fleet.advance, [self.optimizer] * len(fleet), epoch, workers=1)
                for fleet in self.fleets
            ]
            while wait(jobs, timeout=0.1).not_done:
                tick()
            for job in jobs:
                job.result()
        return None


def fold_tasks(task: Task, folds: int, seed: int) -> list[Task]:
    """The task once per fold: all rows train but the fold's own, which validate; classes keep their shares."""
    known = np.concatenate([task.training, task.validation])
    if folds > len(known):
        raise SettingsError(f"{folds} folds need as many rows or more, but {len(known)} are known.")
    order = np.random.default_rng([seed, _FOLDS]).permutation(len(known))
    if task.scoring == layout.CLASSES:
        order = order[np.argsort(task.targets[known[order]].argmax(axis=1), kind="stable")]
    fold = np.empty(len(known), np.int64)
    fold[order] = np.arange(len(known)) % folds
    return [
        replace(task, training=known[fold != number], validation=known[fold == number])
        for number in range(folds)
    ]


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


def joined(first: Split, second: Split) -> Split:
    """The rows of two splits, one below the other."""
    pairs = [
        (getattr(first, name), getattr(second, name)) for name in ("inputs", "targets", "original", "weights")
    ]
    return Split(*(None if one is None else np.concatenate([one, other]) for one, other in pairs))  # type: ignore[arg-type]


def left_out_outputs(model: Model, inputs: np.ndarray, tasks: Sequence[Task]) -> np.ndarray:
    """Outputs for the rows of all folds (rows, outputs), each row's by the network that was trained without it."""
    from osolgil.engines.cpu.fleet import outputs

    found = np.zeros((len(inputs), model.network.widths[-1]), model.parameters.dtype)
    for member, task in zip(model.members, tasks, strict=True):
        found[task.validation] = outputs(model.network, *member, inputs[task.validation])
    return found


def measured(model: Model, split: Split, loss: str, outputs: np.ndarray | None = None) -> dict[str, float]:
    """Score (accuracy, share of right labels, R², or D²) and mean loss of a model on some rows, each by its weight.

    outputs: those to measure, by default the model's own.
    """
    outputs = model.outputs(split.inputs) if outputs is None else outputs
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
        if score_of(model.task, loss) == "d2":
            score = explained(catalog.loss(loss), answers[:, None], known[:, None], weights)
        else:
            spread = np.average((known - np.average(known, weights=weights)) ** 2, weights=weights)
            score = float(1.0 - np.average((answers - known) ** 2, weights=weights) / (spread or 1.0))
    return {"score": score, "loss": float(np.average(losses, weights=weights))}
