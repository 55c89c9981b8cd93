"""Columns that give the answer away."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from osolgil.messages import Message

WIDEST = 60


def find_leaks(training: Any, targets: np.ndarray, target_name: str) -> list[Message]:
    """Notes on columns (or sums of two) of the training rows that equal the target.

    >>> import pandas
    >>> table = pandas.DataFrame({"a": [1, 2, 3], "b": [2, 2, 5]})
    >>> find_leaks(table, np.array([3.0, 4.0, 8.0]), "t")
    ["'a' + 'b' equals the target 't' in every row: it may leak the answer; remove these columns."]
    """
    if len(targets) < 3 or (targets == targets[0]).all():
        return []
    columns = _numeric_columns(training)
    wanted = targets.astype(np.float64)
    equal = [name for name, values in columns.items() if np.array_equal(values, wanted)]
    equal += _same_partition(training, targets) if targets.dtype.kind == "i" else []
    notes = [Message("caution.leak", name=name, target=target_name) for name in dict.fromkeys(equal)]
    if targets.dtype.kind == "f" and not equal:
        pairs = _sums(columns, wanted)
        notes += [Message("caution.leak_of_two", one=a, other=b, target=target_name) for a, b in pairs]
    return notes


def _numeric_columns(training: Any) -> dict[str, np.ndarray]:
    if isinstance(training, np.ndarray):
        return {f"column {place + 1}": training[:, place] for place in range(min(training.shape[1], WIDEST))}
    from pandas.api import types

    columns = {}
    for name in list(training.columns)[: 4 * WIDEST]:
        dtype = training[name].dtype
        if types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype):
            columns[name] = training[name].to_numpy(np.float64, na_value=np.nan)
    return columns


def _sums(columns: dict[str, np.ndarray], wanted: np.ndarray) -> list[tuple[str, str]]:
    names = list(columns)[:WIDEST]
    few = slice(0, 50)
    tolerance = 1e-9 * (np.abs(wanted).max() + 1e-300)

    def close(a: str, b: str, rows: slice) -> bool:
        with np.errstate(over="ignore", invalid="ignore"):
            return bool(np.all(np.abs(columns[a][rows] + columns[b][rows] - wanted[rows]) <= tolerance))

    varying = [
        name for name in names if np.nanmin(columns[name], initial=0) != np.nanmax(columns[name], initial=0)
    ]
    pairs = itertools.combinations(varying, 2)
    return [(a, b) for a, b in pairs if close(a, b, few) and close(a, b, slice(None))]


def _same_partition(training: Any, targets: np.ndarray) -> list[str]:
    """Columns whose values name exactly the classes (a copy of the target under other labels)."""
    if isinstance(training, np.ndarray):
        return []
    classes = int(targets.max()) + 1
    found = []
    for name in training.columns:
        codes = _codes(training[name])
        if codes is not None and codes.max() + 1 == classes and codes.min() >= 0:
            joint = np.unique(codes * classes + targets)
            found += [name] if len(joint) == classes else []
    return found


def _codes(series: Any) -> np.ndarray | None:
    from pandas import factorize

    try:
        return factorize(series)[0]
    except TypeError:
        return None
