"""What the kernels need of an optimizer: the table of a step's stages, and where each part's numbers lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

import numpy as np

from osolgil.engines.cpu import library
from osolgil.engines.cpu.kernels import layout
from osolgil.errors import SettingsError
from osolgil.formulas import stages
from osolgil.formulas.catalog import Optimizer
from osolgil.formulas.part import Part
from osolgil.formulas.states import Block

_SCOPES = {"element": layout.ELEMENT_SCOPE, "layer": layout.LAYER_SCOPE, "network": layout.NETWORK_SCOPE}
_MOST_SCALARS = 126


class Table:
    """Where the parts of an optimizer keep their state, hyperparameters, carried numbers and coefficients."""

    def __init__(self, row: Optimizer, blocks: Sequence[Block]) -> None:
        self.row, self.blocks = row, blocks
        self.parts = stages.parts_of(row)
        parts = [fitted.part for fitted in self.parts]
        self._states = stages.starts_of(row, blocks)
        self._hypers = _starts(len(part.inputs) for part in parts)
        self._carried = _starts(len(part.carried) for part in parts)
        self._scalars = _starts(len(part.coefficient_names) for part in parts)
        self.states, self.hypers, self.carried = (
            max(starts[-1], 1) for starts in (self._states, self._hypers, self._carried)
        )
        if self._scalars[-1] > _MOST_SCALARS:
            raise SettingsError(f"{row.title} has too many coefficients; take some wrappers away.")

    def describe(
        self, arrays: Mapping[str, np.ndarray], index: int, hyperparameters: Mapping[str, float], steps: int
    ) -> None:
        """Fill in a run's first state, its hyperparameters and carried numbers, and what its step looks for."""
        for fitted, hyper, carried in zip(self.parts, self._hypers, self._carried, strict=False):
            values = fitted.values(hyperparameters, float(steps))
            arrays["hypers"][index, hyper : hyper + len(values)] = values
            first = list(fitted.part.carried.values())
            arrays["carrieds"][index, carried : carried + len(first)] = first
        theta, state = arrays["thetas"][index], arrays["states"][index, : self._states[-1]]
        stages.first_state(self.row, self.blocks, theta, hyperparameters, state)
        run = arrays["runs"][index]
        run[layout.NEEDS_LOSS] = any(fitted.part.needs_loss for fitted in self.parts)
        run[layout.PROBING], run[layout.NOISE], run[layout.EVALUATED] = 0, -1, -1
        evaluated = stages.evaluated_of(self.row)
        if evaluated is not None:
            run[layout.EVALUATED] = self._place(*evaluated)
        for place, fitted in enumerate(self.parts):
            if "probe" in (fitted.part.hook, *fitted.part.hooks):
                names = fitted.part.coefficient_names
                waits = "probing" in names
                run[layout.PROBING] = 2 + self._scalars[place] + names.index("probing") if waits else 1
            if fitted.part.noise:
                run[layout.NOISE] = self._place(place, fitted.part.noise)

    def stages(self, precision: str) -> np.ndarray:
        """A row per stage, with addresses of compiled loops: int64 (stages, layout.STAGE_COLUMNS)."""
        rows, known = [], set()
        for stage in stages.stages_of(self.row):
            run, coefficients = library.stage(stage, precision)
            place = stage.place
            rows.append(
                (
                    stage.kind, run, 0 if place in known else coefficients, _SCOPES[stage.part.scope],
                    self._states[place], self._scalars[place], self._hypers[place], self._carried[place],
                )
            )  # fmt: skip
            known.add(place)
        return np.array(rows, np.int64)

    def _place(self, part: int, state: str) -> int:
        size = sum(block.size for block in self.blocks)
        return self._states[part] + _alike(self.parts[part].part).index(state) * size


def addresses(rows: Iterable[Optimizer], blocks: Sequence[Block], precision: str) -> np.ndarray:
    """The stages of every run, int64 (runs, stages, layout.STAGE_COLUMNS); shorter ones end in empty rows."""
    made: dict[Optimizer, np.ndarray] = {}
    tables = [
        made[row] if row in made else made.setdefault(row, Table(row, blocks).stages(precision))
        for row in rows
    ]
    result = np.zeros((len(tables), max(map(len, tables), default=1), layout.STAGE_COLUMNS), np.int64)
    for place, table in zip(result, tables, strict=True):
        place[: len(table)] = table
    return result


def _alike(part: Part) -> list[str]:
    return [state for state in part.state if state not in part.shapes]


def _starts(counts: Iterable[int]) -> list[int]:
    return [0, *accumulate(counts)]
