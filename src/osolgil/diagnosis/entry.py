"""`diagnose`: does this network learn these data, if not why, and what to change."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from osolgil import __version__
from osolgil.data import Dataset
from osolgil.diagnosis.examination import Case, Examination, examine, inputs_of, theory_facts
from osolgil.diagnosis.explanation import Explanation, explain, gradient_change
from osolgil.diagnosis.first_look import compile_diagnosis
from osolgil.diagnosis.phases import phases
from osolgil.diagnosis.repair import Repair, repair, test_score
from osolgil.engines.cpu.fleet import RunSetting
from osolgil.errors import SettingsError
from osolgil.files import claim_folder, write_json
from osolgil.formulas import catalog
from osolgil.race.entry import data_of, threads
from osolgil.race.facts import data_facts, fitted, task_of
from osolgil.race.settings import Entrant, RaceSettings

FORMAT = 1
_RACE_ONLY = {"entrants", "learning_rates", "seeds", "confirmation_seeds", "confidence"}


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What was found. facts: everything in `diagnosis.json`, a plain dictionary.

    examination: every prediction, measurement and run. folder: where the files lie, None where none were written.
    """

    facts: dict[str, Any]
    examination: Examination
    folder: Path | None = None

    @property
    def cause(self) -> str:
        """The root cause named, or "healthy", or "unclear"."""
        return self.facts["explanation"]["cause"]

    @property
    def findings(self) -> list[dict[str, Any]]:
        """Everything found, the root first: cause, certainty, layer, evidence."""
        return list(self.facts["explanation"]["findings"])

    def sentences(self, language: str = "en") -> list[str]:
        """The diagnosis in plain sentences, in "en" or "ko"."""
        from osolgil.report.diagnosis_sentences import diagnosis_sentences

        return diagnosis_sentences(self.facts, language)

    def __str__(self) -> str:
        return "\n".join(self.sentences())


def diagnose(
    inputs: Any,
    targets: Any = None,
    *,
    optimizer: str = "adam",
    learning_rate: float | None = None,
    hyperparameters: Mapping[str, float] | None = None,
    target: str | Sequence[str] | None = None,
    task: str | None = None,
    test: Any = None,
    sample_weight: Any = None,
    repair: bool = False,
    jobs: int | None = None,
    out: str | Path | None = None,
    language: str = "en",
    **settings: Any,
) -> Diagnosis:
    """Predict, measure and explain how a network learns some data; with `repair`, try what may cure it.

    The network is trained three times as asked and twice with each of six other learning rates and with larger
    batches, because theory says nothing about the learning rate. Only validation rows decide.

    Args:
        inputs, targets, target, task, test, sample_weight, jobs: as for `osolgil.race`.
        optimizer, learning_rate, hyperparameters: what trains it, by default Adam with its own defaults.
        repair: race the remedies of what is found, and touch the test rows once before and after.
        out: folder to write diagnosis.json and diagnosis.html to; None: nothing.
        language: "en" or "ko", of the page.
        **settings: hidden, activation, epochs, normalization, residual … as in `RaceSettings`.

    Raises:
        DataError, SettingsError, OutputError: one sentence on what is wrong and what to do.

    >>> found = diagnose("iris", hidden=(8,), epochs=40, learning_rate=1e-6)
    >>> found.cause
    'learning_rate_low'
    """
    begin = time.perf_counter()
    row = catalog.optimizer(optimizer)
    rate = {} if learning_rate is None else {"learning_rate": learning_rate}
    values = row.hyperparameters(**{**(hyperparameters or {}), **rate})
    _check(settings, values)
    chosen, workers = RaceSettings(entrants=(Entrant(row.name, row.name),), **settings), threads(jobs)
    data = data_of(
        inputs, targets, target, task, test, chosen.seed, sample_weight, chosen.encoding, chosen.loss
    )
    folder = None if out is None else Path(out).expanduser()
    if folder is not None:
        claim_folder(folder, resume=False)
    case = _case(data, chosen, row.name, values)
    compiled = compile_diagnosis(case, repair)
    found = examine(case, workers)
    explanation = explain(found)
    facts = _facts(data, chosen, found, explanation)
    if repair:
        facts["repair"] = _repaired(data, found, explanation, workers)
    facts["seconds"] = {"compile": compiled, "total": time.perf_counter() - begin}
    diagnosis = Diagnosis(facts, found, folder)
    if folder is not None:
        from osolgil.report.diagnosis_page import write_diagnosis

        write_diagnosis(folder, facts, language)
        write_json(folder / "diagnosis.json", facts)
    return diagnosis


