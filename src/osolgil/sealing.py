"""Digests that tell a model's files from damaged, truncated or exchanged ones.

`model.json` holds the SHA-256 of `model.safetensors` and one of its own content, so that neither file can change
alone without being noticed. A digest is no signature: whoever changes a file and computes it anew is not found out,
and need not be, since loading a model runs nothing of it.

>>> facts = sealed({"format": 2}, b"numbers")
>>> check(facts, b"numbers")
>>> check(facts | {"format": 3}, b"numbers")
Traceback (most recent call last):
ValueError: its content is not what was written
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osolgil.errors import OsolgilError, OutputError

if TYPE_CHECKING:
    import numpy as np

DAMAGES = (
    KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError, RecursionError, MemoryError,
    OsolgilError,
)  # fmt: skip
"""What reading the content of damaged files may raise."""

_OWN, _TENSORS = "sha256", "tensors_sha256"


def sealed(facts: dict[str, Any], tensors: bytes) -> dict[str, Any]:
    """The facts with the digest of the tensors' file and, last, their own."""
    facts = {**facts, _TENSORS: hashlib.sha256(tensors).hexdigest()}
    return {**facts, _OWN: _digest(facts)}


def check(facts: dict[str, Any], tensors: bytes) -> None:
    """Raise ValueError where the facts or the tensors' file are not those that were sealed together."""
    rest = {name: value for name, value in facts.items() if name != _OWN}
    if facts.get(_OWN) != _digest(rest):
        raise ValueError("its content is not what was written")
    if facts.get(_TENSORS) != hashlib.sha256(tensors).hexdigest():
        raise ValueError("its safetensors file is damaged or belongs to another model")


def _digest(facts: dict[str, Any]) -> str:
    """SHA-256 of the content in one spelling, whatever the white space and line ends of the file."""
    text = json.dumps(facts, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def check_format(facts: Any, newest: int, path: Path, what: str) -> None:
    """Raise OutputError where a file's content is of no format, or of one that only a newer osolgil knows."""
    found = facts.get("format") if isinstance(facts, dict) else None
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise OutputError(f"{path} is no {what} of osolgil; give the folder it was saved in.")
    if found > newest:
        raise OutputError(
            f"{path} has format {found}, written by a newer osolgil; this one knows formats up to {newest}. "
            "Update osolgil."
        )


def tensors_in(content: bytes) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file; ValueError where it is damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(content)
    except SafetensorError as error:
        raise ValueError(f"its safetensors file: {error}") from error
