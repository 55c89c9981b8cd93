"""Rows derived from their papers in NumPy, in another shape than the catalog's: as sums over all of history.

A rule is given all points so far (the last one is where the optimizer stands), all gradients so far
(steps, size), and the hyperparameters; it keeps nothing itself and returns the next point.
"""

import functools
from collections.abc import Callable, Sequence
from types import SimpleNamespace

import numpy as np
from scipy.special import expit

from laws.oracles import problem
from laws.oracles.counterpart import Values, how
from osolgil.formulas import catalog

Rule = Callable[[Sequence[np.ndarray], np.ndarray, SimpleNamespace], np.ndarray]


def course(name: str, values: Values) -> np.ndarray:
    """The derivation's parameters (steps, size) after every step on the problem."""
    rule, our = RULES[name], SimpleNamespace(**values)
    points, slopes = [problem.joined(problem.start())], []

    def move(parts, gradients, loss):
        slopes.append(problem.joined(gradients))
        points.append(rule(points, np.array(slopes), our))
        return problem.parted(points[-1])

    return problem.follow(move, **how(catalog.optimizer(name)))


def ages(slopes: np.ndarray) -> np.ndarray:
    """How many steps ago each gradient was measured."""
    return np.arange(len(slopes))[::-1]


@functools.cache
def _weights(beta: float) -> np.ndarray:
    rows, columns = np.indices((problem.STEPS, problem.STEPS))
    return np.where(columns <= rows, (1 - beta) * beta ** np.maximum(rows - columns, 0), 0.0)


def means(values: np.ndarray, beta: float) -> np.ndarray:
    """The running means (steps, size) after every step, each as one weighted sum."""
    return _weights(beta)[: len(values), : len(values)] @ values


def mean(values: np.ndarray, beta: float) -> np.ndarray:
    """The running mean (size,) after the last step."""
    return _weights(beta)[len(values) - 1, : len(values)] @ values


def corrected(values: np.ndarray, beta: float) -> np.ndarray:
    """Running means whose weights sum to 1."""
    total = 1 - beta ** (1.0 + np.arange(len(values)))
    return means(values, beta) / total[:, None]


def momentum_literal(points, slopes, our):
    """Lecture, slide Momentum: θ ← θ + v_{n-1} - γ g_n, v_n = Σ ρ^(n-i) (-γ g_i)."""
    weights = our.momentum ** (ages(slopes)[:-1] - 1.0)
    return points[-1] - our.learning_rate * (weights @ slopes[:-1] + slopes[-1])


def diffgrad(points, slopes, our):
    """arXiv:1909.11015: Adam times the sigmoid of |g_n - g_{n-1}|, with g_0 = 0."""
    before = slopes[-2] if len(slopes) > 1 else 0.0
    direction = corrected(slopes, our.beta1)[-1] * expit(np.abs(slopes[-1] - before))
    return points[-1] - our.learning_rate * direction / (
        np.sqrt(corrected(slopes**2, our.beta2)[-1]) + our.epsilon
    )


def adapnm(points, slopes, our):
    """arXiv:2103.17182: every other gradient counts positively, those between negatively."""
    age, memory = ages(slopes), our.beta1**2
    positive = np.where(age % 2 == 0, memory ** (age // 2), 0.0) @ slopes
    negative = np.where(age % 2 == 1, memory ** (age // 2), 0.0) @ slopes
    contrast = ((1 + our.contrast) * positive - our.contrast * negative) * (1 - memory)
    steps = len(slopes)
    largest = means(slopes**2, our.beta2).max(0) / (1 - our.beta2**steps)
    norm = np.hypot(1 + our.contrast, our.contrast) * (1 - our.beta1**steps)
    return points[-1] - our.learning_rate / norm * contrast / (np.sqrt(largest) + our.epsilon)


def laprop(points, slopes, our):
    """arXiv:2002.04839: the mean of gradients, each over the root mean square of its own time."""
    quotients = slopes / (np.sqrt(corrected(slopes**2, our.beta2)) + our.epsilon)
    return points[-1] - our.learning_rate * corrected(quotients, our.beta1)[-1]


def _bounded(points, slopes, our, squares):
    steps = len(slopes)
    correction = np.sqrt(1 - our.beta2**steps) / (1 - our.beta1**steps)
    reach = our.convergence * steps
    rates = np.clip(
        our.learning_rate * correction / (np.sqrt(squares) + our.epsilon),
        our.final_rate * reach / (reach + 1),
        our.final_rate * (reach + 1) / reach,
    )
    return points[-1] - rates * mean(slopes, our.beta1)


def adabound(points, slopes, our):
    """arXiv:1902.09843, Algorithm 2: rates clipped between bounds that meet."""
    return _bounded(points, slopes, our, mean(slopes**2, our.beta2))


def amsbound(points, slopes, our):
    """arXiv:1902.09843: the same over the largest mean square so far."""
    return _bounded(points, slopes, our, means(slopes**2, our.beta2).max(0))


def qhadam(points, slopes, our):
    """arXiv:1810.06801: weighted averages, with an extra share for the newest gradient."""
    average = np.average(slopes, axis=0, weights=our.beta1 ** ages(slopes))
    square = np.average(slopes**2, axis=0, weights=our.beta2 ** ages(slopes))
    above = our.nu1 * average + (1 - our.nu1) * slopes[-1]
    below = np.sqrt(our.nu2 * square + (1 - our.nu2) * slopes[-1] ** 2)
    return points[-1] - our.learning_rate * above / (below + our.epsilon)


def smorms3(points, slopes, our):
    """S. Funk's text: r = 1/(mem + 1), x = g²/g2, mem = 1 + mem (1 - x), from mem = 1."""
    memory, average, square = np.ones_like(points[0]), np.zeros_like(points[0]), np.zeros_like(points[0])
    for slope in slopes:
        share = 1 / (memory + 1)
        average += share * (slope - average)
        square += share * (slope**2 - square)
        certain = average**2 / (square + our.epsilon)
        memory = 1 + memory - memory * certain
    rate = np.minimum(our.learning_rate, certain)
    return points[-1] - rate * slopes[-1] / (np.sqrt(square) + our.epsilon)


def delta_bar_delta(points, slopes, our):
    """R. Jacobs 1988: rates grow by κ in a lasting direction and shrink by a share where it turns."""
    rates = np.full_like(points[0], our.learning_rate)
    for step in range(1, len(slopes)):
        lasting = np.sign(mean(slopes[:step], our.beta) * slopes[step])
        rates[lasting > 0] += our.learning_rate * our.increase
        rates[lasting < 0] *= 1 - our.decrease
    return points[-1] - rates * slopes[-1]


def dual_averaging(points, slopes, our):
    """Y. Nesterov 2009 with β_t = √t/γ: from the start along the sum of all gradients."""
    return points[0] - our.learning_rate * slopes.sum(0) / np.sqrt(len(slopes))


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        momentum_literal, diffgrad, adapnm, laprop, adabound, amsbound, qhadam, smorms3, delta_bar_delta,
        dual_averaging,
    )
}  # fmt: skip
