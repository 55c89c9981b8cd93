"""What a network must beat to be worth training: a constant answer and a linear model, both on the test rows."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from osolgil.data import Dataset

_LARGE = 20_000_000
_Scores = tuple[tuple[str, float], tuple[str, float]]


class Baselines:
    """Fits the baselines in a thread of its own while the race runs."""

    def __init__(self, data: Dataset, seed: int) -> None:
        self._facts: dict[str, Any] = {}
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, args=(data, seed), daemon=True)
        self._thread.start()

    def _work(self, data: Dataset, seed: int) -> None:
        try:
            self._facts = measure(data, seed)
        except BaseException as error:
            self._failure = error

    def facts(self) -> dict[str, Any]:
        """Their names and test scores; waits until they are known."""
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        return self._facts


def measure(data: Dataset, seed: int) -> dict[str, Any]:
    """Test score of the most frequent class (or the mean) and of a linear model with its usual settings.

    Rows count with their weights, in what is learned as in the score. Several labels are each answered by a
    model of their own; the score is the share of right labels.
    """
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    measured = {"classification": _classes, "multi-label": _labels, "regression": _numbers}[data.task]
    with warnings.catch_warnings(), threadpool_limits(1, "blas"):  # the other cores train networks
        warnings.simplefilter("ignore", ConvergenceWarning)
        (baseline, constant), (name, score) = measured(data, seed)
    return {"baseline": {"name": baseline, "score": constant}, "linear": {"name": name, "score": score}}


def _classes(data: Dataset, seed: int) -> _Scores:
    train, test = data.train, data.test
    counts = np.bincount(train.targets, train.weights, minlength=data.outputs)
    constant = float(np.average(test.targets == counts.argmax(), weights=test.weights))
    name, model = _classifier(data, seed)
    model.fit(train.inputs, train.targets, sample_weight=train.weights)
    score = float(model.score(test.inputs, test.targets, sample_weight=test.weights))
    return ("majority class", constant), (name, score)


def _labels(data: Dataset, seed: int) -> _Scores:
    name, answers, constants = "", np.empty_like(data.test.targets), np.empty_like(data.test.targets)
    weights = data.train.weights
    counted = np.ones(len(data.train), bool) if weights is None else weights > 0
    for place, label in enumerate(data.train.targets.T):
        constants[:, place] = np.average(label, weights=weights) > 0.5
        name, model = _classifier(data, seed)
        if np.unique(label[counted]).size < 2:
            answers[:, place] = constants[:, place]
            continue
        model.fit(data.train.inputs, label, sample_weight=weights)
        answers[:, place] = model.predict(data.test.inputs)
    constant, score = (
        float(np.average((found == data.test.targets).mean(1), weights=data.test.weights))
        for found in (constants, answers)
    )
    return ("majority of each label", constant), (name, score)


def _numbers(data: Dataset, seed: int) -> _Scores:
    from sklearn.linear_model import Ridge

    train, test = data.train, data.test
    targets, weights = test.targets.astype(float), test.weights

    def squared_distance(center: float) -> float:
        return float(np.average((targets[:, 0] - center) ** 2, weights=weights))

    spread = squared_distance(float(np.average(targets[:, 0], weights=weights))) or 1.0
    middle = float(np.average(train.targets.astype(float)[:, 0], weights=train.weights))
    model = Ridge()
    model.fit(train.inputs, train.targets.ravel(), sample_weight=train.weights)
    score = float(model.score(test.inputs, test.targets.ravel(), sample_weight=weights))
    return ("mean", 1.0 - squared_distance(middle) / spread), ("ridge regression", score)


def _classifier(data: Dataset, seed: int) -> tuple[str, Any]:
    from sklearn.linear_model import LogisticRegression, SGDClassifier

    if data.train.inputs.size > _LARGE:
        return "logistic regression (SGD)", SGDClassifier(loss="log_loss", average=True, random_state=seed)
    return "logistic regression", LogisticRegression(max_iter=500)
