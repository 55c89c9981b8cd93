"""`path`: the ways optimizers take on a surface, step by step. For understanding; never evidence in a verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from osolgil.engines.plain import Steps
from osolgil.errors import SettingsError
from osolgil.formulas import catalog
from osolgil.problems import SurfaceProblem

DEFAULT = ("gradient_descent", "momentum", "nesterov", "adagrad", "rmsprop", "adam")
MOST_STEPS = 100_000
RATES = tuple(10.0 ** (power / 3) for power in range(-15, 7))
_FAR = 1e6
_TUNING_STEPS = 300


@dataclass(frozen=True, eq=False)
class Walk:
    """One optimizer's way: points (steps + 1, 2) from the start on, their heights, the gradients it was given.

    `batch_size` is None for the full batch. A walk that leaves the numbers ends there: `diverged`.
    """

    optimizer: str
    hyperparameters: dict[str, float]
    batch_size: int | None
    points: np.ndarray
    values: np.ndarray
    gradients: np.ndarray
    diverged: bool

    @property
    def name(self) -> str:
        """Title, with the batch where it is not the full one."""
        title = catalog.optimizer(self.optimizer).title
        return title if self.batch_size is None else f"{title}, batch {self.batch_size}"

    @property
    def effective_steps(self) -> np.ndarray:
        """What each coordinate's gradient was multiplied with, (steps, 2): -Δθ/g; nan where g is 0.

        For Adagrad and RMSProp this is γ/(√h + ε). Where momentum carries on past gradients it is no longer a
        step size, and may be negative.
        """
        moves = np.diff(self.points, axis=0)
        with np.errstate(all="ignore"):
            return np.where(self.gradients == 0.0, np.nan, -moves / self.gradients)

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "optimizer": self.optimizer,
            "name": self.name,
            "hyperparameters": dict(self.hyperparameters),
            "batch_size": self.batch_size,
            "steps": len(self.points) - 1,
            "end": _plain(self.points[-1]),
            "value": _plain(self.values[-1]),
            "lowest_value": _plain(np.nanmin(self.values)),
            "diverged": self.diverged,
            "points": _plain(self.points),
            "values": _plain(self.values),
            "gradients": _plain(self.gradients),
            "effective_steps": _plain(self.effective_steps),
        }


@dataclass(frozen=True, eq=False)
class Paths:
    """Ways of several optimizers over one surface, with the vectors of one step of momentum and Nesterov."""

    surface: catalog.Surface
    start: tuple[float, float]
    walks: tuple[Walk, ...]
    one_step: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "surface": self.surface.name,
            "title": self.surface.title,
            "start": list(self.start),
            "window": list(self.surface.window),
            "minima": [list(point) for point in self.surface.minima],
            "lowest": self.surface.lowest,
            "walks": [walk.to_dict() for walk in self.walks],
            "one_step": self.one_step,
        }


def path(
    surface: str,
    optimizers: Sequence[str] = DEFAULT,
    *,
    start: Sequence[float] | None = None,
    steps: int = 100,
    learning_rate: float | None = None,
    hyperparameters: Mapping[str, float] | None = None,
    batch_sizes: Sequence[int | None] = (None,),
    noise: float | None = None,
    seed: int = 0,
) -> Paths:
    """Let optimizers walk over a surface of the catalog from the same start.

    Args:
        surface: its name, "rosenbrock". optimizers: names of the catalog, or ["all"].
        start: first point (x, y); by default the surface's own. steps: number of steps.
        learning_rate: one for all; by default each takes the one of a log grid (10^-5 to 100, three per power of
            ten) with which its way stays on the map and is lowest, in the mean of the logarithm of its heights.
        hyperparameters: others, set where an optimizer has them.
        batch_sizes: samples per gradient; None is all of them. Needs a surface with noise, or `noise`.
        noise: standard deviation of one sample's gradient. seed: of that noise.

    Raises:
        SettingsError: an unknown name, or a number outside its range.

    >>> found = path("bowl", ["gradient_descent"], start=(1, 1), steps=2, learning_rate=0.25)
    >>> found.walks[0].points.tolist()
    [[1.0, 1.0], [0.5, 0.5], [0.25, 0.25]]
    """
    names = list(catalog.optimizers()) if list(optimizers) == ["all"] else optimizers
    rows = [catalog.optimizer(name) for name in names]
    if not rows:
        raise SettingsError("A path needs at least one optimizer.")
    _check(steps, learning_rate)
    problems = [SurfaceProblem.of(surface, size, noise, seed) for size in batch_sizes]
    first = _start(problems[0].row, start)
    others = dict(hyperparameters or {})
    _refuse_unknown(others, rows)
    walks = []
    for row in rows:
        own = {name: value for name, value in others.items() if name in row.defaults}
        if learning_rate is not None:
            own["learning_rate"] = learning_rate
        elif "learning_rate" not in own and "learning_rate" in row.defaults:
            own["learning_rate"] = _best_rate(problems[0], row, first, steps, own)
        walks += [walk(problem, row, first, steps, **own) for problem in problems]
    return Paths(problems[0].row, first, tuple(walks), one_step(problems[0], first, walks))


def walk(
    problem: SurfaceProblem,
    row: catalog.Optimizer,
    start: Sequence[float],
    steps: int,
    **hyperparameters: float,
) -> Walk:
    """One optimizer's way from a start; it ends early where its numbers do."""
    moving = Steps(row, np.array(start, float), total_steps=steps, **hyperparameters)  # type: ignore[arg-type]
    points, gradients = [np.array(start, float)], []
    diverged = False
    with np.errstate(all="ignore"):
        for step in range(steps):
            gradient = problem.measured(points[-1], step)
            following = moving.step(
                gradient, problem.value(points[-1]), lambda point, step=step: problem.measured(point, step)
            )
            if not np.all(np.isfinite(following)) or np.abs(following).max() > _FAR:
                diverged = True
                break
            gradients.append(gradient)
            points.append(following)
    values = np.array([problem.value(point) for point in points])
    return Walk(
        row.name, moving.hyperparameters, problem.batch_size, np.array(points), values,
        np.array(gradients).reshape(-1, 2), diverged,
    )  # fmt: skip


