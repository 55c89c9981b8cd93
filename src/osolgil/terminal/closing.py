"""What stands in the terminal when all is done: table, verdict, and where the files lie."""

from __future__ import annotations

import shlex
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
    from osolgil.report.sentences import training_sentence
    from osolgil.terminal.consoles import console_for

    console = console_for(sys.stdout)
    console.print(training_sentence(facts, language), soft_wrap=not console.is_terminal)
    console.print()
    _place(console, "terminal.model", folder / "model.safetensors", language)
    _place(console, "terminal.layers", folder / "layers.parquet", language)
    _place(console, "terminal.folder", folder, language)
    command = f"osolgil report {shlex.quote(str(folder))}" + (
        "" if language == "en" else f" --lang {language}"
    )
    console.print(message("terminal.look_at_layers", language, command=command), soft_wrap=True)


def _table(facts: dict[str, Any], language: str, width: int) -> Table:
    from rich.table import Table
    from rich.text import Text

    from osolgil.report import leaderboard

    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold dim")
    table.add_column("#", justify="right", no_wrap=True)
    titles = leaderboard.header(facts, language)
    for name, title in zip(leaderboard.columns(facts), titles, strict=True):
        justify = "right" if name in leaderboard.NUMBERS else "left"
        table.add_column(title, justify=justify, no_wrap=True, overflow="ellipsis")
    for row, texts in zip(facts["leaderboard"], leaderboard.rows(facts, language), strict=True):
        *cells, standing = texts
        table.add_row(*cells, Text(standing, style=_COLOURS.get(row["standing"], "")))
    return table


def _place(console: Any, key: str, path: Path, language: str) -> None:
    """A path on one line, so that it can be clicked and copied."""
    console.print(message(key, language, path=path), soft_wrap=True)
