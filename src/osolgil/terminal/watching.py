"""Watching a race: a live board on a terminal, plain lines elsewhere, nothing where silence is asked for."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from osolgil.messages import message
from osolgil.race.progress import EntrantProgress, Progress
from osolgil.terminal.drawing import duration

if TYPE_CHECKING:
    from osolgil.terminal.screen import Screen

Observer = Callable[[Progress], None]
_TENTH = 0.1


@contextlib.contextmanager
def watching(language: str, silent: bool) -> Iterator[Observer | None]:
    """What to give to `race` as `progress`; on leaving, the board is wiped off for the verdict."""
    if silent:
        yield None
        return
    from osolgil.terminal.consoles import console_for

    console = console_for(sys.stdout)
    if not console.is_terminal or console.is_dumb_terminal or console.legacy_windows:
        yield PlainLines(language)
        return
    from rich.text import Text

    from osolgil.terminal.screen import Screen

    waiting = Text(message("terminal.stage_prepare", language), style="dim")
    with Screen(console) as screen:
        screen.draw(waiting)
        yield LiveBoard(screen, language)


class LiveBoard:
    """Redraws the leaderboard in place."""

    def __init__(self, screen: Screen, language: str) -> None:
        self.screen, self.language = screen, language
        self._reasons: dict[str, str] = {}
        self._latest = ""
        self._known: dict[str, EntrantProgress] = {}

    def __call__(self, progress: Progress) -> None:
        from osolgil.terminal.board import board

        for entrant in progress.entrants:
            if entrant.score is not None:
                self._known[entrant.name] = entrant
            stopped = entrant.stopped_last(self.language)
            if stopped and self._reasons.get(entrant.name) != stopped:
                self._reasons[entrant.name] = stopped
                self._latest = f"{entrant.title} {stopped}"
        console = self.screen.console
        unicode = console.encoding.lower().startswith("utf")
        drawn = board(
            progress, self.language, console.width, console.height, self._latest, self._known, unicode
        )
        self.screen.draw(drawn)


class PlainLines:
    """A line when a stage begins and at about every tenth of the way, for logs and pipes."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._stage, self._next = "", 0.0

    def __call__(self, progress: Progress) -> None:
        share = min(progress.epochs_done / progress.epochs_total, 1.0) if progress.epochs_total else 0.0
        begins = progress.stage != self._stage
        if not begins and share < self._next:
            return
        # The runs of a new stage are counted only when they begin, so all seems done for a moment.
        counted = not (begins and share == 1.0)
        self._stage, self._next = progress.stage, share + _TENTH if counted else _TENTH
        print(self._line(progress, share if counted else None), flush=True)

    def _line(self, progress: Progress, share: float | None) -> str:
        from osolgil.report.sentences import rate_text, score_text

        stage = message(f"terminal.stage_{progress.stage}", self.language)
        line = f"[{duration(progress.elapsed)}] {stage}" + ("" if share is None else f" {share:.0%}")
        leader = progress.entrants[0] if progress.entrants else None
        if leader is None or leader.score is None or leader.learning_rate is None:
            return line
        return f"{line} · " + message(
            "terminal.training_now" if progress.stage == "train" else "terminal.leader",
            self.language,
            name=leader.title,
            score_name=message(f"score.{progress.score_name}", self.language),
            score=score_text(leader.score, progress.score_name, self.language),
            rate=rate_text(leader.learning_rate),
        )
