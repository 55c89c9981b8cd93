"""The perceptron beside scikit-learn's, and its bound on data made and found."""

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Perceptron
from sklearn.svm import SVC

from osolgil import perceptron
from osolgil.errors import DataError, SettingsError
from osolgil.perceptron import CORNERS, EXCLUSIVE_OR, learn, separate


def clouds(seed, rows=40, features=3, gap=0.1):
    random = np.random.default_rng(seed)
    normal = random.normal(size=features)
    normal /= np.linalg.norm(normal)
    inputs = random.normal(size=(rows, features))
    side = inputs @ normal - 0.3
    kept = np.abs(side) > gap
    return inputs[kept], np.where(side[kept] > 0, 1, -1)


@pytest.mark.parametrize("seed", range(8))
def test_weights_after_every_epoch_are_scikit_learns(seed):
    inputs, labels = clouds(seed)
    lesson = learn(inputs, labels, epochs=12)
    peer = Perceptron(shuffle=False, tol=None, max_iter=1, eta0=1.0)
    ends = np.cumsum(lesson.mistakes_per_epoch)
    for end in ends:
        peer.partial_fit(inputs, labels, classes=[-1, 1])
        np.testing.assert_allclose(
            lesson.weights[end], [*peer.coef_[0], peer.intercept_[0]], rtol=1e-12, atol=1e-12
        )


@pytest.mark.parametrize("seed", range(8))
def test_margin_is_the_support_vector_machines(seed):
    """A linear machine without bias on the rows with their 1, its penalty so high that it is a hard margin."""
    inputs, labels = clouds(seed, features=2, gap=0.2)
    found = separate(inputs, labels)
    extended = np.column_stack([inputs, np.ones(len(inputs))])
    faced = extended * labels[:, None]
    machine = SVC(kernel="linear", C=1e10).fit(np.vstack([faced, -faced]), np.repeat([1, -1], len(faced)))
    weights = machine.coef_[0]  # mirrored rows leave no bias
    assert found.margin == pytest.approx(float((faced @ weights).min() / np.linalg.norm(weights)), rel=1e-3)
    assert np.linalg.norm(found.weights) == pytest.approx(1.0)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6), st.floats(0.05, 0.6))
def test_mistakes_never_exceed_novikoffs_bound(seed, features, gap):
    inputs, labels = clouds(seed, 30, features, gap)
    if not len(labels):
        return
    lesson = learn(inputs, labels, epochs=100_000)
    assert lesson.learned
    assert lesson.mistakes <= lesson.separation.bound
    assert lesson.accuracy == 1.0


def test_exclusive_or_goes_round_for_ever():
    lesson = learn(CORNERS, EXCLUSIVE_OR)
    assert not lesson.learned
    assert lesson.separation.margin is None
    after, length = lesson.cycle
    rounds = Perceptron(shuffle=False, tol=None, max_iter=1, eta0=1.0)
    states = [[0.0, 0.0, 0.0]]
    for _ in range(after + 3 * length):
        rounds.partial_fit(CORNERS, EXCLUSIVE_OR, classes=[-1, 1])
        states.append([*rounds.coef_[0], *rounds.intercept_])
    assert states[after] == states[after + length] == states[after + 2 * length]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-10, 10), min_size=3, max_size=3))
def test_no_line_separates_exclusive_or(weights):
    assert (perceptron.predict(np.array(weights), CORNERS) != EXCLUSIVE_OR).any()


def test_two_perceptrons_before_a_third_compute_exclusive_or():
    assert perceptron.exclusive_or(CORNERS).tolist() == EXCLUSIVE_OR.tolist()


def test_the_toy_is_learned_within_its_bound():
    lesson = learn(*perceptron.toy())
    assert lesson.learned
    assert 0 < lesson.mistakes <= lesson.separation.bound
    assert set(perceptron.toy()[1]) == {-1, 1}
    assert json.loads(json.dumps(lesson.to_dict(), allow_nan=False))["separable"]


@pytest.mark.parametrize(
    ("inputs", "labels", "words"),
    [
        ([[1.0]], [2], "-1 and 1"),
        ([[np.nan]], [1], "finite"),
        ([1.0], [1], "rows, features"),
        ([[1.0]], [1, -1], "as many labels"),
        (np.empty((0, 2)), [], "at least one"),
    ],
)
def test_bad_data_is_told(inputs, labels, words):
    with pytest.raises(DataError, match=re.escape(words)):
        learn(inputs, labels)


def test_epochs_have_a_range():
    with pytest.raises(SettingsError, match="epochs, not 0"):
        learn(CORNERS, EXCLUSIVE_OR, epochs=0)


def test_one_row_is_learned_at_once():
    lesson = learn([[3.0, 4.0]], [1])
    assert lesson.mistakes == 1
    assert lesson.separation.bound == pytest.approx(1.0)
