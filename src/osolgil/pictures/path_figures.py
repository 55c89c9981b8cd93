"""A path's figures: plain Plotly dictionaries for the page, and one still SVG."""

from __future__ import annotations

import math
from html import escape
from typing import Any

import numpy as np

from osolgil.messages import message
from osolgil.paths import Paths, Walk
from osolgil.pictures import ground
from osolgil.report.axes import logarithmic

Figure = dict[str, Any]
COLOURS = ("#0b6e4f", "#c2571a", "#3465c0", "#b03a78", "#8a7a00", "#1590a8", "#7a4fc0", "#6b6f76")
_LEVELS, _SVG_WIDTH, _SVG_HEIGHT = 16, 760, 600
_GROUND = [[0.0, "rgba(47,111,79,0.50)"], [0.5, "rgba(47,111,79,0.16)"], [1.0, "rgba(47,111,79,0.02)"]]


def figures(paths: Paths, language: str) -> dict[str, Figure]:
    """Every figure of a path's page by name; those without anything to show are left out."""
    made = {
        "path": _map(paths, language),
        "heights": _heights(paths, language),
        "one_step": _one_step(paths, language),
        "effective": _effective(paths, language),
    }
    return {name: figure for name, figure in made.items() if figure["data"]}


def window_of(paths: Paths) -> ground.Window:
    """The surface's window, grown to hold the walks."""
    return ground.widened(paths.surface.window, np.concatenate([walk.points for walk in paths.walks]))


def _map(paths: Paths, language: str) -> Figure:
    window = window_of(paths)
    x, y, values = ground.heights(paths.surface.formula, window)
    z = ground.levelled(values, paths.surface.lowest)
    top = float(np.nanmax(np.where(np.isfinite(z), z, np.nan)))
    traces: list[dict[str, Any]] = [
        {
            "type": "contour", "x": _digits(x), "y": _digits(y), "z": [_digits(row) for row in z],
            "customdata": [_digits(row) for row in values], "colorscale": _GROUND, "showscale": False,
            "contours": {"start": 0.0, "end": top, "size": top / _LEVELS, "coloring": "heatmap"},
            "line": {"width": 0.6, "color": "rgba(90,110,100,0.55)"},
            "hovertemplate": "x %{x:.4g}, y %{y:.4g}: %{customdata:.4g}<extra></extra>",
        }
    ]  # fmt: skip
    for place, walk in enumerate(paths.walks):
        points = _thinned(walk.points)
        steps = _thinned(np.arange(len(walk.points)))
        heights = _thinned(walk.values)
        traces.append(
            {
                "x": _digits(points[:, 0]), "y": _digits(points[:, 1]), "name": walk.name,
                "mode": "lines+markers", "line": {"color": _colour(place), "width": 2, "dash": _dash(place)},
                "marker": {"size": 4, "color": _colour(place)},
                "customdata": np.column_stack([steps, np.nan_to_num(heights)]).tolist(),
                "hovertemplate": f"{walk.name}: %{{customdata[0]:d}}<br>%{{customdata[1]:.5g}}<extra></extra>",
            }
        )  # fmt: skip
    traces.append(_marks([paths.start], "circle-open", message("path.start", language)))
    if paths.surface.minima:
        traces.append(_marks(list(paths.surface.minima), "star", message("path.minimum", language)))
    layout = _layout("x", "y") | {"showlegend": True, "height": 620}
    layout["xaxis"]["range"], layout["yaxis"]["range"] = list(window[:2]), list(window[2:])
    return {"data": traces, "layout": layout}


def _heights(paths: Paths, language: str) -> Figure:
    traces = []
    for place, walk in enumerate(paths.walks):
        above = np.maximum(_thinned(walk.values) - paths.surface.lowest, 0.0)
        shown = np.where(above > 1e-300, above, np.nan)
        traces.append(_curve(walk, place, _thinned(np.arange(len(walk.points))), shown))
    layout = _layout(message("path.step", language), message("path.above", language))
    layout["yaxis"] |= logarithmic(value for trace in traces for value in trace["y"])
    return {"data": traces, "layout": layout | {"showlegend": True}}


