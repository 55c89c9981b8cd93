"""From raw rows to float32 inputs: learned on the training rows, kept as plain JSON beside the model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from osolgil.data.columns.choice import KINDS, Column
from osolgil.data.columns.number import PLAIN, Answers, Encoding, NumberColumn
from osolgil.errors import DataError
from osolgil.messages import Message, list_names
from osolgil.spelling import nearest


@dataclass(frozen=True)
class Preprocessing:
    """How raw rows become the inputs of a network.

    source_columns: every raw column in order, the left-out ones too. columns: the fitted ones. With
    `divisor` the rows are pixels, divided by it and nothing else.

    >>> rows = np.array([[1.0, 5.0], [3.0, 5.0]])
    >>> fitted, notes = fit_array(rows, ("a", "b"))
    >>> fitted.transform(rows).tolist(), notes
    ([[-1.0], [1.0]], ["Left out because it never changes: 'b'."])
    """

    source_columns: tuple[str, ...]
    columns: tuple[Column, ...] = ()
    divisor: float | None = None
    image_shape: tuple[int, ...] | None = None
    target_name: str = "target"

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the columns of what `transform` returns."""
        if self.divisor is not None:
            return self.source_columns
        return tuple(name for column in self.columns for name in column.feature_names)

    @property
    def bare(self) -> bool:
        """Whether numbers are taken as they are, however large."""
        return self.divisor == 1.0

    @property
    def text_columns(self) -> tuple[str, ...]:
        """Raw columns to read as text, so that `1` and `1.0` stay the level they were in training."""
        return tuple(column.name for column in self.columns if column.kind != "number")

    def transform(self, rows: Any) -> np.ndarray:
        """Raw rows (a DataFrame with the columns by name, or an array with them in order) to float32.

        Returns a C-contiguous array (rows, features), every value finite.
        Raises DataError for missing columns, a wrong number of columns or infinite values.
        """
        if isinstance(rows, np.ndarray) or not hasattr(rows, "columns"):
            rows = self._as_matrix(rows)
        if self.divisor is not None:
            scaled = _divide(self._pixels(rows), self.divisor)
            return scaled if self.bare else np.clip(scaled, -10.0, 10.0)
        result = np.empty((len(rows), len(self.feature_names)), dtype=np.float32)
        place = 0
        for column in self.columns:
            width = len(column.feature_names)
            result[:, place : place + width] = column.transform(self._cells(rows, column))
            place += width
        return result

    def _as_matrix(self, rows: Any) -> Any:
        rows = np.asarray(rows)
        rows = rows.reshape(len(rows), -1) if rows.ndim > 2 else rows
        if rows.ndim != 2 or rows.shape[1] != len(self.source_columns):
            raise DataError(
                f"The rows have shape {rows.shape}, but the model was trained on {len(self.source_columns)} "
                "columns; give an array of shape (rows, columns)."
            )
        if rows.dtype.kind in "fiub" and all(isinstance(column, NumberColumn) for column in self.columns):
            return rows
        import pandas

        return pandas.DataFrame(rows, columns=list(self.source_columns)).infer_objects()

    def _cells(self, rows: Any, column: Column) -> Any:
        if isinstance(rows, np.ndarray):
            values = rows[:, self.source_columns.index(column.name)].astype(np.float64)
            return _finite(values, column.name, np.arange(len(values)))
        from osolgil.data.columns.cells import numbers_of, texts_of

        if column.name not in rows.columns:
            needed = [known.name for known in self.columns]
            absent = [name for name in needed if name not in rows.columns]
            raise DataError(_absent(absent, rows.columns, self.source_columns))
        series = rows[column.name]
        if isinstance(column, NumberColumn):
            return _finite(numbers_of(series, column.decimal), column.name, series.index)
        return series if column.kind == "date" else texts_of(series)

    def _pixels(self, rows: Any) -> np.ndarray:
        if isinstance(rows, np.ndarray):
            return rows
        from osolgil.data.columns.cells import numbers_of

        absent = [name for name in self.source_columns if name not in rows.columns]
        if absent:
            raise DataError(_absent(absent, rows.columns, self.source_columns))
        matrix = np.column_stack([numbers_of(rows[name]) for name in self.source_columns])
        return np.nan_to_num(matrix, nan=0.0)

    def to_json(self) -> dict[str, Any]:
        """A plain dict for json.dumps; `from_json` gives back the same bits."""
        return {
            "format": 1,
            "source_columns": list(self.source_columns),
            "columns": [{"kind": column.kind, **asdict(column)} for column in self.columns],
            "divisor": self.divisor,
            "image_shape": list(self.image_shape) if self.image_shape else None,
            "target_name": self.target_name,
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Preprocessing:
        """The object that `to_json` wrote. Raises DataError when the dict is something else."""
        try:
            shape = saved["image_shape"]
            return cls(
                tuple(saved["source_columns"]),
                tuple(_column_from(entry) for entry in saved["columns"]),
                saved["divisor"],
                tuple(shape) if shape else None,
                saved["target_name"],
            )
        except (KeyError, TypeError) as error:
            raise DataError(
                f"The saved preprocessing cannot be read ({error}); train the model again."
            ) from error


def _column_from(entry: dict[str, Any]) -> Column:
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }
    kind = KINDS[fields.pop("kind")]
    if kind.kind == "date":
        fields["parts"] = tuple(_column_from({"kind": "number", **part}) for part in fields["parts"])
    return kind(**fields)


