"""Weights of rows: how much each counts in the loss, the score and the baselines.

A row of weight 2 counts as two equal rows would; a row of weight 0 keeps its place but has no say. Only ratios
matter: weights are divided by their mean over the training rows. What is learned from the inputs before
training (means, levels, medians) does not depend on them.
"""

from __future__ import annotations

import difflib
from typing import Any

import numpy as np

from osolgil.data.arrays import as_array
from osolgil.data.source import Source
from osolgil.data.targets import values_of
from osolgil.errors import DataError
from osolgil.messages import Message, list_names


def give_weights(source: Source, weights: Any) -> None:
    """Take the weights from a column of the table, which no longer is an input, or from an array (rows,)."""
    if weights is None:
        return
    if isinstance(weights, str):
        _take_column(source, weights)
        return
    name = getattr(weights, "name", None)
    source.weights_name = name if isinstance(name, str) and name else "sample_weight"
    source.weights = weights_of(weights, len(source.inputs), source.weights_name)
    if source.test_inputs is not None and source.test_weights is None:
        source.notes.append(Message("caution.test_without_weights"))


def weights_of(weights: Any, rows: int, name: str) -> np.ndarray:
    """Anything array-like as weights, float64 (rows,)."""
    values = as_array(weights, "weights")
    if values.ndim == 2 and values.shape[1] == 1:
        values = values.ravel()
    if values.ndim != 1 or values.dtype.kind not in "fiub":
        raise DataError(
            f"The weights have shape {values.shape} and type {values.dtype}; give a number per row."
        )
    if len(values) != rows:
        raise DataError(f"There are {rows} rows but {len(values)} weights; give one per row.")
    return checked(values, name)


def _take_column(source: Source, name: str) -> None:
    columns = [str(column) for column in source.inputs.columns] if source.is_table else []
    if name not in columns:
        close = difflib.get_close_matches(name, columns, 3, 0.5)
        hint = (
            f"did you mean {list_names(close)}?" if close else f"the columns are {list_names(columns, 12)}."
        )
        raise DataError(f"'{source.name}' has no column '{name}' for the weights; {hint}")
    source.weights_name = name
    source.weights = checked(values_of(source.inputs[name]), name)
    source.inputs = source.inputs.drop(columns=name)
    if source.test_inputs is None:
        return
    if name in source.test_inputs.columns:
        source.test_weights = checked(values_of(source.test_inputs[name]), name)
        source.test_inputs = source.test_inputs.drop(columns=name)
    else:
        source.notes.append(Message("caution.test_without_weight_column", name=name))


def checked(values: np.ndarray, name: str) -> np.ndarray:
    """Weights as float64; DataError where one is missing, negative, infinite or no number."""
    if values.dtype.kind not in "fiub":
        raise DataError(
            f"The weights '{name}' hold text such as '{values[0]}'; weights are numbers of 0 or more."
        )
    weights = values.astype(np.float64)
    for wrong, what in (
        (np.isnan(weights), "missing"),
        (np.isinf(weights), "infinite"),
        (weights < 0, "negative"),
    ):
        if wrong.any():
            raise DataError(
                f"The weight '{name}' is {what} in row {int(np.argmax(wrong)) + 1} (counting from 1); "
                "weights are numbers of 0 or more."
            )
    return weights


def split_weights(
    source: Source, parts: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> list[np.ndarray | None]:
    """Weights of the three splits, with mean 1 over the training rows; three times None where there are none."""
    if source.weights is None:
        return [None, None, None]
    weights: list[np.ndarray] = [source.weights[part] for part in parts]
    if source.test_inputs is not None:
        given = source.test_weights
        weights[2] = np.ones(len(source.test_inputs)) if given is None else given
    for values, use in zip(weights, ("training", "validation", "test"), strict=True):
        if not values.any():
            raise DataError(
                f"The weights '{source.weights_name}' are 0 in every {use} row, so nothing would count; "
                "give some of these rows a weight, or split with another seed."
            )
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        largest = weights[0].max()
        mean = float((weights[0] / largest).mean())
        scaled: list[np.ndarray | None] = [values / largest / mean for values in weights]
    if not all(values is not None and np.isfinite(values.astype(np.float32)).all() for values in scaled):
        raise DataError(f"The weights '{source.weights_name}' differ too widely for one network to train on.")
    rows, effective = len(weights[0]), f"{effective_rows(weights[0]):.0f}"
    source.notes.append(Message("note.weighted", name=source.weights_name, rows=rows, effective=effective))
    return scaled


def effective_rows(weights: np.ndarray) -> float:
    """Kish's effective number of rows, (Σw)²/Σw²: how many equal ones would say as much (L. Kish, 1965).

    >>> effective_rows(np.array([1.0, 1.0, 0.0])), effective_rows(np.ones(5))
    (2.0, 5.0)
    """
    unit = weights / weights.max()
    return float(unit.sum() ** 2 / (unit**2).sum())
