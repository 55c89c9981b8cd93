"""NumPy as an engine: an optimizer's own formula, step by step, on any parameters.

>>> from osolgil.formulas import catalog
>>> steps = Steps(catalog.optimizer("momentum"), [1.0, 2.0], learning_rate=0.5, momentum=0.5)
>>> steps.step([1.0, 0.0]).tolist(), steps.step([0.0, 0.0]).tolist()
([0.5, 2.0], [0.25, 2.0])
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from osolgil.formulas import states
from osolgil.formulas.catalog import Formula, Optimizer
from osolgil.formulas.states import Block


class Steps:
    """Parameters that an optimizer's formula moves along the gradients it is given.

    theta: (size,) the start. blocks: which parts of it are matrices and vectors (`Network.blocks`); one vector
    where it is not given. bound: gives a formula another engine's words; by default it runs as it stands.
    """

    def __init__(
        self,
        row: Optimizer,
        theta: Any,
        blocks: Sequence[Block] | None = None,
        bound: Callable[[Formula], Formula] = lambda formula: formula,
        **hyperparameters: float,
    ) -> None:
        self.row, self.theta, self.time = row, np.array(theta, float), 0
        blocks = [Block(0, 1, self.theta.size)] if blocks is None else blocks
        self.hyperparameters = row.hyperparameters(**hyperparameters)
        self.carried = list(row.carried.values())
        self.states = states.first(row, blocks, self.theta, self.hyperparameters)
        self._bound = {formula: bound(formula) for formula in row.updates}
        self._places: dict[Block, list[states.Place]] = {block: [] for block in states.blocks_of(row, blocks)}
        for place in states.places(row, blocks):
            self._places[place.block].append(place)

    def step(self, gradient: Any, loss: float = 0.0) -> np.ndarray:
        """Move along one gradient (size,), measured where the loss of the batch is `loss`; returns θ."""
        self.time += 1
        scalars = {**dict(zip(self.row.coefficient_names, self.scalars(), strict=True)), "loss": loss}
        gradient = np.asarray(gradient, float)
        for block, places in self._places.items():
            formula = states.update_of(self.row, block)
            part = slice(block.start, block.stop)
            shape = (block.rows, block.columns) if self.row.scope == "layer" else (block.size,)
            views = {place.state: place.view(self.states) for place in places}
            names = list(inspect.signature(formula).parameters)[2:]
            given = [views[name].copy() if name in views else scalars[name] for name in names]
            theta, slope = self.theta[part].reshape(shape).copy(), gradient[part].reshape(shape)
            results = self._bound[formula](theta, slope, *given)
            moved, *kept = results if views else (results,)
            self.theta[part] = np.ravel(moved)
            for name, value in zip(self.row.state_of(formula), kept, strict=True):
                views[name][...] = value
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
