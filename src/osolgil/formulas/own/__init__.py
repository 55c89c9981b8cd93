"""Formulas of the user's own: read from a file or a function, checked, and put beside the catalog's rows.

A formula is known by what it says: "bent@1a2b3c4d" names exactly one text, so an edited formula is another one, and
a race or a model that stores the text finds its own formula again whatever became of the file.

>>> from osolgil.formulas import catalog
>>> def bent(x, share=0.25):
...     return where(x > 0.0, x, share * tanh(x))
>>> row = catalog.activation(bent)
>>> row.title, float(row(2.0)), float(row.slope(-0.0))
('bent', 2.0, 0.25)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from osolgil.errors import SettingsError
from osolgil.formulas.own.contract import Own, latest, row_of
from osolgil.formulas.own.language import WORDS_PER_ELEMENT, Definition, definition
from osolgil.formulas.own.reading import (
    KINDS,
    Written,
    from_function,
    from_place,
    from_text,
    is_place,
    kind_at,
)

__all__ = [
    "KINDS", "WORDS_PER_ELEMENT", "Definition", "Own", "Written", "definition", "facts_of", "find", "from_text",
    "is_own", "is_place", "kind_at", "restore",
]  # fmt: skip

_known: dict[tuple[str, str], Own] = {}


def is_own(name: Any) -> bool:
    """Whether a name can only be that of an own formula: a function, mine.py:bent, bent@1a2b3c4d."""
    return not isinstance(name, str) or "@" in name or is_place(name)


def find(kind: str, given: str | Callable[..., Any]) -> Own:
    """The own formula a user names: a function, a place in a file, or the name of one known already."""
    if isinstance(given, str) and "@" in given and not is_place(given):
        if (kind, given.strip()) in _known:
            return _known[kind, given.strip()]
        raise SettingsError(
            f"There is no {kind} '{given}' here: it is an own formula of a race or a model; load that first."
        )
    if isinstance(given, Own):
        return given
    if kind not in KINDS:
        raise SettingsError(f"An own {kind} is not possible; choose one of the catalog.")
    return _remembered(from_place(kind, given) if isinstance(given, str) else from_function(kind, given))


def facts_of(names: Iterable[tuple[str, str]]) -> dict[str, dict[str, str]]:
    """What must be stored of own formulas, ready for JSON: name → kind, where it was, its whole text.

    names: pairs of kind and name; those of the catalog are left out.
    """
    found = {name: latest[kind, name] for kind, name in names if (kind, name) in latest}
    return {
        name: {"kind": written.kind, "origin": written.origin, "source": written.source()}
        for name, written in found.items()
    }


def restore(facts: Mapping[str, Mapping[str, str]]) -> None:
    """Make the formulas known that `facts_of` stored.

    Their texts may come from anywhere: they are read in the formulas' language, which has arithmetic only, and a
    text that is not the one its name stands for is refused.
    """
    for name, stored in facts.items():
        kind, source, plain = stored["kind"], stored["source"], name.partition("@")[0]
        if kind not in KINDS or not isinstance(source, str):
            raise SettingsError(f"The own formula '{name}' is damaged.")
        written = from_text(kind, source, plain, str(stored.get("origin", "")))
        if (kind, name) not in _known or written.source() != latest[kind, name].source():
            row = row_of(written)
            if row.name != name:
                raise SettingsError(f"The own formula '{name}' is damaged: its text is that of '{row.name}'.")
        _remembered(written, name)


def _remembered(written: Written, name: str | None = None) -> Own:
    """The row of a formula; it keeps its identity, so that nothing is compiled twice."""
    if name is None or (written.kind, name) not in _known:
        row = row_of(written)
        name = row.name
        _known.setdefault((written.kind, name), row)
    latest[written.kind, name] = written
    return _known[written.kind, name]
