"""The lines of a formula: what is set to what, in which order, and what is repeated or decided."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from osolgil.engines._binding import source
from osolgil.equations.latex import Latex
from osolgil.equations.mathml import MathML
from osolgil.equations.notation import Notation
from osolgil.equations.symbols import SUBSCRIPTS, symbols
from osolgil.equations.terms import Code, Name, Term, term
from osolgil.equations.text import Text

Style = Literal["text", "latex", "mathml"]
NOTATIONS: dict[str, type[Notation]] = {"text": Text, "latex": Latex, "mathml": MathML}


@dataclass(frozen=True)
class Line:
    """One line: `head` is set to `body`. `arrow` tells a value that changes (←) from one that is defined (=).

    A head is a name of the code, or a ready sign such as f(x) with `ready` True. `depth` counts the loops and
    decisions around the line.
    """

    head: str
    body: Term
    arrow: bool = False
    ready: bool = False
    depth: int = 0
    symbols: Mapping[str, tuple[str, str]] = field(default_factory=dict, compare=False)


def written(line: Line, style: Style) -> str:
    """A line in a notation: plain letters, LaTeX or MathML (without its <math> element)."""
    notation = NOTATIONS[style](line.symbols)
    body = notation.text(line.body)
    if not line.head:
        return body
    head = _ready(line.head, style) if line.ready else notation.name(line.head)
    return notation.row(head, notation.sign("←" if line.arrow else "="), body)


def lines(formula: Callable[..., Any], heads: Sequence[str], ready: bool = False) -> list[Line]:
    """The lines of a formula; what it returns is given to `heads`, one per value.

    A value that is returned as it came, θ ← θ, leaves no line.
    """
    function = ast.parse(source(formula)).body[0]
    assert isinstance(function, ast.FunctionDef)
    own = [argument.arg for argument in function.args.args]
    found = list(_statements(function.body, set(own), heads, ready, 0))

    used = [node.id for node in ast.walk(function) if isinstance(node, ast.Name)]
    letters = symbols([*own, *used, *([] if ready else heads)])
    return [
        Line(each.head, each.body, each.arrow, each.ready, each.depth, letters)
        for each in (_merged(found) if len(heads) == 1 else found)
    ]


def _statements(
    body: Sequence[ast.stmt], known: set[str], heads: Sequence[str], ready: bool, depth: int
) -> Iterator[Line]:
    for statement in body:
        match statement:
            case ast.Assign(targets=[target], value=value):
                yield from _assigned(target, value, known, depth)
            case ast.AugAssign(target=ast.Name() as name):
                yield Line(name.id, term(ast.BinOp(name, statement.op, statement.value)), True, depth=depth)
            case ast.Return(value=value) if value is not None:
                yield from _returned(value, known, heads, ready, depth)
            case ast.For(target=target, iter=over):
                yield Line("", Code(f"for {ast.unparse(target)} in {ast.unparse(over)}:"), depth=depth)
                yield from _statements(statement.body, known, heads, ready, depth + 1)
            case ast.If(test=test):
                yield Line("", Code(f"if {ast.unparse(test)}:"), depth=depth)
                yield from _statements(statement.body, known, heads, ready, depth + 1)
                if statement.orelse:
                    yield Line("", Code("else:"), depth=depth)
                    yield from _statements(statement.orelse, known, heads, ready, depth + 1)
            case ast.Pass():
                pass
            case _:
                yield Line("", Code(ast.unparse(statement)), depth=depth)


def _assigned(target: ast.expr, value: ast.expr, known: set[str], depth: int) -> Iterator[Line]:
    pairs = [(target, value)]
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        pairs = list(zip(target.elts, value.elts, strict=True))
    for each, worth in pairs:
        if isinstance(each, ast.Name):
            yield Line(each.id, term(worth), each.id in known, depth=depth)
            known.add(each.id)
        else:
            yield Line("", Code(f"{ast.unparse(each)} = {ast.unparse(worth)}"), depth=depth)


def _returned(
    value: ast.expr, known: set[str], heads: Sequence[str], ready: bool, depth: int
) -> Iterator[Line]:
    values = list(value.elts) if isinstance(value, ast.Tuple) else [value]
    if ready and len(heads) == 1 and len(values) > 1:
        heads = [f"{heads[0]}{number}".translate(SUBSCRIPTS) for number in range(1, len(values) + 1)]
    if len(values) != len(heads):
        yield Line("", Code(f"return {ast.unparse(value)}"), depth=depth)
        return
    told = [
        (head, each)
        for head, each in zip(heads, values, strict=True)
        if not (isinstance(each, ast.Name) and each.id == head)
    ]
    for head, each in told if ready else _in_reading_order(told):
        yield Line(head, term(each), not ready and head in known, ready, depth)


def _in_reading_order(told: list[tuple[str, ast.expr]]) -> list[tuple[str, ast.expr]]:
    """Values are returned all at once, lines are read one after another: what reads a name comes before its change.

    Two that read each other have no such order; they stay as they are.
    """
    waiting, ordered = list(told), []
    while waiting:
        free = [
            pair
            for pair in waiting
            if not any(_reads(other, pair[0]) for other in waiting if other is not pair)
        ]
        following = free[0] if free else waiting[0]
        waiting.remove(following)
        ordered.append(following)
    return ordered


def _reads(pair: tuple[str, ast.expr], name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(pair[1]))


def _merged(found: list[Line]) -> list[Line]:
    """A value computed by the last line and only returned by the next takes the returned name: f(x) = …"""
    if len(found) < 2:
        return found
    before, last = found[-2:]
    if isinstance(last.body, Name) and last.body.name == before.head and before.depth == last.depth:
        return [*found[:-2], Line(last.head, found[-2].body, last.arrow, last.ready, last.depth)]
    return found


def _ready(head: str, style: Style) -> str:
    """A ready head such as f′(x): typed once in plain letters, turned into the notation's own."""
    if style == "text":
        return head
    if style == "latex":
        return head.replace("′", "'").replace("∂", r"\partial ").replace("ℓ", r"\ell").replace("σ", r"\sigma")
    return f"<mi>{head}</mi>"
