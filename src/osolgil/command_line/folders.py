"""Which folder a command writes to when none is named, and which race `--resume` means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from osolgil.errors import OutputError


def new_folder(source: str) -> Path:
    """`osolgil-<data>` in the current folder, or with -2, -3 … where that exists and is not empty."""
    return next(folder for folder in _candidates(source) if not _exists(folder) or _is_empty(folder))


def resumable_folder(source: str) -> Path:
    """The latest of the folders `new_folder` gave out for this source that holds a race not finished."""
    existing: list[Path] = []
    for folder in _candidates(source):
        if not _exists(folder):
            break
        existing.append(folder)
    begun = [folder for folder in existing if (folder / "plan.json").exists()]
    unfinished = [folder for folder in begun if not (folder / "verdict.json").exists()]
    if not begun:
        raise OutputError(f"There is no race on {source} to resume here; name its folder with --out.")
    return (unfinished or begun)[-1]


def _candidates(source: str) -> Iterator[Path]:
    name = f"osolgil-{data_name(source)}"
    for number in count(1):
        yield Path(name if number == 1 else f"{name}-{number}")


def _exists(folder: Path) -> bool:
    return folder.is_symlink() or folder.exists()


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir())


def data_name(source: str) -> str:
    """A name for a folder from a data set's name or path.

    >>> data_name("digits"), data_name("~/My data/train.csv.gz"), data_name("집값.csv"), data_name("..")
    ('digits', 'train', '집값', 'data')
    """
    last = source.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    stem = re.sub(r"(\.(csv|tsv|txt|parquet|npz|gz|data))+$", "", last, flags=re.IGNORECASE)
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.")[:80] or "data"
