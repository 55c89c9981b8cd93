"""scikit-learn's own checks, and its ways of copying, routing and wrapping estimators."""

import io
import pickle
import warnings

import joblib
import numpy as np
import pandas
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from osolgil import DeepClassifier, DeepRegressor

IRIS, DIABETES = load_iris(return_X_y=True), load_diabetes(return_X_y=True)
PAIRS = [(DeepClassifier, IRIS), (DeepRegressor, DIABETES)]
NEEDS_MORE = {"check_array_api_input", "check_classifiers_multilabel_output_format_decision_function"}


@pytest.mark.parametrize("cls", [DeepClassifier, DeepRegressor])
def test_every_check_of_scikit_learn_passes_and_none_is_excused(cls):
    """Skipped are only those for another array library and for a method that predict_proba stands in for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(cls(), on_fail=None, on_skip=None, expected_failed_checks=None)
    assert len(results) > 60
    assert {
        r["check_name"]: r["exception"] for r in results if r["status"] not in ("passed", "skipped")
    } == {}
    assert {r["check_name"] for r in results if r["status"] == "skipped"} <= NEEDS_MORE


@pytest.fixture(scope="module", params=PAIRS, ids=["classifier", "regressor"])
def fitted(request):
    cls, (X, y) = request.param
    return cls(hidden=(8,), epochs=5, ensemble=2, random_state=0).fit(X, y), X, y


def through_pickle(estimator):
    return pickle.loads(pickle.dumps(estimator))


def through_joblib(estimator):
    file = io.BytesIO()
    joblib.dump(estimator, file)
    file.seek(0)
    return joblib.load(file)


@pytest.mark.parametrize("copied", [through_pickle, through_joblib])
def test_a_copy_predicts_the_same_bits(fitted, copied):
    estimator, X, _ = fitted
    assert np.array_equal(copied(estimator).predict(X), estimator.predict(X))
    assert np.array_equal(copied(estimator).transform(X), estimator.transform(X))


def test_a_clone_is_unfitted_and_trains_to_the_same_bits(fitted):
    estimator, X, y = fitted
    copy = clone(estimator)
    assert not hasattr(copy, "n_iter_")
    assert copy.get_params() == estimator.get_params()
    assert np.array_equal(copy.fit(X, y).predict(X), estimator.predict(X))


def test_weights_are_routed():
    with sklearn.config_context(enable_metadata_routing=True):
        X, y = IRIS
        weights = np.where(y == 2, 0.0, 1.0)
        deep = DeepClassifier(hidden=(8,), epochs=5, random_state=0).set_fit_request(sample_weight=True)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=True), deep)
        pipeline.fit(X, y, sample_weight=weights)
        assert pipeline[-1].classes_.tolist() == [0, 1]
        deep.set_score_request(sample_weight=True)
        search = GridSearchCV(deep, {"epochs": [2]}, cv=2).fit(X, y, sample_weight=weights)
        assert search.best_estimator_.classes_.tolist() == [0, 1]


def test_set_output_names_what_the_last_hidden_layer_gives():
    X, y = IRIS
    table = pandas.DataFrame(X, columns=["a", "b", "c", "d"])
    deep = DeepClassifier(hidden=(8, 3), epochs=3, random_state=0).fit(table, y)
    assert deep.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    found = deep.set_output(transform="pandas").transform(table)
    assert (
        list(found.columns) == list(deep.get_feature_names_out()) == [f"deepclassifier{i}" for i in range(3)]
    )


def test_a_pipeline_may_hand_tables_on():
    X, y = IRIS
    table = pandas.DataFrame(X, columns=list("abcd"))
    pipeline = make_pipeline(
        StandardScaler(), DeepClassifier(hidden=(8,), learning_rate=0.02, random_state=0)
    )
    pipeline.set_output(transform="pandas").fit(table, y)
    assert pipeline[-1].feature_names_in_.tolist() == list("abcd")
    assert pipeline.score(table, y) > 0.8


def test_cross_validation_counts_on_it():
    scores = cross_val_score(DeepClassifier(hidden=(8,), learning_rate=0.02, random_state=0), *IRIS, cv=3)
    assert scores.mean() > 0.8


def test_the_last_hidden_layer_is_what_a_network_without_its_last_layer_gives():
    X, y = IRIS
    deep = DeepClassifier(hidden=(8, 5), activation="tanh", epochs=3, numeric="none", random_state=0).fit(
        X, y
    )
    values = X.astype(np.float32)
    for layer in deep.network_.unpack(deep._predictors[0].thetas[0])[:-1]:
        values = np.tanh(values @ layer["weight"] + layer["bias"])
    assert np.allclose(deep.transform(X), values, atol=1e-5)


def test_a_notebook_shows_its_settings(fitted):
    assert "Deep" in fitted[0]._repr_html_()
    assert "hidden" in repr(fitted[0])
