"""Rows of every kind: all of one, those that fit a filter, and the one called by a name whatever its kind.

>>> find("adam").title
'Adam'
>>> "nesterov" in [row.name for row in chosen("optimizers", parent="momentum", year="-1990")]
True
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from osolgil.errors import SettingsError
from osolgil.formulas import catalog, own
from osolgil.formulas.catalog import Row
from osolgil.spelling import hint

KINDS = ("optimizers", "wrappers", "activations", "losses", "schedules", "initial_scales", "surfaces")
_YEARS = re.compile(r"(\d{4})?(-)?(\d{4})?")


def rows_of(kind: str) -> Mapping[str, Row]:
    """Every row of a kind, in the order of the catalog."""
    if kind not in KINDS:
        raise SettingsError(f"There is no kind '{kind}'; there are {', '.join(KINDS)}.{hint(kind, KINDS)}")
    shelf = getattr(catalog, kind, None)
    return shelf() if shelf is not None else {}


def kind_of(row: Row) -> str:
    """The kind a row belongs to."""
    if isinstance(row, own.Own):
        return {"optimizer": "optimizers", "activation": "activations", "loss": "losses"}[row.written.kind]
    return next(kind for kind in KINDS if any(each is row for each in rows_of(kind).values()))


def find(name: str, kind: str | None = None) -> Row:
    """The row called `name`, by name or alias, in one kind or in all; `SettingsError` names the nearest one.

    Of rows of several kinds with the same name, "kind/name" chooses: "losses/huber". A place such as
    "mine.py:bent" is a formula of the user's own.
    """
    if own.is_place(name):
        return own.find(own.kind_at(name), name)
    before, slash, after = name.rpartition("/")
    if slash and kind is None:
        kind, name = _plain(before), after
        kind = kind if kind in KINDS else f"{kind}s"
    key = _plain(name)
    known: dict[str, Row] = {}
    for each in KINDS if kind is None else (kind,):
        for row in rows_of(each).values():
            for spelling in (row.name, *row.aliases):
                known.setdefault(spelling, row)
    if key in known:
        return known[key]
    near = hint(key, known) or " Run 'osolgil optimizers' and its like to see all."
    raise SettingsError(f"The catalog has no '{name}'.{near}")


def chosen(
    kind: str,
    text: str | None = None,
    *,
    family: str | None = None,
    year: str | None = None,
    parent: str | None = None,
) -> list[Row]:
    """Rows of a kind that fit everything given.

    text: words, all of which stand in the row's name, title, aliases, paper or texts. family: its module,
    "momentum". year: "2014", "2010-2015", "2019-" or "-1990". parent: rows that descend from this one, at once or
    through others.
    """
    rows = list(rows_of(kind).values())
    if text:
        rows = [row for row in rows if all(word in _words(row) for word in text.lower().split())]
    if family is not None:
        rows = _of_family(kind, rows, family)
    if year is not None:
        first, last = _span(year)
        rows = [row for row in rows if first <= row.year <= last]
    if parent is not None:
        ancestor = find(parent, kind).name
        rows = [row for row in rows if ancestor in ancestors(kind, row)]
    return rows


def ancestors(kind: str, row: Row) -> set[str]:
    """Names of all rows this one descends from."""
    rows, found, waiting = rows_of(kind), set(), list(row.parents)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += rows[name].parents if name in rows else ()
    return found


def children(kind: str, row: Row) -> list[str]:
    """Names of the rows that descend from this one at once."""
    return [each.name for each in rows_of(kind).values() if row.name in each.parents]


def family(row: Row) -> str:
    """The module a row is written in, its family: "momentum", "adaptive", "rectifiers"."""
    return row.formula.__module__.rpartition(".")[2]


def _of_family(kind: str, rows: list[Row], wanted: str) -> list[Row]:
    families = sorted({family(row) for row in rows_of(kind).values()})
    key = _plain(wanted)
    if key not in families:
        known = ", ".join(families)
        raise SettingsError(
            f"There is no family '{wanted}' of {kind}.{hint(key, families)} There are {known}."
        )
    return [row for row in rows if family(row) == key]


def _span(year: str) -> tuple[int, int]:
    match = _YEARS.fullmatch(year.strip())
    first, dash, last = match.groups() if match else (None, None, None)
    if not (first or last) or (last and not dash):
        raise SettingsError(f"--year takes 2014, 2010-2015, 2019- or -1990, not '{year}'.")
    if not dash:
        last = first
    return int(first or 0), int(last or 9999)


def _words(row: Row) -> str:
    texts = (
        row.name, row.title, *row.aliases, row.paper, row.summary, getattr(row, "changes", ""),
        getattr(row, "answers", ""), family(row),
    )  # fmt: skip
    return " ".join(texts).lower()


def _plain(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")
