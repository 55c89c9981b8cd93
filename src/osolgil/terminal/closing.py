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
    width = console.width if console.is_terminal else 0
    console.print(_table(facts, language, width), crop=console.is_terminal, no_wrap=True)
    console.print()
    for sentence in sentences:
        console.print(sentence, soft_wrap=not console.is_terminal)
    _cautions(console, facts, language)
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
    _cautions(console, facts, language)
    console.print()
    _place(console, "terminal.model", folder / "model.safetensors", language)
    if "layers" not in facts:  # a streamed training keeps no record of them
        _place(console, "terminal.folder", folder, language)
        return
    _place(console, "terminal.layers", folder / "layers.parquet", language)
    _place(console, "terminal.folder", folder, language)
    command = f"osolgil report {shlex.quote(str(folder))}" + (
        "" if language == "en" else f" --lang {language}"
    )
    console.print(message("terminal.look_at_layers", language, command=command), soft_wrap=True)


def _cautions(console: Any, facts: dict[str, Any], language: str) -> None:
    """What the reader should know of the data before believing anything; the page has the other notes, too."""
    for note in facts["data"]["notes"]:
        if note["key"].startswith("caution."):
            text = message(note["key"], language, **note["values"])
            console.print(text, style="yellow", soft_wrap=not console.is_terminal)


def _table(facts: dict[str, Any], language: str, width: int) -> Table:
    """Numbers stay whole: where `width` is too small (0: any will do), names of optimizers are cut."""
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    from osolgil.report import leaderboard

    names = ("rank", *leaderboard.columns(facts))
    lines = [["#", *leaderboard.header(facts, language)], *leaderboard.rows(facts, language)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    too_wide = sum(widths) + len(widths) - 1 - width if width else 0
    widths[1] = max(widths[1] - max(too_wide, 0), 12)
    table = Table(
        box=None,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        header_style="bold dim",
        width=sum(widths) + len(widths) - 1,
    )
    for name, title, wide in zip(names, lines[0], widths, strict=True):
        justify = "right" if name in (*leaderboard.NUMBERS, "rank") else "left"
        table.add_column(title, justify=justify, no_wrap=True, overflow="ellipsis", width=wide)
    for row, (*cells, standing) in zip(facts["leaderboard"], lines[1:], strict=True):
        table.add_row(*cells, Text(standing, style=_COLOURS.get(row["standing"], "")))
    return table


def _place(console: Any, key: str, path: Path, language: str) -> None:
    """A path on one line, so that it can be clicked and copied."""
    console.print(message(key, language, path=path), soft_wrap=True)
