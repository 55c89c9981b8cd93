"""A small non-convex problem with matrices and vectors, on which optimizers are compared with their oracles.

A network of tanh units fits rows that no such network fits exactly; a mini-batch is drawn by the step's number,
so gradients are noisy and every course is the same for whoever follows it. Parameters lie in a list, as
libraries want them: weight (inputs, outputs), bias (outputs,), layer by layer. Joined they are the flat vector
of `osolgil.network.Network(WIDTHS, ("tanh",) * (len(WIDTHS) - 1))`.
"""

import itertools
from collections.abc import Callable, Sequence

import numpy as np

WIDTHS = (5, 7, 4, 3)
ROWS, BATCH, STEPS = 24, 6, 240
SHAPES = [shape for pair in itertools.pairwise(WIDTHS) for shape in (pair, pair[1:])]
SIZES = [int(np.prod(shape)) for shape in SHAPES]

Parts = list[np.ndarray]
Move = Callable[[Parts, Parts, float], Sequence[np.ndarray]]


def _data() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(20)
    inputs = random.normal(size=(ROWS, WIDTHS[0])) * np.geomspace(0.3, 3.0, WIDTHS[0])
    return inputs, np.tanh(random.normal(size=(ROWS, WIDTHS[-1])) + np.sin(inputs[:, :1]))


INPUTS, TARGETS = _data()


def start(seed: int = 3) -> Parts:
    """First parameters; biases are not 0, so that their sizes can be measured too."""
    random = np.random.default_rng(seed)
    return [random.normal(size=shape) * (0.6 if len(shape) == 2 else 0.2) for shape in SHAPES]


def rows_of(step: int, batch: int | None = BATCH) -> np.ndarray:
    """Rows of the mini-batch of step 0, 1, …; all rows where `batch` is None."""
    if batch is None:
        return np.arange(ROWS)
    return np.random.default_rng([7, step]).choice(ROWS, batch, replace=False)


def loss_and_gradient(parts: Parts, rows: np.ndarray) -> tuple[float, Parts]:
    """Half the mean squared error of some rows (the mean over rows, the sum over outputs), and its slope."""
    values = [INPUTS[rows]]
    for weight, bias in zip(parts[::2], parts[1::2], strict=True):
        values.append(np.tanh(values[-1] @ weight + bias))
    error = values[-1] - TARGETS[rows]
    loss = 0.5 * float((error**2).sum()) / len(rows)
    slope, gradients = error / len(rows), []
    for weight, value, before in zip(parts[-2::-2], values[:0:-1], values[-2::-1], strict=True):
        slope = slope * (1.0 - value**2)
        gradients += [slope.sum(0), before.T @ slope]
        slope = slope @ weight.T
    return loss, gradients[::-1]


def joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    """All parameters as one vector (size,)."""
    return np.concatenate([np.ravel(part) for part in parts])


def parted(flat: np.ndarray) -> Parts:
    """Views of a flat vector, one per parameter."""
    cuts = np.split(flat, np.cumsum(SIZES)[:-1])
    return [cut.reshape(shape) for cut, shape in zip(cuts, SHAPES, strict=True)]


def follow(move: Move, steps: int = STEPS, batch: int | None = BATCH, seed: int = 3) -> np.ndarray:
    """Parameters (steps, size) after every step of `move(parameters, gradients, loss) → parameters`.

    Each mover meets the gradients at its own points: a slip grows from step to step and is seen.
    """
    parts, course = start(seed), []
    for step in range(steps):
        loss, gradients = loss_and_gradient(parts, rows_of(step, batch))
        parts = [
            np.array(part, float)
            for part in move([p.copy() for p in parts], [g.copy() for g in gradients], loss)
        ]
        course.append(joined(parts))
    return np.array(course)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Largest difference of two courses, relative to how far from 0 each coordinate gets."""
    with np.errstate(invalid="ignore"):
        return float((np.abs(one - other).max(0) / np.abs(other).max(0)).max())
