"""Everything the catalog knows of a row, as a plain dictionary ready for JSON."""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from osolgil.equations import blocks, written
from osolgil.formulas.activation_row import Activation
from osolgil.formulas.catalog import Row
from osolgil.formulas.facts import activation_facts
from osolgil.lookup.rows import children, family, kind_of

_FIRST = ("name", "title", "aliases", "year", "paper", "parents", "changes", "answers", "defaults", "peers")


def row_facts(row: Row, brief: bool = False) -> dict[str, Any]:
    """A row's facts; `brief` leaves out equations and docstring, as a list of many rows does.

    Fields of the row that are plain values are all in it under their own names, so that what a kind adds to its
    rows shows without a word here.
    """
    kind = kind_of(row)
    path, line = row.location
    facts: dict[str, Any] = {
        "kind": kind,
        "name": row.name,
        "title": row.title,
        "aliases": list(row.aliases),
        "year": row.year,
        "family": family(row),
        "summary": row.summary,
        "parents": list(row.parents),
        "children": children(kind, row),
        "paper": row.paper,
        "hyperparameters": hyperparameters(row),
        "peers": dict(row.peers),
        "file": shortened(path),
        "line": line,
    }
    for field in dataclasses.fields(row):
        value = getattr(row, field.name)
        known = field.name in facts or field.name == "defaults"
        if not (known or callable(value) or dataclasses.is_dataclass(value)):
            facts[field.name] = plain(value)
    facts |= computed(row, brief)
    if not brief:
        facts["docstring"] = inspect.getdoc(row.formula) or ""
        facts["equations"] = [
            {
                "caption": block.caption.removeprefix("equation."),
                "text": ["  " * line.depth + written(line, "text") for line in block.lines],
                "latex": [written(line, "latex") for line in block.lines],
            }
            for block in blocks(row)
        ]
    return facts


def hyperparameters(row: Row) -> dict[str, Any]:
    """A row's hyperparameters with their defaults: stated by the row, or the formula's arguments that have one."""
    defaults = getattr(row, "defaults", None)
    if isinstance(defaults, Mapping):
        return {name: plain(value) for name, value in defaults.items()}
    parameters = inspect.signature(row.formula).parameters.values()
    return {
        each.name: plain(each.default) for each in parameters if each.default is not inspect.Parameter.empty
    }


def computed(row: Row, brief: bool = False) -> dict[str, Any]:
    """Facts computed from the formula itself; a list of many rows leaves out what takes integrals."""
    if not (isinstance(row, Activation) and row.kind == "elementwise"):
        return {}
    facts = {name: _with_infinities(value) for name, value in activation_facts(row).items()}
    if not brief:
        from osolgil.mean_field import critical_weight_variance

        facts["critical_weight_variance"] = plain(critical_weight_variance(row))
    return facts


def _with_infinities(value: Any) -> Any:
    """A fact ready for JSON, whose infinite ends stay readable: "inf", "-inf"."""
    if isinstance(value, tuple):
        return [_with_infinities(part) for part in value]
    return str(value) if isinstance(value, float) and math.isinf(value) else plain(value)


def shortened(path: str) -> str:
    """A source file from the package's folder on: src/osolgil/formulas/activations.py."""
    parts = Path(path).parts
    if "osolgil" not in parts:
        return path
    place = len(parts) - 1 - parts[::-1].index("osolgil")
    return "/".join((*(("src",) if parts[place - 1] == "src" else ()), *parts[place:]))


def plain(value: Any) -> Any:
    """A value as JSON knows it."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    return str(value)
