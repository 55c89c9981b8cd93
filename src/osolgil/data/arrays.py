"""Files and objects that hold plain arrays: NPZ, idx (the format of MNIST), arrays, lists, DataFrames."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from osolgil.data.checks import check_numbers, check_rows
from osolgil.data.source import Source, digest
from osolgil.data.tables import tidy
from osolgil.data.targets import values_of
from osolgil.data.unpacking import read_bytes
from osolgil.errors import DataError, reason
from osolgil.messages import Message

_INPUTS = ("X", "x", "inputs", "data", "images", "features")
_TARGETS = ("y", "Y", "targets", "target", "labels", "label")
_IDX_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def source_of_arrays(name: str, inputs: Any, targets: Any, task: str | None = None) -> Source:
    """Arrays, lists or pandas objects as a Source. DataError for shapes or values of no use.

    Targets may be (rows,), one-hot rows, or rows of several labels of 0 and 1; where both are possible, `task`
    "multi-label" says that they are labels.
    """
    notes: list[Message] = []
    rows, image_shape, divisor = _inputs_of(inputs, notes)
    answers, target_name = _targets_of(targets, notes, task)
    check_rows(len(rows), len(answers))
    source = Source(name, rows, answers, _content(rows, answers), notes=notes)
    source.target_name, source.image_shape, source.divisor = target_name, image_shape, divisor
    if answers.ndim == 2 and hasattr(targets, "columns"):
        source.class_names = tuple(map(str, targets.columns))
    return source


def _content(rows: Any, answers: np.ndarray) -> str:
    if isinstance(rows, np.ndarray):
        return digest(rows, answers)
    return digest(*map(str, rows.columns), *(_plain(rows[name]) for name in rows.columns), answers)


def _plain(column: Any) -> np.ndarray:
    """A column's values in a form whose bytes do not depend on the pandas version."""
    values = column.to_numpy() if column.dtype != "category" else column.astype(object).to_numpy()
    return values if values.dtype.kind in "fiubmM" else column.astype(object).to_numpy()


def _inputs_of(inputs: Any, notes: list[Message]) -> tuple[Any, tuple[int, ...] | None, float | None]:
    import sys

    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(inputs, pandas.Series):
        inputs = inputs.to_frame()
    if pandas is not None and isinstance(inputs, pandas.DataFrame):
        if inputs.shape[1] == 0:
            raise DataError("The inputs have no columns.")
        return tidy(inputs, notes), None, None
    array = as_array(inputs, "inputs")
    if array.ndim not in (2, 3, 4) or (array.shape and 0 in array.shape[1:]):
        hint = "; a single feature needs reshape(-1, 1)" if array.ndim == 1 else ""
        raise DataError(
            f"The inputs have shape {array.shape}; they must be (rows, features) or images{hint}."
        )
    shape = array.shape[1:] if array.ndim > 2 else None
    if shape and len(shape) == 3 and shape[2] == 1:
        shape = shape[:2]
    array = np.ascontiguousarray(array).reshape(len(array), math.prod(array.shape[1:]))
    if array.dtype.kind not in "fiub":
        return _table_of(array), shape, None
    check_numbers(array)
    return array, shape, _pixel_divisor(array, shape, notes)


def _table_of(array: np.ndarray) -> Any:
    import pandas

    if array.dtype.kind == "c":
        raise DataError("The inputs hold complex numbers; give their real and imaginary parts apart.")
    return pandas.DataFrame(
        array, columns=[f"x{place + 1}" for place in range(array.shape[1])]
    ).infer_objects()


def _pixel_divisor(array: np.ndarray, shape: tuple[int, ...] | None, notes: list[Message]) -> float | None:
    """255 for bytes, and for pictures with values up to 255; 1 for pictures already within 0 to 1."""
    if array.size == 0 or (shape is None and array.dtype != np.uint8):
        return None
    low, high = float(array.min()), float(array.max())
    if low < 0 or high > 255:
        return None
    divisor = 255.0 if array.dtype == np.uint8 or high > 1 else 1.0
    notes.append(Message("note.pixels", divisor=f"{divisor:g}"))
    return divisor


def as_array(values: Any, what: str) -> np.ndarray:
    """Anything array-like as a NumPy array; DataError for what is not."""
    if hasattr(values, "toarray"):
        values = values.toarray()
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:
        raise DataError(f"The {what} are no array of equally long rows: {reason(error)}.") from error
    if array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8):
        array = array.astype(np.float64)
    return array


def _targets_of(targets: Any, notes: list[Message], task: str | None) -> tuple[np.ndarray, str]:
    name = getattr(targets, "name", None)
    name = name if isinstance(name, str) and name else "target"
    if hasattr(targets, "columns") and len(targets.columns) == 1:
        targets = targets.iloc[:, 0]
    if hasattr(targets, "dtype") and hasattr(targets, "iloc"):
        return values_of(targets), name
    array = as_array(targets, "targets")
    if array.ndim == 2 and array.shape[1] == 1:
        array = array.ravel()
    if array.ndim == 2 and len(array) and _is_multi_hot(array):
        if task == "multi-label" or not _is_one_hot(array):
            notes.append(Message("note.labels", count=array.shape[-1]))
            return array.astype(np.float64), name
        notes.append(Message("note.one_hot"))
        array = array.argmax(axis=1)
    if array.ndim != 1:
        raise DataError(f"The targets have shape {array.shape}; one number or class per row is needed.")
    if array.dtype.kind in "iu":
        return array.astype(np.int64) if array.dtype != np.uint64 else array.astype(np.float64), name
    if array.dtype.kind == "f":
        check_numbers(array, "targets")
        return array.astype(np.float64), name
    import pandas

    return values_of(pandas.Series(array, dtype=None if array.dtype.kind in "bmMc" else object)), name


