"""Columns of numbers as a whole: what `NumberColumn` says of one, learned and applied to all of them at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osolgil.data.columns.encodings import Encoding
from osolgil.data.columns.number import LIMIT, PLAIN, SQUASH, Answers, NumberColumn
from osolgil.data.preprocessing import Preprocessing

BLOCK = 4096
_NEAR_LIMIT = LIMIT * (1.0 - 1e-9)  # what lies on the limit but for rounding is left to the column alone


@dataclass(frozen=True, eq=False)
class Numbers:
    """The numeric columns of a Preprocessing as arrays, so that a row costs a few calls and not a few per column.

    sources (columns,): places in the raw rows. values, marks: places of a column's value and of its mark for
    missing cells in the features, with `valued` and `marked` the columns that have them.
    """

    sources: np.ndarray
    center: np.ndarray
    scale: np.ndarray
    fill: np.ndarray
    squashed: np.ndarray
    valued: np.ndarray
    marked: np.ndarray
    values: np.ndarray
    marks: np.ndarray
    width: int
    whole: bool

    @classmethod
    def of(cls, preprocessing: Preprocessing) -> Numbers | None:
        """The arrays, or None where a column is no plain number."""
        columns = preprocessing.columns
        if preprocessing.divisor is not None or not all(_is_plain(column) for column in columns):
            return None
        numbers = [column for column in columns if isinstance(column, NumberColumn)]
        place = {name: index for index, name in enumerate(preprocessing.source_columns)}
        widths = np.array([len(column.feature_names) for column in numbers])
        starts = np.concatenate([[0], np.cumsum(widths)]).astype(np.int64)
        scale = np.array([column.scale for column in numbers])
        valued = np.flatnonzero(scale != 0)
        marked = np.flatnonzero([column.marks_missing for column in numbers])
        return cls(
            sources=np.array([place[column.name] for column in numbers], np.int64),
            center=np.array([column.center for column in numbers]),
            scale=np.where(scale == 0, 1.0, scale),
            fill=np.array([column.fill for column in numbers]),
            squashed=np.flatnonzero([column.squash for column in numbers]),
            valued=valued,
            marked=marked,
            values=starts[valued],
            marks=starts[marked] + widths[marked] - 1,
            width=int(starts[-1]),
            whole=len(numbers) == len(preprocessing.source_columns) == len(valued) == int(starts[-1]),
        )

    def transform(self, rows: np.ndarray) -> np.ndarray:
        """Rows (rows, columns), NaN where missing and otherwise finite, as float32 features."""
        features = np.empty((len(rows), self.width), np.float32)
        with np.errstate(over="ignore"):
            for start in range(0, len(rows), BLOCK):
                self._transform(rows[start : start + BLOCK], features[start : start + BLOCK])
        return features

    def _transform(self, rows: np.ndarray, features: np.ndarray) -> None:
        rows = rows if self.whole else rows[:, self.sources]
        scaled = rows - self.center
        scaled /= self.scale
        if np.isnan(scaled.sum()):
            missing = np.isnan(rows)
            scaled = np.where(missing, (self.fill - self.center) / self.scale, scaled)
        else:
            missing = None
        if len(self.squashed):
            part = np.clip(scaled[:, self.squashed], -1e100, 1e100)
            scaled[:, self.squashed] = part / np.hypot(1.0, part / SQUASH)
        np.minimum(np.maximum(scaled, -LIMIT, out=scaled), LIMIT, out=scaled)
        if self.whole:
            features[...] = scaled
            return
        features[:, self.values] = scaled[:, self.valued]
        features[:, self.marks] = 0.0 if missing is None else missing[:, self.marked]


def fit_numbers(
    rows: np.ndarray,
    names: tuple[str, ...],
    weights: np.ndarray | None,
    encoding: Encoding = PLAIN,
    answers: Answers | None = None,
) -> Preprocessing:
    """Learn every column's scale from training rows (rows, columns), NaN where missing.

    A row of weight 2 says as much as two equal rows. Columns that never change are left out.
    """
    missing = np.isnan(rows.sum(axis=0, dtype=np.float64))
    with np.errstate(over="ignore", invalid="ignore"):
        plain, rows = rows, _filled(rows, missing, weights) if missing.any() else rows
        center, scale, low, high = _moments(rows, weights)
        reach = np.maximum(high - center, center - low) / np.where(scale > 0, scale, 1.0)
    columns = []
    for place, name in enumerate(names):
        hard = (
            not encoding.usual
            or missing[place]
            or reach[place] > _NEAR_LIMIT
            or not np.isfinite(center[place] + scale[place])
        )
        if hard:
            known = None if answers is None else Answers(_repeated(answers.values, weights), answers.classify)
            values = _repeated(plain[:, place].astype(np.float64), weights)
            column = NumberColumn.fit(name, values, encoding=encoding, answers=known)
        elif scale[place] > 0 and low[place] < high[place]:
            middle = float(center[place])
            column = NumberColumn(name, middle, float(scale[place]), middle)
        else:
            column = None
        columns += [column] if column else []
    return Preprocessing(names, tuple(columns))


def _is_plain(column: object) -> bool:
    if not isinstance(column, NumberColumn):
        return False
    plain = 1 + int(column.marks_missing) if column.scale else int(column.marks_missing)
    return len(column.feature_names) == plain


def _moments(rows: np.ndarray, weights: np.ndarray | None) -> tuple[np.ndarray, ...]:
    """Mean, standard deviation, least and largest of every column, by blocks of rows."""
    total = float(len(rows)) if weights is None else float(weights.sum())
    first = rows[:1].astype(np.float64)
    sums = np.zeros(rows.shape[1])
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK] - first
        sums += block.sum(axis=0) if weights is None else weights[start : start + BLOCK] @ block
    mean = sums / total
    squares = np.zeros(rows.shape[1])
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK] - first - mean
        block *= block
        squares += block.sum(axis=0) if weights is None else weights[start : start + BLOCK] @ block
    deviation = np.sqrt(squares / total)
    return first[0] + mean, deviation, rows.min(axis=0), rows.max(axis=0)


def _filled(rows: np.ndarray, missing: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Rows whose incomplete columns are 0: those are learned one by one."""
    filled = rows.copy()
    filled[:, missing] = 0.0
    return filled


def _repeated(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Values, each as often as its weight says where weights are small whole numbers."""
    if weights is None or weights.max() > 1000 or (weights != np.floor(weights)).any():
        return values
    return np.repeat(values, weights.astype(np.int64), axis=0)
