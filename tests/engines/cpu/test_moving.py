"""A parameter that moves as soon as its gradient is known goes where it goes when it waits for all others."""

import numpy as np
import pytest

from osolgil.engines.cpu import fleet
from osolgil.engines.cpu.kernels import layout
from osolgil.network import Network

OPTIMIZERS = ["sgd", "momentum", "adam", "adadelta", "lion"]


def trained(network: Network, precision: str, clip_norm: float) -> fleet.Fleet:
    random = np.random.default_rng(3)
    inputs = random.normal(size=(90, network.widths[0])).astype(precision)
    classes = np.eye(network.widths[-1], dtype=precision)[random.integers(0, network.widths[-1], 90)]
    rows = np.arange(90)
    task = fleet.Task(inputs, classes, rows[:70], rows[70:], "softmax_cross_entropy")
    runs = [
        fleet.RunSetting(name, {"learning_rate": 1e-3}, 1, 32, clip_norm=clip_norm) for name in OPTIMIZERS
    ]
    result = fleet.Fleet.create(network, task, runs, 2, precision, recorded=False)
    result.advance(OPTIMIZERS, 2, workers=2)
    return result


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize(
    ("activation", "normalization", "residual"), [("relu", None, False), ("prelu", "layer", True)]
)
def test_moving_by_strips_is_moving_at_once(precision, activation, normalization, residual):
    """A norm that is never reached lets every parameter wait for the norm of all gradients, and changes none."""
    wide = layout.STRIP_SIZE // 60  # strips of 48 inputs
    network = Network((131, wide, 70, 70, 3), (*[activation] * 3, "identity"), normalization, residual)
    early, late = (trained(network, precision, clip_norm) for clip_norm in (0.0, 1e30))
    assert (early.runs[:, layout.STATUS] == layout.FINISHED).all()
    for name in fleet.ARRAYS:
        if name != "penalties":
            np.testing.assert_array_equal(getattr(early, name), getattr(late, name), err_msg=name)
    assert np.isfinite(early.histories).all()