def _is_multi_hot(array: np.ndarray) -> bool:
    if array.dtype.kind not in "fiub" or array.shape[1] < 2 or len(array) == 0:
        return False
    return bool(np.all((array == 0) | (array == 1)))


def _is_one_hot(array: np.ndarray) -> bool:
    return bool(np.all(array.sum(axis=1) == 1))


def read_npz(path: Path) -> Source:
    """An NPZ archive: X and y (or inputs and targets), or x_train, y_train, x_test, y_test."""
    raw = read_bytes(path)
    arrays = _arrays_in(raw, path.name)
    train = _pair(arrays, "_train") or _pair(arrays, "")
    if train is None:
        found = ", ".join(arrays) or "nothing"
        raise DataError(
            f"'{path.name}' holds {found}; it needs X and y, or x_train, y_train, x_test, y_test."
        )
    source = source_of_arrays(path.stem, *train)
    test = _pair(arrays, "_test")
    if test is not None:
        add_test(source, source_of_arrays(path.stem, *test))
    source.content = digest(raw)
    return source


def read_inputs(path: Path) -> np.ndarray:
    """The inputs in an NPZ archive or an idx file, for a model to answer."""
    raw = read_bytes(path)
    if path.suffix.lower() != ".npz":
        return parse_idx(raw, path.name)
    arrays = _arrays_in(raw, path.name)
    for key in (*_INPUTS, *(f"{key}_test" for key in _INPUTS)):
        if key in arrays:
            return arrays[key]
    found = ", ".join(arrays) or "nothing"
    raise DataError(f"'{path.name}' holds {found}, but no array called X or inputs.")


def _arrays_in(raw: bytes, name: str) -> dict[str, np.ndarray]:
    if not raw.startswith(b"PK"):
        raise DataError(f"'{name}' is no NPZ file, or a damaged one; write it with numpy.savez.")
    try:
        with np.load(io.BytesIO(raw), allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        if "pickle" in str(error):
            raise DataError(
                f"'{name}' holds Python objects; save plain arrays of numbers or texts."
            ) from error
        raise DataError(f"'{name}' is a damaged NPZ file: {reason(error)}.") from error


def _pair(arrays: dict[str, np.ndarray], ending: str) -> tuple[np.ndarray, np.ndarray] | None:
    for key in _INPUTS:
        for answer in _TARGETS:
            if key + ending in arrays and answer + ending in arrays:
                return arrays[key + ending], arrays[answer + ending]
    return None


def add_test(source: Source, test: Source) -> None:
    """Make the rows of another source the official test rows of this one."""
    if source.is_table != test.is_table:
        raise DataError(
            "The test rows are of another kind than the training rows; give both as tables or both as arrays."
        )
    if not source.is_table and source.inputs.shape[1] != test.inputs.shape[1]:
        raise DataError(
            f"The test rows have {test.inputs.shape[1]} features, the training rows {source.inputs.shape[1]}."
        )
    source.test_inputs, source.test_targets = test.inputs, test.targets
    source.validation_rows = 0
    source.content = digest(source.content, test.content)


def parse_idx(raw: bytes, name: str) -> np.ndarray:
    """The array in an idx file (two zero bytes, type, number of dimensions, their lengths, values)."""
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] not in _IDX_TYPES:
        raise DataError(f"'{name}' is no idx file.")
    dimensions = raw[3]
    shape = (
        tuple(int(size) for size in np.frombuffer(raw, ">u4", dimensions, 4))
        if len(raw) >= 4 + 4 * dimensions
        else ()
    )
    dtype = np.dtype(_IDX_TYPES[raw[2]])
    if len(raw) != 4 + 4 * dimensions + math.prod(shape) * dtype.itemsize or not shape:
        raise DataError(f"The idx file '{name}' is cut short or damaged; download it again.")
    values = np.frombuffer(raw, dtype, offset=4 + 4 * dimensions).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)


def is_idx(path: Path) -> bool:
    """Whether a file's name is that of an idx file."""
    name = path.name.removesuffix(".gz")
    return name.endswith("-ubyte") or ".idx" in name or "-idx" in name


def read_idx_pair(images: Path, labels: Path) -> Source:
    """Images and their labels from two idx files."""
    packed = read_bytes(images), read_bytes(labels)
    source = source_of_arrays(
        images.name.split(".")[0], parse_idx(packed[0], images.name), parse_idx(packed[1], labels.name)
    )
    source.target_name, source.task, source.content = "label", "classification", digest(*packed)
    return source


def read_idx_folder(folder: Path) -> Source:
    """A folder with train-images…, train-labels… and, where they are there, t10k-images… and t10k-labels…."""
    files = sorted(path for path in folder.iterdir() if is_idx(path))
    pairs = [(path, labels_beside(path)) for path in files if "images" in path.name]
    if not pairs:
        raise DataError(f"The folder '{folder.name}' has idx files but none whose name says images.")
    train = [pair for pair in pairs if pair[0].name.startswith("train")] or pairs
    source = read_idx_pair(*train[0])
    source.name = folder.name
    tests = [pair for pair in pairs if pair not in train and pair[0].name.startswith(("t10k", "test"))]
    if tests:
        add_test(source, read_idx_pair(*tests[0]))
    return source


def labels_beside(images: Path) -> Path:
    """The labels file that belongs to an images file. Raises DataError when it is not there."""
    bare = images.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
    for name in (bare, bare + ".gz"):
        if (images.parent / name).is_file() and name != images.name:
            return images.parent / name
    raise DataError(f"'{images.name}' needs its labels beside it, in a file called '{bare}' or '{bare}.gz'.")
