"""One training run over prepared rows, block by block: the state of the run goes from one block to the next.

To the engine a block is a short training of its own that begins with the state the last one left; its number takes
the place of the epoch's, so that rows are shuffled anew in each. The schedule and every average go on over all steps
as if the rows had been in memory; rows held out are looked at where an epoch ends.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from osolgil.engines.cpu import stepping
from osolgil.engines.cpu.fleet import Fleet, RunSetting, Task
from osolgil.engines.cpu.kernels import layout
from osolgil.formulas import catalog
from osolgil.network import Network
from osolgil.race.checkpoint import Checkpoint
from osolgil.race.settings import RaceSettings
from osolgil.streaming.memory import Shares
from osolgil.streaming.preparation import Prepared


@dataclass(frozen=True)
class _BlockTask(Task):
    """A task whose yardstick of R² is that of all rows held out, also where a block looks at none of them."""

    unexplained: float = 1.0

    @functools.cached_property
    def spread(self) -> float:
        return self.unexplained


class _LongFleet(Fleet):
    """A fleet of one run whose epochs are blocks, and whose course is `total` steps long."""

    total = 1

    def _steps(self) -> list[int]:
        return [self.total]


class Course:
    """A run that trains on blocks of prepared rows."""

    def __init__(
        self, prepared: Prepared, network: Network, settings: RaceSettings, run: RunSetting, shares: Shares,
        checkpoint: Checkpoint,
    ) -> None:  # fmt: skip
        self.prepared, self.network, self.settings, self.checkpoint = prepared, network, settings, checkpoint
        self.epochs, self.run, self.block, self.chunk = settings.epochs or 1, run, shares.block, shares.chunk
        self.seconds, self.reading = 0.0, 0.0
        self.whole = False  # whether the state is that of whole blocks, not of a block under way
        rows = prepared.rows
        self.block = min(self.block, -(-rows // self.chunk) * self.chunk)
        self.blocks = -(-rows // self.block)
        self.validation = len(prepared.held_out["validation"])
        self._buffers = [self._buffer() for _ in range(min(2, self.blocks * self.epochs))]
        self.yardstick = self._task(0, self.block, True).yardstick(
            np.arange(self.block, self.block + self.validation)
        )
        self.fleet = self._fleet()

    def task(self) -> Task:
        """A task of the kind every block is, for compiling."""
        return self._task(0, min(self.block, self.prepared.rows), True)

    def _buffer(self) -> tuple[np.ndarray, np.ndarray]:
        """Room for a block's inputs and targets, with the rows held out for validation below it."""
        rows, precision = self.block + self.validation, self.settings.precision
        inputs = np.zeros((rows, self.prepared.width - 1), precision)
        targets = np.zeros((rows, self.prepared.outputs), precision)
        self._fill((inputs, targets), self.block, self.prepared.held_out["validation"])
        return inputs, targets

    def _fill(self, buffer: tuple[np.ndarray, np.ndarray], start: int, rows: np.ndarray) -> None:
        inputs, targets = buffer
        inputs[start : start + len(rows)] = rows[:, :-1]
        targets[start : start + len(rows)] = self.targets_of(rows[:, -1])

    def targets_of(self, values: np.ndarray) -> np.ndarray:
        """Targets (rows, outputs): numbers, or one-hot classes."""
        if self.prepared.facts["class_names"] is None:
            return values[:, None]
        return (values[:, None] == np.arange(self.prepared.outputs)).astype(values.dtype)

    def _task(self, buffer: int, rows: int, last: bool) -> _BlockTask:
        inputs, targets = self._buffers[buffer]
        validation = np.arange(self.block, self.block + self.validation if last else self.block)
        return _BlockTask(
            inputs, targets, np.arange(rows), validation, self.settings.loss or "", None,
            self.prepared.facts["task"], getattr(self, "yardstick", 1.0),
        )  # fmt: skip

    def _fleet(self) -> _LongFleet:
        first = next(self._order(0))
        self._load(0, first)
        rows = sum(count for _, count in first)
        task = self._task(0, rows, True)
        blocks, precision = self.epochs * self.blocks, self.settings.precision
        made = cast(
            _LongFleet,
            _LongFleet.create(self.network, task, [self.run], blocks, precision, recorded=False),
        )
        made.total = self.epochs * -(-self.prepared.rows // self.run.batch_size)
        row = catalog.optimizer(self.run.optimizer)
        values = row.hyperparameters(**self.run.hyperparameters)
        stepping.Table(row, self.network.blocks).describe(made.arrays, 0, values, made.total)
        return made

    def _order(self, epoch: int) -> Iterator[list[tuple[int, int]]]:
        """The chunks (start, rows) of every block of an epoch, in an order of nothing but the seed and the epoch."""
        starts = np.arange(0, self.prepared.rows, self.chunk)
        random = np.random.default_rng([self.run.seed, 17, epoch])
        chosen = random.permutation(starts)
        last = starts[-1]  # perhaps not a whole chunk: only an epoch's end may hold a batch that is not whole
        chosen = np.append(chosen[chosen != last], last)
        per_block = self.block // self.chunk
        for place in range(0, len(chosen), per_block):
            yield [
                (int(start), min(self.chunk, self.prepared.rows - int(start)))
                for start in chosen[place : place + per_block]
            ]

    def _load(self, buffer: int, chunks: list[tuple[int, int]]) -> None:
        place, room = 0, np.empty((self.chunk, self.prepared.width), np.float32)
        for start, rows in chunks:
            self.prepared.read(start, rows, room[:rows])
            self._fill(self._buffers[buffer], place, room[:rows])
            place += rows

    def train(self, workers: int, watch: Callable[[], None]) -> None:
        """Go on from where the state stands to the end, leaving checkpoints on the way."""
        begin = time.perf_counter()
        self.checkpoint.load(0, self.fleet)
        done = int(self.fleet.arrays["runs"][0, layout.FIRST_EPOCH])
        plan = [
            (number, chunks)
            for epoch in range(self.epochs)
            for number, chunks in enumerate(self._order(epoch), epoch * self.blocks)
            if number >= done
        ]
        reader: threading.Thread | None = None
        failures: list[BaseException] = []
        if plan:
            self._load(0, plan[0][1])
        for place, (number, chunks) in enumerate(plan):
            if place + 1 < len(plan):
                reader = threading.Thread(
                    target=self._read_ahead, args=((place + 1) % 2, plan[place + 1][1], failures), daemon=True
                )
                reader.start()
            last = number % self.blocks == self.blocks - 1
            try:
                self._advance(place % 2, number, sum(rows for _, rows in chunks), last, workers, watch)
            finally:
                if reader is not None:
                    waited = time.perf_counter()
                    reader.join()
                    self.reading += time.perf_counter() - waited
            if failures:
                raise failures[0]
            if self.diverged:
                break
            if self.checkpoint.due and place + 1 < len(plan):
                self.checkpoint.save(0, self.fleet)
        self.seconds = time.perf_counter() - begin

    def _read_ahead(self, buffer: int, chunks: list[tuple[int, int]], failures: list[BaseException]) -> None:
        try:
            self._load(buffer, chunks)
        except BaseException as error:
            failures.append(error)

    def _advance(
        self, buffer: int, number: int, rows: int, last: bool, workers: int, watch: Callable[[], None]
    ) -> None:
        """Train one block; the rule for a plateau sees the end of an epoch only."""
        fleet = self.fleet
        fleet.task = self._task(buffer, rows, last)
        before = fleet.arrays["penalties"].copy()
        self.whole = False
        try:
            fleet.advance([self.run.optimizer], number + 1, workers=workers, tick=watch)
        finally:
            if not last:
                fleet.arrays["penalties"][...] = before
        self.whole = True

    @property
    def diverged(self) -> bool:
        """Whether the run has no finite loss any more."""
        return bool(self.fleet.arrays["runs"][0, layout.STATUS] == layout.DIVERGED)

    def history(self) -> dict[str, np.ndarray]:
        """Per finished epoch: mean training loss, and loss and score of the validation rows where it ended."""
        table = self.fleet.arrays["histories"][0]
        done = int(np.isfinite(table[:, layout.STEPS_DONE]).sum()) // self.blocks
        weights = np.full(self.blocks, float(self.block))
        weights[-1] = self.prepared.rows - self.block * (self.blocks - 1)
        losses = table[: done * self.blocks, layout.TRAINING_LOSS].reshape(done, self.blocks)
        ends = table[self.blocks - 1 :: self.blocks][:done]
        return {
            "step": ends[:, layout.STEPS_DONE].astype(np.int64),
            "training_loss": (losses * weights).sum(1) / weights.sum(),
            "validation_loss": ends[:, layout.VALIDATION_LOSS],
            "validation_score": ends[:, layout.VALIDATION_SCORE],
        }

    def test(self, workers: int) -> tuple[float, float]:
        """Loss and score of the rows held out for the test."""
        rows = self.prepared.held_out["test"]
        precision = self.settings.precision
        task = Task(
            rows[:, :-1].astype(precision), self.targets_of(rows[:, -1]).astype(precision), np.arange(1),
            np.arange(1), self.settings.loss or "", None, self.prepared.facts["task"],
        )  # fmt: skip
        self.fleet.task = task
        losses, scores = self.fleet.measure(np.arange(len(rows)), workers)
        return float(losses[0]), float(scores[0])

    def facts(self) -> dict[str, Any]:
        """How the rows were dealt out, for training.json."""
        return {"blocks": self.blocks, "block_rows": self.block, "chunk_rows": self.chunk}
