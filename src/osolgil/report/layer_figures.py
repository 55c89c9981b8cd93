"""Figures on layers over the epochs of a run, from `layers.parquet`: theory beside them, and a run to choose.

What all runs share (axes, and what theory predicts) is a figure; what one run adds to it is a list of traces, so that
a page holds every run once and in no language.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from osolgil.formulas import catalog
from osolgil.messages import LANGUAGES, message
from osolgil.report import diagnosis_figures
from osolgil.report.sentences import rate_text

Figure = dict[str, Any]
Facts = dict[str, Any]
Columns = dict[str, np.ndarray]

COURSES = {
    "layer_gradient": "log", "layer_weight_gradient": "log", "layer_gradient_ratio": "log", "layer_update": "log",
    "layer_saturated": "share", "layer_dead": "share", "layer_mean": "number", "layer_variance": "log",
}  # fmt: skip
_LINES = 8  # more layers than this are a map, one row per layer
_NUMBERS = 60_000  # of one figure over all runs
_DIGITS = 4


def layer_figures(facts: Facts, language: str) -> dict[str, Figure]:
    """What the figures of all runs share, by name; empty for a race without records."""
    found = facts.get("layers")
    if not found or not found["runs"]:
        return {}
    depth, made = len(facts["network"]["widths"]) - 1, {}
    prediction = found["prediction"]
    made["layer_profile"] = {
        "data": diagnosis_figures.band(prediction, language) if prediction else [],
        "layout": _by_layer("log10 " + message("layers.gradient", language), depth, language),
    }
    signal = _by_layer(message("layers.signal", language), depth, language)
    signal["yaxis"] |= {"type": "log", "exponentformat": "power"}
    made["layer_signal"] = {
        "data": [diagnosis_figures.expected(prediction, "signal", language)] if prediction else [],
        "layout": signal,
    }
    for name, scale in COURSES.items():
        made[name] = {"data": [], "layout": _course_layout(name, scale, depth, language)}
    return made


def shown_runs(facts: Facts, layers: Columns) -> list[dict[str, Any]]:
    """Every run to choose from: what it is called, and the traces it adds to each figure."""
    found = facts.get("layers")
    if not found or not len(layers.get("epoch", ())):
        return []
    tables = [_table(layers, run) for run in found["runs"]]
    kept = [(run, table) for run, table in zip(found["runs"], tables, strict=True) if table is not None]
    total = sum(table["gradient"].size for _, table in kept)
    stride = max(1, math.ceil(total / _NUMBERS))
    return [
        {"name": _name(facts, run), "place": place, "traces": _traces(table, stride)}
        for place, (run, table) in enumerate(kept)
    ]


def _name(facts: Facts, run: dict[str, Any]) -> str:
    """The run's optimizer and learning rate, as they read in any language."""
    title = next(
        (row["title"] for row in facts.get("leaderboard", ()) if row["entrant"] == run["entrant"]), None
    )
    return f"{title or catalog.optimizer(run['entrant']).title}, {rate_text(run['learning_rate'])}"


def _table(layers: Columns, run: dict[str, Any]) -> dict[str, np.ndarray] | None:
    """The run's columns as tables (layers, epochs); its setting's last rows, where it was trained twice."""
    same = (np.asarray(layers["entrant"]) == run["entrant"]) & (np.asarray(layers["phase"]) == run["phase"])
    same &= np.asarray(layers["seed"]) == run["seed"]
    same &= np.isclose(np.asarray(layers["learning_rate"], float), run["learning_rate"], rtol=1e-9, atol=0.0)
    rows = np.flatnonzero(same)
    if not len(rows):
        return None
    epochs, depth = layers["epoch"][rows].astype(int), layers["layer"][rows].astype(int)
    tables = {}
    for name in ("gradient", "weight_gradient", "weight_norm", "update_norm", "saturated", "dead", "signal", "signal_mean"):  # noqa: E501  # fmt: skip
        table = np.full((depth.max(), epochs.max()), np.nan)
        table[depth - 1, epochs - 1] = layers[name][rows]
        tables[name] = table
    return tables


