"""`landscape`: the loss of a real network on a plane through its weights, with the way of training on it.

A plane shows two of very many dimensions. How far training leaves it is measured and shown: `off_plane`. The plane
of random directions passes through the trained weights; each unit's random direction is as long as the unit's own
weights (filter normalisation), so that the picture does not depend on how weights are scaled between layers. The
plane of principal directions is the one the way of training lies closest to.

H. Li, Z. Xu, G. Taylor, C. Studer, T. Goldstein, Visualizing the loss landscape of neural nets, arXiv:1712.09913,
sections 4 and 7.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from osolgil.engines.cpu.compiling import compile_kernels
from osolgil.engines.cpu.fleet import Fleet, RunSetting, Task
from osolgil.engines.cpu.kernels import layout
from osolgil.errors import SettingsError
from osolgil.formulas import catalog
from osolgil.network import Network
from osolgil.race.entry import data_of, threads
from osolgil.race.facts import fitted, task_of
from osolgil.race.settings import Entrant, RaceSettings

MOST_GRID, MOST_ROWS, MOST_NUMBERS = 101, 2000, 200_000_000
_CHUNK = 64


@dataclass(frozen=True, eq=False)
class Course:
    """One optimizer's training, seen on the plane: coordinates (epochs + 1, 2) from its first weights on, the loss
    on all rows that the picture uses, and `off_plane`, the share of the way from the origin that the plane hides."""

    optimizer: str
    learning_rate: float
    coordinates: np.ndarray
    losses: np.ndarray
    off_plane: np.ndarray


@dataclass(frozen=True, eq=False)
class Landscape:
    """Losses (y, x) on a plane through the origin, and every course on it.

    The origin is where the optimizer named `origin` ended, the one with the lowest loss of all. `explained`: the
    share of all squared way that each principal direction holds; None for random directions.
    """

    data: str
    network: Network
    kind: str
    x: np.ndarray
    y: np.ndarray
    losses: np.ndarray
    courses: tuple[Course, ...]
    origin: str
    explained: tuple[float, float] | None
    rows: int

    def to_dict(self) -> dict[str, Any]:
        """Everything but the weights, ready for JSON."""
        return {
            "data": self.data,
            "network": self.network.to_dict() | {"parameters": self.network.size},
            "directions": self.kind,
            "rows": self.rows,
            "origin": self.origin,
            "explained": None if self.explained is None else list(self.explained),
            "x": self.x.tolist(),
            "y": self.y.tolist(),
            "losses": [_finite(row) for row in self.losses],
            "courses": [
                {
                    "optimizer": course.optimizer,
                    "title": catalog.optimizer(course.optimizer).title,
                    "learning_rate": course.learning_rate,
                    "coordinates": course.coordinates.tolist(),
                    "losses": _finite(course.losses),
                    "off_plane": course.off_plane.tolist(),
                }
                for course in self.courses
            ],
        }


def landscape(
    inputs: Any,
    targets: Any = None,
    *,
    optimizers: Sequence[str] = ("sgd", "momentum", "adam"),
    directions: str = "principal",
    learning_rate: float | None = None,
    grid: int = 41,
    target: str | Sequence[str] | None = None,
    task: str | None = None,
    sample_weight: Any = None,
    jobs: int | None = None,
    **settings: Any,
) -> Landscape:
    """Train a network with each optimizer from the same first weights, and draw its loss on a plane.

    Args:
        inputs, targets, target, task, sample_weight: as for `osolgil.race`.
        optimizers: names; the plane passes through the weights that the best of them ends with.
        directions: "principal", of the ways of all, or "random", filter-normalised.
        learning_rate: one for all; by default the catalog's own of each.
        grid: points along each side of the picture.
        **settings: hidden, activation, epochs, seed … as in `RaceSettings`.

    Raises:
        DataError, SettingsError: one sentence, also where a training diverges.

    >>> found = landscape("iris", optimizers=["adam"], epochs=4, grid=5, hidden=(8,))
    >>> found.losses.shape, found.courses[0].coordinates[-1].round(6).tolist()
    ((5, 5), [0.0, 0.0])
    """
    names = [catalog.optimizer(name).name for name in optimizers]
    _check(names, directions, grid)
    chosen = RaceSettings(entrants=tuple(Entrant(name, name) for name in dict.fromkeys(names)), **settings)
    data = data_of(inputs, targets, target, task, None, chosen.seed, sample_weight, chosen.encoding)
    workers = threads(jobs)
    chosen = chosen.completed(data.task, len(data.train))
    data = fitted(data, chosen)
    job, network = task_of(data, chosen), chosen.network(data.train.inputs.shape[1], data.outputs)
    epochs = chosen.epochs or 1
    if network.size * (epochs + 1) * len(names) > MOST_NUMBERS:
        raise SettingsError(
            "That is too many weights to keep of every epoch; use a smaller network or fewer epochs."
        )
    fleet, runs = _fleet(network, job, names, learning_rate, chosen, epochs)
    ways = _train(fleet, names, epochs, workers)
    rows = np.asarray(job.training)[:MOST_ROWS]
    running = fleet.arrays["runnings"]

    def losses(points: np.ndarray, own: np.ndarray) -> np.ndarray:
        return _losses(network, job, chosen.precision, points, own, rows, workers)

    along = [losses(way, running[place]) for place, way in enumerate(ways)]
    best = int(np.argmin([values[-1] for values in along]))
    origin = ways[best, -1]
    plane, explained = _plane(network, ways, origin, directions, chosen.seed)
    coordinates, off = project(plane, ways - origin)
    x, y = _sides(directions, coordinates, grid)
    spots = np.array([[a, b] for b in y for a in x])
    heights = losses((origin + spots @ plane).astype(chosen.precision), running[best]).reshape(grid, grid)
    courses = tuple(
        Course(name, run.hyperparameters["learning_rate"], coordinates[place], along[place], off[place])
        for place, (name, run) in enumerate(zip(names, runs, strict=True))
    )
    return Landscape(
        data.name, network, directions, x, y, heights, courses, names[best], explained, len(rows)
    )


def filter_normalised(network: Network, theta: np.ndarray, seed: int) -> np.ndarray:
    """Two random directions (2, size): each unit's weights as long as its own; biases, gains and shifts 0."""
    random = np.random.default_rng([seed, 2])
    directions = np.zeros((2, network.size))
    for direction in directions:
        for layer, own in zip(network.unpack(direction), network.unpack(theta), strict=True):
            drawn = random.normal(size=layer["weight"].shape)
            length = np.linalg.norm(own["weight"], axis=0) / np.linalg.norm(drawn, axis=0)
            layer["weight"][...] = drawn * length
    return directions


