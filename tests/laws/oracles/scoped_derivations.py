"""Optimizers of a layer or the network derived from their papers in NumPy, where no library has the same.

Each is a generator in another shape than the catalog's formula: it is sent (parameters, gradients, loss) and
yields the next parameters; powers of matrices are taken by eigenvalues, bases by SciPy's QR.
"""

from collections.abc import Callable, Generator
from types import SimpleNamespace
from typing import Any

import numpy as np
import scipy.linalg

from laws.oracles import problem

Course = Generator[Any, Any, None]


def course(name: str, values: dict[str, float], **how: Any) -> np.ndarray:
    """The derivation's parameters (steps, size) after every step on the problem."""
    walker = DERIVATIONS[name](SimpleNamespace(**values))
    next(walker)
    return problem.follow(lambda parts, slopes, loss: walker.send((parts, slopes, loss)), **how)


def power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    """A symmetric matrix to some power, by its eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values**exponent) @ vectors.T


def shampoo(our: SimpleNamespace) -> Course:
    """arXiv:1802.09568, Algorithm 1 (k = 2) and its form for vectors (k = 1); ε relative to the factor's size."""
    history: list[list[np.ndarray]] = []
    roots: dict[tuple[int, int], np.ndarray] = {}
    parts = None
    while True:
        parts, slopes, _ = yield parts
        history.append(slopes)
        for place, slope in enumerate(slopes):
            order = slope.ndim
            for axis in range(order):
                if len(history) <= our.interval or len(history) % our.interval == 0:
                    unfolded = [
                        np.moveaxis(past[place], axis, 0).reshape(slope.shape[axis], -1) for past in history
                    ]
                    total = sum(g @ g.T for g in unfolded)
                    total = total + our.epsilon * np.sqrt((total**2).sum()) * np.eye(len(total))
                    roots[place, axis] = power(total, -1 / (2 * order))
                slope = np.moveaxis(np.tensordot(roots[place, axis], slope, (1, axis)), 0, axis)
            parts[place] = parts[place] - our.learning_rate * slope


def soap(our: SimpleNamespace) -> Course:
    """arXiv:2409.11321, Algorithm 3 with Algorithm 4's bases, which start as the identity."""
    names = ("mean", "squares", "left", "right")
    kept: list[dict[str, Any]] = [dict.fromkeys(names, 0.0) for _ in problem.SHAPES]
    time, parts = 0, None
    while True:
        parts, slopes, _ = yield parts
        time += 1
        for place, (slope, state) in enumerate(zip(slopes, kept, strict=True)):
            matrix = np.atleast_2d(slope)
            turn = state.setdefault("turn", [np.eye(size) for size in matrix.shape])
            state["mean"] = our.beta1 * state["mean"] + (1 - our.beta1) * matrix
            seen = np.einsum("ai,ab,bj->ij", turn[0], matrix, turn[1])
            state["squares"] = our.beta2 * state["squares"] + (1 - our.beta2) * seen**2
            direction = np.einsum("ai,ab,bj->ij", turn[0], state["mean"] / (1 - our.beta1**time), turn[1])
            size = np.sqrt(state["squares"] / (1 - our.beta2**time))
            step = direction / (size + our.epsilon / np.sqrt(1 - our.beta2**time))
            step = np.einsum("ia,ab,jb->ij", turn[0], step, turn[1]).reshape(slope.shape)
            moved = parts[place] - our.learning_rate * step
            parts[place] = moved - our.learning_rate * our.weight_decay * moved
            if slope.ndim == 2:
                for side, square in enumerate((matrix @ matrix.T, matrix.T @ matrix)):
                    name = ("left", "right")[side]
                    state[name] = our.beta2 * state[name] + (1 - our.beta2) * square
                    if time % our.interval < 1:
                        turn[side] = scipy.linalg.qr(state[name] @ turn[side])[0]


def swats(our: SimpleNamespace) -> Course:
    """arXiv:1712.07628, Algorithm 1, over all parameters as one vector; the phase is a word, as there."""
    phase, mean, squares, rates, velocity, found, time = "Adam", 0.0, 0.0, 0.0, 0.0, 0.0, 0
    parts = None
    while True:
        parts, slopes, _ = yield parts
        time += 1
        flat, slope = problem.joined(parts), problem.joined(slopes)
        if phase == "SGD":
            velocity = our.beta1 * velocity + slope
            parts = problem.parted(flat - (1 - our.beta1) * found * velocity)
            continue
        mean = our.beta1 * mean + (1 - our.beta1) * slope
        squares = our.beta2 * squares + (1 - our.beta2) * slope**2
        correction = np.sqrt(1 - our.beta2**time) / (1 - our.beta1**time)
        step = -our.learning_rate * correction * mean / (np.sqrt(squares) + our.epsilon)
        parts = problem.parted(flat + step)
        if step @ slope != 0:
            rate = step @ step / -(step @ slope)
            rates = our.beta2 * rates + (1 - our.beta2) * rate
            mean_rate = rates / (1 - our.beta2**time)
            if time > 1 and mean_rate > 0 and abs(mean_rate - rate) < our.tolerance:
                phase, found = "SGD", mean_rate


DERIVATIONS: dict[str, Callable[[SimpleNamespace], Course]] = {
    "shampoo": shampoo,
    "soap": soap,
    "swats": swats,
}
