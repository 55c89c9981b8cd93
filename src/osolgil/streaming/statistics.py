"""What one pass over the source finds out: exact moments of every number, all classes, and a sample of the rows.

The kind of each column, its levels, medians and quartiles come from the sample, which a hash of the row numbers
draws; means, deviations and extremes are those of all training rows. Nothing looks at rows held out, but for the
names of the classes.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from osolgil.data.columns.number import LIMIT, NumberColumn
from osolgil.data.preprocessing import Preprocessing, fit_array, fit_table
from osolgil.data.targets import infer_task
from osolgil.errors import DataError, SettingsError
from osolgil.messages import Message, list_names
from osolgil.spelling import hint
from osolgil.streaming.holdout import SAMPLE, Split, chance
from osolgil.streaming.sources import Rows

MOST_CLASSES = 1000


@dataclass
class Moments:
    """Count, mean, squared deviations and extremes of several columns, put together block by block.

    T. Chan, G. Golub, R. LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979.

    >>> moments = Moments.of(1)
    >>> for part in ([[1.0], [2.0]], [[np.nan], [6.0]]):
    ...     moments.add(np.array(part))
    >>> moments.count.tolist(), moments.mean.tolist(), moments.squares.tolist(), moments.missing.tolist()
    ([3.0], [3.0], [14.0], [1.0])
    """

    count: np.ndarray
    missing: np.ndarray
    mean: np.ndarray
    squares: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, columns: int) -> Moments:
        count, missing, mean, squares = (np.zeros(columns) for _ in range(4))
        return cls(count, missing, mean, squares, np.full(columns, np.inf), np.full(columns, -np.inf))

    def add(self, values: np.ndarray) -> None:
        """Take in a block (rows, columns) of float64, NaN being missing."""
        known = ~np.isnan(values)
        count = known.sum(0).astype(np.float64)
        filled = np.where(known, values, 0.0)
        mean = filled.sum(0) / np.maximum(count, 1.0)
        squares = (np.where(known, values - mean, 0.0) ** 2).sum(0)
        total = np.maximum(self.count + count, 1.0)
        distance = mean - self.mean
        self.squares += squares + distance**2 * self.count * count / total
        self.mean += distance * count / total
        self.count += count
        self.missing += len(values) - count
        self.low = np.minimum(self.low, np.where(known, values, np.inf).min(0, initial=np.inf))
        self.high = np.maximum(self.high, np.where(known, values, -np.inf).max(0, initial=-np.inf))


@dataclass
class Found:
    """What the pass found: see the module."""

    rows: dict[str, int]
    numeric: tuple[str, ...]
    moments: Moments
    target: Moments
    lowest: float
    levels: dict[Any, int] | None
    sample: Any
    answers: np.ndarray
    unanswered: int
    notes: list[Message] = field(default_factory=list)


def survey(source: Rows, split: Split, read: int, sample: int) -> Found:
    """Read the source once."""
    share = sample / max(source.rows * (1.0 - split.test - split.validation), 1.0)
    numeric: tuple[str, ...] | None = None
    counts, levels, parts, answers = np.zeros(3, np.int64), _Levels(), [], []
    target, unanswered, lowest = Moments.of(1), 0, np.inf
    moments = Moments.of(0)
    for start, inputs, targets in source.blocks(read):
        values = values_of_block(targets)
        known = ~_missing(values)
        masks = [mask & known for mask in split.parts(start, len(values))]
        if numeric is None:
            numeric = _numeric(inputs, source.columns)
            moments = Moments.of(len(numeric))
        trains = masks[0]
        moments.add(_numbers(inputs, numeric, source.columns, start)[trains])
        levels.add(values[known])
        if values.dtype != object:
            _refuse_infinite(values, source.target_name, start)
            target.add(values[trains].reshape(-1, 1))
            lowest = min(lowest, float(values[known].min(initial=np.inf)))
        chosen = np.flatnonzero(trains & (chance(start, len(values), split.seed, SAMPLE) < share))
        parts.append(inputs[chosen] if isinstance(inputs, np.ndarray) else inputs.iloc[chosen])
        answers.append(values[chosen])
        counts += [int(mask.sum()) for mask in masks]
        unanswered += int((~known).sum())
    train, validation, test = counts.tolist()
    rows = {"train": train, "validation": validation, "test": test}
    _check_rows(rows, unanswered, source.target_name)
    return Found(
        rows,
        numeric or (),
        moments,
        target,
        lowest,
        levels.found,
        _joined(parts),
        _joined_values(answers),
        unanswered,
    )


def values_of_block(targets: Any) -> np.ndarray:
    """Targets of a block: float64, or texts and None; which of both depends on the column's type alone."""
    import pandas
    from pandas.api import types

    from osolgil.data.columns.cells import numbers_of, texts_of

    series = targets if isinstance(targets, pandas.Series) else pandas.Series(np.asarray(targets))
    plain = types.is_numeric_dtype(series.dtype) and not types.is_bool_dtype(series.dtype)
    return numbers_of(series) if plain else texts_of(series)


def _missing(values: np.ndarray) -> np.ndarray:
    if values.dtype == object:
        return np.array([value is None for value in values], bool)
    return np.isnan(values)


