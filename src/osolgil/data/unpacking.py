"""From a file to its bytes, unpacked where they are compressed, and from bytes to text."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from osolgil.errors import DataError, reason
from osolgil.messages import Message

_BINARY = {b"PK\x03\x04": "a zip archive or an Excel workbook", b"%PDF": "a PDF", b"\x89PNG": "an image"}
_OTHER_TEXT = {
    r"<(!doctype|html|\?xml)": "a page of HTML or XML",
    r'(\{\s*"|\[\s*[\[{])': "JSON",
    r"@relation\b": "an ARFF file",
    r"version https://git-lfs": "the pointer that Git LFS leaves in place of a file ('git lfs pull' fetches it)",
}
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def read_bytes(path: Path) -> bytes:
    """The content of a file, unpacked if it is compressed. DataError when it cannot be read or is empty."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"'{path}' cannot be read: {error.strerror or error}.") from error
    unpack = next((unpack for start, unpack in _PACKED.items() if raw.startswith(start)), None)
    if unpack is not None:
        try:
            raw = unpack(raw, path)
        except DataError:
            raise
        except Exception as error:  # each of these formats has errors of its own, and a few of others
            raise DataError(f"'{path}' is a damaged compressed file: {reason(error)}.") from error
    if not raw.strip(b" \r\n\t\xef\xbb\xbf"):
        raise DataError(f"'{path}' is empty.")
    return raw


def _zstandard(raw: bytes, _path: Path) -> bytes:
    import pyarrow

    with pyarrow.CompressedInputStream(pyarrow.BufferReader(raw), "zstd") as stream:
        return stream.read()


def _zip(raw: bytes, path: Path) -> bytes:
    """The one file in a zip archive; archives of arrays (NPZ) and Excel workbooks stay as they are."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        names = [name for name in archive.namelist() if not re.search(r"/$|(^|/)(\.|__MACOSX/)", name)]
        if "[Content_Types].xml" in names or (names and all(name.endswith(".npy") for name in names)):
            return raw
        if len(names) != 1:
            held = f"{len(names)} files" if names else "no file"
            raise DataError(
                f"'{path.name}' is a zip archive that holds {held}; unpack it, and give one table."
            )
        return archive.read(names[0])


_PACKED: dict[bytes, Callable[[bytes, Path], bytes]] = {
    b"\x1f\x8b": lambda raw, _path: gzip.decompress(raw),
    b"BZh": lambda raw, _path: bz2.decompress(raw),
    b"\xfd7zXZ\0": lambda raw, _path: lzma.decompress(raw),
    b"\x28\xb5\x2f\xfd": _zstandard,
    b"PK\x03\x04": _zip,
}


def decode(path: Path, raw: bytes, notes: list[Message]) -> str:
    """The text of a table, in UTF-8, UTF-16 or UTF-32, Korean CP949, else Western; DataError where it is no table."""
    for start, what in _BINARY.items():
        if raw.startswith(start):
            raise DataError(f"'{path.name}' is {what}, not a table; save the data as CSV or Parquet.")
    for encoding in _encodings(raw):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if sum(character < " " and character not in "\r\n\t\f\x1f" for character in text[:2000]) > 20:
            break
        if encoding == "cp949" and not _is_korean(text):
            continue
        if encoding != "utf-8-sig":
            notes.append(Message("note.encoding", file=path.name, encoding=encoding))
        _refuse_other_text(path, text)
        return text
    raise DataError(f"'{path.name}' is a binary file, not a table; save the data as CSV or Parquet.")


def _encodings(raw: bytes) -> tuple[str, ...]:
    """The encodings the bytes may be in, likeliest first; none where they are no text."""
    marked = next((name for mark, name in _MARKS.items() if raw.startswith(mark)), None)
    if marked is not None:
        return (marked,)
    start = raw[:65536]
    if b"\0" not in start:
        return ("utf-8-sig", "cp949", "cp1252", "latin-1")
    even, odd = start[::2].count(0), start[1::2].count(0)
    if len(raw) % 2 == 0 and even + odd > len(start) / 4 and min(even, odd) == 0:
        return ("utf-16-be" if even else "utf-16-le",)
    return ()


def _is_korean(text: str) -> bool:
    """Whether most characters beyond ASCII are common ones: Western letters read as Korean become rare syllables."""
    foreign = [character for character in text[:100_000] if character > "\x7f"]
    common = sum(len(character.encode("euc-kr", "ignore")) == 2 for character in foreign)
    return common >= 0.8 * len(foreign)


def _refuse_other_text(path: Path, text: str) -> None:
    start = text[:200].lstrip().lower()
    for pattern, what in _OTHER_TEXT.items():
        if re.match(pattern, start):
            raise DataError(f"'{path.name}' is {what}, not a table; save the data as CSV or Parquet.")