def principal(ways: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """The two directions (2, size), of length 1, that hold most of the squared ways (…, size), and their shares."""
    flat = ways.reshape(-1, ways.shape[-1]).astype(float)
    _, lengths, directions = np.linalg.svd(flat, full_matrices=False)
    total = float((lengths**2).sum()) or 1.0
    if len(directions) < 2 or lengths[1] <= 1e-12 * lengths[0]:
        raise SettingsError("The training went straight, so no plane is its own; train for more epochs.")
    return directions[:2], (float(lengths[0] ** 2 / total), float(lengths[1] ** 2 / total))


def project(plane: np.ndarray, ways: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (…, 2) on the plane (2, size) nearest to ways (…, size), and the share of each that is hidden."""
    inverse = np.linalg.pinv(plane.astype(float))
    coordinates = ways @ inverse
    hidden = np.linalg.norm(ways - coordinates @ plane, axis=-1)
    length = np.linalg.norm(ways, axis=-1)
    return coordinates, np.divide(hidden, length, out=np.zeros_like(hidden), where=length > 0)


def _plane(
    network: Network, ways: np.ndarray, origin: np.ndarray, kind: str, seed: int
) -> tuple[np.ndarray, tuple[float, float] | None]:
    if kind == "random":
        return filter_normalised(network, origin, seed), None
    return principal(ways - origin)


def _fleet(
    network: Network, job: Task, names: Sequence[str], rate: float | None, chosen: RaceSettings, epochs: int
) -> tuple[Fleet, list[RunSetting]]:
    runs = []
    for name in names:
        values = dict(catalog.optimizer(name).defaults)
        if rate is not None:
            values["learning_rate"] = rate
        runs.append(
            RunSetting(
                name, values, chosen.seed * 1_000_000, chosen.batch_size or 1, chosen.l1, chosen.l2,
                chosen.weight_decay, chosen.clip_norm, chosen.dropout,
            )
        )  # fmt: skip
    compile_kernels(network, job, chosen.precision, names)
    return Fleet.create(network, job, runs, epochs, chosen.precision), runs


def _train(fleet: Fleet, names: Sequence[str], epochs: int, workers: int) -> np.ndarray:
    """Weights (runs, epochs + 1, size) of every run, before the first epoch and after each."""
    kept = [fleet.arrays["thetas"].copy()]
    for epoch in range(1, epochs + 1):
        fleet.advance(names, epoch, workers=workers)
        kept.append(fleet.arrays["thetas"].copy())
        for place, name in enumerate(names):
            diverged = fleet.arrays["runs"][place, layout.STATUS] == layout.DIVERGED
            if diverged or not np.all(np.isfinite(kept[-1][place])):
                raise SettingsError(
                    f"{catalog.optimizer(name).title} diverged in epoch {epoch}; try a smaller learning rate."
                )
    return np.stack(kept, axis=1)


def _losses(
    network: Network,
    job: Task,
    precision: str,
    thetas: np.ndarray,
    running: np.ndarray,
    rows: np.ndarray,
    workers: int,
) -> np.ndarray:
    """Mean loss (points,) on some rows for weights (points, size), a few at a time."""
    found = []
    for first in range(0, len(thetas), _CHUNK):
        part = thetas[first : first + _CHUNK]
        fleet = Fleet.create(network, job, [RunSetting("sgd", {}, 0, 1)] * len(part), 1, precision)
        fleet.arrays["thetas"][...] = part
        fleet.arrays["runnings"][...] = running
        with np.errstate(all="ignore"):
            found.append(fleet.measure(rows, workers)[0])
    return np.concatenate(found)


def _sides(kind: str, coordinates: np.ndarray, grid: int) -> tuple[np.ndarray, np.ndarray]:
    """The picture's sides: -1 to 1 for random directions, else what holds every course with room around it."""
    if kind == "random":
        side = np.linspace(-1.0, 1.0, grid)
        return side, side
    sides = []
    for values in coordinates.reshape(-1, 2).T:
        room = 0.25 * (values.max() - values.min()) or 1.0
        sides.append(np.linspace(values.min() - room, values.max() + room, grid))
    return sides[0], sides[1]


def _check(names: Sequence[str], directions: str, grid: int) -> None:
    if not names:
        raise SettingsError("A landscape needs at least one optimizer.")
    if directions not in ("random", "principal"):
        raise SettingsError(f"Directions are 'principal' or 'random', not '{directions}'.")
    if not 3 <= grid <= MOST_GRID:
        raise SettingsError(f"The grid takes 3 to {MOST_GRID} points a side, not {grid}.")


def _finite(values: np.ndarray) -> list[float | None]:
    return [float(value) if math.isfinite(value) else None for value in values]


__all__ = ["Course", "Landscape", "filter_normalised", "landscape", "principal", "project"]