def _numeric(inputs: Any, columns: tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(inputs, np.ndarray):
        return columns
    from pandas.api import types

    return tuple(
        name
        for name in columns
        if types.is_numeric_dtype(inputs[name].dtype)
        and not types.is_bool_dtype(inputs[name].dtype)
        and not types.is_complex_dtype(inputs[name].dtype)
    )


def _numbers(inputs: Any, numeric: tuple[str, ...], columns: tuple[str, ...], start: int) -> np.ndarray:
    """The block's numeric columns in float64; DataError where one is infinite."""
    if isinstance(inputs, np.ndarray):
        values = inputs.astype(np.float64)
    else:
        parts = [inputs[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in numeric]
        values = np.column_stack(parts) if parts else np.zeros((len(inputs), 0))
    if np.isinf(values).any():
        row, column = (int(place[0]) for place in np.nonzero(np.isinf(values)))
        raise DataError(
            f"Column '{numeric[column]}' is infinite in row {start + row + 1}; remove the row or leave the cell empty."
        )
    return values


def _refuse_infinite(values: np.ndarray, name: str, start: int) -> None:
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        raise DataError(
            f"The target '{name}' is infinite in row {start + int(infinite[0]) + 1}; remove the row."
        )


def _check_rows(rows: dict[str, int], unanswered: int, name: str) -> None:
    if sum(rows.values()) == 0:
        raise DataError(f"The target '{name}' is missing in every row; choose another column.")
    if min(rows.values()) == 0:
        raise DataError(
            f"Of {sum(rows.values())} rows with a known target none is left to train, validate or test; more rows "
            "are needed."
        )


def _joined(parts: list[Any]) -> Any:
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    import pandas

    return pandas.concat(parts, ignore_index=True)


def _joined_values(parts: list[np.ndarray]) -> np.ndarray:
    if any(part.dtype == object for part in parts):
        return np.concatenate([part.astype(object) for part in parts])
    return np.concatenate(parts)


class _Levels:
    """Every distinct target with its count, until there are too many to be classes."""

    def __init__(self) -> None:
        self.found: dict[Any, int] | None = {}

    def add(self, values: np.ndarray) -> None:
        if self.found is None:
            return
        if values.dtype == object:
            counts = Counter(values.tolist())
        else:
            levels, repeats = np.unique(values, return_counts=True)
            if len(levels) > MOST_CLASSES:
                self.found = None
                return
            counts = Counter(dict(zip(levels.tolist(), repeats.tolist(), strict=True)))
        for level, count in counts.items():
            self.found[level] = self.found.get(level, 0) + count
        if len(self.found) > MOST_CLASSES:
            self.found = None


def task_of(found: Found, task: str | None, name: str) -> tuple[str, tuple[Any, ...] | None]:
    """The task, and the levels of the target in order where they are classes."""
    tasks = ("classification", "regression")
    if task not in (None, *tasks):
        raise SettingsError(
            f"Streamed data are for classification or regression, not '{task}'.{hint(task, tasks)}"
        )
    texts = found.answers.dtype == object
    chosen, note = infer_task(found.answers, name)
    if task is None:
        found.notes.append(note)
    chosen = task or chosen
    if chosen == "regression":
        if texts or found.target.count[0] == 0:
            raise DataError(f"The target '{name}' holds text; regression needs numbers.")
        if found.target.low[0] == found.target.high[0]:
            raise DataError(
                f"The target '{name}' is {found.target.low[0]:g} in every training row; there is nothing to learn."
            )
        return chosen, None
    if found.levels is None:
        raise DataError(
            f"The target '{name}' has more than {MOST_CLASSES} classes; choose another, or task='regression'."
        )
    levels = sorted(found.levels, key=str if texts else float)
    if len(levels) < 2:
        raise DataError(
            f"Every row has the same class {list_names([str(levels[0])])}; a classifier needs two classes."
        )
    return chosen, tuple(levels)


def preprocessing_of(found: Found, source: Rows) -> Preprocessing:
    """Fitted on the sample, then put right by what all training rows say."""
    if isinstance(found.sample, np.ndarray):
        fitted, notes = fit_array(found.sample, source.columns)
    else:
        fitted, notes = fit_table(found.sample)
    found.notes += notes
    places = {name: place for place, name in enumerate(found.numeric)}
    columns = tuple(
        _refined(column, found.moments, places[column.name])
        if isinstance(column, NumberColumn) and column.name in places
        else column
        for column in fitted.columns
    )
    if not columns and fitted.divisor is None:
        raise DataError("No feature is left to learn from; add a column that varies.")
    return dataclasses.replace(fitted, columns=columns, target_name=source.target_name)


def _refined(column: NumberColumn, moments: Moments, place: int) -> NumberColumn:
    """A column with the exact mean and deviation, missing cells counted as the sample's median."""
    count, missing = moments.count[place], moments.missing[place]
    total = count + missing
    mean = (moments.mean[place] * count + column.fill * missing) / total
    squares = moments.squares[place] + count * (moments.mean[place] - mean) ** 2
    squares += missing * (column.fill - mean) ** 2
    scale = float(np.sqrt(squares / total))
    marks = bool(missing > 0)
    if not column.scale or not np.isfinite(scale) or scale == 0.0:
        return dataclasses.replace(column, marks_missing=column.marks_missing or marks)
    farthest = max(abs(moments.low[place] - mean), abs(moments.high[place] - mean)) / scale
    if column.squash:  # center and scale are the sample's median and quartiles
        return dataclasses.replace(column, marks_missing=marks)
    if farthest > LIMIT:  # outliers so rare that the sample has none: squashed around its mean
        return dataclasses.replace(column, squash=True, marks_missing=marks)
    return dataclasses.replace(column, center=float(mean), scale=scale, marks_missing=marks)
