"""Rows of the catalog in the terminal: a table of many, and everything about one."""

from __future__ import annotations

import sys
from typing import Any

from osolgil.formulas.catalog import Row
from osolgil.lookup import row_facts, rows
from osolgil.messages import catalog as messages_catalog
from osolgil.messages import message
from osolgil.terminal import braille

_HEIGHT, _WIDTH = 11, 60
_STYLES = ("bold green", "yellow", "cyan", "magenta")
_SHOWN = {
    "kind", "name", "title", "aliases", "year", "family", "summary", "parents", "children", "paper", "hyperparameters",
    "peers", "file", "line", "docstring", "equations", "changes", "answers", "state", "carried", "hook", "noise",
}  # fmt: skip


def show_rows(kind: str, found: list[Row], language: str) -> None:
    """Print a table of rows, and how many there are."""
    from rich.table import Table

    from osolgil.terminal.consoles import console_for

    console = console_for(sys.stdout)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold dim")
    columns = (
        ("name", "year", "family", "parents", "text")
        if kind != "surfaces"
        else ("name", "year", "family", "text")
    )
    for column in columns:
        fixed = column in ("name", "year", "family")
        table.add_column(
            message(f"lookup.{column}", language), no_wrap=fixed, style="bold" if column == "name" else ""
        )
    for row in found:
        cells = {
            "name": row.name,
            "year": str(row.year),
            "family": rows.family(row),
            "parents": ", ".join(row.parents) or "–",
            "text": getattr(row, "changes", "") or row.summary,
        }
        table.add_row(*(cells[column] for column in columns))
    console.print(table)
    console.print()
    console.print(message("lookup.count", language, count=len(found)), style="dim")


def show_row(row: Row, language: str, latex: bool = False) -> None:
    """Print everything about one row: equations, parents, hyperparameters, libraries, source, a plot."""
    from rich.text import Text

    from osolgil.terminal.consoles import console_for

    console = console_for(sys.stdout)
    facts = row_facts(row)
    console.print(Text.assemble((facts["title"], "bold"), f"  {facts['year'] or ''}"))
    console.print(facts["docstring"])
    for block in facts["equations"]:
        console.print()
        console.print(_caption(block["caption"], language), style="dim")
        for line in block["latex" if latex else "text"]:
            console.print(f"  {line}", soft_wrap=latex)
    console.print()
    for key, value in _pairs(facts, language):
        console.print(Text.assemble((f"{key}: ", "dim"), value))
    _plot(console, row, language)


def _caption(name: str, language: str) -> str:
    key = f"equation.{name}"
    return message(key, language) if key in messages_catalog() else name.replace("_", " ")


def _pairs(facts: dict[str, Any], language: str) -> list[tuple[str, str]]:
    """Label and text of everything a row tells beside its equations."""
    found = [("parents", ", ".join(facts["parents"])), ("children", ", ".join(facts["children"]))]
    found += [("changes", facts.get("changes", "")), ("answers", facts.get("answers", ""))]
    found += [
        (
            "hyperparameters",
            ", ".join(f"{name} = {value}" for name, value in facts["hyperparameters"].items()),
        )
    ]
    found += [("state", ", ".join([*facts.get("state", ()), *facts.get("carried", ())]))]
    pairs = [(message(f"lookup.{key}", language), text) for key, text in found if text]
    names = {"pytorch": "PyTorch", "keras": "Keras"}
    pairs += [(names.get(library, str(library)), str(text)) for library, text in facts["peers"].items()]
    pairs += [
        (key.replace("_", " "), _short(value))
        for key, value in facts.items()
        if key not in _SHOWN and _told(value)
    ]
    pairs += [(message("lookup.aliases", language), ", ".join(facts["aliases"]))] if facts["aliases"] else []
    pairs += [(message("lookup.paper", language), facts["paper"])]
    return [*pairs, (message("lookup.source", language), f"{facts['file']}:{facts['line']}")]


def _told(value: Any) -> bool:
    return value not in (None, "", [], {}, False)


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(
            _short(each) if not isinstance(each, list) else f"({_short(each)})" for each in value
        )
    if isinstance(value, dict):
        return ", ".join(f"{name} = {_short(each)}" for name, each in value.items())
    if value is True:
        return "yes"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _plot(console: Any, row: Row, language: str) -> None:
    """The row's curve in braille with its limits, one colour per series."""
    from rich.text import Text

    from osolgil.lookup.curves import curve

    drawn = curve(row)
    if drawn is None:
        return
    console.print()
    legend = Text("  ")
    for number, name in enumerate(drawn.series):
        legend.append(f"━ {name}   ", _STYLES[number % len(_STYLES)])
    console.print(legend)
    curves = [list(map(float, values)) for values in drawn.series.values()]
    low, high = braille.value_range(curves)
    labels = {0: f"{high:.4g}", _HEIGHT - 1: f"{low:.4g}"}
    width = max(map(len, labels.values()))
    for number, (line, owners) in enumerate(braille.canvas(curves, _WIDTH, _HEIGHT, (low, high))):
        text = Text(f"  {labels.get(number, ''):>{width}} ┤", "dim")
        for letter, owner in zip(line, owners, strict=True):
            text.append(letter, _STYLES[owner % len(_STYLES)] if owner >= 0 else "")
        console.print(text, no_wrap=True)
    ends = f"{drawn.x[0]:.4g}", f"{drawn.x[-1]:.4g}"
    label = message(drawn.x_label, language) if drawn.x_label.startswith("lookup.") else drawn.x_label
    console.print(f"  {'':>{width}}  {ends[0]}{label:^{_WIDTH - len(''.join(ends))}}{ends[1]}", style="dim")
