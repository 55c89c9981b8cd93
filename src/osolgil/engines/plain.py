"""NumPy as an engine: an optimizer's own formulas, step by step, on any parameters.

>>> from osolgil.formulas import catalog
>>> steps = Steps(catalog.optimizer("momentum"), [1.0, 2.0], learning_rate=0.5, momentum=0.5)
>>> steps.step([1.0, 0.0]).tolist(), steps.step([0.0, 0.0]).tolist()
([0.5, 2.0], [0.25, 2.0])
>>> steps = Steps(catalog.optimizer("ema(sgd, memory=0.5)"), [1.0], learning_rate=1.0)
>>> steps.step([0.5]).tolist(), steps.step([0.5]).tolist(), steps.evaluated.tolist()
([0.5], [0.0], [0.25])
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from osolgil.errors import SettingsError
from osolgil.formulas import stages, states
from osolgil.formulas.catalog import Formula, Optimizer
from osolgil.formulas.stages import Fitted, Stage
from osolgil.formulas.states import Block

Measure = Callable[[np.ndarray], Any]


class Steps:
    """Parameters that an optimizer's formulas move along the gradients they are given.

    theta: (size,) the start. blocks: which parts of it are matrices and vectors (`Network.blocks`); one vector
    where it is not given. bound: gives a formula another engine's words; by default it runs as it stands.
    total_steps: how long the course is planned to be, for wrappers that begin with a share of it.
    """

    def __init__(
        self,
        row: Optimizer,
        theta: Any,
        blocks: Sequence[Block] | None = None,
        bound: Callable[[Formula], Formula] = lambda formula: formula,
        total_steps: float = 1.0,
        seed: int = 0,
        **hyperparameters: float,
    ) -> None:
        self.row, self.theta, self.time = row, np.array(theta, float), 0
        blocks = [Block(0, 1, self.theta.size)] if blocks is None else blocks
        self.hyperparameters = row.hyperparameters(**hyperparameters)
        self.states = stages.first_state(row, blocks, self.theta, self.hyperparameters)
        starts = stages.starts_of(row, blocks)
        self._parts = [
            _Moved(
                fitted,
                blocks,
                self.states[start:stop],
                fitted.values(self.hyperparameters, total_steps),
                bound,
            )
            for fitted, start, stop in zip(stages.parts_of(row), starts, starts[1:], strict=False)
        ]
        self._random = np.random.default_rng(seed)

    def step(self, gradient: Any, loss: float = 0.0, measure: Measure | None = None) -> np.ndarray:
        """Move along one gradient (size,), measured where the loss of the batch is `loss`; returns θ.

        measure: the gradient of the same batch at other parameters, for optimizers that probe.
        """
        self.time += 1
        gradient = np.array(gradient, float)
        for part in self._parts:
            part.prepare(self.time, loss)
        for kind in (stages.PROBE, stages.RESUME, stages.STEP):
            if kind == stages.PROBE and self._draw() and measure is None:
                raise SettingsError(
                    f"{self.row.title} measures a second gradient, which there is none of here."
                )
            for stage in stages.stages_of(self.row):
                part = self._parts[stage.place]
                if stage.kind == kind and (kind == stages.STEP or part.scalars.get("probing", 1.0)):
                    part.run(stage, self.theta, gradient)
                    if kind == stages.PROBE and measure is not None:
                        gradient = np.array(measure(self.theta.copy()), float)
        return self.theta.copy()

    @property
    def evaluated(self) -> np.ndarray:
        """The parameters that are evaluated and kept."""
        found = stages.evaluated_of(self.row)
        if found is None:
            return self.theta.copy()
        return self._parts[found[0]].whole(found[1]).copy()

    def scalars(self) -> list[float]:
        """The base optimizer's scalars for the step now due; carried values move on."""
        part = self._parts[0]
        part.prepare(self.time, 0.0)
        return [part.scalars[name] for name in part.part.coefficient_names]

    def _draw(self) -> bool:
        """Fill the noise of the parts that are due; returns whether one of them probes."""
        due = [part for part in self._parts if part.scalars.get("probing", 1.0)]
        for part in due:
            if part.part.noise:
                part.whole(part.part.noise)[...] = self._signs()
        return any("probe" in (part.part.hook, *part.part.hooks) for part in due)

    def _signs(self) -> np.ndarray:
        return self._random.choice([-1.0, 1.0], self.theta.size)


class _Moved:
    """One part with its state, its carried numbers and its scalars of the step."""

    def __init__(
        self,
        fitted: Fitted,
        blocks: Sequence[Block],
        state: np.ndarray,
        values: list[float],
        bound: Callable[[Formula], Formula],
    ) -> None:
        self.part, self.state, self.values = fitted.part, state, values
        self.carried = list(fitted.part.carried.values())
        self.scalars: dict[str, float] = {}
        self._blocks = list(blocks)
        self._size = sum(block.size for block in blocks)
        self._bound = {f: bound(f) for f in (*fitted.part.updates, *fitted.part.hooks.values())}

    def whole(self, state: str) -> np.ndarray:
        """One state of all parameters (size,)."""
        place = [name for name in self.part.state if name not in self.part.shapes].index(state)
        return self.state[place * self._size : (place + 1) * self._size]

    def prepare(self, time: int, loss: float) -> None:
        names = self.part.coefficient_names
        if self.part.coefficients is None:
            known = dict(zip(self.part.inputs, self.values, strict=True))
            results: list[float] = [known[name] for name in names]
        else:
            given = self.part.coefficients(float(time), *self.carried, *self.values)
            results = list(given) if isinstance(given, tuple) else [given]
            split = len(self.carried)
            self.carried, results = results[:split], results[split:]
        self.scalars = {**dict(zip(names, results, strict=True)), "loss": loss}

    def run(self, stage: Stage, theta: np.ndarray, gradient: np.ndarray) -> None:
        """Let the stage's formula write to θ, the gradient and the state, block by block."""
        for block, views in self._views():
            matrix = block.matrix or stage.vectors is None
            formula = stage.formula if matrix else stage.vectors
            assert formula is not None
            part = slice(block.start, block.stop)
            shape = (block.rows, block.columns) if self.part.scope == "layer" else (block.size,)
            places = {"theta": theta[part].reshape(shape), "gradient": gradient[part].reshape(shape), **views}
            given = [
                places[name].copy() if name in places else self.scalars[name]
                for name in _arguments(formula)[2:]
            ]
            returned = self._bound[formula](places["theta"].copy(), places["gradient"].copy(), *given)
            results = stage.results(formula)
            values = returned if len(results) > 1 else (returned,)
            for name, value in zip(results, [np.array(value) for value in values], strict=True):
                places[name][...] = value.reshape(places[name].shape)

    def _views(self) -> list[tuple[Block, Mapping[str, np.ndarray]]]:
        """What the part moves at once, with its state there."""
        chosen = self._blocks if self.part.scope == "layer" else [Block(0, 1, self._size)]
        alike = [name for name in self.part.state if name not in self.part.shapes]
        views = {block: {name: self._view(name, block) for name in alike} for block in chosen}
        if self.part.shapes:
            for place in states.places(self.part, self._blocks):
                views[place.block][place.state] = place.view(self.state)
        return list(views.items())

    def _view(self, name: str, block: Block) -> np.ndarray:
        shape = (block.rows, block.columns) if self.part.scope == "layer" else (block.size,)
        return self.whole(name)[block.start : block.stop].reshape(shape)


def _arguments(formula: Formula) -> tuple[str, ...]:
    return tuple(inspect.signature(formula).parameters)
