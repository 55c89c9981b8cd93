"""`train`: one optimizer, one learning rate, one network or an ensemble; no race, so no word on what is better."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from osolgil.best_epochs import train_to_best
from osolgil.data import Dataset, Encoding
from osolgil.engines.cpu.compiling import compile_kernels
from osolgil.engines.cpu.fleet import Fleet, RunSetting, Task
from osolgil.engines.cpu.kernels import layout
from osolgil.ensembles import Ensemble, fold_tasks, model_of
from osolgil.errors import OutputError, SettingsError
from osolgil.files import claim_folder, write_json
from osolgil.formulas import catalog
from osolgil.model import Model
from osolgil.network import Network
from osolgil.race.entry import data_of, threads
from osolgil.race.facts import fitted, task_of
from osolgil.race.outputs import recorded
from osolgil.race.progress import EntrantProgress, Progress
from osolgil.race.settings import Entrant, RaceSettings
from osolgil.records import write_history
from osolgil.spelling import hint
from osolgil.streaming import memory_of, source_of, train_streamed
from osolgil.tabular_defaults import Choice
from osolgil.training_facts import RACE_ONLY, columns_of, facts_of, history, scores

_PAUSE = 0.1


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network, or an ensemble of them, and how it came there.

    facts: everything in `training.json`, a plain dictionary. history: columns of `history.parquet`, a row per
    network and epoch. folder: where the files lie, None where none were written. layers: columns of
    `layers.parquet`, a row per network, epoch and layer: signals, gradients, updates.
    """

    model: Model
    history: dict[str, np.ndarray]
    facts: dict[str, Any]
    folder: Path | None = None
    layers: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def scores(self) -> dict[str, float]:
        """Score of the weights that were kept, by rows: "validation" and "test"; accuracy, R² or D²."""
        return {name: values["score"] for name, values in self.facts["scores"].items()}

    def predict(self, inputs: Any) -> np.ndarray:
        """Class labels, or the target in its own unit, for new rows as raw as the training rows were."""
        return self.model.predict(inputs)


