"""Numbers and texts as C writes them.

>>> quoted('a"b'), quoted("파")
('"a\\\\"b"', '"\\\\355\\\\214\\\\214"')
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def quoted(text: str) -> str:
    """A text as a C string in UTF-8, in letters that every compiler reads."""
    found = []
    for byte in text.encode("utf-8", "replace"):
        letter = chr(byte)
        plain = 32 <= byte < 127 and letter not in '"\\?'
        found.append(letter if plain else f"\\{letter}" if letter in '"\\' else f"\\{byte:03o}")
    return f'"{"".join(found)}"'


def commented(text: str) -> str:
    """A text as it may stand in a comment, whatever it holds.

    >>> commented('a */ "b"')
    '"a * / b"'
    """
    plain = " ".join(text.split()).replace('"', "").replace("\\", "")
    while "*/" in plain or "/*" in plain:
        plain = plain.replace("*/", "* /").replace("/*", "/ *")
    return f'"{plain}"'


def numbers(values: Iterable[float], *, single: bool = False) -> str:
    """Numbers with commas, eight a line; `single` writes as few digits as a float32 needs where that is exact."""
    array = np.asarray(list(values), np.float64)
    with np.errstate(over="ignore"):
        short = array.astype(np.float32)
    exact = single and bool(np.all(short == array))
    texts = [str(value) for value in short] if exact else [repr(float(value)) for value in array]
    lines = [", ".join(texts[start : start + 8]) for start in range(0, len(texts), 8)]
    return ",\n".join(lines)
