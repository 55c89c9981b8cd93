"""What an estimator takes as y and as weights of classes, and what it says where it cannot."""

import numpy as np
import pandas
import pytest
import scipy.sparse
from sklearn.datasets import load_diabetes, load_iris
from sklearn.utils.class_weight import compute_sample_weight

from osolgil import DeepClassifier, DeepRegressor
from osolgil.errors import DataError, SettingsError

X, Y = load_iris(return_X_y=True)
NUMBERS = load_diabetes(return_X_y=True)
LABELS = np.column_stack([Y == 0, Y > 0]).astype(int)
SMALL = {"hidden": (6,), "epochs": 2, "random_state": 0}


@pytest.mark.parametrize(
    ("objects", "plain"),
    [
        ((Y == 1).astype(object), Y == 1),
        (Y.astype(object), Y),
        ((Y / 2).astype(object) * 2, Y.astype(float)),
        (pandas.Series(Y == 1, dtype="boolean"), Y == 1),
        (LABELS.astype(object), LABELS),
    ],
    ids=["truth", "whole", "broken", "nullable", "labels"],
)
def test_objects_of_one_kind_are_what_they_hold(objects, plain):
    one, other = DeepClassifier(**SMALL).fit(X, objects), DeepClassifier(**SMALL).fit(X, plain)
    assert one.classes_.tolist() == other.classes_.tolist()
    assert np.array_equal(one.predict_proba(X), other.predict_proba(X))


def test_numbers_in_a_sparse_matrix():
    one = DeepRegressor(**SMALL).fit(X, scipy.sparse.csr_matrix(np.column_stack([Y, -Y])))
    other = DeepRegressor(**SMALL).fit(X, np.column_stack([Y, -Y]))
    assert np.array_equal(one.predict(X), other.predict(X))


@pytest.mark.parametrize(
    ("estimator", "y", "words"),
    [
        (DeepClassifier(), np.array([1, "a", "b"] * 50, object), "mixes numbers with texts"),
        (DeepClassifier(), np.array(list("abc"))[Y].astype("S"), "holds bytes"),
        (DeepClassifier(), np.ma.masked_equal(Y, 1), "masked entries"),
        (DeepRegressor(), np.ma.masked_equal(Y, 1), "masked entries"),
        (DeepRegressor(), pandas.date_range("2020", periods=150), "holds dates"),
        (DeepClassifier(), [None, "a", "b"] * 50, "contains NaN, None or NA"),
    ],
)
def test_answers_of_no_use_are_said(estimator, y, words):
    with pytest.raises(DataError, match=words):
        estimator.fit(X, y)


@pytest.mark.parametrize(
    "setting", ["ballanced", [1, 2, 3], {0: -1.0, 1: 1.0, 2: 1.0}, {0: "a"}, {0: float("inf")}, 3.0]
)
def test_weights_of_classes_of_no_use_are_said(setting):
    with pytest.raises(
        SettingsError, match=r"class_weight is None, 'balanced', or the weight of every class"
    ):
        DeepClassifier(class_weight=setting).fit(X, Y)


@pytest.mark.parametrize("setting", ["balanced", [{0: 1.0, 1: 5.0}, {0: 2.0, 1: 0.5}]])
def test_weights_of_labels_are_those_of_rows(setting):
    one = DeepClassifier(**SMALL, class_weight=setting).fit(X, LABELS)
    other = DeepClassifier(**SMALL).fit(X, LABELS, sample_weight=compute_sample_weight(setting, LABELS))
    assert np.array_equal(one.predict_proba(X), other.predict_proba(X))
    with pytest.raises(SettingsError, match="a list of a dictionary per label"):
        DeepClassifier(class_weight={0: 1.0, 1: 2.0}).fit(X, LABELS)


def test_an_unknown_class_is_named_as_people_write_it():
    with pytest.raises(DataError, match="has the class '2', which"):
        DeepClassifier(**SMALL).partial_fit(X, Y, classes=[0, 1])


def test_quantiles_are_those_of_the_fit_whatever_is_set_later():
    rows, y = NUMBERS
    fitted = DeepRegressor(**SMALL, quantiles=(0.9, 0.1)).fit(rows, y)
    before, score = fitted.predict(rows), fitted.score(rows, y)
    for later in (None, (0.5,), (0.1, 0.5, 0.9)):
        fitted.set_params(quantiles=later)
        assert np.array_equal(fitted.predict(rows), before)
        assert fitted.score(rows, y) == score
        assert fitted.to_model().quantiles == (0.9, 0.1)
    plain = DeepRegressor(**SMALL).fit(rows, y).set_params(quantiles=(0.1, 0.9))
    assert plain.predict(rows).shape == (442,)


@pytest.mark.parametrize("more", ["fit", "partial_fit"])
def test_training_goes_on_with_the_same_quantiles_only(more):
    rows, y = NUMBERS
    fitted = DeepRegressor(**SMALL, warm_start=True, quantiles=(0.1, 0.9)).fit(rows, y)
    getattr(fitted, more)(rows, y)
    for other in (None, (0.1,), (0.9, 0.1)):
        with pytest.raises(SettingsError, match="goes on with the quantiles"):
            getattr(fitted.set_params(quantiles=other), more)(rows, y)


def test_limits_reach_as_far_as_any_answer_so_far():
    rows, y = NUMBERS
    fitted = DeepRegressor(**SMALL, clip_targets=True).partial_fit(rows, y)
    fitted.partial_fit(rows, 10.0 * y - 1000.0)
    assert fitted.to_model().target_limits == ((10.0 * y - 1000.0).min(), (10.0 * y - 1000.0).max())
    fitted.partial_fit(rows, y)
    assert fitted.to_model().target_limits == ((10.0 * y - 1000.0).min(), (10.0 * y - 1000.0).max())
