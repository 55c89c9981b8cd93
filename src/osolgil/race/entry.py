"""`race`: the whole main job, from data to verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from osolgil.data import Dataset, Encoding, from_arrays, load
from osolgil.data.loading import is_named
from osolgil.engines.cpu.compiling import compile_kernels, usable_cores
from osolgil.errors import SettingsError
from osolgil.race import outputs, own_formulas
from osolgil.race.budget import fit
from osolgil.race.checkpoint import Checkpoint
from osolgil.race.conclusion import under_tuned
from osolgil.race.course import Candidate, Course
from osolgil.race.facts import conclude, fitted, task_of
from osolgil.race.meanwhile import Meanwhile
from osolgil.race.progress import Progress
from osolgil.race.settings import Entering, RaceSettings, asked_task, entrants, listed
from osolgil.race.tuning import best, tune, widen
from osolgil.race.verdict import Verdict
from osolgil.race.watching import Watcher
from osolgil.spelling import hint


def race(
    inputs: Any,
    targets: Any = None,
    *,
    optimizers: Entering | Sequence[Entering] | None = None,
    target: str | Sequence[str] | None = None,
    task: str | None = None,
    test: Any = None,
    sample_weight: Any = None,
    budget: float | None = None,
    jobs: int | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    language: str = "en",
    progress: Callable[[Progress], None] | None = None,
    **settings: Any,
) -> Verdict:
    """Race optimizers on data: tune each, confirm each on fresh seeds, and say which trains this network best.

    Every optimizer starts a seed from the same weights and sees the same batches for as many epochs, so that
    comparisons are paired. Learning rates lie on a log grid that grows until the best is not on its edge;
    settings that lose beyond doubt stop early; the verdict rests on seeds not used for tuning, names a winner
    only if it beats every other by a paired interval, and says so where it is a tie.

    Args:
        inputs: a Dataset, a name or path that `osolgil.load` knows, or an array or DataFrame (rows, features).
        targets: (rows,) with arrays: labels or numbers.
        optimizers: names, "name=optimizer" pairs, Entrants, or optimizers of your own: functions, or places such
            as "mine.py:my_optimizer" (see `osolgil.optimizer`); by default the lecture's eleven.
        target, task, test, sample_weight: as for `osolgil.load` and `osolgil.from_arrays`. A row of weight 2
            counts as two equal rows in the loss, the score and the baselines.
        budget: seconds the race should end within; decides seeds, epochs and learning rates once, before it.
        jobs: threads to train with, by default one per core. The verdict does not depend on it.
        out: folder to write verdict.json, history.parquet, the model, report.html and recipes to; None: nothing.
        resume: go on with the race whose unfinished folder `out` is; its verdict is the same to the bit.
        language: "en" or "ko", of the report.
        progress: called about ten times a second with how the race stands.
        **settings: every field of `RaceSettings`: hidden, activation, epochs, batch_size, seeds, learning_rates …
            An activation or a loss may be your own function as well.

    Raises:
        DataError, SettingsError, OutputError: one sentence on what is wrong and what to do.

    >>> verdict = race("iris", optimizers=["sgd", "adam"], learning_rates=3, seeds=2, epochs=5, hidden=(8,))
    >>> sorted(row["entrant"] for row in verdict.leaderboard)
    ['adam', 'sgd']
    """
    begin = time.perf_counter()
    folder = None if out is None else Path(out).expanduser()
    if resume and folder is not None:
        given = None if optimizers is None else listed(optimizers)
        optimizers, settings = own_formulas.as_begun(folder, given, settings)
    if optimizers is not None:
        settings["entrants"] = entrants(optimizers)
    known = set(RaceSettings.__dataclass_fields__)
    for name in settings:
        if name not in known:
            every = ", ".join(sorted(known))
            raise SettingsError(f"A race has no setting '{name}'; it has {every}.{hint(name, known)}")
    chosen = RaceSettings(**settings)
    workers = threads(jobs)
    if budget is not None and not 0 < budget < float("inf"):
        raise SettingsError(f"The budget must be a positive number of seconds, not {budget}.")
    data = data_of(
        inputs, targets, target, task, test, chosen.seed, sample_weight, chosen.encoding, chosen.loss
    )
    loaded = time.perf_counter() - begin
    if folder is not None and outputs.finished(folder, data, resume):
        return Verdict.load(folder, language)
    planned = None if folder is None else outputs.planned(folder, data, settings, resume)
    chosen = planned or chosen.completed(data.task, len(data.train))
    data = fitted(data, chosen)
    job = task_of(data, chosen)
    network = chosen.network(data.train.inputs.shape[1], data.outputs)
    names = [entrant.optimizer for entrant in chosen.entrants]
    compiled = compile_kernels(network, job, chosen.precision, names)
    meanwhile = Meanwhile(data, job.loss, (network, job, chosen), reporting=folder is not None)
    if planned is None:
        planned = chosen
        if budget is not None:
            planned = fit(chosen, frozenset(settings), network, job, workers, budget)
        if folder is not None:
            outputs.plan(folder, data, settings, planned)
    checkpoint = Checkpoint(None if folder is None else folder / "checkpoint")
    course = Course(network, job, planned, workers, checkpoint, meanwhile.begin)
    watcher = Watcher(course, job.score, progress)
    try:
        confirmed = run(course, watcher)
    finally:
        checkpoint.settle()  # whoever interrupts a race finds its folder written
    watcher.enter("test")
    from osolgil.diagnosis.shown_runs import race_layers

    facts, model = conclude(course, confirmed, data, meanwhile.baselines())
    facts["layers"] = race_layers(course, confirmed, facts["recommended"], model, meanwhile.beforehand())
    facts["seconds"] = {
        "data": loaded,
        "compile": compiled,
        "train": course.seconds,
        "total": time.perf_counter() - begin,
        "gflop_per_second": facts["work"]["floating_point_operations"] / max(course.seconds, 1e-9) / 1e9,
    }
    verdict = Verdict(facts, outputs.history(course), model, folder, language, outputs.layers(course))
    if folder is not None:
        outputs.write(verdict, folder, language)
        checkpoint.remove()
    return verdict


def run(course: Course, watcher: Watcher) -> dict[str, Candidate]:
    """Tune, confirm, and search further for what lost to its own special case; the confirmed setting by entrant."""
    settings = course.settings
    watcher.enter("tune")
    tune(course, settings.entrants)
    watcher.enter("confirm")
    leaders = {entrant.name: best(course, entrant) for entrant in settings.entrants}
    confirmed = confirm(course, {name: c for name, c in leaders.items() if c is not None})
    suspects = under_tuned(course, confirmed)
    if suspects and not isinstance(settings.learning_rates, tuple):
        watcher.enter("widen")
        improved = widen(course, suspects)
        watcher.enter("confirm")
        confirmed |= confirm(course, improved)
    return confirmed


def confirm(course: Course, chosen: dict[str, Candidate]) -> dict[str, Candidate]:
    """Run each entrant's tuned setting on fresh seeds."""
    fresh = {name: course.enter(c.entrant, c.hyperparameters, "confirm") for name, c in chosen.items()}
    if fresh:
        course.run(list(fresh.values()), (course.settings.epochs or 1,))
    return fresh


