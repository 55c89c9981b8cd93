"""Activations that are more than a function of one number, inside the engine: gradients, kinds, teams, states."""

import numpy as np
import pytest

from engines.cpu.test_gradient import loss_and_gradient
from osolgil.engines.cpu import fleet
from osolgil.engines.cpu.fleet import Fleet, RunSetting, Task
from osolgil.engines.cpu.kernels import layout
from osolgil.errors import SettingsError
from osolgil.formulas import catalog
from osolgil.network import Network

ROW_WISE = [row.name for row in catalog.activations().values() if row.kind == "row-wise"]
PIECES = [row.name for row in catalog.activations().values() if row.kind == "pieces"]
NAMES = [*ROW_WISE, *PIECES, "maxout(pieces=4)", "prelu", "prelu(negative_slope=-0.1)", "rrelu",
         "parametric_selu(alpha=0.7)", "parametric_mish(alpha=1.2)"]  # fmt: skip
OFTEN = ("softmax", "sparsemax", "maxout", "maxout(pieces=4)", "glu", "prelu", "rrelu")
SOME_LATER = [pytest.param(name, marks=() if name in OFTEN else pytest.mark.long) for name in NAMES]
SETTINGS = {
    "plain": {},
    "layer normalisation": {"normalization": "layer"},
    "batch normalisation and residual": {"normalization": "batch", "residual": True},
}


def network_of(name, **settings):
    hidden = catalog.activation(name).text
    return Network((3, 5, 5, 4, 2), (hidden, "tanh", hidden, "identity"), **settings)


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("name", SOME_LATER)
def test_gradient_is_the_slope_of_the_loss(name, setting, dropout):
    network = network_of(name, **SETTINGS[setting])
    random = np.random.default_rng(4)
    theta = network.initial(3, "float64") + 0.1 * random.normal(size=network.size)
    inputs, targets = random.normal(size=(9, 3)), np.eye(2)[random.integers(0, 2, 9)]
    _, gradient = loss_and_gradient(network, theta, inputs, targets, "softmax_cross_entropy", dropout)
    assert np.abs(gradient).max() > 1e-3
    for index in {
        *random.choice(network.size, 20, replace=False),
        network.size - 1,
        *learned_places(network),
    }:
        step = np.zeros_like(theta)
        step[index] = 1e-6
        above = loss_and_gradient(network, theta + step, inputs, targets, "softmax_cross_entropy", dropout)[0]
        below = loss_and_gradient(network, theta - step, inputs, targets, "softmax_cross_entropy", dropout)[0]
        assert gradient[index] == pytest.approx((above - below) / 2e-6, rel=1e-5, abs=2e-9)


def learned_places(network):
    for row in network.table:
        if row[layout.LEARNED] >= 0:
            yield from range(row[layout.LEARNED], row[layout.LEARNED] + row[layout.OUTPUTS])


@pytest.mark.parametrize("name", [name for name in SOME_LATER if "rrelu" not in name.values])
def test_as_the_last_activation_too(name):
    """The squared distance of the outputs themselves, differentiated through the last layer."""
    network = Network((3, 4, 3), ("tanh", name))
    random = np.random.default_rng(6)
    theta = network.initial(1, "float64")
    inputs, targets = random.normal(size=(5, 3)), random.normal(size=(5, 3))
    _, gradient = loss_and_gradient(network, theta, inputs, targets, "squared_error")
    for index in random.choice(network.size, 20, replace=False):
        step = np.zeros_like(theta)
        step[index] = 1e-6
        above = loss_and_gradient(network, theta + step, inputs, targets, "squared_error")[0]
        below = loss_and_gradient(network, theta - step, inputs, targets, "squared_error")[0]
        assert gradient[index] == pytest.approx((above - below) / 2e-6, rel=1e-5, abs=2e-9)


@pytest.mark.parametrize("name", SOME_LATER)
def test_outputs_are_those_of_the_formulas(name):
    """A forward pass in NumPy from the unpacked parameters and the catalog's rows."""
    network = network_of(name)
    theta = network.initial(2, "float64")
    values = inputs = np.random.default_rng(8).normal(size=(7, 3))
    for layer, activation in zip(network.unpack(theta), network.activations, strict=True):
        row = catalog.activation(activation)
        x = values @ layer["weight"] + layer["bias"]
        if row.kind == "pieces":
            values = row(*(x[:, place :: row.pieces] for place in range(row.pieces)))
        elif row.learned is not None:
            values = row(x, **{row.learned: layer[row.learned]})
        else:
            values = row(x)
    found = fleet.outputs(network, theta, network.initial_running("float64"), inputs)
    np.testing.assert_allclose(found, values, rtol=1e-12, atol=1e-13)


