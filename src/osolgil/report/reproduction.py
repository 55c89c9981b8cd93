"""How to run the same race again, on the command line and in Python: only what differs from the defaults."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from typing import Any

from osolgil.race.settings import RaceSettings

Facts = dict[str, Any]
_DEFAULTS = {field.name: field.default for field in fields(RaceSettings)}


def command(facts: Facts) -> str:
    """The command line.

    >>> facts = {"data": {"name": "iris", "target": "species"}, "settings": {"hidden": [8], "entrants": [
    ...     {"name": "sgd", "optimizer": "sgd", "hyperparameters": {}}]}}
    >>> print(command(facts).replace(chr(92) + chr(10), ""))
    osolgil race iris   --target species   --optimizers sgd   --hidden 8
    """
    parts = [f"osolgil race {shlex.quote(facts['data']['name'])}"]
    parts.append(f"--target {shlex.quote(str(facts['data']['target']))}")
    parts.append(f"--optimizers {shlex.quote(','.join(_optimizers(facts)))}")
    if facts["data"].get("task"):
        parts.append(f"--task {facts['data']['task']}")
    if facts["data"].get("weights"):
        parts.append(f"--weights {shlex.quote(facts['data']['weights'])}")
    for name, value in _changed(facts).items():
        option = "--" + name.replace("_", "-")
        parts.append(option if value is True else f"{option} {shlex.quote(_text(value))}")
    return " \\\n  ".join(parts)


def python(facts: Facts) -> str:
    """The same in Python."""
    lines = ["import osolgil", "", "verdict = osolgil.race("]
    lines.append(f"    {facts['data']['name']!r},")
    lines.append(f"    target={facts['data']['target']!r},")
    if facts["data"].get("task"):
        lines.append(f"    task={facts['data']['task']!r},")
    if facts["data"].get("weights"):
        lines.append(f"    sample_weight={facts['data']['weights']!r},")
    lines.append(f"    optimizers={_optimizers(facts)!r},")
    lines += [
        f"    {name}={tuple(value) if isinstance(value, list) else value!r},"
        for name, value in _changed(facts).items()
    ]
    return "\n".join([*lines, ")", "print(verdict)"])


def _optimizers(facts: Facts) -> list[str]:
    optimizers = []
    for entrant in facts["settings"]["entrants"]:
        place = _place(facts, entrant["optimizer"])
        same = entrant["name"] == re.sub("@[0-9a-f]{8}", "", entrant["optimizer"])
        optimizers.append(place if same else f"{entrant['name']}={place}")
    return optimizers


def _place(facts: Facts, name: Any) -> Any:
    """Where an own formula lies: in the file it came from, else in the file beside the verdict."""
    if not isinstance(name, str):
        return name
    for own, formula in facts.get("formulas", {}).items():
        name = name.replace(own, f"{formula['origin'] or 'formulas.py'}:{own.partition('@')[0]}")
    return name


def _changed(facts: Facts) -> dict[str, Any]:
    """Settings that are not the default, in the order they are written in."""
    changed = {}
    for name, value in facts["settings"].items():
        same = _DEFAULTS.get(name) == (tuple(value) if isinstance(value, list) else value)
        if name in _DEFAULTS and name not in ("entrants", "output_activation") and not same:
            changed[name] = _place(facts, value)
    return changed


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
