"""The section on layers of a race's or a training's page: figures, the runs to choose from, and why each learns."""

from __future__ import annotations

from typing import Any

import numpy as np

from osolgil.messages import LANGUAGES
from osolgil.report.diagnosis_sentences import assumption, run_sentences
from osolgil.report.frame import Figures
from osolgil.report.layer_figures import layer_figures, shown_runs

Facts = dict[str, Any]
Columns = dict[str, np.ndarray]


def with_layers(facts: Facts, drawn: Figures, layers: Columns) -> dict[str, Any]:
    """What a page takes besides to show layers: their figures, the runs to choose from, and what is said of each."""
    runs = shown_runs(facts, layers)
    if not runs:
        return {"figures": drawn, "shown": []}
    for each in LANGUAGES:
        drawn[each] |= layer_figures(facts, each)
    found = facts["layers"]["runs"]
    shown = [_shown(facts, found[run["place"]], run["name"]) for run in runs]
    said = {
        each: assumption(facts["layers"], each) if facts["layers"]["theory"] else "" for each in LANGUAGES
    }
    return {"figures": drawn, "runs": runs, "shown": shown, "assumption": said}


def _shown(facts: Facts, run: Facts, name: str) -> Facts:
    sentences = {each: run_sentences(facts, run, each) for each in LANGUAGES}
    stopped = run["explanation"] is None and facts["layers"]["reference"] is not None
    return {
        "name": name,
        "phase": run["phase"],
        "seed": run["seed"],
        "stopped": stopped,
        "sentences": sentences,
    }