def _traces(table: dict[str, np.ndarray], stride: int) -> dict[str, list[dict[str, Any]]]:
    """Traces by figure; every `stride`-th epoch of the courses."""
    with np.errstate(all="ignore"):
        profile = np.log10(table["gradient"] / table["gradient"][-1])
        quantities = {
            "layer_gradient": table["gradient"],
            "layer_weight_gradient": table["weight_gradient"],
            "layer_gradient_ratio": table["weight_gradient"] / table["weight_norm"],
            "layer_update": table["update_norm"] / table["weight_norm"],
            "layer_saturated": table["saturated"],
            "layer_dead": table["dead"],
            "layer_mean": table["signal_mean"],
            "layer_variance": np.maximum(table["signal"] ** 2 - table["signal_mean"] ** 2, 0.0),
        }
        signals = table["signal"] ** 2
    made = {
        "layer_profile": _ends(profile), "layer_signal": _ends(np.where(signals > 0.0, signals, np.nan)),
    }  # fmt: skip
    for name, values in quantities.items():
        made[name] = _course(values, COURSES[name], stride)
    return made


def _ends(values: np.ndarray) -> list[dict[str, Any]]:
    """A quantity by layer as the run began, and as it entered its last epoch."""
    layers = list(range(1, len(values) + 1))
    chosen = [(values[:, 0], "layers.measured", "entrant-1")]
    if values.shape[1] > 1:
        chosen.append((values[:, -1], "layers.last_epoch", "entrant-0"))
    return [
        diagnosis_figures.points(layers, _rounded(column), _told(key), colour)
        for column, key, colour in chosen
    ]


def _course(values: np.ndarray, scale: str, stride: int) -> list[dict[str, Any]]:
    """A quantity by epoch: a line per layer, or a map where there are many layers."""
    epochs = list(range(0, values.shape[1], stride))
    x = [epoch + 1 for epoch in epochs]
    with np.errstate(all="ignore"):
        shown = np.where(values > 0.0, values, np.nan)[:, epochs] if scale == "log" else values[:, epochs]
        if len(values) > _LINES:
            return [_map(x, np.log10(shown) if scale == "log" else shown, scale)]
    return [
        {
            "x": x, "y": _rounded(line), "name": str(layer + 1), "mode": "lines" if len(x) > 1 else "markers",
            "line": {"color": f"entrant-{layer}", "width": 2},
            "hovertemplate": f"{layer + 1}: %{{y:.3g}}<extra></extra>",
        }
        for layer, line in enumerate(shown)
    ]  # fmt: skip


def _map(x: list[int], values: np.ndarray, scale: str) -> dict[str, Any]:
    number = "10^%{z:.2f}" if scale == "log" else "%{z:.3g}"
    limits = {"zmin": 0.0, "zmax": 1.0} if scale == "share" else {}
    return {
        "type": "heatmap", "x": x, "y": list(range(1, len(values) + 1)), "z": [_rounded(row) for row in values],
        "colorscale": "Viridis", "hovertemplate": f"%{{x}}, %{{y}}: {number}<extra></extra>", **limits,
        "colorbar": {"title": {"text": "log10" if scale == "log" else ""}, "thickness": 12},
    }  # fmt: skip


def _by_layer(title: str, depth: int, language: str) -> dict[str, Any]:
    layout = _layout(message("layers.layer", language), title)
    layout["xaxis"] |= {"dtick": max(1, math.ceil(depth / 12))}
    return layout | {"showlegend": True}


def _course_layout(name: str, scale: str, depth: int, language: str) -> dict[str, Any]:
    layer = message("layers.layer", language)
    if depth > _LINES:
        return _layout(message("axis.epoch", language), layer)
    layout = _layout(message("axis.epoch", language), message(f"layers.{name}", language))
    if scale == "log":
        layout["yaxis"] |= {"type": "log", "exponentformat": "power"}
    if scale == "share":
        layout["yaxis"] |= {"range": [-0.03, 1.03], "tickformat": ".0%"}
    return layout | {"showlegend": True, "legend": {"title": {"text": f"{layer} "}}}


def _told(key: str) -> dict[str, str]:
    """A text in every language, of which the page shows one."""
    return {language: message(key, language) for language in LANGUAGES}


def _rounded(values: np.ndarray) -> list[float | None]:
    return [float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None for value in map(float, values)]


def _layout(x: str, y: str) -> dict[str, Any]:
    return {"xaxis": {"title": {"text": x}}, "yaxis": {"title": {"text": y}}, "showlegend": False}
