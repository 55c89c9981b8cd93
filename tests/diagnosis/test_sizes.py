"""Rows of unequal sizes: groups of them, their ways through the layers, and a simulation that knows no theory."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.diagnosis.test_prediction import simulated_rows

from osolgil.diagnosis import moments, prediction
from osolgil.diagnosis.alignment import Outputs, gradient_square
from osolgil.diagnosis.fluctuation import Noise, expected
from osolgil.diagnosis.pairs import Inputs
from osolgil.diagnosis.prediction import predict
from osolgil.diagnosis.sizes import GROUPS, Unequal, Way, grouped, ways_of_sizes
from osolgil.formulas import catalog
from osolgil.network import Network


@given(st.lists(st.floats(0.01, 100.0), min_size=1, max_size=40))
def test_groups_keep_the_mean_and_stand_in_order(squares):
    found = np.array(grouped(np.array(squares)))
    assert found.mean() == pytest.approx(1.0)
    assert (np.diff(found) >= -1e-12).all()
    assert len(found) in (1, min(GROUPS, len(squares)))
    assert found.max() <= max(squares) / np.mean(squares) + 1e-9


@pytest.mark.parametrize("name", ["tanh", "gelu", "lisht", "softplus", "sine", "relu", "hard_tanh"])
@pytest.mark.parametrize("variance", [1e-6, 0.3, 2.0, 30.0])
@pytest.mark.parametrize("shift", [0.0, -1.5])
def test_the_fast_rule_agrees_with_the_exact_one(name, variance, shift):
    row = catalog.activation(name)
    square, slope = moments.value_and_slope(row, variance, shift)
    near = {"rel": 1e-8} if name not in ("relu", "hard_tanh") else {"rel": 2e-2, "abs": 1e-4}
    assert square == pytest.approx(moments.value(row, variance, shift), **near)
    assert slope == pytest.approx(moments.slope(row, variance, shift), **near)


def test_a_size_goes_the_way_of_a_network_shown_only_that_size():
    network = Network((128, *[128] * 6, 10), (*["lisht"] * 6, "identity"), initial_scale="he_normal")
    ways = [Way(catalog.activation("lisht"), 2.0, 0.0, 0.0, 1.0)] * 6
    logs, squares = ways_of_sizes(ways, 0.25, (0.5, 1.0, 2.0))
    for place, size in enumerate((0.5, 1.0, 2.0)):
        found = predict(network, Inputs(mean_square=0.25 * size))
        assert squares[place] == pytest.approx(found.signal[-2], rel=1e-6)
        chis = np.log(found.chi[1:-1] / 2.0)
        np.testing.assert_allclose(logs[place, :-1] - logs[place, -1], chis[::-1].cumsum()[::-1], rtol=1e-6)


def test_sizes_do_nothing_where_slopes_do_not_depend_on_them():
    """ReLU's slopes are 0 and 1 at any size; then only what the loss gives to large rows counts."""
    ways = [Way(catalog.activation("relu"), 2.0, 0.0, 0.0, 1.0)] * 4
    even = Unequal.of(ways, 1.0, (0.5, 1.5), lambda square: 1.0)
    np.testing.assert_allclose(even.raised, 0.0, atol=1e-3)
    np.testing.assert_allclose(even.fewer, 0.0, atol=1e-3)
    tilted = Unequal.of(ways, 1.0, (0.5, 1.5), lambda square: square)
    np.testing.assert_allclose(tilted.fewer[:-1], math.log(1.25), rtol=1e-3)  # E[w²]/E[w]² of 0.5 and 1.5
    assert Unequal.of(ways, 1.0, (1.0,), lambda square: 1.0) is None
    assert Unequal.of(ways, 1.0, (0.5, 1.5), lambda square: math.inf) is None
    assert (expected([Noise()] * 5, [Noise()] * 5, sizes=tilted)[1] == 0.0).all()


def test_gradients_of_a_loss_at_outputs_of_a_size():
    """Equal shares for k classes: (1 - 1/k)² once and 1/k² for the others; one wrong class for certain: 1 and 1."""
    assert gradient_square("softmax_cross_entropy", 10, 1e-12) == pytest.approx(0.09, rel=1e-5)
    certain = gradient_square("softmax_cross_entropy", 10, 1e8)
    assert certain == pytest.approx(0.2 * 0.9, rel=0.05)  # nine of ten guesses are wrong
    assert gradient_square("squared_error", 1, 3.0) == pytest.approx(4.0 * (3.0 + 1.0), rel=0.1)


def test_rows_of_unequal_sizes_beside_a_simulation(monkeypatch):
    """x tanh x nearly squares small signals: expansion around the typical row is far off, its ways are not."""
    monkeypatch.setattr(prediction, "outputs", lambda *_: Outputs(0.1, 1.0))
    monkeypatch.setattr(prediction, "gradient_square", lambda *_: 1.0)
    depth, width, seeds = 5, 120, 30
    random = np.random.default_rng(3)
    rows = random.normal(size=(40, width)) * np.exp(0.35 * random.normal(size=(40, 1))) * 0.8
    runs = simulated_rows("lisht", rows, depth, width, seeds)
    network = Network((width, *[width] * depth, 10), (*["lisht"] * depth, "identity"))
    scales = [prediction.LayerScale(1.5 / width)] * (depth + 1)
    inputs = Inputs.of(rows, "squared_error")
    errors = [
        np.abs(runs.mean(0) - predict(network, shown, scales=scales).log10_gradient).max()
        for shown in (inputs, replace(inputs, sizes=(1.0,)))
    ]
    chance = 4.0 * runs.std(0).max() / math.sqrt(seeds)
    assert errors[0] < chance + 0.02
    assert errors[0] < 0.5 * errors[1]
