"""The family tree's page: click a member and see its equations, what it changes in its parents, its paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from osolgil.equations import blocks, written
from osolgil.errors import SettingsError
from osolgil.files import told_plainly, write_json, write_text
from osolgil.formulas.catalog import Row
from osolgil.lookup import row_facts, rows_of
from osolgil.lookup.rows import family
from osolgil.messages import LANGUAGES, message
from osolgil.messages import catalog as messages_catalog
from osolgil.pictures.frame import framed, own_part
from osolgil.pictures.tree_layout import Member
from osolgil.pictures.tree_svg import STYLE, THEMES, tree_svg
from osolgil.report.frame import write_page


def tree_facts(kind: str) -> dict[str, Any]:
    """The family tree of a kind as data: every member with parents, year and texts, oldest first."""
    return {"kind": kind, "members": [row_facts(row, brief=True) for row in _rows(kind)]}


def members(kind: str) -> list[Member]:
    """The tree's members, oldest first."""
    return [Member(row.name, row.title, row.year, family(row), row.parents) for row in _rows(kind)]


def page(kind: str, language: str = "en") -> str:
    """The page as HTML text."""
    found = _rows(kind)
    drawn = tree_svg(members(kind), message(f"tree.title_{kind}", language), alone=False)
    return framed(
        "tree.html",
        language,
        kind=kind,
        count=len(found),
        first=found[0],
        last=found[-1],
        tree=drawn,
        cards=[_card(row) for row in found],
        tree_style=THEMES + STYLE + own_part("tree.css"),
        tree_script=own_part("tree.js"),
    )


def _rows(kind: str) -> list[Row]:
    found = sorted(rows_of(kind).values(), key=lambda row: row.year)
    if not found:
        raise SettingsError(f"The catalog has no {kind} to draw a tree of.")
    return found


def _card(row: Row) -> dict[str, Any]:
    """What the panel shows of one member; equations as MathML."""
    facts = row_facts(row, brief=True)
    equations = [
        (
            {language: _caption(block.caption, language) for language in LANGUAGES},
            [(line.depth, mathml(written(line, "mathml"))) for line in block.lines],
        )
        for block in blocks(row)
    ]
    return {
        **facts,
        "changes": facts.get("changes", ""),
        "answers": facts.get("answers", ""),
        "equations": equations,
    }


def mathml(inside: str) -> str:
    """An equation that stands on a line of its own, at its left."""
    return f'<math displaystyle="true">{inside}</math>'


def _caption(key: str, language: str) -> str:
    return (
        message(key, language)
        if key in messages_catalog()
        else key.removeprefix("equation.").replace("_", " ")
    )


def write_tree(folder: str | Path, kind: str, language: str = "en") -> dict[str, Path]:
    """Write tree-<kind>.html, .svg and .json into a folder; returns where they lie."""
    content = page(kind, language)
    place = Path(folder).expanduser()
    with told_plainly(place):
        place.mkdir(parents=True, exist_ok=True)
    files = {ending: place / f"tree-{kind.replace('_', '-')}.{ending}" for ending in ("html", "svg", "json")}
    write_page(files["html"], content)
    write_text(files["svg"], tree_svg(members(kind), message(f"tree.title_{kind}", language)))
    write_json(files["json"], tree_facts(kind))
    return files
