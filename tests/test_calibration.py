"""Calibrated probabilities: the best temperature there is, and curves that never fall."""

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.datasets import make_classification
from sklearn.metrics import log_loss

from osolgil import DeepClassifier, SettingsError
from osolgil.calibration import Isotonic, Temperature, fit_calibration, from_json


def shares_of(logits):
    return softmax(logits, axis=1)


def bold_logits(rows=400, classes=3, sharpness=4.0, seed=0):
    """Over-confident logits, and classes drawn from the honest ones."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(rows, classes)) * 1.5
    honest = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    drawn = np.array([random.choice(classes, p=p) for p in honest])
    return sharpness * logits, np.eye(classes)[drawn], drawn


def test_the_temperature_is_the_one_of_the_lowest_loss():
    given, targets, drawn = bold_logits()
    found = fit_calibration("temperature", given, targets, None, labels=False)
    assert isinstance(found, Temperature)
    assert 3.0 < found.value < 5.5
    losses = [log_loss(drawn, Temperature(t, labels=False)(given)) for t in np.linspace(0.5, 10, 400)]
    assert log_loss(drawn, found(given)) <= min(losses) + 1e-6
    assert (found(given).argmax(1) == given.argmax(1)).all()


def test_weights_of_zero_leave_rows_out():
    given, targets, _ = bold_logits()
    weights = (np.arange(400) < 200).astype(float)
    one = fit_calibration("temperature", given, targets, weights, labels=False)
    other = fit_calibration("temperature", given[:200], targets[:200], None, labels=False)
    assert one.value == pytest.approx(other.value, rel=1e-4)


def test_isotonic_curves_rise_and_halve_the_loss():
    given, targets, drawn = bold_logits()
    found = fit_calibration("isotonic", given, targets, None, labels=False)
    assert isinstance(found, Isotonic)
    for x, y in found.knots:
        assert (np.diff(x) > 0).all()
        assert (np.diff(y) >= 0).all()
    assert np.allclose(found(given).sum(1), 1.0)
    assert log_loss(drawn, np.clip(found(given), 1e-9, 1)) < 0.7 * log_loss(drawn, shares_of(given))


@pytest.mark.parametrize("kind", ["temperature", "isotonic"])
@pytest.mark.parametrize("labels", [False, True])
def test_what_is_stored_is_what_was_learned(kind, labels):
    given, targets, _ = bold_logits()
    found = fit_calibration(kind, given, targets, None, labels)
    again = from_json(found.to_json(), outputs=3)
    assert again is not None
    assert np.array_equal(again(given), found(given))
    assert ((found(given) >= 0) & (found(given) <= 1)).all()


@pytest.mark.parametrize("temperature", [0.1, 1.0, 50.0])
def test_a_temperature_divides_logits_however_sure_they_are(temperature):
    """Beside SciPy on logits so large that a probability in float64 is 1 to the last bit."""
    logits = np.array([[40.0, -40.0, 800.0], [0.0, 1e-9, -800.0]])
    labels = Temperature(temperature, labels=True)(logits)
    np.testing.assert_allclose(labels, expit(logits / temperature), rtol=1e-12)
    classes = Temperature(temperature, labels=False)(logits)
    np.testing.assert_allclose(classes, softmax(logits / temperature, axis=1), rtol=1e-12)


def test_calibrations_of_no_use_are_refused():
    for facts, words in (
        ({"kind": "temperature", "value": float("nan"), "labels": False}, "temperature"),
        ({"kind": "isotonic", "labels": False, "knots": [[[0.0], [1.0]]]}, "does not fit"),
        ({"kind": "isotonic", "labels": False, "knots": [[[0.0, 0.0], [0.0, 1.0]]] * 2}, "do not rise"),
        ({"kind": "isotonic", "labels": False, "knots": [[[0.0], [0.0, 1.0]]] * 2}, "do not rise"),
    ):
        with pytest.raises(ValueError, match=words):
            from_json(facts, outputs=2)


def test_an_over_confident_network_becomes_honest():
    X, y = make_classification(1500, 20, n_informative=5, flip_y=0.3, random_state=0)
    common = {"hidden": (64,), "epochs": 60, "learning_rate": 0.01, "random_state": 0}
    plain = DeepClassifier(**common).fit(X[:700], y[:700])
    honest = DeepClassifier(**common, calibrate="temperature").fit(X[:700], y[:700])
    bold, calm = (log_loss(y[700:], m.predict_proba(X[700:]), labels=[0, 1]) for m in (plain, honest))
    assert calm < 0.7 * bold
    own = DeepClassifier(**common, calibrate="isotonic").fit(
        X[:700], y[:700], validation_data=(X[700:], y[700:])
    )
    assert log_loss(y[700:], own.predict_proba(X[700:])) < 0.7 * bold
    with pytest.raises(SettingsError, match="isotonic"):
        DeepClassifier(calibrate="isotonick").fit(X, y)


def test_a_class_that_no_validation_row_has_keeps_its_probabilities():
    given, _, drawn = bold_logits(sharpness=1.0)
    targets = np.eye(3)[np.where(drawn == 2, 0, drawn)]
    found = fit_calibration("isotonic", given, targets, None, labels=False)
    assert found(given)[:, 2].max() > 0.5
    labels = fit_calibration(
        "isotonic", given, np.column_stack([targets[:, :2], np.ones(400)]), None, labels=True
    )
    np.testing.assert_allclose(labels(given)[:, 2], expit(given[:, 2]))
