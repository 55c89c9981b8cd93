"""Calls of compiled kernels: arguments go as addresses and sizes in one table, which any thread may hand over."""

from __future__ import annotations

import ctypes
import functools
import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from osolgil.engines.cpu import cache

_ENTRY = '''"""Generated: the way in from C to `{name}` in kernels/{module}.py."""
from numba import carray, cfunc
from .kernels.intrinsics import float32_pointer, float64_pointer, int64_pointer
from .kernels.{module} import {name}

@cfunc("float64(int64)", nopython=True)
def run(table):
    words = carray(int64_pointer(table), {count})
    numbers = carray(float64_pointer(table), {count})
    return {name}(
        {arguments}
    )
'''


def call(kernel: str, *arguments: Any) -> float:
    """Run a kernel, named as "module.function", without the interpreter's lock; every kernel returns a float.

    Arguments are C-contiguous arrays of float32, float64 or int64, and numbers.
    """
    way, words = bound(kernel, *arguments)
    table = (ctypes.c_int64 * len(words))(*words)
    return way(ctypes.addressof(table))


def bound(kernel: str, *arguments: Any) -> tuple[Callable[[int], float], list[int]]:
    """The way in to a kernel, and the words of the table it reads: one per number, address and sizes per array."""
    words: list[int] = []
    kinds = tuple([_add(argument, words) for argument in arguments])
    return entry(kernel, kinds), words


@functools.cache
def entry(kernel: str, kinds: Sequence[str]) -> Callable[[int], float]:
    """The compiled way in to a kernel for arguments of some kinds: "float64 2" for a matrix, "int64" for a number."""
    module, _, name = kernel.partition(".")
    place, texts = 0, []
    for kind in kinds:
        dtype, _, dimensions = kind.partition(" ")
        if not dimensions:
            texts.append(f"{'numbers' if dtype == 'float64' else 'words'}[{place}]")
            place += 1
            continue
        count = int(dimensions)
        shape = ", ".join(f"words[{place + 1 + axis}]" for axis in range(count))
        texts.append(f"carray({dtype}_pointer(words[{place}]), ({shape},))")
        place += 1 + count
    text = _ENTRY.format(name=name, module=module, count=place, arguments=",\n        ".join(texts))
    address = cache.compiled(f"{module}_{name}", text)["run"]
    return ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64)(address)


def _add(argument: Any, words: list[int]) -> str:
    if isinstance(argument, np.ndarray):
        if not argument.flags.c_contiguous:
            raise ValueError("kernels take C-contiguous arrays")
        words.append(argument.ctypes.data)
        words.extend(argument.shape)
        return f"{argument.dtype.name} {argument.ndim}"
    if isinstance(argument, float | np.floating):
        words.append(struct.unpack("q", struct.pack("d", argument))[0])
        return "float64"
    words.append(int(argument))
    return "int64"
