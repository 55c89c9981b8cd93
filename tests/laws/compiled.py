"""Compiled formulas as plain functions of arrays, called by address as the training kernel calls them."""

from ctypes import CFUNCTYPE, c_double, c_int64

import numpy as np

from osolgil.engines.cpu import library
from osolgil.formulas.catalog import Activation, Loss, Optimizer


def activation(row: Activation, precision: str):
    """A function from inputs to (values, slopes)."""
    run = CFUNCTYPE(c_double, *[c_int64] * 3)(library.activation(row, precision))

    def values_and_slopes(inputs):
        slopes = np.array(inputs, precision)
        values = np.full_like(slopes, np.nan)
        run(slopes.ctypes.data, values.ctypes.data, slopes.size)
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
    """Parameters moved by the compiled update of an optimizer."""

    def __init__(self, row: Optimizer, theta, precision: str = "float64", **hyperparameters: float) -> None:
        update, coefficients = library.optimizer(row, precision)
        self._update = CFUNCTYPE(c_double, *[c_int64] * 7)(update)
        self._coefficients = CFUNCTYPE(c_double, c_double, *[c_int64] * 3)(coefficients)
        self.theta = np.array(theta, precision)
        self.states = np.zeros((max(len(row.state), 1), self.theta.size), precision)
        self._hyper = np.array(list(row.hyperparameters(**hyperparameters).values()))
        self._carried = np.array([*row.carried.values(), 1.0])
        self.scalars = np.full(16, np.nan)
        self._time = 0

    def step(self, gradient) -> np.ndarray:
        """Move along one gradient; returns the new parameters."""
        self._time += 1
        gradient = np.ascontiguousarray(gradient, self.theta.dtype)
        size, scalars = self.theta.size, self.scalars.ctypes.data
        self._coefficients(float(self._time), self._hyper.ctypes.data, self._carried.ctypes.data, scalars)
        self._update(
            self.theta.ctypes.data, gradient.ctypes.data, self.states.ctypes.data, size, 0, size, scalars
        )
        return self.theta.copy()


class FormulaSteps:
    """Parameters moved by the formula itself, in NumPy."""

    def __init__(self, row: Optimizer, theta, **hyperparameters: float) -> None:
        self.row, self.theta = row, np.array(theta, float)
        self.states = [np.zeros_like(self.theta) for _ in row.state]
        self._hyper = row.hyperparameters(**hyperparameters)
        self._carried = list(row.carried.values())
        self._time = 0

    def scalars(self) -> list[float]:
        """The update's scalars for the step now due; carried values move on."""
        if self.row.coefficients is None:
            return [self._hyper[name] for name in self.row.coefficient_names]
        results = self.row.coefficients(float(self._time), *self._carried, *self._hyper.values())
        count = len(self._carried)
        self._carried = list(results[:count])
        return list(results[count:])

    def step(self, gradient) -> np.ndarray:
        """Move along one gradient; returns the new parameters."""
        self._time += 1
        results = self.row(self.theta, gradient, *self.states, *self.scalars())
        self.theta, *self.states = results if self.row.state else (results,)
        return self.theta.copy()
