"""A fleet: many runs of one network side by side, all state in plain arrays with the run as first axis."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from osolgil.engines.cpu import calibration, library, scheduling, stepping
from osolgil.engines.cpu.calling import call
from osolgil.engines.cpu.kernels import layout
from osolgil.engines.cpu.workspace import CACHE_LINE, aligned, flat_slopes, workspace
from osolgil.formulas import catalog, explained
from osolgil.network import Network

ARRAYS = ("thetas", "runnings", "states", "carrieds", "hypers", "runs", "penalties", "histories", "records")
_SCALARS = 128


@dataclass(frozen=True)
class Task:
    """The data: inputs (rows, features), targets (rows, outputs), and which rows are for what.

    weights (rows,): how much each row counts, with mean 1 over the training rows; None: all count 1. kind is
    the task, by default the one the loss usually trains.
    """

    inputs: np.ndarray
    targets: np.ndarray
    training: np.ndarray
    validation: np.ndarray
    loss: str
    weights: np.ndarray | None = None
    kind: catalog.Task | None = None

    @property
    def classify(self) -> bool:
        """Whether the score is an accuracy: of classes or of labels."""
        return self.score == "accuracy"

    @property
    def score(self) -> explained.Score:
        """The name of the score: accuracy, R², or D² where the loss asks for something else than the middle."""
        return explained.score_of(self.kind or catalog.loss(self.loss).task, self.loss)

    @property
    def scoring(self) -> int:
        """What the score is made of, as the kernels name it."""
        row = catalog.loss(self.loss)
        if self.classify:
            return layout.CLASSES if (self.kind or row.task) == "classification" else layout.LABELS
        if self.score == "d2":
            return layout.LOSSES
        return layout.LOGARITHMS if row.link == "log" else layout.NUMBERS

    @functools.cached_property
    def spread(self) -> float:
        """What the best constant answer leaves unexplained of the validation rows."""
        return self.yardstick(self.validation)

    def yardstick(self, rows: np.ndarray) -> float:
        """Mean squared distance of some rows' targets from their mean, summed over outputs; for D² their least loss."""
        chosen = self.targets[rows].astype(np.float64)
        weights = np.ones(len(chosen)) if self.weights is None else self.weights[rows].astype(np.float64)
        if self.scoring == layout.LOSSES:
            return explained.yardstick(catalog.loss(self.loss), chosen, weights)
        weights = weights[:, None] / weights.sum()
        return float((weights * (chosen - (weights * chosen).sum(0)) ** 2).sum()) or 1.0

    @property
    def weighted_targets(self) -> np.ndarray:
        """The targets with the rows' weights, where there are any, in one more column."""
        if self.weights is None:
            return self.targets
        return np.column_stack([self.targets, self.weights.astype(self.targets.dtype)])


@dataclass(frozen=True)
class RunSetting:
    """What distinguishes one run of a fleet: optimizer, hyperparameters, seed, batch size, penalties, schedule."""

    optimizer: str
    hyperparameters: dict[str, float]
    seed: int
    batch_size: int
    l1: float = 0.0
    l2: float = 0.0
    weight_decay: float = 0.0
    clip_norm: float = 0.0
    dropout: float = 0.0
    schedule: str = "constant"


