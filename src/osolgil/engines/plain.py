"""NumPy as an engine: an optimizer's own formula, step by step, on any parameters.

>>> from osolgil.formulas import catalog
>>> steps = Steps(catalog.optimizer("momentum"), [1.0, 2.0], learning_rate=0.5, momentum=0.5)
>>> steps.step([1.0, 0.0]).tolist(), steps.step([0.0, 0.0]).tolist()
([0.5, 2.0], [0.25, 2.0])
"""

from typing import Any

import numpy as np

from osolgil.formulas.catalog import Optimizer


class Steps:
    """Parameters that an optimizer's formula moves along the gradients it is given."""

    def __init__(self, row: Optimizer, theta: Any, **hyperparameters: float) -> None:
        self.row, self.theta, self.time = row, np.array(theta, float), 0
        self.hyperparameters = row.hyperparameters(**hyperparameters)
        self.carried = list(row.carried.values())
        self.states = np.zeros((len(row.state), self.theta.size))

    def step(self, gradient: Any, loss: float = 0.0) -> np.ndarray:
        """Move along one gradient (size,), measured where the loss of the batch is `loss`; returns θ."""
        self.time += 1
        results = self.row.formula(self.theta, np.asarray(gradient, float), *self.states, *self.scalars())
        self.theta, *kept = results if self.row.state else (results,)
        self.states = np.array(kept, float).reshape(self.states.shape)
        return self.theta.copy()

    def scalars(self) -> list[float]:
        """The update's scalars for the step now due; carried values move on."""
        if self.row.coefficients is None:
            return [self.hyperparameters[name] for name in self.row.coefficient_names]
        results = self.row.coefficients(float(self.time), *self.carried, *self.hyperparameters.values())
        results = results if isinstance(results, tuple) else (results,)
        split = len(self.carried)
        self.carried = list(results[:split])
        return list(results[split:])
