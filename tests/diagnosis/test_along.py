"""The part of a gradient along the signals: linear and rectified layers keep c, and a simulation shows the rest."""

import math

import numpy as np
import pytest
from tests.diagnosis.test_prediction import simulated

from osolgil.diagnosis import prediction
from osolgil.diagnosis.alignment import Outputs, Passage, parts_of
from osolgil.diagnosis.along import Law, Together, law
from osolgil.diagnosis.fluctuation import Noise, Place
from osolgil.diagnosis.pairs import Inputs, Pairs
from osolgil.diagnosis.prediction import predict
from osolgil.formulas import catalog
from osolgil.network import Network

WIDTH, DEPTH = 64, 10


def passages(name, weight_variance, variance, signal):
    """Hidden layers whose signals stay as they are."""
    row = catalog.activation(name)
    return [Passage(row, variance, WIDTH, weight_variance / WIDTH, WIDTH, signal, signal)] * DEPTH


def test_linear_layers_lose_nothing_of_a_gradient_that_does_not_know_the_outputs():
    """Wᵀ keeps squares in the mean, all in all; without what is along signals, a direction of n is lost per layer."""
    layers = passages("identity", 1.0, 1.0, 1.0)
    found = parts_of(layers, 10, 1.0, 1.0)
    np.testing.assert_allclose(found.free + found.along, 1.0, rtol=1e-12)
    np.testing.assert_allclose(found.free[:-1], (1.0 - 1.0 / WIDTH) ** np.arange(DEPTH, 0, -1), rtol=1e-12)
    across = parts_of(layers, 10, 1.0, 0.0)  # a gradient at right angles to the outputs stays so
    np.testing.assert_allclose(across.free, found.free)
    assert (across.free + across.along)[0] < 1.0 - 0.9 * DEPTH / WIDTH


def test_rectified_layers_keep_the_product_of_signals_and_gradients():
    """zφ' = φ, so that a = c/|h|² strays as signals do from there on: by 5/n a layer."""
    row = catalog.activation("relu")
    place = Place(row, 2.0, 0.0, Pairs(), 1.0, WIDTH, 0.0, None, 1.0)
    places = [place] * DEPTH + [None]
    noises = [place.noise(1)] * DEPTH + [Noise()]
    found = law(places, noises, noises, np.zeros(DEPTH + 1))
    after = np.arange(
        DEPTH - 1, -1, -1
    )  # Σφ²φ'²/(Σφ²)² = 1/|h|² at a layer, and outputs go by the last layer's |h|²
    np.testing.assert_allclose(found.variance[:-1], after * 5.0 / WIDTH, atol=1e-6)


def test_logs_of_sums_beside_drawn_numbers():
    """Two log-normal numbers, the one as large as the other: their sum's log has the drawn mean and deviation."""
    random = np.random.default_rng(0)
    covariance = np.array([[0.5, 0.1], [0.1, 0.4]])
    logs = random.multivariate_normal([0.2, -0.3], covariance, 400_000)
    drawn = np.log(np.exp(logs).sum(1))
    parts = parts_of(passages("identity", 1.0, 1.0, 1.0), 10, 1.0, 1.0)
    one = np.ones(DEPTH + 1)
    parts = type(parts)(one, one, one, 0.0 * one)
    along = Law(-0.3 * one, 0.4 * one, 0.1 * one)
    found = Together.of(parts, 0.2 * one, math.sqrt(0.5) * one, along, (1.0,))
    assert found.mean[0] == pytest.approx(drawn.mean(), abs=0.01)
    assert found.deviation[0] == pytest.approx(drawn.std(), rel=0.03)


@pytest.mark.parametrize(("name", "width"), [("tanh", 48), ("elu", 48), ("softplus", 96)])
def test_deep_and_narrow_networks_beside_a_simulation(name, width, monkeypatch):
    """Gradients are smaller than independent weights would leave them, or larger, by more than chance."""
    pulls = tuple(np.random.default_rng(0).normal(size=400) ** 2)
    monkeypatch.setattr(prediction, "outputs", lambda *_: Outputs(1.0, 1.0, pulls))
    depth, seeds = 24, 300
    runs = simulated(name, depth, width, seeds)
    network = Network((width, *[width] * depth, 10), (*[name] * depth, "identity"))
    scales = [prediction.LayerScale(1.5 / width)] * (depth + 1)
    found = predict(network, Inputs(rows=1), scales=scales)
    error = runs.std(0, ddof=1) / math.sqrt(seeds)
    assert (np.abs(runs.mean(0) - found.log10_gradient)[:-1] < 4.0 * error[:-1] + 0.02).all()
    np.testing.assert_allclose(found.deviation[:-1], runs.std(0, ddof=1)[:-1], rtol=0.25)
