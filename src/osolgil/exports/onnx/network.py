"""A network's layers and a model's answers as nodes of a graph."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from osolgil.engines.cpu.kernels import layout
from osolgil.exports.onnx.graph import Graph, Symbol
from osolgil.exports.onnx.words import symbolic
from osolgil.exports.plan import Layer, Plan
from osolgil.mean_answers import MeanAnswer


def outputs(graph: Graph, plan: Plan, features: Symbol) -> Symbol:
    """The outputs (rows, groups · outputs) for features (rows, features), in float32.

    Several networks are computed side by side, as (networks, rows, …); a group's mean is taken in float64.
    """
    values = features
    for layers in zip(*plan.networks, strict=True):
        layer = _stacked(layers)
        passed = _activated(graph, layer, _linear(graph, layer, values))
        values = passed + values if layer.residual else passed
    if len(plan.networks) == 1:
        return values
    groups = []
    for group in range(plan.groups):
        members = values
        if plan.groups > 1:
            places = np.arange(group * plan.members, (group + 1) * plan.members)
            members = graph.node("Gather", values, graph.constant(places, "int64"), axis=0)
        if plan.mean is None:
            groups.append(graph.node("Squeeze", members, graph.constant([0], "int64")))
        else:
            groups.append(_mean(graph, plan.mean, members.cast("double")).cast("float"))
    return groups[0] if len(groups) == 1 else graph.node("Concat", *groups, axis=1)


def _stacked(layers: Sequence[Layer]) -> Layer:
    """One layer of all networks: weight (networks, inputs, units), all else (networks, 1, …)."""
    first, *others = [layer.folded() for layer in layers]
    if not others:
        return first
    found = {}
    for name in ("weight", "bias", "gain", "shift", "learned"):
        if getattr(first, name) is not None:
            values = np.stack([getattr(layer, name) for layer in (first, *others)])
            found[name] = values if name == "weight" else values[:, None]
    return replace(first, **found)


def _linear(graph: Graph, layer: Layer, values: Symbol) -> Symbol:
    weight, bias = graph.constant(layer.weight, "float"), graph.constant(layer.bias, "float")
    several = layer.weight.ndim > 2
    z = graph.node("MatMul", values, weight) + bias if several else graph.node("Gemm", values, weight, bias)
    if layer.normalization is None:
        return z
    gain, shift = graph.constant(layer.gain, "float"), graph.constant(layer.shift, "float")
    ones = graph.constant(np.ones(layer.bias.shape[-1]), "float") if several else gain
    operands = (z, ones) if several else (z, gain, shift)
    z = graph.node("LayerNormalization", *operands, axis=-1, epsilon=layout.EPSILON)
    return z * gain + shift if several else z


def _activated(graph: Graph, layer: Layer, z: Symbol) -> Symbol:
    row = layer.activation
    formula = symbolic(row.formula)
    given: dict[str, Any] = {}
    if row.learned is not None:
        given[row.learned] = graph.constant(layer.learned, "float")
    if row.statistic is not None:
        return formula(z, *symbolic(row.statistic)(z))
    if row.kind != "pieces":
        return formula(z, **given)
    pieces = [_every(graph, z, place, row.pieces) for place in range(row.pieces)]
    return functools.reduce(formula, pieces)


def _every(graph: Graph, z: Symbol, first: int, step: int) -> Symbol:
    """Columns first, first + step, …"""
    places = ([first], [np.iinfo(np.int64).max], [-1], [step])
    return graph.node("Slice", z, *(graph.constant(place, "int64") for place in places))


def _mean(graph: Graph, mean: MeanAnswer, outputs: Symbol) -> Symbol:
    """Of several networks' outputs (networks, rows, outputs), those of the mean answer (rows, outputs)."""
    numbers = () if mean.statistic is None else symbolic(mean.statistic)(outputs)
    parts = [symbolic(part)(outputs, *numbers) for part in mean.parts]
    return symbolic(mean.output)(*(graph.node("ReduceMean", p, axes=[0], keepdims=0) for p in parts))
