"""Predictions: closed forms, published laws, and a simulation that knows nothing of the theory."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osolgil import mean_field
from osolgil.diagnosis import moments
from osolgil.diagnosis.alignment import Outputs
from osolgil.diagnosis.fluctuation import Place, log_variance
from osolgil.diagnosis.pairs import Inputs, Pairs
from osolgil.diagnosis.phases import critical_line, phases
from osolgil.diagnosis.prediction import predict
from osolgil.errors import SettingsError
from osolgil.formulas import catalog
from osolgil.network import Network

ACTIVATIONS = ("sigmoid", "tanh", "relu", "gelu", "silu", "elu", "selu", "softplus", "leaky_relu")


def deep(activation, depth=12, width=128, scale="he_normal", **kinds):
    return Network(
        (width, *[width] * depth, 10), (*[activation] * depth, "identity"), initial_scale=scale, **kinds
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_chi_is_that_of_mean_field_theory(activation):
    row = catalog.activation(activation)
    found = predict(deep(activation))
    for index in range(2, 12):
        variance = mean_field.signal(row, float(found.variance[index - 1]), 2.0)
        assert found.variance[index] == pytest.approx(variance, rel=1e-9)
        assert found.chi[index] == pytest.approx(
            mean_field.slope_chi(row, float(found.variance[index - 1]), 2.0)
        )


def test_layer_normalised_relu_is_critical_at_any_scale():
    """D. Doshi et al., arXiv:2111.12143, table 1: with layer normalisation before ReLU every σ_w is critical."""
    for scale in ("he_normal", "glorot_normal"):
        found = predict(deep("relu", normalization="layer", scale=scale))
        np.testing.assert_allclose(found.chi[2:-1], 1.0, rtol=1e-4)


def test_batch_normalised_relu_explodes_by_pi_over_pi_minus_one():
    """G. Yang et al., arXiv:1902.08129, table 1, at large batches."""
    found = predict(deep("relu", depth=30, normalization="batch"))
    assert found.chi[10] == pytest.approx(math.pi / (math.pi - 1.0), rel=1e-3)


def test_linear_residual_layers_double_signals_and_gradients():
    found = predict(deep("identity", scale="glorot_normal", residual=True))
    np.testing.assert_allclose(found.signal[1:-1] / found.signal[:-2], 2.0, rtol=1e-9)
    np.testing.assert_allclose(found.chi[2:-1], 2.0, rtol=1e-9)


def test_dropout_multiplies_signals_of_relu():
    with_dropout, without = predict(deep("relu"), dropout=0.25), predict(deep("relu"))
    np.testing.assert_allclose(with_dropout.signal[3] / without.signal[3], (4 / 3) ** 4, rtol=1e-9)


def test_one_row_of_relu_strays_by_five_over_width_per_layer():
    """B. Hanin, M. Nica, arXiv:1812.05994, theorem 1: β = 5 Σ 1/n for ReLU."""
    place = Place(catalog.activation("relu"), 2.0, 0.0, Pairs(), 1.0, 100, 0.0, None, 1.0)
    noise = place.noise(1)
    assert noise.slope == pytest.approx(5.0 / 100, rel=1e-9)
    assert noise.felt == pytest.approx(0.0, abs=1e-9)
    variance = log_variance([noise] * 20 + [type(noise)()])
    assert variance[0] == pytest.approx(20 * 5.0 / 100, rel=1e-9)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.6, 0.99])
def test_moments_of_two_rows(activation, correlation):
    row = catalog.activation(activation)
    nodes = np.linspace(-7.0, 7.0, 1401)  # the midpoint rule, blind to where functions bend
    grid, other = np.meshgrid(nodes, nodes)
    share = np.exp(-0.5 * (grid**2 + other**2)) / (2.0 * math.pi) * 0.01**2
    second = correlation * grid + math.sqrt(1.0 - correlation**2) * other
    for kind, function in ((moments.product, row), (moments.slope_product, row.slope)):
        exact = float((share * function(1.2 * grid) * function(1.2 * second)).sum())
        smooth = activation not in ("relu", "leaky_relu", "selu") or kind is moments.product
        assert kind(row, 1.44, correlation) == pytest.approx(exact, rel=1e-3 if smooth else 5e-2)


def simulated(activation, depth, width, seeds):
    """log10 gradients relative to the outputs of networks of plain loops: one row, a gradient drawn at random."""
    row, found = catalog.activation(activation), []
    for seed in range(seeds):
        random = np.random.default_rng(seed)
        value = random.normal(size=width)
        value *= math.sqrt(width) / np.linalg.norm(value)
        weights, slopes = [], []
        for _ in range(depth):
            weights.append(random.normal(0.0, math.sqrt(1.5 / width), (width, width)))
            pre = weights[-1] @ value
            value, slope = row(pre), row.slope(pre)
            slopes.append(slope)
        weights.append(random.normal(0.0, math.sqrt(1.5 / width), (10, width)))
        delta = random.normal(size=10)
        sizes = [np.mean(delta**2)]
        for weight, slope in zip(weights[::-1], slopes[::-1], strict=False):
            delta = slope * (weight.T @ delta)
            sizes.append(np.mean(delta**2))
        found.append(np.log10(np.array(sizes[::-1]) / sizes[0]) / 2.0)
    return np.array(found)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "gelu"])
def test_band_holds_what_a_simulation_does(activation, monkeypatch):
    """One row, loss gradients that have nothing to do with the network: mean and spread over 60 networks."""
    from osolgil.diagnosis import prediction

    monkeypatch.setattr(prediction, "outputs", lambda *_: Outputs(1.0, 1.0))
    depth, width, seeds = 8, 100, 60
    runs = simulated(activation, depth, width, seeds)
    network = Network((width, *[width] * depth, 10), (*[activation] * depth, "identity"))
    scales = [prediction.LayerScale(1.5 / width)] * (depth + 1)
    found = predict(network, Inputs(rows=1), scales=scales)
    for layer in range(depth):
        spread = runs[:, layer].std(ddof=1)
        assert found.deviation[layer] == pytest.approx(spread, rel=0.4)
        error = 4.0 * spread / math.sqrt(seeds)
        assert abs(runs[:, layer].mean() - found.log10_gradient[layer]) < error + 0.01
    low, high = found.band()
    assert ((runs > low) & (runs < high))[:, :-1].mean() > 0.9


def simulated_rows(activation, rows, depth, width, seeds):
    """log10 of the mean square of gradients over rows, each row's gradient drawn at the outputs."""
    row, found = catalog.activation(activation), []
    for seed in range(seeds):
        random = np.random.default_rng(seed)
        value, weights, slopes = rows, [], []
        for _ in range(depth):
            weights.append(random.normal(0.0, math.sqrt(1.5 / width), (value.shape[1], width)))
            pre = value @ weights[-1]
            value = row(pre)
            slopes.append(row.slope(pre))
        delta = random.normal(size=(len(rows), 10))
        weights.append(random.normal(0.0, math.sqrt(1.5 / width), (width, 10)))
        sizes = [np.mean(delta**2)]
        for index in range(depth, 0, -1):
            delta = slopes[index - 1] * (delta @ weights[index].T)
            sizes.append(np.mean(delta**2))
        found.append(np.log10(np.array(sizes[::-1]) / sizes[0]) / 2.0)
    return np.array(found)


