"""Deciding from the training rows alone what a table's column is: number, category, text, date or nothing."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from osolgil.data.columns.category import CategoryColumn, is_category
from osolgil.data.columns.cells import decimal_mark, numbers_in, numbers_of, texts_of
from osolgil.data.columns.date import DateColumn, date_format
from osolgil.data.columns.number import PLAIN, Answers, Encoding, NumberColumn
from osolgil.data.columns.text import TextColumn
from osolgil.errors import DataError

Column = NumberColumn | CategoryColumn | TextColumn | DateColumn
KINDS: dict[str, type] = {kind.kind: kind for kind in (NumberColumn, CategoryColumn, TextColumn, DateColumn)}
MOSTLY = 0.95
FEW = 10
_IDENTIFIER_NAME = re.compile(r"(.*[_\s.-])?(id|ID|Id|idx|index|key|uuid|guid)|.*[a-z](ID|Id)|Unnamed.*")


def choose_column(
    name: str, series: Any, encoding: Encoding = PLAIN, answers: Answers | None = None
) -> tuple[Column | None, str]:
    """The fitted column, or None with the reason it is left out; the text is also why a kind was chosen.

    Reasons: "constant", "empty", "identifier"; else "" or "text number" for numbers found in text.
    """
    from pandas import CategoricalDtype
    from pandas.api import types

    dtype = series.dtype
    if types.is_complex_dtype(dtype):
        raise DataError(f"Column '{name}' holds complex numbers; give their real and imaginary parts apart.")
    if types.is_datetime64_any_dtype(dtype):
        return _or_constant(DateColumn.fit(name, series, "ISO8601"))
    if types.is_bool_dtype(dtype) or isinstance(dtype, CategoricalDtype):
        return _or_constant(CategoryColumn.fit(name, texts_of(series)))
    if types.is_numeric_dtype(dtype) or types.is_timedelta64_dtype(dtype):
        return _number(name, numbers_of(series), ".", "", encoding, answers)
    return _from_text(name, texts_of(series), series, encoding, answers)


def _from_text(
    name: str, texts: np.ndarray, series: Any, encoding: Encoding, answers: Answers | None
) -> tuple[Column | None, str]:
    known = [text for text in texts if text is not None]
    if not known:
        return None, "empty"
    decimal = decimal_mark(known)
    numbers = numbers_in(texts, decimal)
    readable = int((~np.isnan(numbers)).sum())
    if readable == len(known) or (readable >= MOSTLY * len(known) and len(known) >= 2 * FEW):
        return _number(name, numbers, decimal, "text number", encoding, answers)
    format = date_format(known)
    if format:
        return _or_constant(DateColumn.fit(name, series, format))
    if is_category(known):
        return _or_constant(CategoryColumn.fit(name, texts))
    if _is_identifier(name, known):
        return None, "identifier"
    return TextColumn(name), ""


def _number(
    name: str,
    values: np.ndarray,
    decimal: str,
    reason: str,
    encoding: Encoding,
    answers: Answers | None,
) -> tuple[Column | None, str]:
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return None, "empty"
    if np.isinf(known).any():
        return None, "infinite"
    if len(known) == len(values) and _is_row_number(name, values):
        return None, "identifier"
    column = NumberColumn.fit(name, values, decimal, encoding=encoding, answers=answers)
    return (column, reason) if column else (None, "constant")


def _or_constant(column: Column | None) -> tuple[Column | None, str]:
    return (column, "") if column else (None, "constant")


def _is_row_number(name: str, values: np.ndarray) -> bool:
    """Whole numbers that never repeat and count the rows, or bear an identifier's name."""
    if len(values) < FEW or np.any(values != np.floor(values)) or len(np.unique(values)) < len(values):
        return False
    counts_rows = values[0] >= 0 and bool(np.all(np.diff(values) > 0)) and values[-1] <= 2.5 * len(values)
    return counts_rows or _IDENTIFIER_NAME.fullmatch(name) is not None


def _is_identifier(name: str, known: list[str]) -> bool:
    """Texts that never repeat and are single words, as codes and keys are, or bear an identifier's name."""
    if len(known) < FEW or len(set(known)) < len(known):
        return False
    return _IDENTIFIER_NAME.fullmatch(name) is not None or all(len(text.split()) == 1 for text in known)
