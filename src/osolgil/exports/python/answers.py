"""What an exported Python file answers, as text: outputs of the networks, probabilities, and predictions."""

from __future__ import annotations

import pprint
from typing import Any

from osolgil.engines._binding import source, tree
from osolgil.exports import steps
from osolgil.exports.formulas import Names
from osolgil.exports.plan import Curves, Plan
from osolgil.exports.python.formulas import scalar_text
from osolgil.model import Model


def outputs_text(plan: Plan, names: Names) -> str:
    """The function from a row to the outputs: of one network, or of every group's mean answer side by side."""
    lines = ["def outputs(row):"]
    if len(plan.networks) == 1:
        return "\n".join([*lines, "    return network(features(row), NETWORKS[0])"])
    lines += [
        "    given, found = features(row), []",
        f"    for first in range(0, {len(plan.networks)}, {plan.members}):",
    ]
    if plan.mean is None:
        lines.append("        found += network(given, NETWORKS[first])")
        return "\n".join([*lines, "    return found"])
    members = f"NETWORKS[first : first + {plan.members}]"
    lines += [f"        members, parts = [network(given, layers) for layers in {members}], []"]
    for part in plan.mean.parts:
        name, statistic = names.of(part), plan.mean.statistic
        each = f"[{name}(x) for x in z]"
        if statistic is not None:
            each = f"of_row({name}, {names.of(statistic)}, z)"
        lines.append(f"        parts.append(means_of([{each} for z in members]))")
    lines += [
        f"        found += [{names.of(plan.mean.output)}(*means) for means in zip(*parts)]",
        "    return found",
    ]
    return "\n".join(lines)


def answers_text(model: Model, plan: Plan) -> str:
    """The functions from a row to probabilities and to the prediction, and the names these speak of."""
    if model.class_names is None:
        return _numbers(model, plan)
    labels, bent = model.task == "multi-label", plan.curves is not None
    z = "z" if plan.factor is None else f"{plan.factor!r} * z"
    shares = f"softmax_of([{z} for z in found])"
    if labels:
        shares = f"[quotient_of(1.0, 1.0 + exp(-({z}))) for z in found]"
    blocks = [f"NAMES = {shown(list(model.class_names))}"]
    if plan.curves is not None:
        blocks += _curves(plan.curves)
        shares = f"bent({shares})"
    blocks.append(f"def shares(found):\n    return {shares}")
    blocks.append("def probabilities(row):\n    return dict(zip(NAMES, shares(outputs(row))))")
    scores, most = ("shares(outputs(row))", 0.5) if bent else ("outputs(row)", 0.0)
    if labels:
        chosen = f"    return {{name: int(z > {most}) for name, z in zip(NAMES, {scores})}}"
    else:
        chosen = f"    found = {scores}\n    return NAMES[found.index(max(found))]"
    return "\n\n\n".join([*blocks, f"def predict(row):\n{chosen}"])


def _curves(curves: Curves) -> list[str]:
    """The function that bends probabilities by the curves of `CURVES`, one per class: its first value, its pieces."""
    pieces = [curves.pieces[a:b].tolist() for a, b in zip(curves.ends, curves.ends[1:], strict=False)]
    table = shown(list(zip(curves.first.tolist(), pieces, strict=True)))
    lines = [
        "def bent(given):",
        "    found = [first + sum(risen(x, *piece) for piece in pieces) for x, (first, pieces) in zip(given, CURVES)]",
    ]
    if curves.shared:
        lines += [
            "    total = sum(found)",
            "    found = [x / total for x in found] if total > 0.0 else given",
        ]
    return [scalar_text(tree(steps.risen)), f"CURVES = {table}", "\n".join([*lines, "    return found"])]


def _numbers(model: Model, plan: Plan) -> str:
    """The function that predicts a number, or a list of those of TARGETS, or of QUANTILES, or of both."""
    count, blocks = len(model.targets), [source(formula) for formula, _ in plan.answer]
    if plan.flat:
        return "\n\n\n".join([*blocks, f"def predict(row):\n    return {plan.number('outputs(row)[0]')}"])
    blocks.append(f"TARGETS = {shown([target.name for target in model.targets])}")
    values = [plan.number(f"found[{place}]", place % count) for place in range(plan.groups * count)]
    lines = ["def predict(row):", "    found = outputs(row)", f"    found = [{', '.join(values)}]"]
    if plan.order:
        blocks.append(f"QUANTILES = {list(model.quantiles)}")
        lines += [
            f"    ordered = [sorted(found[target::{count}]) for target in range({count})]",
            f"    found = [[values[place] for place in {list(plan.order)}] for values in ordered]",
        ]
    result = "found[0]" if plan.order and count == 1 else "found"
    return "\n\n\n".join([*blocks, "\n".join([*lines, f"    return {result}"])])


def shown(value: Any) -> str:
    """A value as Python writes it, in lines of reasonable length."""
    return pprint.pformat(value, width=100, compact=True, sort_dicts=False)
