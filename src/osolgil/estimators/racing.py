"""optimizer="race": a whole race inside `fit`, whose best runs are the estimator's networks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from osolgil.answering import Target
from osolgil.data import Dataset
from osolgil.data.dataset import Split
from osolgil.data.source import digest
from osolgil.engines.cpu.fleet import Fleet
from osolgil.errors import SettingsError
from osolgil.estimators import plans
from osolgil.estimators.answers import Amounts
from osolgil.estimators.preparation import Prepared
from osolgil.estimators.runs import Outcome
from osolgil.estimators.workers import workers_of
from osolgil.race import outputs
from osolgil.race.budget import fit as fit_budget
from osolgil.race.checkpoint import Checkpoint
from osolgil.race.conclusion import model_run
from osolgil.race.course import Candidate, Course
from osolgil.race.entry import run
from osolgil.race.facts import conclude, task_of
from osolgil.race.meanwhile import Meanwhile
from osolgil.race.settings import RaceSettings, entrants
from osolgil.race.verdict import Verdict
from osolgil.race.watching import Watcher
from osolgil.spelling import hint


class KeepingCourse(Course):
    """A course that keeps the networks of the runs on fresh seeds."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.networks: dict[Candidate, tuple[np.ndarray, np.ndarray]] = {}

    def _collect_records(self, fleet: Fleet, running: list[Candidate]) -> None:
        super()._collect_records(fleet, running)
        if running[0].phase != "confirm":
            return
        evaluated, place = fleet.evaluated, 0
        for candidate in running:
            runs = slice(place, place + len(candidate.seeds))
            self.networks[candidate] = evaluated[runs].copy(), fleet.arrays["runnings"][runs].copy()
            place += len(candidate.seeds)


@dataclass(frozen=True, eq=False)
class _Raced:
    """A race that is over: its verdict, and the entrants that may be the best, the recommended one first."""

    course: KeepingCourse
    verdict: Verdict
    tied: list[Candidate]

    def members(self, count: int) -> list[tuple[Candidate, int]]:
        """The recommended entrant's typical run, or the best of all that may be the best, each by its seed's place."""
        if count == 1:
            return [(self.tied[0], model_run(self.tied[0]))]
        every = [(c, place) for c in self.tied for place in range(len(c.seeds)) if not c.diverged[place]]
        order = {id(candidate): rank for rank, candidate in enumerate(self.tied)}
        every.sort(
            key=lambda e: (-e[0].scores()[e[1]], e[0].losses(e[0].epochs)[e[1]], order[id(e[0])], e[1])
        )
        return every[:count]


def fit(estimator: Any, prepared: Prepared) -> None:
    """Race on the prepared rows, and keep the best runs' networks and the verdict, `race_`.

    Every quantile has a race of its own, since an optimizer that suits one need not suit another: `race_` is a tuple
    of their verdicts, and each has an equal part of the budget.
    """
    chosen, budget, fixed = _settings(estimator, prepared)
    data = _dataset(prepared)
    share = None if budget is None else budget / len(prepared.tasks)
    raced = [_race(estimator, data, replace(chosen, loss=task.loss), share, fixed) for task in prepared.tasks]
    verdicts = tuple(race.verdict for race in raced)
    estimator.race_ = verdicts if estimator._asked_quantiles() else verdicts[0]
    _keep(estimator, prepared, raced)


def _race(
    estimator: Any, data: Dataset, chosen: RaceSettings, budget: float | None, fixed: frozenset[str]
) -> _Raced:
    begin = time.perf_counter()
    workers = workers_of(estimator.n_jobs)
    network = plans.network_of(estimator, chosen, data.train.inputs.shape[1], data.outputs)
    job = task_of(data, chosen)
    plans.prepare_kernels(
        network, job.loss, job.kind, chosen.precision, [entrant.optimizer for entrant in chosen.entrants]
    )
    meanwhile = Meanwhile(data, job.loss)
    planned = chosen if budget is None else fit_budget(chosen, fixed, network, job, workers, budget)
    course = KeepingCourse(network, job, planned, workers, Checkpoint(None), meanwhile.begin)
    watcher = Watcher(course, job.score, None)
    confirmed = run(course, watcher)
    facts, model = conclude(course, confirmed, data, meanwhile.baselines())
    facts["seconds"] = {"train": course.seconds, "total": time.perf_counter() - begin}
    if model is None:
        raise SettingsError("Every run of the race diverged; give learning_rates in race={…} below 0.001.")
    verdict = Verdict(facts, outputs.history(course), model, layers=outputs.layers(course))
    return _Raced(course, verdict, [confirmed[name] for name in facts["ties"]])


