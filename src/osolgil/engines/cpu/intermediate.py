"""Spare Numba work on functions that are only linked into others, half of the time it compiles.

Numba finishes every function it meets: it optimises it together with all that it calls, and then makes machine code
of it, which nobody runs but those who call it from Python. Inside `linked_only` machine code is made for C functions
alone, whose names begin with "cfunc.". Nor is a function optimised on its own where it calls many others: its time
is spent in them, and what calls it optimises the whole once more. To leave out the others, too, would be felt: small
loops are best turned into vector code before they are linked.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

_MANY = 6  # other functions


@contextlib.contextmanager
def linked_only() -> Iterator[None]:
    """In this thread, functions compiled meanwhile can be linked into C functions but not called from Python."""
    from numba.core import codegen

    library: Any = codegen.JITCodeLibrary
    generator: Any = codegen.JITCPUCodegen
    if not _as_known(library, generator):
        yield
        return
    optimise, finish, pointer, set_environment = (
        library._optimize_final_module, library._finalize_final_module, library.get_pointer_to_function,
        generator.set_env,
    )  # fmt: skip
    compiling = threading.get_ident()

    def spared(own: Any) -> bool:
        return threading.get_ident() == compiling and not _has_c_function(own)

    def optimise_unless_many(own: Any) -> None:
        if not (spared(own) and len(set(own._linking_libraries)) >= _MANY):
            optimise(own)

    def finish_unless_spared(own: Any) -> None:
        if spared(own):
            own._finalize_dynamic_globals()
            own._finalized = True
        else:
            finish(own)

    def pointer_unless_spared(own: Any, name: str) -> int:
        own._ensure_finalized()
        return 0 if spared(own) else pointer(own, name)

    def environment_unless_compiling(own: Any, name: str, environment: Any) -> None:
        if threading.get_ident() != compiling:
            set_environment(own, name, environment)

    try:
        library._optimize_final_module = optimise_unless_many
        library._finalize_final_module = finish_unless_spared
        library.get_pointer_to_function = pointer_unless_spared
        generator.set_env = environment_unless_compiling
        yield
    finally:
        library._optimize_final_module = optimise
        library._finalize_final_module = finish
        library.get_pointer_to_function = pointer
        generator.set_env = set_environment


def _has_c_function(library: Any) -> bool:
    functions = library._final_module.functions
    return any(function.name.startswith("cfunc.") and not function.is_declaration for function in functions)


def _as_known(library: Any, generator: Any) -> bool:
    """Whether this version of Numba is built as the ones this was written for."""
    names = (
        "_optimize_final_module",
        "_finalize_final_module",
        "_finalize_dynamic_globals",
        "_ensure_finalized",
        "get_pointer_to_function",
    )
    return all(hasattr(library, name) for name in names) and hasattr(generator, "set_env")
