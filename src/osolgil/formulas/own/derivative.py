"""The derivative of a formula, by the chain rule carried along with every step (forward mode).

R. Wengert, A simple automatic derivative evaluation program, Comm. ACM 7, 1964. Each intermediate value gets a
companion, its derivative with respect to the first argument; `where` chooses between companions as it chooses
between values, so a branch not taken cannot spoil the result. It is exact up to rounding, but not always stable:
1/(1 + exp(-x)) gives 0 · inf far on the left. So the result is only ever used after `trial` has compared it with
differences, and with exponents held below `CEILING` where the first attempt fails.

>>> import ast
>>> from osolgil.formulas.own.language import definition
>>> bell = definition(ast.parse("def bell(x):\\n    return exp(-x * x)").body[0], "bell")
>>> print(derivative(bell).text(with_doc=False))
def bell_derivative(x):
    v1 = -x
    v2 = -1.0
    v3 = v1 * x
    v4 = x * v2
    v5 = v4 + v1
    v6 = exp(v3)
    v7 = v6 * v5
    return v7
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable

from osolgil.formulas.own.language import Definition, names_in

CEILING = 80.0
_SLOPE_OF_ERF = 1.1283791670955126  # 2/√π

Pair = tuple[ast.expr, ast.expr | None]  # a value and its derivative, None where that is 0


class NoRule(Exception):
    """A power whose exponent depends on x, or a word without a rule."""


def derivative(formula: Definition, *, ceiling: float | None = None) -> Definition:
    """The derivative with respect to the first argument, as a formula of the same arguments.

    ceiling: exponents are held below it, so that no intermediate result overflows. Raises `NoRule`.
    """
    tape = _Tape(formula, ceiling)
    environment: dict[str, Pair] = {name: (ast.Name(name, ast.Load()), None) for name in formula.arguments}
    first = formula.arguments[0]
    environment[first] = (environment[first][0], ast.Constant(1.0))
    for name, value in formula.body:
        environment[name] = tape.pair(value, environment)
    slope = tape.pair(formula.returned[0], environment)[1] or ast.Constant(0.0)
    return Definition(
        f"{formula.name}_derivative", formula.required, formula.defaults, tuple(tape.needed_for(slope)), (slope,),
        f"Derivative of {formula.name}, by the chain rule.",
    )  # fmt: skip


class _Tape:
    """Single assignments: every operation gets a name, so that nothing is computed twice."""

    def __init__(self, formula: Definition, ceiling: float | None) -> None:
        self.ceiling = ceiling
        self.lines: list[tuple[str, ast.expr]] = []
        self._names = (n for n in map("v{}".format, itertools.count(1)) if n not in formula.arguments)

    def store(self, value: ast.expr) -> ast.expr:
        if isinstance(value, ast.Name | ast.Constant):
            return value
        name = next(self._names)
        self.lines.append((name, value))
        return ast.Name(name, ast.Load())

    def pair(self, node: ast.expr, environment: dict[str, Pair]) -> Pair:
        """The value of an expression and its derivative, both names or numbers."""
        if isinstance(node, ast.Constant):
            return node, None
        if isinstance(node, ast.Name):
            return environment[node.id]
        if isinstance(node, ast.UnaryOp):
            value, slope = self.pair(node.operand, environment)
            return self.store(_minus(value)), None if slope is None else self.store(_minus(slope))
        if isinstance(node, ast.BinOp):
            left, right = self.pair(node.left, environment), self.pair(node.right, environment)
            return self._operation(node.op, left, right)
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        if node.func.id == "where":
            condition = node.args[0]
            assert isinstance(condition, ast.Compare)
            sides = [self.pair(side, environment)[0] for side in (condition.left, condition.comparators[0])]
            compared = ast.Compare(sides[0], condition.ops, [sides[1]])
            chosen, otherwise = (self.pair(value, environment) for value in node.args[1:])
            value = self.store(_call("where", compared, chosen[0], otherwise[0]))
            return value, self._choice(compared, chosen[1], otherwise[1])
        arguments = [self.pair(value, environment) for value in node.args]
        return self._word(node.func.id, arguments)

    def _operation(self, operator: ast.operator, left: Pair, right: Pair) -> Pair:
        (u, du), (v, dv) = left, right
        value = self.store(ast.BinOp(u, operator, v))
        if isinstance(operator, ast.Add):
            return value, self.add(du, dv)
        if isinstance(operator, ast.Sub):
            return value, self.add(du, None if dv is None else self.store(_minus(dv)))
        if isinstance(operator, ast.Mult):
            return value, self.add(self.multiply(du, v), self.multiply(dv, u))
        if isinstance(operator, ast.Div):  # (du - (u/v) dv)/v, without squaring v
            taken = self.multiply(dv, value)
            total = self.add(du, None if taken is None else self.store(_minus(taken)))
            return value, None if total is None else self.store(ast.BinOp(total, ast.Div(), v))
        if dv is not None:
            raise NoRule("a power whose exponent depends on x")
        if du is None:
            return value, None
        lower = self.store(ast.BinOp(v, ast.Sub(), ast.Constant(1.0)))
        if isinstance(v, ast.Constant):
            lower = ast.Constant(v.value - 1.0)  # type: ignore[operator]
        power = u if _is(lower, 1.0) else self.store(ast.BinOp(u, ast.Pow(), lower))
        return value, self.multiply(self.multiply(du, power), v)

    def _word(self, word: str, arguments: list[Pair]) -> Pair:
        if word in ("exp", "expm1") and self.ceiling is not None:
            u, du = arguments[0]
            arguments = [(self.store(_call("minimum", u, ast.Constant(self.ceiling))), du)]
        u, du = arguments[0]
        value = self.store(_call(word, *(argument for argument, _ in arguments)))
        if word in ("maximum", "minimum"):
            return value, self._extreme(word, arguments)
        if du is None:
            return value, None
        if word not in _RULES:
            raise NoRule(f"the word {word}")
        slope = _RULES[word](self, u, value)
        return value, None if slope is None else self.multiply(du, slope)

    def _extreme(self, word: str, arguments: list[Pair]) -> ast.expr | None:
        """Where both are equal, the slope of the one that does not change with x: relu'(0) = 0."""
        (u, du), (v, dv) = arguments
        if du is None:
            (u, du), (v, dv) = (v, dv), (u, du)
        compared = ast.Compare(u, [ast.Gt() if word == "maximum" else ast.Lt()], [v])
        return self._choice(compared, du, dv)

    def _choice(
        self, compared: ast.Compare, chosen: ast.expr | None, otherwise: ast.expr | None
    ) -> ast.expr | None:
        if chosen is None and otherwise is None:
            return None
        return self.store(
            _call("where", compared, chosen or ast.Constant(0.0), otherwise or ast.Constant(0.0))
        )

    def add(self, one: ast.expr | None, other: ast.expr | None) -> ast.expr | None:
        if one is None or other is None:
            return one or other
        return self.store(ast.BinOp(one, ast.Add(), other))

    def multiply(self, slope: ast.expr | None, factor: ast.expr) -> ast.expr | None:
        if slope is None or _is(factor, 1.0):
            return slope
        if _is(slope, 1.0):
            return factor
        return self.store(ast.BinOp(factor, ast.Mult(), slope))

    def needed_for(self, result: ast.expr) -> list[tuple[str, ast.expr]]:
        """The assignments the result depends on."""
        needed = set(names_in(result))
        kept = []
        for name, value in reversed(self.lines):
            if name in needed:
                kept.append((name, value))
                needed |= set(names_in(value))
        return kept[::-1]


