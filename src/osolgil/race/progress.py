"""What a running race tells whoever watches it."""

from __future__ import annotations

from dataclasses import dataclass

from osolgil.messages import Message


@dataclass(frozen=True)
class EntrantProgress:
    """How one entrant stands.

    learning_rate, score and curve are those of its best setting so far: mean validation score, and mean
    validation loss per epoch, over seeds. running, finished, eliminated and diverged count settings; stopped
    is the learning rate of the one stopped last and reason says why.
    """

    name: str
    title: str
    learning_rate: float | None = None
    score: float | None = None
    curve: tuple[float, ...] = ()
    running: int = 0
    finished: int = 0
    eliminated: int = 0
    diverged: int = 0
    stopped: float | None = None
    reason: Message | None = None

    def stopped_last(self, language: str) -> str:
        """The setting stopped last, by its learning rate, and why; "" where none was."""
        return "" if self.reason is None else f"{self.stopped:g}: {self.reason.text(language)}"


@dataclass(frozen=True)
class Progress:
    """How the race stands: stage "compile", "tune", "widen", "confirm" or "test"; entrants best first.

    epochs_done and epochs_total count epochs of single runs (the total is an estimate); elapsed and remaining
    are seconds.
    """

    stage: str
    entrants: tuple[EntrantProgress, ...]
    epochs_done: int
    epochs_total: int
    elapsed: float
    remaining: float | None
    score_name: str
