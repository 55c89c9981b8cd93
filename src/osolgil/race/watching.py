"""Progress of a race, computed from its candidates about ten times a second."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from osolgil.engines.cpu.kernels import layout
from osolgil.formulas import catalog
from osolgil.race.course import Candidate, Course
from osolgil.race.progress import EntrantProgress, Progress
from osolgil.race.settings import Entrant

_PAUSE = 0.1
_USUAL_SHARE = 0.5


class Watcher:
    """Tells `observe` how the race stands, at most ten times a second."""

    def __init__(self, course: Course, score_name: str, observe: Callable[[Progress], None] | None) -> None:
        self.course, self.score_name, self.observe = course, score_name, observe
        self.stage = "compile"
        self._start = time.perf_counter()
        self._last = 0.0
        course.watch = self.look

    def enter(self, stage: str) -> None:
        """A new stage begins: say so at once."""
        self.stage = stage
        self._last = 0.0
        self.look()

    def look(self) -> None:
        """Tell how the race stands, unless that was told a moment ago."""
        now = time.perf_counter()
        if self.observe is None or now - self._last < _PAUSE:
            return
        self._last = now
        done = sum(_epochs_done(candidate) for candidate in self.course.candidates)
        total = done + self._ahead()
        elapsed = now - self._start
        pace = self.course.running_seconds / done if done else None
        entrants = [self._entrant(entrant) for entrant in self.course.settings.entrants]
        entrants.sort(key=lambda e: (e.score is None, -(e.score or 0.0), e.curve[-1:] or (0.0,)))
        remaining = None if pace is None else pace * (total - done)
        self.observe(Progress(self.stage, tuple(entrants), done, total, elapsed, remaining, self.score_name))

    def _ahead(self) -> int:
        """Epochs of runs still to train: half of tuning's, as elimination usually leaves, and all of confirmation's."""
        settings = self.course.settings
        epochs = settings.epochs or 1
        ahead = 0.0
        for candidate in self.course.candidates:
            if candidate.state == "running":
                left = epochs * len(candidate.seeds) - _epochs_done(candidate)
                ahead += left * (_USUAL_SHARE if candidate.phase == "tune" else 1.0)
        if self.stage in ("compile", "tune"):
            ahead += len(settings.entrants) * (settings.confirmation_seeds or 0) * epochs
        return round(ahead)

    def _entrant(self, entrant: Entrant) -> EntrantProgress:
        phase = "confirm" if self.stage in ("confirm", "test") else "tune"
        own = [c for c in self.course.candidates if c.entrant == entrant]
        measured = [c for c in own if c.phase == phase and c.state != "diverged" and _last_epoch(c)]
        states = [candidate.state for candidate in own]
        reasons = [candidate for candidate in own if candidate.reason]
        latest = max(reasons, key=lambda c: c.epochs, default=None)
        row = catalog.optimizer(entrant.optimizer)
        facts = {
            "name": entrant.name,
            "title": row.title if entrant.name == row.name else entrant.name,
            "running": states.count("running"),
            "finished": states.count("finished"),
            "eliminated": states.count("eliminated"),
            "diverged": states.count("diverged"),
            "stopped": latest.learning_rate if latest else None,
            "reason": latest.reason if latest else None,
        }
        if not measured:
            return EntrantProgress(**facts)
        leader = max(
            measured, key=lambda c: (_last_epoch(c), _score(c)) if c.state == "running" else (0, _score(c))
        )
        losses = leader.histories[:, : _last_epoch(leader), layout.VALIDATION_LOSS]
        curve = tuple(float(value) for value in losses.mean(axis=0))
        return EntrantProgress(**facts, learning_rate=leader.learning_rate, score=_score(leader), curve=curve)


def _last_epoch(candidate: Candidate) -> int:
    """The last epoch that all seeds have finished."""
    return int(np.isfinite(candidate.histories[:, :, layout.VALIDATION_LOSS]).sum(axis=1).min(initial=10**9))


def _score(candidate: Candidate) -> float:
    return float(candidate.scores(_last_epoch(candidate)).mean())


def _epochs_done(candidate: Candidate) -> int:
    return int(np.isfinite(candidate.histories[:, :, layout.STEPS_DONE]).sum())
