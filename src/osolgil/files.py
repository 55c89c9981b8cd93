"""Files written whole or not at all, and output folders that are ours."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from osolgil.errors import OutputError

_OURS = {
    "checkpoint", "diagnosis.html", "diagnosis.json", "formulas.py", "history.parquet", "layers.parquet",
    "model.c", "model.json", "model.onnx", "model.safetensors", "model_python.py", "model_torch.py",
    "model_torch.safetensors", "plan.json", "recipe_keras.py",
    "recipe_optax.py", "recipe_pytorch.py", "report.html", "training.json", "verdict.json",
}  # fmt: skip


@contextlib.contextmanager
def told_plainly(path: Path) -> Iterator[None]:
    """Turn an operating-system error while writing `path` into one clear sentence."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(
            f"Cannot write {path}: {reason}; free some space or choose another folder with --out."
        ) from error


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Call `write` on a temporary file beside `path`, flush it to disk, and only then put it in place."""
    with told_plainly(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        try:
            write(temporary)
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.chmod(0o644)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, *parts: bytes) -> None:
    """Write bytes atomically, one part after the other."""

    def write(place: Path) -> None:
        with place.open("wb") as file:
            file.writelines(parts)

    write_atomically(path, write)


def read_bytes(path: Path, whole: str) -> bytes:
    """Read the bytes of a file; one that is not there leaves the `whole` it is part of incomplete."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise OutputError(f"There is no {path}; the {whole} is incomplete.") from error
    except OSError as error:
        raise OutputError(f"Cannot read {path}: {(error.strerror or str(error)).lower()}.") from error


def write_text(path: Path, text: str) -> None:
    """Write text atomically."""

    def write(place: Path) -> None:
        place.write_text(text, "utf-8")

    write_atomically(path, write)


def write_json(path: Path, content: Any) -> None:
    """Write JSON atomically: readable, Korean as it is, no NaN."""
    write_text(path, json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read JSON; a file that holds none is an `OutputError`."""
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise OutputError(f"Cannot read {path}: {(error.strerror or str(error)).lower()}.") from error
    except (ValueError, RecursionError) as error:
        raise OutputError(f"{path} is no JSON file ({error}); it was not written by osolgil.") from error


def claim_folder(path: Path, *, resume: bool) -> None:
    """Make an output folder, or check that an existing one holds nothing but our own files."""
    if path.exists() and not path.is_dir():
        raise OutputError(f"The output folder {path} is a file; choose another folder with --out.")
    if path.is_dir():
        foreign = sorted(p.name for p in path.iterdir() if p.name not in _OURS and not p.name.startswith("."))
        if foreign:
            raise OutputError(
                f"The output folder {path} holds '{foreign[0]}', which is not ours; choose another by --out."
            )
    if resume and not (path / "plan.json").exists():
        raise OutputError(
            f"There is no race to resume in {path}: it has no plan.json; start one without --resume."
        )
    with told_plainly(path):
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
