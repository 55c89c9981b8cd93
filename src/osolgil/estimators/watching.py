"""Callbacks and progress: what is told after every epoch."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from osolgil.engines.cpu.kernels import layout
from osolgil.errors import SettingsError
from osolgil.messages import known_language, message

_PAUSE = 0.2


@dataclass(frozen=True)
class Epoch:
    """How training stands after an epoch: means over the runs of an ensemble.

    number counts from 1; of is how many are planned. validation_loss and validation_score are None without
    validation rows.
    """

    number: int
    of: int
    loss: float
    validation_loss: float | None
    validation_score: float | None


class Watch:
    """Calls the callbacks after each epoch, and prints a line now and then."""

    def __init__(
        self, callbacks: Sequence[Callable[[Epoch], Any]], epochs: int, validates: bool, language: str | None
    ) -> None:
        self.callbacks, self.epochs, self.validates, self.language = callbacks, epochs, validates, language
        self._last = 0.0

    @classmethod
    def of(cls, estimator: Any, epochs: int, validates: bool) -> Watch | None:
        """The watch an estimator's `callbacks` and `progress` ask for, None where they ask for nothing."""
        given = estimator.callbacks
        several = isinstance(given, Sequence) and not isinstance(given, str)
        callbacks: list[Any] = list(given) if several else [] if given is None else [given]
        if not all(map(callable, callbacks)):
            raise SettingsError("callbacks is a function of an epoch, or a list of such functions.")
        language = None
        if estimator.progress:
            language = known_language("en" if estimator.progress is True else estimator.progress)
        if not callbacks and language is None:
            return None
        return cls(callbacks, epochs, validates, language)

    def __call__(self, epoch: int, histories: np.ndarray) -> bool:
        """Tell of an epoch; returns whether a callback wants training to end."""
        columns = np.array([_mean(column) for column in histories[:, epoch - 1].T])
        told = Epoch(
            epoch,
            self.epochs,
            float(columns[layout.TRAINING_LOSS]),
            float(columns[layout.VALIDATION_LOSS]) if self.validates else None,
            float(columns[layout.VALIDATION_SCORE]) if self.validates else None,
        )
        self._print(told)
        answers = [callback(told) for callback in self.callbacks]
        return any(answer is True for answer in answers)

    def _print(self, epoch: Epoch) -> None:
        now = time.perf_counter()
        if self.language is None or (now - self._last < _PAUSE and epoch.number < epoch.of):
            return
        self._last = now
        values = {"epoch": str(epoch.number), "epochs": str(epoch.of), "loss": f"{epoch.loss:.4g}"}
        key = "estimators.epoch"
        if epoch.validation_loss is not None:
            key = "estimators.validated_epoch"
            values |= {"validation": f"{epoch.validation_loss:.4g}", "score": f"{epoch.validation_score:.4f}"}
        print(message(key, self.language, **values), file=sys.stderr)


def _mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else float("nan")
