"""What a network must beat to be worth training: a constant answer and a linear model, both on the test rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from osolgil.data import Dataset
from osolgil.formulas import catalog
from osolgil.formulas.catalog import Loss
from osolgil.formulas.explained import best_constant, explained, score_of
from osolgil.race.linear_models import logistic_regression, ridge_regression

_Scores = tuple[tuple[str, float], tuple[str, float]]


def measure(data: Dataset, loss: str) -> dict[str, Any]:
    """Test score of the most frequent class (or the mean) and of a linear model with its usual penalty.

    Rows count with their weights, in what is learned as in the score. Several labels are each answered by a
    model of their own; the score is the share of right labels. Where the loss asks for something else than the
    middle, so do both: the constant is the best under this loss, and so is the linear model's bias.
    """
    measured = {"classification": _classes, "multi-label": _labels, "regression": _numbers}[data.task]
    asked = score_of(data.task, loss) == "d2"
    (baseline, constant), (name, score) = _under(catalog.loss(loss), data) if asked else measured(data)
    return {"baseline": {"name": baseline, "score": constant}, "linear": {"name": name, "score": score}}


def _classes(data: Dataset) -> _Scores:
    train, test = data.train, data.test
    counts = np.bincount(train.targets, train.weights, minlength=data.outputs)
    constant = float(np.average(test.targets == counts.argmax(), weights=test.weights))
    if data.outputs > 2:
        targets, loss = np.eye(data.outputs)[train.targets], catalog.loss("softmax_cross_entropy")
    else:
        targets, loss = (train.targets[:, None] == 1).astype(float), catalog.loss("binary_cross_entropy")
    matrix, bias = logistic_regression(train.inputs, targets, train.weights, loss)
    answers = test.inputs @ matrix + bias
    found = answers.argmax(1) if data.outputs > 2 else answers[:, 0] > 0.0
    score = float(np.average(found == test.targets, weights=test.weights))
    return ("majority class", constant), ("logistic regression", score)


def _labels(data: Dataset) -> _Scores:
    train, test = data.train, data.test
    loss = catalog.loss("binary_cross_entropy")
    matrix, bias = logistic_regression(train.inputs, train.targets.astype(float), train.weights, loss)
    usual = np.average(train.targets, axis=0, weights=train.weights) > 0.5
    constant, score = (
        float(np.average((found == (test.targets > 0.5)).mean(1), weights=test.weights))
        for found in (usual, test.inputs @ matrix + bias > 0.0)
    )
    return ("majority of each label", constant), ("logistic regression", score)


def _numbers(data: Dataset) -> _Scores:
    train, test = data.train, data.test
    matrix, bias = ridge_regression(train.inputs, train.targets.astype(float), train.weights)
    middle = np.average(train.targets.astype(float), axis=0, weights=train.weights)

    def squared_distance(answers: np.ndarray) -> float:
        distances = ((test.targets.astype(float) - answers) ** 2).sum(1)
        return float(np.average(distances, weights=test.weights))

    spread = squared_distance(np.average(test.targets.astype(float), axis=0, weights=test.weights)) or 1.0
    constant, score = (
        1.0 - squared_distance(answers) / spread for answers in (middle, test.inputs @ matrix + bias)
    )
    return ("mean", constant), ("ridge regression", score)


def _under(row: Loss, data: Dataset) -> _Scores:
    train, test = data.train, data.test
    wanted, tested = train.targets.astype(float), test.targets.astype(float)
    matrix, bias = ridge_regression(train.inputs, wanted, train.weights)
    fitted = train.inputs @ matrix + bias
    shift = best_constant(row, wanted - fitted, train.weights)
    usual = np.broadcast_to(best_constant(row, wanted, train.weights), tested.shape)
    constant, score = (
        explained(row, answers, tested, test.weights)
        for answers in (usual, test.inputs @ matrix + bias + shift)
    )
    return ("best constant", constant), ("shifted ridge regression", score)
