"""A model's preprocessing as nodes of a graph, from raw columns to float32 features.

Numbers are treated in float64 as in training, NaN being a missing cell; categories are strings, looked up;
a date is given in seconds since 1970 in UTC.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from osolgil.data.columns.category import CategoryColumn
from osolgil.data.columns.date import DateColumn
from osolgil.data.preprocessing import Preprocessing
from osolgil.exports import columns as raw
from osolgil.exports import steps
from osolgil.exports.onnx.graph import Graph, Symbol
from osolgil.exports.onnx.words import symbolic
from osolgil.formulas.catalog import Formula


def features(graph: Graph, preprocessing: Preprocessing) -> Symbol:
    """The features (rows, features): from one matrix of numbers, or from an input per column."""
    raw.check(preprocessing, "ONNX")
    if preprocessing.divisor is not None:
        pixels = graph.input("inputs", "float", [None, len(preprocessing.source_columns)])
        return pixels if preprocessing.bare else symbolic(steps.clipped)(pixels / preprocessing.divisor)
    numbers, texts = [], []
    if raw.is_matrix(preprocessing):
        numbers.append(_matrix(graph, preprocessing))
    else:
        for column in preprocessing.columns:
            if isinstance(column, CategoryColumn):
                texts.append(_category(graph, graph.input(column.name, "string", [None, 1]), column))
            else:
                given = graph.input(column.name, "double", [None, 1])
                numbers += _dates(given, column) if isinstance(column, DateColumn) else [given]
    table = raw.Numbers.of(preprocessing)
    blocks = [*(_numbers(graph, _side_by_side(graph, numbers), table) if numbers else ()), *texts]
    order = _order(preprocessing, table)
    whole = _side_by_side(graph, blocks)
    return whole if order == list(range(len(order))) else _chosen(graph, whole, order)


def _matrix(graph: Graph, preprocessing: Preprocessing) -> Symbol:
    given = graph.input("inputs", "double", [None, len(preprocessing.source_columns)])
    places = raw.source_places(preprocessing)
    whole = np.array_equal(places, np.arange(len(preprocessing.source_columns)))
    return given if whole else _chosen(graph, given, places)


def _side_by_side(graph: Graph, parts: list[Symbol]) -> Symbol:
    return parts[0] if len(parts) == 1 else graph.node("Concat", *parts, axis=1)


def _chosen(graph: Graph, values: Symbol, places: Any) -> Symbol:
    return graph.node("Gather", values, graph.constant(places, "int64"), axis=1)


def _numbers(graph: Graph, given: Symbol, table: raw.Numbers) -> list[Symbol]:
    """Scaled values, pieces, waves and marks of all numbers (rows, numbers), as far as there are any, in float32."""
    missing = graph.node("IsNaN", given, kind="bool")
    filled = graph.node("Where", missing, graph.constant(table.fill, "double"), given, kind="double")
    scaled = symbolic(steps.standardised)(
        filled, graph.constant(table.center, "double"), graph.constant(table.scale, "double")
    )
    if table.squash.all():
        scaled = symbolic(steps.squashed)(scaled)
    elif table.squash.any():
        bent, chosen = symbolic(steps.squashed)(scaled), graph.constant(table.squash * 1.0, "double")
        scaled = graph.node("Where", chosen > 0.5, bent, scaled, kind="double")
    scaled = symbolic(steps.clipped)(scaled)
    found = [scaled]
    if len(table.pieces):
        found.append(_each(graph, steps.piece, filled, table.piece_ends, table.pieces))
    if len(table.waves):
        found.append(_each(graph, steps.wave, scaled, table.wave_ends, table.waves))
    return [part.cast("float") for part in (*found, *([missing] if table.marked.any() else []))]


def _each(graph: Graph, formula: Formula, values: Symbol, ends: np.ndarray, constants: np.ndarray) -> Symbol:
    """A formula of the number that each row of its constants belongs to (rows, constants)."""
    owners = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    further = [graph.constant(column, "double") for column in constants.T]
    return symbolic(formula)(_chosen(graph, values, owners), *further)


def _order(preprocessing: Preprocessing, table: raw.Numbers) -> list[int]:
    """Where the features of all columns, in order, stand among all numbers' and, behind them, the texts'."""
    marks = len(table) if table.marked.any() else 0
    order, number, text = [], 0, len(table) + len(table.pieces) + len(table.waves) + marks
    for column in preprocessing.columns:
        if isinstance(column, CategoryColumn):
            width = len(column.feature_names)
            order += range(text, text + width)
            text += width
        for _ in raw.numbers_in(column):
            order += table.places(number)
            number += 1
    return order


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


def _dates(seconds: Symbol, column: DateColumn) -> list[Symbol]:
    found = dict(zip(raw.PARTS, symbolic(steps.date_parts)(seconds), strict=True)) | {"seconds": seconds}
    return [found[part.name.removeprefix(f"{column.name} ")] for part in column.parts]
