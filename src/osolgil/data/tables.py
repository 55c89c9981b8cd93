"""Text tables (CSV, TSV, any separator, several encodings, gzipped or not) and Parquet."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any

from osolgil.data.columns.cells import MISSING, parse_number
from osolgil.data.source import Source, digest
from osolgil.errors import DataError

SEPARATORS = (",", "\t", ";", "|")
_BINARY = {b"PK\x03\x04": "a zip archive or an Excel workbook", b"%PDF": "a PDF", b"\x89PNG": "an image"}
_CHECKED_BYTES = 64 * 2**20


def read_table(path: Path, text_columns: tuple[str, ...] = ()) -> Source:
    """A file as a Source whose inputs are a DataFrame, the target still among its columns."""
    if path.is_dir():
        return _read_folder(path)
    raw = read_bytes(path)
    notes: list[str] = []
    if raw[:4] == b"PAR1":
        table = _read_parquet(path, raw)
    elif raw[:6] == b"\x93NUMPY":
        table = _read_array(path, raw)
    else:
        table = parse_text(_decode(path, raw, notes), path.name, notes, text_columns)
    table = tidy(table, notes)
    if len(table) == 0:
        raise DataError(f"'{path.name}' has a header but no rows.")
    return Source(path.stem, table, content=digest(raw), notes=notes)


def read_bytes(path: Path) -> bytes:
    """The content of a file, unpacked if it is gzipped. DataError when it cannot be read or is empty."""
    try:
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except (OSError, EOFError, ValueError, ArithmeticError) as error:
        raise DataError(f"'{path}' cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    except Exception as error:
        raise DataError(f"'{path}' is a damaged gzip file: {error}.") from error
    if not raw.strip(b" \r\n\t\xef\xbb\xbf"):
        raise DataError(f"'{path}' is empty.")
    return raw


def _decode(path: Path, raw: bytes, notes: list[str]) -> str:
    """Text in UTF-8 (with or without mark), UTF-16 with mark, Korean CP949, else Latin-1."""
    for start, what in _BINARY.items():
        if raw.startswith(start):
            raise DataError(f"'{path.name}' is {what}, not a table; save the data as CSV or Parquet.")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ("utf-16",)
    elif b"\0" in raw[:65536]:
        raise DataError(f"'{path.name}' is a binary file, not a table; save the data as CSV or Parquet.")
    else:
        encodings = ("utf-8-sig", "cp949", "latin-1")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if sum(character < " " and character not in "\r\n\t\f\x1f" for character in text[:2000]) > 20:
            break
        if encoding != "utf-8-sig":
            notes.append(f"'{path.name}' is not UTF-8; it was read as {encoding}.")
        return text
    raise DataError(f"'{path.name}' is a binary file, not a table; save the data as CSV or Parquet.")


def parse_text(text: str, name: str, notes: list[str], text_columns: tuple[str, ...] = ()) -> Any:
    """A DataFrame from the text of a table, whose separator and header are found from its first lines."""
    import pandas

    text = text.replace("\0", "")
    separator = find_separator(text)
    header = _check_shape(text, separator, name)
    headless = sum(parse_number(field) is not None for field in header) > len(header) / 2
    names = [f"column {place + 1}" for place in range(len(header))] if headless else None
    if headless:
        notes.append(
            f"'{name}' has no header line; its columns are called 'column 1' to 'column {len(header)}'."
        )
    try:
        return pandas.read_csv(
            io.StringIO(text),
            sep=separator,
            header=None if headless else 0,
            names=names,
            index_col=False,
            dtype=dict.fromkeys(text_columns, str) or None,
            skipinitialspace=True,
            keep_default_na=False,
            na_values=_missing_spellings(),
            **_exact_floats(),
            low_memory=False,
        )
    except (ValueError, OverflowError) as error:
        raise DataError(f"'{name}' cannot be read as a table: {' '.join(str(error).split())}.") from error


def _exact_floats() -> dict[str, Any]:
    """Options for floats read to the last bit, which pandas does by itself from 3.1 on."""
    import pandas

    version = tuple(int(part) for part in pandas.__version__.split(".")[:2])
    return {"float_precision": "round_trip"} if version < (3, 1) else {}


def _missing_spellings() -> list[str]:
    return sorted(
        {spelling for word in MISSING for spelling in (word, word.upper(), word.capitalize(), "NaN")}
    )


def find_separator(text: str) -> str:
    """The separator that cuts the first lines into the most fields, equally many in each.

    >>> find_separator("a;b\\n1,5;2\\n"), find_separator("a b\\n1 2\\n")
    (';', ',')
    """
    lines = [line for line in text[:100_000].splitlines() if line.strip()][:20]
    best, most = ",", 1.0
    for separator in SEPARATORS:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=separator)]
        except csv.Error:
            continue
        even = widths.count(widths[0]) / len(widths) if widths else 0
        if widths and widths[0] > 1 and even * widths[0] > most:
            best, most = separator, even * widths[0]
    return best


def _check_shape(text: str, separator: str, name: str) -> list[str]:
    """The fields of the first line; DataError where a later row has more or fewer."""
    header: list[str] = []
    long = len(text) > _CHECKED_BYTES
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        for row in reader:
            if not row or (len(row) == 1 and not row[0].strip()):
                continue
            header = header or row
            if len(row) != len(header):
                raise DataError(
                    f"'{name}' is no table: line {reader.line_num} has {len(row)} fields, the first line "
                    f"{len(header)}; repair the line or its quotes."
                )
            if long and reader.line_num > 10_000:
                break
    except csv.Error as error:
        raise DataError(f"'{name}' is no table: line {reader.line_num}: {error}.") from error
    return header


def _read_parquet(path: Path, raw: bytes) -> Any:
    import pandas
    import pyarrow

    try:
        return pandas.read_parquet(io.BytesIO(raw))
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise DataError(
            f"'{path.name}' is a damaged Parquet file: {' '.join(str(error).split())}."
        ) from error


def is_parquet(path: Path) -> bool:
    """Whether it is a Parquet file by its name, or a folder that holds some."""
    if path.is_dir():
        return next(path.rglob("*.parquet"), None) is not None
    return path.suffix.lower() == ".parquet" and path.is_file()


def _read_folder(path: Path) -> Source:
    """The Parquet files of a folder one below the other, in the order of their names."""
    import pandas

    files = sorted(path.rglob("*.parquet"))
    contents = [read_bytes(file) for file in files]
    tables = [_read_parquet(file, raw) for file, raw in zip(files, contents, strict=True)]
    for file, table in zip(files, tables, strict=True):
        if sorted(map(str, table.columns)) != sorted(map(str, tables[0].columns)):
            raise DataError(f"'{file.name}' has other columns than '{files[0].name}'; they must be alike.")
    notes: list[str] = []
    table = tidy(pandas.concat(tables, ignore_index=True), notes)
    if len(table) == 0:
        raise DataError(f"The files in '{path.name}' have no rows.")
    return Source(path.name, table, content=digest(*contents), notes=notes)


def _read_array(path: Path, raw: bytes) -> Any:
    """An array file (rows, columns) as a table whose columns are x1, x2 …"""
    import numpy
    import pandas

    try:
        array = numpy.load(io.BytesIO(raw), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise DataError(f"'{path.name}' is a damaged array file: {' '.join(str(error).split())}.") from error
    if array.ndim != 2 or array.dtype.kind not in "fiub":
        raise DataError(
            f"'{path.name}' holds an array of shape {array.shape} and type {array.dtype}; a table of numbers (rows, "
            "columns) is needed."
        )
    return pandas.DataFrame(array, columns=[f"x{place + 1}" for place in range(array.shape[1])])


def tidy(table: Any, notes: list[str]) -> Any:
    """Columns named by distinct texts, rows numbered from 0."""
    names: list[str] = []
    for place, column in enumerate(table.columns):
        name = " ".join(map(str, column)) if isinstance(column, tuple) else str(column)
        name = name.encode("utf-8", "replace").decode().strip() or f"column {place + 1}"
        while name in names:
            notes.append(f"Two columns are called '{name}'; the later one is now '{name} (2)'.")
            name = f"{name} (2)"
        names.append(name)
    table = table.reset_index(drop=True)
    table.columns = names
    return table
