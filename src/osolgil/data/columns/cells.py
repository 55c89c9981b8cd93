"""Single cells of a table: which are missing, which are numbers, and how each reads as text."""

from __future__ import annotations

import numbers
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

MISSING = frozenset(
    {
        "", "?", "na", "n/a", "#n/a", "nan", "null", "none", "<na>", "nat", "-", "--", ".", "결측", "결측치",
        "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!", "0000-00-00", "0000-00-00 00:00:00",
    }
)  # fmt: skip
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_SIGNS = " \t\r\n\u00a0$€£¥₩원%"


def parse_number(text: str, decimal: str = ".") -> float | None:
    """The number a cell shows, or None: thousands separators, currency and per cent signs are understood.

    >>> parse_number(" 29.85"), parse_number("1,234"), parse_number("1.234,5", decimal=","), parse_number("x")
    (29.85, 1234.0, 1234.5, None)
    >>> parse_number("12,000원"), parse_number("\u22123.5")
    (12000.0, -3.5)
    """
    bare = text.strip(_SIGNS).replace("\u2212", "-")  # the sign that typesetters and R use
    if decimal == ",":
        bare = bare.replace(".", "\0").replace(",", ".").replace("\0", ",")
    if _GROUPED.fullmatch(bare):
        bare = bare.replace(",", "")
    if _NUMBER.fullmatch(bare):
        return float(bare)
    if bare.lower().lstrip("+-") in ("inf", "infinity"):
        return float(bare.lower())
    return None


def decimal_mark(texts: Iterable[str]) -> str:
    """ "," when the column is written like 1,5 (as in much of Europe), else ".".

    >>> decimal_mark(["1,5", "2,25"]), decimal_mark(["1,500", "2,250"])
    (',', '.')
    """
    with_comma = [text for text in texts if "," in text]
    if not with_comma or all(_GROUPED.fullmatch(text.strip(_SIGNS)) for text in with_comma):
        return "."
    return "," if all(_COMMA.fullmatch(text.strip(_SIGNS).replace(".", "")) for text in with_comma) else "."


def text_of(value: Any) -> str | None:
    """A cell as text, the same whether it was read as text, number or truth value; None when missing.

    >>> text_of(3.0), text_of(" 3 "), text_of(True), text_of("TRUE"), text_of("?")
    ('3', '3', 'True', 'True', None)
    """
    kind = type(value)
    if (
        issubclass(kind, numbers.Real)
        and not issubclass(kind, numbers.Integral)
        and value == value
        and float(value).is_integer()
    ):
        value = int(value) if abs(value) < 1e15 else value
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    text = text.encode("utf-8", "replace").decode("utf-8").strip()
    folded = text.casefold()
    if folded in MISSING:
        return None
    return folded.capitalize() if folded in ("true", "false") else text


def map_cells(function: Callable[[Any], Any], cells: np.ndarray) -> list[Any]:
    """The function of every cell, computed once per distinct value where cells can be told apart."""
    try:
        known = {cell: function(cell) for cell in set(cells) if isinstance(cell, str)}
    except TypeError:
        known = {}
    return [known[cell] if isinstance(cell, str) and cell in known else function(cell) for cell in cells]


def texts_of(series: Any) -> np.ndarray:
    """A column as an object array of stripped texts, None where missing."""
    cells = series.astype(object).to_numpy()
    result = np.empty(len(cells), dtype=object)
    result[:] = map_cells(text_of, cells)
    return result


def numbers_in(texts: np.ndarray, decimal: str) -> np.ndarray:
    """Texts as float64, NaN where missing or no number."""

    def number(text: str | None) -> float:
        parsed = None if text is None else parse_number(text, decimal)
        return np.nan if parsed is None else parsed

    return np.array(map_cells(number, texts), dtype=np.float64)


def numbers_of(series: Any, decimal: str = ".") -> np.ndarray:
    """A column as float64, NaN where missing or no number."""
    from pandas.api import types

    if types.is_timedelta64_dtype(series.dtype):
        return series.dt.total_seconds().to_numpy(np.float64)
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "fiub":
        return series.to_numpy(np.float64)  # pandas would look for gaps first, which is most of the time
    if types.is_numeric_dtype(series.dtype) and not types.is_complex_dtype(series.dtype):
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    return numbers_in(texts_of(series), decimal)
