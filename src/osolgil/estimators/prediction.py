"""What trained networks answer, kept ready: a single row costs a few microseconds beyond the arithmetic itself."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from osolgil.engines.cpu.kernels import layout
from osolgil.formulas import own
from osolgil.network import Network

BLOCK = 8192
_WORTH_THREADS = 100_000_000
_SPACE, _FEATURES, _RESULT, _FIRST = (
    7,
    9,
    12,
    15,
)  # in a table: after layers (3 words), weights (2) and averages (2)


class Predictor:
    """Networks of one shape side by side: thetas (members, size), runnings (members, …).

    Compiled code and scratch memory come back by themselves after a copy or a pickle.
    """

    def __init__(self, network: Network, thetas: np.ndarray, runnings: np.ndarray) -> None:
        self.network, self.thetas, self.runnings = network, thetas, runnings
        self.formulas = own.facts_of([("activation", name) for name in network.activations])
        self._ready: _Ready | None = None

    def __len__(self) -> int:
        return len(self.thetas)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_ready": None}

    def outputs(self, features: np.ndarray, workers: int = 1) -> np.ndarray:
        """Outputs (members, rows, outputs) for float features (rows, features); the same for any `workers`."""
        ready = self._ready or self._prepare()
        rows, precision = len(features), self.thetas.dtype
        features = np.ascontiguousarray(features, precision)
        results = np.empty((len(self.thetas), rows, self.network.widths[-1]), precision)
        work = rows * self.network.size * len(self.thetas)
        if workers < 2 or work < _WORTH_THREADS or rows < 2 * layout.EVALUATION_ROWS:
            ready.answer(features, results, 0, rows)
            return results
        share = -(-rows // workers // layout.EVALUATION_ROWS + 1) * layout.EVALUATION_ROWS
        with ThreadPoolExecutor(workers) as pool:
            for done in [
                pool.submit(ready.answer, features, results, start, min(start + share, rows))
                for start in range(0, rows, share)
            ]:
                done.result()
        return results

    def hidden(self, features: np.ndarray) -> np.ndarray:
        """Values of the last hidden layer (rows, members · width), of the features themselves where there is none."""
        ready = self._ready or self._prepare()
        features = np.ascontiguousarray(features, self.thetas.dtype)
        if self.network.depth < 2:
            return np.tile(features, len(self))
        found = [ready.hidden(member, features, self.network.widths[-2]) for member in range(len(self))]
        return np.hstack(found)

    def _prepare(self) -> _Ready:
        own.restore(self.formulas)
        self._ready = _Ready(self)
        return self._ready


class _Ready:
    """Compiled code and memory of a predictor, with a call's table of words written but for rows and results."""

    def __init__(self, predictor: Predictor) -> None:
        from osolgil.engines.cpu.calling import bound
        from osolgil.engines.cpu.workspace import workspace

        network, self.precision = predictor.network, predictor.thetas.dtype
        self.layers, _, self.size = workspace(network, self.precision.name, layout.EVALUATION_ROWS)
        self.spaces: list[np.ndarray] = []
        self.kept = [
            tuple(map(np.ascontiguousarray, pair))
            for pair in zip(predictor.thetas, predictor.runnings, strict=True)
        ]
        row, result = (
            np.zeros((1, network.widths[0]), self.precision),
            np.zeros((1, network.widths[-1]), self.precision),
        )
        self.calls = [
            bound("training.outputs_of", self.layers, *pair, self._space(), row, result, 0, 1)
            for pair in self.kept
        ]

    def answer(self, features: np.ndarray, results: np.ndarray, first: int, last: int) -> None:
        """Write every network's outputs for rows first … last - 1 into results (members, rows, outputs)."""
        try:
            space = self.spaces.pop()
        except IndexError:  # another thread has it
            space = self._space()
        for call, result in zip(self.calls, results, strict=True):
            self._run(call, space, features, result, first, last)
        self.spaces.append(space)

    def hidden(self, member: int, features: np.ndarray, width: int) -> np.ndarray:
        """What the last hidden layer of a network makes of rows: it stays in the workspace, a piece at a time."""
        space, value = self._space(), int(self.layers[-2, layout.VALUE])
        unused = np.empty((len(features), int(self.layers[-1, layout.OUTPUTS])), self.precision)
        found = np.empty((len(features), width), self.precision)
        for start in range(0, len(features), layout.EVALUATION_ROWS):
            stop = min(start + layout.EVALUATION_ROWS, len(features))
            self._run(self.calls[member], space, features, unused, start, stop)
            found[start:stop] = space[value : value + (stop - start) * width].reshape(-1, width)
        return found

    def _run(
        self,
        call: tuple[Any, list[int]],
        space: np.ndarray,
        features: np.ndarray,
        result: np.ndarray,
        first: int,
        last: int,
    ) -> None:
        way, words = call
        table = (ctypes.c_int64 * len(words))(*words)
        table[_SPACE], rows = space.ctypes.data, len(features)
        table[_FEATURES], table[_FEATURES + 1] = features.ctypes.data, rows
        table[_RESULT], table[_RESULT + 1] = result.ctypes.data, rows
        table[_FIRST], table[_FIRST + 1] = first, last
        way(ctypes.addressof(table))

    def _space(self) -> np.ndarray:
        from osolgil.engines.cpu.workspace import aligned

        return aligned(1, self.size, self.precision.name)[0]


def stacked(members: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Weights and running averages of several networks as arrays (members, …)."""
    return np.stack([theta for theta, _ in members]), np.stack([running for _, running in members])
