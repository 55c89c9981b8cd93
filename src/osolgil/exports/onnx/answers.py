"""A model's answers as nodes of a graph: label and probabilities, labels and theirs, or predicted numbers."""

from __future__ import annotations

import numpy as np

from osolgil.exports import steps
from osolgil.exports.onnx.graph import Graph, Symbol
from osolgil.exports.onnx.words import symbolic
from osolgil.exports.plan import Curves, Plan
from osolgil.model import Model


def answers(graph: Graph, model: Model, plan: Plan, outputs: Symbol) -> None:
    """Give back the outputs, and what the model says by them."""
    count = model.network.widths[-1]
    graph.output(outputs, "outputs", [None, plan.groups * count])
    exact = outputs.cast("double")
    if model.class_names is None:
        _numbers(graph, plan, exact, len(model.targets))
        return
    labels = model.task == "multi-label"
    shares = _shares(graph, plan, exact, labels)
    most, scores = (0.0, outputs) if plan.curves is None else (0.5, shares)
    if labels:
        graph.output((scores > most).cast("int64"), "labels", [None, count])
    else:
        names = graph.constant(model.class_names, "string")
        best = graph.node("ArgMax", scores, kind="int64", axis=1, keepdims=0)
        graph.output(graph.node("Gather", names, best), "label", [None])
    graph.output(shares, "probabilities", [None, count])


def _shares(graph: Graph, plan: Plan, outputs: Symbol, labels: bool) -> Symbol:
    """Probabilities (rows, outputs), as calibrated."""
    if plan.factor is not None:
        outputs = outputs * plan.factor
    shares = 1.0 / (1.0 + graph.node("Exp", -outputs)) if labels else graph.node("Softmax", outputs, axis=1)
    return shares if plan.curves is None else _bent(graph, plan.curves, shares)


def _bent(graph: Graph, curves: Curves, shares: Symbol) -> Symbol:
    """What the curves make of probabilities (rows, outputs): the rises behind each are added up by its class."""
    classes = np.repeat(np.arange(len(curves.first)), np.diff(curves.ends))
    found = graph.constant(curves.first, "double") + 0.0 * shares
    if len(classes):
        given = graph.node("Gather", shares, graph.constant(classes, "int64"), axis=1)
        rises = symbolic(steps.risen)(given, *(graph.constant(part, "double") for part in curves.pieces.T))
        sums = graph.constant(np.eye(len(curves.first))[classes], "double")
        found = found + graph.node("MatMul", rises, sums)
    if not curves.shared:
        return found
    total = graph.node("ReduceSum", found, graph.constant([1], "int64"), keepdims=1)
    some = total > 0.0
    safe = graph.node("Where", some, total, total.like(1.0), kind="double")
    return graph.node("Where", some, found / safe, shares, kind="double")


def _numbers(graph: Graph, plan: Plan, outputs: Symbol, targets: int) -> None:
    """The prediction (rows,), (rows, targets), (rows, quantiles) or (rows, targets, quantiles)."""
    value = outputs
    for formula, constants in plan.answer:
        value = symbolic(formula)(value, *(np.tile(values, plan.groups) for values in constants))
    shape: list[int | None] = [None]
    if plan.order:
        value = _sorted(graph, plan, value, targets)
        shape = [None, *([targets] if targets > 1 else []), plan.groups]
    elif targets > 1:
        shape = [None, targets]
    if targets == 1:
        value = graph.node("Squeeze", value, graph.constant([1], "int64"))
    graph.output(value, "prediction", shape)


def _sorted(graph: Graph, plan: Plan, value: Symbol, targets: int) -> Symbol:
    """Answers (rows, quantiles · targets) as (rows, targets, quantiles), sorted so that none cross."""
    shape = graph.constant([-1, plan.groups, targets], "int64")
    value = graph.node("Transpose", graph.node("Reshape", value, shape), perm=[0, 2, 1])
    count = graph.constant([plan.groups], "int64")
    value = graph.nodes_of("TopK", 2, value, count, axis=-1, largest=0)[0]
    return graph.node("Gather", value, graph.constant(list(plan.order), "int64"), axis=2)
