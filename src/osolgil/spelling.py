"""The nearest right spelling of a name typed wrong: by letters changed, missing, too many or swapped.

>>> nearest("momentun", ["adam", "momentum", "nesterov"])
'momentum'
>>> hint("lerning_rate", ["learning_rate", "beta1"])
" Did you mean 'learning_rate'?"
>>> hint("zebra", ["learning_rate", "beta1"])
''
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def hint(name: object, known: Iterable[object]) -> str:
    """A question with the nearest known name, to end a sentence with; empty where none is near."""
    found = nearest(name, known)
    return f" Did you mean '{found}'?" if found is not None else ""


def nearest(name: object, known: Iterable[object]) -> str | None:
    """The known name the fewest letters away; None where more than a third of the letters would change.

    Of equally near names the one that looks most alike as a whole (R. Ratcliff, D. Metzener 1988), then the one
    that stands first. A name that begins with what was typed is near as well: `momentum_l` for `momentum_literal`.
    """
    typed = _plain(name)
    texts = dict.fromkeys(map(str, known))
    if not typed:
        return None
    limit = max(1, len(typed) // 3)
    ranked = []
    for place, text in enumerate(texts):
        other = _plain(text)
        letters = distance(typed, other, limit)
        if letters <= limit:
            alike = difflib.SequenceMatcher(None, typed, other).ratio()
            ranked.append((letters, -alike, place, text))
    if ranked:
        return min(ranked)[-1]
    begun = [text for text in texts if len(typed) >= 3 and _plain(text).startswith(typed)]
    return min(begun, key=len) if begun else None


def alike(name: object, known: Iterable[object], count: int = 3) -> list[str]:
    """A few known names that may be meant, the nearest first.

    >>> alike("lable", ["label", "labels", "age"])
    ['label', 'labels']
    """
    texts = list(dict.fromkeys(map(str, known)))
    by_form = {_plain(text): text for text in reversed(texts)}
    close = difflib.get_close_matches(_plain(name), by_form, count, 0.55)
    first = nearest(name, texts)
    found = [first] if first is not None else []
    return [*found, *(by_form[form] for form in close if by_form[form] != first)][:count]


def distance(one: str, other: str, limit: int) -> int:
    """Letters to change, insert, leave out or swap with a neighbour to turn one text into the other.

    F. Damerau 1964, each place edited once; anything above the limit is limit + 1.

    >>> distance("adma", "adam", 3), distance("sgd", "sgdm", 3), distance("adam", "lion", 2)
    (1, 1, 3)
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return min(row[-1], limit + 1)


def _plain(name: object) -> str:
    return str(name).strip().casefold().replace("-", "_").replace(" ", "_")
