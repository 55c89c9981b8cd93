"""`train`: one network, one optimizer, one learning rate; no race, so no word on what is better."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from osolgil import __version__
from osolgil.data import Dataset
from osolgil.engines.cpu.compiling import compile_kernels
from osolgil.engines.cpu.fleet import Fleet, RunSetting, Task
from osolgil.engines.cpu.kernels import layout
from osolgil.errors import OutputError, SettingsError
from osolgil.files import claim_folder, write_json
from osolgil.formulas import catalog
from osolgil.model import Model
from osolgil.network import Network
from osolgil.race import own_formulas
from osolgil.race.entry import data_of, threads
from osolgil.race.facts import data_facts, fitted, task_of
from osolgil.race.outputs import recorded
from osolgil.race.progress import EntrantProgress, Progress
from osolgil.race.settings import Entrant, RaceSettings
from osolgil.records import write_history
from osolgil.spelling import hint
from osolgil.streaming import memory_of, source_of, train_streamed

FORMAT = 1
_PAUSE = 0.1
_RACE_ONLY = {"entrants", "learning_rates", "seeds", "confirmation_seeds", "confidence"}


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network: the weights of its last epoch, and how it came there.

    facts: everything in `training.json`, a plain dictionary. history: columns of `history.parquet`, a row per
    epoch. folder: where the files lie, None where none were written. layers: columns of `layers.parquet`, a row per
    epoch and layer: signals, gradients, updates.
    """

    model: Model
    history: dict[str, np.ndarray]
    facts: dict[str, Any]
    folder: Path | None = None
    layers: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def scores(self) -> dict[str, float]:
        """Score after the last epoch by rows: "validation" and "test"; accuracy or R²."""
        return {name: values["score"] for name, values in self.facts["scores"].items()}

    def predict(self, inputs: Any) -> np.ndarray:
        """Class labels, or the target in its own unit, for new rows as raw as the training rows were."""
        return self.model.predict(inputs)


def train(
    inputs: Any,
    targets: Any = None,
    *,
    optimizer: str | Callable[..., Any] = "adam",
    learning_rate: float | None = None,
    hyperparameters: Mapping[str, float] | None = None,
    target: str | Sequence[str] | None = None,
    task: str | None = None,
    test: Any = None,
    sample_weight: Any = None,
    jobs: int | None = None,
    out: str | Path | None = None,
    memory: int | str | None = None,
    resume: bool = False,
    progress: Callable[[Progress], None] | None = None,
    **settings: Any,
) -> Trained:
    """Train one network and keep the weights of its last epoch (no epoch is chosen by its validation score).

    With the same settings this is, to the bit, the first tuning run of that optimizer in a race. Data larger than
    `memory` are streamed instead: read twice, then trained on in shuffled blocks, rows held out by a hash of their
    number; see `osolgil.streaming`.

    Args:
        inputs, targets, target, task, test, sample_weight: as for `osolgil.race`. Streamed are a .npy file, a
            `numpy.memmap` with its targets, a Parquet file or a folder of them, where they are larger than `memory`
            as float64, and always an iterator of batches (inputs, targets) or DataFrames.
        optimizer: a name of the catalog, or your own as for `osolgil.race`. learning_rate: by default the catalog's.
        hyperparameters: others of the optimizer, {"beta1": 0.8}.
        jobs: threads, by default one per core; the network does not depend on it.
        out: folder to write the model, history.parquet, layers.parquet and training.json to; None: nothing.
            `osolgil report` makes a page of the latter two.
        memory: bytes, or "1GiB", that streaming may take beyond what the process holds when it begins; by default
            1 GiB. resume: go on with a streamed training that was interrupted; its network is the same to the bit.
        progress: called about ten times a second.
        **settings: hidden, activation, epochs, batch_size, dropout, seed … as in `RaceSettings`.

    Raises:
        DataError, SettingsError (also where the training diverges), OutputError: one sentence.

    >>> trained = train("iris", epochs=20, hidden=(8,), learning_rate=0.01)
    >>> len(trained.history["epoch"]), sorted(trained.scores)
    (20, ['test', 'validation'])
    """
    begin = time.perf_counter()
    row = catalog.optimizer(optimizer)
    values = row.hyperparameters(**(hyperparameters or {}))
    if learning_rate is not None:
        values["learning_rate"] = float(learning_rate)
    _check(settings, values)
    chosen, workers = RaceSettings(entrants=(Entrant(row.name, row.name),), **settings), threads(jobs)
    bound = memory_of(memory)
    source = source_of(inputs, targets, target, bound)
    if source is not None:
        if sample_weight is not None:
            raise SettingsError("Rows that are streamed all weigh the same; leave sample_weight out.")
        folder = None if out is None else _claim(Path(out).expanduser(), resume)
        return _written(*train_streamed(
            source, chosen, row.name, values, bound, target=target if isinstance(target, str) else None, task=task,
            test=test, workers=workers, folder=folder, resume=resume, progress=progress,
        ), folder=folder)  # fmt: skip
    if resume:
        raise SettingsError("Only a streamed training can be resumed; these data fit into memory.")
    data = data_of(inputs, targets, target, task, test, chosen.seed, sample_weight)
    loaded = time.perf_counter() - begin
    folder = None if out is None else _claim(Path(out).expanduser())
    chosen = chosen.completed(data.task, len(data.train))
    data = fitted(data, chosen)
    job, network = task_of(data, chosen), chosen.network(data.train.inputs.shape[1], data.outputs)
    compiled = compile_kernels(network, job, chosen.precision, [row.name])
    run = RunSetting(
        row.name, values, chosen.seed * 1_000_000, chosen.batch_size or 1, chosen.l1, chosen.l2,
        chosen.weight_decay, chosen.clip_norm, chosen.dropout, chosen.schedule,
    )  # fmt: skip
    epochs = chosen.epochs or 1
    fleet = Fleet.create(network, job, [run], epochs, chosen.precision)
    watch = _Watch(fleet, run, epochs, progress)
    fleet.advance([row.name], epochs, workers=workers, tick=watch.look)
    watch.look(last=True)
    _refuse_diverged(fleet, run)
    facts = _facts(data, network, chosen, run, _scores(fleet, data, workers))
    facts["seconds"] = {
        "data": loaded, "compile": compiled, "train": watch.seconds, "total": time.perf_counter() - begin,
    }  # fmt: skip
    theta, running = fleet.evaluated[0], fleet.arrays["runnings"][0].copy()
    model = Model.of(data, network, theta, running, facts["made_by"])
    facts["layers"] = _shown_layers(network, job, chosen, run, fleet, model)
    records = recorded(fleet.arrays["records"], "train", row.name, values["learning_rate"], [run.seed])
    return _written(model, epochs_of(fleet), facts, folder, records)


