"""What a race found, told: sentences, one self-contained page, and recipes for other libraries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from osolgil.model import Model

__all__ = ["prepare", "recipes", "verdict_sentences", "write_report", "write_training"]


def write_report(
    folder: str | Path,
    facts: dict[str, Any],
    history: dict[str, np.ndarray],
    model: Model | None = None,
    language: str = "en",
    layers: dict[str, np.ndarray] | None = None,
) -> None:
    """Write `report.html` into a folder: one page with every figure, which needs no network and no Python.

    facts: the dictionary in `verdict.json`. history: the columns of `history.parquet`, a row per run and
    epoch. model: the trained network, whose weights colour the drawing. language: the one the page opens in,
    "en" or "ko"; a switch on the page changes it. layers: the columns of `layers.parquet`, without which the page has
    no section on layers. Raises `OutputError` where the page cannot be written.
    """
    from osolgil.report.frame import write_page
    from osolgil.report.page import page

    write_page(Path(folder) / "report.html", page(facts, history, model, language, layers))


def prepare() -> None:
    """Load what `write_report` needs before there is anything to report, so that writing it takes less time then."""
    import pyarrow.parquet  # noqa: F401

    import osolgil.report.page  # noqa: F401
    from osolgil.report.frame import template

    for name in ("page.html", "frame.html", "macros.html", "layers.html"):
        template(name)


def write_training(
    folder: str | Path, facts: dict[str, Any], layers: dict[str, np.ndarray], language: str = "en"
) -> None:
    """Write `report.html` of one training into a folder: its result and its layers.

    facts: the dictionary in `training.json`. layers: the columns of `layers.parquet`. Raises `OutputError` where the
    page cannot be written.
    """
    from osolgil.report.frame import write_page
    from osolgil.report.training_page import training_page

    write_page(Path(folder) / "report.html", training_page(facts, layers, language))


def recipes(facts: dict[str, Any]) -> dict[str, str]:
    """Ready-to-run training code of the recommended entrant: file name to text, for PyTorch, Keras and optax.

    facts: the dictionary in `verdict.json`. Empty where every run diverged and nothing can be recommended.
    """
    from osolgil.report.recipe import recipes as written

    return written(facts)


def verdict_sentences(facts: dict[str, Any], language: str = "en") -> list[str]:
    """The verdict in three to six plain sentences, in "en" or "ko"."""
    from osolgil.report.sentences import verdict_sentences as sentences

    return sentences(facts, language)
