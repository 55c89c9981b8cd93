"""A model's raw columns as an export needs them, and which exports can carry which."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from osolgil.data.columns.category import CategoryColumn
from osolgil.data.columns.cells import MISSING
from osolgil.data.columns.choice import Column
from osolgil.data.columns.date import DateColumn
from osolgil.data.columns.encodings import unit_of
from osolgil.data.columns.number import LIMIT, SMALLEST, NumberColumn
from osolgil.data.preprocessing import Preprocessing
from osolgil.errors import SettingsError
from osolgil.messages import list_names

PARTS = ("year", "month", "day of week", "hour")
"""What `steps.date_parts` returns, by the names a date column's parts have; "seconds" besides."""


def is_matrix(preprocessing: Preprocessing) -> bool:
    """Whether a row is plain numbers (or pixels), one beside the other, rather than cells of several kinds."""
    return preprocessing.divisor is not None or all(
        isinstance(column, NumberColumn) for column in preprocessing.columns
    )


def check(preprocessing: Preprocessing, language: str) -> None:
    """Raise SettingsError where a column's treatment cannot be written in a language."""
    known = (NumberColumn, CategoryColumn, DateColumn)
    foreign = [column.name for column in preprocessing.columns if not isinstance(column, known)]
    if foreign:
        raise SettingsError(
            f"The column {list_names(foreign)} is free text, whose treatment {language} cannot carry; export the "
            "network alone, which takes prepared features, with --inputs features."
        )


def numbers_in(column: Column) -> tuple[NumberColumn, ...]:
    """Every number that a column gives, in order: itself, the parts of a date, or none."""
    if isinstance(column, DateColumn):
        return column.parts
    return (column,) if isinstance(column, NumberColumn) else ()


@dataclass(frozen=True, eq=False)
class Numbers:
    """What is done to the numbers of a row, an entry per number in all columns, in order: `steps` says what each means.

    center, scale (1 where only the mark is kept), fill (numbers,). squash, kept, marked: truth values (numbers,).
    pieces (bins, 5), waves (waves, 2): what `steps.piece` and `steps.wave` take besides the number; number n has those
    from ends[n] to ends[n + 1] of piece_ends and wave_ends (numbers + 1,).
    A number's features are its scaled value where kept, its pieces, its waves, and its mark where marked.
    """

    center: np.ndarray
    scale: np.ndarray
    fill: np.ndarray
    squash: np.ndarray
    kept: np.ndarray
    marked: np.ndarray
    pieces: np.ndarray
    piece_ends: np.ndarray
    waves: np.ndarray
    wave_ends: np.ndarray

    @classmethod
    def of(cls, preprocessing: Preprocessing) -> Numbers:
        """The numbers of all columns."""
        numbers = [number for column in preprocessing.columns for number in numbers_in(column)]
        pieces, waves = [pieces_of(number) for number in numbers], [waves_of(number) for number in numbers]
        return cls(
            center=np.array([number.center for number in numbers]),
            scale=np.array([number.scale or 1.0 for number in numbers]),
            fill=np.array([number.fill for number in numbers]),
            squash=np.array([number.squash for number in numbers], bool),
            kept=np.array([bool(number.scale) for number in numbers], bool),
            marked=np.array([number.marks_missing for number in numbers], bool),
            pieces=np.vstack([np.empty((0, 5)), *pieces]),
            piece_ends=np.cumsum([0, *map(len, pieces)]),
            waves=np.vstack([np.empty((0, 2)), *waves]),
            wave_ends=np.cumsum([0, *map(len, waves)]),
        )

    def __len__(self) -> int:
        return len(self.center)

    def places(self, number: int) -> list[int]:
        """Where a number's features stand when all values, pieces, waves and marks stand side by side."""
        pieces, waves, marks = np.cumsum([len(self), len(self.pieces), len(self.waves)]).tolist()
        return [
            *([number] if self.kept[number] else []),
            *range(pieces + self.piece_ends[number], pieces + self.piece_ends[number + 1]),
            *range(waves + self.wave_ends[number], waves + self.wave_ends[number + 1]),
            *([marks + number] if self.marked[number] else []),
        ]


def pieces_of(number: NumberColumn) -> np.ndarray:
    """What `steps.piece` takes besides the number, per bin (bins, 5): see `encodings.piecewise`."""
    if not number.edges:
        return np.empty((0, 5))
    unit = unit_of(np.asarray(number.edges))
    bounds = np.asarray(number.edges) / unit
    widths = np.maximum(np.diff(bounds), SMALLEST)
    low, high = np.zeros(len(widths)), np.ones(len(widths))
    low[0], high[-1] = -LIMIT, LIMIT
    return np.column_stack([np.full(len(widths), unit), bounds[:-1], widths, low, high])


def waves_of(number: NumberColumn) -> np.ndarray:
    """Frequency and phase of every cosine (waves, 2)."""
    return np.column_stack([number.frequencies, number.phases]) if number.frequencies else np.empty((0, 2))


def source_places(preprocessing: Preprocessing) -> np.ndarray:
    """Where each fitted column stands among the raw ones (columns,)."""
    places = {name: place for place, name in enumerate(preprocessing.source_columns)}
    return np.array([places[column.name] for column in preprocessing.columns], np.int64)


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
