"""Formulas as Python text for single numbers, free of NumPy.

>>> from osolgil.engines._binding import tree
>>> from osolgil.formulas import catalog
>>> print(scalar_text(tree(catalog.activation("sigmoid").formula)))
def sigmoid(x):
    e = exp(-absolute(x))
    return quotient_of(where(x >= 0.0, 1.0, e), 1.0 + e)
"""

from __future__ import annotations

import ast
import inspect
from types import ModuleType
from typing import Any

ROW_WORDS = ("row_maximum", "logsumexp", "logsumexp_above", "simplex_threshold")


def scalar_text(tree: ast.FunctionDef) -> str:
    """The formula's text with divisions and powers that answer instead of raising, and rows as lists."""
    return ast.unparse(ast.fix_missing_locations(_Scalar().visit(tree)))


def bare(module: ModuleType) -> str:
    """A module's text without its docstring and imports, to be pasted."""
    return bare_text(inspect.getsource(module))


def bare_text(text: str) -> str:
    """The same of a module's text."""
    tree, lines = ast.parse(text), text.splitlines()
    dropped = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    dropped += tree.body[:1] if ast.get_docstring(tree) else []
    for node in dropped:
        lines[node.lineno - 1 : node.end_lineno] = [""] * ((node.end_lineno or node.lineno) - node.lineno + 1)
    return "\n".join(lines).strip() + "\n"


class _Scalar(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        named: Any = {ast.Div: "quotient_of", ast.Pow: "power_of"}.get(type(node.op))
        return _call(named, node.left, node.right) if named else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """A word over a row takes a list: `row_maximum(-row)` is of every entry's opposite."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in ROW_WORDS:
            names = sorted({part.id for part in ast.walk(node.args[0]) if isinstance(part, ast.Name)})
            row = ast.Name(names[-1], ast.Load())
            entry = ast.comprehension(ast.Name(names[-1], ast.Store()), row, [], 0)
            node.args = [ast.ListComp(node.args[0], [entry])]
        return node


def _call(name: str, *values: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(values), [])
