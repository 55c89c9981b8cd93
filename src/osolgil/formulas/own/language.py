"""The language a formula of the user's own is written in: numbers, names, arithmetic and the vocabulary's words.

A formula is a straight line of assignments that ends with `return`. It has no loop, no attribute, no import and
no name from outside, so whatever passes here is arithmetic and can do nothing else: a text from a stranger's
file is as safe to compile as the numbers beside it. `definition` reads a function in this language; everything
else about own formulas works on what it returns.

>>> import ast
>>> tree = ast.parse("def bent(x, share=1/4):\\n    y = share * x\\n    return y + exp(-x**2)").body[0]
>>> print(definition(tree, "bent").text("bent_formula"))
Traceback (most recent call last):
osolgil.errors.SettingsError: bent, line 1: the default of 'share' must be a number.
>>> tree = ast.parse("def bent(x, share=0.25):\\n    y = share * x\\n    return y + exp(-x**2)").body[0]
>>> print(definition(tree, "bent").text("bent_formula"))
def bent_formula(x, share=0.25):
    y = share * x
    return y + exp(-x ** 2.0)
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from osolgil.errors import SettingsError
from osolgil.formulas._vocabulary import WORDS
from osolgil.spelling import hint

_COUNTS = {
    "absolute": 1, "arctan": 1, "cos": 1, "erf": 1, "erfc": 1, "exp": 1, "expm1": 1, "floor": 1, "log": 1,
    "log1p": 1, "maximum": 2, "minimum": 2, "sign": 1, "sin": 1, "sqrt": 1, "tanh": 1, "where": 3,
}  # fmt: skip
WORDS_PER_ELEMENT: Mapping[str, int] = {word: _COUNTS[word] for word in WORDS if word in _COUNTS}
"""Words that work element by element, with the number of their arguments."""

_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
_COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_TAKEN = {"F", "LITERAL"}  # what generated code calls itself
_LARGEST = 2_000  # parts of a formula; a page of mathematics has some hundred
_DEEPEST = 100  # expressions within expressions, so that no text exhausts Python's stack
_OTHER_WORDS = {
    "abs": "absolute", "fabs": "absolute", "max": "maximum", "fmax": "maximum", "min": "minimum",
    "fmin": "minimum", "clip": "minimum(maximum(x, low), high)", "relu": "maximum(x, 0.0)",
    "sigmoid": "1.0 / (1.0 + exp(-x))", "pow": "x**y", "power": "x**y", "square": "x * x", "select": "where",
}  # fmt: skip
_STATEMENTS = {
    ast.For: "loops", ast.While: "loops", ast.If: "'if'; write where(condition, a, b)", ast.Import: "imports",
    ast.ImportFrom: "imports", ast.FunctionDef: "functions inside", ast.Try: "'try'", ast.With: "'with'",
    ast.Assert: "'assert'", ast.Raise: "'raise'", ast.Global: "'global'", ast.Nonlocal: "'nonlocal'",
}  # fmt: skip
_EXPRESSIONS = {
    ast.IfExp: "'a if c else b'; write where(c, a, b)", ast.Lambda: "lambda", ast.Subscript: "indices",
    ast.ListComp: "comprehensions", ast.GeneratorExp: "comprehensions", ast.SetComp: "comprehensions",
    ast.DictComp: "comprehensions", ast.BoolOp: "'and' and 'or'; put one where inside the other",
    ast.NamedExpr: "':='; assign on a line of its own", ast.JoinedStr: "text", ast.Await: "'await'",
    ast.List: "lists", ast.Tuple: "tuples, but for what it returns", ast.Dict: "dictionaries", ast.Set: "sets",
}  # fmt: skip


@dataclass(frozen=True)
class Definition:
    """A formula: arguments without default in order, those with one, assignments, and what it returns."""

    name: str
    required: tuple[str, ...]
    defaults: Mapping[str, float]
    body: tuple[tuple[str, ast.expr], ...]
    returned: tuple[ast.expr, ...]
    doc: str = ""

    @property
    def arguments(self) -> tuple[str, ...]:
        return (*self.required, *self.defaults)

    def text(self, name: str | None = None, *, with_doc: bool = True) -> str:
        """The formula as Python; numbers are floats, so that a power of whole numbers cannot grow without end."""
        given = [f"{key}={value!r}" for key, value in self.defaults.items()]
        lines = [f"def {name or self.name}({', '.join([*self.required, *given])}):"]
        if self.doc and with_doc:
            lines.append(f"    {self.doc!r}")
        lines += [f"    {target} = {ast.unparse(value)}" for target, value in self.body]
        lines.append(f"    return {', '.join(map(ast.unparse, self.returned))}")
        return "\n".join(lines)


def definition(tree: ast.FunctionDef, where: str) -> Definition:
    """Read a function; whatever is not in the language is a `SettingsError` with its place and a way out.

    where: how the formula is called to the user, "mine.py:bent".
    """
    reader = _Reader(tree, where)
    size, depth = _size_and_depth(tree)
    if size > _LARGEST:
        raise reader.error(tree, f"a formula has at most {_LARGEST} parts")
    if depth > _DEEPEST:
        raise reader.error(tree, "it is nested too deeply; write it in several lines")
    return reader.definition()


class _Reader:
    def __init__(self, tree: ast.FunctionDef, where: str) -> None:
        self.tree, self.where = tree, where
        self.known: set[str] = set()

    def error(self, node: ast.AST, what: str) -> SettingsError:
        line = f", line {getattr(node, 'lineno', 0)}" if hasattr(node, "lineno") else ""
        return SettingsError(f"{self.where}{line}: {what}.")

    def definition(self) -> Definition:
        required, defaults = self._arguments()
        *statements, last = self._statements() or [self.tree]
        if not isinstance(last, ast.Return) or last.value is None:
            raise self.error(last, "a formula ends with 'return' and its value")
        body = tuple(self._assignment(statement) for statement in statements)
        values = last.value.elts if isinstance(last.value, ast.Tuple) else [last.value]
        returned = tuple(self._value(value) for value in values)
        doc = (ast.get_docstring(self.tree) or "").strip()
        return Definition(self.tree.name, required, defaults, body, returned, doc)

    def _arguments(self) -> tuple[tuple[str, ...], dict[str, float]]:
        given = self.tree.args
        for extra, stars in ((given.vararg, "*"), (given.kwarg, "**")):
            if extra is not None:
                raise self.error(
                    extra, f"a formula names every argument, so '{stars}{extra.arg}' cannot stand"
                )
        plain = [*given.posonlyargs, *given.args]
        missing: list[ast.expr | None] = [None] * (len(plain) - len(given.defaults))
        pairs = [*zip(plain, [*missing, *given.defaults], strict=True)]
        pairs += zip(given.kwonlyargs, given.kw_defaults, strict=True)
        for argument, _ in pairs:
            self._name(argument, argument.arg)
        required = tuple(argument.arg for argument, value in pairs if value is None)
        return required, {a.arg: self._default(a, value) for a, value in pairs if value is not None}

    def _default(self, argument: ast.arg, value: ast.expr) -> float:
        sign = 1.0
        if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
            sign, value = -1.0, value.operand
        number = _number(value)
        if number is None:
            raise self.error(argument, f"the default of '{argument.arg}' must be a number")
        return sign * number

    def _statements(self) -> list[ast.stmt]:
        return [node for node in self.tree.body if not _is_text(node)]

    def _assignment(self, node: ast.stmt) -> tuple[str, ast.expr]:
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            before = ast.copy_location(ast.Name(node.target.id, ast.Load()), node)
            value = ast.copy_location(ast.BinOp(before, node.op, node.value), node)
            return self._assigned(node.target, value)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            return self._assigned(node.target, node.value)
        if isinstance(node, ast.Assign):
            if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                return self._assigned(node.targets[0], node.value)
            raise self.error(node, "assign one name at a time, as in 'a = b'")
        if isinstance(node, ast.Return):
            raise self.error(node, "a formula returns once, at its end; write where(condition, a, b)")
        named = _STATEMENTS.get(type(node), f"'{ast.unparse(node).split(maxsplit=1)[0]}'")
        raise self.error(node, f"a formula has no {named}")

    def _assigned(self, target: ast.Name, value: ast.expr) -> tuple[str, ast.expr]:
        found = self._value(value)
        self._name(target, target.id)
        return target.id, found

    def _name(self, node: ast.AST, name: str) -> None:
        if name in WORDS or name in _TAKEN or name.startswith("__"):
            raise self.error(node, f"'{name}' has a meaning of its own; choose another name")
        self.known.add(name)

    def _value(self, node: ast.expr) -> ast.expr:
        number = _number(node)
        if number is not None:
            if not math.isfinite(number):
                raise self.error(node, "a number in a formula must be finite")
            return ast.Constant(number)
        if isinstance(node, ast.Name):
            if node.id in self.known:
                return ast.Name(node.id, ast.Load())
            raise self._foreign(node, node.id)
        if isinstance(node, ast.BinOp) and isinstance(node.op, _OPERATORS):
            return ast.BinOp(self._value(node.left), node.op, self._value(node.right))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            value = self._value(node.operand)
            return ast.UnaryOp(node.op, value) if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.Call):
            return self._call(node)
        raise self._unknown(node)

    def _call(self, node: ast.Call) -> ast.expr:
        if not isinstance(node.func, ast.Name):
            raise self._unknown(node.func)
        word = node.func.id
        if word in self.known or word not in WORDS_PER_ELEMENT:
            raise self._foreign(node, word)
        count = WORDS_PER_ELEMENT[word]
        if node.keywords or len(node.args) != count or any(isinstance(a, ast.Starred) for a in node.args):
            raise self.error(node, f"'{word}' takes {count} argument{'s' * (count > 1)}, one after the other")
        values = [self._condition(node.args[0])] if word == "where" else []
        values += [self._value(value) for value in node.args[len(values) :]]
        return ast.Call(ast.Name(word, ast.Load()), values, [])

    def _condition(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], _COMPARISONS):
            return ast.Compare(self._value(node.left), node.ops, [self._value(node.comparators[0])])
        raise self.error(
            node, "where(condition, a, b) needs one comparison as its condition, such as x > 0.0"
        )

    def _foreign(self, node: ast.AST, name: str) -> SettingsError:
        words = ", ".join(WORDS_PER_ELEMENT)
        if name in WORDS_PER_ELEMENT:
            return self.error(node, f"'{name}' is a word and needs its arguments: {name}(…)")
        better = _OTHER_WORDS.get(name)
        near = f"write {better}" if better else hint(name, [*WORDS_PER_ELEMENT, *self.known]).strip(" ?")
        near = f"; {near[0].lower()}{near[1:]}" if near else ""
        return self.error(
            node,
            f"'{name}' is no word a formula may use{near} (the words are {words}; numbers from outside "
            f"become arguments with a default)",
        )

    def _unknown(self, node: ast.expr) -> SettingsError:
        if isinstance(node, ast.Attribute):
            better = _OTHER_WORDS.get(node.attr, node.attr)
            way = f"; write {better} alone" if better != node.attr or better in WORDS_PER_ELEMENT else ""
            return self.error(node, f"a formula has no attributes such as '{ast.unparse(node)[:40]}'{way}")
        if isinstance(node, ast.Compare):
            return self.error(
                node, "a comparison stands only as the first argument of where(condition, a, b)"
            )
        if isinstance(node, ast.Constant):
            return self.error(node, f"{ast.unparse(node)[:40]} is no real number")
        operator = getattr(node, "op", None)
        found = _EXPRESSIONS.get(type(node), f"'{ast.unparse(node)[:40]}'")
        if operator is not None and not isinstance(node, ast.BoolOp):
            found = f"'{ast.unparse(node)[:40]}'; its operators are + - * / **"
        return self.error(node, f"a formula has no {found}")


def names_in(node: ast.AST) -> Iterator[str]:
    """Every variable an expression reads, words left out."""
    return (part.id for part in ast.walk(node) if isinstance(part, ast.Name) and part.id not in WORDS)


def _size_and_depth(tree: ast.AST) -> tuple[int, int]:
    """How many parts a tree has, and how many levels; level by level, since the tree may be hostile."""
    size, depth, level = 0, 0, [tree]
    while level and size <= _LARGEST:
        size, depth = size + len(level), depth + 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return size, depth


def _number(node: ast.AST) -> float | None:
    """A number as written; infinity for a whole number no float can hold."""
    if not isinstance(node, ast.Constant) or type(node.value) not in (int, float):
        return None
    try:
        return float(node.value)  # type: ignore[arg-type]
    except OverflowError:
        return math.inf


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
