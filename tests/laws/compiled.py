"""Compiled formulas as plain functions of arrays, called by address as the training kernel calls them."""

from collections.abc import Sequence
from ctypes import CFUNCTYPE, c_double, c_int64

import numpy as np

from osolgil.engines import plain
from osolgil.engines.cpu import library
from osolgil.formulas import states
from osolgil.formulas.catalog import Activation, Loss, Optimizer
from osolgil.formulas.states import Block


def activation(row: Activation, precision: str):
    """A function from inputs to (values, slopes), of an elementwise one; random ones as in evaluation."""
    address = library.activation(row, precision)

    def values_and_slopes(inputs):
        slopes = np.array(inputs, precision)
        values = np.full_like(slopes, np.nan)
        places = [slopes.ctypes.data, values.ctypes.data]
        numbers = [slopes.size]
        if row.random:
            numbers += [0, 0, 0]
        if row.learned is not None:
            learned = np.full(slopes.size, row.settings[row.learned], precision)
            by_learned = np.empty_like(slopes)
            places += [by_learned.ctypes.data, learned.ctypes.data]
            numbers = [1, slopes.size]
        CFUNCTYPE(c_double, *[c_int64] * len(places + numbers))(address)(*places, *numbers)
        return values, slopes

    return values_and_slopes


def row_wise(row: Activation, precision: str):
    """A function from rows (rows, outputs) and a gradient of their values to (values, gradient of the rows)."""
    run = CFUNCTYPE(c_double, *[c_int64] * 4)(library.activation(row, precision))
    back = CFUNCTYPE(c_double, *[c_int64] * 5)(library.pullback(row, precision))

    def values_and_gradient(rows, gradient):
        kept, gradient = np.array(rows, precision), np.array(gradient, precision)
        values, share = np.full_like(kept, np.nan), np.ones_like(kept)
        run(kept.ctypes.data, values.ctypes.data, *kept.shape)
        back(kept.ctypes.data, gradient.ctypes.data, share.ctypes.data, *kept.shape)
        return values, kept

    return values_and_gradient


def pieces(row: Activation, precision: str):
    """A function from inputs (outputs, pieces) to (values, slopes)."""
    run = CFUNCTYPE(c_double, *[c_int64] * 3)(library.activation(row, precision))

    def values_and_slopes(inputs):
        slopes = np.array(inputs, precision)
        values = np.full(len(slopes), np.nan, precision)
        run(slopes.ctypes.data, values.ctypes.data, len(slopes))
        return values, slopes

    return values_and_slopes


def loss(row: Loss, precision: str):
    """A function from outputs (rows, outputs), targets, a scale and weights to (sum of losses, scaled gradient)."""
    address, settings = library.loss(row, precision)
    run = CFUNCTYPE(c_double, *[c_int64] * 7, c_double)(int(address))

    def total_and_gradient(outputs, targets, scale=1.0, weights=None):
        outputs = np.ascontiguousarray(outputs, precision)
        targets = np.ascontiguousarray(targets, precision)
        delta = np.full_like(outputs, np.nan)
        weights = None if weights is None else np.ascontiguousarray(weights, precision)
        places = [array.ctypes.data for array in (outputs, targets, delta)]
        places.append(0 if weights is None else weights.ctypes.data)
        return run(*places, int(settings), *outputs.shape, scale), delta

    return total_and_gradient


class CompiledSteps:
    """Parameters moved by the compiled update of an optimizer, by as many threads in turn as `team` says."""

    def __init__(
        self,
        row: Optimizer,
        theta,
        precision: str = "float64",
        blocks: Sequence[Block] | None = None,
        team: int = 1,
        **hyperparameters: float,
    ) -> None:
        update, coefficients = library.optimizer(row, precision)
        self._update = CFUNCTYPE(c_double, *[c_int64] * 10, c_double)(update)
        self._coefficients = CFUNCTYPE(c_double, c_double, *[c_int64] * 3)(coefficients)
        self._product = library.product(precision)
        self.theta = np.array(theta, precision)
        blocks = [Block(0, 1, self.theta.size)] if blocks is None else blocks
        values = row.hyperparameters(**hyperparameters)
        self.states = np.append(states.first(row, blocks, self.theta, values), self.theta.dtype.type(np.nan))
        self._table = np.array([(b.start, b.rows, b.columns, b.matrix) for b in blocks], np.int64)
        self._shares = [(0, self.theta.size)] if row.scope == "element" else [(k, team) for k in range(team)]
        self._hyper = np.array(list(values.values()))
        self._carried = np.array([*row.carried.values(), 1.0])
        self.scalars = np.full(32, np.nan)
        self._time = 0

    def step(self, gradient, loss: float = 0.0) -> np.ndarray:
        """Move along one gradient; returns the new parameters."""
        self._time += 1
        gradient = np.array(gradient, self.theta.dtype)
        size, scalars = self.theta.size, self.scalars.ctypes.data
        self._coefficients(float(self._time), self._hyper.ctypes.data, self._carried.ctypes.data, scalars)
        for start, stop in self._shares:
            self._update(
                self.theta.ctypes.data, gradient.ctypes.data, self.states.ctypes.data, size, start, stop,
                scalars, self._table.ctypes.data, len(self._table), self._product, loss,
            )  # fmt: skip
        assert np.isnan(self.states[-1]), "the update wrote beyond its state"
        return self.theta.copy()


FormulaSteps = plain.Steps
