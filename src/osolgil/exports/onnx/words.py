"""The vocabulary's words as nodes of an ONNX graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from osolgil.engines._binding import bind
from osolgil.exports.onnx.graph import Symbol
from osolgil.formulas import _vocabulary as plain
from osolgil.formulas.catalog import Formula

_SAME = {
    "absolute": "Abs", "arctan": "Atan", "cos": "Cos", "erf": "Erf", "exp": "Exp", "floor": "Floor", "log": "Log",
    "sign": "Sign", "sin": "Sin", "sqrt": "Sqrt", "tanh": "Tanh", "maximum": "Max", "minimum": "Min",
}  # fmt: skip
_FAR = 2**63 - 1


def symbolic(formula: Formula) -> Formula:
    """A formula as a function of symbols; a word of numbers alone is computed at once."""
    return bind(formula, WORDS, engine="ONNX")


def _word(name: str, meaning: Callable[..., Symbol]) -> Callable[..., Any]:
    def word(*values: Any) -> Any:
        first = next((value for value in values if isinstance(value, Symbol) and value.kind != "bool"), None)
        if first is None:
            first = next((value for value in values if isinstance(value, Symbol)), None)
            if first is None:
                return getattr(plain, name)(*values)
            return meaning(first, *(first.graph.constant(value, first.compared) for value in values[1:]))
        return meaning(*(first.like(value) for value in values))

    return word


def _node(operator: str) -> Callable[..., Symbol]:
    return lambda *values: values[0].graph.node(operator, *values)


def _where(condition: Symbol, chosen: Symbol, other: Symbol) -> Symbol:
    return condition.graph.node("Where", condition, chosen, other, kind=chosen.kind)


def _erfc(x: Symbol) -> Symbol:
    return 1.0 - x.graph.node("Erf", x)


def _expm1(x: Symbol) -> Symbol:
    """2t/(1 - t) with t = tanh(x/2), which keeps its digits near 0; exp(x) - 1 from 1 on."""
    graph = x.graph
    t = graph.node("Tanh", graph.node("Min", x, x.like(1.0)) * 0.5)
    return _where(x > 1.0, graph.node("Exp", x) - 1.0, 2.0 * t / (1.0 - t))


def _log1p(x: Symbol) -> Symbol:
    """log(u) x/(u - 1) with u = 1 + x rounded, whose rounding cancels (W. Kahan); log(u) far out."""
    u = 1.0 + x
    log, above = x.graph.node("Log", u), u - 1.0
    near = _where(above == 0.0, x, log * x / _where(above == 0.0, x.like(1.0), above))
    return _where(x.graph.node("Abs", x) < 1e6, near, log)


def _row_maximum(row: Symbol) -> Symbol:
    return row.graph.node("ReduceMax", row, axes=[-1], keepdims=1)


def _logsumexp(row: Symbol) -> Symbol:
    return _row_maximum(row) + _logsumexp_above(row)


def _logsumexp_above(row: Symbol) -> Symbol:
    return row.graph.node("ReduceLogSumExp", row - _row_maximum(row), axes=[-1], keepdims=1)


def _simplex_threshold(row: Symbol) -> Symbol:
    """The largest (Σ of the k largest - 1)/k, the row being sorted downwards."""
    graph = row.graph
    below = graph.node("Max", row - _row_maximum(row), row.like(-2.0))
    shape = graph.node("Shape", below, kind="int64")
    width = graph.node("Slice", shape, *(graph.constant([p], "int64") for p in (-1, _FAR)))
    ordered = graph.nodes_of("TopK", 2, below, width, axis=-1)[0]
    axis = graph.constant(-1, "int64")
    ones = graph.node("Expand", row.like(1.0), shape)
    counts = graph.node("CumSum", ones, axis)
    return _row_maximum((graph.node("CumSum", ordered, axis) - 1.0) / counts)


_MEANINGS: dict[str, Callable[..., Symbol]] = {
    **{word: _node(operator) for word, operator in _SAME.items()},
    "erfc": _erfc,
    "expm1": _expm1,
    "log1p": _log1p,
    "logsumexp": _logsumexp,
    "logsumexp_above": _logsumexp_above,
    "row_maximum": _row_maximum,
    "simplex_threshold": _simplex_threshold,
    "where": _where,
}
WORDS = {name: _word(name, meaning) for name, meaning in _MEANINGS.items()}
"""Words over a row keep it as a last axis of one entry, as the formulas then take it."""
