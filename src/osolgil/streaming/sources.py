"""Where rows come from, a block at a time: arrays on disk, Parquet files and folders, batches from an iterator.

Arrays on disk are read, not mapped: a mapped page that was touched counts as this process's memory.
"""

from __future__ import annotations

import hashlib
import inspect
import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from osolgil.errors import DataError, reason
from osolgil.messages import list_names
from osolgil.spelling import hint

Block = tuple[int, Any, Any]
"""Number of the first row, inputs (rows, columns) as an array or a DataFrame, and their targets."""


class Rows(Protocol):
    """A source: read from its beginning to its end as often as needed, always in the same order."""

    name: str
    rows: int
    columns: tuple[str, ...]
    target_name: str

    def blocks(self, size: int) -> Iterator[Block]:
        """Its rows in order, at most `size` at a time."""
        ...

    def stamp(self) -> dict[str, Any]:
        """What tells it from another source, without reading it."""
        ...


class ArrayRows:
    """An array file, a memory-mapped array or any array, and its targets; without targets, one of its columns."""

    def __init__(self, inputs: Any, targets: Any, target: str | None, name: str) -> None:
        self._file = _ArrayFile.of(inputs)
        shape = self._file.shape
        if len(shape) != 2 or 0 in shape:
            raise DataError(
                f"The inputs have shape {shape}; they must be (rows, features), with rows in them."
            )
        self.name, self.rows = name, shape[0]
        names = tuple(f"x{place + 1}" for place in range(shape[1]))
        self._targets, self._column = targets, None
        if targets is None:
            chosen = names[-1] if target is None else target
            if chosen not in names:
                raise DataError(
                    f"'{name}' has no column '{target}'; its columns are {list_names(names)}.{hint(target, names)}"
                )
            self._column = names.index(chosen)
            names = tuple(found for found in names if found != chosen)
            self.target_name = chosen
        else:
            if len(targets) != self.rows or np.ndim(targets) != 1:
                raise DataError(
                    f"There are {self.rows} rows of inputs but targets of shape {np.shape(targets)}; one column of "
                    "equally many is needed."
                )
            self.target_name = target or "target"
        self.columns = names

    def blocks(self, size: int) -> Iterator[Block]:
        for start in range(0, self.rows, size):
            block = self._file.read(start, min(size, self.rows - start))
            if self._column is None:
                yield start, block, np.asarray(self._targets[start : start + len(block)])
            else:
                yield start, np.delete(block, self._column, axis=1), block[:, self._column]

    def stamp(self) -> dict[str, Any]:
        stamp = {"name": self.name, "rows": self.rows, "columns": len(self.columns), **self._file.stamp()}
        if self._targets is not None:
            stamp["targets"] = hashlib.sha256(np.ascontiguousarray(self._targets).tobytes()).hexdigest()
        return stamp


class _ArrayFile:
    """Rows of an array that lies in a file, read without mapping them; of any other array, sliced."""

    def __init__(
        self, path: Path | None, offset: int, dtype: np.dtype, shape: tuple[int, ...], array: Any = None
    ) -> None:
        self.path, self.offset, self.dtype, self.shape, self.array = path, offset, dtype, shape, array
        if dtype.kind not in "fiub":
            raise DataError("The array holds no plain numbers; give tables with other columns as Parquet.")

    @classmethod
    def of(cls, given: Any) -> _ArrayFile:
        if isinstance(given, (str, Path)):
            return cls._npy(Path(given))
        if isinstance(given, np.memmap):
            whole = isinstance(given.base, mmap.mmap) and given.mode != "c" and given.flags.c_contiguous
            if whole and given.filename is not None:
                return cls(Path(given.filename), given.offset, given.dtype, given.shape)
        return cls(None, 0, given.dtype, given.shape, given)

    @classmethod
    def _npy(cls, path: Path) -> _ArrayFile:
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise DataError(f"'{path}' is no array file: {reason(error)}.") from error
        if not isinstance(array, np.memmap) or not array.flags.c_contiguous:
            raise DataError(f"'{path}' is not stored row by row; save it with numpy.save in C order.")
        return cls(path, array.offset, array.dtype, array.shape)

    def read(self, start: int, rows: int) -> np.ndarray:
        if self.path is None:
            return np.array(self.array[start : start + rows])
        width = self.shape[1]
        with self.path.open("rb") as file:
            file.seek(self.offset + start * width * self.dtype.itemsize)
            found = np.fromfile(file, self.dtype, rows * width)
        if found.size != rows * width:
            raise DataError(f"'{self.path}' is shorter than its header says; copy it again.")
        return found.reshape(rows, width)

    def stamp(self) -> dict[str, Any]:
        return {} if self.path is None else _file_stamp(self.path)


