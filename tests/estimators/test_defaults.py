"""defaults="table": what did best on tables, for every setting left as it is; and its parts by themselves."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes

import osolgil
from osolgil import DeepClassifier, DeepRegressor, SettingsError, search
from osolgil.data import Encoding
from osolgil.data.preprocessing import fit_array
from osolgil.estimators import defaults
from osolgil.tabular_defaults import tabular_defaults

X, Y = load_breast_cancer(return_X_y=True)
NUMBERS = load_diabetes(return_X_y=True)
SMALL = {"hidden": (8,), "epochs": 6, "random_state": 0}


def test_what_is_left_as_it_is_comes_from_the_table_and_what_is_said_stays():
    deep = DeepClassifier(defaults="table", hidden=(16,), epochs=25, ensemble=3, random_state=0).fit(X, Y)
    table = defaults.values(tabular_defaults("classification", len(X)))
    for name, value in table.items():
        if name in deep.settings_ and name not in ("hidden", "epochs", "ensemble"):
            assert deep.settings_[name] == value, name
    assert deep.settings_["hidden"] == (16,)
    assert len(deep._predictors[0]) == 3
    assert deep.get_params()["scaling"] == "standard"
    assert deep.score(X, Y) > 0.9
    again = DeepClassifier(**{**deep.settings_, "defaults": "plain"}).fit(X, Y)
    assert np.array_equal(again.predict_proba(X), deep.predict_proba(X))


def test_they_are_better_than_a_plain_network_on_a_bent_target():
    random = np.random.default_rng(0)
    rows = random.uniform(-1, 1, (1500, 4))
    y = np.sin(9 * rows[:, 0]) + np.sign(rows[:, 1]) + 0.1 * random.normal(size=1500)
    scores = [
        DeepRegressor(defaults=name, ensemble=2, random_state=0)
        .fit(rows[:1000], y[:1000])
        .score(rows[1000:], y[1000:])
        for name in ("plain", "table")
    ]
    assert scores[1] > scores[0]


def test_another_optimizer_keeps_its_own_hyperparameters():
    inner = defaults.completed(DeepClassifier(defaults="table", optimizer="sgd"), "classification", 1000)
    assert inner.hyperparameters is None
    assert inner.learning_rate is None


@pytest.mark.parametrize("numbers", ["piecewise", "tree_piecewise(bins=4)", "periodic(waves=2)"])
def test_encodings_are_those_of_the_preprocessing(numbers):
    deep = DeepRegressor(**SMALL, scaling="robust", numbers=numbers).fit(*NUMBERS)
    from osolgil.data.columns.number import Answers

    names = tuple(f"x{place}" for place in range(10))
    fitted, _ = fit_array(NUMBERS[0], names, Encoding("robust", numbers), Answers(NUMBERS[1], classify=False))
    assert np.array_equal(deep._features.transform(NUMBERS[0]), fitted.transform(NUMBERS[0]))


def test_too_few_rows_for_folds_train_without():
    fitted = DeepRegressor(defaults="table", epochs=2, random_state=0).fit(
        np.arange(6.0).reshape(3, 2), [1, 2, 4]
    )
    assert not fitted.settings_["folds"]
    assert fitted.settings_["ensemble"] == 8


def test_folds_train_what_osolgil_train_trains():
    data = osolgil.load("iris", seed=3)
    settings = {"hidden": (8,), "epochs": 12, "batch_size": 16, "learning_rate": 0.02}
    trained = osolgil.train(data, ensemble=3, folds=True, keep="best-mean", seed=3, **settings)
    rows = np.concatenate([data.train.inputs, data.validation.inputs])
    answers = np.concatenate([data.train.targets, data.validation.targets])
    deep = DeepClassifier(
        **settings, ensemble=3, folds=True, early_stopping=True, monitor="score", patience=100, numeric="none",
        random_state=3,
    ).fit(rows, answers)  # fmt: skip
    assert deep._predictors[0].thetas.shape == (3, trained.model.network.size)
    assert deep.score(rows, answers) > 0.85
    assert len(deep.validation_scores_) == deep.n_iter_ == 12


def test_folds_do_not_depend_on_threads_and_may_be_searched():
    folded = {"ensemble": 3, "folds": True, "early_stopping": True}
    one, two = (DeepClassifier(**SMALL, **folded, n_jobs=jobs).fit(X, Y).predict_proba(X) for jobs in (1, 2))
    assert np.array_equal(one, two)
    found = search(DeepClassifier(**SMALL, **folded), {"learning_rate": [0.001, 0.01]}, X, Y, 2)
    assert found.best_score_ > 0.85


def test_predictions_stay_within_what_was_seen():
    rows = np.linspace(-1, 1, 200).reshape(-1, 1)
    deep = DeepRegressor(hidden=(16,), clip_targets=True, random_state=0).fit(rows, rows[:, 0])
    assert np.abs(deep.predict(rows * 50)).max() <= 1.0


def test_an_ensemble_is_a_model(tmp_path):
    deep = DeepRegressor(**SMALL, ensemble=3, clip_targets=True).fit(*NUMBERS)
    deep.save(tmp_path)
    assert np.allclose(osolgil.Model.load(tmp_path).predict(NUMBERS[0]), deep.predict(NUMBERS[0]), rtol=1e-5)
    assert np.array_equal(osolgil.load_estimator(tmp_path).predict(NUMBERS[0]), deep.predict(NUMBERS[0]))


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"defaults": "tabel"}, "table"),
        ({"scaling": "robst"}, "robust"),
        ({"numbers": "piecewize"}, "piecewise"),
        ({"ensemble": 2, "folds": True, "calibrate": "temperature"}, "folds"),
        ({"ensemble": 2, "folds": True, "warm_start": True}, "folds"),
    ],
)
def test_what_does_not_go_together_is_said(wrong, word):
    with pytest.raises(SettingsError, match=word):
        DeepClassifier(**SMALL, **wrong).fit(X, Y)
