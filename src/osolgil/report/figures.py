"""The page's figures as plain Plotly dictionaries, built by hand: importing plotly would cost a second.

A figure is {"data": traces, "layout": layout}. Colours of entrants are names, "entrant-0" …, which the page
turns into the colours of its theme; everything else about colour belongs to the page.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from osolgil.messages import message
from osolgil.report.axes import logarithmic
from osolgil.report.sentences import rate_text, within_reach

Figure = dict[str, Any]
Facts = dict[str, Any]
_SHOWN_AT_FIRST = 5
_MANY = 12
_DASHES = ("solid", "dash", "dot")
COLOURS = 8


def figures(facts: Facts, history: dict[str, np.ndarray], language: str) -> dict[str, Figure]:
    """Every figure of the page by name; those without anything to show are left out."""
    made = {
        "training_loss": losses(facts, history, "training_loss", language),
        "validation_loss": losses(facts, history, "validation_loss", language),
        "scores": scores(facts, language),
        "steps": steps_to_target(facts, language),
        "profile": performance_profile(facts, language),
        "tunability": tunability(facts, language),
    }
    for row in facts["leaderboard"]:
        made[f"rate_{row['rank']}"] = sensitivity(facts, row, language)
    return {name: figure for name, figure in made.items() if figure["data"]}


def losses(facts: Facts, history: dict[str, np.ndarray], column: str, language: str) -> Figure:
    """Median of a loss per epoch over the fresh seeds, with the band between the quartiles, per entrant."""
    traces: list[dict[str, Any]] = []
    fresh = np.asarray(history["phase"]) == "confirm" if len(history.get("phase", ())) else np.zeros(0, bool)
    for place, row in enumerate(facts["leaderboard"]):
        own = fresh & (np.asarray(history["entrant"]) == row["entrant"]) if fresh.any() else fresh
        if not own.any():
            continue
        kept = own & _of_setting(history, row)
        epochs, low, middle, high = _quartiles(history["epoch"][kept], history[column][kept])
        visible: Any = True if place < _SHOWN_AT_FIRST else "legendonly"
        traces += _band(epochs, low, high, place, {"legendgroup": row["entrant"], "visible": visible})
        traces.append(
            {
                "x": epochs, "y": middle, "mode": "lines" if len(epochs) > 1 else "markers",
                "name": row["title"], "legendgroup": row["entrant"], "visible": visible, "line": _line(place),
                "hovertemplate": f"{row['title']}: %{{y:.4g}}<extra></extra>",
            }
        )  # fmt: skip
    layout = _layout(message("axis.epoch", language), message(f"axis.{column}", language))
    layout["yaxis"] |= logarithmic(value for trace in traces for value in trace["y"])
    return {"data": traces, "layout": layout | {"showlegend": True, "hovermode": "x unified"}}


def scores(facts: Facts, language: str) -> Figure:
    """Scores of the fresh seeds as points, with the mean and its interval, one line per entrant."""
    rows = [row for row in facts["leaderboard"] if _numbers(row["scores"])]
    traces: list[dict[str, Any]] = []
    for row in rows:
        values = _numbers(row["scores"])
        colour = f"entrant-{(row['rank'] - 1) % COLOURS}"
        traces.append(
            {
                "x": values, "y": [row["title"]] * len(values), "mode": "markers", "name": row["title"],
                "marker": {"color": colour, "opacity": 0.45, "size": 7},
                "hovertemplate": "%{x:.4f}<extra></extra>",
            }
        )  # fmt: skip
        low, high = within_reach(row["interval"], facts["data"]["score"])
        if not all(_finite(value) for value in (row["mean"], low, high)):
            continue
        traces.append(
            {
                "x": [row["mean"]], "y": [row["title"]], "mode": "markers", "name": row["title"],
                "marker": {"color": "ink", "symbol": "line-ns-open", "size": 16, "line": {"width": 3}},
                "error_x": {
                    "type": "data", "symmetric": False, "array": [high - row["mean"]],
                    "arrayminus": [row["mean"] - low], "color": "ink", "thickness": 1.6, "width": 6,
                },
                "hovertemplate": f"%{{x:.4f}} [{low:.4f}, {high:.4f}]<extra></extra>",
            }
        )  # fmt: skip
    axis = message(f"axis.{facts['data']['score']}", language)
    layout = _layout(axis, "")
    if facts["data"]["score"] == "accuracy":
        layout["xaxis"]["tickformat"] = ".1~%"
    cut = _worth_seeing([row["mean"] for row in rows if _finite(row["mean"])])
    if cut is not None:
        bottom, top, beyond = cut
        layout["xaxis"] |= {
            "range": [bottom, top],
            "title": {"text": message("page.scores_beyond", language, axis=axis, count=beyond)},
        }
    return {"data": traces, "layout": _listing(layout, [row["title"] for row in rows])}


def _worth_seeing(means: list[float]) -> tuple[float, float, int] | None:
    """Range of scores in which most entrants can be told apart, and how many lie below it; None: in that of all."""
    if len(means) < _MANY:
        return None
    best, most = max(means), float(np.quantile(means, 0.2))
    bottom = best - 1.6 * (best - most)
    beyond = sum(mean < bottom for mean in means)
    return (bottom, best + 0.15 * (best - bottom), beyond) if beyond else None


def sensitivity(facts: Facts, row: dict[str, Any], language: str) -> Figure:
    """Mean validation score by learning rate with the range over seeds; what was stopped is marked."""
    points = facts["learning_rate_sensitivity"].get(row["entrant"], [])
    scored = [point for point in points if _finite(point["mean"])]
    bottom, top = _score_range(facts)
    rates = [point["learning_rate"] for point in scored]
    place = row["rank"] - 1
    traces = (
        _band(rates, [p["low"] for p in scored], [p["high"] for p in scored], place, {}) if scored else []
    )
    if scored:
        means = [point["mean"] for point in scored]
        traces.append({"x": rates, "y": means, "mode": "lines", "line": _line(place), "hoverinfo": "skip"})
    marks = (("finished", "circle"), ("eliminated", "circle-open"), ("diverged", "x-thin-open"))
    for state, symbol in marks:
        chosen = [p for p in points if p["state"] == state]
        heights = [p["mean"] if _finite(p["mean"]) else bottom for p in chosen]
        if chosen:
            traces.append(_states(chosen, heights, state, symbol, place, language))
    layout = _layout(
        message("axis.learning_rate", language), message(f"axis.{facts['data']['score']}", language)
    )
    layout["xaxis"] |= logarithmic([value for trace in traces for value in trace["x"]], whole=True)
    layout["yaxis"] |= {"range": [bottom - 0.06 * (top - bottom), top]}
    if facts["data"]["score"] == "accuracy":
        layout["yaxis"]["tickformat"] = ".0~%"
    if row["hyperparameters"] is not None:
        best = row["hyperparameters"]["learning_rate"]
        layout["shapes"] = [
            {"type": "line", "x0": best, "x1": best, "y0": 0, "y1": 1, "yref": "paper",
             "line": {"dash": "dot", "width": 1.2, "color": "ink"}}
        ]  # fmt: skip
    return {"data": traces, "layout": layout}


def steps_to_target(facts: Facts, language: str) -> Figure:
    """Median training steps to the target score; entrants that never reach it have no bar."""
    rows = facts["leaderboard"]
    reached = [row for row in rows if row["steps_to_target"]["median"] is not None]
    values = {row["entrant"]: row["steps_to_target"]["median"] for row in reached}
    never = message("figure.never", language)
    figure = _bars(rows, values, lambda value: f"{value:,}", never, message("axis.steps", language))
    return figure if reached else {"data": [], "layout": {}}


def tunability(facts: Facts, language: str) -> Figure:
    """Width of the range of learning rates within 1 % of the best score, in powers of ten."""
    rows = facts["leaderboard"]
    values = {row["entrant"]: row["tunability_decades"] for row in rows}
    figure = _bars(rows, values, lambda value: f"{value:.2g}", "", message("axis.decades", language))
    return figure if any(values.values()) else {"data": [], "layout": {}}


def performance_profile(facts: Facts, language: str) -> Figure:
    """Share of seeds solved within a multiple of the fastest entrant's steps (Dolan, Moré 2002)."""
    traces = []
    for place, row in enumerate(facts["leaderboard"]):
        points = facts["performance_profile"].get(row["entrant"], [])
        if points:
            traces.append(
                {
                    "x": [ratio for ratio, _ in points], "y": [share for _, share in points], "mode": "lines",
                    "name": row["title"], "line": _line(place) | {"shape": "hv"},
                    "hovertemplate": f"{row['title']}: %{{y:.0%}}<extra></extra>",
                }
            )  # fmt: skip
    layout = _layout(message("axis.ratio", language), message("axis.share", language))
    layout["xaxis"] |= {"type": "log", "tickvals": [1, 2, 4, 8, 16], "ticktext": ["1", "2", "4", "8", "16"]}
    layout["yaxis"] |= {"tickformat": ".0%", "range": [-0.03, 1.05]}
    return {"data": traces, "layout": layout | {"showlegend": True, "hovermode": "x unified"}}


