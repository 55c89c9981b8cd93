"""One peer on one task in a process of its own: `python -m benchmarks.estimator_peers PEER FOLDER` prints JSON.

A process of its own because its peak of memory is measured, and because libraries share no threads then.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine

RATE = 0.001
BULK_ROWS = 10_000


def main() -> None:
    name, place = sys.argv[1:3]
    folder = Path(place)
    data = {file.stem: np.load(file) for file in folder.glob("*.npy")}
    facts = json.loads((folder / "facts.json").read_text("utf-8"))
    print(json.dumps(measure(lambda: PEERS[name](facts), data)))


def measure(make: Callable[[], Any], data: dict[str, np.ndarray]) -> dict[str, Any]:
    """Seconds to fit, of one row and of many predicted; score; memory before and at its peak, in MiB.

    The score is that of a peer fitted once: some go on from the weights of their last fit.
    """
    peer = make()
    inputs, targets = data["train_inputs"], data["train_targets"]
    first = np.concatenate([np.unique(targets, return_index=True)[1][:20], np.arange(512)])
    peer.fit(inputs[first], targets[first], epochs=1)  # compiles, loads, starts threads
    peer.predict(inputs[:1])
    before = memory()
    seconds = fastest(lambda: peer.fit(inputs, targets), 3.0)
    peak = max(before, memory())  # the kernel counts pages of every thread a little late
    row = np.ascontiguousarray(data["test_inputs"][:1])
    rows = np.resize(data["test_inputs"], (BULK_ROWS, inputs.shape[1]))
    peer.predict(rows)
    fresh = make()
    fresh.fit(inputs, targets)
    return {
        "fit": seconds,
        "row": median(lambda: peer.predict(row), 1.0),
        "bulk": fastest(lambda: peer.predict(rows), 1.0),
        "score": score(fresh.predict(data["test_inputs"]), data["test_targets"]),
        "memory_before": before,
        "memory_peak": peak,
    }


def median(action: Any, seconds: float) -> float:
    """Median seconds of an action repeated for so long, once at least."""
    return statistics.median(repeated(action, seconds))


def fastest(action: Any, seconds: float) -> float:
    """Least seconds of an action repeated for so long, once at least."""
    return min(repeated(action, seconds))


def repeated(action: Any, seconds: float) -> list[float]:
    """Seconds of an action, time after time."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return times


def memory() -> float:
    """The most memory this process has held so far, in MiB."""
    return machine.peak_memory() / 2**20


def score(found: np.ndarray, expected: np.ndarray) -> float:
    """Accuracy, or R²."""
    if expected.dtype.kind == "i":
        return float(np.mean(found == expected))
    error = np.mean((np.ravel(found) - expected) ** 2)
    return float(1.0 - error / np.var(expected))


class Osolgil:
    """DeepClassifier or DeepRegressor, on the rows as they are."""

    def __init__(self, facts: dict[str, Any]) -> None:
        from osolgil import DeepClassifier, DeepRegressor

        cls = DeepClassifier if facts["classes"] else DeepRegressor
        self.epochs = facts["epochs"]
        self.model = cls(
            hidden=tuple(facts["hidden"]), epochs=self.epochs, batch_size=facts["batch"], learning_rate=RATE,
            numeric="none", initial_scale="glorot_uniform", random_state=0,
        )  # fmt: skip

    def fit(self, inputs: np.ndarray, targets: np.ndarray, epochs: int | None = None) -> None:
        self.model.set_params(epochs=epochs or self.epochs).fit(inputs, targets)

    def predict(self, rows: np.ndarray) -> np.ndarray:
        return self.model.predict(rows)


class ScikitLearn(Osolgil):
    """MLPClassifier or MLPRegressor."""

    def __init__(self, facts: dict[str, Any]) -> None:
        from sklearn.neural_network import MLPClassifier, MLPRegressor

        warnings.simplefilter("ignore")  # that it did not converge is what equal epochs mean
        cls = MLPClassifier if facts["classes"] else MLPRegressor
        self.epochs = facts["epochs"]
        self.model = cls(
            hidden_layer_sizes=tuple(facts["hidden"]), batch_size=facts["batch"], learning_rate_init=RATE,
            alpha=0.0, tol=0.0, n_iter_no_change=10_000, random_state=0,
        )  # fmt: skip

    def fit(self, inputs: np.ndarray, targets: np.ndarray, epochs: int | None = None) -> None:
        self.model.set_params(max_iter=epochs or self.epochs).fit(inputs, targets)


class Skorch(Osolgil):
    """skorch around a PyTorch module."""

    def __init__(self, facts: dict[str, Any]) -> None:
        import torch
        from skorch import NeuralNetClassifier, NeuralNetRegressor

        torch.manual_seed(0)
        widths = [facts["inputs"], *facts["hidden"], facts["classes"] or 1]
        layers: list[Any] = []
        for place, (inputs, outputs) in enumerate(pairwise(widths)):
            layers += [torch.nn.Linear(inputs, outputs)]
            layers += [torch.nn.ReLU()] if place < len(widths) - 2 else []
        self.classes, self.epochs = facts["classes"], facts["epochs"]
        cls = NeuralNetClassifier if self.classes else NeuralNetRegressor
        extra = {"criterion": torch.nn.CrossEntropyLoss} if self.classes else {}
        self.model = cls(
            torch.nn.Sequential(*layers), max_epochs=self.epochs, batch_size=facts["batch"], lr=RATE,
            optimizer=torch.optim.Adam, train_split=None, iterator_train__shuffle=True, verbose=0,
            iterator_valid__batch_size=BULK_ROWS, **extra,
        )  # fmt: skip

    def fit(self, inputs: np.ndarray, targets: np.ndarray, epochs: int | None = None) -> None:
        shaped = targets if self.classes else targets.reshape(-1, 1)
        self.model.set_params(max_epochs=epochs or self.epochs).fit(inputs, shaped)


class Keras(Osolgil):
    """A Keras model on PyTorch."""

    def __init__(self, facts: dict[str, Any]) -> None:
        os.environ["KERAS_BACKEND"] = "torch"
        import keras

        keras.utils.set_random_seed(0)
        self.classes, self.epochs, self.batch = facts["classes"], facts["epochs"], facts["batch"]
        layers = [keras.layers.Dense(width, activation="relu") for width in facts["hidden"]]
        self.model = keras.Sequential(
            [keras.Input((facts["inputs"],)), *layers, keras.layers.Dense(self.classes or 1)]
        )
        loss: Any = "mean_squared_error"
        if self.classes:
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(optimizer=keras.optimizers.Adam(RATE), loss=loss)

    def fit(self, inputs: np.ndarray, targets: np.ndarray, epochs: int | None = None) -> None:
        self.model.fit(inputs, targets, batch_size=self.batch, epochs=epochs or self.epochs, verbose=0)

    def predict(self, rows: np.ndarray) -> np.ndarray:
        outputs = self.model.predict(rows, batch_size=BULK_ROWS, verbose=0)
        return outputs.argmax(axis=1) if self.classes else outputs


PEERS = {"osolgil": Osolgil, "scikit-learn": ScikitLearn, "skorch": Skorch, "keras": Keras}

if __name__ == "__main__":
    main()
