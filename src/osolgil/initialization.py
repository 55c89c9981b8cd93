"""First weights of a layer, drawn from the distribution an initial scale names.

Nothing here calls a matrix library: its sums differ between processors, and first weights must not. So an
orthogonal matrix is a product of random reflections, each applied by additions in one fixed order.

>>> random = np.random.default_rng(0)
>>> matrix = orthonormal(5, 3, random)
>>> np.allclose(matrix.T @ matrix, np.eye(3), atol=1e-14)
True
"""

from __future__ import annotations

import math

import numpy as np

from osolgil.errors import SettingsError
from osolgil.formulas.catalog import Activation, InitialScale

CUT_DEVIATION = 0.87962566103423978  # of a standard normal variable, given that it lies within ±2


def draw(
    scale: InitialScale, inputs: int, outputs: int, random: np.random.Generator, activation: Activation
) -> tuple[np.ndarray, np.ndarray | None]:
    """First weights (inputs, outputs) and biases (outputs,), None for zeros, as float64.

    Args:
        scale: a row of the catalog, with its hyperparameters. random: the layer's own source of chance.
        activation: the layer's, for scales that depend on it.
    """
    deviation, bias_variance = scales(scale, inputs, outputs, activation)
    weights = _matrix(scale, inputs, outputs, deviation, random)
    if bias_variance == 0.0:
        return weights, None
    if scale.bias == "uniform":
        return weights, _uniform(random, math.sqrt(bias_variance), (outputs,))
    return weights, random.normal(0.0, math.sqrt(bias_variance), outputs)


def scales(scale: InitialScale, inputs: int, outputs: int, activation: Activation) -> tuple[float, float]:
    """Standard deviation of a layer's first weights, and the variance of its biases."""
    if scale.bias == "critical":
        weight_variance, bias_variance = critical_variances(activation)
        return float(scale(float(inputs), float(outputs), weight_variance)), bias_variance
    deviation = float(scale(float(inputs), float(outputs)))
    return deviation, deviation * deviation if scale.bias == "uniform" else 0.0


def critical_variances(activation: Activation) -> tuple[float, float]:
    """σ_w² and σ_b² at the edge of chaos, in 9 digits: all that is the same on every processor."""
    from osolgil.mean_field import critical

    alone = activation.kind == "elementwise" and not activation.random
    point = critical(activation) if alone else None
    if point is None:
        raise SettingsError(
            f"{activation.title} has no edge of chaos, so 'critical' has no weights for it; "
            "choose another initial scale, such as he_normal."
        )
    return float(f"{point.weight_variance:.9g}"), float(f"{point.bias_variance:.9g}")


def _matrix(
    scale: InitialScale, inputs: int, outputs: int, deviation: float, random: np.random.Generator
) -> np.ndarray:
    shape = (inputs, outputs)
    if scale.distribution == "normal":
        return random.normal(0.0, deviation, shape)
    if scale.distribution == "uniform":
        return _uniform(random, deviation, shape)
    if scale.distribution == "truncated":
        return deviation / CUT_DEVIATION * truncated_normal(random, shape)
    if scale.distribution == "sparse":
        connections = min(int(scale.settings["connections"]), inputs)
        return sparse_normal(random, shape, connections, deviation * math.sqrt(inputs / connections))
    length = deviation * math.sqrt(max(shape))
    if scale.distribution == "identity":
        return length * np.eye(*shape)
    return length * orthonormal(inputs, outputs, random)


def _uniform(random: np.random.Generator, deviation: float, shape: tuple[int, ...]) -> np.ndarray:
    return random.uniform(-np.sqrt(3.0) * deviation, np.sqrt(3.0) * deviation, shape)


def truncated_normal(random: np.random.Generator, shape: tuple[int, ...], cut: float = 2.0) -> np.ndarray:
    """Standard normal variables within ±cut: those beyond are drawn again."""
    values = random.normal(size=shape)
    beyond = np.abs(values) > cut
    while beyond.any():
        values[beyond] = random.normal(size=int(beyond.sum()))
        beyond = np.abs(values) > cut
    return values


def sparse_normal(
    random: np.random.Generator, shape: tuple[int, int], connections: int, deviation: float
) -> np.ndarray:
    """Each column has so many normal weights, at inputs chosen without replacement; the rest are 0."""
    weights = np.zeros(shape)
    for unit in range(shape[1]):
        heard = random.choice(shape[0], connections, replace=False)
        weights[heard, unit] = random.normal(0.0, deviation, connections)
    return weights


def orthonormal(inputs: int, outputs: int, random: np.random.Generator) -> np.ndarray:
    """A matrix drawn evenly from all whose columns (rows, if they are fewer) are orthogonal and of length 1.

    The product of reflections, the k-th in a random direction of all but the first k axes, with signs, is Haar
    distributed: it is what the QR decomposition of a normal matrix gives with a positive diagonal of R
    (G. W. Stewart, SIAM J. Numerical Analysis 17, 1980, section 3).
    """
    tall, wide = max(inputs, outputs), min(inputs, outputs)
    directions = [random.normal(size=tall - k) for k in range(wide)]
    matrix = np.eye(tall, wide)
    for k in range(wide - 1, -1, -1):
        direction = directions[k]
        length = math.sqrt(math.fsum(direction * direction))
        sign = 1.0 if direction[0] >= 0.0 else -1.0
        direction[0] += sign * length
        block = matrix[k:, k:]
        shadow = (direction[:, None] * block).sum(axis=0) * (2.0 / math.fsum(direction * direction))
        block -= direction[:, None] * shadow
        matrix[:, k] *= -sign
    return matrix if inputs >= outputs else np.ascontiguousarray(matrix.T)
