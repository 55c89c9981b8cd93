"""The output folder of a race: its plan, and everything the verdict consists of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from osolgil import __version__
from osolgil.data import Dataset
from osolgil.engines.cpu.kernels import layout
from osolgil.errors import DataError, OutputError, SettingsError
from osolgil.files import claim_folder, read_json, write_json, write_text
from osolgil.race import own_formulas
from osolgil.race.course import Course
from osolgil.race.settings import RaceSettings
from osolgil.race.verdict import Verdict
from osolgil.records import write_history

FORMAT = 1


def finished(folder: Path, data: Dataset, resume: bool) -> bool:
    """Claim the folder; True where it holds the finished race to resume. OutputError where it holds another race."""
    claim_folder(folder, resume=resume)
    plan = folder / "plan.json"
    if not plan.exists():
        return False
    done = (folder / "verdict.json").exists()
    if not resume:
        state = "a finished race" if done else "an unfinished race"
        hint = "" if done else ", or go on with it with --resume"
        raise OutputError(f"The folder {folder} holds {state}; choose another with --out{hint}.")
    _check(folder, _plan(folder), data)
    return done


def planned(folder: Path, data: Dataset, asked: dict[str, Any], resume: bool) -> RaceSettings | None:
    """The settings of the race to resume, None where a new one begins.

    Raises SettingsError where other settings are asked for than it was begun with.
    """
    if not resume:
        return None
    facts = _plan(folder)
    wanted = _asked(asked)
    for name, value in wanted.items():
        before = facts["asked"].get(name, _defaults().get(name))
        if own_formulas.edited(before, value):
            raise SettingsError(
                f"Your own formula in {name} has been edited since the race in {folder} was begun; go on without "
                f"naming it to race it as it was (see {own_formulas.FILE} there), or begin another race."
            )
        if value != before:
            raise SettingsError(
                f"The race in {folder} was begun with {name} = {before}, not {value}; "
                f"go on without it, or begin another race with another --out."
            )
    return RaceSettings.from_dict(facts["settings"])


def plan(folder: Path, data: Dataset, asked: dict[str, Any], settings: RaceSettings) -> None:
    """Write down what the race will do, before it does it."""
    facts = {
        "format": FORMAT,
        "version": __version__,
        "data": {"name": data.name, "fingerprint": data.fingerprint},
        "asked": _asked(asked),
        "settings": settings.to_dict(),
        "formulas": own_formulas.stored(settings),
    }
    if facts["formulas"]:
        write_text(folder / own_formulas.FILE, own_formulas.file_text(facts["formulas"]))
    write_json(folder / "plan.json", facts)


def write(verdict: Verdict, folder: Path, language: str) -> None:
    """Write everything; verdict.json, written last, says that it is complete."""
    from concurrent.futures import ThreadPoolExecutor

    from osolgil.report import recipes, write_report

    with ThreadPoolExecutor() as pool:  # most of a file's time is waiting for the disk
        written = [
            pool.submit(write_history, folder / "history.parquet", verdict.history),
            pool.submit(write_history, folder / "layers.parquet", verdict.layers),
        ]
        if verdict.model is not None:
            texts = recipes(verdict.facts)
            written += [pool.submit(write_text, folder / name, text) for name, text in texts.items()]
            written.append(pool.submit(verdict.model.save, folder))
        write_report(folder, verdict.facts, verdict.history, verdict.model, language, verdict.layers)
    for file in written:
        file.result()
    write_json(folder / "verdict.json", verdict.facts)


def history(course: Course) -> dict[str, np.ndarray]:
    """Columns with a row per run and epoch."""
    parts: dict[str, list[np.ndarray]] = {name: [] for name in _COLUMNS}
    for candidate in course.candidates:
        text = json.dumps(candidate.hyperparameters, sort_keys=True)
        for place, seed in enumerate(candidate.seeds):
            table = candidate.histories[place]
            epochs = np.flatnonzero(np.isfinite(table[:, layout.STEPS_DONE]))
            count = len(epochs)
            state = "diverged" if candidate.diverged[place] else candidate.state
            texts = (candidate.phase, candidate.entrant.name, text, state)
            phase, entrant, hyperparameters, states = (np.full(count, value, object) for value in texts)
            values = (
                phase, entrant, np.full(count, candidate.learning_rate), hyperparameters, np.full(count, seed),
                epochs + 1, table[epochs, layout.STEPS_DONE].astype(np.int64), table[epochs, layout.TRAINING_LOSS],
                table[epochs, layout.VALIDATION_LOSS], table[epochs, layout.VALIDATION_SCORE], states,
                np.full(count, course.task.weights is not None),
            )  # fmt: skip
            for name, column in zip(_COLUMNS, values, strict=True):
                parts[name].append(column)
    return {name: np.concatenate(columns) for name, columns in parts.items()}


def layers(course: Course) -> dict[str, np.ndarray]:
    """Columns with a row per run, epoch and layer: see `recorded`."""
    return joined(
        [recorded(c.records, c.phase, c.entrant.name, c.learning_rate, c.seeds) for c in course.candidates]
    )


def recorded(
    records: np.ndarray, phase: str, entrant: str, learning_rate: float, seeds: Sequence[int]
) -> dict[str, np.ndarray]:
    """Columns with a row per run, epoch and layer: the network as it entered the epoch, on its first batch.

    records: (runs, epochs, layers, RECORD_COLUMNS). Layers count from 1 at the inputs; signals, slopes and gradients
    are root mean squares, the others norms.
    """
    run, epoch, layer = np.nonzero(np.isfinite(records[..., layout.SIGNAL]))
    count = len(run)
    columns = (
        np.full(count, phase, object), np.full(count, entrant, object), np.full(count, learning_rate),
        np.asarray(seeds)[run], epoch + 1, layer + 1,
    )  # fmt: skip
    found = dict(zip(_RUN, columns, strict=True))
    return found | {name: records[run, epoch, layer, place] for place, name in enumerate(RECORDED)}


def joined(parts: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Columns of several runs one below the other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in (*_RUN, *RECORDED)}


_RUN = ("phase", "entrant", "learning_rate", "seed", "epoch", "layer")
RECORDED = (
    "signal_mean", "signal", "similarity", "slope", "saturated", "dead", "gradient", "weight_gradient",
    "row_weight_gradient", "weight_norm", "update_norm",
)  # fmt: skip
_COLUMNS = (
    "phase", "entrant", "learning_rate", "hyperparameters", "seed", "epoch", "step", "training_loss",
    "validation_loss", "validation_score", "state", "weighted",
)  # fmt: skip


def _plan(folder: Path) -> dict[str, Any]:
    facts = read_json(folder / "plan.json")
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise OutputError(f"{folder / 'plan.json'} is no plan of this version of osolgil; begin a new race.")
    return facts


def _check(folder: Path, facts: dict[str, Any], data: Dataset) -> None:
    if facts["version"] != __version__:
        raise OutputError(
            f"The race in {folder} was begun by osolgil {facts['version']}; go on with that version."
        )
    if facts["data"]["fingerprint"] != data.fingerprint:
        raise DataError(
            f"The race in {folder} was begun on other data ({facts['data']['name']}) than '{data.name}' as it is now; "
            f"give it the same data, target, test rows and weights."
        )


def _asked(asked: dict[str, Any]) -> dict[str, Any]:
    facts = RaceSettings(**asked).to_dict()
    wanted = {name: facts[name] for name in asked}
    return json.loads(json.dumps(wanted))


def _defaults() -> dict[str, Any]:
    return json.loads(json.dumps(RaceSettings().to_dict()))
