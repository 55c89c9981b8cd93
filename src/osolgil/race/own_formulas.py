"""Own formulas of a race: stored beside it as text, and found again when it goes on, whatever became of the file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from osolgil.errors import OsolgilError, OutputError
from osolgil.files import read_json
from osolgil.formulas import own, wrapping
from osolgil.race.settings import Entering, RaceSettings, split_label

FILE = "formulas.py"
_HASH = re.compile(r"@[0-9a-f]{8}\b")


def stored(settings: RaceSettings) -> dict[str, dict[str, str]]:
    """The own formulas a race or a training uses, ready for JSON."""
    used = [("optimizer", wrapping.innermost(entrant.optimizer)) for entrant in settings.entrants]
    used += [("activation", settings.activation), ("activation", settings.output_activation)]
    return own.facts_of([*used, ("loss", settings.loss or "")])


def file_text(formulas: Mapping[str, Mapping[str, str]]) -> str:
    """All of them as one file, from which the race can be run again."""
    head = (
        f'"""The formulas of this race that are its user\'s own: `--optimizers {FILE}:name` races one of them.\n\n'
        'osolgil reads this file and never runs it; exp, sqrt, where … are words of its vocabulary.\n"""\n\n'
        "import osolgil\n"
    )
    return "\n\n".join([head, *(str(facts["source"]) for facts in formulas.values())])


def restored(folder: Path, formulas: Mapping[str, Mapping[str, str]]) -> None:
    """Make the formulas stored in a folder known; OutputError where they are damaged."""
    try:
        own.restore(formulas)
    except (OsolgilError, KeyError, TypeError, AttributeError) as error:
        raise OutputError(f"The own formulas stored in {folder} are damaged ({error}).") from error


def as_begun(
    folder: Path, optimizers: Sequence[Entering] | None, settings: dict[str, Any]
) -> tuple[Sequence[Entering] | None, dict[str, Any]]:
    """What is asked of a race that goes on; formulas whose file is gone are those it was begun with."""
    if not (folder / "plan.json").exists():
        return optimizers, settings
    facts = read_json(folder / "plan.json")
    if not isinstance(facts, dict) or "settings" not in facts:
        return optimizers, settings
    formulas = facts.get("formulas", {})
    restored(folder, formulas)
    names = {f"{f['origin']}:{name.partition('@')[0]}": name for name, f in formulas.items()}

    def found(given: Any) -> Any:
        if not isinstance(given, str):
            return given
        label, name = split_label(given)
        if name not in names or Path(formulas[names[name]]["origin"]).expanduser().exists():
            return given
        return f"{label}={names[name]}" if label else names[name]

    kept = {name: found(value) for name, value in settings.items()}
    kept.setdefault("seed", facts["settings"]["seed"])  # it decides which rows are for what
    return None if optimizers is None else [found(item) for item in optimizers], kept


def edited(before: Any, now: Any) -> bool:
    """Whether two settings differ in nothing but the text of own formulas."""
    return before != now and _HASH.sub("", str(before)) == _HASH.sub("", str(now))
