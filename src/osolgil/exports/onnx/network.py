"""A network's layers and a model's answers as nodes of a graph."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from osolgil.engines.cpu.kernels import layout
from osolgil.exports.onnx.graph import Graph, Symbol
from osolgil.exports.onnx.words import symbolic
from osolgil.exports.plan import Layer, layers_of
from osolgil.model import Model


def outputs(graph: Graph, model: Model, features: Symbol) -> Symbol:
    """The network's outputs (rows, outputs) for features (rows, features), in float32."""
    values = features
    for layer in layers_of(model):
        passed = _activated(graph, layer, _linear(graph, layer.folded(), values))
        values = passed + values if layer.residual else passed
    return values


def _linear(graph: Graph, layer: Layer, values: Symbol) -> Symbol:
    weight, bias = graph.constant(layer.weight, "float"), graph.constant(layer.bias, "float")
    z = graph.node("Gemm", values, weight, bias)
    if layer.normalization is None:
        return z
    gain, shift = graph.constant(layer.gain, "float"), graph.constant(layer.shift, "float")
    return graph.node("LayerNormalization", z, gain, shift, axis=-1, epsilon=layout.EPSILON)


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
    places = ([first], [np.iinfo(np.int64).max], [1], [step])
    return graph.node("Slice", z, *(graph.constant(place, "int64") for place in places))


def answers(graph: Graph, model: Model, outputs: Symbol) -> None:
    """What the model says: label and probabilities of classes, labels and theirs, or the prediction."""
    count = model.network.widths[-1]
    graph.output(outputs, "outputs", [None, count])
    exact = outputs.cast("double")
    if model.task == "multi-label":
        graph.output((outputs > 0.0).cast("int64"), "labels", [None, count])
        graph.output(1.0 / (1.0 + graph.node("Exp", -exact)), "probabilities", [None, count])
        return
    if model.class_names is not None:
        names = graph.constant(model.class_names, "string")
        best = graph.node("ArgMax", outputs, kind="int64", axis=1, keepdims=0)
        graph.output(graph.node("Gather", names, best), "label", [None])
        graph.output(graph.node("Softmax", exact, axis=1), "probabilities", [None, count])
        return
    value = graph.node("Squeeze", exact, graph.constant([1], "int64"))
    value = graph.node("Exp", value) if model.link == "log" else value
    graph.output(value * model.target_scale + model.target_mean, "prediction", [None])