@pytest.mark.parametrize("activation", ["tanh", "gelu", "relu"])
def test_rows_alike_without_a_common_mean_stray_together(activation, monkeypatch):
    """Rows in three directions around 0: their mean cosine is 0 and yet a mean over 40 of them is as good as four."""
    from osolgil.diagnosis import prediction

    monkeypatch.setattr(prediction, "outputs", lambda *_: Outputs(0.1, 1.0))
    depth, width, seeds = 8, 100, 60
    random = np.random.default_rng(5)
    rows = np.repeat(random.normal(size=(20, 3)), [1, 1] * 10, axis=0) @ random.normal(size=(3, width))
    rows = np.concatenate([rows, -rows])
    rows /= np.sqrt((rows**2).mean())
    inputs = Inputs.of(rows, "softmax_cross_entropy")
    assert abs(inputs.pairs.mean) < 0.05
    assert inputs.spread > 0.2
    runs = simulated_rows(activation, rows, depth, width, seeds)
    network = Network((width, *[width] * depth, 10), (*[activation] * depth, "identity"))
    scales = [prediction.LayerScale(1.5 / width)] * (depth + 1)
    found = predict(network, inputs, scales=scales)
    for layer in range(depth):
        assert found.deviation[layer] == pytest.approx(runs[:, layer].std(ddof=1), rel=0.35)
    low, high = found.band()
    assert ((runs > low) & (runs < high))[:, :-1].mean() > 0.85
    blind = predict(network, replace(inputs, spread=0.0), scales=scales)
    spread = runs[:, :-1].std(0, ddof=1)
    errors = [np.abs(np.log(each.deviation[:-1] / spread)).mean() for each in (found, blind)]
    assert errors[0] < errors[1]


