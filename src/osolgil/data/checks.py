"""What makes data unusable, said in one sentence each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from osolgil.data.source import counted
from osolgil.errors import DataError
from osolgil.messages import list_names

FEWEST_ROWS = 3


def check_numbers(inputs: np.ndarray, what: str = "inputs") -> None:
    """Arrays have no way to say what a NaN means, so they must be finite."""
    if inputs.dtype.kind != "f" or np.isfinite(inputs).all():
        return
    place = tuple(int(index) for index in np.argwhere(~np.isfinite(inputs))[0])
    found = "NaN" if np.isnan(inputs[place]) else "infinite"
    where = f"row {place[0] + 1}" + (f", column {place[1] + 1}" if len(place) > 1 else "")
    raise DataError(
        f"The {what} are {found} in {where} (counting from 1); remove such rows, or give a pandas DataFrame, "
        "where NaN means missing."
    )


def check_rows(rows: int, targets: int) -> None:
    """Inputs and targets belong together row by row."""
    if rows != targets:
        raise DataError(f"There are {rows} rows of inputs but {targets} targets; they must be equally many.")
    if rows == 0:
        raise DataError("The data have no rows.")


def check_classes(
    name: str, values: np.ndarray, class_names: tuple[str, ...], fewest: int = FEWEST_ROWS
) -> None:
    """Every class needs a row to train, one to validate and one to test."""
    counts = np.bincount(values, minlength=len(class_names))
    if len(class_names) < 2:
        raise DataError(
            f"Every row has the same class {list_names(class_names)}; a classifier needs two classes."
        )
    rare = [class_names[place] for place in np.flatnonzero(counts < fewest)]
    if len(rare) > len(class_names) / 2 and len(class_names) > 20:
        raise DataError(
            f"The target '{name}' has {len(class_names)} classes in {len(values)} rows, most of them seen "
            f"fewer than {fewest} times; choose another target or task='regression'."
        )
    if rare:
        few = counted(int(counts[class_names.index(rare[0])]), "row")
        which = "class" if len(rare) == 1 else "classes"
        having = f"has {few}" if len(rare) == 1 else f"have fewer than {fewest} rows each"
        raise DataError(
            f"The {which} {list_names(rare)} of target '{name}' {having}, too few to train, validate and test; "
            f"collect more, or merge or remove the {which}."
        )


def check_regression(name: str, values: np.ndarray, fewest: int = FEWEST_ROWS) -> None:
    """Regression needs a few rows of finite, differing numbers."""
    infinite = np.flatnonzero(~np.isfinite(values))
    if len(infinite):
        raise DataError(
            f"The target '{name}' is infinite in {counted(len(infinite), 'row')}; leave such rows out."
        )
    if len(values) < fewest:
        raise DataError(
            f"There are only {len(values)} rows with a known target; at least {fewest} are needed."
        )
    if values.min() == values.max():
        raise DataError(f"The target '{name}' is {values[0]:g} in every row; there is nothing to learn.")


def check_features(features: int, left_out: Sequence[str]) -> None:
    """A network needs at least one input."""
    if features == 0:
        reason = f" ({left_out[0].rstrip('.')})" if left_out else ""
        raise DataError(f"No feature is left to learn from{reason}; add a column that varies.")
