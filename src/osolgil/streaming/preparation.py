"""The second pass: training rows become features in one file on disk, rows held out stay in memory.

A prepared row is its float32 features and its target: the standardised number, or the number of its class. What was
prepared can be found again after a kill; its description is written last and completes it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from osolgil.data.preprocessing import Preprocessing
from osolgil.data.targets import _class_name
from osolgil.errors import DataError
from osolgil.files import told_plainly, write_json
from osolgil.formulas import catalog
from osolgil.messages import Message
from osolgil.race.settings import asked_task
from osolgil.streaming.holdout import Split
from osolgil.streaming.memory import Shares
from osolgil.streaming.sources import Rows
from osolgil.streaming.statistics import (
    Found,
    _missing,
    preprocessing_of,
    survey,
    task_of,
    values_of_block,
)

_ROWS, _HELD_OUT, _FACTS = "rows.bin", "held-out.npz", "prepared.json"


@dataclass(frozen=True, eq=False)
class Prepared:
    """Training rows in a file, rows held out in memory, and how raw rows and targets become theirs.

    held_out: prepared rows (rows, features + 1) by "validation" and "test". facts: all else, ready for JSON.
    """

    path: Path
    held_out: dict[str, np.ndarray]
    preprocessing: Preprocessing
    facts: dict[str, Any]

    @property
    def rows(self) -> int:
        """How many rows train."""
        return self.facts["rows"]["train"]

    @property
    def width(self) -> int:
        """Numbers of a prepared row: its features and its target."""
        return len(self.preprocessing.feature_names) + 1

    @property
    def outputs(self) -> int:
        """Outputs of the network."""
        return len(self.facts["class_names"] or "1")

    def read(self, start: int, rows: int, into: np.ndarray) -> None:
        """Fill prepared rows (rows, width) from the file."""
        with self.path.open("rb") as file:
            file.seek(start * self.width * 4)
            if file.readinto(into.view(np.uint8).reshape(-1)) != rows * self.width * 4:  # type: ignore[arg-type]
                raise DataError(f"The prepared rows in {self.path} are cut off; start the training again.")


def prepare(
    source: Rows, folder: Path, split: Split, shares: Shares, task: str | None, loss: str | None,
    watch: Callable[[], None],
) -> Prepared:  # fmt: skip
    """Read the source twice, and write its training rows down as a network takes them."""
    found = survey(source, split, shares.read, shares.sample)
    watch()
    chosen, levels = task_of(found, asked_task(task, loss), source.target_name)
    preprocessing = preprocessing_of(found, source)
    facts = {
        "task": chosen,
        "rows": found.rows,
        "class_names": None
        if levels is None
        else [_class_name(level if isinstance(level, str) else np.float64(level)) for level in levels],
        **_scale(found, chosen, loss, source.target_name),
        "notes": [note.facts() for note in found.notes + _notes(found, source)],
    }
    numbers = None if levels is None else {level: place for place, level in enumerate(levels)}
    held_out = _write(source, folder / _ROWS, split, shares, preprocessing, facts, numbers, watch)
    with told_plainly(folder / _HELD_OUT):
        np.savez(folder / _HELD_OUT, **held_out)  # type: ignore[arg-type]
    write_json(folder / _FACTS, {**facts, "preprocessing": preprocessing.to_json()})
    return Prepared(folder / _ROWS, held_out, preprocessing, facts)


def prepared_before(folder: Path) -> Prepared | None:
    """What an earlier training prepared in a folder, or None."""
    try:
        facts = json.loads((folder / _FACTS).read_text("utf-8"))
        with np.load(folder / _HELD_OUT, allow_pickle=False) as archive:
            held_out = {name: archive[name] for name in ("validation", "test")}
        preprocessing = Preprocessing.from_json(facts.pop("preprocessing"))
        found = Prepared(folder / _ROWS, held_out, preprocessing, facts)
        whole = found.path.stat().st_size == found.rows * found.width * 4
    except (OSError, ValueError, KeyError, EOFError):
        return None
    return found if whole else None


def _scale(found: Found, task: str, loss: str | None, name: str) -> dict[str, Any]:
    """How a target's own unit becomes the network's: see `Dataset`."""
    if task != "regression":
        return {"target_mean": 0.0, "target_scale": 1.0, "link": "identity"}
    mean = float(found.target.mean[0])
    row = catalog.loss(loss) if loss else None
    if row is None or row.link == "identity":
        scale = float(np.sqrt(found.target.squares[0] / found.target.count[0]))
        return {"target_mean": mean, "target_scale": scale, "link": "identity"}
    if found.lowest < 0 or (row.targets == "positive" and found.lowest == 0):
        wanted = "above 0" if row.targets == "positive" else "of 0 or more"
        raise DataError(
            f"The loss {row.name} is for targets {wanted}, but '{name}' is {found.lowest:g} in some row; choose "
            "another loss, such as squared_error or huber."
        )
    return {"target_mean": 0.0, "target_scale": mean, "link": "log"}


def _notes(found: Found, source: Rows) -> list[Message]:
    rows = {name: f"{count:,}" for name, count in found.rows.items()}
    notes = [
        Message("note.sampled", sample=f"{len(found.answers):,}", rows=rows["train"]),
        Message("note.held_out", validation=rows["validation"], test=rows["test"]),
    ]
    if found.unanswered:
        notes.append(Message("caution.unanswered", count=found.unanswered, target=source.target_name))
    return notes


def _write(
    source: Rows, path: Path, split: Split, shares: Shares, preprocessing: Preprocessing, facts: dict[str, Any],
    numbers: dict[Any, int] | None, watch: Callable[[], None],
) -> dict[str, np.ndarray]:  # fmt: skip
    held_out: dict[str, list[np.ndarray]] = {"validation": [], "test": []}
    digest = hashlib.sha256()
    with told_plainly(path), path.open("wb") as file:
        for start, inputs, targets in source.blocks(shares.read):
            values = values_of_block(targets)
            known = ~_missing(values)
            rows = np.empty((int(known.sum()), len(preprocessing.feature_names) + 1), np.float32)
            rows[:, :-1] = preprocessing.transform(inputs[known])
            rows[:, -1] = _targets(values[known], facts, numbers)
            trains, validates, tests = (mask[known] for mask in split.parts(start, len(values)))
            file.write(np.ascontiguousarray(rows[trains]).data)
            digest.update(np.ascontiguousarray(rows).data)
            for name, mask in (("validation", validates), ("test", tests)):
                held_out[name].append(rows[mask])
            watch()
    facts["fingerprint"] = digest.hexdigest()
    return {name: np.concatenate(parts) for name, parts in held_out.items()}


def _targets(values: np.ndarray, facts: dict[str, Any], numbers: dict[Any, int] | None) -> np.ndarray:
    if numbers is None:
        with np.errstate(over="ignore"):
            scaled = (values - facts["target_mean"]) / facts["target_scale"]
        return scaled if facts["link"] == "log" else np.clip(scaled, -1e6, 1e6)
    if values.dtype == object:
        return np.array([numbers[value] for value in values], np.float32)
    levels = np.array(list(numbers), np.float64)
    return np.searchsorted(levels, values).astype(np.float32)
