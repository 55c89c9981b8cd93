"""The course a race is run on: candidates, the runs of each, and training them stage by stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from osolgil.engines.cpu.fleet import Fleet, RunSetting, Task
from osolgil.engines.cpu.kernels import layout
from osolgil.formulas import catalog
from osolgil.messages import Message
from osolgil.network import Network
from osolgil.race.checkpoint import Checkpoint
from osolgil.race.settings import Entrant, RaceSettings

_FRESH = 1_000


@dataclass(eq=False)
class Candidate:
    """One setting of an entrant, run on several seeds, and what has become of it.

    histories: (seeds, epochs, layout.HISTORY_COLUMNS), records: (seeds, epochs, layers, layout.RECORD_COLUMNS), NaN
    where not trained. lowest is the score of a diverged run. trained: the fleet that confirmed it, and the place of
    its first run there; None where it was read, or is not confirmed.
    state is "running", "finished", "eliminated" or "diverged"; phase is "tune" or "confirm".
    """

    entrant: Entrant
    hyperparameters: dict[str, float]
    seeds: tuple[int, ...]
    phase: str
    histories: np.ndarray
    lowest: float
    epochs: int = 0
    state: str = "running"
    reason: Message | None = None
    statuses: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    records: np.ndarray = field(
        default_factory=lambda: np.zeros((0, 0, 0, layout.RECORD_COLUMNS), np.float32)
    )
    trained: tuple[Fleet, int] | None = None

    @property
    def learning_rate(self) -> float:
        return self.hyperparameters["learning_rate"]

    @property
    def diverged(self) -> np.ndarray:
        """Which of its runs diverged, bool (seeds,)."""
        return self.statuses == layout.DIVERGED

    @property
    def plain(self) -> bool:
        """True where only the learning rate is tuned, so that it belongs to the entrant's grid."""
        row = catalog.optimizer(self.entrant.optimizer)
        fixed = row.hyperparameters(**self.entrant.hyperparameters)
        return all(
            value == fixed[name] for name, value in self.hyperparameters.items() if name != "learning_rate"
        )

    def losses(self, epoch: int) -> np.ndarray:
        """Validation losses (seeds,) after an epoch, infinite where a run diverged."""
        losses = self.histories[:, epoch - 1, layout.VALIDATION_LOSS]
        return np.where(np.isfinite(losses) & ~self.diverged, losses, np.inf)

    def scores(self, epoch: int | None = None) -> np.ndarray:
        """Validation scores (seeds,) after an epoch, by default the last trained; none is below the lowest."""
        scores = self.histories[:, (epoch or max(self.epochs, 1)) - 1, layout.VALIDATION_SCORE]
        usable = np.isfinite(scores) & ~self.diverged
        return np.maximum(np.where(usable, scores, self.lowest), self.lowest)


