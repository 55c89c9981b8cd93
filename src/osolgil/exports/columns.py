"""A model's raw columns as an export needs them, and which exports can carry which."""

from __future__ import annotations

from itertools import product

import numpy as np

from osolgil.data.columns.category import CategoryColumn
from osolgil.data.columns.cells import MISSING
from osolgil.data.columns.date import DateColumn
from osolgil.data.columns.number import NumberColumn
from osolgil.data.preprocessing import Preprocessing
from osolgil.data.source import list_names
from osolgil.errors import SettingsError

PARTS = ("year", "month", "day of week", "hour")
"""What `steps.date_parts` returns, by the names a date column's parts have; "seconds" besides."""


def is_matrix(preprocessing: Preprocessing) -> bool:
    """Whether a row is plain numbers (or pixels), one beside the other, rather than cells of several kinds."""
    return preprocessing.divisor is not None or all(
        isinstance(column, NumberColumn) for column in preprocessing.columns
    )


def check(preprocessing: Preprocessing, language: str) -> None:
    """Raise SettingsError where a column's treatment cannot be written in a language."""
    _check_plain(preprocessing, language)
    known = (NumberColumn, CategoryColumn, DateColumn)
    foreign = [column.name for column in preprocessing.columns if not isinstance(column, known)]
    if foreign:
        raise SettingsError(
            f"The column {list_names(foreign)} is free text, whose treatment {language} cannot carry; export the "
            "network alone, which takes prepared features, with --inputs features."
        )


def _check_plain(preprocessing: Preprocessing, language: str) -> None:
    numbers = [column for column in preprocessing.columns if isinstance(column, NumberColumn)]
    encoded = [column.name for column in numbers if column.edges or column.frequencies]
    if encoded:
        raise SettingsError(
            f"The column {list_names(encoded)} is encoded by bins or waves, which {language} cannot carry; train with "
            "--numbers plain, or export the network alone, which takes prepared features, with --inputs features."
        )


def matrix_numbers(preprocessing: Preprocessing) -> dict[str, np.ndarray]:
    """Of plain numbers: where each fitted column stands, its center, scale and fill, and what is done to it."""
    columns = [column for column in preprocessing.columns if isinstance(column, NumberColumn)]
    places = {name: place for place, name in enumerate(preprocessing.source_columns)}
    return {
        "places": np.array([places[column.name] for column in columns], np.int64),
        **numbers_of(columns),
    }


def numbers_of(columns: list[NumberColumn]) -> dict[str, np.ndarray]:
    """Center, scale (1 where only the mark is kept), fill, and truth values, an entry per column."""
    return {
        "center": np.array([column.center for column in columns]),
        "scale": np.array([column.scale or 1.0 for column in columns]),
        "fill": np.array([column.fill for column in columns]),
        "squash": np.array([column.squash for column in columns], bool),
    }


def positions(column: CategoryColumn) -> dict[str, int]:
    """The feature of every known level, as `CategoryColumn.transform` has it."""
    found = {level: place for place, level in enumerate(column.levels)}
    return found | dict.fromkeys(column.rare, len(column.levels))


def spellings(column: CategoryColumn) -> dict[str, int]:
    """Every spelling of a cell that a lookup without any code must know, with its feature.

    Cells are compared after their white space is cut off; what a graph cannot do is written out here: one blank
    before the text, as after the comma of many files, truth values in any case, and missing cells.
    """
    found = dict(positions(column))
    for level in ("True", "False"):
        if level in found:
            found |= dict.fromkeys(cases(level.lower()), found[level])
    if column.marks_missing:
        missing = len(column.feature_names) - 1
        found |= {spelt: missing for word in MISSING for spelt in cases(word)}
    return found | {f" {text}": place for text, place in found.items()}


def cases(word: str) -> list[str]:
    """A word in every mixture of small and large letters.

    >>> cases("na")
    ['na', 'nA', 'Na', 'NA']
    """
    letters = [dict.fromkeys((letter, letter.upper())) for letter in word]
    return ["".join(letters) for letters in product(*letters)]