def _tanh(tape: _Tape, u: ast.expr, value: ast.expr) -> ast.expr:
    """4e/(1 + e)² with e = exp(-2|u|): 1 - tanh² has no correct digit left at u = 20."""
    twice = ast.BinOp(ast.Constant(-2.0), ast.Mult(), _call("absolute", u))
    e = tape.store(_call("exp", twice))
    one = tape.store(ast.BinOp(ast.Constant(1.0), ast.Add(), e))
    square = ast.BinOp(one, ast.Mult(), one)
    return tape.store(ast.BinOp(ast.BinOp(ast.Constant(4.0), ast.Mult(), e), ast.Div(), square))


def _bell(factor: float) -> Callable[[_Tape, ast.expr, ast.expr], ast.expr]:
    def rule(tape: _Tape, u: ast.expr, value: ast.expr) -> ast.expr:
        bell = _call("exp", ast.BinOp(_minus(u), ast.Mult(), u))
        return tape.store(ast.BinOp(ast.Constant(factor), ast.Mult(), bell))

    return rule


def _divided(numerator: float, divisor: Callable[[ast.expr, ast.expr], ast.expr]) -> Callable[..., ast.expr]:
    return lambda tape, u, value: tape.store(ast.BinOp(ast.Constant(numerator), ast.Div(), divisor(u, value)))


_RULES: dict[str, Callable[[_Tape, ast.expr, ast.expr], ast.expr | None]] = {
    "absolute": lambda tape, u, value: tape.store(_call("sign", u)),
    "arctan": _divided(
        1.0, lambda u, value: ast.BinOp(ast.Constant(1.0), ast.Add(), ast.BinOp(u, ast.Mult(), u))
    ),
    "cos": lambda tape, u, value: tape.store(_minus(_call("sin", u))),
    "erf": _bell(_SLOPE_OF_ERF),
    "erfc": _bell(-_SLOPE_OF_ERF),
    "exp": lambda tape, u, value: value,
    "expm1": lambda tape, u, value: tape.store(_call("exp", u)),
    "floor": lambda tape, u, value: None,
    "log": _divided(1.0, lambda u, value: u),
    "log1p": _divided(1.0, lambda u, value: ast.BinOp(ast.Constant(1.0), ast.Add(), u)),
    "sign": lambda tape, u, value: None,
    "sin": lambda tape, u, value: tape.store(_call("cos", u)),
    "sqrt": _divided(0.5, lambda u, value: value),
    "tanh": _tanh,
}


def _call(word: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(word, ast.Load()), list(arguments), [])


def _minus(value: ast.expr) -> ast.expr:
    return ast.UnaryOp(
        ast.USub(), value
    )  # a negative number as the base of a power would lose its parentheses


def _is(node: ast.expr, number: float) -> bool:
    return isinstance(node, ast.Constant) and node.value == number
