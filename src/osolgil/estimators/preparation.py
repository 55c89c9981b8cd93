"""From what `fit` is given to the engine's task: which rows train, which validate, features and targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from osolgil.data.columns.encodings import Encoding
from osolgil.data.columns.number import Answers as Labelled
from osolgil.engines.cpu.fleet import Task
from osolgil.errors import DataError, SettingsError
from osolgil.estimators import inputs
from osolgil.estimators.answers import Amounts, Labels
from osolgil.estimators.inputs import Features
from osolgil.estimators.plans import WHOLE
from osolgil.race.settings import RaceSettings

Answers = Labels | Amounts


@dataclass(eq=False)
class Rows:
    """Checked rows as they were given: X an array or a table, y encoded by nobody yet, weights or None."""

    x: Any
    y: np.ndarray
    weights: np.ndarray | None

    def __len__(self) -> int:
        return len(self.y)

    def take(self, places: np.ndarray) -> Rows:
        """Some of the rows."""
        x = self.x[places] if isinstance(self.x, np.ndarray) else self.x.iloc[places].reset_index(drop=True)
        return Rows(x, self.y[places], None if self.weights is None else self.weights[places])

    def counted(self) -> Rows:
        """Without the rows of weight 0, which say nothing."""
        if self.weights is None or self.weights.all():
            return self
        return self.take(np.flatnonzero(self.weights))

    def merged(self) -> Rows:
        """Equal rows as one of their summed weight, in one order whatever order they came in.

        Rows that are one batch give the same gradient however they are ordered and however often each is repeated
        as it weighs; so the network is the same too, to the last bit.
        """
        if not isinstance(self.x, np.ndarray) or len(self) == 0:
            return self
        weights = np.ones(len(self)) if self.weights is None else self.weights
        keys = np.column_stack([self.x.astype(np.float64), self.y.reshape(len(self), -1).astype(np.float64)])
        _, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        summed = np.bincount(group.ravel(), weights=weights)
        return Rows(self.x[first], self.y[first], summed)


@dataclass(eq=False)
class Prepared:
    """Everything training needs: features and answers as learned, a task per loss, the rows that validate.

    given: how many rows count, the validating ones among them. settings: those that follow from the data. seed: of
    the first run.
    """

    features: Features
    answers: Answers
    tasks: list[Task]
    given: int
    settings: RaceSettings
    seed: int

    @property
    def validation(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Features, targets and weights of the validation rows."""
        task = self.tasks[0]
        chosen = task.validation
        weights = None if task.weights is None else task.weights[chosen]
        return task.inputs[chosen], task.targets[chosen], weights


def prepare(
    estimator: Any,
    given: Rows,
    answers: Answers,
    validation: Rows | None,
    share: float,
    losses: Sequence[str],
    settings: RaceSettings,
    seed: int,
    features: Features | None = None,
) -> Prepared:
    """Split, learn the features on the training rows, and build a task per loss.

    share: of the rows to validate on, 0 for none. features: as learned before, where training goes on.
    """
    whole = (settings.batch_size or 1) >= len(given) and settings.normalization != "batch"
    training = given
    if validation is None and share > 0:
        kept, held = split(given.y if isinstance(answers, Labels) else None, len(given), share, seed)
        training, validation = given.take(kept), given.take(held)
    if whole and len(training) <= WHOLE:
        training = training.merged()
    if features is None:
        names = inputs.names_of(estimator)
        known = Labelled(training.y, isinstance(answers, Labels))
        encoding = Encoding(estimator.scaling, estimator.numbers)
        features = Features.fit(training.x, names, estimator.numeric, training.weights, encoding, known)
    precision = estimator.precision
    parts = [training] if validation is None else [training, validation]
    matrices = [features.transform(part.x) for part in parts]
    matrix = matrices[0] if len(parts) == 1 else np.concatenate(matrices)
    numbers = [answers.encode(part.y) if isinstance(answers, Amounts) else part.y for part in parts]
    targets = answers.targets(np.concatenate(numbers), precision)
    task = Task(
        matrix.astype(precision, copy=False), targets, np.arange(len(training)),
        np.arange(len(training), len(matrix)), losses[0], _weights(parts, precision), answers.task,
    )  # fmt: skip
    return Prepared(
        features, answers, [replace(task, loss=loss) for loss in losses], len(given), settings, seed
    )


def split(labels: np.ndarray | None, rows: int, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the rows that train and of those that validate; every class keeps its share and trains.

    >>> kept, held = split(np.array([0] * 8 + [1] * 2), 10, 0.25, seed=0)
    >>> len(kept), len(held)
    (8, 2)
    """
    random = np.random.default_rng([seed, 1])
    groups = [np.arange(rows)]
    if labels is not None and labels.ndim == 1:
        groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    held = []
    for group in groups:
        count = min(round(len(group) * share), len(group) - 1)
        held.append(random.permutation(group)[:count])
    chosen = np.sort(np.concatenate(held))
    if len(chosen) == 0:
        raise DataError(
            f"{rows} rows are too few to hold {share:g} of them out for validation; give validation_data, or "
            "train without early_stopping and calibrate."
        )
    return np.setdiff1d(np.arange(rows), chosen), chosen


def check_share(share: Any) -> float:
    """A validation_fraction between 0 and 1, both excluded."""
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share < 1:
        raise SettingsError(f"validation_fraction must be a number between 0 and 1, not {share!r}.")
    return float(share)


def _weights(parts: Sequence[Rows], precision: str) -> np.ndarray | None:
    """Weights with mean 1 over the training rows, None where all are alike."""
    if all(part.weights is None for part in parts):
        return None
    weights = [np.ones(len(part)) if part.weights is None else part.weights for part in parts]
    if not all(part.any() for part in weights):
        raise DataError(
            "The weights of the validation rows are zero in every row; give some of them a weight."
        )
    scaled = np.concatenate(weights) / weights[0].max()
    scaled /= scaled[: len(weights[0])].mean()
    if not np.isfinite(scaled.astype(np.float32)).all():
        raise DataError("The weights differ too widely for one network to train on.")
    return scaled.astype(precision)
