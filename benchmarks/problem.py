"""The training problems every peer gets: the same networks, rows, labels and initial weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Weights = list[tuple[np.ndarray, np.ndarray]]
"""One (matrix of shape (inputs, outputs), bias of shape (outputs,)) pair per layer."""

ROWS = 8192
LEARNING_RATE = 1e-3
GUARD_STEPS = 256


@dataclass(frozen=True)
class Network:
    """Layer widths from inputs to classes, rows per mini-batch, and the activation of hidden layers."""

    widths: tuple[int, ...]
    batch: int
    activation: str = "relu"

    @property
    def steps_per_epoch(self) -> int:
        return ROWS // self.batch

    @property
    def layers(self) -> list[tuple[int, int]]:
        return list(zip(self.widths[:-1], self.widths[1:], strict=True))

    @property
    def floating_point_operations(self) -> int:
        """Of one step's matrix products: forward, then gradients of weights and of hidden signals."""
        products = [first * second for first, second in self.layers]
        return self.batch * (6 * sum(products) - 2 * products[0])


NETWORKS = {
    "tiny": Network((30, 32, 32, 2), 32),
    "small": Network((64, 128, 128, 10), 64),
    "deep": Network((64, *[64] * 20, 10), 64),
    "big": Network((784, 512, 512, 10), 128),
}
ACTIVATIONS = ("tanh", "sigmoid", "gelu")
"""Compared with relu on the small network, as networks named small-tanh and so on."""

NETWORKS |= {f"small-{name}": Network(NETWORKS["small"].widths, 64, name) for name in ACTIVATIONS}


@dataclass(frozen=True)
class Problem:
    """Rows and labels that a network can learn: labels come from a random teacher network."""

    network: Network
    inputs: np.ndarray
    labels: np.ndarray

    def initial_weights(self, seed: int = 0) -> Weights:
        """He normal matrices and zero biases, the same for every peer."""
        random = np.random.default_rng([seed, 1])
        return [
            (
                (random.standard_normal((first, second)) * np.sqrt(2 / first)).astype(np.float32),
                np.zeros(second, np.float32),
            )
            for first, second in self.network.layers
        ]

    def loss(self, weights: Weights) -> float:
        """Mean cross-entropy over all rows in float64: the judge of what any peer trained."""
        signal = self.inputs.astype(np.float64)
        for position, (matrix, bias) in enumerate(weights):
            signal = signal @ matrix.astype(np.float64) + bias
            if position < len(weights) - 1:
                signal = _activate(self.network.activation, signal)
        signal -= signal.max(axis=1, keepdims=True)
        chosen = signal[np.arange(len(signal)), self.labels]
        return float(np.mean(np.log(np.exp(signal).sum(axis=1)) - chosen))


def make_problem(network: Network, seed: int = 0) -> Problem:
    """Standard normal rows; a one-hidden-layer teacher, centred per class, gives labels of every class."""
    random = np.random.default_rng([seed, 0])
    features, classes = network.widths[0], network.widths[-1]
    inputs = random.standard_normal((ROWS, features)).astype(np.float32)
    hidden = np.tanh(inputs @ random.standard_normal((features, 16)) / np.sqrt(features))
    scores = hidden @ random.standard_normal((16, classes))
    labels = np.argmax(scores - scores.mean(axis=0), axis=1).astype(np.int64)
    return Problem(network, inputs, labels)


def _activate(name: str, signal: np.ndarray) -> np.ndarray:
    if name == "relu":
        return np.maximum(signal, 0)
    if name == "tanh":
        return np.tanh(signal)
    from scipy import special

    if name == "sigmoid":
        return special.expit(signal)
    return signal * special.ndtr(signal)
