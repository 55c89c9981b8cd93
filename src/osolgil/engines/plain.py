"""Optimizers stepped in plain NumPy: the catalog's own functions, called as they are written.

>>> from osolgil.formulas import catalog
>>> steps = Steps(catalog.optimizer("sgd"), [1.0, 2.0], learning_rate=0.1)
>>> steps.step([1.0, -1.0]).round(3).tolist()
[0.9, 2.1]
"""

from __future__ import annotations

from typing import Any

import numpy as np

from osolgil.errors import SettingsError
from osolgil.formulas.catalog import Optimizer


class Steps:
    """Parameters moved by an optimizer, one gradient at a time; `states` holds what it carries along."""

    def __init__(self, row: Optimizer, theta: Any, **hyperparameters: Any) -> None:
        if getattr(row, "scope", "element") != "element":
            raise SettingsError(f"{row.title} works on whole layers, which two parameters do not have.")
        self.row, self.theta = row, np.array(theta, float)
        self.hyperparameters = row.hyperparameters(**hyperparameters)
        self.states = {name: np.zeros_like(self.theta) for name in row.state}
        self._carried = list(row.carried.values())
        self._time = 0

    def step(self, gradient: Any) -> np.ndarray:
        """Move along one gradient; returns the new parameters."""
        self._time += 1
        results = self.row(self.theta, np.asarray(gradient, float), *self.states.values(), *self._scalars())
        if not self.row.state:
            results = (results,)
        self.theta, *states = (np.asarray(result, float) for result in results)
        self.states = dict(zip(self.row.state, states, strict=True))
        return self.theta.copy()

    def _scalars(self) -> list[Any]:
        """The update's scalars for the step now due; carried values move on."""
        if self.row.coefficients is None:
            return [self.hyperparameters[name] for name in self.row.coefficient_names]
        given = (float(self._time), *self._carried, *self.hyperparameters.values())
        results = self.row.coefficients(*given)
        results = list(results) if isinstance(results, tuple) else [results]
        count = len(self._carried)
        self._carried = results[:count]
        return results[count:]
