"""Formulas as C functions of doubles.

>>> from osolgil.engines._binding import tree
>>> from osolgil.formulas import catalog
>>> print(function(tree(catalog.activation("leaky_relu").formula)))
static double leaky_relu(double x) {
    const double negative_slope = 0.01;
    return ((x) > (0.0) ? (x) : ((negative_slope * x)));
}
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Sequence

from osolgil.exports.python.formulas import ROW_WORDS
from osolgil.formulas._vocabulary import WORDS as WORD_NAMES

_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_FUNCTIONS = {
    "absolute": "fabs",
    "arctan": "atan",
    "maximum": "larger",
    "minimum": "smaller",
    "sign": "sign_of",
}

_RESERVED = frozenset((
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",
    "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short",
    "signed", "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile",
    "while", "bool", "true", "false", "linux", "unix", "asm", "typeof", "i", "count", "results", "pow",
    "larger", "smaller", "sign_of", "fabs", "atan",
))  # fmt: skip

_HELPERS = {
    "sign_of": "static double sign_of(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x; }",
    "simplex_threshold": """static double simplex_threshold(const double *row, int count) {
    double sorted[LONGEST] = {0.0}, largest = row_maximum(row, count), total = 0.0, found = -INFINITY;
    for (int i = 0; i < count; i++) {
        double x = larger(row[i] - largest, -2.0);
        int place = i;
        for (; place > 0 && sorted[place - 1] < x; place--) sorted[place] = sorted[place - 1];
        sorted[place] = x;
    }
    for (int i = 0; i < count; i++) {
        total += sorted[i];
        found = larger(found, (total - 1.0) / (i + 1));
    }
    return found;
}""",
    "logsumexp": """static double logsumexp(const double *row, int count) {
    return row_maximum(row, count) + logsumexp_above(row, count);
}""",
    "logsumexp_above": """static double logsumexp_above(const double *row, int count) {
    double largest = row_maximum(row, count), total = 0.0;
    for (int i = 0; i < count; i++) total += exp(row[i] - largest);
    return log(total);
}""",
    "row_maximum": """static double row_maximum(const double *row, int count) {
    double found = -INFINITY;
    for (int i = 0; i < count; i++) found = larger(found, row[i]);
    return found;
}""",
    "smaller": "static double smaller(double x, double y) { return x <= y || x != x ? x : y; }",
    "larger": "static double larger(double x, double y) { return x >= y || x != x ? x : y; }",
}
"""The words C has no function for; each may call those below it."""


def helpers(text: str) -> str:
    """The helpers that a text calls, and those these call, each before what calls it."""
    found = ""
    for name, helper in _HELPERS.items():
        if f"{name}(" in text + found:
            found = f"{helper}\n\n{found}"
    return found.strip()


def function(tree: ast.FunctionDef, learned: str | None = None, row: bool = False) -> str:
    """A formula as a static function.

    Arguments with a default become constants, but for the one that is `learned`, which comes last. A formula that
    returns several numbers writes them to `results`; the first argument of one over a `row` is an array.
    """
    tree, learned = _renamed(tree, learned)
    given = tree.args.args
    split = len(given) - len(tree.args.defaults)
    required = [argument.arg for argument in given[:split]]
    defaults = dict(zip((a.arg for a in given[split:]), tree.args.defaults, strict=True))
    last = tree.body[-1]
    assert isinstance(last, ast.Return)
    several = isinstance(last.value, ast.Tuple)
    arguments = [f"double {name}" for name in required]
    if row:
        arguments = [f"const double *{required[0]}", "int count"]
    arguments += [f"double {learned}"] if learned else []
    arguments += ["double *results"] if several else []
    lines = [f"const double {name} = {_value(value)};" for name, value in defaults.items() if name != learned]
    lines += _assignments(tree.body[:-1], {*required, *defaults})
    if several:
        assert isinstance(last.value, ast.Tuple)
        for place, value in enumerate(last.value.elts):
            lines += (
                _row_result(place, value, required[0]) if row else [f"results[{place}] = {_value(value)};"]
            )
    else:
        assert last.value is not None
        lines.append(f"return {_value(last.value)};")
    head = f"static {'void' if several else 'double'} {tree.name}({', '.join(arguments)}) {{"
    return "\n".join([head, *(f"    {line}" for line in lines), "}"])


def _renamed(tree: ast.FunctionDef, learned: str | None) -> tuple[ast.FunctionDef, str | None]:
    """The formula with other names for those that C, or the file around it, has a meaning for."""
    tree = copy.deepcopy(tree)
    parts = [part for part in ast.walk(tree) if isinstance(part, ast.arg | ast.Name)]
    names = dict.fromkeys(part.arg if isinstance(part, ast.arg) else part.id for part in parts)
    free = {name for name in names if name not in WORD_NAMES}
    others = {
        name: f"variable_{place}"
        for place, name in enumerate(names)
        if name in free and (name in _RESERVED or not re.fullmatch("[a-z][a-z0-9_]*", name))
    }
    for part in parts:
        if isinstance(part, ast.arg):
            part.arg = others.get(part.arg, part.arg)
        else:
            part.id = others.get(part.id, part.id)
    return tree, others.get(learned, learned) if learned else None


def _assignments(statements: Sequence[ast.stmt], known: set[str]) -> list[str]:
    lines = []
    for statement in statements:
        assert isinstance(statement, ast.Assign)
        (target,) = statement.targets
        pairs = [(target, statement.value)]
        if isinstance(target, ast.Tuple):
            assert isinstance(statement.value, ast.Tuple)
            pairs = [*zip(target.elts, statement.value.elts, strict=True)]
        values = [_value(value) for _, value in pairs]
        if len(pairs) > 1:  # all values are taken before any name changes
            taken = [f"taken{len(lines) + place}" for place in range(len(pairs))]
            lines += [f"const double {name} = {value};" for name, value in zip(taken, values, strict=True)]
            values = taken
        for (name, _), value in zip(pairs, values, strict=True):
            assert isinstance(name, ast.Name)
            kind = "" if name.id in known else "double "
            known.add(name.id)
            lines.append(f"{kind}{name.id} = {value};")
    return lines


def _row_result(place: int, value: ast.expr, row: str) -> list[str]:
    """A word over a row, whose entries may have been changed one by one first."""
    assert isinstance(value, ast.Call)
    assert isinstance(value.func, ast.Name)
    assert value.func.id in ROW_WORDS
    entry = _value(value.args[0], {row: f"{row}[i]"})
    return [
        f"double entries{place}[LONGEST] = {{0.0}};",
        f"for (int i = 0; i < count; i++) entries{place}[i] = {entry};",
        f"results[{place}] = {value.func.id}(entries{place}, count);",
    ]


def _value(node: ast.expr, names: dict[str, str] | None = None) -> str:
    names = names or {}
    if isinstance(node, ast.Constant):
        return repr(float(node.value))  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.UnaryOp):
        return f"(-{_value(node.operand, names)})"
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, names), _value(node.right, names)
        if isinstance(node.op, ast.Pow):
            return f"pow({left}, {right})"
        return f"({left} {_OPERATORS[type(node.op)]} {right})"
    if isinstance(node, ast.Compare):
        right = _value(node.comparators[0], names)
        return f"({_value(node.left, names)}) {_COMPARISONS[type(node.ops[0])]} ({right})"
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    values = [_value(argument, names) for argument in node.args]
    if node.func.id == "where":
        return f"({values[0]} ? ({values[1]}) : ({values[2]}))"
    return f"{_FUNCTIONS.get(node.func.id, node.func.id)}({', '.join(values)})"
