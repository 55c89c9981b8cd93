"""A column of dates or times: its parts as numbers."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from osolgil.data.columns.cells import texts_of
from osolgil.data.columns.number import NumberColumn

_DAYS = (
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%Y년 %m월 %d일",
    "%Y. %m. %d.",
)
FORMATS = ("ISO8601", *(day + time for day in _DAYS for time in ("", " %H:%M", " %H:%M:%S")))
_DATE_LIKE = re.compile(r"[0-9]{1,4}(-|/|\. ?|년 )[0-9]{1,2}(-|/|\. ?|월 )[0-9]{1,4}.*")


@dataclass(frozen=True)
class DateColumn:
    """Year, month, day of week (Monday 0), hour and seconds since 1970, each standardised if it varies.

    Times with a zone are taken in UTC.
    """

    name: str
    format: str
    parts: tuple[NumberColumn, ...]
    kind = "date"

    @classmethod
    def fit(cls, name: str, series: Any, format: str) -> DateColumn | None:
        """Learn from training cells; None when all are the same moment."""
        values = _parts(name, read_dates(series, format))
        fitted = [NumberColumn.fit(part, values[part], mark_missing="second" in part) for part in values]
        parts = tuple(part for part in fitted if part)
        return cls(name, format, parts) if parts else None

    @property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(name for part in self.parts for name in part.feature_names)

    def transform(self, series: Any) -> np.ndarray:
        """Cells (rows,) to float64 (rows, features)."""
        values = _parts(self.name, read_dates(series, self.format))
        return np.hstack([part.transform(values[part.name]) for part in self.parts])


def date_format(texts: list[str]) -> str | None:
    """The one format that reads every text, or None.

    >>> date_format(["2024-01-31", "2024-02-01"]), date_format(["31.01.2024"]), date_format(["3-4"])
    ('ISO8601', '%d.%m.%Y', None)
    """
    import pandas

    if not texts or not all(_DATE_LIKE.fullmatch(text) for text in texts):
        return None
    cells = pandas.Series(texts, dtype=object)
    return next((known for known in FORMATS if read_dates(cells, known).notna().all()), None)


def read_dates(series: Any, format: str) -> Any:
    """Cells as a pandas Series of UTC moments, NaT where missing or unreadable."""
    import pandas
    from pandas.api import types

    if not types.is_datetime64_any_dtype(series.dtype):
        series = pandas.Series(texts_of(series), dtype=object)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return pandas.to_datetime(series, format=format, errors="coerce", utc=True)
        except (ValueError, OverflowError):
            return pandas.Series(pandas.NaT, index=series.index, dtype="datetime64[ns, UTC]")


def _parts(name: str, dates: Any) -> dict[str, np.ndarray]:
    parts = {
        "year": dates.dt.year,
        "month": dates.dt.month,
        "day of week": dates.dt.day_of_week,
        "hour": dates.dt.hour,
    }
    values = {f"{name} {part}": cells.to_numpy(np.float64, na_value=np.nan) for part, cells in parts.items()}
    seconds = dates.astype("datetime64[s, UTC]").astype("int64").to_numpy(np.float64)
    values[f"{name} seconds"] = np.where(dates.isna().to_numpy(), np.nan, seconds)
    return values
