"""The page of a path: the surface with every walk on it, heights, the vectors of one step, effective steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from osolgil.files import told_plainly, write_json, write_text
from osolgil.messages import LANGUAGES
from osolgil.paths import Paths
from osolgil.pictures.frame import framed
from osolgil.pictures.path_figures import figures, svg
from osolgil.report.frame import write_page


def page(paths: Paths, language: str = "en", tuned: bool = True) -> str:
    """The page as HTML text; `tuned` says whether each walk's learning rate was looked for."""
    facts = paths.to_dict()
    return framed(
        "path.html",
        language,
        {each: figures(paths, each) for each in LANGUAGES},
        facts={"title": facts["title"]},
        start=point_text(paths.start),
        steps=max(len(walk.points) - 1 for walk in paths.walks),
        tuned=tuned,
        rows=rows(paths),
    )


def rows(paths: Paths) -> list[dict[str, Any]]:
    """The numbers of every walk as text: name, rate, end, height above the lowest, distance from a minimum."""
    found = []
    for walk in paths.walks:
        end, rate = walk.points[-1], walk.hyperparameters.get("learning_rate")
        away = [float(np.hypot(*(end - np.array(minimum)))) for minimum in paths.surface.minima]
        found.append(
            {
                "name": walk.name,
                "rate": f"{rate:.3g}" if rate is not None else "–",
                "end": point_text(end),
                "value": "∞" if walk.diverged else f"{walk.values[-1]:.5g}",
                "away": f"{min(away):.3g}" if away else "–",
            }
        )  # fmt: skip
    return found


def point_text(point: Any) -> str:
    """A point as it is read: (1.2, −0.5)."""
    return f"({float(point[0]):.4g}, {float(point[1]):.4g})".replace("-", "−")


def write_path(folder: str | Path, paths: Paths, language: str = "en", tuned: bool = True) -> dict[str, Path]:
    """Write path.html, path.svg and path.json into a folder; returns where they lie."""
    place = Path(folder).expanduser()
    with told_plainly(place):
        place.mkdir(parents=True, exist_ok=True)
    files = {name: place / f"path.{name}" for name in ("html", "svg", "json")}
    write_page(files["html"], page(paths, language, tuned))
    write_text(files["svg"], svg(paths))
    write_json(files["json"], paths.to_dict())
    return files