def data_of(
    inputs: Any,
    targets: Any,
    target: Any,
    task: str | None,
    test: Any,
    seed: int,
    sample_weight: Any = None,
    encoding: Encoding | None = None,
    loss: str | None = None,
) -> Dataset:
    """What `race` and `train` are given, as a Dataset; a loss of numbers alone says that the task is regression."""
    if isinstance(inputs, Dataset):
        if targets is not None or any(choice is not None for choice in (target, task, test, sample_weight)):
            raise SettingsError(
                "A Dataset has its target, task, test rows and weights already; give them to osolgil.load."
            )
        if encoding is not None and not encoding.usual:
            raise SettingsError(
                "A Dataset has its columns scaled and encoded already; give scaling and numbers to osolgil.load."
            )
        return inputs
    if not is_named(inputs):  # a known set's task is known, too
        task = asked_task(task, loss)
    if targets is None:
        if not isinstance(inputs, (str, Path)):
            raise SettingsError("Arrays need their targets too: race(X, y).")
        return load(
            inputs, target=target, task=task, test=test, seed=seed, sample_weight=sample_weight,
            encoding=encoding,
        )  # fmt: skip
    return from_arrays(
        inputs, targets, target=target, task=task, test=test, seed=seed, sample_weight=sample_weight,
        encoding=encoding,
    )  # fmt: skip


def threads(jobs: int | None) -> int:
    """How many threads train: `jobs`, or one per core this process may use."""
    if jobs is not None and jobs < 1:
        raise SettingsError(f"A race needs 1 job or more, not {jobs}.")
    return jobs or usable_cores()