def _divide(pixels: np.ndarray, divisor: float) -> np.ndarray:
    scaled = np.ascontiguousarray(pixels, dtype=np.float32) / np.float32(divisor)
    if not np.isfinite(scaled).all():
        raise DataError("A pixel is infinite or no number; repair the images.")
    return scaled


def _absent(absent: list[str], found: Iterable[object], expected: Iterable[str]) -> str:
    """What is said of columns that are not there: perhaps one is, under a name typed differently."""
    others = [name for name in map(str, found) if name not in set(expected)]
    near = nearest(absent[0], others)
    instead = f", or rename '{near}'" if near is not None else ""
    return f"The table has no column {list_names(absent)}, which the model was trained on; add it{instead}."


def _finite(values: np.ndarray, name: str, labels: Any) -> np.ndarray:
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        row = labels[infinite[0]]
        where = row + 1 if isinstance(row, (int, np.integer)) else row
        raise DataError(
            f"Column '{name}' is infinite in row {where}; remove the row or leave the cell empty."
        )
    return values


def fit_pixels(names: tuple[str, ...], divisor: float, image_shape: tuple[int, ...] | None) -> Preprocessing:
    """Nothing is learned from pixels: each is divided by the largest value it can have."""
    return Preprocessing(names, divisor=divisor, image_shape=image_shape)


def fit_array(
    training: np.ndarray,
    names: tuple[str, ...],
    encoding: Encoding = PLAIN,
    answers: Answers | None = None,
) -> tuple[Preprocessing, list[Message]]:
    """Learn from the training rows of a numeric array (rows, columns) without missing values."""
    findings: dict[str, list[str]] = defaultdict(list)
    columns: list[Column] = []
    by_column = np.asfortranarray(training, dtype=np.float64)
    for place, name in enumerate(names):
        values = _finite(by_column[:, place], name, np.arange(len(training)))
        column = NumberColumn.fit(name, values, encoding=encoding, answers=answers)
        _record(findings, name, column, "" if column else "constant", None)
        columns += [column] if column else []
    return Preprocessing(names, tuple(columns)), _told(findings)


def fit_table(
    training: Any, encoding: Encoding = PLAIN, answers: Answers | None = None
) -> tuple[Preprocessing, list[Message]]:
    """Learn from the training rows of a DataFrame: see columns/choice.py for what each column becomes.

    encoding: of its numbers, with the rows' `answers` for bins found by trees.
    """
    from osolgil.data.columns.cells import numbers_of
    from osolgil.data.columns.choice import choose_column

    names = tuple(training.columns)
    divisor = _pixel_divisor(training)
    if divisor:
        return Preprocessing(names, divisor=divisor), [Message("note.pixel_columns", count=len(names))]
    findings: dict[str, list[str]] = defaultdict(list)
    columns: list[Column] = []
    for name in names:
        column, reason = choose_column(name, training[name], encoding, answers)
        if reason == "infinite":
            _finite(numbers_of(training[name]), name, training.index)
        _record(findings, name, column, reason, training[name])
        columns += [column] if column else []
    return Preprocessing(names, tuple(columns)), _told(findings)


def _pixel_divisor(training: Any) -> float | None:
    from pandas.api import types

    if training.shape[1] < 64 or not all(types.is_integer_dtype(dtype) for dtype in training.dtypes):
        return None
    low, high = int(training.min().min()), int(training.max().max())
    return 255.0 if low == 0 and 200 <= high <= 255 else None


def _record(
    findings: dict[str, list[str]], name: str, column: Column | None, reason: str, series: Any
) -> None:
    if reason in ("constant", "empty", "identifier"):
        findings[reason].append(name)
    elif isinstance(column, NumberColumn):
        _record_number(findings, name, column, reason, series)
    elif column and column.kind != "category":
        findings[column.kind].append(name)
    elif column and getattr(column, "rare", ()):
        findings["rare"].append(name)


def _record_number(
    findings: dict[str, list[str]], name: str, column: NumberColumn, reason: str, series: Any
) -> None:
    if reason == "text number":
        findings["text_number"].append(name)
    if column.squash:
        findings["squashed"].append(name)
    if column.edges or column.frequencies:
        findings["bins" if column.edges else "waves"].append(name)
    if column.marks_missing:
        findings["missing"].append(name)


_KINDS = (
    "constant", "empty", "identifier", "text_number", "missing", "squashed", "bins", "waves", "date", "text", "rare"
)  # fmt: skip


def _told(findings: dict[str, list[str]]) -> list[Message]:
    return [Message(f"note.{kind}", names=findings[kind]) for kind in _KINDS if findings.get(kind)]
