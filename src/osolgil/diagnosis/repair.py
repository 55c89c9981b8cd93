"""Try the remedies of what was found in one race on the validation rows, and say what came of it.

Each remedy is trained as it stands, the best ones at other learning rates too: a network that gradients reach again
may want another step. Test rows are touched once, by the network as asked and by the repaired one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from osolgil.diagnosis.examination import Case, Course
from osolgil.diagnosis.explanation import Explanation
from osolgil.diagnosis.remedies import REMEDIES, Remedy, remedies

_SEEDS = 2
_ROUNDED = 2
_RATES = (0.3, 3.0)
_EARLY = 0.9


@dataclass(frozen=True, eq=False)
class Trial:
    """A remedy, the case it made, and how that trained. factor: of the learning rate."""

    remedy: str
    options: str
    factor: float
    case: Case
    course: Course

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "remedy": self.remedy, "options": self.options, "learning_rate": self.case.rate,
            "score": self.course.score, "scores": [float(score) for score in self.course.scores],
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class Repair:
    """before: the validation score as asked. trials: what was tried, best first. cured: whether it helped."""

    before: float
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial | None:
        """The best trial, None where none beats the network as asked."""
        return self.trials[0] if self.trials and self.trials[0].course.score > self.before else None


def repair(case: Case, before: Course, explanation: Explanation, workers: int) -> Repair:
    """Race the remedies of the causes found; symptoms' remedies too where the root's alone do not cure."""
    tried: dict[str, Trial] = {}
    for finding in explanation.findings[:2]:
        for remedy in remedies(finding.cause):
            if remedy.name not in tried and (trial := _tried(case, remedy, workers)) is not None:
                tried[remedy.name] = trial
    trials = list(tried.values())
    if overfits := any(finding.cause == "overfitting" for finding in explanation.findings[:2]):
        trials += _stopped([Trial("fewer_epochs", "", 1.0, case, before), *trials], workers)
    trials.sort(key=_order)
    for trial in [t for t in trials[:_ROUNDED] if not t.remedy.startswith("rate")]:
        others = [_again(trial, factor, workers) for factor in _RATES]
        trials += others + (_stopped(others, workers) if overfits else [])
    return Repair(before.score, tuple(sorted(trials, key=_order)))


def test_score(case: Case, rows: np.ndarray, workers: int) -> float:
    """Score on the test rows of one trained network; the lowest possible where it diverges."""
    fleet = case.train([case.run], workers)
    if not np.isfinite(fleet.arrays["thetas"]).all():
        return 0.0 if case.task.classify else -1.0
    return float(fleet.measure(rows, workers)[1][0])


def _tried(case: Case, remedy: Remedy, workers: int) -> Trial | None:
    changed = remedy.change(case)
    if changed is None:
        return None
    return Trial(remedy.name, remedy.options(changed), 1.0, changed, _course(changed, workers))


def _again(trial: Trial, factor: float, workers: int) -> Trial:
    case = replace(trial.case, run=trial.case.with_rate(factor))
    return Trial(trial.remedy, REMEDIES[trial.remedy].options(case), factor, case, _course(case, workers))


def _stopped(trials: list[Trial], workers: int) -> list[Trial]:
    """Those trials again that were better before their last epoch, stopped there."""
    found = []
    for trial in trials:
        epochs = trial.course.best_epoch
        if epochs < _EARLY * trial.case.epochs:
            case = replace(trial.case, epochs=epochs)
            options = REMEDIES[trial.remedy].options(case)
            found.append(Trial(trial.remedy, options, trial.factor, case, _course(case, workers)))
    return found


def _course(case: Case, workers: int) -> Course:
    runs = [replace(case.run, seed=case.run.seed + place) for place in range(_SEEDS)]
    return Course.of(case.train(runs, workers), range(_SEEDS))


def _order(trial: Trial) -> tuple[float, float]:
    return -trial.course.score, trial.course.final_loss