class Course:
    """Trains candidates on all cores, and can be left and gone on with at any moment."""

    def __init__(
        self, network: Network, task: Task, settings: RaceSettings, workers: int, checkpoint: Checkpoint,
        begin: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """`begin` is called whenever training begins."""
        self.network, self.task, self.settings, self.workers = network, task, settings, workers
        self.checkpoint, self.begin = checkpoint, begin
        self.watch: Callable[[], None] = lambda: None
        self.candidates: list[Candidate] = []
        self.extended: set[str] = set()
        self.widened: set[str] = set()
        self.stage, self.seconds, self._started = 0, 0.0, 0.0

    @property
    def running_seconds(self) -> float:
        """Seconds spent training so far, those of the stage in progress included."""
        return self.seconds + (time.perf_counter() - self._started if self._started else 0.0)

    def enter(self, entrant: Entrant, hyperparameters: dict[str, float], phase: str) -> Candidate:
        """A new candidate with the seeds of its phase."""
        settings = self.settings
        count = settings.seeds if phase == "tune" else settings.confirmation_seeds or settings.seeds
        first = settings.seed * 1_000_000 + (0 if phase == "tune" else _FRESH)
        seeds = tuple(first + entrant.seed_offset + place for place in range(count))
        row = catalog.optimizer(entrant.optimizer)
        values = row.hyperparameters(**{**entrant.hyperparameters, **hyperparameters})
        histories = np.full((count, settings.epochs or 1, layout.HISTORY_COLUMNS), np.nan)
        lowest = 0.0 if self.task.classify else -1.0
        statuses = np.zeros(count, np.int64)
        candidate = Candidate(entrant, values, seeds, phase, histories, lowest, statuses=statuses)
        self.candidates.append(candidate)
        return candidate

    def run(
        self,
        candidates: Sequence[Candidate],
        rungs: Sequence[int],
        judge: Callable[[Sequence[Candidate], int], None] = lambda candidates, epoch: None,
    ) -> None:
        """Train candidates from rung to rung; after each, `judge` marks those that stop."""
        running = list(candidates)
        fleet = self.fleet(running)
        known = True
        for rung in rungs:
            known = self._stage(fleet, running, rung, known)
            for candidate in running:
                candidate.epochs = rung
                if candidate.diverged.all():
                    candidate.state = "diverged"
                    candidate.reason = Message("stopped.all_diverged", epoch=rung)
            if rung < rungs[-1]:
                judge([c for c in running if c.state == "running"], rung)
            kept = [place for place, candidate in enumerate(running) if candidate.state == "running"]
            if not kept:
                return
            if len(kept) < len(running) or rung < rungs[-1]:
                fleet = fleet.take(_places(running, kept))
                running = [running[place] for place in kept]
        for candidate in running:
            candidate.state = "finished"
        if known:
            self._keep(fleet, running)

    def _stage(self, fleet: Fleet, running: list[Candidate], rung: int, known: bool) -> bool:
        """Train one stage, or read it; returns whether the fleet then holds the runs' states."""
        finished, has_states = self.checkpoint.load(self.stage, fleet)
        if not finished:
            if not (known or has_states):
                fleet.arrays = self.fleet(running).arrays
            has_states = True
            self._train(fleet, running, rung)
            if self.checkpoint.due:
                self.checkpoint.save(self.stage, fleet)
            self.checkpoint.finish(self.stage, fleet)
        self._collect(fleet, running)
        self._collect_records(fleet, running)
        self.stage += 1
        return has_states

    def _train(self, fleet: Fleet, running: list[Candidate], rung: int) -> None:
        names = [c.entrant.optimizer for c in running for _ in c.seeds]

        def tick() -> None:
            self._collect(fleet, running)
            self.watch()

        self._started = time.perf_counter()
        self.begin()
        try:
            while True:
                fleet.advance(names, rung, workers=self.workers, stop=lambda: self.checkpoint.due, tick=tick)
                runs = fleet.arrays["runs"]
                if not (
                    (runs[:, layout.STATUS] != layout.DIVERGED) & (runs[:, layout.FIRST_EPOCH] < rung)
                ).any():
                    break
                self.checkpoint.save(self.stage, fleet)
        except KeyboardInterrupt:
            self.checkpoint.save(self.stage, fleet)
            raise
        finally:
            self.seconds, self._started = self.running_seconds, 0.0

    def fleet(self, candidates: Sequence[Candidate], seeds: Sequence[int] | None = None) -> Fleet:
        """The first state of candidates' runs: of all their seeds, or of those given."""
        settings = self.settings
        runs = [self.run_setting(c, seed) for c in candidates for seed in seeds or c.seeds]
        return Fleet.create(self.network, self.task, runs, settings.epochs or 1, settings.precision)

    def run_setting(self, candidate: Candidate, seed: int) -> RunSetting:
        """What distinguishes a candidate's run of a seed."""
        settings = self.settings
        return RunSetting(
            candidate.entrant.optimizer, candidate.hyperparameters, seed, settings.batch_size or 1, settings.l1,
            settings.l2, settings.weight_decay, settings.clip_norm, settings.dropout, settings.schedule,
        )  # fmt: skip

    def _collect(self, fleet: Fleet, running: list[Candidate]) -> None:
        place = 0
        for candidate in running:
            count = len(candidate.seeds)
            candidate.histories[...] = fleet.arrays["histories"][place : place + count]
            candidate.statuses = fleet.arrays["runs"][place : place + count, layout.STATUS].copy()
            place += count

    def _collect_records(self, fleet: Fleet, running: list[Candidate]) -> None:
        place = 0
        for candidate in running:
            count = len(candidate.seeds)
            candidate.records = fleet.arrays["records"][place : place + count].copy()
            place += count

    def _keep(self, fleet: Fleet, running: list[Candidate]) -> None:
        """Keep what was trained on fresh seeds: one of these runs is the model."""
        place = 0
        for candidate in running:
            if candidate.phase == "confirm":
                candidate.trained = fleet, place
            place += len(candidate.seeds)


def _places(running: Sequence[Candidate], kept: Sequence[int]) -> list[int]:
    starts = np.cumsum([0, *(len(candidate.seeds) for candidate in running)])
    return [run for place in kept for run in range(starts[place], starts[place + 1])]