def train(
    inputs: Any,
    targets: Any = None,
    *,
    optimizer: str | Callable[..., Any] | None = None,
    learning_rate: float | None = None,
    hyperparameters: Mapping[str, float] | None = None,
    target: str | Sequence[str] | None = None,
    task: str | None = None,
    test: Any = None,
    sample_weight: Any = None,
    defaults: str = "race",
    ensemble: int | None = None,
    folds: bool | None = None,
    keep: str | None = None,
    patience: int | None = None,
    clip_targets: bool | None = None,
    jobs: int | None = None,
    out: str | Path | None = None,
    memory: int | str | None = None,
    resume: bool = False,
    progress: Callable[[Progress], None] | None = None,
    **settings: Any,
) -> Trained:
    """Train one network, or several at once whose mean answer is the model.

    With the same settings and the usual defaults this is, to the bit, the first tuning run of that optimizer in a
    race: one network, and the weights of its last epoch (no epoch is chosen by its validation score). Data larger
    than `memory` are streamed instead: read twice, then trained on in shuffled blocks, rows held out by a hash of
    their number; see `osolgil.streaming`.

    Args:
        inputs, targets, target, task, test, sample_weight: as for `osolgil.race`. Streamed are a .npy file, a
            `numpy.memmap` with its targets, a Parquet file or a folder of them, where they are larger than `memory`
            as float64, and always an iterator of batches (inputs, targets) or DataFrames.
        optimizer: a name of the catalog, or your own as for `osolgil.race`. learning_rate: by default the catalog's.
        hyperparameters: others of the optimizer, {"beta1": 0.8}.
        defaults: what is taken where nothing is said: "race" as races do, plain networks on standardised columns; or
            "table", what did best on tables, see `osolgil.tabular_defaults`.
        ensemble: how many networks, which differ in their seeds. folds: whether each of them leaves out another part
            of the training and validation rows to validate on, so that every row trains most of them.
        keep: weights of the "last" epoch, of the "best" by validation score, of that with the "best-loss", or of the
            one that is best in the mean of all networks, "best-mean" or "best-mean-loss". patience: stop when so
            many epochs brought no better.
        clip_targets: whether a number is answered only within the range of the training targets.
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
    asked = Choice(
        optimizer,
        learning_rate,
        hyperparameters or {},
        ensemble,
        folds,
        keep,
        patience,
        clip_targets,
        settings,
    )
    _check(asked)
    seed = RaceSettings(**{key: settings[key] for key in ("seed",) if key in settings}).seed
    workers, bound = threads(jobs), memory_of(memory)
    source = source_of(inputs, targets, target, bound)
    if source is not None:
        if sample_weight is not None:
            raise SettingsError("Rows that are streamed all weigh the same; leave sample_weight out.")
        row, values, chosen = _streamable(asked, defaults)
        folder = None if out is None else _claim(Path(out).expanduser(), resume)
        return _streamed(*train_streamed(
            source, chosen, row.name, values, bound, target=target if isinstance(target, str) else None, task=task,
            test=test, workers=workers, folder=folder, resume=resume, progress=progress,
        ), folder=folder)  # fmt: skip
    if resume:
        raise SettingsError("Only a streamed training can be resumed; these data fit into memory.")
    encoding = asked.encoding(defaults)
    if isinstance(inputs, Dataset) and not {"scaling", "numbers"} & set(settings):
        encoding = Encoding()  # its columns are what they are, whatever the defaults
    data = data_of(inputs, targets, target, task, test, seed, sample_weight, encoding, settings.get("loss"))
    choice = asked.completed(defaults, data)
    row = catalog.optimizer(choice.optimizer)
    chosen = RaceSettings(entrants=(Entrant(row.name, row.name),), **choice.settings)
    loaded = time.perf_counter() - begin
    folder = None if out is None else _claim(Path(out).expanduser())
    chosen = chosen.completed(data.task, len(data.train))
    data = fitted(data, chosen)
    job, network = task_of(data, chosen), chosen.network(data.train.inputs.shape[1], data.outputs)
    compiled = compile_kernels(network, job, chosen.precision, [row.name])
    runs = [
        RunSetting(
            row.name, dict(choice.hyperparameters), chosen.seed * 1_000_000 + member, chosen.batch_size or 1, chosen.l1,
            chosen.l2, chosen.weight_decay, chosen.clip_norm, chosen.dropout, chosen.schedule,
        )
        for member in range(choice.ensemble)
    ]  # fmt: skip
    epochs = chosen.epochs or 1
    tasks = fold_tasks(job, len(runs), chosen.seed) if choice.folds and len(runs) > 1 else [job]
    shares = [runs] if len(tasks) == 1 else [[run] for run in runs]
    fleets = tuple(
        Fleet.create(network, task, share, epochs, chosen.precision)
        for task, share in zip(tasks, shares, strict=True)
    )
    ensemble_ = Ensemble(fleets, row.name)
    watch = _Watch(fleets[0], runs[0], epochs, progress)
    best = train_to_best(
        ensemble_, epochs, workers=workers, keep=choice.keep, patience=choice.patience, tick=watch.look
    )
    watch.look(last=True)
    _refuse_diverged(ensemble_, runs)
    facts = facts_of(data, network, chosen, runs, choice, best)
    model = model_of(data, network, best, facts["made_by"], choice.clip_targets)
    facts["scores"] = scores(ensemble_, model, data, workers, choice, best.sharpness)
    facts["seconds"] = {
        "data": loaded, "compile": compiled, "train": watch.seconds, "total": time.perf_counter() - begin,
    }  # fmt: skip
    first = replace(model, others=())
    facts["layers"] = _shown_layers(network, tasks[0], chosen, runs[0], fleets[0], first)
    rate, seeds = choice.hyperparameters["learning_rate"], [run.seed for run in runs]
    records = recorded(ensemble_.records, "train", row.name, rate, seeds)
    return _written(Trained(model, history(ensemble_, runs), facts, folder, records))


def _streamable(asked: Choice, defaults: str) -> tuple[catalog.Optimizer, dict[str, float], RaceSettings]:
    """The optimizer, its hyperparameters and the settings of a streamed training: one network on plain columns."""
    others = {
        "ensemble": asked.ensemble,
        "folds": asked.folds,
        "keep": asked.keep,
        "patience": asked.patience,
    }
    others |= {"clip_targets": asked.clip_targets, "defaults": None if defaults == "race" else defaults}
    others |= {name: asked.settings.get(name) for name in ("scaling", "numbers")}
    given = [name for name, value in others.items() if value not in (None, False, "last", 1)]
    if given:
        raise SettingsError(
            f"Data that are streamed train one network on plain columns; leave {given[0]} out, or raise memory."
        )
    row = catalog.optimizer(asked.optimizer or "adam")
    values = row.hyperparameters(**asked.hyperparameters)
    if asked.learning_rate is not None:
        values["learning_rate"] = float(asked.learning_rate)
    settings = {name: value for name, value in asked.settings.items() if name not in ("scaling", "numbers")}
    return row, values, RaceSettings(entrants=(Entrant(row.name, row.name),), **settings)


def _streamed(
    model: Model, epochs: Mapping[str, np.ndarray], facts: dict[str, Any], folder: Path | None
) -> Trained:
    """What a streamed training leaves: all but a record of its layers."""
    made, count = facts["made_by"], len(epochs["step"])
    columns = columns_of(made, np.full(count, made["seed"]), np.arange(1, count + 1), epochs, weighted=False)
    return _written(Trained(model, columns, facts, folder))


def _written(trained: Trained) -> Trained:
    """The same, in its folder where it has one."""
    model, facts, folder = trained.model, trained.facts, trained.folder
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


def _check(asked: Choice) -> None:
    known = sorted(set(RaceSettings.__dataclass_fields__) - RACE_ONLY)
    for name in asked.settings:
        if name not in known:
            raise SettingsError(
                f"Training has no setting '{name}'; it has {', '.join(known)}.{hint(name, known)}"
            )
    for name, value in asked.hyperparameters.items():
        if not np.isfinite(value):
            raise SettingsError(f"The hyperparameter {name} must be a finite number, not {value}.")
    rate = asked.learning_rate
    if rate is not None and not np.isfinite(rate):
        raise SettingsError(f"The hyperparameter learning_rate must be a finite number, not {rate}.")
    if rate is not None and rate <= 0:
        raise SettingsError(f"The learning rate must be positive, not {rate}.")


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
        score = self.fleet.task.score
        self.observe(Progress("train", (entrant,), done, self.epochs, self.seconds, remaining, score))


def _refuse_diverged(ensemble: Ensemble, runs: Sequence[RunSetting]) -> None:
    diverged = ensemble.diverged
    if not diverged.any():
        return
    table = ensemble.histories[int(diverged.argmax())]
    epoch = int(np.isfinite(table[:, layout.STEPS_DONE]).sum())
    rate = runs[0].hyperparameters["learning_rate"]
    raise SettingsError(
        f"{catalog.optimizer(runs[0].optimizer).title} with learning rate {rate:g} diverged in epoch {epoch}, so "
        f"no network was kept; try a learning rate of {rate / 10:g}."
    )