class Fleet:
    """Runs that share a network and a task; `advance` trains all of them to an epoch, on all cores."""

    def __init__(
        self,
        network: Network,
        task: Task,
        precision: str,
        arrays: dict[str, np.ndarray],
        schedules: Sequence[str],
    ) -> None:
        self.network, self.task, self.precision = network, task, precision
        self.arrays, self.schedules = arrays, tuple(schedules)

    @classmethod
    def create(
        cls,
        network: Network,
        task: Task,
        settings: Sequence[RunSetting],
        epochs: int,
        precision: str = "float32",
        recorded: bool = True,
        thetas: np.ndarray | None = None,
    ) -> Fleet:
        """First state of every run: initial parameters by seed, and the optimizer's first state.

        `recorded`: whether every layer's signals and gradients are put on record once per epoch. `thetas` (runs, size):
        the parameters to start from in place of those that belong to the seeds.
        """
        rows = {name: catalog.optimizer(name) for name in dict.fromkeys(s.optimizer for s in settings)}
        known = {name: stepping.Table(row, network.blocks) for name, row in rows.items()}
        tables = [known[setting.optimizer] for setting in settings]
        count = len(settings)
        arrays = {
            "thetas": np.empty((count, network.size), precision),
            "runnings": np.tile(network.initial_running(precision), (count, 1)),
            "states": np.zeros((count, max(table.states for table in tables)), precision),
            "carrieds": np.ones((count, max(table.carried for table in tables))),
            "hypers": np.zeros((count, max(table.hypers for table in tables))),
            "runs": np.zeros((count, layout.RUN_COLUMNS), np.int64),
            "penalties": np.zeros((count, layout.PENALTY_COLUMNS)),
            "histories": np.full((count, epochs, layout.HISTORY_COLUMNS), np.nan),
            "records": np.full(
                (count, epochs, network.depth * recorded, layout.RECORD_COLUMNS), np.nan, np.float32
            ),
        }
        inputs = task.inputs[task.training[: calibration.ROWS]]
        initial = {
            seed: calibration.first_parameters(network, seed, precision, inputs)
            for seed in {setting.seed for setting in settings if thetas is None}
        }
        for index, (setting, table) in enumerate(zip(settings, tables, strict=True)):
            arrays["thetas"][index] = initial[setting.seed] if thetas is None else thetas[index]
            _describe(arrays, index, setting, table, len(task.training), epochs)
        return cls(network, task, precision, arrays, [setting.schedule for setting in settings])

    def __len__(self) -> int:
        return len(self.arrays["runs"])

    def __getattr__(self, name: str) -> np.ndarray:
        if name in ARRAYS:
            return self.arrays[name]
        raise AttributeError(name)

    def take(self, indices: Sequence[int]) -> Fleet:
        """A fleet of copies of some of the runs, in the order given."""
        chosen = np.asarray(indices, np.int64)
        arrays = {name: values[chosen] for name, values in self.arrays.items()}
        return Fleet(self.network, self.task, self.precision, arrays, [self.schedules[i] for i in chosen])

    def advance(
        self,
        optimizers: Sequence[str],
        epoch: int,
        *,
        workers: int,
        stop: Callable[[], bool] = lambda: False,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        """Train every run that is not done up to `epoch`; `optimizers` names each run's optimizer.

        `tick` is called about ten times a second in the caller's thread; when `stop` answers True, every run
        ends with its current epoch and can be advanced again later.
        """
        runs = self.arrays["runs"]
        if epoch > self.arrays["histories"].shape[1]:
            raise ValueError(
                f"the fleet has room for {self.arrays['histories'].shape[1]} epochs, not {epoch}"
            )
        stages = stepping.addresses(map(catalog.optimizer, optimizers), self.network.blocks, self.precision)
        kept = scheduling.prepare(runs, self.schedules, self._steps())
        waiting = runs[:, layout.STATUS] != layout.DIVERGED
        runs[waiting, layout.STATUS] = layout.READY
        runs[:, layout.LAST_EPOCH] = np.where(waiting, epoch, runs[:, layout.FIRST_EPOCH])
        team = _team_size(self.network, int(runs[:, layout.BATCH].max(initial=1)), len(runs), workers)
        shared = _Workspace(self, max(1, workers // team), team, stages)
        shared.run(workers // team * team if team > 1 else workers, stop, tick)
        del kept  # the kernels read from it

    def _steps(self) -> list[int]:
        """Steps of each run's whole course, as planned when the fleet was made."""
        epochs, rows = self.arrays["histories"].shape[1], len(self.task.training)
        return [epochs * -(-rows // min(int(batch), rows)) for batch in self.arrays["runs"][:, layout.BATCH]]

    @property
    def evaluated(self) -> np.ndarray:
        """The weights (runs, size) that are evaluated and kept: θ, or a wrapper's average of it."""
        points = self.arrays["thetas"].copy()
        for point, state, run in zip(points, self.arrays["states"], self.arrays["runs"], strict=True):
            place = run[layout.EVALUATED]
            if place >= 0:
                point[...] = state[place : place + point.size]
        return points

    def measure(self, rows: np.ndarray, workers: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean loss (runs,) and score (runs,) of every run on some rows: accuracy, or R² or D² for regression."""
        losses, scores = np.zeros(len(self)), np.zeros(len(self))
        work = _Workspace(self, workers, 1, np.zeros((len(self), 1, layout.STAGE_COLUMNS), np.int64))
        task = self.task
        arguments = (
            work.layers, work.places, self.evaluated, self.arrays["runnings"], work.spaces,
            task.inputs, work.targets, rows, work.loss, task.scoring, losses, scores,
        )  # fmt: skip
        _in_threads(lambda worker: call("training.measure", *arguments, worker, workers), workers)
        if task.classify:
            return losses, scores
        return losses, 1.0 - scores / task.yardstick(rows)


def outputs(network: Network, theta: np.ndarray, running: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """The network's outputs (rows, outputs) for inputs (rows, features)."""
    precision = theta.dtype.name
    layers, _, size = workspace(network, precision, layout.EVALUATION_ROWS)
    space = aligned(1, size, precision)[0]
    result = np.empty((len(inputs), network.widths[-1]), precision)
    rows = np.ascontiguousarray(inputs, precision)
    call("training.outputs_of", layers, theta, running, space, rows, result, 0, len(inputs))
    return result


class _Workspace:
    """Scratch memory of the teams that train a fleet."""

    def __init__(self, fleet: Fleet, teams: int, team: int, stages: np.ndarray) -> None:
        self.fleet, self.team, self.stages = fleet, team, stages
        largest = int(fleet.arrays["runs"][:, layout.BATCH].max(initial=1))
        rows = max(layout.EVALUATION_ROWS, min(layout.PIECE_ROWS, largest))
        self.layers, self.places, size = workspace(fleet.network, fleet.precision, rows, team)
        self.blocks = np.array([(b.start, b.rows, b.columns, b.matrix) for b in fleet.network.blocks])
        self.spaces = aligned(teams, size, fleet.precision)
        self.gradients = np.zeros((teams, fleet.network.size), fleet.precision)
        self.orders = np.zeros((teams, len(fleet.task.training)), np.int64)
        self.syncs = np.zeros((teams, CACHE_LINE), np.int64)
        self.coefficients = np.zeros((teams, _SCALARS))
        self.targets = fleet.task.weighted_targets
        self.limits = flat_slopes(fleet.network)
        self.befores = np.zeros((teams, fleet.network.size), fleet.precision)
        self.loss = library.loss(catalog.loss(fleet.task.loss), fleet.precision)
        self.shared = np.zeros(2, np.int64)

        # kernels copy rows and targets as they are
        assert fleet.task.inputs.dtype == self.targets.dtype == self.spaces.dtype

    def run(self, threads: int, stop: Callable[[], bool], tick: Callable[[], None]) -> None:
        task, arrays = self.fleet.task, self.fleet.arrays
        arguments = (
            self.shared, self.syncs, self.stages, self.layers, self.blocks, self.places,
            *(arrays[name] for name in ARRAYS),
            self.spaces, self.gradients, self.orders, self.coefficients, self.limits, self.befores, task.inputs,
            self.targets, task.training, task.validation, self.loss, task.scoring, task.spread,
        )  # fmt: skip

        def watch() -> None:
            if stop():
                self.shared[1] = 1
            tick()

        def worker(index: int) -> None:
            call("training.work", *arguments, index // self.team, index % self.team, self.team)

        _in_threads(worker, threads, watch, lambda: self.shared.__setitem__(1, 1))


def _describe(
    arrays: dict[str, np.ndarray],
    index: int,
    setting: RunSetting,
    table: stepping.Table,
    rows: int,
    epochs: int,
) -> None:
    run, numbers = arrays["runs"][index], arrays["penalties"][index]
    run[layout.SEED] = setting.seed
    run[layout.BATCH] = rows if table.row.full_batch else min(setting.batch_size, rows)
    values = table.row.hyperparameters(**setting.hyperparameters)
    table.describe(arrays, index, values, epochs * -(-rows // run[layout.BATCH]))
    numbers[: layout.LEARNING_RATE] = (
        setting.l1, setting.l2, setting.weight_decay, setting.clip_norm, setting.dropout,
    )  # fmt: skip
    scheduling.describe(numbers, setting.schedule, values["learning_rate"])


def _team_size(network: Network, batch: int, runs: int, workers: int) -> int:
    """Threads per run: several only where runs are fewer than threads and a step is worth sharing."""
    if runs >= workers or network.operations(min(batch, layout.PIECE_ROWS)) < 48_000_000:
        return 1
    return max(1, workers // max(runs, 1))


def _in_threads(
    work: Callable[[int], object],
    count: int,
    watch: Callable[[], None] = lambda: None,
    cancel: Callable[[], None] = lambda: None,
) -> None:
    """Run `work(i)` in `count` threads; `watch` runs meanwhile, and its exception cancels the threads."""
    failures: list[BaseException] = []
    ended = [threading.Event() for _ in range(count)]

    def guarded(index: int) -> None:
        try:
            work(index)
        except BaseException as error:
            failures.append(error)
        finally:
            ended[index].set()

    threads = [threading.Thread(target=guarded, args=(index,), daemon=True) for index in range(count)]
    try:
        for thread in threads:
            thread.start()
        while not all(end.wait(0.05) for end in ended):
            watch()
        watch()
    except BaseException:
        begun = [end for thread, end in zip(threads, ended, strict=True) if thread.ident is not None]
        _wait(begun, cancel)
        raise
    if failures:
        raise failures[0]


def _wait(ended: Sequence[threading.Event], cancel: Callable[[], None]) -> None:
    """Wait for the end of threads, though the user interrupts once more: until then their arrays are not whole.

    `Thread.join`, interrupted, takes a thread that still runs for ended (Python before 3.13), hence the events.
    """
    while True:
        try:
            cancel()
            for end in ended:
                end.wait()
            return
        except KeyboardInterrupt:
            continue
