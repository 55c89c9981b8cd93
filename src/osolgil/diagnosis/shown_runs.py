"""What the layers of a race's runs show, beside theory, and why each of them learns or does not.

Nothing is trained or measured for it: a race has already run its entrants at other learning rates and kept a record
of every layer, so each entrant's typical run is explained by the rules that `diagnose` has, as far as they go
without larger batches and without a look at the trained weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from osolgil.diagnosis.examination import (
    Case,
    Course,
    Examination,
    copies,
    epochs_of,
    inputs_of,
    standard_prediction,
    theory_facts,
)
from osolgil.diagnosis.explanation import explain
from osolgil.diagnosis.measurement import evenly
from osolgil.diagnosis.prediction import Prediction, predict, scales_of
from osolgil.diagnosis.reference import Reference
from osolgil.engines.cpu.fleet import Fleet, RunSetting, Task
from osolgil.engines.cpu.kernels import layout
from osolgil.errors import SettingsError
from osolgil.model import Model
from osolgil.network import Network
from osolgil.race.conclusion import model_run
from osolgil.race.course import Candidate
from osolgil.race.course import Course as RaceCourse
from osolgil.race.settings import Entrant, RaceSettings
from osolgil.race.tuning import tuned

_SCORED_ROWS = 4_096


@dataclass(frozen=True, eq=False)
class Shown:
    """A run that is shown: its entrant, its own record, how all runs of its setting went, and other rates."""

    entrant: str
    phase: str
    run: RunSetting
    record: np.ndarray
    history: np.ndarray
    course: Course
    rates: dict[float, Course]
    finished: bool = True


@dataclass(frozen=True)
class Beforehand:
    """What explanations need and no training changes: what plain models reach, and what the architecture shows.

    standard: with standardised inputs and the usual weights; None where theory does not know an activation.
    """

    reference: Reference
    standard: Prediction | None

    @classmethod
    def of(cls, network: Network, task: Task, settings: RaceSettings) -> Beforehand:
        run = RunSetting("sgd", {}, settings.seed, settings.batch_size or 1, dropout=settings.dropout)
        try:
            standard = standard_prediction(_case(network, task, settings, run))
        except SettingsError:
            standard = None
        return cls(Reference.of(task), standard)


def race_layers(
    course: RaceCourse,
    confirmed: dict[str, Candidate],
    recommended: str | None,
    model: Model | None,
    beforehand: Beforehand,
) -> dict[str, Any]:
    """The part "layers" of verdict.json: the recommended entrant's run first, then others, then its other rates."""
    settings = course.settings
    typical = [c for entrant in settings.entrants if (c := _typical(course, entrant, confirmed)) is not None]
    typical.sort(key=lambda c: (c.phase != "confirm", -float(c.scores().mean())))
    if recommended is not None:
        typical.sort(key=lambda c: c.entrant.name != recommended)
    shown = [_shown(course, candidate) for candidate in typical]
    for candidate in typical[:1]:
        others = [c for c in tuned(course, candidate.entrant) if _differs_in_rate(c, candidate)]
        shown += [_shown(course, other) for other in others]
    return layer_facts(course.network, course.task, settings, shown, model, beforehand)


def layer_facts(
    network: Network,
    task: Task,
    settings: RaceSettings,
    shown: Sequence[Shown],
    model: Model | None,
    beforehand: Beforehand,
) -> dict[str, Any]:
    """Prediction, plain models, and every shown run with its explanation; model: of the first of them.

    Where theory does not know an activation, there is neither a prediction nor an explanation.
    """
    facts: dict[str, Any] = {"prediction": None, "theory": None, "reference": None}
    explainer = _Explainer.of(network, task, settings, shown[0].run, beforehand) if shown else None
    if explainer is not None:
        facts |= {
            "prediction": explainer.prediction.to_dict(),
            "theory": theory_facts(network, explainer.observed),
            "reference": dict(beforehand.reference.__dict__),
        }
    runs = []
    for place, run in enumerate(shown):
        explained = None if explainer is None else explainer.explain(run, None if place else model)
        runs.append(_facts(run, explained))
    return {**facts, "runs": runs}


