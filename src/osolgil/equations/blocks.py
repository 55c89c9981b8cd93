"""The equations of a row, in blocks: what happens once per step, and what happens to each parameter."""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import dataclass
from typing import Any

from osolgil.engines._binding import BindingError
from osolgil.equations.lines import Line, lines
from osolgil.formulas import catalog
from osolgil.formulas.catalog import Formula, Row


@dataclass(frozen=True)
class Block:
    """Lines under a caption, the key of a message ("equation.per_step"), or the plain name of a formula."""

    caption: str
    lines: tuple[Line, ...]
    formula: Formula
    heads: tuple[str, ...]


def blocks(row: Row) -> list[Block]:
    """Every formula of a row as lines, in the order they are computed."""
    found = [_block(row, name, formula) for name, formula in _formulas(row)]
    return [block for block in found if block.lines]


def _formulas(row: Row) -> list[tuple[str, Formula]]:
    """The row's formulas by the name of their field; an optimizer's coefficients come before its update."""
    fields = [(each.name, getattr(row, each.name)) for each in dataclasses.fields(row)]
    called = [(name, value) for name, value in fields if inspect.isfunction(value)]
    first = [pair for pair in called if pair[0] in ("coefficients", "statistic", "statistics")]
    return first + [pair for pair in called if pair not in first]


def _block(row: Row, name: str, formula: Formula) -> Block:
    heads, ready = _heads(row, name, formula)
    try:
        found = lines(formula, heads, ready)
    except BindingError:
        found = []
    return Block(f"equation.{_caption(row, name)}", tuple(_telling(found)), formula, tuple(heads))


def _telling(found: list[Line]) -> list[Line]:
    """Without the lines that say nothing: a scalar handed on under its own name."""
    return [line for line in found if not (line.head and line.body == _same(line.head))]


def _same(head: str) -> Any:
    from osolgil.equations.terms import Name

    return Name(head)


def _caption(row: Row, name: str) -> str:
    if isinstance(row, catalog.Optimizer):
        return {"coefficients": "per_step", "formula": "per_element"}.get(name, name)
    return {"formula": "value", "slope": "derivative"}.get(name, name)


def _heads(row: Row, name: str, formula: Formula) -> tuple[list[str], bool]:
    """What the values a formula returns are given to, and whether these are ready signs."""
    if isinstance(row, catalog.Optimizer):
        if name == "coefficients":
            return [*row.carried, *row.coefficient_names], False
        return ["theta", *row.state], False
    if isinstance(row, catalog.Activation):
        return [{"formula": "f(x)", "slope": "f′(x)"}.get(name, name)], True
    if isinstance(row, catalog.Loss):
        return [{"formula": "ℓ", "slope": "∂ℓ/∂z"}.get(name, name)], True
    if isinstance(row, catalog.Surface):
        signs = {"formula": ["f(x, y)"], "slope": ["∂f/∂x", "∂f/∂y"], "noise": ["σ(∂f/∂x)", "σ(∂f/∂y)"]}
        return signs.get(name, [name]), True
    if isinstance(row, catalog.InitialScale):
        return [{"formula": "s"}.get(name, name)], True
    return [{"formula": "f"}.get(name, name)], True
