"""A formula's expression as a small tree of terms, simplified where the source serves the machine.

Numerical turns are undone, because they are no mathematics: `where(x == x, a, x)`, which only hands on what is
not a number, is a; a product of equal factors is a power; expm1 and log1p are what they stand for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Number:
    """A number as it is read: 1, 0.5, 10⁻⁸."""

    value: float


@dataclass(frozen=True)
class Name:
    """A symbol of the formula."""

    name: str


@dataclass(frozen=True)
class Sum:
    """Terms added; those whose sign is False are taken away."""

    terms: tuple[tuple[bool, Term], ...]


@dataclass(frozen=True)
class Product:
    """Factors multiplied."""

    factors: tuple[Term, ...]


@dataclass(frozen=True)
class Quotient:
    """One term over another."""

    above: Term
    below: Term


@dataclass(frozen=True)
class Power:
    """A base raised."""

    base: Term
    exponent: Term


@dataclass(frozen=True)
class Call:
    """A word of the vocabulary, or anything else that is called, with its arguments."""

    name: str
    arguments: tuple[Term, ...]


@dataclass(frozen=True)
class Comparison:
    """Terms with the signs between them: a < b ≤ c, or conditions joined by "and" or "or"."""

    terms: tuple[Term, ...]
    signs: tuple[str, ...]


@dataclass(frozen=True)
class Cases:
    """What holds where: terms with their conditions, the last without one."""

    pieces: tuple[tuple[Term, Term | None], ...]


@dataclass(frozen=True)
class Code:
    """Source that no rule here reads, as it stands."""

    text: str


Term = Number | Name | Sum | Product | Quotient | Power | Call | Comparison | Cases | Code
ZERO, ONE = Number(0.0), Number(1.0)
_SIGNS = {
    ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥", ast.Eq: "=", ast.NotEq: "≠", ast.And: "and", ast.Or: "or",
}  # fmt: skip


def term(node: ast.expr) -> Term:
    """The term an expression stands for.

    >>> term(ast.parse("g * g + 0.0 * x", mode="eval").body)
    Power(base=Name(name='g'), exponent=Number(value=2.0))
    """
    match node:
        case ast.Constant(value=bool() | str() | None):
            return Code(ast.unparse(node))
        case ast.Constant(value=int() | float() as value):
            return Number(float(value))
        case ast.Name():
            return Name(node.id)
        case ast.UnaryOp(op=ast.USub()):
            return negative(term(node.operand))
        case ast.BinOp():
            return _binary(node)
        case ast.Compare():
            signs = tuple(_SIGNS.get(type(sign), "?") for sign in node.ops)
            return Comparison(tuple(map(term, (node.left, *node.comparators))), signs)
        case ast.BoolOp():
            joined = (_SIGNS[type(node.op)],) * (len(node.values) - 1)
            return Comparison(tuple(map(term, node.values)), joined)
        case ast.IfExp():
            return _cases(term(node.test), term(node.body), term(node.orelse))
        case ast.Call(func=ast.Name(id=name)) if not node.keywords:
            return _call(name, tuple(map(term, node.args)))
    return Code(ast.unparse(node))


def negative(of: Term) -> Term:
    """The term with its sign turned; a lone negative term is a sum of one, taken away."""
    if isinstance(of, Number):
        return Number(-of.value)
    return _sum_of((not sign, each) for sign, each in _parts(of))


def add(one: Term, other: Term) -> Term:
    """The sum, flat, without zeros."""
    return _sum_of((*_parts(one), *_parts(other)))


def product(*factors: Term) -> Term:
    """The product, flat, its sign in front: equal factors become a power, 1 disappears, 0 swallows all."""
    positive = True
    counts: dict[Term, float] = {}
    for factor in factors:
        sign, bare = _signed(factor)
        positive = positive == sign
        for each in bare.factors if isinstance(bare, Product) else (bare,):
            base, exponent = _as_power(each)
            counts[base] = counts.get(base, 0.0) + exponent
    if ZERO in counts:
        return ZERO
    powers = [base if count == 1 else Power(base, Number(count)) for base, count in counts.items()]
    powers = [each for each in powers if each != ONE] or [ONE]
    found = powers[0] if len(powers) == 1 else Product(tuple(powers))
    return found if positive else negative(found)


def _sum_of(parts: Iterable[tuple[bool, Term]]) -> Term:
    kept = tuple(part for part in parts if part[1] != ZERO)
    if not kept:
        return ZERO
    return kept[0][1] if len(kept) == 1 and kept[0][0] else Sum(kept)


def _signed(of: Term) -> tuple[bool, Term]:
    """Whether a factor counts as positive, and the factor without its sign."""
    if isinstance(of, Number) and of.value < 0:
        return False, Number(-of.value)
    if isinstance(of, Sum) and len(of.terms) == 1:
        return of.terms[0]
    return True, of


def _as_power(of: Term) -> tuple[Term, float]:
    if isinstance(of, Power) and isinstance(of.exponent, Number) and not isinstance(of.base, Number):
        return of.base, of.exponent.value
    return of, 1.0


def _parts(of: Term) -> tuple[tuple[bool, Term], ...]:
    if isinstance(of, Sum):
        return of.terms
    return (_signed(of),)


def _binary(node: ast.BinOp) -> Term:
    left, right = term(node.left), term(node.right)
    match node.op:
        case ast.Add():
            return add(left, right)
        case ast.Sub():
            return add(left, negative(right))
        case ast.Mult():
            return product(left, right)
        case ast.Div():
            return _divided(left, right)
        case ast.Pow():
            return Power(left, right)
        case ast.MatMult():
            return _call("matmul", (left, right))
        case ast.Mod():
            return Call("mod", (left, right))
        case ast.BitOr():
            return Comparison((left, right), ("or",))
        case ast.BitAnd():
            return Comparison((left, right), ("and",))
    return Code(ast.unparse(node))


def _divided(above: Term, below: Term) -> Term:
    positive, bare = _signed(above)
    return Quotient(bare, below) if positive else negative(Quotient(bare, below))


def _call(name: str, given: tuple[Term, ...]) -> Term:
    if name == "where" and len(given) == 3:
        return _cases(*given)
    if name == "expm1":
        return add(Call("exp", given), Number(-1.0))
    if name == "log1p":
        return Call("log", (add(ONE, given[0]),))
    return Call(name, given)


def _cases(condition: Term, chosen: Term, otherwise: Term) -> Term:
    if isinstance(condition, Comparison) and condition.signs == ("=",) and len(set(condition.terms)) == 1:
        return chosen
    if chosen == otherwise:
        return chosen
    rest = otherwise.pieces if isinstance(otherwise, Cases) else ((otherwise, None),)
    return Cases(((chosen, condition), *rest))
