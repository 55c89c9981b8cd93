"""A search finds what scikit-learn's loop finds, score by score; a race inside fit leaves its verdict."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.metrics import d2_pinball_score, r2_score
from sklearn.model_selection import GridSearchCV, KFold, ParameterSampler
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import osolgil
from osolgil import DeepClassifier, DeepRegressor, SettingsError
from osolgil.estimators.preparation import split

IRIS = load_iris(return_X_y=True)
GRIDS = [
    (
        DeepClassifier(epochs=8, random_state=0),
        {"hidden": [(8,), (8, 8)], "learning_rate": [0.001, 0.02]},
        IRIS,
    ),
    (
        DeepRegressor(hidden=(8,), random_state=1, early_stopping=True, ensemble=2),
        [{"epochs": [5, 9], "loss": ["huber", None]}, {"dropout": [0.1], "epochs": [4]}],
        load_diabetes(return_X_y=True),
    ),
    (
        Pipeline(
            [("scale", StandardScaler()), ("deep", DeepClassifier(hidden=(8,), epochs=5, random_state=0))]
        ),
        {"deep__optimizer": ["adam", "sgd"], "scale__with_mean": [True, False]},
        IRIS,
    ),
]


@pytest.mark.parametrize(("estimator", "grid", "data"), GRIDS, ids=["classes", "numbers", "pipeline"])
def test_the_scores_are_those_of_the_loop_bit_for_bit(estimator, grid, data):
    folds = KFold(3, shuffle=True, random_state=0)
    found = osolgil.search(estimator, grid, *data, folds)
    loop = GridSearchCV(estimator, grid, cv=folds).fit(*data)
    assert set(found.cv_results_) == set(loop.cv_results_)
    assert found.cv_results_["params"] == loop.cv_results_["params"]
    for name, values in loop.cv_results_.items():
        if "score" in name and "time" not in name:
            assert np.array_equal(found.cv_results_[name], values), name
    assert found.best_params_ == loop.best_params_
    assert found.best_score_ == loop.best_score_
    assert np.array_equal(found.predict(data[0]), loop.predict(data[0]))
    assert found.score(*data) == loop.score(*data)


def test_threads_change_nothing_and_any_list_of_settings_will_do():
    deep = DeepClassifier(hidden=(8,), epochs=4, random_state=0)
    some = ParameterSampler({"learning_rate": [0.001, 0.01, 0.1]}, 2, random_state=0)
    one, two = (osolgil.search(deep, some, *IRIS, 3, refit=False, n_jobs=jobs) for jobs in (1, 2))
    assert np.array_equal(one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"])
    with pytest.raises(SettingsError, match="refit"):
        one.predict(IRIS[0])


def test_what_diverges_scores_nothing_and_is_warned_of():
    deep = DeepClassifier(hidden=(8,), epochs=4, optimizer="sgd", random_state=0)
    with pytest.warns(FitFailedWarning, match="diverged"):
        found = osolgil.search(deep, {"learning_rate": [0.1, 1e30]}, *IRIS, 3)
    assert np.isnan(found.cv_results_["mean_test_score"]).tolist() == [False, True]
    assert found.best_params_ == {"learning_rate": 0.1}
    with pytest.warns(FitFailedWarning), pytest.raises(SettingsError, match="Every setting"):
        osolgil.search(deep, {"learning_rate": [1e30]}, *IRIS, 3)


def test_weights_count_in_training():
    weights = np.where(IRIS[1] == 2, 0.0, 1.0)
    deep = DeepClassifier(hidden=(8,), epochs=4, random_state=0)
    found = osolgil.search(deep, {"epochs": [3]}, *IRIS, 3, sample_weight=weights)
    assert found.best_estimator_.classes_.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("estimator", "grid", "word"),
    [
        (StandardScaler(), {}, "DeepClassifier"),
        (DeepClassifier(), [], "at least one"),
        (DeepClassifier(), 3, "grid"),
        (DeepClassifier(optimizer="race"), {"epochs": [1]}, "race"),
        (DeepClassifier(), {"activation": ["rellu"]}, "relu"),
    ],
)
def test_what_cannot_be_searched_is_said(estimator, grid, word):
    with pytest.raises(ValueError, match=word):
        osolgil.search(estimator, grid, *IRIS, 3)


RACE = {"optimizers": ["sgd", "adam"], "learning_rates": 3, "seeds": 2}


def test_a_race_inside_fit_leaves_a_verdict_and_its_best_networks():
    X, y = load_breast_cancer(return_X_y=True)
    deep = DeepClassifier(hidden=(8,), epochs=6, optimizer="race", race=RACE, ensemble=4, random_state=0)
    deep.fit(X, y)
    assert {row["entrant"] for row in deep.race_.leaderboard} == {"sgd", "adam"}
    assert len(deep._predictors[0]) == 4
    assert deep.score(X, y) > 0.9
    again = DeepClassifier(**deep.get_params()).fit(X, y)
    assert np.array_equal(again.predict_proba(X), deep.predict_proba(X))


def test_without_an_ensemble_the_network_is_the_verdicts():
    X, y = load_diabetes(return_X_y=True)
    deep = DeepRegressor(hidden=(8,), epochs=5, optimizer="race", race=RACE, random_state=0).fit(X, y)
    assert np.array_equal(deep._predictors[0].thetas[0], deep.race_.model.parameters)
    assert np.array_equal(deep.predict(X), deep.race_.predict(deep.race_.model.preprocessing and X))


@pytest.mark.parametrize("loss", [None, "poisson"])
def test_a_race_on_several_targets_is_scored_as_scikit_learn_scores_them(loss):
    """R² over all targets, each in units of its spread: where the network gives logarithms, of its mean."""
    X, y = load_diabetes(return_X_y=True)
    both = np.column_stack([y, 40.0 + np.abs(X[:, 2]) * 1000.0])
    race = {**RACE, "optimizers": "sgd, adam"}
    deep = DeepRegressor(hidden=(16,), epochs=9, optimizer="race", race=race, loss=loss, random_state=0).fit(
        X, both
    )
    assert np.array_equal(deep._predictors[0].thetas[0], deep.race_.model.parameters)
    np.testing.assert_allclose(deep.race_.predict(X), deep.predict(X), rtol=1e-6)
    unit = both.mean(axis=0) if loss else both.std(axis=0)
    tested = split(None, len(both), 0.2, 0)[1][1::2]
    wanted = r2_score(both[tested] / unit, deep.predict(X[tested]) / unit, multioutput="variance_weighted")
    assert deep.race_.facts["test"]["winner"]["score"] == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("ensemble", [1, 3])
def test_every_quantile_has_a_race_of_its_own(ensemble, tmp_path):
    X, y = load_diabetes(return_X_y=True)
    levels = (0.9, 0.2)
    deep = DeepRegressor(
        hidden=(8,), epochs=6, optimizer="race", race=RACE, quantiles=levels, ensemble=ensemble,
        clip_targets=False, random_state=0,
    ).fit(X, y)  # fmt: skip
    tested = split(None, len(y), 0.2, 0)[1][1::2]
    for place, (level, verdict) in enumerate(zip(levels, deep.race_, strict=True)):
        assert verdict.facts["settings"]["loss"] == f"pinball(quantile={level})"
        assert verdict.facts["data"]["score"] == "d2"
        answered = verdict.predict(X)
        wanted = d2_pinball_score(y[tested], answered[tested], alpha=level)
        assert verdict.score == pytest.approx(wanted, abs=1e-5)
        assert len(deep._predictors[place].thetas) == ensemble
        if ensemble == 1:
            np.testing.assert_allclose(deep.predict(X)[:, place], answered, rtol=1e-6)
    deep.save(tmp_path / "model")
    assert np.array_equal(osolgil.load_estimator(tmp_path / "model").predict(X), deep.predict(X))


def test_a_race_on_one_quantile_trains_that_quantile():
    X, y = load_diabetes(return_X_y=True)
    deep = DeepRegressor(hidden=(8,), epochs=20, optimizer="race", race=RACE, quantiles=0.9, random_state=0)
    assert 0.8 < (y < deep.fit(X, y).predict(X)[:, 0]).mean() < 0.97
    (verdict,) = deep.race_
    assert verdict.facts["settings"]["loss"] == "pinball(quantile=0.9)"


@pytest.mark.parametrize(
    ("race", "word"),
    [({"optimizer": ["sgd"]}, "optimizers"), ({"optimizers": ["sdg"]}, "sgd"), ({"budget": -1}, "budget")],
)
def test_a_wrong_race_is_said(race, word):
    with pytest.raises(SettingsError, match=word):
        DeepClassifier(optimizer="race", race=race).fit(*IRIS)
