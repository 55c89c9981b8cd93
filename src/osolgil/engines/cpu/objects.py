"""Machine code in files: what Numba compiled once is loaded without Numba, whose import alone takes most of a second.

A file holds the object code of some C functions after one line of JSON: their symbols, where each lies, what
they need from outside, and a checksum. LLVM ends the process where a symbol is missing, so a file is only loaded
where every one is known; otherwise, and where a file is damaged, it counts as missing and is compiled anew.
"""

from __future__ import annotations

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

_HELPERS = {
    "numba._helperlib": "numba_",
    "numba._dynfunc": "numba_",
    "numba.core.runtime._nrt_python": "NRT_",
}
_loading = threading.RLock()


def pack(functions: Mapping[str, Any]) -> bytes:
    """The content of a file for functions that Numba's cfunc compiled, by name."""
    codes, facts, place = [], {}, 0
    for name, function in functions.items():
        library = function._library
        code = library._get_compiled_object()
        module = library._final_module
        outside = [
            value.name for value in (*module.functions, *module.global_variables) if value.is_declaration
        ]
        facts[name] = {
            "symbol": function.native_name,
            "place": place,
            "size": len(code),
            "outside": [symbol for symbol in outside if not symbol.startswith("llvm.")],
        }
        codes.append(code)
        place += len(code)
    body = b"".join(codes)
    head = json.dumps({"checksum": hashlib.sha256(body).hexdigest(), "functions": facts})
    return head.encode() + b"\n" + body


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
        engine = _engine()
        import llvmlite.binding

        for function in facts["functions"].values():
            if any(llvmlite.binding.address_of_symbol(symbol) is None for symbol in function["outside"]):
                return None
            code = body[function["place"] : function["place"] + function["size"]]
            engine.add_object_file(llvmlite.binding.ObjectFileRef.from_data(code))
        engine.finalize_object()
        return {
            name: engine.get_function_address(function["symbol"])
            for name, function in facts["functions"].items()
        }


@functools.cache
def _engine() -> Any:
    """LLVM's loader, which knows what compiled code needs from Numba: memory, and a way to raise errors."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    for name, prefix in _HELPERS.items():
        for helper, address in getattr(_extension(name), "c_helpers", {}).items():
            llvm.add_symbol(helper if helper.startswith("_") else prefix + helper, address)
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
