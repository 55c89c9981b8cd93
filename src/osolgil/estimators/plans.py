"""From an estimator's settings and its data to a plan: what the engine is asked to train."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np

from osolgil.engines.cpu.compiling import compile_kernels
from osolgil.engines.cpu.fleet import RunSetting, Task
from osolgil.errors import SettingsError
from osolgil.formulas import catalog
from osolgil.network import Network
from osolgil.race.settings import Entrant, RaceSettings

WHOLE = 64
_BATCHES = ((1_000, 32), (10_000, 64), (100_000, 128))
_STEPS = 4_000
_NOBODY = (Entrant("adam", "adam"),)  # a single training has no entrants; a race names its own


@dataclass(frozen=True)
class Stopping:
    """When training ends early: `patience` epochs without a validation loss (or score) better by `tolerance`.

    best: the weights kept are those of the best epoch, not the last.
    """

    monitor: str
    patience: int
    tolerance: float
    best: bool = True


@dataclass(frozen=True, eq=False)
class Plan:
    """Runs of one network on one task, for so many epochs. Plans that share all but their runs train side by side.

    folds: each run leaves out another part of the task's rows, which validate it.
    """

    network: Network
    task: Task
    runs: tuple[RunSetting, ...]
    epochs: int
    precision: str
    stopping: Stopping | None = None
    observe: Callable[[int, np.ndarray], bool] | None = None
    thetas: np.ndarray | None = field(default=None)
    folds: bool = False

    @property
    def shared(self) -> tuple[Any, ...]:
        """What plans have in common that can train in one fleet."""
        return (self.folds, id(self.task), self.network, self.epochs, self.precision, self.stopping)


def settle(estimator: Any, task: str, rows: int) -> RaceSettings:
    """The estimator's settings, checked, with those that depend on the data filled in."""
    batch = batch_size(estimator.batch_size, rows)
    epochs = estimator.epochs
    if epochs is None:
        epochs = int(min(300, max(30, math.ceil(_STEPS / math.ceil(rows / batch)))))
    names = ("normalization", "dropout", "l1", "l2", "weight_decay", "clip_norm", "schedule", "precision", "loss",
             "initial_scale")  # fmt: skip
    given = {name: getattr(estimator, name) for name in names}
    try:
        settings = RaceSettings(
            entrants=_NOBODY,
            hidden=widths_of(estimator.hidden), activation=activations_of(estimator)[0], batch_size=batch,
            epochs=epochs, residual=bool(estimator.residual), **given,
        )  # fmt: skip
    except TypeError as error:
        raise SettingsError(f"A setting is of the wrong type: {error}.") from error
    return settings.completed(task, rows)


def network_of(estimator: Any, settings: RaceSettings, inputs: int, outputs: int) -> Network:
    """The network the settings describe."""
    names = activations_of(estimator)[: len(settings.hidden)]
    return Network(
        (inputs, *settings.hidden, outputs),
        (*names, "identity"),
        settings.normalization,  # type: ignore[arg-type]
        settings.residual,
        settings.initial_scale or "glorot_uniform",
    )


def activations_of(estimator: Any) -> tuple[str, ...]:
    """One activation per hidden layer; a single one stands for all. With no hidden layer, the default's name."""
    given, count = estimator.activation, len(widths_of(estimator.hidden))
    several = isinstance(given, Sequence) and not isinstance(given, str)
    names: list[Any] = list(given) if several else [given] * max(count, 1)
    if several and len(names) != count:
        raise SettingsError(f"activation names {len(names)} layers, but there are {count} hidden ones.")
    return tuple(catalog.activation(name).text for name in names) or ("relu",)


def widths_of(hidden: Any) -> tuple[int, ...]:
    """The hidden layers' widths: a number for one layer, or several."""
    given = [hidden] if isinstance(hidden, (int, np.integer)) else hidden
    try:
        widths = tuple(int(width) for width in given)
        whole = all(width == found for width, found in zip(given, widths, strict=True))
    except (TypeError, ValueError):
        whole, widths = False, ()
    if not whole or isinstance(hidden, str):
        raise SettingsError(
            f"hidden gives the width of every hidden layer, such as (64, 64), not {hidden!r}."
        )
    return widths


def batch_size(given: int | None, rows: int) -> int:
    """The batch size asked for, or one by the number of rows; few rows are one batch."""
    if given is not None:
        return given
    if rows <= WHOLE:
        return max(rows, 1)
    return next((size for limit, size in _BATCHES if rows <= limit), 256)


def runs_of(estimator: Any, settings: RaceSettings, seeds: Sequence[int]) -> tuple[RunSetting, ...]:
    """A run per seed of the estimator's optimizer."""
    row = catalog.optimizer(estimator.optimizer)
    values = row.hyperparameters(**(estimator.hyperparameters or {}))
    if not all(isinstance(value, Real) for value in values.values()):
        raise SettingsError(f"The hyperparameters must be numbers, not {estimator.hyperparameters!r}.")
    if estimator.learning_rate is not None:
        values["learning_rate"] = float(estimator.learning_rate)
    for name, value in values.items():
        if not np.isfinite(value):
            raise SettingsError(f"The hyperparameter {name} must be a finite number, not {value}.")
    if values["learning_rate"] <= 0:
        raise SettingsError(f"The learning rate must be positive, not {values['learning_rate']}.")
    return tuple(
        RunSetting(
            row.name, values, seed, settings.batch_size or 1, settings.l1, settings.l2, settings.weight_decay,
            settings.clip_norm, settings.dropout, settings.schedule,
        )
        for seed in seeds
    )  # fmt: skip


def prepare_kernels(
    network: Network, loss: str, kind: Any, precision: str, optimizers: Sequence[str]
) -> None:
    """Compile or load what plans need, once per process for everything that shares formulas."""
    _prepare(tuple(sorted(set(network.activations))), loss, kind, precision, tuple(dict.fromkeys(optimizers)))


@functools.lru_cache(maxsize=256)
def _prepare(
    activations: tuple[str, ...], loss: str, kind: Any, precision: str, optimizers: tuple[str, ...]
) -> None:
    ones = np.ones((2, 1), precision)
    task = Task(ones, ones, np.arange(1), np.arange(1, 2), loss, None, kind)
    compile_kernels(Network((1,) * (len(activations) + 1), activations), task, precision, optimizers)
