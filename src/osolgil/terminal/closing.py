"""What stands in the terminal when all is done: table, verdict, and where the files lie."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osolgil.messages import message

if TYPE_CHECKING:
    from rich.table import Table

_COLOURS = {"winner": "bold green", "tied": "green", "under-tuned": "yellow", "diverged": "red"}


def show_verdict(facts: dict[str, Any], sentences: list[str], folder: Path, language: str) -> None:
    """Print the final leaderboard, the verdict and the places of model and report."""
    from osolgil.terminal.consoles import console_for

    console = console_for(sys.stdout)
    console.print(_table(facts, language, console.width))
    console.print()
    for sentence in sentences:
        console.print(sentence, soft_wrap=not console.is_terminal)
    console.print()
    if facts["model"] is not None:
        _place(console, "terminal.model", folder / "model.safetensors", language)
    _place(console, "terminal.report", folder / "report.html", language)
    _place(console, "terminal.folder", folder, language)


def show_training(facts: dict[str, Any], folder: Path, language: str) -> None:
    """Print how the one network came out and where it lies."""
    from osolgil.terminal.consoles import console_for

    console = console_for(sys.stdout)
    console.print(training_sentence(facts, language), soft_wrap=not console.is_terminal)
    _place(console, "terminal.model", folder / "model.safetensors", language)
    _place(console, "terminal.folder", folder, language)


def training_sentence(facts: dict[str, Any], language: str) -> str:
    """One sentence on a trained network: optimizer, epochs, validation and test score."""
    from osolgil.formulas import catalog
    from osolgil.report.sentences import rate_text, score_text

    score_name, made_by = facts["data"]["score"], facts["made_by"]
    return message(
        "terminal.trained",
        language,
        name=catalog.optimizer(made_by["optimizer"]).title,
        rate=rate_text(made_by["hyperparameters"]["learning_rate"]),
        epochs=made_by["epochs"],
        score_name=message(f"score.{score_name}", language),
        validation=score_text(facts["scores"]["validation"]["score"], score_name, language),
        test=score_text(facts["scores"]["test"]["score"], score_name, language),
    )


def _table(facts: dict[str, Any], language: str, width: int) -> Table:
    from rich.table import Table
    from rich.text import Text

    from osolgil.report.sentences import difference_text, rate_text, score_text

    score_name = facts["data"]["score"]

    def shown(value: float | None) -> str:
        return "-" if value is None else score_text(value, score_name, language)

    def between(bounds: list[float] | None) -> str:
        return "-" if not bounds or None in bounds else f"{shown(bounds[0])} – {shown(bounds[1])}"

    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold dim")
    names = ("optimizer", "rate", score_name, "interval", "behind", "standing")
    table.add_column("#", justify="right", no_wrap=True)
    for name in names:
        right = name in ("rate", score_name, "interval", "behind")
        title = message(f"terminal.column_{name}", language)
        table.add_column(title, justify="right" if right else "left", no_wrap=True, overflow="ellipsis")
    for row in facts["leaderboard"]:
        rate = row["hyperparameters"].get("learning_rate") if row["hyperparameters"] else None
        standing = message(f"terminal.standing_{row['standing'].replace('-', '_')}", language)
        difference = row["difference"]
        table.add_row(
            str(row["rank"]),
            row["title"],
            "-" if rate is None else rate_text(rate),
            shown(row["mean"]),
            between(row["interval"]),
            "-" if difference is None else difference_text(difference["mean"], score_name, language),
            Text(standing, style=_COLOURS.get(row["standing"], "")),
        )
    return table


def _place(console: Any, key: str, path: Path, language: str) -> None:
    """A path on one line, so that it can be clicked and copied."""
    console.print(message(key, language, path=path), soft_wrap=True)
