"""The perceptron's page: what it learned and how often it erred, exclusive or, and the hidden layer that solves it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from osolgil import perceptron
from osolgil.files import told_plainly, write_json
from osolgil.messages import LANGUAGES, message
from osolgil.perceptron import Lesson
from osolgil.pictures.frame import framed
from osolgil.report.axes import logarithmic
from osolgil.report.frame import write_page

Figure = dict[str, Any]
_COLOURS = {1: "entrant-0", -1: "entrant-1"}


def sentences(lesson: Lesson, name: str, wanted: str | None, language: str) -> list[str]:
    """What happened, in sentences: learned or not, mistakes beside their bound."""
    facts = lesson.to_dict()
    told = []
    if wanted is not None:
        told.append(message("perceptron.classes", language, data=name, wanted=wanted))
    if facts["learned"]:
        key = "learned"
    else:
        key = "cycled" if lesson.cycle is not None else "unlearned"
    told.append(
        message(
            f"perceptron.{key}", language, mistakes=f"{lesson.mistakes:,}", epochs=f"{facts['epochs']:,}",
            accuracy=f"{100 * lesson.accuracy:.1f}", length=lesson.cycle[1] if lesson.cycle else 0,
        )
    )  # fmt: skip
    if facts["separable"]:
        told.append(
            message(
                "perceptron.bound", language, radius=f"{facts['radius']:.4g}", margin=f"{facts['margin']:.4g}",
                bound=f"{facts['bound']:,.1f}", mistakes=f"{lesson.mistakes:,}",
            )
        )  # fmt: skip
    else:
        told.append(message("perceptron.inseparable", language))
    return told


def page(lesson: Lesson, name: str, wanted: str | None, solved: Any, language: str = "en") -> str:
    """The page as HTML text. `solved` is the network trained on exclusive or, an `osolgil.Trained`."""
    return framed(
        "perceptron.html",
        language,
        {each: figures(lesson, solved, each) for each in LANGUAGES},
        name=name,
        sentences={each: sentences(lesson, name, wanted, each) for each in LANGUAGES},
        corners={each: sentences(_corners(), "", None, each) for each in LANGUAGES},
        solved={each: solved_sentence(solved, each) for each in LANGUAGES},
    )


def solved_sentence(solved: Any, language: str) -> str:
    """How well the trained hidden layer does on rows it never saw."""
    return message(
        "perceptron.solved",
        language,
        units=solved.facts["network"]["widths"][1],
        accuracy=f"{100 * solved.scores['test']:.1f}",
    )


def figures(lesson: Lesson, solved: Any, language: str) -> dict[str, Figure]:
    """Every figure by name; the plane only where there are two features."""
    made = {
        "mistakes": _mistakes(lesson, language),
        "corners": _plane(_corners(), language),
        "hidden": _hidden(solved, language),
    }
    if lesson.inputs.shape[1] == 2:
        made["plane"] = _plane(lesson, language)
    return made


def _corners() -> Lesson:
    return perceptron.learn(perceptron.CORNERS, perceptron.EXCLUSIVE_OR)


def _plane(lesson: Lesson, language: str) -> Figure:
    """Rows of both classes, and the line after the last mistakes, the latest darkest."""
    traces = [_points(lesson.inputs, lesson.labels, sign) for sign in (1, -1)]
    low, high = lesson.inputs.min(0), lesson.inputs.max(0)
    room = 0.15 * (high - low + 1e-9)
    low, high = low - room, high + room
    recent = [weights for weights in lesson.weights[1:] if np.any(weights[:2])][-12:]
    for number, weights in enumerate(recent):
        ends = _ends(weights, low, high)
        if ends is not None:
            last = number == len(recent) - 1
            traces.append(
                {
                    "x": _digits(ends[:, 0]), "y": _digits(ends[:, 1]), "mode": "lines", "hoverinfo": "skip",
                    "line": {"color": "ink", "width": 2.5 if last else 1, "dash": "solid" if last else "dot"},
                    "opacity": 0.15 + 0.85 * (number + 1) / len(recent), "showlegend": last,
                    "name": message("perceptron.line", language),
                }
            )  # fmt: skip
    layout: Figure = _layout("x₁", "x₂") | {"showlegend": True}
    layout["xaxis"]["range"], layout["yaxis"]["range"] = [
        [float(a), float(b)] for a, b in zip(low, high, strict=True)
    ]
    return {"data": traces, "layout": layout}


def _ends(weights: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray | None:
    """Where the line w₁ x₁ + w₂ x₂ + b = 0 crosses the window."""
    found = []
    for axis in (0, 1):
        other = 1 - axis
        if abs(weights[other]) > 1e-12:
            for value in (low[axis], high[axis]):
                crossing = -(weights[axis] * value + weights[2]) / weights[other]
                if low[other] - 1e-9 <= crossing <= high[other] + 1e-9:
                    found.append((value, crossing) if axis == 0 else (crossing, value))
    return np.array([found[0], found[-1]]) if len(found) >= 2 else None


def _mistakes(lesson: Lesson, language: str) -> Figure:
    total = np.cumsum(lesson.mistakes_per_epoch)
    epochs = list(range(1, len(total) + 1))
    traces: list[dict[str, Any]] = [
        {
            "type": "bar", "x": epochs, "y": lesson.mistakes_per_epoch, "name": message("perceptron.each", language),
            "marker": {"color": "entrant-1"}, "opacity": 0.6,
        },
        {
            "x": epochs, "y": total.tolist(), "mode": "lines", "name": message("perceptron.total", language),
            "line": {"color": "entrant-0", "width": 2.5},
        },
    ]  # fmt: skip
    if lesson.separation.bound is not None:
        bound = lesson.separation.bound
        traces.append(
            {
                "x": [epochs[0] - 0.5, epochs[-1] + 0.5], "y": [bound, bound], "mode": "lines", "name": "(R/γ)²",
                "line": {"color": "ink", "dash": "dot", "width": 1.6},
            }
        )  # fmt: skip
    layout: Figure = _layout(message("axis.epoch", language), message("perceptron.mistakes", language))
    layout["showlegend"] = True
    if lesson.separation.bound is not None and lesson.separation.bound > 20 * max(total[-1], 1):
        layout["yaxis"] |= logarithmic([1.0, lesson.separation.bound])
    if len(epochs) <= 10:
        layout["xaxis"]["dtick"] = 1
    return {"data": traces, "layout": layout}


def _hidden(solved: Any, language: str) -> Figure:
    """What the trained network says all over the plane: the probability of the second class."""
    side = np.linspace(-1.2, 1.2, 81)
    points = np.array([[a, b] for b in side for a in side])
    values = solved.model.probabilities(points)[:, 1].reshape(81, 81)
    ground = {
        "type": "contour", "x": _digits(side), "y": _digits(side), "z": [_digits(row) for row in values],
        "colorscale": [[0, "rgba(194,87,26,0.45)"], [0.5, "rgba(128,128,128,0.05)"], [1, "rgba(11,110,79,0.45)"]],
        "contours": {"start": 0.1, "end": 0.9, "size": 0.2, "coloring": "heatmap"}, "showscale": False,
        "line": {"width": 0.7, "color": "rgba(90,110,100,0.7)"}, "hovertemplate": "%{z:.3f}<extra></extra>",
    }  # fmt: skip
    corners = [_points(perceptron.CORNERS, perceptron.EXCLUSIVE_OR, sign) for sign in (1, -1)]
    return {"data": [ground, *corners], "layout": _layout("x₁", "x₂")}


def _points(inputs: np.ndarray, labels: np.ndarray, sign: int) -> dict[str, Any]:
    chosen = inputs[labels == sign][:2000]
    return {
        "x": _digits(chosen[:, 0]), "y": _digits(chosen[:, 1]), "mode": "markers",
        "name": f"{sign:+d}".replace("-", "−"),
        "marker": {"color": _COLOURS[sign], "size": 9, "symbol": "circle" if sign > 0 else "square"},
    }  # fmt: skip


def _digits(values: Any) -> list[float]:
    return [float(f"{value:.5g}") for value in map(float, values)]


def _layout(x: str, y: str) -> dict[str, Any]:
    return {"xaxis": {"title": {"text": x}}, "yaxis": {"title": {"text": y}}, "showlegend": False}


def write_perceptron(
    folder: str | Path, lesson: Lesson, name: str, wanted: str | None, solved: Any, language: str = "en"
) -> Path:
    """Write perceptron.html and perceptron.json; returns the page's path."""
    place = Path(folder).expanduser()
    with told_plainly(place):
        place.mkdir(parents=True, exist_ok=True)
    write_json(place / "perceptron.json", lesson.to_dict() | {"data": name, "class": wanted})
    write_page(place / "perceptron.html", page(lesson, name, wanted, solved, language))
    return place / "perceptron.html"
