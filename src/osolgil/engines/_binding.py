"""Give a formula's source another vocabulary: one text runs on NumPy, compiled, on JAX, as exact mathematics.

>>> import math
>>> from osolgil.formulas.activations import softplus
>>> words = {"exp": math.exp, "log1p": math.log1p, "absolute": abs, "maximum": max}
>>> round(bind(softplus.formula, words, engine="standard library")(0.0), 6)
0.693147
"""

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from osolgil.formulas._vocabulary import ARRAY_WORDS, WORDS

Formula = Callable[..., Any]


class BindingError(TypeError):
    """A formula uses something that is no word of the vocabulary, or that an engine does not know."""


def bind(
    formula: Formula, words: Mapping[str, Any], *, engine: str, literal: Formula | None = None
) -> Formula:
    """Compile the source of `formula` anew with the meanings in `words`.

    `literal`, where given, is applied to every number written in the formula (SymPy makes it a rational).
    Raises `BindingError` naming the formula and the engine when a word has no meaning there.
    """
    missing = sorted(words_used(formula, engine=engine) - set(words))
    if missing:
        raise BindingError(
            f"engine '{engine}' has no '{missing[0]}', which formula '{formula.__name__}' uses"
        )
    space: dict[str, Any] = {**words, "LITERAL": literal}
    exec(
        compile(source(formula, literal="LITERAL" if literal else None), f"<{formula.__name__}>", "exec"),
        space,
    )
    return space[formula.__name__]


def source(formula: Formula, *, literal: str | None = None) -> str:
    """The formula as bare text: no decorators, no docstring; numbers wrapped in a call of `literal`."""
    tree = _tree(formula)
    if literal:
        tree = _WrapNumbers(literal).visit(tree)
    return ast.unparse(ast.fix_missing_locations(tree))


def tree(formula: Formula) -> ast.FunctionDef:
    """The formula as a syntax tree without decorators and docstring."""
    return ast.parse(source(formula)).body[0]  # type: ignore[return-value]


def words_used(formula: Formula, *, engine: str) -> set[str]:
    """The words of the vocabulary a formula uses.

    Raises `BindingError` for any other name from outside, and for attributes: no engine's numbers share them.
    """
    tree = _tree(formula)
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    own = {node.arg for node in ast.walk(tree.args) if isinstance(node, ast.arg)}
    own |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    outside = {node.id for node in names} - own - {"range"}
    foreign = sorted(outside - {*WORDS, *ARRAY_WORDS})
    foreign += [f".{node.attr}" for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    if foreign:
        raise BindingError(
            f"formula '{formula.__name__}' uses '{foreign[0]}', which is no word of the vocabulary, "
            f"so engine '{engine}' cannot run it"
        )
    return outside


def arguments(formula: Formula) -> tuple[str, ...]:
    """Names of the formula's arguments that have no default, in order."""
    parameters = inspect.signature(formula).parameters.values()
    return tuple(p.name for p in parameters if p.default is inspect.Parameter.empty)


@functools.cache
def _text(formula: Formula) -> str:
    return textwrap.dedent(inspect.getsource(formula))


def _tree(formula: Formula) -> ast.FunctionDef:
    try:
        tree = ast.parse(_text(formula)).body[0]
    except (OSError, TypeError, SyntaxError) as error:
        raise BindingError(
            f"the source of '{formula}' cannot be read: write it as a function in a file"
        ) from error
    if not isinstance(tree, ast.FunctionDef):
        raise BindingError(f"'{formula}' is not written as a function")
    tree.decorator_list = []
    if ast.get_docstring(tree) is not None:
        tree.body = tree.body[1:]
    return tree


class _WrapNumbers(ast.NodeTransformer):
    def __init__(self, name: str) -> None:
        self._name = name

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Leave counts alone: the bounds of a loop, the place of a member."""
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        kept = len(node.args) if called == "range" else 1 if called == "member" else 0
        split = len(node.args) - kept
        node.args = [self.visit(argument) for argument in node.args[:split]] + node.args[split:]
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            return node
        return ast.Call(func=ast.Name(id=self._name, ctx=ast.Load()), args=[node], keywords=[])
