"""One training as a page: how it came out, and its layers over the epochs beside theory."""

from __future__ import annotations

from typing import Any

import numpy as np

from osolgil.messages import LANGUAGES
from osolgil.report.frame import framed
from osolgil.report.layer_section import with_layers
from osolgil.report.sentences import training_sentence

Facts = dict[str, Any]


def training_page(facts: Facts, layers: dict[str, np.ndarray], language: str = "en") -> str:
    """The page as HTML text; `language` is the one it opens in."""
    drawn: dict[str, dict[str, Any]] = {each: {} for each in LANGUAGES}
    return framed(
        "training.html",
        language,
        **with_layers(facts, drawn, layers),
        facts=facts,
        sentences={each: training_sentence(facts, each) for each in LANGUAGES},
    )
