"""`search`: a grid over an estimator's settings, all folds and settings trained as runs of a few fleets.

scikit-learn's loop fits one network after another, each on one core. Here everything that shares a fold's rows and a
network's shape is one fleet, whose runs keep every core busy; the scores are those of the loop, bit for bit.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.exceptions import FitFailedWarning
from sklearn.metrics import check_scoring
from sklearn.model_selection import ParameterGrid, check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing

from osolgil.errors import OsolgilError, SettingsError
from osolgil.estimators import runs
from osolgil.estimators.base import DeepEstimator
from osolgil.estimators.workers import workers_of

_MOST_BYTES = 2**30


@dataclass(eq=False)
class Search:
    """What a search found. `cv_results_` has the columns of `GridSearchCV`; best_estimator_ is trained on all rows.

    best_index_, best_params_, best_score_: of the best mean score over the folds; n_splits_; scorer_; refit_time_.
    """

    cv_results_: dict[str, Any]
    best_index_: int
    n_splits_: int
    scorer_: Any
    best_estimator_: Any = None
    refit_time_: float = 0.0

    @property
    def best_params_(self) -> dict[str, Any]:
        return self.cv_results_["params"][self.best_index_]

    @property
    def best_score_(self) -> float:
        return float(self.cv_results_["mean_test_score"][self.best_index_])

    def predict(self, X: Any) -> np.ndarray:
        """The best estimator's predictions."""
        return self._best().predict(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """The best estimator's probabilities."""
        return self._best().predict_proba(X)

    def score(self, X: Any, y: Any) -> float:
        """The best estimator's score by the search's scorer."""
        return float(self.scorer_(self._best(), X, y))

    def _best(self) -> Any:
        if self.best_estimator_ is None:
            raise SettingsError("The search ran with refit=False, so it has no estimator to predict with.")
        return self.best_estimator_

    def __repr__(self) -> str:
        return f"Search(best_params_={self.best_params_!r}, best_score_={self.best_score_:.4f})"


@dataclass(eq=False)
class _Trial:
    """A setting on a fold: the estimator to score, its deep last step, and what that is to train."""

    estimator: Any
    deep: Any
    prepared: Any
    plans: Sequence[runs.Plan]
    fold: int
    candidate: int
    rows: Any
    answers: Any
    seconds: float = 0.0
    score: float = field(default=float("nan"))
    score_seconds: float = 0.0


def search(
    estimator: Any,
    grid: Any,
    X: Any,
    y: Any,
    cv: Any = None,
    *,
    scoring: Any = None,
    sample_weight: Any = None,
    groups: Any = None,
    refit: bool = True,
    n_jobs: int | None = None,
) -> Search:
    """Cross-validate every setting of a grid and train the best on all rows.

    Args:
        estimator: a DeepClassifier or DeepRegressor, or a Pipeline that ends in one.
        grid: {"hidden": [(32,), (64, 64)], "learning_rate": [0.001, 0.01]}, a list of such grids, or any
            ParameterGrid or ParameterSampler. In a Pipeline names begin with the step's, "deep__hidden".
        cv, scoring, groups, refit: as for GridSearchCV (one metric). sample_weight: (rows,), of training rows.
        n_jobs: threads; nothing but time depends on it.

    Raises:
        SettingsError: a setting is unknown, or every fit failed. One that diverges scores NaN and is warned of.

    >>> from sklearn.datasets import load_iris
    >>> from osolgil.estimators import DeepClassifier
    >>> deep = DeepClassifier(hidden=(8,), epochs=10, random_state=0)
    >>> found = search(deep, {"learning_rate": [1e-5, 0.01]}, *load_iris(return_X_y=True), cv=3)
    >>> found.best_params_
    {'learning_rate': 0.01}
    """
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    if not isinstance(last, DeepEstimator):
        raise SettingsError("search takes a DeepClassifier or DeepRegressor, or a Pipeline that ends in one.")
    candidates = _candidates(grid)
    splitter: Any = check_cv(cv, y, classifier=is_classifier(last))
    folds = list(splitter.split(X, y, groups))
    scorer = check_scoring(estimator, scoring)
    trials: list[_Trial] = []
    waiting: list[_Trial] = []
    held = 0
    for number, (train, test) in enumerate(folds):
        fold = _Fold(number, X, y, sample_weight, train, test)
        new = [fold.trial(estimator, place, params) for place, params in enumerate(candidates)]
        trials, waiting, held = trials + new, waiting + new, held + fold.bytes
        if held > _MOST_BYTES or number == len(folds) - 1:
            _train(waiting, n_jobs, scorer)
            waiting, held = [], 0
    results = _results(candidates, trials, len(folds))
    scores = results["mean_test_score"]
    if np.isnan(scores).all():
        raise SettingsError("Every setting of the search diverged; search lower learning rates.")
    found = Search(results, int(np.nanargmax(scores)), len(folds), scorer)
    if refit:
        begin = time.perf_counter()
        found.best_estimator_ = _fitted(estimator, found.best_params_, X, y, sample_weight)
        found.refit_time_ = time.perf_counter() - begin
    return found


class _Fold:
    """A fold's rows, and what was prepared from them already."""

    def __init__(
        self, number: int, X: Any, y: Any, weights: Any, train: np.ndarray, test: np.ndarray
    ) -> None:
        self.number = number
        self.training = _safe_indexing(X, train), _safe_indexing(y, train)
        self.testing = _safe_indexing(X, test), _safe_indexing(y, test)
        self.weights = None if weights is None else _safe_indexing(weights, train)
        self.steps: dict[str, tuple[Any, Any, Any]] = {}
        self.known: dict[str, dict[Any, Any]] = {}

    @property
    def bytes(self) -> int:
        """Memory of everything prepared."""
        return sum(p.tasks[0].inputs.nbytes for known in self.known.values() for p in known.values())

    def trial(self, estimator: Any, place: int, params: Mapping[str, Any]) -> _Trial:
        """Prepare one setting."""
        begin = time.perf_counter()
        chosen: Any = clone(estimator)
        chosen.set_params(**clone_values(params))
        rows, testing, deep, key = self.training[0], self.testing[0], chosen, ""
        if isinstance(chosen, Pipeline):
            deep, key = chosen.steps[-1][1], repr([(name, step) for name, step in chosen.steps[:-1]])
            if key not in self.steps:
                before = chosen[:-1]
                self.steps[key] = (
                    before,
                    before.fit_transform(*self.training),
                    before.transform(self.testing[0]),
                )
            _, rows, testing = self.steps[key]
        deep._begin()
        if deep._races():
            raise SettingsError('optimizer="race" searches by itself; fit it without search.')
        prepared = deep._prepared(rows, self.training[1], self.weights, None, self.known.setdefault(key, {}))
        plans = deep._plans(prepared)
        seconds = time.perf_counter() - begin
        return _Trial(deep, deep, prepared, plans, self.number, place, testing, self.testing[1], seconds)


def clone_values(params: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as each fit should have them for itself: estimators and random states are copied."""
    return {name: clone(value, safe=False) for name, value in params.items()}


def _train(trials: Sequence[_Trial], jobs: int | None, scorer: Any) -> None:
    begin = time.perf_counter()
    flat = [plan for trial in trials for plan in trial.plans]
    outcomes = iter(runs.train(flat, workers_of(jobs)))
    seconds = time.perf_counter() - begin
    shares = np.array([sum(_work(plan) for plan in trial.plans) for trial in trials])
    for trial, share in zip(trials, shares / shares.sum(), strict=True):
        trial.seconds += seconds * share
        try:
            trial.deep._finish(trial.prepared, trial.plans, [next(outcomes) for _ in trial.plans])
        except OsolgilError as error:
            warnings.warn(f"A fit failed and scores NaN: {error}", FitFailedWarning, stacklevel=3)
        else:
            scored = time.perf_counter()
            trial.score = float(scorer(trial.estimator, trial.rows, trial.answers))
            trial.score_seconds = time.perf_counter() - scored
        trial.prepared, trial.plans, trial.estimator, trial.deep = None, (), None, None


def _work(plan: runs.Plan) -> float:
    return float(plan.epochs * plan.network.operations(len(plan.task.training)) * len(plan.runs))


def _candidates(grid: Any) -> list[dict[str, Any]]:
    if isinstance(grid, Mapping) or (
        isinstance(grid, Sequence) and all(isinstance(part, Mapping) for part in grid)
    ):
        grid = ParameterGrid(grid)  # type: ignore[arg-type]
    if not isinstance(grid, Iterable):
        raise SettingsError(f"The grid must be a dictionary of lists of values, not {grid!r}.")
    candidates = [dict(params) for params in grid]
    if not candidates:
        raise SettingsError("The grid has no setting; give at least one.")
    return candidates


def _fitted(estimator: Any, params: Mapping[str, Any], X: Any, y: Any, sample_weight: Any) -> Any:
    chosen: Any = clone(estimator)
    chosen.set_params(**clone_values(params))
    if sample_weight is None:
        return chosen.fit(X, y)
    prefix = f"{chosen.steps[-1][0]}__" if isinstance(chosen, Pipeline) else ""
    return chosen.fit(X, y, **{f"{prefix}sample_weight": sample_weight})


def _results(candidates: Sequence[Mapping[str, Any]], trials: Sequence[_Trial], folds: int) -> dict[str, Any]:
    """The table that GridSearchCV calls cv_results_."""
    table: dict[str, Any] = {}
    for key, value in (("fit_time", "seconds"), ("score_time", "score_seconds"), ("test_score", "score")):
        values = np.full((len(candidates), folds), np.nan)
        for trial in trials:
            values[trial.candidate, trial.fold] = getattr(trial, value)
        if key == "test_score":
            table |= _parameters(candidates)
            table["params"] = list(map(dict, candidates))
            table |= {f"split{fold}_test_score": values[:, fold] for fold in range(folds)}
        table[f"mean_{key}"], table[f"std_{key}"] = values.mean(axis=1), values.std(axis=1)
    means = np.where(np.isnan(table["mean_test_score"]), -np.inf, table["mean_test_score"])
    ranks = 1 + (means[None, :] > means[:, None]).sum(axis=1)
    table["rank_test_score"] = ranks.astype(np.int32)
    return table


def _parameters(candidates: Sequence[Mapping[str, Any]]) -> dict[str, np.ma.MaskedArray]:
    columns = {}
    for name in sorted({name for params in candidates for name in params}):
        values = np.ma.masked_all(len(candidates), dtype=np.dtype(object))  # type: ignore[arg-type]
        for place, params in enumerate(candidates):
            if name in params:
                values[place] = params[name]
        columns[f"param_{name}"] = values
    return columns
