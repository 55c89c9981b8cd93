"""What trained networks answer, kept ready: a single row costs a few microseconds beyond the arithmetic itself."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from osolgil.engines.cpu.kernels import layout
from osolgil.formulas import own
from osolgil.network import Network

BLOCK = 8192
_WORTH_THREADS = 100_000_000


class Predictor:
    """Networks of one shape side by side: thetas (members, size), runnings (members, …).

    Compiled code and scratch memory come back by themselves after a copy or a pickle.
    """

    def __init__(self, network: Network, thetas: np.ndarray, runnings: np.ndarray) -> None:
        self.network, self.thetas, self.runnings = network, thetas, runnings
        self.formulas = own.facts_of([("activation", name) for name in network.activations])
        self._ready: tuple[Any, ...] | None = None

    def __len__(self) -> int:
        return len(self.thetas)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_ready": None}

    def outputs(self, features: np.ndarray, workers: int = 1) -> np.ndarray:
        """Outputs (members, rows, outputs) for float features (rows, features); the same for any `workers`."""
        kernel, layers, size, spaces, members = self._ready or self._prepare()
        rows, precision = len(features), self.thetas.dtype
        if features.dtype != precision or not features.flags.c_contiguous or not features.flags.writeable:
            features = np.require(features, precision, ("C", "W"))
        results = np.empty((len(self.thetas), rows, self.network.widths[-1]), precision)

        def answer(first: int, last: int) -> None:
            try:
                space = spaces.pop()
            except IndexError:
                space = _space(size, precision.name)
            for (theta, running), result in zip(members, results, strict=True):
                kernel(layers, theta, running, space, features, result, first, last)
            spaces.append(space)

        work = rows * self.network.size * len(self.thetas)
        if workers < 2 or work < _WORTH_THREADS or rows < 2 * layout.EVALUATION_ROWS:
            answer(0, rows)
        else:
            share = -(-rows // workers // layout.EVALUATION_ROWS + 1) * layout.EVALUATION_ROWS
            with ThreadPoolExecutor(workers) as pool:
                for done in [
                    pool.submit(answer, start, min(start + share, rows)) for start in range(0, rows, share)
                ]:
                    done.result()
        return results

    def hidden(self, features: np.ndarray) -> np.ndarray:
        """Values of the last hidden layer (rows, members · width), of the features themselves where there is none."""
        kernel, layers, size, _, members = self._ready or self._prepare()
        if len(layers) < 2:
            return np.tile(features, len(members))
        features = np.require(features, self.thetas.dtype, ("C", "W"))
        width, value = self.network.widths[-2], int(layers[-2, layout.VALUE])
        space, unused = (
            _space(size, self.thetas.dtype.name),
            np.empty((len(features), self.network.widths[-1]), features.dtype),
        )
        found = np.empty((len(features), len(members), width), features.dtype)
        for start in range(0, len(features), layout.EVALUATION_ROWS):
            stop = min(start + layout.EVALUATION_ROWS, len(features))
            for place, (theta, running) in enumerate(members):
                kernel(layers, theta, running, space, features, unused, start, stop)
                found[start:stop, place] = space[value : value + (stop - start) * width].reshape(-1, width)
        return found.reshape(len(features), -1)

    def _prepare(self) -> tuple[Any, ...]:
        from osolgil.engines.cpu import cache
        from osolgil.engines.cpu.fleet import workspace

        own.restore(self.formulas)
        layers, _, size = workspace(self.network, self.thetas.dtype.name, layout.EVALUATION_ROWS)
        writable = [np.require(weights, requirements=("C", "W")) for weights in (self.thetas, self.runnings)]
        members = list(zip(*writable, strict=True))  # a memory map that is read-only would compile anew
        self._ready = (cache.module("kernels.training").outputs_of, layers, size, [], members)
        return self._ready


def _space(size: int, precision: str) -> np.ndarray:
    from osolgil.engines.cpu.fleet import aligned

    return aligned(1, size, precision)[0]


def stacked(members: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Weights and running averages of several networks as arrays (members, …)."""
    return np.stack([theta for theta, _ in members]), np.stack([running for _, running in members])


def softmax(outputs: np.ndarray) -> np.ndarray:
    """Probabilities along the last axis, in float64.

    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    powers = outputs.astype(np.float64)
    powers -= powers.max(axis=-1, keepdims=True)
    np.exp(powers, out=powers)
    powers /= powers.sum(axis=-1, keepdims=True)
    return powers
