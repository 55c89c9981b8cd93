"""A model's preprocessing as nodes of a graph, from raw columns to float32 features.

Numbers are treated in float64 as in training, NaN being a missing cell; categories are strings, looked up;
a date is given in seconds since 1970 in UTC.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from osolgil.data.columns.category import CategoryColumn
from osolgil.data.columns.date import DateColumn
from osolgil.data.columns.number import NumberColumn
from osolgil.data.preprocessing import Preprocessing
from osolgil.exports import columns as raw
from osolgil.exports import steps
from osolgil.exports.onnx.graph import Graph, Symbol
from osolgil.exports.onnx.words import symbolic


def features(graph: Graph, preprocessing: Preprocessing) -> Symbol:
    """The features (rows, features): from one matrix of numbers, or from an input per column."""
    raw.check(preprocessing, "ONNX")
    if preprocessing.divisor is not None:
        pixels = graph.input("inputs", "float", [None, len(preprocessing.source_columns)])
        return symbolic(steps.clipped)(pixels / preprocessing.divisor)
    if raw.is_matrix(preprocessing):
        return _of_matrix(graph, preprocessing)
    parts = [_of_column(graph, column) for column in preprocessing.columns]
    return graph.node("Concat", *parts, axis=1)


def _of_matrix(graph: Graph, preprocessing: Preprocessing) -> Symbol:
    given = graph.input("inputs", "double", [None, len(preprocessing.source_columns)])
    found = raw.matrix_numbers(preprocessing)
    chosen = given
    if not np.array_equal(found["places"], np.arange(len(preprocessing.source_columns))):
        chosen = graph.node("Gather", given, graph.constant(found["places"], "int64"), axis=1)
    columns = [column for column in preprocessing.columns if isinstance(column, NumberColumn)]
    return _numbers(graph, chosen, columns)


def _numbers(graph: Graph, values: Symbol, columns: list[NumberColumn]) -> Symbol:
    """Features of number columns (rows, columns): values, each followed by its mark of missing cells."""
    known = raw.numbers_of(columns)
    marks = any(column.marks_missing for column in columns)
    missing = graph.node("IsNaN", values, kind="bool")
    filled = graph.node("Where", missing, graph.constant(known["fill"], "double"), values, kind="double")
    scaled = symbolic(steps.standardised)(
        filled, graph.constant(known["center"], "double"), graph.constant(known["scale"], "double")
    )
    if known["squash"].all():
        scaled = symbolic(steps.squashed)(scaled)
    elif known["squash"].any():
        bent, chosen = symbolic(steps.squashed)(scaled), graph.constant(known["squash"] * 1.0, "double")
        scaled = graph.node("Where", chosen > 0.5, bent, scaled, kind="double")
    result = symbolic(steps.clipped)(scaled).cast("float")
    if not marks:
        return result
    both = graph.node("Concat", result, missing.cast("float"), axis=1)
    order = []
    for place, column in enumerate(columns):
        order += [place] if column.scale else []
        order += [len(columns) + place] if column.marks_missing else []
    return graph.node("Gather", both, graph.constant(order, "int64"), axis=1)


def _of_column(graph: Graph, column: Any) -> Symbol:
    if isinstance(column, NumberColumn):
        return _numbers(graph, graph.input(column.name, "double", [None, 1]), [column])
    if isinstance(column, CategoryColumn):
        return _category(graph, graph.input(column.name, "string", [None, 1]), column)
    return _date(graph, graph.input(column.name, "double", [None, 1]), column)


def _category(graph: Graph, cells: Symbol, column: CategoryColumn) -> Symbol:
    """Look the text up, then take its row of a table whose last row, of unknown texts, is all zeros."""
    width, known = len(column.feature_names), raw.spellings(column)
    place = graph.node(
        "LabelEncoder", cells, kind="int64", domain="ai.onnx.ml", keys_strings=list(known),
        values_int64s=list(known.values()), default_int64=width,
    )  # fmt: skip
    table = graph.constant(np.eye(width + 1, width), "float")
    flat = graph.node("Squeeze", place, graph.constant([1], "int64"))
    return graph.node("Gather", table, flat, axis=0)


def _date(graph: Graph, seconds: Symbol, column: DateColumn) -> Symbol:
    found = dict(zip(raw.PARTS, symbolic(steps.date_parts)(seconds), strict=True)) | {"seconds": seconds}
    parts = [found[part.name.removeprefix(f"{column.name} ")] for part in column.parts]
    return _numbers(graph, graph.node("Concat", *parts, axis=1), list(column.parts))
