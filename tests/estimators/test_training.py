"""What `fit` trains: beside an independent NumPy descent, and beside itself under other circumstances."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.neural_network import MLPClassifier
from sklearn.utils.class_weight import compute_sample_weight

import osolgil
from osolgil import DeepClassifier, DeepRegressor, SettingsError

X, Y = load_iris(return_X_y=True)
SMALL = {"hidden": (8,), "epochs": 10, "random_state": 0}


def descend(network, theta, inputs, targets, weights, rate, steps):
    """Gradient descent on softmax cross-entropy through tanh layers, in plain NumPy and float64."""
    layers = [
        (layer["weight"].astype(float).copy(), layer["bias"].astype(float).copy())
        for layer in network.unpack(theta)
    ]
    for _ in range(steps):
        values = [inputs]
        for place, (weight, bias) in enumerate(layers):
            linear = values[-1] @ weight + bias
            values.append(np.tanh(linear) if place < len(layers) - 1 else linear)
        shares = np.exp(values[-1] - values[-1].max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        delta = weights[:, None] * (shares - targets) / weights.sum()
        for place in reversed(range(len(layers))):
            weight, bias = layers[place]
            gradient = values[place].T @ delta, delta.sum(0)
            delta = (delta @ weight.T) * (1 - values[place] ** 2)
            layers[place] = weight - rate * gradient[0], bias - rate * gradient[1]
    return shares


def test_full_batch_descent_is_that_of_numpy_with_weights_and_all():
    weights = np.random.default_rng(0).uniform(0.1, 3.0, len(X))
    deep = DeepClassifier(
        hidden=(6, 5), activation="tanh", optimizer="gradient_descent", learning_rate=0.1, epochs=30,
        batch_size=len(X), numeric="none", random_state=3,
    ).fit(X, Y, sample_weight=weights)  # fmt: skip
    theta = deep.network_.initial(3_000_000)
    shares = descend(deep.network_, theta, X.astype(np.float32).astype(float), np.eye(3)[Y], weights, 0.1, 31)
    assert np.allclose(deep.predict_proba(X), shares, atol=1e-5)


def test_it_learns_what_scikit_learns_network_learns():
    data = load_breast_cancer(return_X_y=True)
    deep = DeepClassifier(hidden=(32,), epochs=40, random_state=0).fit(*data)
    scaled = (data[0] - data[0].mean(0)) / data[0].std(0)
    peer = MLPClassifier((32,), max_iter=400, random_state=0).fit(scaled, data[1])
    assert deep.score(*data) >= peer.score(scaled, data[1]) - 0.02


@pytest.mark.parametrize("extra", [{}, {"early_stopping": True}, {"ensemble": 3, "dropout": 0.2}])
def test_the_number_of_threads_changes_no_bit(extra):
    found = [DeepClassifier(**SMALL, **extra, n_jobs=jobs).fit(X, Y).predict_proba(X) for jobs in (1, 2, 5)]
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def test_another_random_state_is_another_network():
    one, other = (DeepClassifier(**{**SMALL, "random_state": seed}).fit(X, Y) for seed in (0, 1))
    assert not np.array_equal(one.predict_proba(X), other.predict_proba(X))
    states = [np.random.RandomState(5) for _ in range(2)]
    first, second = (DeepClassifier(**{**SMALL, "random_state": state}).fit(X, Y) for state in states)
    assert np.array_equal(first.predict_proba(X), second.predict_proba(X))


@pytest.mark.parametrize("monitor", ["loss", "score"])
@pytest.mark.parametrize("patience", [1, 3, 50])
def test_early_stopping_gives_the_network_of_the_best_epoch(monitor, patience):
    kept = np.random.default_rng(0).permutation(len(X)) < 100
    data = {"validation_data": (X[~kept], Y[~kept])}
    stop = {"early_stopping": True, "monitor": monitor, "patience": patience}
    common = {"hidden": (16,), "learning_rate": 0.1, "random_state": 0}
    stopped = DeepClassifier(**common, epochs=60, **stop).fit(X[kept], Y[kept], **data)
    curve = stopped.validation_losses_ if monitor == "loss" else [-s for s in stopped.validation_scores_]
    assert stopped.best_epoch_ == int(np.argmin(curve)) + 1
    assert stopped.n_iter_ == len(curve) == min(60, stopped.best_epoch_ + patience)
    plain = DeepClassifier(**common, epochs=stopped.best_epoch_).fit(X[kept], Y[kept], **data)
    assert np.array_equal(stopped.predict_proba(X), plain.predict_proba(X))


def test_every_network_of_an_ensemble_stops_at_its_own_best_epoch():
    settings_ = {"hidden": (8,), "epochs": 30, "learning_rate": 0.05, "early_stopping": True, "patience": 4}
    together = DeepClassifier(**settings_, ensemble=3, random_state=0).fit(X, Y)
    alone = DeepClassifier(**settings_, ensemble=1, random_state=0).fit(X, Y)
    assert np.array_equal(together._predictors[0].thetas[0], alone._predictors[0].thetas[0])


@given(st.lists(st.integers(0, 4), min_size=12, max_size=12).filter(lambda w: sum(w[:6]) and sum(w[6:])))
@settings(max_examples=10)
def test_a_row_of_weight_two_is_two_rows_and_a_row_of_weight_none(weights):
    inputs = np.random.default_rng(1).normal(size=(12, 3))
    answers = np.array([0] * 6 + [1] * 6)
    weighted = DeepClassifier(**SMALL).fit(inputs, answers, sample_weight=weights)
    repeated = DeepClassifier(**SMALL).fit(np.repeat(inputs, weights, 0), np.repeat(answers, weights))
    assert np.array_equal(weighted.predict_proba(inputs), repeated.predict_proba(inputs))


@pytest.mark.parametrize("class_weight", ["balanced", {0: 1.0, 1: 5.0, 2: 0.5}])
def test_class_weights_are_weights_of_rows(class_weight):
    rows = compute_sample_weight(class_weight, Y)
    by_class = DeepClassifier(**SMALL, class_weight=class_weight).fit(X, Y)
    by_row = DeepClassifier(**SMALL).fit(X, Y, sample_weight=rows)
    assert np.array_equal(by_class.predict_proba(X), by_row.predict_proba(X))


def test_a_warm_start_goes_on_from_the_weights_there_are():
    deep = DeepClassifier(
        hidden=(8,), epochs=3, optimizer="sgd", learning_rate=0.1, warm_start=True, random_state=0
    )
    losses = [deep.fit(X, Y).loss_curve_ for _ in range(4)]
    assert losses[3][-1] < losses[0][0]
    for earlier, later in pairwise(losses):
        assert later[0] < earlier[0]
    with pytest.raises(SettingsError, match="warm_start"):
        deep.set_params(hidden=(9,)).fit(X, Y)


def test_passes_of_partial_fit_are_epochs_in_another_order():
    deep = DeepClassifier(hidden=(16,), batch_size=32, learning_rate=0.01, random_state=0)
    for _ in range(20):
        deep.partial_fit(X, Y, classes=[0, 1, 2])
    assert len(deep.loss_curve_) == deep.n_iter_ == 20
    assert deep.score(X, Y) > 0.9


def test_partial_fit_keeps_the_optimizers_state():
    """Adam's bias correction counts steps: two full-batch passes are two epochs of fit."""
    settings_ = {"hidden": (8,), "batch_size": 200, "learning_rate": 0.05, "random_state": 0}
    deep = DeepClassifier(**settings_)
    for _ in range(3):
        deep.partial_fit(X, Y, classes=[0, 1, 2])
    whole = DeepClassifier(**settings_, epochs=3).fit(X, Y)
    assert np.allclose(deep.predict_proba(X), whole.predict_proba(X), atol=1e-4)


