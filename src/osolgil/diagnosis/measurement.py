"""What a network shows on data: signals and gradients of every layer, gradient noise, curvature.

A gradient here is that of one row's loss: of its pre-activations (root mean square over rows and units), or the
mean over rows, of a layer's weights (its norm).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from osolgil.engines.cpu import library
from osolgil.engines.cpu.calling import call
from osolgil.engines.cpu.fleet import Task
from osolgil.engines.cpu.kernels import layout
from osolgil.engines.cpu.workspace import aligned, flat_slopes, workspace
from osolgil.formulas import catalog
from osolgil.network import Network

MOST_ROWS = layout.PIECE_ROWS


@dataclass(frozen=True, eq=False)
class Measurement:
    """One look at a network; arrays have shape (layers,), the first layer at the inputs.

    signal_mean, signal: mean, and mean square, of what leaves a layer. similarity: mean cosine between two rows
    there (weighted by their sizes). slope: mean φ'². saturated: share of slopes below 1/20 of the activation's largest.
    dead: share of units without a slope on any row. rank: effective number of directions in which rows differ (the
    participation ratio of their covariance), NaN where not asked for. gradient: root mean square gradient of
    pre-activations. weight_gradient: norm of the mean gradient of weights and biases. weight_norm, update_norm: of
    the weights, and of the step after it (NaN where none was taken).
    """

    rows: int
    loss: float
    signal_mean: np.ndarray
    signal: np.ndarray
    similarity: np.ndarray
    slope: np.ndarray
    saturated: np.ndarray
    dead: np.ndarray
    rank: np.ndarray
    gradient: np.ndarray
    weight_gradient: np.ndarray
    weight_norm: np.ndarray
    update_norm: np.ndarray
    gradient_square: float
    gradient_noise: float

    @property
    def log10_gradient(self) -> np.ndarray:
        """log10 of the gradient of pre-activations, relative to the outputs."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log10(self.gradient / self.gradient[-1])

    @property
    def noise_scale(self) -> float:
        """Rows in a batch beyond which gradients gain little: tr Σ/|G|² (S. McCandlish, arXiv:1812.06162, eq. 2.9)."""
        if not self.gradient_square > 0.0:
            return np.inf
        return self.gradient_noise / self.gradient_square

    @property
    def update_ratio(self) -> np.ndarray:
        """How far one step moved a layer's weights, relative to their size."""
        return self.update_norm / np.where(self.weight_norm > 0.0, self.weight_norm, np.nan)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, ready for JSON."""
        arrays = {k: [_plain(x) for x in v] for k, v in self.__dict__.items() if isinstance(v, np.ndarray)}
        return {
            "rows": self.rows,
            "loss": _plain(self.loss),
            **arrays,
            "log10_gradient": [_plain(x) for x in self.log10_gradient],
            "noise_scale": _plain(self.noise_scale),
        }


def measure(
    network: Network,
    theta: np.ndarray,
    running: np.ndarray,
    task: Task,
    rows: np.ndarray,
    *,
    ranks: bool = True,
) -> Measurement:
    """Look at a network on some rows of a task (at most 512 are taken, evenly), without changing anything.

    Batch normalisation uses the statistics of these rows, as it does in training; nothing is dropped out.

    >>> from osolgil.data import load
    >>> from osolgil.race.facts import task_of
    >>> from osolgil.race.settings import RaceSettings
    >>> data = load("iris")
    >>> settings = RaceSettings(hidden=(8, 8), activation="tanh").completed(data.task, len(data.train))
    >>> network = settings.network(4, 3)
    >>> task = task_of(data, settings)
    >>> found = measure(network, network.initial(0), network.initial_running(), task, task.training)
    >>> found.gradient.shape, bool(found.loss > 0)
    ((3,), True)
    """
    rows = evenly(rows, MOST_ROWS)
    precision, count = theta.dtype.name, len(rows)
    layers, places, size = workspace(network, precision, count)
    space, gradient = aligned(1, size, precision)[0], np.zeros_like(theta)
    record = np.full((network.depth, layout.RECORD_COLUMNS), np.nan, np.float32)
    loss = call(
        "recording.examine",
        layers, theta, running.copy(), gradient, space, places, task.inputs, task.weighted_targets, rows,
        library.loss(catalog.loss(task.loss), precision), flat_slopes(network), record, True,
    )  # fmt: skip
    norms = [np.linalg.norm(layer["weight"].astype(np.float64)) for layer in network.unpack(theta)]
    record[:, layout.WEIGHT_NORM] = norms
    rank = np.full(network.depth, np.nan)
    if ranks:
        for index, layer in enumerate(layers):
            start, units = int(layer[layout.VALUE]), int(layer[layout.OUTPUTS])
            rank[index] = effective_rank(space[start : start + count * units].reshape(count, units))
    batched = network.normalization == "batch"
    return from_record(record, float(loss), count, count, rank, batched=batched)


def from_record(
    record: np.ndarray,
    loss: float,
    observed: int,
    batch: int,
    rank: np.ndarray | None = None,
    *,
    batched: bool = False,
) -> Measurement:
    """A measurement from the columns a run keeps of an epoch, (layers, RECORD_COLUMNS).

    observed: rows looked at. batch: rows of the gradient. batched: whether rows depend on each other, as with
    batch normalisation, so that no row has a gradient of its own.
    """
    table = record.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        whole, single = (
            float((table[:, layout.GRADIENT] ** 2).sum()),
            float((table[:, layout.EXAMPLES] ** 2).sum()),
        )
    noise, square = np.nan, np.nan
    if batch > 1 and not batched:
        noise, square = (single - whole) * batch / (batch - 1), (batch * whole - single) / (batch - 1)
    return Measurement(
        observed, loss, table[:, layout.SIGNAL_MEAN], table[:, layout.SIGNAL] ** 2, table[:, layout.SIMILARITY],
        table[:, layout.SLOPES] ** 2, table[:, layout.SATURATED], table[:, layout.DEAD],
        np.full(len(table), np.nan) if rank is None else rank, table[:, layout.DELTA_SIZE], table[:, layout.GRADIENT],
        table[:, layout.WEIGHT_NORM], table[:, layout.UPDATE_NORM], square, noise,
    )  # fmt: skip


def effective_rank(values: np.ndarray) -> float:
    """(Σλ)²/Σλ² of the covariance of rows: 1 where they differ in one direction only, NaN where they do not differ.

    NaN too where values are infinite.
    """
    if not np.isfinite(values).all():
        return np.nan
    centred = values.astype(np.float64) - values.mean(0, dtype=np.float64)
    small = centred @ centred.T if len(centred) < centred.shape[1] else centred.T @ centred
    square = float((small**2).sum())
    total = float(np.trace(small))
    negligible = 1e-12 * float((values.astype(np.float64) ** 2).sum())
    return total**2 / square if square > 0.0 and total > negligible else np.nan


def curvature(
    network: Network, theta: np.ndarray, running: np.ndarray, task: Task, rows: np.ndarray, steps: int = 20
) -> float:
    """Largest eigenvalue of the loss's Hessian on some rows, by Lanczos on differences of gradients.

    Gradient descent with a learning rate above 2 divided by it moves away from a minimum (Y. LeCun et al. 1998).
    """
    rows = evenly(rows, MOST_ROWS)
    precision = theta.dtype.name
    layers, places, size = workspace(network, precision, len(rows))
    space, loss = aligned(1, size, precision)[0], library.loss(catalog.loss(task.loss), precision)

    def gradient(place: np.ndarray) -> np.ndarray:
        result = np.zeros_like(theta)
        call(
            "training.loss_and_gradient",
            layers, place.astype(precision), running.copy(), result, space, places, task.inputs, task.weighted_targets,
            rows, loss, 0.0, 0,
        )  # fmt: skip
        return result.astype(np.float64)

    start = theta.astype(np.float64)
    width = (1e-2 if precision == "float32" else 1e-4) * max(
        1.0, float(np.linalg.norm(start)) / np.sqrt(start.size)
    )

    def product(vector: np.ndarray) -> np.ndarray:
        return (gradient(start + width * vector) - gradient(start - width * vector)) / (2.0 * width)

    return lanczos(product, start.size, steps)


def lanczos(product: Callable[[np.ndarray], np.ndarray], size: int, steps: int) -> float:
    """Largest eigenvalue of a symmetric matrix given by its product with a vector (C. Lanczos 1950)."""
    vector = np.random.default_rng(0).normal(size=size)
    basis = [vector / np.linalg.norm(vector)]
    diagonal: list[float] = []
    beside: list[float] = []
    for _ in range(min(steps, size)):
        following = product(basis[-1])
        diagonal.append(float(following @ basis[-1]))
        for direction in basis:
            following = following - (following @ direction) * direction
        length = float(np.linalg.norm(following))
        if not np.isfinite(length) or length < 1e-10 * max(abs(diagonal[0]), 1e-300):
            break
        beside.append(length)
        basis.append(following / length)
    count = len(diagonal)
    matrix = np.diag(diagonal) + np.diag(beside[: count - 1], 1) + np.diag(beside[: count - 1], -1)
    return float(np.linalg.eigvalsh(matrix)[-1]) if np.isfinite(matrix).all() else np.nan


def evenly(rows: np.ndarray, most: int) -> np.ndarray:
    """At most this many rows, spread evenly over those given."""
    if len(rows) <= most:
        return np.asarray(rows)
    return np.asarray(rows)[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
