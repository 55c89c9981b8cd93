"""`train` for data larger than memory: one network, trained in shuffled blocks within a stated bound of memory."""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from osolgil import __version__
from osolgil.data.assemble import check_test_share
from osolgil.engines.cpu.compiling import compile_kernels
from osolgil.engines.cpu.fleet import RunSetting
from osolgil.errors import DataError, OutputError, SettingsError
from osolgil.files import told_plainly, write_json
from osolgil.formulas import catalog
from osolgil.model import Model
from osolgil.race import own_formulas
from osolgil.race.checkpoint import Checkpoint
from osolgil.race.progress import EntrantProgress, Progress
from osolgil.race.settings import RaceSettings
from osolgil.streaming.course import Course
from osolgil.streaming.holdout import Split
from osolgil.streaming.memory import Shares, resident, shares_of
from osolgil.streaming.preparation import Prepared, prepare, prepared_before
from osolgil.streaming.sources import ParquetRows, Rows
from osolgil.streaming.spooling import SPOOLED, spooled

_SHORTEST = 0.1


def streamed(source: Rows | Iterable[Any], folder: Path, target: str | None) -> Rows:
    """The source itself, or what batches that come only once were written down as."""
    if hasattr(source, "blocks"):
        return source  # type: ignore[return-value]
    known = folder / SPOOLED
    if known.exists():
        return ParquetRows(known, target, "batches")
    return spooled(source, target, folder)  # type: ignore[arg-type]