def _of_setting(history: dict[str, np.ndarray], row: dict[str, Any]) -> np.ndarray:
    """Rows trained with the leaderboard's learning rate: an entrant searched twice has two in the history."""
    rates = np.asarray(history["learning_rate"], float)
    if row["hyperparameters"] is None:
        return np.ones(len(rates), bool)
    return np.isclose(rates, row["hyperparameters"]["learning_rate"], rtol=1e-9, atol=0.0)


def _quartiles(epochs: np.ndarray, values: np.ndarray) -> tuple[list[Any], ...]:
    """Epochs, and the three quartiles of the finite values in each."""
    values = np.asarray(values, float)
    finite = np.isfinite(values)
    order = np.lexsort((values[finite], epochs[finite]))
    ordered = values[finite][order]
    each, first, count = np.unique(epochs[finite][order], return_index=True, return_counts=True)
    found = []
    for share in (0.25, 0.5, 0.75):
        place = first + share * (count - 1)
        below = place.astype(int)
        above = np.minimum(below + 1, first + count - 1)
        between = ordered[below] + (place - below) * (ordered[above] - ordered[below])
        found.append([float(f"{value:.5g}") for value in between])
    return [int(epoch) for epoch in each], *found


def _band(
    x: list[Any], low: list[Any], high: list[Any], place: int, more: dict[str, Any]
) -> list[dict[str, Any]]:
    colour = f"entrant-{place % COLOURS}"
    return [
        {
            "x": [*x, *x[::-1]], "y": [*high, *low[::-1]], "mode": "lines", "hoverinfo": "skip",
            "fill": "toself", "fillcolor": f"{colour}-band", "line": {"width": 0, "color": colour},
            "showlegend": False, **more,
        }
    ]  # fmt: skip


