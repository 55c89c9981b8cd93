"""A diagnosis as one self-contained page: sentences, figures by layer, the phase diagram, what was tried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from osolgil.messages import LANGUAGES, message
from osolgil.report.diagnosis_figures import figures
from osolgil.report.diagnosis_sentences import assumption, diagnosis_sentences
from osolgil.report.frame import framed, write_page
from osolgil.report.sentences import rate_text, score_text

Facts = dict[str, Any]


def write_diagnosis(folder: str | Path, facts: Facts, language: str = "en") -> None:
    """Write `diagnosis.html` into a folder: one page, which needs no network and no Python."""
    write_page(Path(folder) / "diagnosis.html", diagnosis_page(facts, language))


def diagnosis_page(facts: Facts, language: str = "en") -> str:
    """The page as HTML text; `language` is the one it opens in."""
    return framed(
        "diagnosis.html",
        language,
        {each: figures(facts, each) for each in LANGUAGES},
        facts=facts,
        sentences={each: diagnosis_sentences(facts, each) for each in LANGUAGES},
        assumption={each: assumption(facts, each) for each in LANGUAGES},
        trials={each: _trials(facts, each) for each in LANGUAGES},
    )


def _trials(facts: Facts, language: str) -> list[dict[str, str]]:
    """What was tried, a dictionary of texts per trial, the network as asked first."""
    repair, score_name = facts["repair"], facts["data"]["score"]
    if repair is None:
        return []
    rate = facts["settings"]["hyperparameters"]["learning_rate"]
    rows = [(message("layers.as_asked", language), rate, repair["before"], "")]
    rows += [
        (message(f"remedy.{t['remedy']}", language), t["learning_rate"], t["score"], t["options"])
        for t in repair["trials"]
    ]
    return [
        {
            "remedy": name,
            "rate": rate_text(rate),
            "score": score_text(score, score_name, language),
            "options": options,
        }
        for name, rate, score, options in rows
    ]
