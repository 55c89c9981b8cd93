"""Several labels per row: a table of yes and no, one column per label (multi-label classification)."""

from __future__ import annotations

from typing import Any

import numpy as np

from osolgil.errors import DataError
from osolgil.messages import list_names

_SPELLINGS = {"0": 0, "1": 1, "false": 0, "true": 1, "no": 0, "yes": 1, "0.0": 0, "1.0": 1}


def labels_of(columns: list[Any], names: tuple[str, ...]) -> np.ndarray:
    """Columns of 0 and 1 (or false/true, no/yes) as float64 (rows, labels), NaN where missing."""
    return np.column_stack([_label(column, name) for column, name in zip(columns, names, strict=True)])


def _label(column: Any, name: str) -> np.ndarray:
    from osolgil.data.targets import is_missing, values_of

    values = values_of(column)
    missing = is_missing(values)
    if values.dtype.kind == "f":
        result = values.astype(np.float64)
    else:
        spelled = [_SPELLINGS.get(str(value).strip().casefold(), -1) for value in values]
        result = np.where(missing, np.nan, np.array(spelled, dtype=np.float64))
    wrong = ~missing & (result != 0) & (result != 1)
    if wrong.any():
        raise DataError(
            f"The label '{name}' is '{values[int(np.argmax(wrong))]}' in row {int(np.argmax(wrong)) + 1}; "
            "each of several labels must be 0 or 1, no or yes, false or true."
        )
    return result


def check_labels(values: np.ndarray, names: tuple[str, ...], fewest: int) -> None:
    """Every label is sometimes 0 and sometimes 1, and there are rows to train, validate and test."""
    if len(values) < fewest:
        raise DataError(f"There are only {len(values)} rows with known labels; at least {fewest} are needed.")
    same = [name for name, column in zip(names, values.T, strict=True) if column.min() == column.max()]
    if same:
        raise DataError(f"The label {list_names(same)} is the same in every row; leave it out of the target.")
