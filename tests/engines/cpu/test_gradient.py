"""The hand-written backward pass against finite differences, for every kind of layer."""

import numpy as np
import pytest

from osolgil.engines.cpu import fleet, library
from osolgil.engines.cpu.calling import call
from osolgil.engines.cpu.kernels import layout
from osolgil.formulas import catalog
from osolgil.network import Network


def loss_and_gradient(network, theta, inputs, targets, loss, dropout=0.0):
    rows = len(inputs)
    layers, places, size = fleet.workspace(network, "float64", min(rows, layout.PIECE_ROWS))
    gradient = np.zeros_like(theta)
    value = call(
        "training.loss_and_gradient",
        layers, theta, network.initial_running("float64"), gradient, np.zeros(size), places, inputs, targets,
        np.arange(rows), library.loss(catalog.loss(loss), "float64"), dropout, 5,
    )  # fmt: skip
    return value, gradient


CASES = {
    "plain": (Network((3, 5, 4, 2), ("tanh", "sigmoid", "identity")), 0.0),
    "layer normalisation": (Network((3, 6, 6, 2), ("tanh", "gelu", "identity"), "layer"), 0.0),
    "batch normalisation": (Network((3, 6, 4, 2), ("silu", "softplus", "identity"), "batch"), 0.0),
    "residual": (Network((3, 6, 6, 6, 2), ("tanh", "elu", "selu", "identity"), residual=True), 0.0),
    "everything": (Network((3, 6, 6, 6, 2), ("tanh", "gelu", "silu", "tanh"), "layer", residual=True), 0.3),
}


EVERYWHERE = ("softmax_cross_entropy", "squared_error")
# Compiling takes most of the time: the other losses in continuous integration.
PAIRS = [
    pytest.param(case, loss, marks=() if loss in EVERYWHERE else pytest.mark.long)
    for case in CASES
    for loss in catalog.losses()
    if case == "plain" or loss in EVERYWHERE
]


@pytest.mark.parametrize(("case", "loss"), PAIRS)
def test_gradient_is_the_slope_of_the_loss(case, loss):
    network, dropout = CASES[case]
    random = np.random.default_rng(1)
    theta = network.initial(3, "float64") + 0.1 * random.normal(size=network.size)
    inputs = random.normal(size=(9, 3))
    targets = np.eye(2)[random.integers(0, 2, 9)]
    if catalog.loss(loss).targets == "positive":
        targets += 0.5
    _, gradient = loss_and_gradient(network, theta, inputs, targets, loss, dropout)
    for index in random.choice(network.size, 25, replace=False):
        step = np.zeros_like(theta)
        step[index] = 1e-5
        above = loss_and_gradient(network, theta + step, inputs, targets, loss, dropout)[0]
        below = loss_and_gradient(network, theta - step, inputs, targets, loss, dropout)[0]
        assert gradient[index] == pytest.approx((above - below) / 2e-5, rel=1e-6, abs=1e-9)


def test_a_batch_in_pieces_has_the_gradient_of_the_whole():
    network = Network((4, 7, 3), ("tanh", "identity"))
    random = np.random.default_rng(2)
    rows = 2 * layout.PIECE_ROWS + 37
    inputs, targets = random.normal(size=(rows, 4)), np.eye(3)[random.integers(0, 3, rows)]
    theta = network.initial(0, "float64")
    whole, gradient = loss_and_gradient(network, theta, inputs, targets, "softmax_cross_entropy")
    parts = [
        loss_and_gradient(network, theta, inputs[part], targets[part], "softmax_cross_entropy")
        for part in np.array_split(np.arange(rows), 5)
    ]
    sizes = [len(part) / rows for part in np.array_split(np.arange(rows), 5)]
    assert whole == pytest.approx(
        sum(s * value for s, (value, _) in zip(sizes, parts, strict=True)), rel=1e-12
    )
    expected = sum(s * slope for s, (_, slope) in zip(sizes, parts, strict=True))
    np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-14)
