"""The leaderboard of a running race as one Rich renderable."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rich.console import Group
from rich.table import Table
from rich.text import Text

from osolgil.messages import message
from osolgil.race.progress import EntrantProgress, Progress
from osolgil.report.sentences import rate_text, score_text
from osolgil.terminal.drawing import bar, duration, sparkline

_COUNTS = {"running": "cyan", "finished": "green", "eliminated": "yellow", "diverged": "red"}
_WIDE = 140
_OTHER_LINES = 7


def board(
    progress: Progress,
    language: str,
    width: int,
    height: int,
    reason: str = "",
    before: Mapping[str, EntrantProgress] = MappingProxyType({}),
    unicode: bool = True,
) -> Group:
    """How the race stands, in at most `width` columns and `height` lines.

    reason: the latest elimination, shown below the table where a column of reasons does not fit.
    before: how entrants stood when the last stage ended; shown in parentheses until this one measures them.
    """
    shown = max(1, height - _OTHER_LINES)
    left_out = len(progress.entrants) - shown
    parts = [
        _headline(progress, language, width, unicode),
        _table(progress, language, width, shown, before, unicode),
    ]
    if left_out > 0:
        parts.append(Text(message("terminal.more", language, count=left_out), style="dim"))
    if reason and width < _WIDE:
        line = Text(message("terminal.latest", language, reason=reason), style="dim")
        line.truncate(2 * width - 20, overflow="ellipsis")
        parts.append(line)
    return Group(*parts)


def _headline(progress: Progress, language: str, width: int, unicode: bool) -> Text:
    share = progress.epochs_done / progress.epochs_total if progress.epochs_total else 0.0
    stage = message(f"terminal.stage_{progress.stage}", language)
    times = message("terminal.elapsed", language, time=duration(progress.elapsed))
    if progress.remaining is not None:
        times += " · " + message("terminal.remaining", language, time=duration(progress.remaining))
    numbers = f" {min(share, 1.0):4.0%} · {times}"
    line = Text(stage, style="bold")
    space = width - line.cell_len - Text(numbers).cell_len - 2
    if space >= 4:
        line.append("  " + bar(share, min(space, 40), unicode), style="cyan")
    line.append(numbers, style="not bold")
    line.truncate(width)
    return line


def _table(
    progress: Progress,
    language: str,
    width: int,
    shown: int,
    before: Mapping[str, EntrantProgress],
    unicode: bool,
) -> Table:
    wide = width >= _WIDE
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold dim", expand=wide)
    table.add_column("#", justify="right", no_wrap=True, min_width=2)
    table.add_column(_title("optimizer", language), no_wrap=True, overflow="ellipsis", width=20)
    table.add_column(_title("rate", language), justify="right", no_wrap=True, min_width=8)
    table.add_column(_title(progress.score_name, language), justify="right", no_wrap=True, min_width=8)
    curve = min(max(8, width - 66), 24)
    table.add_column(_title("loss", language), no_wrap=True, width=curve)
    for name in _COUNTS:
        table.add_column(_title(name, language), justify="right", no_wrap=True, min_width=4)
    if wide:
        table.add_column(_title("reason", language), no_wrap=True, overflow="ellipsis", ratio=1)
    for place, entrant in enumerate(progress.entrants[:shown], start=1):
        cells = _cells(
            place, entrant, before.get(entrant.name), progress.score_name, language, curve, unicode
        )
        table.add_row(*cells, *([Text(entrant.stopped_last(language), style="dim")] if wide else []))
    return table


def _cells(
    place: int,
    entrant: EntrantProgress,
    before: EntrantProgress | None,
    score_name: str,
    language: str,
    curve: int,
    unicode: bool,
) -> list[Text]:
    known = entrant.score is not None
    stage = entrant if known or before is None else before
    rank = str(place) if known else "-"
    rate = rate_text(stage.learning_rate) if stage.learning_rate is not None else "-"
    score = score_text(stage.score, score_name, language) if stage.score is not None else "-"
    if stage is not entrant:
        score = f"({score})"
    counts = [
        Text(str(count) if (count := getattr(entrant, name)) else "·", style=colour if count else "dim")
        for name, colour in _COUNTS.items()
    ]
    style = "bold" if known and place == 1 else ""
    texts = [Text(rank), Text(entrant.title, style=style), Text(rate), Text(score, style=style)]
    return [*texts, Text(sparkline(stage.curve, curve, unicode), style="cyan" if known else "dim"), *counts]


def _title(name: str, language: str) -> str:
    return message(f"terminal.column_{name}", language)
