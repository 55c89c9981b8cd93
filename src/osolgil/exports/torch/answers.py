"""The mean answer of several networks as a PyTorch module, and the functions from outputs to answers, as text."""

from __future__ import annotations

import ast
import json

import numpy as np

from osolgil.engines._binding import tree
from osolgil.exports import steps
from osolgil.exports.formulas import Names
from osolgil.exports.plan import Curves, Plan
from osolgil.model import Model


def formula_text(tree: ast.FunctionDef) -> str:
    """A formula's text with PyTorch's words."""
    return ast.unparse(ast.fix_missing_locations(_TorchWords().visit(tree)))


class _TorchWords(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        assert isinstance(node.func, ast.Name)
        node.func.id = f"torch_{node.func.id}"
        return node


def name_of(plan: Plan) -> str:
    """What the module is called."""
    return "Network" if len(plan.networks) == 1 else "Ensemble"


def ensemble(plan: Plan, names: Names) -> list[str]:
    """The module whose outputs are those of every group's mean answer, taken in float64, side by side."""
    if len(plan.networks) == 1:
        return []
    lines = ["found = [network(values).double() for network in self.networks]", *_means(plan, names)]
    head = f"""class Ensemble(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.networks = torch.nn.ModuleList(Network() for _ in range({len(plan.networks)}))

    def forward(self, values):"""
    return ["\n".join([head, *(f"        {line}" for line in lines)])]


def _means(plan: Plan, names: Names) -> list[str]:
    if plan.mean is None:
        return ["return torch.cat(found, 1).to(values.dtype)"]
    mean = plan.mean
    numbers = [] if mean.statistic is None else [f"numbers = [{names.of(mean.statistic)}(z) for z in group]"]
    each = "for z in group" if mean.statistic is None else "for z, n in zip(group, numbers)"
    parts = [
        f"mean{place} = sum({names.of(part)}(z{', *n' if mean.statistic else ''}) {each}) / len(group)"
        for place, part in enumerate(mean.parts)
    ]
    given = ", ".join(f"mean{place}" for place in range(len(mean.parts)))
    inner = [
        f"group = found[first : first + {plan.members}]",
        *numbers,
        *parts,
        f"means.append({names.of(mean.output)}({given}))",
    ]
    return [
        "means = []",
        f"for first in range(0, {len(plan.networks)}, {plan.members}):",
        *(f"    {line}" for line in inner),
        "return torch.cat(means, 1).to(values.dtype)",
    ]


def answers(model: Model, plan: Plan) -> str:
    """The functions from outputs to answers, and the formulas and names they take."""
    if model.class_names is None:
        return _numbers(model, plan)
    blocks = [f"NAMES = {json.dumps(list(model.class_names))}"]
    outputs = "outputs.double()" if plan.factor is None else f"({plan.factor!r} * outputs.double())"
    shares = f"{outputs}.{'sigmoid()' if model.task == 'multi-label' else 'softmax(1)'}"
    if plan.curves is not None:
        blocks += _curves(plan.curves)
        shares = f"bent({shares})"
    return "\n\n\n".join([*blocks, f"def probabilities(outputs):\n    return {shares}"])


def _curves(curves: Curves) -> list[str]:
    """The function that bends probabilities: every piece's rise is added up by its class."""
    classes = np.repeat(np.arange(len(curves.first)), np.diff(curves.ends)).tolist()
    lines = [
        "def bent(given):",
        "    first, classes = _numbers(FIRST, given), torch.tensor(CLASSES, device=given.device)",
        "    pieces = _numbers(PIECES, given).reshape(-1, 3)",
        "    rises = risen(given[:, classes], pieces[:, 0], pieces[:, 1], pieces[:, 2])",
        "    found = (first + 0.0 * given).index_add(1, classes, rises)",
    ]
    if curves.shared:
        lines += [
            "    total = found.sum(1, keepdim=True)",
            "    return torch.where(total > 0.0, found / torch.where(total > 0.0, total, 1.0), given)",
        ]
    else:
        lines.append("    return found")
    text = formula_text(tree(steps.risen))
    tables = f"""FIRST = {curves.first.tolist()}
CLASSES = {classes}
PIECES = {curves.pieces.ravel().tolist()}"""
    return [_NUMBERS, text, tables, "\n".join(lines)]


_NUMBERS = """def _numbers(values, like):
    return torch.tensor(values, dtype=torch.float64, device=like.device)"""


def _numbers(model: Model, plan: Plan) -> str:
    """The function to a prediction (rows,), (rows, targets), (rows, quantiles) or (rows, targets, quantiles)."""
    blocks = [formula_text(tree(formula)) for formula, _ in plan.answer]
    if plan.flat:
        found = plan.number("outputs[:, 0].double()")
        return "\n\n\n".join([*blocks, f"def prediction(outputs):\n    return {found}"])
    count = len(model.targets)
    blocks += [_NUMBERS, f"TARGETS = {json.dumps([target.name for target in model.targets])}"]
    lines = ["def prediction(outputs):", f"    found = outputs.double().reshape(-1, {plan.groups}, {count})"]
    for formula, values in plan.answer:
        own = [f"_numbers({value.tolist()}, outputs)" for value in values]
        lines.append(f"    found = {formula.__name__}({', '.join(['found', *own])})")
    if plan.order:
        blocks.append(f"QUANTILES = {list(model.quantiles)}")
        order = f"found.sort(1).values[:, {list(plan.order)}]"
        lines.append(f"    return {order}{'[:, :, 0]' if count == 1 else '.transpose(1, 2)'}")
    else:
        lines.append("    return found[:, 0]")
    return "\n\n\n".join([*blocks, "\n".join(lines)])
