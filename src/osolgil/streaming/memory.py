"""How much memory streaming may take, how it is dealt out, and how much it took.

The bound holds for everything beyond the interpreter with osolgil's libraries in it. Compiling the kernels needs
FIXED of it; of the rest, two blocks of training rows take half (one is trained on while the next is read), rows held
out for validation and testing an eighth, and reading and sampling the source the rest.

>>> memory_of("1GiB"), memory_of("600MB"), memory_of(2**30)
(1073741824, 600000000, 1073741824)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from osolgil.errors import SettingsError

USUAL = 2**30
FIXED = 400 * 2**20
LEAST = 512 * 2**20
SAMPLE = 100_000
HELD_OUT = 100_000
READ = 65_536
CHUNK = 4096
_UNITS = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]i?|)b?", re.ASCII)


def memory_of(given: int | float | str | None) -> int:
    """A bound in bytes, from a number or from what is typed; 1 GiB where nothing is."""
    if given is None:
        return USUAL
    match = _SIZE.fullmatch(str(given).strip().lower())
    if isinstance(given, bool) or match is None:
        raise SettingsError(f"The memory bound is a size such as 1GiB or 800MB, not '{given}'.")
    size = int(float(match[1]) * _UNITS[match[2]])
    if size < LEAST:
        raise SettingsError(
            f"The memory bound must be {LEAST // 2**20}MiB or more, since compiling alone takes about "
            f"{FIXED // 2**20}MiB; not '{given}'."
        )
    return size


@dataclass(frozen=True)
class Shares:
    """How a bound is dealt out, in rows: of a block, of a chunk that is read at once, and so on."""

    block: int
    chunk: int
    read: int
    sample: int
    held_out: int


def shares_of(memory: int, columns: int, width: int, batch: int, itemsize: int = 4) -> Shares:
    """Rows for everything: `columns` are the raw ones, `width` the numbers of a prepared row with its targets.

    A chunk is whole batches, a block whole chunks, so that an epoch has as many steps as it would have in memory.
    """
    free = memory - FIXED
    row = width * itemsize + 16
    chunk = batch * max(1, CHUNK // batch)
    block = max(1, free // 4 // row // chunk) * chunk
    read = max(1024, min(READ, free // 8 // (64 * columns)))
    sample = max(1024, min(SAMPLE, free // 8 // (64 * columns)))
    held_out = max(64, min(HELD_OUT, free // 16 // (3 * row)))
    return Shares(block, chunk, read, sample, held_out)


def resident(peak: bool = False) -> int | None:
    """Bytes of memory this process holds now, or has held at most; None where the system does not say."""
    try:
        text = Path("/proc/self/status").read_text("ascii")
    except OSError:
        return None
    match = re.search(rf"{'VmHWM' if peak else 'VmRSS'}:\s+(\d+) kB", text)
    return int(match[1]) * 1024 if match else None