def one_step(
    problem: SurfaceProblem, start: Sequence[float], walks: Sequence[Walk], at: int = 4
) -> dict[str, Any]:
    """The vectors of one step of momentum and of Nesterov from the same point and velocity, drawn beside each other.

    Both are at θ with velocity v after `at` steps of momentum. Momentum measures the slope at θ and adds
    ρ v - γ g(θ); Nesterov measures it where the momentum carries it, and adds ρ v - γ g(θ + ρ v).
    """
    momentum = catalog.optimizer("momentum")
    chosen = [each for each in walks if each.optimizer in ("momentum", "nesterov") and len(each.points) > at]
    if not chosen:
        return {}
    rate, rho = chosen[0].hyperparameters["learning_rate"], chosen[0].hyperparameters["momentum"]
    before = walk(problem, momentum, start, at, learning_rate=rate, momentum=rho).points
    if len(before) <= at:
        return {}
    theta, carried = before[-1], rho * (before[-1] - before[-2])  # momentum's last step is its velocity
    here, ahead = -rate * problem.gradient(theta), -rate * problem.gradient(theta + carried)
    if not np.all(np.isfinite([theta, carried, here, ahead])):
        return {}
    return {
        "step": at,
        "learning_rate": rate,
        "momentum": rho,
        "theta": _plain(theta),
        "carried": _plain(carried),
        "slope_here": _plain(here),
        "slope_ahead": _plain(ahead),
        "momentum_end": _plain(theta + carried + here),
        "nesterov_end": _plain(theta + carried + ahead),
    }


def _best_rate(
    problem: SurfaceProblem, row: catalog.Optimizer, start: Sequence[float], steps: int, own: dict[str, float]
) -> float:
    """The rate of the grid whose way is lowest over all its steps, in the mean of log heights, and on the map.

    Where no rate keeps the way within the window, half as much again on each side, any that stays finite will do.
    """
    scores: dict[bool, dict[float, float]] = {True: {}, False: {}}
    for rate in RATES:
        tried = walk(problem, row, start, min(steps, _TUNING_STEPS), **{**own, "learning_rate": rate})
        if not tried.diverged and np.all(np.isfinite(tried.values)):
            above = np.maximum(tried.values - problem.row.lowest, 0.0)
            score = float(np.log(above + 1e-12 * (1.0 + above[0])).mean())
            scores[_on_the_map(problem.row, start, tried.points)][rate] = score
    chosen = scores[True] or scores[False]
    return min(chosen, key=lambda rate: chosen[rate], default=RATES[0])


def _on_the_map(row: catalog.Surface, start: Sequence[float], points: np.ndarray) -> bool:
    x_low, x_high, y_low, y_high = row.window
    low = np.minimum([1.5 * x_low - 0.5 * x_high, 1.5 * y_low - 0.5 * y_high], start)
    high = np.maximum([1.5 * x_high - 0.5 * x_low, 1.5 * y_high - 0.5 * y_low], start)
    return bool(np.all((points >= low) & (points <= high)))


def _start(row: catalog.Surface, start: Sequence[float] | None) -> tuple[float, float]:
    if start is None:
        return row.start
    values = tuple(float(value) for value in start)
    if len(values) != 2 or not all(map(math.isfinite, values)):
        raise SettingsError(f"A start is two finite numbers x,y, not {', '.join(map(str, start))}.")
    return values[0], values[1]


def _check(steps: int, learning_rate: float | None) -> None:
    if not 1 <= steps <= MOST_STEPS:
        raise SettingsError(f"A path has 1 to {MOST_STEPS:,} steps, not {steps}.")
    if learning_rate is not None and not 0 < learning_rate < math.inf:
        raise SettingsError(f"The learning rate must be a positive finite number, not {learning_rate}.")


def _refuse_unknown(others: Mapping[str, float], rows: Sequence[catalog.Optimizer]) -> None:
    known = {name for row in rows for name in row.defaults}
    for name, value in others.items():
        if name not in known:
            rows[0].hyperparameters(**{name: value})


def _plain(values: Any) -> Any:
    """Numbers as JSON knows them: what is not finite becomes None."""
    if isinstance(values, np.ndarray) and values.ndim:
        return [_plain(value) for value in values]
    return float(values) if math.isfinite(values) else None
