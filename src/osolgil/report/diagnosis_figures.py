"""Figures of a diagnosis as plain Plotly dictionaries: gradients by layer, signals, phases, training."""

from __future__ import annotations

import math
from typing import Any

from osolgil.diagnosis.prediction import DEVIATIONS
from osolgil.messages import message
from osolgil.report.axes import logarithmic

Figure = dict[str, Any]
Facts = dict[str, Any]


def figures(facts: Facts, language: str) -> dict[str, Figure]:
    """Every figure by name; those without anything to show are left out."""
    made = {
        "gradients": gradients(facts, language),
        "signals": lines(facts, "signal", language, log=True, predicted="signal"),
        "similarity": lines(facts, "similarity", language, predicted="similarity"),
        "saturated": lines(facts, "saturated", language),
        "dead": lines(facts, "dead", language),
        "phases": phase_diagram(facts, language),
        "epochs": heat(facts, "log10_gradient", language),
        "updates": heat(facts, "update", language),
    }
    return {name: figure for name, figure in made.items() if figure["data"]}


def gradients(facts: Facts, language: str) -> Figure:
    """log10 gradient of pre-activations by layer: the predicted band, the network before and after training."""
    layers = list(range(1, len(facts["before"]["log10_gradient"]) + 1))
    measured = message("layers.measured", language)
    traces = [
        *band(facts["prediction"], language),
        points(layers, facts["before"]["log10_gradient"], measured, "entrant-1"),
    ]
    if facts["after"] is not None:
        name = message("layers.trained", language)
        traces.append(points(layers, facts["after"]["log10_gradient"], name, "entrant-0"))
    layout = _layout(message("layers.layer", language), "log10 " + message("layers.gradient", language))
    return {"data": traces, "layout": layout | {"showlegend": True}}


def band(prediction: Facts, language: str) -> list[dict[str, Any]]:
    """The predicted gradient of each layer, and what 95 % of networks of this width show."""
    layers = range(1, len(prediction["log10_gradient"]) + 1)
    pairs = [
        (layer, centre, DEVIATIONS * deviation)
        for layer, centre, deviation in zip(
            layers, prediction["log10_gradient"], prediction["deviation"], strict=True
        )
        if centre is not None and deviation is not None
    ]
    x = [layer for layer, _, _ in pairs]
    return [
        {
            "x": x + x[::-1], "y": [c + d for _, c, d in pairs] + [c - d for _, c, d in pairs][::-1],
            "fill": "toself", "fillcolor": "entrant-2-band", "line": {"width": 0}, "mode": "lines",
            "name": message("layers.band", language), "hoverinfo": "skip",
        },
        {
            "x": x, "y": [c for _, c, _ in pairs], "mode": "lines", "name": message("layers.predicted", language),
            "line": {"color": "entrant-2", "dash": "dash"},
        },
    ]  # fmt: skip


def expected(prediction: Facts, name: str, language: str) -> dict[str, Any]:
    """A quantity by layer as theory has it."""
    layers = list(range(1, len(prediction[name]) + 1))
    drawn = points(layers, prediction[name], message("layers.predicted", language), "entrant-2")
    return drawn | {"mode": "lines", "line": {"color": "entrant-2", "dash": "dash"}}


def lines(
    facts: Facts, name: str, language: str, *, log: bool = False, predicted: str | None = None
) -> Figure:
    """A measurement by layer before and after training, with its prediction where theory has one."""
    layers = list(range(1, len(facts["before"][name]) + 1))
    traces = [points(layers, facts["before"][name], message("layers.measured", language), "entrant-1")]
    if facts["after"] is not None:
        traces.append(points(layers, facts["after"][name], message("layers.trained", language), "entrant-0"))
    if predicted is not None:
        traces.append(expected(facts["prediction"], predicted, language))
    layout = _layout(message("layers.layer", language), message(f"layers.{name}", language))
    if log:
        layout["yaxis"] |= logarithmic(value for trace in traces for value in trace["y"])
    else:
        layout["yaxis"] |= {"range": [-0.03, 1.03]}
    return {"data": traces, "layout": layout | {"showlegend": True}}


def phase_diagram(facts: Facts, language: str) -> Figure:
    """log10 χ₁ over σ_w and σ_b, the line between order and chaos, and this network."""
    phases = facts["phases"]
    line, point = phases["critical_line"], phases["point"]
    traces: list[dict[str, Any]] = [
        {
            "type": "heatmap", "x": phases["weight_deviations"], "y": phases["bias_deviations"],
            "z": phases["log10_chi"], "zmin": -2, "zmax": 2, "zmid": 0, "colorscale": "RdBu", "reversescale": True,
            "colorbar": {"title": {"text": "log10 χ₁"}, "thickness": 12},
            "hovertemplate": "σ_w %{x:.2f}, σ_b %{y:.2f}: 10^%{z:.2f}<extra></extra>",
        },
        {
            "x": [pair[0] for pair in line], "y": [pair[1] for pair in line], "mode": "lines",
            "line": {"color": "ink", "width": 2}, "name": "χ₁ = 1", "showlegend": False,
        },
        {
            "x": [point[0]], "y": [point[1]], "mode": "markers", "showlegend": False,
            "marker": {"symbol": "x", "size": 12, "color": "bad"}, "name": "",
        },
    ]  # fmt: skip
    layout = _layout(message("layers.weight_deviation", language), message("layers.bias_deviation", language))
    return {"data": traces, "layout": layout}


def heat(facts: Facts, name: str, language: str) -> Figure:
    """A quantity by epoch and layer, in powers of ten."""
    epochs = facts["epochs"]
    if not epochs:
        return {"data": [], "layout": {}}

    def row(epoch: dict[str, Any]) -> list[float | None]:
        if name == "log10_gradient":
            return epoch["log10_gradient"]
        return [
            math.log10(u / w) if u and w else None
            for u, w in zip(epoch["update_norm"], epoch["weight_norm"], strict=True)
        ]

    columns = [row(epoch) for epoch in epochs]
    layers = len(columns[0])
    trace = {
        "type": "heatmap", "x": list(range(1, len(columns) + 1)), "y": list(range(1, layers + 1)),
        "z": [[column[layer] for column in columns] for layer in range(layers)], "colorscale": "Viridis",
        "colorbar": {"title": {"text": "log10"}, "thickness": 12},
        "hovertemplate": "%{x}, %{y}: 10^%{z:.2f}<extra></extra>",
    }  # fmt: skip
    layout = _layout(message("axis.epoch", language), message("layers.layer", language))
    return {"data": [trace], "layout": layout}


def points(layers: list[int], values: list[float | None], name: Any, colour: str) -> dict[str, Any]:
    """A line with a mark at every layer; its name may be a text in every language."""
    return {
        "x": layers, "y": values, "mode": "lines+markers", "name": name, "line": {"color": colour},
        "marker": {"size": 5},
    }  # fmt: skip


def _layout(x: str, y: str) -> dict[str, Any]:
    return {"xaxis": {"title": {"text": x}}, "yaxis": {"title": {"text": y}}, "showlegend": False}
