"""`partial_fit`: one pass over new rows at a time, with the optimizer's whole state kept in between."""

from __future__ import annotations

from typing import Any

import numpy as np

from osolgil.engines.cpu.fleet import Fleet
from osolgil.engines.cpu.kernels import layout
from osolgil.errors import SettingsError
from osolgil.estimators import plans, preparation
from osolgil.estimators.answers import Amounts, Labels
from osolgil.estimators.preparation import Prepared, Rows
from osolgil.estimators.runs import advance
from osolgil.estimators.workers import workers_of

_STATE = ("thetas", "runnings", "states", "carrieds", "hypers", "runs", "penalties")


def partial_fit(estimator: Any, X: Any, y: Any, classes: Any, sample_weight: Any) -> Any:
    """See `DeepEstimator.partial_fit`."""
    first = not hasattr(estimator, "_predictors")
    estimator._begin()
    _check(estimator)
    if first and classes is not None:
        x, numbers, weights = _with_classes(estimator, X, y, classes, sample_weight)
        learned = estimator._learned
    else:
        x, numbers, weights = estimator._rows(X, y, sample_weight, reset=first)
        learned = (
            estimator._learn_answers(numbers, Rows(x, numbers, weights), final=False)
            if first
            else estimator._answers
        )
        _same_classes(learned, classes)
        if not first:
            estimator._check_quantiles()
        if isinstance(learned, Amounts) and learned.limits is not None:
            learned = learned.reaching(Rows(x, numbers, weights).counted().y)
    given = estimator._encoded(learned, Rows(x, numbers, weights))
    settings = plans.settle(estimator, learned.task, max(len(given), plans.WHOLE + 1))
    prepared = preparation.prepare(
        estimator, given, learned, None, 0.0, estimator._losses(settings), settings, estimator._seed(),
        None if first else estimator._features,
    )  # fmt: skip
    _advance(estimator, prepared, None if first else estimator._state)
    return estimator


def _advance(estimator: Any, prepared: Prepared, states: list[dict[str, np.ndarray]] | None) -> None:
    settings, answers = prepared.settings, prepared.answers
    network = plans.network_of(estimator, settings, len(prepared.features.names), answers.outputs)
    seeds = [prepared.seed + place for place in range(estimator.ensemble)]
    chosen = plans.runs_of(estimator, settings, seeds)
    names = [run.optimizer for run in chosen]
    starts = None
    if states is None and hasattr(estimator, "_predictors"):
        starts = [predictor.thetas for predictor in estimator._predictors]
    calls, kept, members, groups = getattr(estimator, "calls_", 0), [], [], []
    for place, task in enumerate(prepared.tasks):
        plans.prepare_kernels(network, task.loss, task.kind, settings.precision, names)
        thetas = None if starts is None else starts[place]
        fleet = Fleet.create(network, task, chosen, 1, settings.precision, recorded=False, thetas=thetas)
        if states is not None:
            fleet.arrays |= {name: values.copy() for name, values in states[place].items()}
        runs = fleet.arrays["runs"]
        runs[:, layout.FIRST_EPOCH] = 0
        runs[:, layout.SEED] = np.array(seeds) + 1009 * calls
        outcomes = advance(fleet, names, 1, workers_of(estimator.n_jobs))
        groups.append(outcomes)
        kept.append({name: fleet.arrays[name] for name in _STATE})
        members.append([(outcome.theta, outcome.running) for outcome in outcomes])
    if any(outcome.diverged for group in groups for outcome in group):
        raise SettingsError("Training diverged; start anew with a lower learning rate.")
    curve = getattr(estimator, "loss_curve_", [])
    estimator._keep(prepared, network, members)
    estimator._keep_history(groups[0], prepared)
    estimator.loss_curve_ = curve + estimator.loss_curve_
    estimator.n_iter_ = estimator.best_epoch_ = len(estimator.loss_curve_)
    estimator._state, estimator.calls_ = kept, calls + 1
    estimator.made_by_ = {"optimizer": names[0], "hyperparameters": dict(chosen[0].hyperparameters)}


def _check(estimator: Any) -> None:
    if estimator._races():
        raise SettingsError("partial_fit cannot race; use fit, or name an optimizer.")
    if estimator.schedule != "constant":
        raise SettingsError(
            'partial_fit has no planned end, which a schedule needs; set schedule="constant".'
        )
    if estimator.early_stopping or getattr(estimator, "calibrate", None) is not None:
        raise SettingsError("partial_fit holds no rows out; set early_stopping=False and calibrate=None.")


def _with_classes(estimator: Any, X: Any, y: Any, classes: Any, sample_weight: Any) -> tuple[Any, ...]:
    x, numbers, weights = estimator._rows(X, y, sample_weight, reset=True)
    estimator._learned = Labels(np.unique(np.asarray(classes)), multilabel=np.ndim(numbers) == 2)
    return x, numbers, weights


def _same_classes(learned: Any, classes: Any) -> None:
    if classes is None or not isinstance(learned, Labels):
        return
    if not np.array_equal(np.unique(np.asarray(classes)), learned.classes):
        raise SettingsError(
            "partial_fit was given other classes before; all must be named on the first call."
        )
