"""A landscape's page: the loss on the plane with every course, the loss by epoch, and what the plane hides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from osolgil.files import told_plainly, write_json
from osolgil.formulas import catalog
from osolgil.landscapes import Course, Landscape
from osolgil.messages import LANGUAGES, message
from osolgil.pictures.frame import framed
from osolgil.report.axes import logarithmic
from osolgil.report.frame import write_page

Figure = dict[str, Any]
_GROUND = [[0.0, "rgba(47,111,79,0.55)"], [0.5, "rgba(47,111,79,0.18)"], [1.0, "rgba(47,111,79,0.02)"]]


def page(found: Landscape, language: str = "en") -> str:
    """The page as HTML text."""
    return framed(
        "landscape.html",
        language,
        {each: figures(found, each) for each in LANGUAGES},
        name=found.data,
        parameters=f"{found.network.size:,}",
        rows=f"{found.rows:,}",
        kind=found.kind,
        origin=catalog.optimizer(found.origin).title,
        explained=None if found.explained is None else [f"{100 * share:.1f}" for share in found.explained],
        courses=[_row(course) for course in found.courses],
    )


def _row(course: Course) -> dict[str, str]:
    return {
        "title": catalog.optimizer(course.optimizer).title,
        "rate": f"{course.learning_rate:.3g}",
        "loss": f"{course.losses[-1]:.4g}",
        "hidden": f"{100 * course.off_plane[:-1].mean():.0f} %",
    }


def figures(found: Landscape, language: str) -> dict[str, Figure]:
    """Every figure of the page by name."""
    epoch = message("axis.epoch", language)
    return {
        "ground": _map(found, language),
        "losses": _by_epoch(found, "losses", epoch, message("axis.training_loss", language), "log"),
        "hidden": _by_epoch(found, "off_plane", epoch, message("landscape.hidden_axis", language), "linear"),
    }


def _map(found: Landscape, language: str) -> Figure:
    with np.errstate(all="ignore"):
        z = np.log10(np.where(np.isfinite(found.losses), found.losses, np.nan))
    low, high = float(np.nanmin(z)), float(np.nanmax(z))
    traces: list[dict[str, Any]] = [
        {
            "type": "contour", "x": _digits(found.x), "y": _digits(found.y), "z": [_digits(row) for row in z],
            "customdata": [_digits(row) for row in found.losses], "colorscale": _GROUND, "showscale": False,
            "contours": {"start": low, "end": high, "size": (high - low) / 18 or 1.0, "coloring": "heatmap"},
            "line": {"width": 0.6, "color": "rgba(90,110,100,0.55)"},
            "hovertemplate": "%{customdata:.4g}<extra></extra>",
        }
    ]  # fmt: skip
    for place, course in enumerate(found.courses):
        points = course.coordinates
        traces.append(
            {
                "x": _digits(points[:, 0]), "y": _digits(points[:, 1]), "mode": "lines+markers",
                "name": catalog.optimizer(course.optimizer).title, "marker": {"size": 5, "color": _colour(place)},
                "line": {"color": _colour(place), "width": 2},
                "customdata": [[n, float(f"{a:.4g}"), float(f"{100 * b:.3g}")]
                               for n, (a, b) in enumerate(zip(course.losses, course.off_plane, strict=True))],
                "hovertemplate": "%{customdata[0]}: %{customdata[1]}, %{customdata[2]} %<extra></extra>",
            }
        )  # fmt: skip
    traces.append(
        {
            "x": [0], "y": [0], "mode": "markers", "name": message("landscape.origin", language), "hoverinfo": "name",
            "marker": {"symbol": "star", "size": 13, "color": "ink"},
        }
    )  # fmt: skip
    labels = [message(f"landscape.direction_{found.kind}", language, number=number) for number in (1, 2)]
    layout = {"xaxis": {"title": {"text": labels[0]}}, "yaxis": {"title": {"text": labels[1]}}}
    return {"data": traces, "layout": layout | {"showlegend": True, "height": 600}}


def _by_epoch(found: Landscape, name: str, x: str, y: str, scale: str) -> Figure:
    traces = [
        {
            "x": list(range(len(getattr(course, name)))), "y": _digits(getattr(course, name)), "mode": "lines",
            "name": catalog.optimizer(course.optimizer).title, "line": {"color": _colour(place), "width": 2},
        }
        for place, course in enumerate(found.courses)
    ]  # fmt: skip
    axis = {"title": {"text": y}} | (logarithmic(v for t in traces for v in t["y"]) if scale == "log" else {})
    if name == "off_plane":
        axis |= {"tickformat": ".0%", "range": [-0.02, 1.05]}
    return {"data": traces, "layout": {"xaxis": {"title": {"text": x}}, "yaxis": axis, "showlegend": True}}


def _digits(values: Any) -> list[Any]:
    return [float(f"{value:.5g}") if np.isfinite(value) else None for value in map(float, values)]


def _colour(place: int) -> str:
    return f"entrant-{place % 8}"


def write_landscape(folder: str | Path, found: Landscape, language: str = "en") -> Path:
    """Write landscape.html and landscape.json into a folder; returns the page's path."""
    place = Path(folder).expanduser()
    with told_plainly(place):
        place.mkdir(parents=True, exist_ok=True)
    write_json(place / "landscape.json", found.to_dict())
    write_page(place / "landscape.html", page(found, language))
    return place / "landscape.html"