def _effective(paths: Paths, language: str) -> Figure:
    """Effective steps of walks that always go against the slope: there they are step sizes indeed."""
    traces = []
    for place, walk in enumerate(paths.walks):
        sizes = walk.effective_steps
        if not len(sizes) or walk.batch_size is not None or not np.all(np.isnan(sizes) | (sizes > 0)):
            continue
        for column, letter, dash in ((0, "x", "solid"), (1, "y", "dot")):
            steps = _thinned(np.arange(1, len(sizes) + 1))
            curve = _curve(walk, place, steps, _thinned(sizes[:, column]))
            curve |= {"name": f"{walk.name}, {letter}", "line": curve["line"] | {"dash": dash}}
            traces.append(curve)
    layout = _layout(message("path.step", language), message("path.effective_axis", language))
    layout["yaxis"] |= logarithmic(value for trace in traces for value in trace["y"])
    return {"data": traces, "layout": layout | {"showlegend": True}}


def _one_step(paths: Paths, language: str) -> Figure:
    """The vectors of one step from the same point: what is carried on, and the slope measured here or ahead."""
    facts = paths.one_step
    if not facts:
        return {"data": [], "layout": {}}
    theta, carried = np.array(facts["theta"]), np.array(facts["carried"])
    here, ahead = np.array(facts["slope_here"]), np.array(facts["slope_ahead"])
    arrows = [
        (theta, carried, "entrant-7", "path.carried"),
        (theta + carried, here, "entrant-1", "path.slope_here"),
        (theta + carried, ahead, "entrant-2", "path.slope_ahead"),
        (theta, here, "entrant-1", ""),
    ]
    traces: list[dict[str, Any]] = [
        {
            "x": _digits([start[0], start[0] + vector[0]]), "y": _digits([start[1], start[1] + vector[1]]),
            "mode": "lines+markers", "name": message(key, language) if key else "", "showlegend": bool(key),
            "line": {"color": colour, "width": 3, "dash": "solid" if key else "dot"},
            "marker": {"symbol": "arrow", "size": [0, 13], "angleref": "previous", "color": colour},
            "hovertemplate": "(%{x:.5g}, %{y:.5g})<extra></extra>",
        }
        for start, vector, colour, key in arrows
    ]  # fmt: skip
    traces.append(_marks([facts["theta"]], "circle", "θ"))
    traces.append(_marks([facts["momentum_end"]], "square-open", message("path.momentum_end", language)))
    traces.append(_marks([facts["nesterov_end"]], "diamond-open", message("path.nesterov_end", language)))
    return {"data": traces, "layout": _layout("x", "y") | {"showlegend": True, "height": 440}}


def svg(paths: Paths) -> str:
    """The surface's contour lines with every walk on them, as SVG that follows the reader's light or dark theme."""
    window = window_of(paths)
    x, y, values = ground.heights(paths.surface.formula, window, 101)
    z = ground.levelled(values, paths.surface.lowest)
    finite = z[np.isfinite(z)]
    levels = np.linspace(float(finite.min()), float(finite.max()), _LEVELS + 2)[1:-1]
    parts = []
    for number, level in enumerate(levels):
        lines = "".join(
            "M{:.1f} {:.1f}L{:.1f} {:.1f}".format(*_place(window, a, b), *_place(window, c, d))
            for a, b, c, d in ground.contour(x, y, z, float(level))
        )
        if lines:
            parts.append(
                f'<path class="level" d="{lines}" stroke-opacity="{0.85 - 0.6 * number / _LEVELS:.2f}"/>'
            )
    for place, walk in enumerate(paths.walks):
        colour = COLOURS[place % len(COLOURS)]
        points = [_place(window, *point) for point in _thinned(walk.points)]
        line = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        parts.append(
            f'<polyline points="{line}" stroke="{colour}"><title>{escape(walk.name)}</title></polyline>'
        )
        parts.append('<circle cx="{:.1f}" cy="{:.1f}" r="4.5" fill="{}"/>'.format(*points[-1], colour))
        top = 22 + 20 * place
        parts.append(f'<rect x="14" y="{top - 9}" width="12" height="12" rx="3" fill="{colour}"/>')
        parts.append(f'<text x="33" y="{top + 1}">{escape(walk.name)} · γ {_rate(walk)}</text>')
    for a, b in paths.surface.minima:
        parts.append(
            '<path class="minimum" d="M{:.1f} {:.1f}m-6 0h12m-6 -6v12"/>'.format(*_place(window, a, b))
        )
    parts.append(
        '<circle class="start" cx="{:.1f}" cy="{:.1f}" r="6"/>'.format(*_place(window, *paths.start))
    )
    title = escape(paths.surface.title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ways" viewBox="0 0 {_SVG_WIDTH} {_SVG_HEIGHT}" role="img" '
        f'aria-label="{title}"><title>{title}</title><style>{_SVG_STYLE}</style>'
        f'<rect class="paper" width="{_SVG_WIDTH}" height="{_SVG_HEIGHT}"/>{"".join(parts)}</svg>\n'
    )


