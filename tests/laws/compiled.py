"""Compiled formulas as plain functions of arrays, called by address as the training kernel calls them."""

from collections.abc import Sequence
from ctypes import CFUNCTYPE, c_double, c_int64

import numpy as np

from osolgil.engines import plain
from osolgil.engines.cpu import library, stepping
from osolgil.engines.cpu.kernels import layout
from osolgil.engines.cpu.workspace import room_for_rows
from osolgil.formulas.catalog import Activation, Loss, Optimizer
from osolgil.formulas.stages import stages_of
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
    run = CFUNCTYPE(c_double, *[c_int64] * 5)(library.activation(row, precision))
    back = CFUNCTYPE(c_double, *[c_int64] * 6)(library.pullback(row, precision))

    def values_and_gradient(rows, gradient):
        kept, gradient = np.array(rows, precision), np.array(gradient, precision)
        values, share = np.full_like(kept, np.nan), np.ones_like(kept)
        blocks = _blocks(kept)
        run(kept.ctypes.data, values.ctypes.data, *kept.shape, blocks.ctypes.data)
        back(kept.ctypes.data, gradient.ctypes.data, share.ctypes.data, *kept.shape, blocks.ctypes.data)
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


def _blocks(rows):
    """The room in which rows are looked at many at a time."""
    return np.full(room_for_rows(rows.shape[1]), np.nan, rows.dtype)


def loss(row: Loss, precision: str):
    """A function from outputs (rows, outputs), targets, a scale and weights to (sum of losses, scaled gradient)."""
    address, settings = library.loss(row, precision)
    run = CFUNCTYPE(c_double, *[c_int64] * 7, c_double, c_int64)(int(address))

    def total_and_gradient(outputs, targets, scale=1.0, weights=None):
        outputs = np.ascontiguousarray(outputs, precision)
        targets = np.ascontiguousarray(targets, precision)
        delta = np.full_like(outputs, np.nan)
        weights = None if weights is None else np.ascontiguousarray(weights, precision)
        places = [array.ctypes.data for array in (outputs, targets, delta)]
        places.append(0 if weights is None else weights.ctypes.data)
        blocks = _blocks(outputs)
        return run(*places, int(settings), *outputs.shape, scale, blocks.ctypes.data), delta

    return total_and_gradient


class CompiledSteps:
    """Parameters moved by an optimizer's compiled formulas, by as many threads in turn as `team` says."""

    def __init__(
        self,
        row: Optimizer,
        theta,
        precision: str = "float64",
        blocks: Sequence[Block] | None = None,
        team: int = 1,
        total_steps: int = 1,
        **hyperparameters: float,
    ) -> None:
        self.theta = np.array(theta, precision)
        blocks = [Block(0, 1, self.theta.size)] if blocks is None else blocks
        table = stepping.Table(row, blocks)
        self._stages = [
            (
                stage,
                CFUNCTYPE(c_double, *[c_int64] * 10, c_double)(numbers[layout.RUN]),
                CFUNCTYPE(c_double, c_double, *[c_int64] * 3)(numbers[layout.COEFFICIENTS] or 1),
                numbers,
            )
            for stage, numbers in zip(stages_of(row), table.stages(precision).tolist(), strict=True)
        ]
        self._product = library.product(precision)
        self._arrays = {
            "thetas": self.theta[None],
            "states": np.full((1, table.states + 1), np.nan, precision),
            "hypers": np.zeros((1, table.hypers)),
            "carrieds": np.ones((1, table.carried)),
            "runs": np.zeros((1, layout.RUN_COLUMNS), np.int64),
        }
        self._arrays["states"][:, :-1] = 0.0
        table.describe(self._arrays, 0, row.hyperparameters(**hyperparameters), total_steps)
        self.states, self._run = self._arrays["states"][0], self._arrays["runs"][0]
        self._table = np.array([(b.start, b.rows, b.columns, b.matrix) for b in blocks], np.int64)
        self._team, self._random = team, np.random.default_rng(0)
        self.scalars = np.full(128, np.nan)
        self._time = 0

    @property
    def evaluated(self) -> np.ndarray:
        """The parameters that are evaluated and kept."""
        place = self._run[layout.EVALUATED]
        return (self.theta if place < 0 else self.states[place : place + self.theta.size]).copy()

    @property
    def noise(self) -> np.ndarray:
        """Where the random signs of a step stand, to be filled in by the caller."""
        return self.states[self._run[layout.NOISE] :][: self.theta.size]

    def probes(self) -> bool:
        """Whether the step now due, once its coefficients are known, measures a second gradient."""
        waits = self._run[layout.PROBING]
        return waits == 1 or (waits > 1 and self.scalars[waits - 2] != 0.0)

    def step(self, gradient, loss: float = 0.0, measure=None) -> np.ndarray:
        """Move along one gradient, the same everywhere unless it can be measured; returns the new parameters."""
        self._time += 1
        gradient = np.array(gradient, self.theta.dtype)
        hyper, carried = self._arrays["hypers"], self._arrays["carrieds"]
        for _, _, coefficients, numbers in self._stages:
            if numbers[layout.COEFFICIENTS]:
                coefficients(
                    float(self._time), hyper.ctypes.data + 8 * numbers[layout.HYPERS],
                    carried.ctypes.data + 8 * numbers[layout.CARRIED],
                    self.scalars.ctypes.data + 8 * numbers[layout.SCALARS],
                )  # fmt: skip
        if self._run[layout.NOISE] >= 0 and (self._run[layout.PROBING] <= 1 or self.probes()):
            self.noise[:] = self._random.choice([-1.0, 1.0], self.theta.size)
        if self.probes():
            self._pass(layout.PROBE_STAGE, gradient, loss)
            gradient = np.array(gradient if measure is None else measure(self.theta.copy()), self.theta.dtype)
            self._pass(layout.RESUME_STAGE, gradient, loss)
        self._pass(layout.STEP_STAGE, gradient, loss)
        assert np.isnan(self.states[-1]), "the update wrote beyond its state"
        return self.theta.copy()

    def _pass(self, kind: int, gradient, loss: float) -> None:
        size = self.theta.size
        for stage, run, _, numbers in self._stages:
            whole = stage.part.scope == "element"
            shares = [(0, size)] if whole else [(k, self._team) for k in range(self._team)]
            for start, stop in shares if numbers[layout.MOMENT] == kind else []:
                run(
                    self.theta.ctypes.data, gradient.ctypes.data,
                    self.states.ctypes.data + self.states.itemsize * numbers[layout.STATE], size, start, stop,
                    self.scalars.ctypes.data + 8 * numbers[layout.SCALARS], self._table.ctypes.data,
                    len(self._table), self._product, loss,
                )  # fmt: skip


class FormulaSteps(plain.Steps):
    """Parameters moved by the formulas themselves, in NumPy."""

    def step(self, gradient, loss: float = 0.0, measure=None) -> np.ndarray:
        """Move along one gradient, the same everywhere unless it can be measured; returns the new parameters."""
        return super().step(gradient, loss, measure or (lambda theta: gradient))
