"""osolgil in the step benchmark: a fleet of many runs, or of one, on all cores."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.problem import LEARNING_RATE, ROWS, Network, Problem, Weights
from osolgil import network as osolgil_network
from osolgil.engines.cpu.fleet import Fleet, RunSetting, Task

MOST_EPOCHS = 20_000
STEPS_BETWEEN_LOOKS = 2048
"""A race looks at its runs after some epochs, not after each: small networks train several in one go."""


class Osolgil:
    """Runs of one network, each with its own initial weights and batch order."""

    def __init__(self, problem: Problem, *, runs: int) -> None:
        self.shape, self.runs, self.epoch = problem.network, runs, 0
        self.workers = machine.cores()
        hidden = len(problem.network.widths) - 2
        network = osolgil_network.Network(
            problem.network.widths, (*[problem.network.activation] * hidden, "identity")
        )
        targets = np.eye(problem.network.widths[-1], dtype=np.float32)[problem.labels]
        # One row is evaluated at an epoch's end: peers evaluate none.
        task = Task(problem.inputs, targets, np.arange(ROWS), np.arange(1), "softmax_cross_entropy")
        settings = [
            RunSetting("adam", {"learning_rate": LEARNING_RATE}, seed, problem.network.batch)
            for seed in range(runs)
        ]
        self.fleet = Fleet.create(network, task, settings, MOST_EPOCHS)
        for seed in range(runs):
            layers = network.unpack(self.fleet.thetas[seed])
            for layer, (matrix, bias) in zip(layers, problem.initial_weights(seed), strict=True):
                layer["weight"][...], layer["bias"][...] = matrix, bias

    @staticmethod
    def variants(network: Network, mode: str, cores: int) -> list[dict[str, Any]]:
        return [{"runs": 1}] if mode == "one" else [{"runs": 4 * cores}, {"runs": 16 * cores}]

    def advance(self) -> int:
        return self._advance(max(1, STEPS_BETWEEN_LOOKS // self.shape.steps_per_epoch))

    def advance_one_epoch(self) -> int:
        return self._advance(1)

    def weights(self) -> Weights:
        layers = self.fleet.network.unpack(self.fleet.thetas[0])
        return [(layer["weight"].copy(), layer["bias"].copy()) for layer in layers]

    def _advance(self, epochs: int) -> int:
        self.epoch += epochs
        self.fleet.advance(["adam"] * self.runs, self.epoch, workers=self.workers)
        return epochs * self.shape.steps_per_epoch * self.runs
