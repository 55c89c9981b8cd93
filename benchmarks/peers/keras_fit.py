"""Keras 3 on JAX: `fit` with resident arrays; steps per execution as Keras's guide advises."""

from __future__ import annotations

import os
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"

import keras

from benchmarks.problem import LEARNING_RATE, Network, Problem, Weights

EPOCHS = 4
"""Per call of fit, so that the call's own cost is spread."""


class Fit:
    """One run."""

    def __init__(self, problem: Problem, *, steps_per_execution: int) -> None:
        self.problem = problem
        hidden, classes = problem.network.widths[1:-1], problem.network.widths[-1]
        layers = [keras.layers.Dense(width, activation="relu") for width in hidden]
        self.model = keras.Sequential(
            [keras.Input((problem.network.widths[0],)), *layers, keras.layers.Dense(classes)]
        )
        self.model.set_weights([array for pair in problem.initial_weights() for array in pair])
        self.model.compile(
            optimizer=keras.optimizers.Adam(LEARNING_RATE),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            steps_per_execution=steps_per_execution,
        )

    @staticmethod
    def variants(network: Network, mode: str, cores: int) -> list[dict[str, Any]]:
        return [{"steps_per_execution": steps} for steps in (1, 32)]

    def advance(self) -> int:
        return self._fit(EPOCHS)

    def advance_one_epoch(self) -> int:
        return self._fit(1)

    def _fit(self, epochs: int) -> int:
        self.model.fit(
            self.problem.inputs,
            self.problem.labels,
            batch_size=self.problem.network.batch,
            epochs=epochs,
            shuffle=True,
            verbose=0,
        )
        return self.problem.network.steps_per_epoch * epochs

    def weights(self) -> Weights:
        arrays = self.model.get_weights()
        return list(zip(arrays[::2], arrays[1::2], strict=True))
