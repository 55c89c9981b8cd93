"""Records of runs: one row per run and epoch, as a Parquet file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from osolgil.errors import OutputError
from osolgil.files import write_atomically


def write_history(path: Path, columns: dict[str, np.ndarray]) -> None:
    """Write columns of equal length as Parquet, whole or not at all.

    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "history.parquet"
    >>> write_history(place, {"epoch": np.array([1, 2]), "loss": np.array([0.5, 0.25])})
    >>> read_history(place)["loss"].tolist()
    [0.5, 0.25]
    """
    import pyarrow
    from pyarrow import parquet

    table = pyarrow.table({name: _arrow(np.asarray(values)) for name, values in columns.items()})
    write_atomically(path, lambda place: parquet.write_table(table, place, compression="zstd"))


def read_history(path: Path) -> dict[str, np.ndarray]:
    """Read the columns `write_history` wrote; OutputError where the file is missing or damaged."""
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except FileNotFoundError as error:
        raise OutputError(f"Cannot read {path}: no such file.") from error
    except OSError as error:
        raise OutputError(f"Cannot read {path}: {(error.strerror or 'it is damaged').lower()}.") from error
    except pyarrow.ArrowException as error:
        raise OutputError(f"{path} is damaged or no Parquet file; run the race again.") from error
    return {name: table.column(name).to_numpy(zero_copy_only=False) for name in table.column_names}


def _arrow(values: np.ndarray) -> Any:
    """A column as Arrow keeps it; `pyarrow.array` would import pandas, which takes longer than the writing."""
    import pyarrow

    count, known = len(values), None
    if values.dtype == bool:
        buffers, kind = [np.packbits(values, bitorder="little")], pyarrow.bool_()
    elif values.dtype == object:
        encoded = [b"" if value is None else value.encode() for value in values]
        known = np.packbits([value is not None for value in values], bitorder="little")
        places = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
        buffers, kind = [places, b"".join(encoded)], pyarrow.string()
    else:
        buffers, kind = [np.ascontiguousarray(values)], pyarrow.from_numpy_dtype(values.dtype)
    validity = None if known is None else pyarrow.py_buffer(known)
    return pyarrow.Array.from_buffers(kind, count, [validity, *map(pyarrow.py_buffer, buffers)])
