"""A wrong setting is answered in one sentence, whatever it is."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_iris

from osolgil import DeepClassifier, DeepRegressor, SettingsError

X, Y = load_iris(return_X_y=True)
SMALL = {"hidden": (8,), "epochs": 10, "random_state": 0}
STRANGE = [
    None, "x", "", -1, 0, 1.5, float("nan"), [], ["a"], {"a": 1}, {0: "a"}, object(), True, b"a", np.int64(3),
    np.array([1, 2]), (1, "b"),
]  # fmt: skip
NAMES = [
    (cls, name)
    for cls in (DeepClassifier, DeepRegressor)
    for name in cls().get_params()
    if cls is DeepClassifier or name in ("quantiles", "loss")
]


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"activation": "rellu"}, "Did you mean 'relu'"),
        ({"optimizer": "adma"}, "Did you mean 'adam'"),
        ({"hyperparameters": {"beta": 0.9}}, "beta1"),
        ({"hidden": "wide"}, "hidden"),
        ({"hidden": (8.5,)}, "hidden"),
        ({"activation": ["relu", "tanh"]}, "hidden"),
        ({"learning_rate": -1.0}, "positive"),
        ({"learning_rate": float("nan")}, "finite"),
        ({"epochs": 0}, "epochs"),
        ({"epochs": "many"}, "whole number"),
        ({"dropout": 1.0}, "dropout"),
        ({"schedule": "cosin"}, "cosine"),
        ({"loss": "huber"}, "classification"),
        ({"normalization": "bach"}, "batch"),
        ({"calibrate": "temprature"}, "temperature"),
        ({"numeric": "standrad"}, "standard"),
        ({"missing": "fil"}, "fill"),
        ({"ensemble": 0}, "ensemble"),
        ({"patience": 0}, "patience"),
        ({"monitor": "los"}, "loss"),
        ({"validation_fraction": 2}, "validation_fraction"),
        ({"n_jobs": 0}, "n_jobs"),
        ({"precision": "float16"}, "float32"),
        ({"progress": "fr"}, "language"),
        ({"callbacks": 3}, "callbacks"),
        ({"learning_rate": 1e30, "optimizer": "sgd"}, "diverged"),
    ],
)
def test_a_wrong_setting_is_said_in_one_sentence(wrong, word):
    with pytest.raises(SettingsError, match=word) as caught:
        DeepClassifier(**{**SMALL, **wrong}).fit(X, Y)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("cls", "name"), NAMES, ids=lambda value: getattr(value, "__name__", value))
def test_a_setting_of_another_kind_is_refused_in_words(cls, name):
    for value in STRANGE:
        deep = cls(hidden=(4,), epochs=1, random_state=0).set_params(**{name: value})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            said = refusal(deep, ValueError if name == "class_weight" else SettingsError)
        assert "\n" not in said


def refusal(deep, kind):
    """What is said of a setting; "" where there is nothing to say."""
    try:
        deep.fit(X[:30], Y[40:70] > 0).predict(X)
    except kind as error:
        return str(error)
    return ""
