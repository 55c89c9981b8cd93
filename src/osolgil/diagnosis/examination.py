"""A network with its data and its training, trained and tried with other learning rates and batches, beside theory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from osolgil.diagnosis import measurement
from osolgil.diagnosis.measurement import Measurement, curvature, from_record, measure
from osolgil.diagnosis.prediction import INFINITE_WIDTH, Inputs, Prediction, predict, residual, scales_of
from osolgil.diagnosis.reference import Reference
from osolgil.engines.cpu import calibration
from osolgil.engines.cpu.fleet import Fleet, RunSetting, Task
from osolgil.engines.cpu.kernels import layout
from osolgil.formulas import catalog
from osolgil.network import Network

SEEDS, PROBE_SEEDS = 3, 2
RATE_FACTORS = (0.001, 0.01, 0.1, 10.0, 100.0, 1000.0)
_BATCH_FACTOR = 16
_LOOK_ROWS = 256


@dataclass(frozen=True, eq=False)
class Case:
    """What is examined: a network, its data and how it is trained.

    start: first parameters by seed, by default those of the network's initial scale. standard_scale: the initial
    scale that is usual for the network's activation, which predictions are compared with.
    """

    network: Network
    task: Task
    run: RunSetting
    epochs: int
    start: Callable[[int], np.ndarray] | None = None
    standard_scale: str = "glorot_uniform"

    @property
    def rate(self) -> float:
        return self.run.hyperparameters["learning_rate"]

    @property
    def batch_size(self) -> int:
        """Rows of a training step: all of them for an optimizer that wants the whole gradient."""
        rows = len(self.task.training)
        return rows if catalog.optimizer(self.run.optimizer).full_batch else min(self.run.batch_size, rows)

    def initial(self, seed: int) -> np.ndarray:
        """First parameters of a seed."""
        precision = self.task.inputs.dtype.name
        if self.start is not None:
            return self.start(seed)
        rows = self.task.inputs[self.task.training[: calibration.ROWS]]
        return calibration.first_parameters(self.network, seed, precision, rows)

    def with_rate(self, factor: float) -> RunSetting:
        """The run with another learning rate."""
        return replace(
            self.run, hyperparameters={**self.run.hyperparameters, "learning_rate": self.rate * factor}
        )

    def train(self, runs: Sequence[RunSetting], workers: int) -> Fleet:
        """Train runs of this network on all cores."""
        precision = self.task.inputs.dtype.name
        fleet = Fleet.create(self.network, self.task, runs, self.epochs, precision)
        if self.start is not None:
            for place, run in enumerate(runs):
                fleet.arrays["thetas"][place] = self.start(run.seed)
        fleet.advance([run.optimizer for run in runs], self.epochs, workers=workers)
        return fleet


@dataclass(frozen=True, eq=False)
class Course:
    """How some runs of one setting went: losses and scores (seeds, epochs), NaN after a divergence."""

    training_loss: np.ndarray
    validation_loss: np.ndarray
    validation_score: np.ndarray
    diverged: np.ndarray
    lowest: float

    @classmethod
    def of(cls, fleet: Fleet, places: Sequence[int]) -> Course:
        """The runs of a fleet at these places."""
        table, chosen = fleet.arrays["histories"][list(places)], list(places)
        return cls(
            table[:, :, layout.TRAINING_LOSS], table[:, :, layout.VALIDATION_LOSS],
            table[:, :, layout.VALIDATION_SCORE], fleet.arrays["runs"][chosen, layout.STATUS] == layout.DIVERGED,
            0.0 if fleet.task.classify else -1.0,
        )  # fmt: skip

    @property
    def scores(self) -> np.ndarray:
        """Validation score (seeds,) after the last epoch; the lowest possible where a run diverged."""
        return self._usable_scores[:, -1]

    @property
    def score(self) -> float:
        """Mean validation score."""
        return float(self.scores.mean())

    @property
    def smoothed_scores(self) -> np.ndarray:
        """Validation score (epochs,) as a mean over seeds and over the epochs beside each."""
        mean = self._usable_scores.mean(0)
        return np.convolve(np.pad(mean, 1, mode="edge"), np.ones(3) / 3.0, mode="valid")

    @property
    def _usable_scores(self) -> np.ndarray:
        """Validation score (seeds, epochs), the lowest possible where a run diverged."""
        usable = np.isfinite(self.validation_score) & ~self.diverged[:, None]
        return np.maximum(np.where(usable, self.validation_score, self.lowest), self.lowest)

    @property
    def best_epoch(self) -> int:
        """Epochs after which the validation score was best."""
        return int(np.argmax(self.smoothed_scores)) + 1

    @property
    def best_score(self) -> float:
        """Validation score of the best epoch."""
        return float(self.smoothed_scores.max())

    @property
    def final_loss(self) -> float:
        """Mean training loss of the last epoch; infinite where every run diverged."""
        last = self.training_loss[:, -1]
        usable = np.isfinite(last) & ~self.diverged
        return float(last[usable].mean()) if usable.any() else np.inf


@dataclass(frozen=True, eq=False)
class Examination:
    """Everything an explanation may use.

    prediction: of this network with its weights and inputs as they are. standard: of the same architecture with
    standardised inputs and its activation's usual weights, which is what it should show. before, after: the
    network before and after training. epochs: the first run's record, a measurement per epoch. course: the runs as
    asked. rates: with other learning rates, by factor. batch: with larger batches, None where none fit.
    """

    case: Case
    prediction: Prediction
    standard: Prediction
    reference: Reference
    before: Measurement
    after: Measurement | None
    epochs: list[Measurement]
    course: Course
    rates: dict[float, Course]
    batch: Course | None
    curvature: float
    copies: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    train_score: float = np.nan


def inputs_of(task: Task, rows: int = _LOOK_ROWS) -> Inputs:
    """The rows of a task that predictions and measurements look at."""
    chosen = task.inputs[measurement.evenly(task.training, rows)]
    return Inputs.of(chosen, task.loss)


def standard_prediction(case: Case) -> Prediction:
    """What the architecture shows with standardised inputs and the usual weights."""
    given = inputs_of(case.task)
    usual = replace(given, mean_square=1.0, common=0.0, unequal=0.0, spread=0.0, sizes=(1.0,))
    network = replace(case.network, initial_scale=case.standard_scale)
    return predict(network, usual, dropout=case.run.dropout)


def theory_facts(network: Network, rows: int) -> dict[str, Any]:
    """Which theory a prediction for a mean over rows rests on, for the assumption that is printed beside it."""
    skips = any(residual(network, index) for index in range(network.depth))
    return {
        "kind": network.normalization or ("residual" if skips else "plain"),
        "assumption": INFINITE_WIDTH,
        "rows": rows,
        "narrowest": min(network.widths[1:-1], default=network.widths[-1]),
    }


def examine(case: Case, workers: int, reference: Reference | None = None) -> Examination:
    """Predict, measure and train: three runs as asked, two for each other learning rate and for larger batches."""
    theta = case.initial(case.run.seed)
    rows = measurement.evenly(case.task.training, _LOOK_ROWS)
    running = case.network.initial_running(theta.dtype.name)
    prediction = predict(
        case.network, inputs_of(case.task), dropout=case.run.dropout, scales=scales_of(case.network, theta)
    )
    before = measure(case.network, theta, running, case.task, rows)
    groups = _groups(case)
    fleet = case.train([run for runs in groups.values() for run in runs], workers)
    courses, place = {}, 0
    for name, runs in groups.items():
        courses[name] = Course.of(fleet, range(place, place + len(runs)))
        place += len(runs)
    trained, averages = fleet.arrays["thetas"][0], fleet.arrays["runnings"][0]
    after = measure(case.network, trained, averages, case.task, rows) if np.isfinite(trained).all() else None
    _, train_scores = fleet.take(range(SEEDS)).measure(case.task.training, workers)
    return Examination(
        case, prediction, standard_prediction(case), reference or Reference.of(case.task), before, after,
        epochs_of(case, fleet.arrays["records"][0], fleet.arrays["histories"][0]), courses["as asked"],
        {factor: courses[f"rate {factor}"] for factor in RATE_FACTORS}, courses.get("batch"),
        curvature(case.network, theta, running, case.task, rows), copies(case.network, theta),
        float(np.nanmean(np.where(np.isfinite(train_scores), train_scores, 0.0))),
    )  # fmt: skip


def copies(network: Network, theta: np.ndarray) -> np.ndarray:
    """Which layers (layers,) have units that are copies of each other: they never become different."""
    found = []
    for layer in network.unpack(theta):
        weight = layer["weight"].astype(np.float64)
        alike = np.ptp(weight, axis=1).max() <= 1e-6 * max(float(np.abs(weight).max()), 1e-30)
        found.append(bool(weight.shape[1] > 1 and alike and np.ptp(layer["bias"]) == 0.0))
    return np.array(found)


def _groups(case: Case) -> dict[str, list[RunSetting]]:
    seeds = [case.run.seed + place for place in range(SEEDS)]
    groups = {"as asked": [replace(case.run, seed=seed) for seed in seeds]}
    for factor in RATE_FACTORS:
        groups[f"rate {factor}"] = [replace(case.with_rate(factor), seed=s) for s in seeds[:PROBE_SEEDS]]
    batch = min(case.run.batch_size * _BATCH_FACTOR, max(len(case.task.training) // 8, 1), layout.PIECE_ROWS)
    if batch >= 4 * case.run.batch_size:
        groups["batch"] = [replace(case.run, batch_size=batch, seed=s) for s in seeds[:PROBE_SEEDS]]
    return groups


def epochs_of(case: Case, records: np.ndarray, history: np.ndarray) -> list[Measurement]:
    """A measurement per epoch from what a run left on record, (epochs, layers, RECORD_COLUMNS)."""
    batch, batched = case.batch_size, case.network.normalization == "batch"
    observed = min(batch, layout.OBSERVED_ROWS)
    return [
        from_record(record, float(line[layout.TRAINING_LOSS]), observed, batch, batched=batched)
        for record, line in zip(records, history, strict=True)
        if np.isfinite(record[:, layout.SIGNAL]).all() and np.isfinite(line[layout.STEPS_DONE])
    ]
