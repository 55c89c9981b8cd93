"""The equations of a row, in blocks: what happens once per step, and what happens to each parameter."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from osolgil.engines._binding import BindingError
from osolgil.equations.lines import Line, lines
from osolgil.equations.terms import Name
from osolgil.formulas.catalog import Formula, Row

_FIRST = ("coefficients", "statistic", "terms")
_VALUES = {
    "Activation": {"formula": ["f(x)"], "slope": ["f′(x)"]},
    "Loss": {"formula": ["ℓ"], "slope": ["∂ℓ/∂z"]},
    "InitialScale": {"formula": ["s"]},
    "Surface": {
        "formula": ["f(x, y)"], "slope": ["∂f/∂x", "∂f/∂y"], "noise": ["σ(∂f/∂x)", "σ(∂f/∂y)"],
    },
}  # fmt: skip


@dataclass(frozen=True)
class Block:
    """Lines under a caption, the key of a message ("equation.per_step"), or the plain name of a formula.

    `heads` are what the formula's returned values are given to.
    """

    caption: str
    lines: tuple[Line, ...]
    formula: Formula
    heads: tuple[str, ...]


def blocks(row: Row) -> list[Block]:
    """Every formula of a row as lines, in the order they are computed."""
    found = [_block(row, name, formula) for name, formula in _formulas(row)]
    return [block for block in found if block.lines]


def _formulas(row: Row) -> list[tuple[str, Formula]]:
    """The row's formulas by the name of their field; what is computed once comes before what is computed often."""
    found: list[tuple[str, Formula]] = []
    for field in dataclasses.fields(row):
        value = getattr(row, field.name)
        if inspect.isfunction(value):
            found.append((field.name, value))
        elif isinstance(value, Mapping):
            found += [
                (f"{field.name}.{key}", each) for key, each in value.items() if inspect.isfunction(each)
            ]
    return sorted(found, key=lambda pair: pair[0] not in _FIRST)


def _block(row: Row, name: str, formula: Formula) -> Block:
    heads, ready = _heads(row, name, formula)
    try:
        found = lines(formula, heads, ready)
    except BindingError:
        found = []
    # A scalar handed on under its own name says nothing.
    told = tuple(line for line in found if line.ready or line.body != Name(line.head))
    return Block(f"equation.{_caption(row, name)}", told, formula, tuple(heads))


def _caption(row: Row, name: str) -> str:
    if hasattr(row, "coefficients"):
        scope = getattr(row, "scope", "element")
        own = {"coefficients": "per_step", "formula": f"per_{scope}", "vectors": "per_vector"}
        hook = getattr(row, "hook", "update")
        if name == "formula" and hook != "update":
            return f"at_{hook}"
        return own.get(name, name.replace("hooks.", "at_"))
    if getattr(row, "kind", "") == "row-wise" and name == "slope":
        return "pulled_back"
    return {"formula": "value", "slope": "derivative"}.get(name, name)


def _heads(row: Row, name: str, formula: Formula) -> tuple[list[str], bool]:
    """What the values a formula returns are given to, and whether these are ready signs."""
    if hasattr(row, "coefficients"):
        if name == "coefficients":
            return [*row.carried, *row.coefficient_names], False  # type: ignore[attr-defined]
        return _moved(row, name, formula), False
    if name == "statistic" and hasattr(row, "statistic_names"):
        return list(row.statistic_names), False  # type: ignore[attr-defined]
    if getattr(row, "kind", "") == "row-wise":
        if name in ("statistic", "terms"):
            taker, first = (row.formula, 1) if name == "statistic" else (row.slope, 2)  # type: ignore[attr-defined]
            return list(inspect.signature(taker).parameters)[first:], False
        return {"formula": ["f(x)"], "slope": ["∂ℓ/∂x"]}.get(name, [name]), True
    if getattr(row, "kind", "") == "pieces":
        return {"formula": ["f(x, …)"], "slope": ["∂f/∂x", "∂f/∂piece"]}.get(name, [name]), True
    if getattr(row, "state", None):  # a schedule that looks at the validation loss
        return list(row.state), False  # type: ignore[attr-defined]
    kinds = [_VALUES[each.__name__] for each in type(row).__mro__ if each.__name__ in _VALUES]
    signs = kinds[0] if kinds else {"formula": ["f"]}
    return signs.get(name, [name.replace("_", " ")]), True


def _moved(row: Any, name: str, formula: Formula) -> list[str]:
    """An update gives back θ, or the gradient where it stands before the optimizer, and the state it takes."""
    hook = name.removeprefix("hooks.") if name.startswith("hooks.") else getattr(row, "hook", "update")
    taken = inspect.signature(formula).parameters
    first = "gradient" if hook == "gradient" else "theta"
    if hook == "resume":
        return ["theta", "gradient", *(state for state in row.state if state in taken)]
    return [first, *(state for state in row.state if state in taken)]