def _keep(estimator: Any, prepared: Prepared, raced: Sequence[_Raced]) -> None:
    """The networks of every race, as many of each as there are of all."""
    chosen = [race.members(estimator.ensemble) for race in raced]
    count = min(map(len, chosen))
    groups = [
        [
            (race.course.networks[c][0][place], race.course.networks[c][1][place])
            for c, place in places[:count]
        ]
        for race, places in zip(raced, chosen, strict=True)
    ]
    course = raced[0].course
    estimator._keep(prepared, course.network, groups)
    candidate, place = chosen[0][0]
    history, epochs = candidate.histories[place], course.settings.epochs or 1
    fleet: Any = None
    estimator._keep_history([Outcome(*groups[0][0], history, epochs, False, fleet, 0)], prepared)
    estimator.made_by_ = {
        "optimizer": candidate.entrant.optimizer, "hyperparameters": dict(candidate.hyperparameters),
        "seed": candidate.seeds[place], "epochs": epochs, "batch_size": course.settings.batch_size,
        "loss": course.settings.loss,
    }  # fmt: skip


def _settings(estimator: Any, prepared: Prepared) -> tuple[RaceSettings, float | None, frozenset[str]]:
    given = dict(estimator.race or {})
    budget = given.pop("budget", None)
    if budget is not None and not 0 < budget < float("inf"):
        raise SettingsError(f"The budget must be a positive number of seconds, not {budget}.")
    if "optimizers" in given:
        given["entrants"] = entrants(given.pop("optimizers"))
    known = ("entrants", "learning_rates", "seeds", "confirmation_seeds", "confidence")
    for name in given:
        if name not in known:
            words = ("optimizers", "budget", *known[1:])
            raise SettingsError(
                f"race has no setting '{name}'; it has {', '.join(words)}.{hint(name, words)}"
            )
    fixed = set(given) | {name for name in ("epochs", "batch_size") if getattr(estimator, name) is not None}
    settings = replace(
        prepared.settings,
        seed=prepared.seed // 1_000_000,
        **{"entrants": (), "confirmation_seeds": None, **given},
    )
    return settings.completed(prepared.answers.task, prepared.given), budget, frozenset(fixed)


def _dataset(prepared: Prepared) -> Dataset:
    """The prepared rows as a Dataset: of those that validate, every other one tests."""
    task, answers = prepared.tasks[0], prepared.answers
    parts = task.training, task.validation[::2], task.validation[1::2]
    amounts = isinstance(answers, Amounts)
    splits = [_split(prepared, rows) for rows in parts]
    names = None if amounts else tuple(map(str, answers.classes))
    first, *others = answers.described() if amounts else [Target("target", 0.0, 1.0)]
    return Dataset(
        name="data",
        task=answers.task,  # type: ignore[arg-type]
        feature_names=prepared.features.names,
        class_names=names,
        target_name=first.name,
        train=splits[0],
        validation=splits[1],
        test=splits[2],
        target_mean=first.mean,
        target_scale=first.scale,
        preprocessing=prepared.features.preprocessing,
        fingerprint=digest(task.inputs, task.targets),
        weights_name="" if task.weights is None else "sample_weight",
        link=answers.link if amounts else "identity",  # type: ignore[arg-type]
        other_targets=tuple(others),
    )


def _split(prepared: Prepared, rows: np.ndarray) -> Split:
    task, answers = prepared.tasks[0], prepared.answers
    targets: np.ndarray = task.targets[rows]
    weights = None if task.weights is None else task.weights[rows].astype(np.float64)
    original = None
    if isinstance(answers, Amounts):
        original = targets[:, 0].astype(np.float64) * answers.scale[0] + answers.mean[0]
    if answers.task == "classification":
        targets = targets.argmax(axis=1).astype(np.int64)
    return Split(
        task.inputs[rows],
        targets.astype(np.int64 if targets.dtype.kind == "i" else np.float32),
        original,
        weights,
    )