def train_streamed(
    source: Rows | Iterable[Any],
    settings: RaceSettings,
    optimizer: str,
    hyperparameters: Mapping[str, float],
    memory: int,
    *,
    target: str | None = None,
    task: str | None = None,
    test: Any = None,
    workers: int = 1,
    folder: Path | None = None,
    resume: bool = False,
    progress: Callable[[Progress], None] | None = None,
    block_rows: int | None = None,
) -> tuple[Model, dict[str, np.ndarray], dict[str, Any]]:
    """Model, history and facts of one training; `block_rows` sets the size of blocks whatever the memory."""
    begin = time.perf_counter()
    start = resident()
    if catalog.optimizer(optimizer).full_batch:
        raise SettingsError(
            f"{catalog.optimizer(optimizer).title} takes all rows at once, which do not fit into memory; choose sgd."
        )
    if test is not None and not isinstance(test, (int, float)):
        raise SettingsError("Streamed rows are tested on a share of themselves; give test= such as 0.1.")
    share = None if test is None else check_test_share(test)
    with _scratch(folder, resume) as place:
        rows = streamed(source, place, target)
        chosen = replace(settings, loss=None).completed("regression", rows.rows)  # for its batch size
        split, shares = _dealt(rows, chosen, memory, share)
        if block_rows is not None:
            chunk = (chosen.batch_size or 1) * max(1, block_rows // 4 // (chosen.batch_size or 1))
            shares = Shares(block_rows // chunk * chunk, chunk, shares.read, shares.sample, shares.held_out)
        if folder is not None:
            _plan(folder, rows, settings, optimizer, hyperparameters, memory, resume)
        watch = _Watch(optimizer, hyperparameters, chosen, progress)
        prepared = (prepared_before(place) if resume else None) or prepare(
            rows, place, split, shares, task, settings.loss, watch.look
        )
        loaded = time.perf_counter() - begin
        chosen = settings.completed(prepared.facts["task"], rows.rows)
        network = chosen.network(prepared.width - 1, prepared.outputs)
        run = RunSetting(
            optimizer, dict(hyperparameters), chosen.seed * 1_000_000, chosen.batch_size or 1, chosen.l1, chosen.l2,
            chosen.weight_decay, chosen.clip_norm, chosen.dropout, chosen.schedule,
        )  # fmt: skip
        checkpoint = Checkpoint(None if folder is None else place)
        course = Course(prepared, network, chosen, run, shares, checkpoint)
        compiled = compile_kernels(network, course.task(), chosen.precision, [optimizer])
        watch.course = course
        try:
            course.train(workers, watch.look)
        except KeyboardInterrupt:
            if course.whole:  # else the last checkpoint stands: threads may be at work on the state still
                checkpoint.save(0, course.fleet)
            raise
        watch.look(last=True)
        _refuse_diverged(course)
        facts = _facts(rows, prepared, course, workers)
        model = _model(course, facts)
    facts["seconds"] = {
        "data": loaded, "compile": compiled, "train": course.seconds, "total": time.perf_counter() - begin,
        "waiting_for_rows": course.reading,
    }  # fmt: skip
    facts["memory"] = _memory(memory, start)
    return model, course.history(), facts


@contextlib.contextmanager
def _scratch(folder: Path | None, resume: bool) -> Iterator[Path]:
    """Room on disk: inside the output folder, where a killed training finds it again; else a temporary folder."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="osolgil-") as place:
            yield Path(place)
        return
    place = folder / "checkpoint"
    with told_plainly(place):
        place.mkdir(exist_ok=True)
    try:
        yield place
    except (DataError, SettingsError):  # nothing to go on with, unless something was there before
        if not resume:
            _forget(folder, place)
        raise
    _forget(folder, place)


def _forget(folder: Path, place: Path) -> None:
    Checkpoint(place).remove()
    (folder / "plan.json").unlink(missing_ok=True)


def _dealt(rows: Rows, settings: RaceSettings, memory: int, test: float | None) -> tuple[Split, Shares]:
    columns = len(rows.columns)
    itemsize = 8 if settings.precision == "float64" else 4
    shares = shares_of(memory, columns, 2 * columns + 16, settings.batch_size or 1, itemsize)
    return Split.of(rows.rows, test, shares.held_out, settings.seed), shares


def _plan(
    folder: Path, rows: Rows, settings: RaceSettings, optimizer: str, hyperparameters: Mapping[str, float],
    memory: int, resume: bool,
) -> None:  # fmt: skip
    """Write down what is trained, or check that what is resumed is the same."""
    plan = json.loads(
        json.dumps(
            {
                "streamed": rows.stamp(), "settings": settings.to_dict(), "optimizer": optimizer,
                "hyperparameters": dict(hyperparameters), "memory": memory,
            }
        )
    )  # fmt: skip
    path = folder / "plan.json"
    if resume and path.exists():
        before = json.loads(path.read_text("utf-8"))
        changed = [name for name in plan if before.get(name) != plan[name]]
        if changed:
            raise OutputError(
                f"The training in {folder} was begun with another {changed[0].replace('streamed', 'data')}; resume it "
                "with what it was begun with, or choose another folder with --out."
            )
        return
    write_json(path, plan)


def _refuse_diverged(course: Course) -> None:
    if course.diverged:
        rate = course.run.hyperparameters["learning_rate"]
        raise SettingsError(
            f"{catalog.optimizer(course.run.optimizer).title} with learning rate {rate:g} diverged, so no network was "
            f"kept; try a learning rate of {rate / 10:g}."
        )


class _Watch:
    """Tells `observe` how the training stands, at most ten times a second."""

    def __init__(
        self, optimizer: str, values: Mapping[str, float], settings: RaceSettings,
        observe: Callable[[Progress], None] | None,
    ) -> None:  # fmt: skip
        self.optimizer, self.values, self.observe = optimizer, values, observe
        self.epochs, self.course = settings.epochs or 1, None
        self.start, self.last = time.perf_counter(), 0.0
        self.course: Course | None = None

    def look(self, last: bool = False) -> None:
        now = time.perf_counter()
        if self.observe is None or (now - self.last < _SHORTEST and not last):
            return
        self.last = now
        curve, score, name = np.zeros(0), None, "accuracy"
        if self.course is not None:
            history = self.course.history()
            curve, name = history["validation_loss"], self.course.fleet.task.score
            score = float(history["validation_score"][-1]) if len(curve) else None
        entrant = EntrantProgress(
            self.optimizer, catalog.optimizer(self.optimizer).title, self.values["learning_rate"], score,
            tuple(curve.tolist()), running=int(not last), finished=int(last),
        )  # fmt: skip
        elapsed = now - self.start
        remaining = elapsed / len(curve) * (self.epochs - len(curve)) if len(curve) else None
        self.observe(Progress("train", (entrant,), len(curve), self.epochs, elapsed, remaining, name))


def _model(course: Course, facts: dict[str, Any]) -> Model:
    prepared, fleet = course.prepared, course.fleet
    known = prepared.facts
    classes = known["class_names"]
    return Model(
        course.network, fleet.evaluated[0], fleet.arrays["runnings"][0].copy(), known["task"],
        tuple(classes) if classes else None, prepared.preprocessing.target_name, known["target_mean"],
        known["target_scale"], prepared.preprocessing, facts["made_by"], known["link"],
    )  # fmt: skip


def _facts(rows: Rows, prepared: Prepared, course: Course, workers: int) -> dict[str, Any]:
    known, settings, history = prepared.facts, course.settings, course.history()
    loss, score = course.test(workers)
    run = course.run
    return {
        "format": 1,
        "version": __version__,
        "data": {
            "name": rows.name, "fingerprint": known["fingerprint"], "task": known["task"],
            "target": prepared.preprocessing.target_name, "rows": known["rows"], "features": prepared.width - 1,
            "classes": known["class_names"], "score": course.fleet.task.score,
            "weights": None, "notes": known["notes"],
        },
        "settings": {
            name: value
            for name, value in settings.to_dict().items()
            if name not in ("entrants", "optimizers", "learning_rates", "seeds", "confirmation_seeds", "confidence")
        },
        "formulas": own_formulas.stored(settings),
        "network": {**course.network.to_dict(), "parameters": course.network.size},
        "scores": {
            "validation": {
                "score": float(history["validation_score"][-1]), "loss": float(history["validation_loss"][-1]),
            },
            "test": {"score": score, "loss": loss},
        },
        "weights": "last epoch",
        "streaming": course.facts(),
        "made_by": {
            "optimizer": run.optimizer, "hyperparameters": dict(run.hyperparameters), "seed": run.seed,
            "epochs": course.epochs, "batch_size": run.batch_size, "loss": settings.loss, "data": rows.name,
            "fingerprint": known["fingerprint"],
        },
    }  # fmt: skip


def _memory(bound: int, start: int | None) -> dict[str, Any]:
    """The bound, and how far the process's peak lies above what it held when the training began."""
    peak = resident(peak=True)
    above = peak - start if peak is not None and start is not None else None
    return {"bound": bound, "peak_above_start": above}
