"""Text tables (CSV, TSV, any separator and encoding, compressed or not), Parquet and array files."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice
from pathlib import Path
from typing import Any

from osolgil.data.columns.cells import MISSING, parse_number
from osolgil.data.source import Source, digest
from osolgil.data.unpacking import decode, read_bytes
from osolgil.errors import DataError, reason
from osolgil.messages import Message

SEPARATORS = (",", "\t", ";", "|")
_LOOKED_AT = 1000
_CHECKED_BYTES = 64 * 2**20


def read_table(path: Path, text_columns: tuple[str, ...] = ()) -> Source:
    """A file as a Source whose inputs are a DataFrame, the target still among its columns."""
    if path.is_dir():
        return _read_folder(path)
    raw = read_bytes(path)
    notes: list[Message] = []
    if raw[:4] == b"PAR1":
        table = _read_parquet(path, raw)
    elif raw[:6] == b"\x93NUMPY":
        table = _read_array(path, raw)
    else:
        table = parse_text(decode(path, raw, notes), path.name, notes, text_columns)
    table = tidy(table, notes)
    if len(table) == 0:
        raise DataError(f"'{path.name}' has a header but no rows.")
    return Source(path.stem, table, content=digest(raw), notes=notes)


def parse_text(text: str, name: str, notes: list[Message], text_columns: tuple[str, ...] = ()) -> Any:
    """A DataFrame from the text of a table, whose separator and header are found from its first lines."""
    import pandas

    text, skipped, separator = _without_preamble(text.replace("\0", ""), notes, name)
    if separator is None:
        separator = find_separator(text)
    if separator == " ":
        text = "\n".join(" ".join(line.split()) for line in text.splitlines())
    first = _check_shape(text, separator, name, skipped)
    header = first[0] if first else []
    headless, numbers = _looks_headless(first)
    if headless:
        header = [f"column {place + 1}" for place in range(len(header))]
        notes.append(Message("caution.no_header", file=name, count=len(header)))
    elif numbers:
        notes.append(Message("caution.numbers_in_header", file=name, count=numbers))
    names = distinct_names(header, notes)
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
        raise DataError(f"'{name}' cannot be read as a table: {reason(error)}.") from error


def _without_preamble(text: str, notes: list[Message], name: str) -> tuple[str, int, str | None]:
    """The text without what stands above the table, how many lines that were, and a separator it named.

    Excel writes "sep=;"; others write comments, "# …", the last of which may be the header, as NumPy has it.

    >>> _without_preamble("sep=;\\na;b\\n1;2\\n", [], "")
    ('a;b\\n1;2\\n', 1, ';')
    >>> _without_preamble("# a thermometer\\n# x y\\n1 2\\n", [], "")
    ('x y\\n1 2\\n', 1, None)
    """
    named = re.match(r"\s*sep=(\t|[^\w\s])\r?\n", text, re.IGNORECASE)
    if named:
        return text[named.end() :], named[0].count("\n"), named[1]
    comments = re.match(r"(#+ [^\n]*\n|#+\r?\n)+", text)
    if not comments:
        return text, 0, None
    above, rest = comments[0].splitlines(keepends=True), text[comments.end() :]
    last = above[-1].lstrip("# ")
    separator = find_separator(rest)
    if _width(last, separator) == _width(rest.partition("\n")[0], separator):
        above, rest = above[:-1], last + rest
    if above:
        notes.append(Message("note.comments", file=name, count=len(above)))
    return rest, len(above), None


def _width(line: str, separator: str) -> int:
    return len(line.split() if separator == " " else next(csv.reader([line], delimiter=separator), []))


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
    """The separator that cuts the first lines into the most fields, equally many in each; " " is any run of blanks.

    >>> find_separator("a;b\\n1,5;2\\n"), find_separator("a   b\\n1   2\\n"), find_separator("a b\\nc d\\n")
    (';', ' ', ',')
    """
    start = text[:100_000]
    best, most = ",", 1.0
    for separator in SEPARATORS:
        try:
            rows = csv.reader(io.StringIO(start, newline=""), delimiter=separator, skipinitialspace=True)
            widths = [len(row) for row in islice((row for row in rows if any(map(str.strip, row))), 20)]
        except csv.Error:
            continue
        even = widths.count(widths[0]) / len(widths) if widths else 0
        if widths and widths[0] > 1 and even * widths[0] > most:
            best, most = separator, even * widths[0]
    return " " if most == 1.0 and _is_aligned(start) else best


def _is_aligned(text: str) -> bool:
    """Whether blanks part the first lines into equally many fields, most of them numbers."""
    rows = [line.split() for line in text.splitlines()[:20] if line.strip()]
    fields = [field for row in rows[1:] for field in row]
    even = len({len(row) for row in rows}) == 1 and len(rows[0]) > 1
    return even and sum(parse_number(field) is not None for field in fields) > len(fields) / 2


def _check_shape(text: str, separator: str, name: str, skipped: int) -> list[list[str]]:
    """The first lines in fields; DataError where a line has more or fewer than the first. `skipped` lines are above."""
    first: list[list[str]] = []
    long = len(text) > _CHECKED_BYTES
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        for row in reader:
            if not row or (len(row) == 1 and not row[0].strip()):
                continue
            if len(first) < _LOOKED_AT:
                first.append(row)
            if len(row) != len(first[0]):
                fields = "1 field" if len(row) == 1 else f"{len(row)} fields"
                raise DataError(
                    f"'{name}' is no table: line {reader.line_num + skipped} has {fields}, the first line "
                    f"{len(first[0])}; repair the line or its quotes."
                )
            if long and reader.line_num > 10_000:
                break
    except csv.Error as error:
        raise DataError(f"'{name}' is no table: line {reader.line_num + skipped}: {error}.") from error
    return first


def _looks_headless(first: list[list[str]]) -> tuple[bool, int]:
    """Whether the first line is a row like those below it, and how many numbers it holds.

    Numbers in it, and texts that come back in their own column, speak for a row.

    >>> _looks_headless([["39", "private"], ["50", "state"], ["38", "private"]])
    (True, 1)
    >>> _looks_headless([["name", "2019", "2020", "2021"], ["Kim", "1", "2", "3"]])
    (True, 3)
    >>> _looks_headless([["age", "sector"], ["50", "state"]])
    (False, 0)
    """
    if not first:
        return False, 0
    numbers = sum(parse_number(field) is not None for field in first[0])
    below = [row for row in first[1:] if row != first[0]]
    columns = zip(first[0], *below, strict=True)
    again = sum(
        field in rest and field.strip() != "" and parse_number(field) is None for field, *rest in columns
    )
    return numbers + again > len(first[0]) / 2, numbers


def _read_parquet(path: Path, raw: bytes) -> Any:
    import pyarrow
    from pyarrow import parquet

    try:
        return (
            parquet.ParquetFile(io.BytesIO(raw)).read().to_pandas()
        )  # pandas refuses two columns of one name
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise DataError(f"'{path.name}' is a damaged Parquet file: {reason(error)}.") from error


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
    notes: list[Message] = []
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
        if "pickle" in str(error):
            raise DataError(f"'{path.name}' holds Python objects; save it as numbers.") from error
        raise DataError(f"'{path.name}' is a damaged array file: {reason(error)}.") from error
    if array.ndim != 2 or array.dtype.kind not in "fiub":
        raise DataError(
            f"'{path.name}' holds an array of shape {array.shape} and type {array.dtype}; a table of numbers (rows, "
            "columns) is needed."
        )
    return pandas.DataFrame(array, columns=[f"x{place + 1}" for place in range(array.shape[1])])


def tidy(table: Any, notes: list[Message]) -> Any:
    """Columns named by distinct texts, rows numbered from 0."""
    texts = [" ".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in table.columns]
    table = table.reset_index(drop=True)
    table.columns = distinct_names(texts, notes)
    return table


def distinct_names(texts: list[str], notes: list[Message]) -> list[str]:
    """Names of columns, none empty, none twice, on one line and free of control characters.

    >>> distinct_names(["a", " a ", "", "two\\nlines"], [])
    ['a', 'a (2)', 'Unnamed: 2', 'two lines']
    """
    names: dict[str, None] = {}
    for place, text in enumerate(texts):
        plain = "".join(character if character.isprintable() else " " for character in text)
        name = chosen = " ".join(plain.split()) or f"Unnamed: {place}"
        number = 2
        while chosen in names:
            chosen, number = f"{name} ({number})", number + 1
        if chosen != name:
            notes.append(Message("caution.renamed", name=name, new=chosen))
        names[chosen] = None
    return list(names)
