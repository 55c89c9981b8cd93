"""Machine code linked once, when it is compiled, and loaded by copying it: LLVM alone would take 45 MiB and 30 ms.

LLVM writes an object in ELF whose addresses are all 64 bits wide: code for a far place, as every engine that loads
at run time asks for. Linking such an object means laying its sections side by side and noting the places that hold
an address. An image is what that gives; to load it is to add the addresses and to make the memory executable.
Objects of another format, for another processor, or with anything else to fill in are none of its business: LLVM
loads them.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_X86_64, _RELOCATABLE = 62, 1
_SYMBOLS, _RELOCATIONS, _NO_BITS = 2, 4, 8
_WRITTEN, _LOADED = 1, 2
_UNDEFINED, _COMMON = 0, 0xFFF2
_WHOLE_ADDRESS = 1  # R_X86_64_64: eight bytes hold an address
_UNWINDING = ".eh_frame"  # how to leave a function midway, which compiled formulas never do
_ALIGNED, _PAGE = 64, 4096
_WORD = struct.Struct("<q")
_FAILED = ctypes.c_void_p(-1).value


@dataclass
class Image:
    """Code and constants with places for addresses, each of which holds what is to be added to its address.

    entries: where each function starts. inside: places of addresses in the image; outside: of symbols elsewhere;
    variables: of variables, which start as zeros in `room` bytes of their own.
    """

    content: bytearray = field(default_factory=bytearray)
    entries: dict[str, int] = field(default_factory=dict)
    inside: list[int] = field(default_factory=list)
    outside: dict[str, list[int]] = field(default_factory=dict)
    variables: list[int] = field(default_factory=list)
    room: int = 0

    def facts(self) -> dict[str, Any]:
        """All but the content, ready for JSON."""
        return {name: value for name, value in vars(self).items() if name != "content"}


class _Section(NamedTuple):
    name: str
    kind: int
    flags: int
    start: int
    size: int
    other: int
    target: int


class _Symbol(NamedTuple):
    name: str
    home: int
    value: int
    size: int


def linked(objects: Mapping[str, tuple[str, bytes]]) -> Image | None:
    """One image of several functions by name, each its symbol and its object code; None where LLVM is needed."""
    image = Image()
    for name, (symbol, code) in objects.items():
        try:
            found = _add(image, code, symbol)
        except (struct.error, ValueError, IndexError, OverflowError):
            return None
        if found is None:
            return None
        image.entries[name] = found
    return image


def _add(image: Image, code: bytes, entry: str) -> int | None:
    """Lay an object's sections at the end of an image; where its entry lies, None where it cannot be linked."""
    if code[:6] != b"\x7fELF\x02\x01" or struct.unpack_from("<HH", code, 16) != (_RELOCATABLE, _X86_64):
        return None
    sections = _sections(code)
    laid: dict[int, int] = {}
    for number, section in enumerate(sections):
        if not section.flags & _LOADED or section.name == _UNWINDING or section.size == 0:
            continue
        if section.flags & _WRITTEN or section.kind == _NO_BITS:
            return None
        image.content.extend(bytes(-len(image.content) % _ALIGNED))
        laid[number] = len(image.content)
        image.content += code[section.start : section.start + section.size]
    tables = [list(_symbols(code, s, sections[s.other])) for s in sections if s.kind == _SYMBOLS]
    if len(tables) != 1:
        return None
    filled_in = [s for s in sections if s.kind == _RELOCATIONS and s.target in laid]
    variables: dict[int, int] = {}
    if not all(_fill_in(image, code, section, laid, tables[0], variables) for section in filled_in):
        return None
    found = [laid[s.home] + s.value for s in tables[0] if s.name == entry and s.home in laid]
    return found[0] if found else None


def _fill_in(
    image: Image,
    code: bytes,
    section: _Section,
    laid: Mapping[int, int],
    symbols: list[_Symbol],
    variables: dict[int, int],
) -> bool:
    """Note the places that one section's relocations fill in; whether all of them are whole addresses.

    variables: where each that was met so far lies, by its number.
    """
    for start in range(section.start, section.start + section.size, 24):
        offset, kind, number, summand = struct.unpack_from("<QIIq", code, start)
        place, symbol = laid[section.target] + offset, symbols[number]
        if kind != _WHOLE_ADDRESS:
            return False
        if symbol.home == _UNDEFINED and symbol.name:
            image.outside.setdefault(symbol.name, []).append(place)
        elif symbol.home == _COMMON:
            if number not in variables:
                variables[number] = image.room
                image.room += -(-symbol.size // _ALIGNED) * _ALIGNED
            image.variables.append(place)
            summand += variables[number]
        elif symbol.home in laid:
            image.inside.append(place)
            summand += laid[symbol.home] + symbol.value
        else:
            return False
        _WORD.pack_into(image.content, place, summand)
    return True


def _sections(code: bytes) -> list[_Section]:
    (table,) = struct.unpack_from("<Q", code, 40)
    _, count, names = struct.unpack_from("<HHH", code, 58)
    rows = [struct.unpack_from("<IIQQQQIIQQ", code, table + 64 * place) for place in range(count)]
    return [
        _Section(_text(code, rows[names][4] + name), kind, flags, start, size, other, target)
        for name, kind, flags, _, start, size, other, target, _, _ in rows
    ]


def _symbols(code: bytes, table: _Section, names: _Section) -> Iterator[_Symbol]:
    for start in range(table.start, table.start + table.size, 24):
        name, _, _, home, value, size = struct.unpack_from("<IBBHQQ", code, start)
        yield _Symbol(_text(code, names.start + name), home, value, size)


def _text(code: bytes, start: int) -> str:
    return code[start : code.index(b"\0", start)].decode()


def load(
    content: bytes, facts: Mapping[str, Any], address_of: Callable[[str], int | None]
) -> dict[str, int] | None:
    """Addresses of an image's functions in memory of their own; None where a symbol is missing, or no memory left.

    The memory is never given back: at the end of the process threads may still be running in it.
    """
    library = _system()
    symbols = {name: address_of(name) for name in facts["outside"]}
    if library is None or None in symbols.values():
        return None
    size, room = -(-len(content) // _PAGE) * _PAGE, facts["room"]
    base = library.mmap(
        None, size + room, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0
    )
    if base == _FAILED:
        return None
    filled = bytearray(content)
    known = [(facts["inside"], base), (facts["variables"], base + size)]
    for places, address in [*known, *((facts["outside"][name], found) for name, found in symbols.items())]:
        for place in places:
            _WORD.pack_into(filled, place, _WORD.unpack_from(filled, place)[0] + address)
    ctypes.memmove(base, bytes(filled), len(filled))
    if library.mprotect(base, size, mmap.PROT_READ | mmap.PROT_EXEC):
        library.munmap(base, size + room)
        return None
    return {name: base + entry for name, entry in facts["entries"].items()}


@functools.cache
def _system() -> Any:
    """The C library's calls for memory; None where it has none."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "mprotect"):
        return None
    word, whole, far = ctypes.c_size_t, ctypes.c_int, ctypes.c_void_p
    library.mmap.restype, library.mmap.argtypes = far, [far, word, whole, whole, whole, ctypes.c_long]
    library.mprotect.restype, library.mprotect.argtypes = whole, [far, word, whole]
    library.munmap.restype, library.munmap.argtypes = whole, [far, word]
    return library