def test_classes_may_come_later():
    deep = DeepClassifier(hidden=(8,), random_state=0)
    deep.partial_fit(X[:50], Y[:50], classes=[0, 1, 2]).partial_fit(X[50:], Y[50:])
    assert deep.classes_.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="known classes"):
        deep.partial_fit(X, Y + 5)
    with pytest.raises(SettingsError, match="first call"):
        deep.partial_fit(X, Y, classes=[0, 1])


def test_callbacks_see_every_epoch_and_may_end_training(capsys):
    seen = []
    deep = DeepClassifier(**SMALL, callbacks=[seen.append, lambda epoch: epoch.number == 4], progress="ko")
    deep.fit(X, Y, validation_data=(X, Y))
    assert [epoch.number for epoch in seen] == [1, 2, 3, 4]
    assert [epoch.loss for epoch in seen] == deep.loss_curve_
    assert [epoch.validation_score for epoch in seen] == deep.validation_scores_
    assert "에포크 1/10" in capsys.readouterr().err
    plain = DeepClassifier(**{**SMALL, "epochs": 4}).fit(X, Y)
    assert np.array_equal(plain.predict_proba(X), deep.predict_proba(X))


def bent(x, share=0.25):
    return where(x > 0.0, x, share * tanh(x))  # noqa: F821


def my_momentum(theta, gradient, velocity, *, learning_rate=0.05, memory=0.9):
    velocity = memory * velocity - learning_rate * gradient
    return theta + velocity, velocity


def test_own_functions_and_an_activation_per_layer():
    deep = DeepClassifier(
        hidden=(8, 8), activation=["tanh", bent], optimizer=my_momentum, epochs=40, random_state=0
    )
    assert deep.fit(X, Y).score(X, Y) > 0.9
    assert deep.network_.activations[0] == "tanh"
    assert deep.network_.activations[1].startswith("bent@")


