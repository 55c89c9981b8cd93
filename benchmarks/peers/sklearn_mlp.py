"""scikit-learn's MLPClassifier: one epoch of Adam per partial_fit, no early stopping."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from benchmarks.machine import thread_counts
from benchmarks.problem import LEARNING_RATE, Network, Problem, Weights


class Multilayer:
    """One run in float32, from the problem's initial weights."""

    def __init__(self, problem: Problem, *, threads: int) -> None:
        self.limits = threadpool_limits(threads)
        self.problem = problem
        self.model = MLPClassifier(
            problem.network.widths[1:-1],
            batch_size=problem.network.batch,
            learning_rate_init=LEARNING_RATE,
            alpha=0.0,
            random_state=0,
        )
        self._start()

    @staticmethod
    def variants(network: Network, mode: str, cores: int) -> list[dict[str, Any]]:
        return [{"threads": threads} for threads in thread_counts(mode, cores)]

    def _start(self) -> None:
        """A first epoch builds the arrays; then the initial weights are put in and Adam starts anew."""
        classes = np.arange(self.problem.network.widths[-1])
        self.model.partial_fit(self.problem.inputs, self.problem.labels, classes=classes)
        for layer, (matrix, bias) in enumerate(self.problem.initial_weights()):
            one_output = self.model.coefs_[layer].shape[1] < matrix.shape[1]
            self.model.coefs_[layer][:] = matrix[:, 1:] - matrix[:, :1] if one_output else matrix
            self.model.intercepts_[layer][:] = bias[1:] - bias[:1] if one_output else bias
        del self.model._optimizer

    def advance(self) -> int:
        self.model.partial_fit(self.problem.inputs, self.problem.labels)
        return self.problem.network.steps_per_epoch

    def weights(self) -> Weights:
        pairs = list(zip(self.model.coefs_, self.model.intercepts_, strict=True))
        return pairs if self.problem.network.widths[-1] > 2 else [*pairs[:-1], _two_classes(*pairs[-1])]


def _two_classes(matrix: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn has a single output for two classes; as logits that is (0, output)."""
    return np.hstack([np.zeros_like(matrix), matrix]), np.concatenate([np.zeros_like(bias), bias])