def _line(place: int) -> dict[str, Any]:
    return {
        "color": f"entrant-{place % COLOURS}",
        "width": 2,
        "dash": _DASHES[place // COLOURS % len(_DASHES)],
    }


def _states(
    points: list[dict[str, Any]], heights: list[Any], state: str, symbol: str, place: int, language: str
) -> dict[str, Any]:
    name = message(f"state.{state}", language)
    texts = [
        f"{rate_text(p['learning_rate'])}: {name}, {p['epochs']} {message('figure.epochs', language)}"
        for p in points
    ]
    colour = "bad" if state == "diverged" else f"entrant-{place % COLOURS}"
    return {
        "x": [p["learning_rate"] for p in points], "y": heights, "mode": "markers", "name": name,
        "marker": {"color": colour, "symbol": symbol, "size": 8, "line": {"width": 1.6, "color": colour}},
        "text": texts, "hovertemplate": "%{text}<br>%{y:.4g}<extra></extra>",
    }  # fmt: skip


def _bars(rows: list[dict[str, Any]], values: dict[str, Any], text: Any, absent: str, axis: str) -> Figure:
    trace = {
        "type": "bar", "orientation": "h", "y": [row["title"] for row in rows],
        "x": [values.get(row["entrant"], 0) for row in rows],
        "text": [text(values[row["entrant"]]) if row["entrant"] in values else absent for row in rows],
        "textposition": "outside", "cliponaxis": False, "hoverinfo": "skip",
        "marker": {"color": [f"entrant-{place % COLOURS}" for place in range(len(rows))]},
    }  # fmt: skip
    layout = _layout(axis, "")
    layout["xaxis"] |= {"rangemode": "tozero", "range": [0, 1.22 * max([1e-9, *values.values()])]}
    return {"data": [trace], "layout": _listing(layout, [row["title"] for row in rows])}


def _listing(layout: dict[str, Any], titles: list[str]) -> dict[str, Any]:
    """A layout whose vertical axis lists entrants, best on top."""
    layout["yaxis"] |= {
        "type": "category",
        "categoryarray": titles[::-1],
        "categoryorder": "array",
        "range": [-0.6, len(titles) - 0.4],
        "ticks": "",
    }
    return layout | {"height": 110 + 26 * len(titles)}


def _score_range(facts: Facts) -> tuple[float, float]:
    """The range of scores that all sensitivity figures share, cut where only hopeless rates are."""
    points = [point for points in facts["learning_rate_sensitivity"].values() for point in points]
    lows = [point["low"] for point in points if _finite(point["low"])]
    highs = [point["high"] for point in points if _finite(point["high"])]
    if not lows:
        return 0.0, 1.0
    top = max(highs)
    bottom = max(min(lows), top - 1.0)
    reach = max(top - bottom, 1e-3)
    return bottom, top + 0.04 * reach


def _numbers(values: list[Any]) -> list[float]:
    return [value for value in values if _finite(value)]


def _finite(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def _layout(x: str, y: str) -> dict[str, Any]:
    return {"xaxis": {"title": {"text": x}}, "yaxis": {"title": {"text": y}}, "showlegend": False}