_SVG_STYLE = (
    ".ways .paper{fill:#fbfaf7}.ways .level{fill:none;stroke:#2f6f4f;stroke-width:.8}.ways polyline{fill:none;"
    "stroke-width:2.2;stroke-linejoin:round}.ways text{font:13px system-ui,sans-serif;fill:#1d2329;paint-order:stroke;"
    "stroke:#fbfaf7;stroke-width:3px}.ways .minimum,.ways .start{stroke:#1d2329;stroke-width:2;fill:none}"
    "@media(prefers-color-scheme:dark){.ways .paper{fill:#14181c}.ways .level{stroke:#7cc9a0}.ways text{fill:#e7eaed;"
    "stroke:#14181c}.ways .minimum,.ways .start{stroke:#e7eaed}}"
)


def _place(window: ground.Window, x: float, y: float) -> tuple[float, float]:
    across = (x - window[0]) / (window[1] - window[0])
    up = (y - window[2]) / (window[3] - window[2])
    return float(np.clip(across, -1, 2)) * _SVG_WIDTH, (1 - float(np.clip(up, -1, 2))) * _SVG_HEIGHT


def _curve(walk: Walk, place: int, x: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    return {
        "x": [int(value) for value in x], "y": _digits(y), "mode": "lines", "name": walk.name,
        "line": {"color": _colour(place), "width": 2, "dash": _dash(place)},
        "hovertemplate": f"{walk.name}: %{{y:.4g}}<extra></extra>",
    }  # fmt: skip


def _marks(points: list[Any], symbol: str, name: str) -> dict[str, Any]:
    return {
        "x": _digits([point[0] for point in points]), "y": _digits([point[1] for point in points]),
        "mode": "markers", "name": name, "hovertemplate": f"{name} (%{{x:.5g}}, %{{y:.5g}})<extra></extra>",
        "marker": {"symbol": symbol, "size": 12, "color": "ink", "line": {"width": 2, "color": "ink"}},
    }  # fmt: skip


def _thinned(values: np.ndarray, most: int = 2000) -> np.ndarray:
    """At most so many entries, the first and the last among them: a picture has no more to show."""
    if len(values) <= most:
        return values
    return values[np.unique(np.linspace(0, len(values) - 1, most).round().astype(int))]


def _digits(values: Any) -> list[Any]:
    return [float(f"{value:.5g}") if math.isfinite(value) else None for value in map(float, values)]


def _colour(place: int) -> str:
    return f"entrant-{place % len(COLOURS)}"


def _dash(place: int) -> str:
    return ("solid", "dash", "dot")[place // len(COLOURS) % 3]


def _rate(walk: Walk) -> str:
    return f"{walk.hyperparameters.get('learning_rate', math.nan):.3g}"


def _layout(x: str, y: str) -> dict[str, Any]:
    return {"xaxis": {"title": {"text": x}}, "yaxis": {"title": {"text": y}}, "showlegend": False}
