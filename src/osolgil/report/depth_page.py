"""The lecture's picture as a page: products of derivatives through depth, and scores by depth, for every activation."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from osolgil.messages import LANGUAGES, message
from osolgil.report.frame import framed, write_page

Facts = dict[str, Any]
COLOURS = 8


def write_depths(path: Path, facts: Facts, language: str = "en") -> None:
    """Write the page, whole or not at all."""
    write_page(path, depth_page(facts, language))


def depth_page(facts: Facts, language: str = "en") -> str:
    """The page as HTML text; `language` is the one it opens in."""
    drawn = {each: {"products": _products(facts, each), "scores": _scores(facts, each)} for each in LANGUAGES}
    return framed("depth.html", language, drawn, facts=facts)


def _products(facts: Facts, language: str) -> dict[str, Any]:
    """log10 of the products: a dashed line as predicted, points as measured, and the bound 4^-L of the sigmoid."""
    traces: list[dict[str, Any]] = []
    deepest = max((len(row["predicted"]) for row in facts["activations"]), default=1)
    layers = list(range(1, deepest + 1))
    bound = [-layer * math.log10(4.0) for layer in layers]
    traces.append(
        {"x": layers, "y": bound, "mode": "lines", "name": "4⁻ᴸ", "line": {"color": "ink", "width": 3}}
    )
    for place, row in enumerate(facts["activations"]):
        colour, group = f"entrant-{place % COLOURS}", row["activation"]
        same = {"x": layers, "legendgroup": group, "line": {"color": colour}}
        traces.append(
            same | {"y": row["measured"], "name": group, "mode": "lines+markers", "marker": {"size": 4}}
        )
        dashed = {"color": colour, "dash": "dash"}
        traces.append(
            same
            | {"y": row["predicted"], "showlegend": False, "mode": "lines", "line": dashed, "name": group}
        )
    layout = {
        "xaxis": {"title": {"text": message("layers.layer", language)}},
        "yaxis": {"title": {"text": "log10 Π|φ′|"}}, "showlegend": True, "height": 560,
    }  # fmt: skip
    return {"data": traces, "layout": layout}


def _scores(facts: Facts, language: str) -> dict[str, Any]:
    traces = [
        {
            "x": facts["depths"], "y": row["scores"], "name": row["activation"], "mode": "lines+markers",
            "line": {"color": f"entrant-{place % COLOURS}"},
        }
        for place, row in enumerate(facts["activations"])
    ]  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": message("depth.depth", language)}, "type": "log"},
        "yaxis": {"title": {"text": message(f"score.{facts['data']['score']}", language)}},
        "showlegend": True, "height": 560,
    }  # fmt: skip
    return {"data": traces, "layout": layout}