def test_inputs_tell_sizes_and_cosines():
    rows = np.array([[3.0, 0.0], [0.0, 1.0], [0.0, 2.0]])
    found = Inputs.of(rows, "softmax_cross_entropy")
    sizes = np.array([4.5, 0.5, 2.0])
    assert found.mean_square == pytest.approx(sizes.mean())
    assert found.pairs.mean == pytest.approx(2.0 * 1.0 / (2.0 * sizes.sum()))  # one pair of product 2/2
    assert found.unequal == pytest.approx(math.log(1.0 + sizes.var() / sizes.mean() ** 2))
    assert Inputs.of(np.zeros((4, 2)), "hinge").pairs == Pairs()
    assert Inputs.of(np.ones((1, 2)), "hinge").spread == 0.0


@given(mean=st.floats(-1.0, 1.0), variance=st.floats(0.0, 1.0), width=st.integers(1, 4096))
def test_pairs_stay_cosines(mean, variance, width):
    pairs = Pairs(mean, variance)
    assert all(-1.0 <= end <= 1.0 for end in pairs.ends)
    after = pairs.through(lambda cosine: cosine, width)
    assert -1.0 <= after.mean <= 1.0
    assert after.variance >= 0.0
    # alike rows stay alike
    assert Pairs(1.0).through(lambda cosine: cosine, width) == Pairs(1.0)


def test_phase_diagram_of_tanh_has_order_left_and_chaos_right():
    diagram = phases(catalog.activation("tanh"), 1.0)
    weights, chis = np.array(diagram["weight_deviations"]), np.array(diagram["log10_chi"], float)
    assert (chis[0, weights < 0.95] < 0).all()
    assert (chis[0, weights > 1.1] > 0).all()
    for index in (4, 9, 14):  # the line between them is where χ₁ changes its sign
        bias = diagram["bias_deviations"][index]
        crossing = float(np.interp(0.0, chis[index], weights))
        line = np.array(critical_line(catalog.activation("tanh")))
        assert crossing == pytest.approx(float(np.interp(bias, line[:, 1], line[:, 0])), abs=0.05)


def test_an_activation_without_an_edge_has_no_line():
    assert critical_line(catalog.activation("softplus")) == []


@pytest.mark.parametrize(
    "kinds", [{}, {"normalization": "layer"}, {"normalization": "batch", "residual": True}]
)
@pytest.mark.parametrize("row", catalog.activations().values(), ids=lambda row: row.name)
def test_every_activation_is_predicted_or_declined(row, kinds):
    """Exponential signals have no end, a step no slope: then numbers are missing, and nothing crashes."""
    network = deep(row.name, depth=4, width=32, **kinds)
    if row.kind != "elementwise":
        with pytest.raises(SettingsError, match="one pre-activation"):
            predict(network)
        return
    found = predict(network, Inputs(rows=16), dropout=0.1)
    assert found.log10_gradient.shape == (5,)
    assert not (found.deviation < 0).any()
    json.dumps(found.to_dict(), allow_nan=False)