@pytest.mark.long
@pytest.mark.parametrize("name", ["softmax", "maxout(pieces=3)", "prelu", "rrelu", "swiglu"])
def test_a_race_of_many_and_a_run_shared_by_a_team_give_the_same_bits(name):
    random = np.random.default_rng(3)
    inputs = random.normal(size=(400, 6)).astype("float32")
    targets = np.eye(3, dtype="float32")[random.integers(0, 3, 400)]
    task = Task(inputs, targets, np.arange(300), np.arange(300, 400), "softmax_cross_entropy")
    network = Network((6, 256, 256, 3), (name, name, "identity"), residual=True)
    setting = RunSetting("adam", {"learning_rate": 0.01}, 5, 300, dropout=0.2)
    thetas = []
    for runs, workers in ((1, 1), (1, 2), (3, 2)):
        trained = Fleet.create(network, task, [setting] * runs, 2)
        team = fleet._team_size(network, 300, runs, workers)
        assert team == (2 if (runs, workers) == (1, 2) else 1)
        trained.advance(["adam"] * runs, 2, workers=workers)
        thetas += list(trained.arrays["thetas"])
    for theta in thetas[1:]:
        np.testing.assert_array_equal(theta, thetas[0])
    assert np.isfinite(thetas[0]).all()
    assert (thetas[0] != network.initial(5)).mean() > 0.9


def test_a_learned_slope_starts_where_it_is_told_and_is_trained():
    network = Network((2, 3, 1), ("prelu(negative_slope=0.1)", "identity"))
    assert network.size == 2 * 3 + 3 + 3 + 3 + 1
    theta = network.initial(0, "float64")
    np.testing.assert_array_equal(network.unpack(theta)[0]["negative_slope"], 0.1)
    inputs = np.random.default_rng(1).normal(size=(50, 2))
    _, gradient = loss_and_gradient(network, theta, inputs, np.abs(inputs[:, :1]), "squared_error")
    assert (network.unpack(gradient)[0]["negative_slope"] != 0).all()


def test_a_random_slope_is_drawn_in_training_and_its_mean_taken_in_evaluation():
    network = Network((1, 1), ("rrelu",))
    theta = np.array([1.0, 0.0])
    inputs = -np.ones((20_000, 1))
    mean = fleet.outputs(network, theta, network.initial_running("float64"), inputs)
    np.testing.assert_allclose(mean, -(1 / 8 + 1 / 3) / 2, rtol=1e-15)
    drawn = first_values(network, theta, inputs[:500])
    assert drawn.min() >= 1 / 8
    assert drawn.max() <= 1 / 3
    assert drawn.mean() == pytest.approx((1 / 8 + 1 / 3) / 2, abs=5 * (5 / 24) / np.sqrt(12 * 500))
    assert drawn.std() == pytest.approx((5 / 24) / np.sqrt(12), rel=0.1)


def first_values(network, theta, inputs):
    """The slopes drawn in a training pass, from the values of inputs of -1 that it leaves in the workspace."""
    from osolgil.engines.cpu import library
    from osolgil.engines.cpu.calling import call

    rows = len(inputs)
    layers, places, size = fleet.workspace(network, "float64", rows)
    space = fleet.aligned(1, size, "float64")[0]
    call(
        "training.loss_and_gradient",
        layers, theta, network.initial_running("float64"), np.zeros_like(theta), space, places, inputs,
        np.zeros((rows, 1)), np.arange(rows), library.loss(catalog.loss("squared_error"), "float64"), 0.0, 5,
    )  # fmt: skip
    start = int(layers[0, layout.VALUE])
    return -space[start : start + rows]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("maxout(pieces=1)", "whole number from 2 to 16, not 1"),
        ("maxout(pieces=2.5)", "whole number from 2 to 16, not 2.5"),
        ("maxout(piece=3)", "Did you mean 'pieces'"),
        ("prelu(slope=0.1)", "has no hyperparameter 'slope'"),
        ("rrelu(lower=0.9)", "lower of RReLU must not be above upper"),
        ("softmax(1)", "has no name"),
    ],
)
def test_senseless_settings_are_refused_in_a_sentence(name, message):
    with pytest.raises(SettingsError, match=message):
        Network((2, 2), (name,))
