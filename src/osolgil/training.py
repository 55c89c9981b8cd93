"""`train`: one optimizer, one learning rate, one network or an ensemble; no race, so no word on what is better."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from osolgil import __version__
from osolgil.data import Dataset, Encoding
from osolgil.engines.cpu.compiling import compile_kernels
from osolgil.engines.cpu.fleet import Fleet, RunSetting
from osolgil.engines.cpu.kernels import layout
from osolgil.ensembles import (
    BestEpochs,
    Ensemble,
    fold_tasks,
    joined,
    left_out_outputs,
    measured,
    model_of,
    train_to_best,
)
from osolgil.errors import OutputError, SettingsError
from osolgil.files import claim_folder, write_json
from osolgil.formulas import catalog
from osolgil.model import Model
from osolgil.network import Network
from osolgil.race import own_formulas
from osolgil.race.entry import data_of, threads
from osolgil.race.facts import data_facts, fitted, task_of
from osolgil.race.progress import EntrantProgress, Progress
from osolgil.race.settings import Entrant, RaceSettings
from osolgil.records import write_history
from osolgil.spelling import hint
from osolgil.tabular_defaults import Choice

FORMAT = 1
_PAUSE = 0.1
_KEPT = {
    "last": "last epoch",
    "best": "best epoch by validation score",
    "best-loss": "best epoch by validation loss",
    "best-mean": "best epoch by the mean validation score of all networks",
    "best-mean-loss": "best epoch by the mean validation loss of all networks",
}
_RACE_ONLY = {"entrants", "learning_rates", "seeds", "confirmation_seeds", "confidence"}


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network, or an ensemble of them, and how it came there.

    facts: everything in `training.json`, a plain dictionary. history: columns of `history.parquet`, a row per
    network and epoch. folder: where the files lie, None where none were written.
    """

    model: Model
    history: dict[str, np.ndarray]
    facts: dict[str, Any]
    folder: Path | None = None

    @property
    def scores(self) -> dict[str, float]:
        """Score of the weights that were kept, by rows: "validation" and "test"; accuracy or R²."""
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
    progress: Callable[[Progress], None] | None = None,
    **settings: Any,
) -> Trained:
    """Train one network, or several at once whose mean answer is the model.

    With the same settings and the usual defaults this is, to the bit, the first tuning run of that optimizer in a
    race: one network, and the weights of its last epoch (no epoch is chosen by its validation score).

    Args:
        inputs, targets, target, task, test, sample_weight: as for `osolgil.race`.
        optimizer: a name of the catalog ("adam"), or your own as for `osolgil.race`. learning_rate: by default the
            catalog's. hyperparameters: others of the optimizer, {"beta1": 0.8}.
        defaults: what is taken where nothing is said: "race" as races do, plain networks on standardised columns; or
            "table", what did best on tables, see `osolgil.tabular_defaults`.
        ensemble: how many networks, which differ in their seeds. folds: whether each of them leaves out another part
            of the training and validation rows to validate on, so that every row trains most of them.
        keep: weights of the "last" epoch, of the "best" by validation score, of that with the "best-loss", or of the
            one that is best in the mean of all networks, "best-mean" or "best-mean-loss". patience: stop when so
            many epochs brought no better.
        clip_targets: whether a number is answered only within the range of the training targets.
        jobs: threads, by default one per core; the network does not depend on it.
        out: folder to write the model, history.parquet and training.json to; None: nothing.
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
    workers = threads(jobs)
    encoding = asked.encoding(defaults)
    if isinstance(inputs, Dataset) and not {"scaling", "numbers"} & set(settings):
        encoding = Encoding()  # its columns are what they are, whatever the defaults
    data = data_of(inputs, targets, target, task, test, seed, sample_weight, encoding)
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
    facts = _facts(data, network, chosen, runs, choice, best)
    model = model_of(data, network, best, facts["made_by"], choice.clip_targets)
    facts["scores"] = _scores(ensemble_, model, data, workers, choice)
    facts["seconds"] = {
        "data": loaded, "compile": compiled, "train": watch.seconds, "total": time.perf_counter() - begin,
    }  # fmt: skip
    trained = Trained(model, _history(ensemble_, runs), facts, folder)
    if folder is not None:
        model.save(folder)
        write_history(folder / "history.parquet", trained.history)
        write_json(folder / "training.json", facts)
    return trained


def _check(asked: Choice) -> None:
    known = sorted(set(RaceSettings.__dataclass_fields__) - _RACE_ONLY)
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


def _claim(folder: Path) -> Path:
    claim_folder(folder, resume=False)
    for name in ("plan.json", "verdict.json", "training.json", "model.json"):
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


def _scores(
    ensemble: Ensemble, model: Model, data: Dataset, workers: int, choice: Choice
) -> dict[str, dict[str, float]]:
    fleet, loss = ensemble.fleets[0], ensemble.fleets[0].task.loss
    if choice.ensemble == 1 and choice.keep == "last" and not choice.patience and not choice.clip_targets:
        first = len(data.train) + len(data.validation)
        losses, scores = fleet.measure(np.arange(first, first + len(data.test)), workers)
        final = fleet.arrays["histories"][0][-1]
        return {
            "validation": {
                "score": float(final[layout.VALIDATION_SCORE]), "loss": float(final[layout.VALIDATION_LOSS]),
            },
            "test": {"score": float(scores[0]), "loss": float(losses[0])},
        }  # fmt: skip
    test = measured(model, data.test, loss)
    if len(ensemble.fleets) == 1:
        return {"validation": measured(model, data.validation, loss), "test": test}
    known = joined(data.train, data.validation)
    outputs = left_out_outputs(model, known.inputs, [fleet.task for fleet in ensemble.fleets])
    return {"validation": measured(model, known, loss, outputs), "test": test}


def _facts(
    data: Dataset,
    network: Network,
    settings: RaceSettings,
    runs: Sequence[RunSetting],
    choice: Choice,
    best: BestEpochs,
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": __version__,
        "data": data_facts(data),
        "settings": {name: value for name, value in settings.to_dict().items() if name not in _RACE_ONLY},
        "formulas": own_formulas.stored(settings),
        "network": {**network.to_dict(), "parameters": network.size, "networks": len(runs)},
        "scores": {},
        "weights": _KEPT[choice.keep],
        "validated_on": "rows held out"
        if len(best.ensemble.fleets) == 1
        else "the fold each network left out",
        "kept_epochs": best.epochs.tolist(),
        "choice": choice.to_dict(),
        "made_by": {
            "optimizer": runs[0].optimizer,
            "hyperparameters": dict(runs[0].hyperparameters),
            "seed": runs[0].seed,
            "epochs": settings.epochs,
            "batch_size": runs[0].batch_size,
            "loss": settings.loss,
            "data": data.name,
            "fingerprint": data.fingerprint,
            **({"networks": len(runs)} if len(runs) > 1 else {}),
        },
    }


def _history(ensemble: Ensemble, runs: Sequence[RunSetting]) -> dict[str, np.ndarray]:
    """The columns of a race's history, with a row per run and epoch that was trained."""
    histories = ensemble.histories
    done = np.isfinite(histories[:, :, layout.STEPS_DONE])
    table = histories[done]
    count = len(table)
    texts = {
        "phase": "train",
        "entrant": runs[0].optimizer,
        "hyperparameters": json.dumps(runs[0].hyperparameters, sort_keys=True),
        "state": "finished",
    }
    columns = {name: np.full(count, text, object) for name, text in texts.items()}
    seeds = np.array([run.seed for run in runs])
    return {
        "phase": columns["phase"],
        "entrant": columns["entrant"],
        "learning_rate": np.full(count, runs[0].hyperparameters["learning_rate"]),
        "hyperparameters": columns["hyperparameters"],
        "seed": np.repeat(seeds, done.sum(axis=1)),
        "epoch": np.nonzero(done)[1] + 1,
        "step": table[:, layout.STEPS_DONE].astype(np.int64),
        "training_loss": table[:, layout.TRAINING_LOSS],
        "validation_loss": table[:, layout.VALIDATION_LOSS],
        "validation_score": table[:, layout.VALIDATION_SCORE],
        "state": columns["state"],
        "weighted": np.full(count, ensemble.fleets[0].task.weights is not None),
    }
