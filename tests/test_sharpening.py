"""Smoothed labels blur probabilities; the rows that folds left out say how to sharpen them again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import brentq
from scipy.special import softmax
from sklearn.datasets import load_wine
from sklearn.metrics import log_loss

import osolgil
from osolgil import DeepClassifier
from osolgil.ensembles import joined
from osolgil.estimators import defaults
from osolgil.sharpening import sharpness, smoothed
from osolgil.training import train

SMOOTHED = "softmax_cross_entropy(label_smoothing=0.1)"
FOLDS = {
    "hidden": (16,),
    "epochs": 30,
    "learning_rate": 0.03,
    "ensemble": 4,
    "folds": True,
    "keep": "best-mean",
}


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_factor_is_where_the_slope_is_0(classes, scale, weighted):
    """The derivative of the mean cross-entropy by the factor, Σ_k (p_k - q_k) z_k, row by row, vanishes there."""
    random = np.random.default_rng(classes)
    logits = scale * random.normal(size=(200, classes))
    labels = [random.choice(classes, p=softmax(row / scale)) for row in logits]
    weights = random.uniform(0, 3, 200) if weighted else np.ones(200)

    def slope(factor):
        total = 0.0
        for row, label, weight in zip(logits, labels, weights, strict=True):
            wanted = np.full(classes, 1 / (200 + classes))
            wanted[label] = 201 / (200 + classes)
            total += weight * np.sum((softmax(factor * row) - wanted) * row)
        return total

    found = sharpness(logits, np.eye(classes)[labels], weights if weighted else None)
    assert found == pytest.approx(brentq(slope, 1 / 8, 8), rel=1e-4)


@given(
    hnp.arrays(np.float32, (5, 3), elements=st.floats(width=32)),
    st.lists(st.integers(0, 2), min_size=5, max_size=5),
    hnp.arrays(np.float32, 5, elements=st.floats(0, 4, width=32)),
)
def test_whatever_networks_say_the_factor_stays_within_its_limits(logits, labels, weights):
    assert 1 / 8.001 <= sharpness(logits, np.eye(3)[labels], weights) <= 8.001


def test_rows_that_are_all_right_are_no_proof():
    logits = np.array([[2.0, 0.0]] * 20)
    share = softmax(sharpness(logits, np.eye(2)[[0] * 20]) * logits[0])[0]
    assert share == pytest.approx(21 / 22, rel=1e-4)


def test_only_smoothed_labels_are_made_good_for():
    assert smoothed(SMOOTHED)
    assert not any(map(smoothed, ("softmax_cross_entropy", "squared_error", "focal")))


def test_answers_stay_and_probabilities_get_better():
    trained = train("wine", loss=SMOOTHED, seed=1, **FOLDS)
    factor = trained.facts["sharpness"]
    data, model = osolgil.load("wine", seed=1), trained.model
    rows = trained.history["epoch"] == trained.facts["kept_epochs"][0]
    left_out = joined(data.train, data.validation)
    mean_of_folds = trained.history["validation_score"][rows].mean()
    assert trained.scores["validation"] == pytest.approx(mean_of_folds, abs=1 / len(left_out))
    blurred = model.member_outputs(data.test.inputs) / factor
    shares = softmax(blurred.astype(float), axis=2).mean(0)
    sharp = model.shares(model.outputs(data.test.inputs))
    assert np.array_equal(shares.argmax(1), sharp.argmax(1))
    assert factor > 1
    found, before = (log_loss(data.test.targets, p) for p in (sharp, shares))
    assert found < before
    assert trained.facts["scores"]["test"]["loss"] == pytest.approx(found, rel=1e-5)


def test_without_folds_networks_stay_as_they_were_trained():
    settings = {**FOLDS, "folds": False, "keep": "last", "loss": SMOOTHED}
    together, alone = train("wine", **settings), train("wine", **{**settings, "ensemble": 1})
    assert "sharpness" not in together.facts
    np.testing.assert_array_equal(together.model.parameters, alone.model.parameters)


@pytest.mark.parametrize(
    ("settings", "validated", "loss"),
    [
        ({}, False, SMOOTHED),
        ({"loss": "focal"}, False, "focal"),
        ({"ensemble": 1}, False, SMOOTHED),  # 1 is how it comes, so that the table's 8 are taken
        ({"calibrate": "temperature"}, False, None),
        ({"optimizer": "race"}, False, None),
        ({}, True, None),
    ],
)
def test_estimators_smooth_labels_only_where_folds_sharpen(settings, validated, loss):
    deep = DeepClassifier(defaults="table", **settings)
    assert defaults.completed(deep, "classification", 1000, validated).loss == loss
    assert defaults.completed(deep, "multi-label", 1000, validated).loss == settings.get("loss")


@pytest.mark.parametrize("settings", [{"folds": False}, {"ensemble": 1}])
def test_trainings_smooth_labels_only_where_folds_sharpen(settings):
    fast = {"hidden": (8,), "epochs": 3, "defaults": "table"}
    assert train("wine", **fast, **settings).facts["settings"]["loss"] == "softmax_cross_entropy"
    assert train("wine", **fast).facts["settings"]["loss"] == SMOOTHED


def test_an_estimator_is_sharpened_as_well():
    x, y = load_wine(return_X_y=True)
    settings = {
        "hidden": (16,),
        "epochs": 30,
        "learning_rate": 0.03,
        "ensemble": 4,
        "random_state": 0,
        "loss": SMOOTHED,
    }
    folded = DeepClassifier(**settings, folds=True).fit(x[::2], y[::2])
    plain = DeepClassifier(**settings).fit(x[::2], y[::2])
    folded_loss, plain_loss = (log_loss(y[1::2], deep.predict_proba(x[1::2])) for deep in (folded, plain))
    assert folded_loss < plain_loss
