"""Linear models, which a network must beat, fitted with the losses of the catalog: no import is as quick as these."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from osolgil.formulas.catalog import Loss

_MULTIPLICATIONS = 100_000_000_000
_MEMORY = 10
_MOST_FEATURES, _MOST_ROWS = 2_000, 4_000


def logistic_regression(
    inputs: np.ndarray, targets: np.ndarray, weights: np.ndarray | None, loss: Loss, penalty: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """The linear model of least total loss plus ½ · penalty · ‖W‖².

    Args:
        inputs: rows (rows, features).
        targets: 1 and 0, (rows, outputs).
        weights: how much each row counts, (rows,); None: all alike.
        loss: of a row's outputs; binary cross-entropy fits each output on its own.
        penalty: on the matrix, not on the biases; 1 is scikit-learn's default C = 1.

    Returns: matrix (features, outputs) and biases (outputs,). Large data get fewer iterations: those that
    make about a hundred thousand million multiplications.
    """
    features, outputs = inputs.shape[1], targets.shape[1]
    counts = np.ones(len(inputs)) if weights is None else np.asarray(weights, float)
    total = counts.sum()

    def objective(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        matrix, bias = parameters[:-outputs].reshape(features, outputs), parameters[-outputs:]
        answers = (matrix.T.astype(inputs.dtype) @ inputs.T).T.astype(
            float
        ) + bias  # each output's lie together
        losses, slopes = loss.losses_and_slopes(answers, targets)
        value = counts @ losses.sum(1) + 0.5 * penalty * (matrix**2).sum()
        slopes *= counts[:, None]
        slope = inputs.T @ slopes.astype(inputs.dtype) + penalty * matrix
        return value / total, np.append(slope.ravel(), slopes.sum(0)) / total

    work = 2 * inputs.size * outputs
    iterations = int(np.clip(_MULTIPLICATIONS // max(work, 1), 20, 500))
    through = _curvature(inputs, counts, penalty) if features <= _MOST_FEATURES else _unchanged

    def guess(slope: np.ndarray) -> np.ndarray:
        return through(slope.reshape(features + 1, outputs)).ravel()

    found = minimize(objective, np.zeros((features + 1) * outputs), iterations, guess=guess)
    return found[:-outputs].reshape(features, outputs), found[-outputs:]


def _curvature(inputs: np.ndarray, counts: np.ndarray, penalty: float) -> Callable[[np.ndarray], np.ndarray]:
    """Gradients times the inverse of ¼ · XᵀX plus the penalty, X with a column of ones: a bound on the curvature.

    (D. Böhning, "Multinomial logistic regression algorithm", Ann. Inst. Stat. Math. 44, 1992.) A few thousand rows
    tell it well enough.
    """
    chosen = slice(None, None, -(-len(inputs) // _MOST_ROWS))
    rows, weights = inputs[chosen].astype(float), counts[chosen, None]
    rows = np.column_stack([rows, np.ones(len(rows))])
    square = 0.25 * (rows.T @ (rows * weights)) / max(weights.sum(), 1e-300)
    inverse = np.linalg.inv(square + (penalty / counts.sum() + 1e-9) * np.eye(len(square)))
    return lambda slope: inverse @ slope


def _unchanged(slope: np.ndarray) -> np.ndarray:
    return slope


def ridge_regression(
    inputs: np.ndarray, targets: np.ndarray, weights: np.ndarray | None, penalty: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """The linear model of least squared distance plus penalty · ‖W‖²: matrix (features, outputs) and biases."""
    counts = np.ones(len(inputs)) if weights is None else np.asarray(weights, float)
    center, middle = (np.average(values, axis=0, weights=counts) for values in (inputs, targets))
    centered = (inputs - center) * np.sqrt(counts)[:, None]
    square = centered.T @ centered + penalty * np.eye(inputs.shape[1])
    matrix = np.linalg.solve(square, centered.T @ ((targets - middle) * np.sqrt(counts)[:, None]))
    return matrix, middle - center @ matrix


def minimize(
    objective: Callable[[np.ndarray], tuple[float, np.ndarray]],
    start: np.ndarray,
    iterations: int,
    tolerance: float = 1e-5,
    guess: Callable[[np.ndarray], np.ndarray] = lambda slope: slope,
) -> np.ndarray:
    """The lowest point of a smooth convex function, by L-BFGS with backtracking.

    The direction is minus the gradient seen through the curvature of the last ten moves (J. Nocedal, S. Wright,
    Numerical Optimization, 2006, algorithm 7.4); a step is halved until it descends enough (their condition 3.4).
    It ends where no entry of the gradient is above `tolerance`, or where no step descends. guess: a gradient times
    what is known of the inverse curvature beforehand, up to a factor.

    >>> bowl = lambda x: (float((x - 3.0) @ (x - 3.0)), 2.0 * (x - 3.0))
    >>> minimize(bowl, np.zeros(2), 10).round(6).tolist()
    [3.0, 3.0]
    """
    moves: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=_MEMORY)
    place, (value, slope) = start, objective(start)
    for _ in range(iterations):
        if np.abs(slope).max() <= tolerance:
            break
        direction = -_through_curvature(slope, moves, guess)
        step = 1.0 if moves else min(1.0, 1.0 / np.abs(slope).sum())
        while True:
            next_value, next_slope = objective(place + step * direction)
            if next_value <= value + 1e-4 * step * (slope @ direction):
                break
            step /= 2.0
            if step < 1e-12:
                return place
        move, change = step * direction, next_slope - slope
        if move @ change > 1e-10 * (change @ change):
            moves.append((move, change))
        place, value, slope = place + move, next_value, next_slope
    return place


def _through_curvature(
    slope: np.ndarray, moves: deque[tuple[np.ndarray, np.ndarray]], guess: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """The approximate inverse Hessian times the gradient, from moves and the changes of gradient they made."""
    result, weights = slope.copy(), []
    for move, change in reversed(moves):
        weights.append((move @ result) / (move @ change))
        result -= weights[-1] * change
    result = guess(result)
    if moves:
        move, change = moves[-1]
        result *= (move @ change) / (change @ guess(change))
    for (move, change), weight in zip(moves, reversed(weights), strict=True):
        result += (weight - (change @ result) / (move @ change)) * move
    return result