def _check(settings: Mapping[str, Any], values: Mapping[str, float]) -> None:
    known = sorted(set(RaceSettings.__dataclass_fields__) - _RACE_ONLY)
    for name in settings:
        if name not in known:
            raise SettingsError(f"A diagnosis has no setting '{name}'; it has {', '.join(known)}.")
    if not (np.isfinite(values["learning_rate"]) and values["learning_rate"] > 0):
        raise SettingsError(f"The learning rate must be positive, not {values['learning_rate']}.")


def _case(data: Dataset, settings: RaceSettings, optimizer: str, values: dict[str, float]) -> Case:
    asked = settings.completed(data.task, len(data.train))
    data = fitted(data, asked)
    usual = RaceSettings(activation=asked.activation).completed(data.task, len(data.train)).initial_scale
    run = RunSetting(
        optimizer, values, asked.seed * 1_000_000, asked.batch_size or 1, asked.l1, asked.l2, asked.weight_decay,
        asked.clip_norm, asked.dropout,
    )  # fmt: skip
    network = asked.network(data.train.inputs.shape[1], data.outputs)
    return Case(
        network, task_of(data, asked), run, asked.epochs or 1, standard_scale=usual or "glorot_uniform"
    )


def _facts(
    data: Dataset, settings: RaceSettings, found: Examination, explanation: Explanation
) -> dict[str, Any]:
    case = found.case
    row = catalog.activation(case.network.activations[0])
    return {
        "format": FORMAT,
        "version": __version__,
        "data": data_facts(data, case.task.loss),
        "settings": {
            "optimizer": case.run.optimizer, "hyperparameters": dict(case.run.hyperparameters),
            "epochs": case.epochs, "batch_size": case.run.batch_size, "dropout": case.run.dropout,
            "activation": settings.activation, "seed": settings.seed,
        },
        "network": {**case.network.to_dict(), "parameters": case.network.size},
        "theory": theory_facts(case.network, inputs_of(case.task).rows),
        "prediction": found.prediction.to_dict(),
        "standard": found.standard.to_dict(),
        "before": found.before.to_dict(),
        "after": None if found.after is None else found.after.to_dict(),
        "epochs": [epoch.to_dict() for epoch in found.epochs],
        "gradient_change": [_plain(x) for x in gradient_change(found)],
        "curvature": _plain(found.curvature),
        "training": _training(found),
        "reference": dict(found.reference.__dict__),
        "phases": phases(row, float(np.median(found.prediction.weight_variance))),
        "explanation": explanation.to_dict(),
        "repair": None,
    }  # fmt: skip


def _training(found: Examination) -> dict[str, Any]:
    return {
        "score": found.course.score,
        "train_score": _plain(found.train_score),
        "training_loss": _curve(found.course.training_loss),
        "validation_loss": _curve(found.course.validation_loss),
        "diverged_share": float(found.course.diverged.mean()),
        "rates": {f"{factor * found.case.rate:g}": course.score for factor, course in found.rates.items()},
        "batch": None if found.batch is None else found.batch.score,
    }


def _curve(losses: np.ndarray) -> list[float | None]:
    """Mean over the seeds that have not diverged."""
    with np.errstate(all="ignore"):
        counts = np.isfinite(losses).sum(0)
        sums = np.where(np.isfinite(losses), losses, 0.0).sum(0)
    return [_plain(total / count) if count else None for total, count in zip(sums, counts, strict=True)]


def _repaired(data: Dataset, found: Examination, explanation: Explanation, workers: int) -> dict[str, Any]:
    done: Repair = repair(found.case, found.course, explanation, workers)
    first = len(data.train) + len(data.validation)
    rows, best = np.arange(first, first + len(data.test)), done.best
    tested = len(rows) > 0 and explanation.state == "broken"
    return {
        "before": done.before,
        "trials": [trial.to_dict() for trial in done.trials],
        "best": None if best is None else best.to_dict(),
        "test_before": test_score(found.case, rows, workers) if tested else None,
        "test_after": test_score(best.case, rows, workers) if tested and best is not None else None,
    }


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