def test_several_labels_per_row():
    labels = np.column_stack([Y == 0, Y != 1, X[:, 0] > 5.8]).astype(int)
    deep = DeepClassifier(hidden=(16,), epochs=60, random_state=0).fit(X, labels)
    assert deep.predict(X).shape == deep.predict_proba(X).shape == (150, 3)
    assert (deep.predict(X) == labels).mean() > 0.9
    assert np.array_equal(deep.predict(X), deep.predict_proba(X) > 0.5)


def test_names_of_classes_come_back_in_their_own_type():
    for names in (np.array(["b", "a", "c"]), np.array([10, -3, 7])):
        deep = DeepClassifier(hidden=(8,), learning_rate=0.02, random_state=0).fit(X, names[Y])
        assert deep.predict(X).dtype == names.dtype
        assert deep.classes_.tolist() == sorted(names.tolist())
        assert deep.score(X, names[Y]) > 0.8


def test_spread_is_that_of_the_networks():
    deep = DeepClassifier(**SMALL, ensemble=4).fit(X, Y)
    mean, spread = deep.predict_proba(X, return_std=True)
    members = np.stack(
        [DeepClassifier(**{**SMALL, "random_state": 0}, ensemble=1).fit(X, Y).predict_proba(X)]
    )
    assert np.array_equal(mean, deep.predict_proba(X))
    assert spread.shape == (150, 3)
    assert (spread > 0).all()
    assert np.abs(members[0] - mean).max() > 0
    with pytest.raises(SettingsError, match="ensemble"):
        DeepClassifier(**SMALL).fit(X, Y).predict_proba(X, return_std=True)


def test_training_is_the_one_that_osolgil_train_does():
    """The same network, rows, seed and steps: the same weights, to the bit."""
    data = osolgil.load("iris", seed=4)
    trained = osolgil.train(data, hidden=(8,), epochs=5, batch_size=16, seed=4)
    deep = DeepClassifier(hidden=(8,), epochs=5, batch_size=16, numeric="none", random_state=4)
    deep.fit(data.train.inputs, data.train.targets)
    assert np.array_equal(deep._predictors[0].thetas[0], trained.model.parameters)


def test_targets_of_any_size_and_number():
    inputs, targets = load_diabetes(return_X_y=True)
    for unit in (1e-200, 1.0, 1e200):
        deep = DeepRegressor(hidden=(16,), epochs=60, random_state=0).fit(inputs, targets * unit)
        assert np.corrcoef(deep.predict(inputs) / unit, targets)[0, 1] > 0.7
    several = np.column_stack([targets, -3 * targets, np.full(len(targets), 7.0)])
    deep = DeepRegressor(hidden=(16,), epochs=60, ensemble=2, random_state=0).fit(inputs, several)
    mean, spread = deep.predict(inputs, return_std=True)
    assert mean.shape == spread.shape == several.shape
    assert np.corrcoef(mean[:, 1], several[:, 1])[0, 1] > 0.7
    assert np.abs(mean[:, 2] - 7).max() < 1e-12


def test_counts_are_predicted_above_zero():
    random = np.random.default_rng(0)
    inputs = random.normal(size=(400, 1))
    counts = random.poisson(np.exp(1 + inputs[:, 0]))
    deep = DeepRegressor(hidden=(16,), loss="poisson", epochs=60, random_state=0).fit(inputs, counts)
    assert (deep.predict(inputs) > 0).all()
    assert np.corrcoef(deep.predict(inputs), np.exp(1 + inputs[:, 0]))[0, 1] > 0.95
    with pytest.raises(ValueError, match="poisson"):
        deep.fit(inputs, counts - 5)


def test_quantiles_hold_what_they_say_and_never_cross():
    random = np.random.default_rng(0)
    inputs = random.uniform(-1, 1, size=(3000, 1))
    answers = inputs[:, 0] + (1 + inputs[:, 0]) * random.normal(size=3000)
    levels = (0.9, 0.1, 0.5)
    deep = DeepRegressor(hidden=(32,), quantiles=levels, epochs=40, random_state=0).fit(inputs, answers)
    found = deep.predict(inputs)
    assert found.shape == (3000, 3)
    assert (found[:, 1] <= found[:, 2]).all()
    assert (found[:, 2] <= found[:, 0]).all()
    assert np.abs((answers[:, None] <= found).mean(0) - levels).max() < 0.04
    assert 0 < deep.score(inputs, answers) < 1
    with pytest.raises(SettingsError, match="quantiles"):
        DeepRegressor(quantiles=(0.5, 1.5)).fit(inputs, answers)