def _written(
    model: Model,
    epochs: Mapping[str, np.ndarray],
    facts: dict[str, Any],
    folder: Path | None,
    layers: Mapping[str, np.ndarray] | None = None,
) -> Trained:
    """The trained network, in its folder where it has one; a streamed one has no record of its layers."""
    trained = Trained(model, _history(epochs, facts), facts, folder, dict(layers or {}))
    if folder is not None:
        model.save(folder)
        write_history(folder / "history.parquet", trained.history)
        if trained.layers:
            write_history(folder / "layers.parquet", trained.layers)
        write_json(folder / "training.json", facts)
    return trained


def _shown_layers(
    network: Network, job: Task, settings: RaceSettings, run: RunSetting, fleet: Fleet, model: Model
) -> dict[str, Any]:
    from osolgil.diagnosis.shown_runs import training_layers

    return training_layers(network, job, settings, run, fleet, model)


def _check(settings: Mapping[str, Any], values: Mapping[str, float]) -> None:
    known = sorted(set(RaceSettings.__dataclass_fields__) - _RACE_ONLY)
    for name in settings:
        if name not in known:
            raise SettingsError(
                f"Training has no setting '{name}'; it has {', '.join(known)}.{hint(name, known)}"
            )
    for name, value in values.items():
        if not np.isfinite(value):
            raise SettingsError(f"The hyperparameter {name} must be a finite number, not {value}.")
    if values["learning_rate"] <= 0:
        raise SettingsError(f"The learning rate must be positive, not {values['learning_rate']}.")


def _claim(folder: Path, resume: bool = False) -> Path:
    going_on = resume and (folder / "plan.json").exists()
    claim_folder(folder, resume=resume)
    others = ("verdict.json", "training.json", "model.json", *(() if going_on else ("plan.json",)))
    for name in others:
        if (folder / name).exists():
            raise OutputError(
                f"The folder {folder} holds the {name} of other work; choose another with --out."
            )
    return folder


