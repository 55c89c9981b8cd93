"""The known name nearest to a misspelt one: fewest letters to insert, leave out, change or swap.

>>> nearest("adma", ["adamax", "adam", "yogi"]), nearest("rmspropp", ["rprop", "rmsprop"]), nearest("xyz", ["adam"])
('adam', 'rmsprop', None)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The nearest known name, or None where none is near; of equals the first."""
    names = list(known)
    close = [each for each in names if distance(name, each) <= max(1, (len(name) + 1) // 3)]
    if close:
        return min(close, key=lambda each: distance(name, each))
    found = difflib.get_close_matches(name, names, n=1)
    return found[0] if found else None


def distance(one: str, other: str) -> int:
    """Optimal string alignment distance (Damerau 1964): edits of one letter, and swaps of two neighbours."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        now = [row]
        for column, wanted in enumerate(other, start=1):
            best = min(last[column] + 1, now[column - 1] + 1, last[column - 1] + (letter != wanted))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == wanted:
                best = min(best, before[column - 2] + 1)
            now.append(best)
        before, last = last, now
    return last[-1]
