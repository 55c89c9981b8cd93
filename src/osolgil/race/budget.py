"""What fits into a budget of seconds: decided once, before the race, from measured training steps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from osolgil.engines.cpu.fleet import Fleet, RunSetting, Task
from osolgil.network import Network
from osolgil.race.settings import RaceSettings

_TUNED_SHARE = 0.75
_SAFETY = 0.8
_OVERHEAD = 2.0
_SEEDS = (20, 15, 10, 7, 5, 4, 3)
_EPOCH_SHARES = (1.0, 0.7, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05)


def fit(
    settings: RaceSettings, fixed: frozenset[str], network: Network, task: Task, workers: int, budget: float
) -> RaceSettings:
    """The richest race that should end within `budget` seconds; settings in `fixed` stay as they are.

    Seeds come first to grow and last to shrink: with as many epochs as usual, 20 seeds down to 3; then fewer
    epochs; then fewer learning rates.
    """
    epoch = seconds_per_epoch(settings, network, task, workers)
    plan = settings
    for plan in _plans(settings, fixed):
        if _OVERHEAD + _run_epochs(plan) * epoch <= _SAFETY * budget:
            return plan
    return plan


def seconds_per_epoch(settings: RaceSettings, network: Network, task: Task, workers: int) -> float:
    """Seconds an epoch of one run takes when all cores train runs, measured on part of the rows."""
    batch = settings.batch_size or 1
    part = replace(task, training=task.training[: 32 * batch], validation=task.validation[: 8 * batch])
    run = RunSetting("adam", {}, settings.seed, batch, clip_norm=settings.clip_norm, dropout=settings.dropout)
    fleet = Fleet.create(network, part, [run] * (2 * workers), 3, settings.precision)
    fleet.advance(["adam"] * len(fleet), 1, workers=workers)
    start = time.perf_counter()
    fleet.advance(["adam"] * len(fleet), 3, workers=workers)
    measured = (time.perf_counter() - start) / (2 * len(fleet))
    return measured * len(task.training) / len(part.training)


def _plans(settings: RaceSettings, fixed: frozenset[str]) -> Iterator[RaceSettings]:
    rates = settings.learning_rates
    counts = (rates,) if "learning_rates" in fixed or not isinstance(rates, int) else (rates, 7, 5)
    shares = (1.0,) if "epochs" in fixed else _EPOCH_SHARES
    for count in counts:
        for share in shares:
            for seeds in (settings.seeds,) if "seeds" in fixed else _SEEDS if share == 1.0 else (5, 4, 3):
                fresh = settings.confirmation_seeds if "confirmation_seeds" in fixed else max(5, 2 * seeds)
                epochs = max(2, round((settings.epochs or 1) * share)) if share < 1.0 else settings.epochs
                yield replace(
                    settings, learning_rates=count, epochs=epochs, seeds=seeds, confirmation_seeds=fresh
                )


def _run_epochs(settings: RaceSettings) -> float:
    rates = settings.learning_rates
    count = rates if isinstance(rates, int) else len(rates)
    tuned = count * settings.seeds * _TUNED_SHARE
    return len(settings.entrants) * (settings.epochs or 1) * (tuned + (settings.confirmation_seeds or 0))
