"""The hand-over from any reader (file, folder, built-in set, arrays) to the one pipeline in assemble.py."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from osolgil.messages import Message


@dataclass
class Source:
    """Raw rows as they were found.

    inputs: a numeric array (rows, columns), or a pandas DataFrame. With `targets` None the target is still
    one of the DataFrame's columns. `content` is a SHA-256 of the raw bytes. `divisor` is set for pixels,
    which are divided by it and not standardised. `validation_rows`: that many first training rows are the
    validation split, as in the published results on the set. `targets` is (rows,), or (rows, labels) of 0 and
    1 for several labels per row, whose names are `class_names`. `weights` says how much each row counts.
    """

    name: str
    inputs: Any
    targets: Any = None
    content: str = ""
    test_inputs: Any = None
    test_targets: Any = None
    target_name: str = "target"
    column_names: tuple[str, ...] | None = None
    class_names: tuple[str, ...] | None = None
    divisor: float | None = None
    image_shape: tuple[int, ...] | None = None
    task: str | None = None
    validation_rows: int = 0
    weights: np.ndarray | None = None
    test_weights: np.ndarray | None = None
    weights_name: str = ""
    notes: list[Message] = field(default_factory=list)

    @property
    def is_table(self) -> bool:
        """Whether the inputs are a DataFrame (mixed columns) rather than a numeric array."""
        return not isinstance(self.inputs, np.ndarray)


def digest(*parts: bytes | str | np.ndarray) -> str:
    """SHA-256 of bytes, texts and arrays (their type and shape count too).

    >>> digest("a", b"b") == digest("a", b"b")
    True
    """
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            total.update(f"{part.dtype.str}{part.shape}".encode())
            total.update(_array_bytes(part))
        else:
            total.update(part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part)
        total.update(b"\0")
    return total.hexdigest()


def _array_bytes(array: np.ndarray) -> bytes | memoryview:
    if array.dtype == object:
        return "\x1f".join(map(str, array.ravel())).encode("utf-8", "surrogatepass")
    if array.dtype.kind in "mM":
        array = array.view(np.int64)
    return np.ascontiguousarray(array).tobytes()


def counted(number: int, what: str) -> str:
    """A number of things: `1 row`, `2 rows`.

    >>> counted(1, "row"), counted(20, "test row")
    ('1 row', '20 test rows')
    """
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
