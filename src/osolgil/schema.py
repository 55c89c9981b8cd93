"""What a model takes and what it answers, in plain words of JSON: the contract of every exported model too.

>>> from osolgil.data.columns.number import NumberColumn
>>> from osolgil.data.preprocessing import Preprocessing
>>> import numpy as np
>>> size = NumberColumn.fit("size", np.array([1.0, 3.0]))
>>> inputs_of(Preprocessing(("row", "size"), (size,)))
[{'name': 'row', 'kind': 'unused'}, {'name': 'size', 'kind': 'number', 'missing': 'takes 2'}]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from osolgil.answering import Target
from osolgil.data.columns.category import CategoryColumn
from osolgil.data.columns.choice import Column
from osolgil.data.columns.date import DateColumn
from osolgil.data.columns.number import NumberColumn
from osolgil.data.preprocessing import Preprocessing


def inputs_of(preprocessing: Preprocessing) -> list[dict[str, Any]]:
    """Every raw column in order: its name, its kind, what a missing cell becomes, and the levels it may have."""
    if preprocessing.bare:
        return [
            {"name": name, "kind": "number", "missing": "refused"} for name in preprocessing.source_columns
        ]
    if preprocessing.divisor is not None:
        largest = preprocessing.divisor
        return [
            {"name": name, "kind": "pixel", "from": 0, "to": largest} for name in preprocessing.source_columns
        ]
    fitted = {column.name: column for column in preprocessing.columns}
    return [
        {"name": name, **(_input(fitted[name]) if name in fitted else {"kind": "unused"})}
        for name in preprocessing.source_columns
    ]


def _input(column: Column) -> dict[str, Any]:
    marked = {"missing": "marked"} if getattr(column, "marks_missing", False) else {}
    if isinstance(column, NumberColumn):
        return {"kind": "number", "missing": f"takes {column.fill:g}", **marked}
    if isinstance(column, CategoryColumn):
        return {"kind": "category", "levels": [*column.levels, *column.rare], "missing": "no level", **marked}
    if isinstance(column, DateColumn):
        return {"kind": "date", "format": column.format, "missing": "takes the median"}
    return {"kind": column.kind, "missing": "empty"}


def answer_of(
    task: str,
    class_names: tuple[str, ...] | None,
    link: str,
    targets: Sequence[Target],
    quantiles: Sequence[float] = (),
    calibrated: str | None = None,
) -> dict[str, Any]:
    """What the model answers, how the outputs become it, and the limits it stays within where it has any.

    >>> answer_of("regression", None, "log", [Target("rides", 0.0, 12.0)])
    {'name': 'rides', 'kind': 'number', 'value': 'exp(output) * 12.0 + 0.0'}
    """
    first, *others = targets
    if class_names is not None:
        how = "sigmoid of each output" if task == "multi-label" else "softmax of the outputs"
        kind = "labels" if task == "multi-label" else "class"
        how += f", calibrated ({calibrated})" if calibrated else ""
        return {"name": first.name, "kind": kind, "names": list(class_names), "probabilities": how}
    levels = {"quantiles": list(quantiles)} if quantiles else {}
    if not others:
        return {**_number(first, link), **levels}
    return {"kind": "numbers", "numbers": [_number(target, link) for target in targets], **levels}


def _number(target: Target, link: str) -> dict[str, Any]:
    value = "exp(output)" if link == "log" else "output"
    value = f"{value} * {target.scale!r} + {target.mean!r}"
    found = {"name": target.name, "kind": "number", "value": value}
    return found if target.limits is None else {**found, "limits": list(target.limits)}
