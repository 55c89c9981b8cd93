"""Batches that come only once, written down as they come, so that they can be read epoch after epoch."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from osolgil.errors import DataError
from osolgil.messages import list_names
from osolgil.streaming.sources import ParquetRows

SPOOLED = "batches.parquet"


def spooled(batches: Iterable[Any], target: str | None, folder: Path) -> ParquetRows:
    """Batches written down as they come, since they come only once; (inputs, targets) each, or a DataFrame."""
    import pyarrow
    from pyarrow import parquet

    path, partial, writer, schema = folder / SPOOLED, folder / f".{SPOOLED}", None, None
    try:
        for number, batch in enumerate(batches, 1):
            table, target = _table_of(batch, target, number)
            if schema is not None and set(table.columns) != set(schema.names):
                strange = sorted(map(str, set(table.columns) ^ set(schema.names)))
                raise DataError(
                    f"Batch {number} has other columns than the first one ({list_names(strange)}); give all the same."
                )
            for column in table.columns:  # Arrow takes any number for a truth value without a word
                truths = schema is not None and pyarrow.types.is_boolean(schema.field(column).type)
                if truths and table[column].dtype.kind in "iuf":
                    raise DataError(
                        f"'{column}' holds truth values at first but numbers in batch {number}; give one kind."
                    )
            try:
                found = pyarrow.Table.from_pandas(table, schema=schema, preserve_index=False)
            except (pyarrow.ArrowException, KeyError, TypeError, ValueError) as error:
                why = " ".join(str(error.args[0] if error.args else error).split())[:100]
                raise DataError(
                    f"Batch {number} has columns of other kinds than {'the first one' if schema else 'can be stored'} "
                    f"({why}); give each column one kind, such as floats, in every batch."
                ) from error
            if writer is None:
                schema = found.schema
                writer = parquet.ParquetWriter(partial, schema)
            writer.write_table(found)
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        raise DataError("The iterator gave no batch; give batches of (inputs, targets).")
    partial.replace(path)  # whole or not at all
    return ParquetRows(path, target, "batches")


def _table_of(batch: Any, target: str | None, number: int) -> tuple[Any, str | None]:
    import pandas

    batch = _as_pandas(batch)
    if isinstance(batch, pandas.DataFrame):
        return batch, target
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        raise DataError(f"Batch {number} is no pair (inputs, targets) and no table.")
    inputs, targets = _as_pandas(batch[0]), np.asarray(batch[1])
    if not isinstance(inputs, pandas.DataFrame):
        array = _stored(np.asarray(inputs))
        if array.ndim != 2:
            raise DataError(
                f"The inputs of batch {number} have shape {array.shape}; they must be (rows, features)."
            )
        inputs = pandas.DataFrame(array, columns=[f"x{place + 1}" for place in range(array.shape[1])])
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    if targets.ndim != 1:
        raise DataError(f"The targets of batch {number} have shape {targets.shape}; they must be (rows,).")
    if len(inputs) != len(targets):
        raise DataError(f"Batch {number} has {len(inputs)} rows of inputs but {len(targets)} targets.")
    name = target or "target"
    return inputs.assign(**{name: targets.astype(targets.dtype.newbyteorder("="))}), name


def _as_pandas(table: Any) -> Any:
    """A table of Polars or Arrow as pandas has it; anything else as it is."""
    return table.to_pandas() if hasattr(table, "to_pandas") else table


def _stored(array: np.ndarray) -> np.ndarray:
    """Numbers as they are written down: whole ones may be followed by broken ones in a later batch."""
    if array.dtype.kind in "biu" or (array.dtype.kind == "f" and array.dtype != np.float32):
        return array.astype(np.float64)
    return array
