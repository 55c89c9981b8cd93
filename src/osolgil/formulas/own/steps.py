"""What an optimizer computes once per step, taken out of what it computes per element.

A user writes the textbook formula with the step number t in it, `learning_rate / (1.0 - beta1**t)`. Inside the
loop over the elements a power of t would be several times slower than all the rest, and single precision would
cost it digits. So every part that depends on t and hyperparameters alone is moved to the coefficients, which the
engine calls once per step in double precision: what the catalog's authors do by hand.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from osolgil.formulas.own.language import Definition, names_in

STEP = "t"


@dataclass
class _Split:
    """Names computed once per step, and the parts of the formula that read them."""

    taken: set[str]
    body: list[tuple[str, ast.expr]] = field(default_factory=list)
    handed_on: dict[str, str] = field(default_factory=dict)

    def fresh(self, name: str) -> str:
        number, found = 2, name
        while found in self.taken:
            found, number = f"{name}_{number}", number + 1
        self.taken.add(found)
        return found


def per_step(formula: Definition, hyperparameters: Iterable[str]) -> tuple[Definition, Definition]:
    """The coefficients and the update of an optimizer that names t.

    Returns two formulas: coefficients (t, *hyperparameters), which return scalars, and the update, whose last
    arguments are these scalars.
    """
    scalars = (STEP, *hyperparameters)
    targets = Counter([*formula.arguments, *(name for name, _ in formula.body)])
    split = _Split(set(targets))
    current = {name: name for name in scalars}
    update: list[tuple[str, ast.expr]] = []
    for name, value in formula.body:
        if _is_scalar(value, current):
            renamed = _Renamed(current).visit(value)
            current[name] = split.fresh(name) if targets[name] > 1 else name
            split.body.append((current[name], renamed))
        else:
            update.append((name, _Lifted(split, current).visit(value)))
            current.pop(name, None)
    returned = tuple(_Lifted(split, current).visit(value) for value in formula.returned)
    handed = tuple(ast.Name(name, ast.Load()) for name in split.handed_on.values())
    coefficients = Definition(
        f"{formula.name}_coefficients", scalars, {}, tuple(split.body), handed, "What changes once per step."
    )
    elements = tuple(name for name in formula.required if name != STEP)
    body = tuple(update)
    return coefficients, replace(
        formula, required=(*elements, *split.handed_on.values()), defaults={}, body=body, returned=returned
    )


def _is_scalar(value: ast.expr, current: dict[str, str]) -> bool:
    return all(name in current for name in names_in(value))


class _Renamed(ast.NodeTransformer):
    """Every variable under its current name."""

    def __init__(self, current: dict[str, str]) -> None:
        self.current = current

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.current.get(node.id, node.id), ast.Load())


class _Lifted(ast.NodeTransformer):
    """Replaces the largest parts computed once per step by the name of a coefficient."""

    def __init__(self, split: _Split, current: dict[str, str]) -> None:
        self.split, self.current = split, current

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.expr) and self._worth_lifting(node):
            return ast.Name(self._coefficient(_Renamed(self.current).visit(node)), ast.Load())
        return super().visit(node)

    def visit_Call(self, node: ast.Call) -> ast.Call:
        return ast.Call(node.func, [self.visit(value) for value in node.args], [])

    def _worth_lifting(self, node: ast.expr) -> bool:
        """A variable, or an expression with t, a power or a word in it; sums and products stay where they are."""
        names = list(names_in(node))
        if not names or not _is_scalar(node, self.current) or isinstance(node, ast.Compare):
            return False
        if isinstance(node, ast.Name):
            return True
        costly = any(isinstance(part, ast.Call | ast.Pow) for part in ast.walk(node))
        return costly or any(self._varies(self.current[name]) for name in names)

    def _varies(self, name: str) -> bool:
        """True for t and for what was computed from anything."""
        return name == STEP or any(name == target for target, _ in self.split.body)

    def _coefficient(self, value: ast.expr) -> str:
        key = ast.unparse(value)
        if key not in self.split.handed_on:
            if isinstance(value, ast.Name):
                name = value.id
            else:
                name = self.split.fresh("once_per_step")
                self.split.body.append((name, value))
            self.split.handed_on[key] = name
        return self.split.handed_on[key]
