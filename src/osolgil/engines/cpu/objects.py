"""Machine code in files: what Numba compiled once is loaded without Numba, whose import alone takes most of a second.

After one line of JSON, which has a checksum, a file holds an image of some C functions (see `linking`), or, where
none could be made, their object code for LLVM to load: their symbols, where each lies, and what they need from
outside. LLVM ends the process where a symbol is missing, so a file is only loaded where every one is known;
otherwise, and where a file is damaged, it counts as missing and is compiled anew.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib.machinery
import importlib.util
import json
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from osolgil.engines.cpu import linking

_HELPERS = {
    "numba._helperlib": "numba_",
    "numba._dynfunc": "numba_",
    "numba.core.runtime._nrt_python": "NRT_",
}
_loading = threading.RLock()
_engines: list[Any] = []  # they keep the code they loaded


def pack(functions: Mapping[str, Any]) -> bytes:
    """The content of a file for functions that Numba's cfunc compiled, by name."""
    codes = {
        name: (function.native_name, function._library._get_compiled_object())
        for name, function in functions.items()
    }
    image = linking.linked(codes)
    if image is not None:
        return _file(bytes(image.content), {"image": image.facts()})
    facts, place = {}, 0
    for name, (symbol, code) in codes.items():
        outside = _outside(functions[name]._library._final_module)
        facts[name] = {"symbol": symbol, "place": place, "size": len(code), "outside": outside}
        place += len(code)
    return _file(b"".join(code for _, code in codes.values()), {"functions": facts})


def _file(body: bytes, facts: Mapping[str, Any]) -> bytes:
    head = json.dumps({"checksum": hashlib.sha256(body).hexdigest(), **facts})
    return head.encode() + b"\n" + body


def _outside(module: Any) -> list[str]:
    """The symbols that a module in LLVM's words takes from elsewhere."""
    declared = [value.name for value in (*module.functions, *module.global_variables) if value.is_declaration]
    return [symbol for symbol in declared if not symbol.startswith("llvm.")]


def load(path: Path) -> dict[str, int] | None:
    """Addresses of the functions in a file; None where it is missing or damaged, or needs what is not here."""
    try:
        head, _, body = path.read_bytes().partition(b"\n")
        facts = json.loads(head)
    except (OSError, ValueError):
        return None
    if hashlib.sha256(body).hexdigest() != facts["checksum"]:
        return None
    with _loading:
        if "image" in facts:
            return linking.load(body, facts["image"], _address_of)
        return _load_by_llvm(body, facts["functions"])


def _load_by_llvm(body: bytes, functions: Mapping[str, Any]) -> dict[str, int] | None:
    import llvmlite.binding

    engine = _engine()
    for function in functions.values():
        if any(llvmlite.binding.address_of_symbol(symbol) is None for symbol in function["outside"]):
            return None
        code = body[function["place"] : function["place"] + function["size"]]
        engine.add_object_file(llvmlite.binding.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines.append(engine)
    return {name: engine.get_function_address(function["symbol"]) for name, function in functions.items()}


def _address_of(symbol: str) -> int | None:
    """Address of a function or variable of Numba's helpers, of Python or of the C library."""
    known = _helpers().get(symbol)
    if known is not None:
        return known
    found = getattr(ctypes.CDLL(None), symbol, None)
    return None if found is None else ctypes.cast(found, ctypes.c_void_p).value


@functools.cache
def _helpers() -> dict[str, int]:
    """What compiled code needs from Numba: memory, and a way to raise errors."""
    return {
        helper if helper.startswith("_") else prefix + helper: address
        for name, prefix in _HELPERS.items()
        for helper, address in getattr(_extension(name), "c_helpers", {}).items()
    }


def _engine() -> Any:
    """A loader of LLVM's, which is told what compiled code needs from Numba.

    Each file needs its own: of two functions of one name in a loader LLVM takes the first, and Numba numbers names
    anew in every process.
    """
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    for symbol, address in _helpers().items():
        llvm.add_symbol(symbol, address)
    machine = llvm.Target.from_default_triple().create_target_machine(jit=True)
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


def _extension(name: str) -> ModuleType:
    """An extension module of Numba's without the package around it."""
    if name in sys.modules:
        return sys.modules[name]
    package = importlib.util.find_spec("numba")
    if package is None or package.submodule_search_locations is None:
        raise ImportError("numba is not installed")
    base = Path(package.submodule_search_locations[0]).joinpath(*name.split(".")[1:])
    for suffix in importlib.machinery.EXTENSION_SUFFIXES:
        path = base.with_name(base.name + suffix)
        if path.exists():
            loader = importlib.machinery.ExtensionFileLoader(name, str(path))
            module = importlib.util.module_from_spec(
                importlib.machinery.ModuleSpec(name, loader, origin=str(path))
            )
            loader.exec_module(module)
            return module
    raise ImportError(f"{base} is not there")