class _Watch:
    """Tells `observe` how the training stands, at most ten times a second."""

    def __init__(
        self, fleet: Fleet, run: RunSetting, epochs: int, observe: Callable[[Progress], None] | None
    ) -> None:
        self.fleet, self.run, self.epochs, self.observe = fleet, run, epochs, observe
        self.start, self.last = time.perf_counter(), 0.0

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.start

    def look(self, last: bool = False) -> None:
        now = time.perf_counter()
        if self.observe is None or (now - self.last < _PAUSE and not last):
            return
        self.last = now
        table = self.fleet.arrays["histories"][0]
        done = int(np.isfinite(table[:, layout.STEPS_DONE]).sum())
        name = self.run.optimizer
        entrant = EntrantProgress(
            name,
            catalog.optimizer(name).title,
            self.run.hyperparameters["learning_rate"],
            float(table[done - 1, layout.VALIDATION_SCORE]) if done else None,
            tuple(table[:done, layout.VALIDATION_LOSS].tolist()),
            running=int(not last),
            finished=int(last),
        )
        remaining = self.seconds / done * (self.epochs - done) if done else None
        score_name = "accuracy" if self.fleet.task.classify else "r2"
        self.observe(Progress("train", (entrant,), done, self.epochs, self.seconds, remaining, score_name))


def _refuse_diverged(fleet: Fleet, run: RunSetting) -> None:
    if fleet.arrays["runs"][0, layout.STATUS] != layout.DIVERGED:
        return
    epoch = int(np.isfinite(fleet.arrays["histories"][0][:, layout.STEPS_DONE]).sum())
    rate = run.hyperparameters["learning_rate"]
    raise SettingsError(
        f"{catalog.optimizer(run.optimizer).title} with learning rate {rate:g} diverged in epoch {epoch}, so "
        f"no network was kept; try a learning rate of {rate / 10:g}."
    )


def _scores(fleet: Fleet, data: Dataset, workers: int) -> dict[str, dict[str, float]]:
    first = len(data.train) + len(data.validation)
    losses, scores = fleet.measure(np.arange(first, first + len(data.test)), workers)
    final = fleet.arrays["histories"][0][-1]
    return {
        "validation": {
            "score": float(final[layout.VALIDATION_SCORE]), "loss": float(final[layout.VALIDATION_LOSS]),
        },
        "test": {"score": float(scores[0]), "loss": float(losses[0])},
    }  # fmt: skip


def _facts(
    data: Dataset,
    network: Network,
    settings: RaceSettings,
    run: RunSetting,
    scores: dict[str, dict[str, float]],
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": __version__,
        "data": data_facts(data),
        "settings": {name: value for name, value in settings.to_dict().items() if name not in _RACE_ONLY},
        "formulas": own_formulas.stored(settings),
        "network": {**network.to_dict(), "parameters": network.size},
        "scores": scores,
        "weights": "last epoch",
        "made_by": {
            "optimizer": run.optimizer,
            "hyperparameters": dict(run.hyperparameters),
            "seed": run.seed,
            "epochs": settings.epochs,
            "batch_size": run.batch_size,
            "loss": settings.loss,
            "data": data.name,
            "fingerprint": data.fingerprint,
        },
    }


def epochs_of(fleet: Fleet) -> dict[str, np.ndarray]:
    """What the one run there is measured in every epoch."""
    table = fleet.arrays["histories"][0]
    return {
        "step": table[:, layout.STEPS_DONE].astype(np.int64),
        "training_loss": table[:, layout.TRAINING_LOSS],
        "validation_loss": table[:, layout.VALIDATION_LOSS],
        "validation_score": table[:, layout.VALIDATION_SCORE],
    }


def _history(epochs: Mapping[str, np.ndarray], facts: dict[str, Any]) -> dict[str, np.ndarray]:
    """The columns of a race's history, for the one run there is."""
    made, count = facts["made_by"], len(epochs["step"])
    texts = {
        "phase": "train",
        "entrant": made["optimizer"],
        "hyperparameters": json.dumps(made["hyperparameters"], sort_keys=True),
        "state": "finished",
    }
    columns = {name: np.full(count, text, object) for name, text in texts.items()}
    return {
        "phase": columns["phase"],
        "entrant": columns["entrant"],
        "learning_rate": np.full(count, made["hyperparameters"]["learning_rate"]),
        "hyperparameters": columns["hyperparameters"],
        "seed": np.full(count, made["seed"]),
        "epoch": np.arange(1, count + 1),
        **epochs,
        "state": columns["state"],
        "weighted": np.full(count, facts["data"]["weights"] is not None),
    }