class _Explainer:
    """Explains runs of one network on one task; what they share is found once."""

    def __init__(
        self, case: Case, prediction: Prediction, observed: int, standard: Prediction, reference: Reference
    ) -> None:
        self.case, self.prediction, self.observed = case, prediction, observed
        self.standard, self.reference = standard, reference
        self.alike: dict[int, np.ndarray] = {}

    @classmethod
    def of(
        cls,
        network: Network,
        task: Task,
        settings: RaceSettings,
        run: RunSetting,
        beforehand: Beforehand,
    ) -> _Explainer | None:
        """None where theory does not know an activation of the network."""
        if beforehand.standard is None:
            return None
        case = _case(network, task, settings, run)
        observed = min(layout.OBSERVED_ROWS, case.batch_size)
        given, theta = replace(inputs_of(task), rows=observed), case.initial(run.seed)
        try:
            expected = predict(network, given, dropout=settings.dropout, scales=scales_of(network, theta))
        except SettingsError:
            return None
        return cls(case, expected, observed, beforehand.standard, beforehand.reference)

    def explain(self, shown: Shown, model: Model | None) -> dict[str, Any] | None:
        """Why a run learned or not; None for one that was stopped early."""
        if not shown.finished:
            return None
        case = replace(self.case, run=shown.run)
        epochs = epochs_of(case, shown.record, shown.history)
        if not epochs:
            return None
        score = np.nan if model is None else _score(case, model.parameters, model.running)
        found = Examination(
            case, self.prediction, self.standard, self.reference, epochs[0], None, epochs, shown.course,
            shown.rates, None, np.nan, self._copies(case), score,
        )  # fmt: skip
        return explain(found).to_dict()

    def _copies(self, case: Case) -> np.ndarray:
        """Which layers start as copies; every entrant starts a seed from the same weights."""
        seed = case.run.seed
        if seed not in self.alike:
            self.alike[seed] = copies(case.network, case.initial(seed))
        return self.alike[seed]


def _score(case: Case, theta: np.ndarray, running: np.ndarray) -> float:
    """Score of a network on the training rows, of which a few thousand tell enough."""
    still = RunSetting("sgd", {"learning_rate": 1.0}, 0, 1)
    fleet = Fleet.create(
        case.network, case.task, [still], 1, theta.dtype.name, recorded=False, thetas=theta[None]
    )
    fleet.arrays["runnings"][0] = running
    _, scores = fleet.measure(evenly(case.task.training, _SCORED_ROWS), 1)
    return float(scores[0])


def _facts(shown: Shown, explanation: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "entrant": shown.entrant,
        "phase": shown.phase,
        "learning_rate": shown.run.hyperparameters["learning_rate"],
        "seed": shown.run.seed,
        "explanation": explanation,
        "training": {
            "score": shown.course.score,
            "rates": {f"{factor:.6g}": other.score for factor, other in shown.rates.items()},
            "batch": None,
        },
    }


def _typical(course: RaceCourse, entrant: Entrant, confirmed: dict[str, Candidate]) -> Candidate | None:
    """An entrant's confirmed setting; where it has none, the one that lived longest."""
    if entrant.name in confirmed:
        return confirmed[entrant.name]
    return max(tuned(course, entrant), key=lambda candidate: candidate.epochs, default=None)


def _shown(course: RaceCourse, candidate: Candidate) -> Shown:
    """The candidate's run of median score, beside its entrant's other learning rates."""
    place = model_run(candidate)
    run = course.run_setting(candidate, candidate.seeds[place])
    others = [c for c in tuned(course, candidate.entrant) if _differs_in_rate(c, candidate)]
    return Shown(
        candidate.entrant.name, candidate.phase, run, candidate.records[place], candidate.histories[place],
        _course(candidate), {c.learning_rate / candidate.learning_rate: _course(c) for c in others},
        candidate.state != "eliminated",
    )  # fmt: skip


def _differs_in_rate(other: Candidate, candidate: Candidate) -> bool:
    """Whether two settings differ in their learning rate, and in nothing else."""
    one, two = (
        {k: v for k, v in c.hyperparameters.items() if k != "learning_rate"} for c in (other, candidate)
    )
    return one == two and not np.isclose(other.learning_rate, candidate.learning_rate)


def _course(candidate: Candidate) -> Course:
    table = candidate.histories[:, : max(candidate.epochs, 1)]
    return Course(
        table[:, :, layout.TRAINING_LOSS], table[:, :, layout.VALIDATION_LOSS],
        table[:, :, layout.VALIDATION_SCORE], candidate.diverged, candidate.lowest,
    )  # fmt: skip


def _case(network: Network, task: Task, settings: RaceSettings, run: RunSetting) -> Case:
    usual = RaceSettings(activation=settings.activation).completed(task.kind or "", len(task.training))
    scale = usual.initial_scale or "glorot_uniform"
    return Case(network, task, run, settings.epochs or 1, standard_scale=scale)


def training_layers(
    network: Network, task: Task, settings: RaceSettings, run: RunSetting, fleet: Fleet, model: Model
) -> dict[str, Any]:
    """The part "layers" of training.json: one run, of which no other learning rate is known."""
    arrays = fleet.arrays
    shown = Shown(
        run.optimizer, "train", run, arrays["records"][0], arrays["histories"][0], Course.of(fleet, [0]), {}
    )
    return layer_facts(network, task, settings, [shown], model, Beforehand.of(network, task, settings))