class ParquetRows:
    """A Parquet file, or a folder of them with the same columns, in the order of their names."""

    def __init__(self, path: Path, target: str | None, name: str | None = None) -> None:
        from osolgil.data.targets import USUAL_NAMES

        self.files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
        self.name = name or path.stem
        opened = [_opened(file) for file in self.files]
        self.rows = sum(file.metadata.num_rows for file in opened)
        names = [str(column) for column in opened[0].schema_arrow.names]
        for place, file in zip(self.files, opened, strict=True):
            if sorted(map(str, file.schema_arrow.names)) != sorted(names):
                raise DataError(
                    f"'{place.name}' has other columns than '{self.files[0].name}'; they must be alike."
                )
            _check_kinds(place.name, file.schema_arrow, self.files[0].name, opened[0].schema_arrow)
        if self.rows == 0:
            raise DataError(f"'{path.name}' has no rows.")
        usual = [column for column in names if column.casefold() in USUAL_NAMES]
        self.target_name = target or (usual[0] if usual else names[-1])
        if self.target_name not in names:
            near = hint(self.target_name, names)
            raise DataError(
                f"'{path.name}' has no column '{target}'; its columns are {list_names(names, 12)}.{near}"
            )
        self.columns = tuple(column for column in names if column != self.target_name)
        if not self.columns:
            raise DataError(f"'{path.name}' has no column beside its target.")

    def blocks(self, size: int) -> Iterator[Block]:
        start = 0
        for path in self.files:
            for table in _tables(path, size, [*self.columns, self.target_name]):
                yield start, table[list(self.columns)], table[self.target_name]
                start += len(table)

    def stamp(self) -> dict[str, Any]:
        return {
            "name": self.name, "rows": self.rows, "target": self.target_name,
            "files": [_file_stamp(path) for path in self.files],
        }  # fmt: skip


def _opened(path: Path) -> Any:
    import pyarrow
    from pyarrow import parquet

    try:
        return parquet.ParquetFile(path, buffer_size=2**20, pre_buffer=False)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise DataError(f"'{path.name}' is no Parquet file: {reason(error)}.") from error


def _tables(path: Path, size: int, columns: list[str]) -> Iterator[Any]:
    """A file's rows as DataFrames of at most `size` rows; DataError where a page inside is damaged."""
    import pyarrow

    batches = _opened(path).iter_batches(size, columns=columns, use_threads=False)
    while True:
        try:
            table = next(batches).to_pandas()
        except StopIteration:
            return
        except (pyarrow.ArrowException, OSError) as error:
            raise DataError(f"'{path.name}' is damaged: {reason(error)}.") from error
        yield table


def _check_kinds(name: str, schema: Any, first: str, other: Any) -> None:
    """Raise DataError where a column is of another kind than in the first file: texts and not numbers, say."""
    for column in schema.names:
        found, known = _kind(schema.field(column).type), _kind(other.field(column).type)
        if found != known and "" not in (found, known):
            raise DataError(
                f"'{column}' holds {found} in '{name}' but {known} in '{first}'; give it one kind in all files."
            )


def _kind(type_: Any) -> str:
    """What a column of a Parquet file holds; "" where it holds nothing but gaps."""
    from pyarrow import types

    if types.is_dictionary(type_):
        type_ = type_.value_type
    if types.is_null(type_):
        return ""
    numbers = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean)
    if any(is_number(type_) for is_number in numbers):
        return "numbers"
    if types.is_string(type_) or types.is_large_string(type_):
        return "texts"
    return "dates" if types.is_date(type_) or types.is_timestamp(type_) else str(type_)


def _file_stamp(path: Path) -> dict[str, Any]:
    found = path.stat()
    return {"file": path.name, "bytes": found.st_size, "changed": found.st_mtime_ns}


def source_of(inputs: Any, targets: Any, target: Any, memory: int) -> Rows | Iterable[Any] | None:
    """The source to stream where the data exceed the bound or come from an iterator; None: load them as usual."""
    from osolgil.data.tables import is_parquet

    named = target if isinstance(target, str) else None
    if isinstance(inputs, (str, Path)):
        if targets is not None:
            return None
        path = Path(inputs).expanduser()
        if path.suffix == ".npy" and path.is_file():
            found: Rows | None = ArrayRows(path, None, named, path.stem)
        elif is_parquet(path):
            found = ParquetRows(path, named)
        else:
            return None
        return found if _size(found) > memory else None
    if isinstance(inputs, np.ndarray):
        if not isinstance(inputs, np.memmap) or inputs.nbytes <= memory:
            return None
        if inputs.ndim > 2:
            raise DataError("Pictures larger than memory cannot be streamed; give arrays (rows, features).")
        return ArrayRows(inputs, targets, named, "data")
    if inspect.isgeneratorfunction(inputs):
        raise DataError(f"{inputs.__name__} is a function; give the batches it yields, {inputs.__name__}().")
    return inputs if _gives_batches(inputs, targets) else None


def _gives_batches(inputs: Any, targets: Any) -> bool:
    plain = (
        isinstance(inputs, (list, tuple, dict, str, Path))
        or hasattr(inputs, "shape")
        or hasattr(inputs, "train")
    )
    return targets is None and not plain and isinstance(inputs, Iterable)


def _size(source: Rows) -> int:
    """Bytes that the rows would take as float64."""
    return source.rows * (len(source.columns) + 1) * 8
