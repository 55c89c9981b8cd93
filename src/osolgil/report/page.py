"""One self-contained page: the template filled with sentences, tables, the drawing, and the figures' JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from osolgil.messages import LANGUAGES, message
from osolgil.report import reproduction
from osolgil.report.drawing import drawing
from osolgil.report.figures import figures
from osolgil.report.frame import framed
from osolgil.report.layer_section import with_layers
from osolgil.report.recipe import recipes
from osolgil.report.sentences import (
    difference_text,
    rate_text,
    score_text,
    share_text,
    standing_of,
    verdict_sentences,
    within_reach,
)

if TYPE_CHECKING:
    from osolgil.model import Model

Facts = dict[str, Any]
Columns = dict[str, np.ndarray]
_NETWORK_BELOW_DIGITS = 3


def page(
    facts: Facts,
    history: Columns,
    model: Model | None,
    language: str = "en",
    layers: Columns | None = None,
) -> str:
    """The report as HTML text; `language` is the one it opens in."""
    drawn = {each: figures(facts, history, each) for each in LANGUAGES}
    return framed(
        "page.html",
        language,
        **with_layers(facts, drawn, layers or {}),
        facts=facts,
        sentences={each: verdict_sentences(facts, each) for each in LANGUAGES},
        rows={each: table(facts, each) for each in LANGUAGES},
        confidence={each: _percent(facts, each) for each in LANGUAGES},
        target={each: _target(facts, each) for each in LANGUAGES},
        seconds={each: _seconds(facts, each) for each in LANGUAGES},
        picture={each: picture(facts, model, each) for each in LANGUAGES},
        weighed=model is not None,
        settings=_settings(facts),
        command=reproduction.command(facts),
        recipes=bool(recipes(facts)),
        python=reproduction.python(facts),
    )


def table(facts: Facts, language: str) -> list[dict[str, str]]:
    """The leaderboard as text, a dictionary per entrant."""
    return [
        _row(row, standing_of(facts, row), facts["data"]["score"], language) for row in facts["leaderboard"]
    ]


def picture(facts: Facts, model: Model | None, language: str) -> str:
    """The network as inline SVG, coloured by the trained weights where there is a model."""
    widths = facts["network"]["widths"]
    weights = None
    if model is not None:
        weights = [layer["weight"] for layer in model.network.unpack(np.asarray(model.parameters))]
    captions = [message(f"page.{key}", language) for key in ("inputs", "hidden", "outputs")]
    title = message("page.network_label", language, widths=_shortened(widths))
    return drawing(widths, title, captions, weights)


def _row(row: dict[str, Any], standing: str, score: str, language: str) -> dict[str, str]:
    steps, rates = row["steps_to_target"], row["hyperparameters"] or {}
    others = [f"{k} {v:g}" for k, v in rates.items() if k != "learning_rate"]
    return {
        "rank": str(row["rank"]),
        "title": row["title"],
        "standing": standing,
        "standing_text": message(f"standing.{standing}", language),
        "mean": score_text(row["mean"], score, language),
        "interval": _interval(
            within_reach(row["interval"] or (), score), lambda value: score_text(value, score, language)
        ),
        "median": score_text(row["median"], score, language),
        "difference": _difference(row, score, language),
        "learning_rate": rate_text(rates["learning_rate"]) if rates else "–",
        "hyperparameters": ", ".join(others),
        "steps": "–" if steps["median"] is None else f"{steps['median']:,}",
        "diverged": share_text(row["diverged_share"], language),
        "tried": str(row["settings_tried"]),
    }


def _difference(row: dict[str, Any], score: str, language: str) -> str:
    paired = row["difference"]
    if paired is None or paired["mean"] is None or not math.isfinite(paired["mean"]):
        return "–"

    def number(value: float) -> str:
        return difference_text(-value, score, language)

    def bare(value: float) -> str:
        return number(value).removesuffix("%p").removesuffix(" points")

    return f"{number(paired['mean'])} {_interval(paired['interval'][::-1], bare)}".strip()


def _interval(ends: Sequence[float | None], text: Callable[[float], str]) -> str:
    known = [end for end in ends if end is not None and math.isfinite(end)]
    return f"[{text(known[0])}, {text(known[1])}]" if len(known) == 2 else ""


def _percent(facts: Facts, language: str) -> str:
    return message("word.percent", language, number=f"{100 * facts['settings']['confidence']:g}")


def _target(facts: Facts, language: str) -> str:
    return score_text(facts["target"]["score"], facts["data"]["score"], language)


def _seconds(facts: Facts, language: str) -> str:
    total = facts.get("seconds", {}).get("total")
    return "–" if total is None else message("page.seconds", language, number=f"{total:.1f}")


def _settings(facts: Facts) -> list[tuple[str, str]]:
    left_out = ("entrants",)
    return [(name, _value(value)) for name, value in facts["settings"].items() if name not in left_out]


def _value(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return (
            _shortened(value)
            if all(isinstance(item, int) for item in value)
            else ", ".join(map(_value, value))
        )
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


def _shortened(widths: Iterable[int]) -> str:
    """64-64-64-10, with a run of equal widths as 30 × 64."""
    parts: list[list[int]] = []
    for width in widths:
        if parts and parts[-1][0] == width:
            parts[-1][1] += 1
        else:
            parts.append([width, 1])
    return "-".join(
        f"{count}×{width}" if count > _NETWORK_BELOW_DIGITS else "-".join([str(width)] * count)
        for width, count in parts
    )
