"""The baselines beside scikit-learn's own linear models."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, QuantileRegressor, Ridge
from sklearn.metrics import d2_pinball_score

from osolgil import data
from osolgil.formulas import catalog
from osolgil.race import baselines, linear_models

RANDOM = np.random.default_rng(3)
INPUTS = RANDOM.normal(size=(200, 5)).astype(np.float32)
WEIGHTS = RANDOM.uniform(0.0, 3.0, 200)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("classes", [2, 4])
def test_logistic_regression_is_scikit_learns(weights, classes):
    classed = (INPUTS[:, :classes] + RANDOM.gumbel(size=(200, classes))).argmax(1)
    model = LogisticRegression(tol=1e-8, max_iter=10_000)
    model.fit(INPUTS.astype(float), classed, sample_weight=weights)
    several = classes > 2
    targets = np.eye(classes)[classed] if several else classed[:, None].astype(float)
    loss = catalog.loss("softmax_cross_entropy" if several else "binary_cross_entropy")
    matrix, bias = linear_models.logistic_regression(INPUTS, targets, weights, loss)
    np.testing.assert_allclose(matrix.T, model.coef_, atol=5e-3)
    np.testing.assert_allclose(bias - bias.mean(), model.intercept_ - model.intercept_.mean(), atol=5e-3)


@pytest.mark.parametrize("weighted", [False, True])
def test_scores_on_classes_and_numbers(weighted):
    weights = WEIGHTS if weighted else None
    numbers = INPUTS @ [1.0, -2.0, 0.5, 0.0, 0.0] + RANDOM.normal(size=200)
    for target, task in [(numbers, "regression"), ((numbers > 0).astype(int), "classification")]:
        rows = data.from_arrays(INPUTS, target, task=task, sample_weight=weights)
        model = Ridge() if task == "regression" else LogisticRegression()
        model.fit(rows.train.inputs, rows.train.targets.ravel(), sample_weight=rows.train.weights)
        expected = model.score(rows.test.inputs, rows.test.targets.ravel(), sample_weight=rows.test.weights)
        loss = "squared_error" if task == "regression" else "binary_cross_entropy"
        assert baselines.measure(rows, loss)["linear"]["score"] == pytest.approx(expected, abs=1e-3)


def test_a_quantile_has_the_constant_and_the_line_that_answer_it():
    numbers = INPUTS @ [1.0, -2.0, 0.5, 0.0, 0.0] + RANDOM.exponential(size=200)
    rows = data.from_arrays(INPUTS, numbers, task="regression")
    found = baselines.measure(rows, "pinball(quantile=0.9)")
    assert found["baseline"]["name"] == "best constant"
    assert abs(found["baseline"]["score"]) < 0.05
    line = QuantileRegressor(quantile=0.9, alpha=0.0).fit(rows.train.inputs, rows.train.targets.ravel())
    wanted = d2_pinball_score(rows.test.targets, line.predict(rows.test.inputs), alpha=0.9)
    assert wanted > 0.6
    assert found["linear"]["score"] == pytest.approx(wanted, abs=0.05)


def test_a_label_that_never_changes_is_answered_by_itself():
    labels = (INPUTS[:, :3] > 0).astype(int)
    rows = data.from_arrays(INPUTS, labels, task="multi-label")
    constant = [1.0, 0.0]
    rows.train.targets[:, 1:] = constant
    rows.test.targets[:, 1:] = constant
    facts = baselines.measure(rows, "binary_cross_entropy")
    assert facts["linear"]["score"] > 0.95
    assert 0.6 < facts["baseline"]["score"] < 0.95
