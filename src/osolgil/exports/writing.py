"""`export`: write a trained model for another language or runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from osolgil.errors import OutputError, SettingsError
from osolgil.files import write_bytes, write_text
from osolgil.model import Model
from osolgil.spelling import hint

INPUTS = ("raw", "features")


def _write_onnx(model: Model, path: Path, inputs: str) -> list[Path]:
    from osolgil.exports.onnx import onnx_model

    content = onnx_model(model, inputs).SerializeToString()
    write_bytes(path, content)
    return [path]


def _write_torch(model: Model, path: Path, inputs: str) -> list[Path]:
    from osolgil.exports.torch import write_torch

    return write_torch(model, path, inputs)


def _write_python(model: Model, path: Path, inputs: str) -> list[Path]:
    from osolgil.exports.python import python_source

    write_text(path, python_source(model, inputs))
    return [path]


def _write_c(model: Model, path: Path, inputs: str) -> list[Path]:
    from osolgil.exports.c import c_source

    write_text(path, c_source(model, inputs))
    return [path]


KINDS: dict[str, tuple[str, Callable[[Model, Path, str], list[Path]]]] = {
    "onnx": ("model.onnx", _write_onnx),
    "torch": ("model_torch.py", _write_torch),
    "python": ("model_python.py", _write_python),
    "c": ("model.c", _write_c),
}
"""What a model can be exported to: the usual name of the file, and what writes it."""


def export(model: Any, to: str, out: str | Path | None = None, *, inputs: str = "raw") -> list[Path]:
    """Write a trained model for another runtime, its preprocessing included.

    Args:
        model: a Model, what `train` or `race` returned, the folder either wrote, or a fitted estimator.
        to: "onnx" (any ONNX runtime), "torch" (a plain module's source and its weights), "python" (one file that
            needs Python alone) or "c" (one C99 file).
        out: the file to write, or a folder for it; by default the model's folder.
        inputs: "raw": rows as raw as in training; "features": the network alone, which takes prepared features.

    Returns:
        The files written: PyTorch's weights stand beside its source.

    Raises:
        SettingsError: an unknown kind, or a column whose treatment it cannot carry. OutputError: no model, or the
        file cannot be written. MissingLibraryError: onnx is not installed.
    """
    if to not in KINDS:
        raise SettingsError(f"A model is exported to {', '.join(KINDS)}, not to '{to}'.{hint(to, KINDS)}")
    if inputs not in INPUTS:
        raise SettingsError(
            f"An exported model's inputs are raw or features, not '{inputs}'.{hint(inputs, INPUTS)}"
        )
    found, folder = _model_of(model)
    usual, write = KINDS[to]
    path = _place(folder if out is None else Path(out).expanduser(), usual, out is not None)
    return write(found, path, inputs)


def _model_of(given: Any) -> tuple[Model, Path | None]:
    """The model, and the folder it lies in where there is one."""
    if hasattr(given, "to_model"):
        return given.to_model(), None
    if isinstance(given, (str, Path)):
        path = Path(given).expanduser()
        return Model.load(path), path if path.is_dir() else path.parent
    if isinstance(given, Model):
        return given, None
    model = getattr(given, "model", None)
    if not isinstance(model, Model):
        raise SettingsError("Only a trained model can be exported; give a Model, or the folder of one.")
    return model, getattr(given, "folder", None)


def _place(path: Path | None, usual: str, chosen: bool) -> Path:
    if path is None:
        raise SettingsError(f"The model has no folder of its own; name the file with out=, such as {usual}.")
    if path.is_dir() or not chosen:
        return path / usual
    if path.suffix != Path(usual).suffix:
        raise SettingsError(f"'{path.name}' is no name for that export; it ends in {Path(usual).suffix}.")
    if not path.parent.is_dir():
        raise OutputError(f"There is no folder {path.parent} to write {path.name} to; make it first.")
    return path
