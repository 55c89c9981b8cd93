"""Where an optimizer keeps its state: one flat array per run, and which part of it belongs to which block.

A block is what a layer's update moves at once: a weight, or a bias, gain or shift. States as large as θ come
first, each laid out as θ is; those of another shape follow, block by block.

>>> from osolgil.formulas import catalog
>>> count(catalog.optimizer("adam"), [Block(0, 3, 2, matrix=True), Block(6, 1, 2)])
16
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from osolgil.formulas.part import Part
from osolgil.formulas.row import Formula


@dataclass(frozen=True)
class Block:
    """A part of the flat parameter vector that is one matrix (rows, columns), or one vector: a single row."""

    start: int
    rows: int
    columns: int
    matrix: bool = False

    @property
    def size(self) -> int:
        return self.rows * self.columns

    @property
    def stop(self) -> int:
        return self.start + self.size


@dataclass(frozen=True)
class Place:
    """Where in the flat state array one state of one block lies."""

    state: str
    block: Block
    start: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return int(np.prod(self.shape, dtype=int))

    def view(self, states: np.ndarray) -> np.ndarray:
        """The state as the update takes it; a number is an array of no axes."""
        return states[self.start : self.start + self.size].reshape(self.shape)


def blocks_of(row: Part, blocks: Sequence[Block]) -> list[Block]:
    """What the optimizer moves at once: each block, or all parameters as one vector."""
    if row.scope == "layer":
        return list(blocks)
    return [Block(0, 1, sum(block.size for block in blocks))]


def update_of(row: Part, block: Block) -> Formula:
    """The update that moves a block."""
    return row.formula if block.matrix or row.vectors is None else row.vectors


def places(row: Part, blocks: Sequence[Block]) -> Iterator[Place]:
    """Every state of every block, block by block in the order of the update's arguments."""
    alike = [state for state in row.state if state not in row.shapes]
    size = sum(block.size for block in blocks)
    following = len(alike) * size
    for block in blocks_of(row, blocks):
        shape = (block.rows, block.columns) if row.scope == "layer" else (size,)
        for state in row.state_of(update_of(row, block)):
            if state in row.shapes:
                own = tuple(
                    {"rows": block.rows, "columns": block.columns, "size": size}[part]
                    if isinstance(part, str)
                    else part
                    for part in row.shapes[state]
                )
                yield Place(state, block, following, own)
                following += int(np.prod(own, dtype=int))
            else:
                yield Place(state, block, alike.index(state) * size + block.start, shape)


def count(row: Part, blocks: Sequence[Block]) -> int:
    """How many numbers the state of a run holds."""
    alike = sum(state not in row.shapes for state in row.state) * sum(block.size for block in blocks)
    following = sum(place.size for place in places(row, blocks) if place.state in row.shapes)
    return alike + following


def first(
    row: Part,
    blocks: Sequence[Block],
    theta: np.ndarray,
    hyperparameters: Mapping[str, float],
    out: np.ndarray | None = None,
) -> np.ndarray:
    """The state (count,) before the first step, in the precision of θ; written to `out` where given."""
    states = np.zeros(count(row, blocks), theta.dtype) if out is None else out
    for place in places(row, blocks):
        value = row.initial.get(place.state, 0.0)
        view = place.view(states)
        if isinstance(value, str) and value == "theta":
            view[...] = theta[place.block.start : place.block.stop].reshape(view.shape)
        elif isinstance(value, str) and value == "identity":
            view[...] = np.eye(*view.shape)
        elif isinstance(value, str):
            view[...] = hyperparameters[value]
        else:
            view[...] = value
    return states
