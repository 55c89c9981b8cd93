"""Where compiled kernels live: a folder named by the hash of everything they are made of.

The kernels' sources, the versions of Python, NumPy and Numba, and the processor name the folder; the text of
a compiled formula names its file. So an edit always compiles anew, and nothing else ever does.
"""

import contextlib
import functools
import hashlib
import importlib
import importlib.util
import os
import platform
import sys
import tempfile
import threading
from pathlib import Path
from types import ModuleType

from osolgil.engines.cpu import objects
from osolgil.engines.cpu.intermediate import linked_only
from osolgil.errors import OutputError

_importing = threading.RLock()
_KERNELS = Path(__file__).parent / "kernels"
_MORE_THAN_ONE = 16_384  # letters about processors: Linux asks each one for its speed as it is read
_OF_A_PROCESSOR = {
    "vendor_id", "cpu family", "model", "model name", "stepping", "flags",
    "Features", "CPU implementer", "CPU architecture", "CPU variant", "CPU part", "CPU revision",
}  # fmt: skip


def cache_folder() -> Path:
    """The folder for caches: OSOLGIL_CACHE if set, else the user's own cache folder."""
    import platformdirs

    return Path(os.environ.get("OSOLGIL_CACHE") or platformdirs.user_cache_dir("osolgil"))


@functools.cache
def package() -> str:
    """Import the kernels from their cache folder, made first where missing; returns the package's name."""
    sources = {path.name: path.read_text("utf-8") for path in sorted(_KERNELS.glob("*.py"))}
    made_of = [
        platform.python_version(),
        _numba_version(),
        _numpy_version(),
        _processor(),
        *sources.values(),
    ]
    name = "osolgil_kernels_" + _digest(*made_of)
    folder = _writable(cache_folder() / "kernels") / name
    for file, text in sources.items():
        write_once(folder / "kernels" / file, text)
    write_once(folder / "__init__.py", "")
    _import(name, folder / "__init__.py", [str(folder)])
    return name


def package_folder() -> Path:
    """Where the package and everything compiled for it lie."""
    return Path(sys.modules[package()].__path__[0])


def module(name: str, text: str | None = None) -> ModuleType:
    """A module of the cached package: a kernel by its name, or a generated one from its text.

    One thread imports at a time, so that no other sees a module whose functions are still being compiled.
    """
    with _importing:
        base = package()
        if text is None:
            return importlib.import_module(f"{base}.{name}")
        name = f"{name}_{_digest(text)}"
        full = f"{base}.{name}"
        if full in sys.modules:
            return sys.modules[full]
        path = package_folder() / f"{name}.py"
        write_once(path, text)
        return _import(full, path)


def compiled(name: str, text: str) -> dict[str, int]:
    """Addresses of the C functions that a generated module compiles, by their names there."""
    with _importing:
        return _compiled(name, text)


@functools.cache
def _compiled(name: str, text: str) -> dict[str, int]:
    path = package_folder() / f"{name}_{_digest(text)}.code"
    known = objects.load(path)
    if known is not None:
        return known
    with linked_only():
        made = vars(module(name, text))
    functions = {key: value for key, value in made.items() if hasattr(value, "native_name")}
    _write(path, objects.pack(functions))
    return {key: function.address for key, function in functions.items()}


def seal(request: str) -> Path:
    """The file whose presence says that all a request asks for was compiled once.

    It saves starting a process in vain, and vouches for nothing: an edited formula is compiled all the same.
    """
    return package_folder() / f"compiled_{_digest(request)}"


def write_once(path: Path, text: str) -> None:
    """Write a file whose content is known by its name: complete or not at all, never twice."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, text.encode())


def _write(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(temporary, path)


def _writable(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        return folder
    except OSError:
        if os.environ.get("OSOLGIL_CACHE"):
            raise OutputError(
                f"The cache folder OSOLGIL_CACHE={folder} cannot be written; name another."
            ) from None
        return Path(tempfile.mkdtemp(prefix="osolgil-kernels-"))


def _import(name: str, path: Path, search: list[str] | None = None) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=search)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot import {path}")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded
    try:
        spec.loader.exec_module(loaded)
    except BaseException:
        del sys.modules[name]
        raise
    return loaded


def _digest(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()[:16]


def _numpy_version() -> str:
    import numpy

    return numpy.__version__


def _numba_version() -> str:
    """What Numba's file says of its version, which is found much faster than the package's facts."""
    found = importlib.util.find_spec("numba")
    if found is not None and found.origin is not None:
        with contextlib.suppress(OSError):
            return Path(found.origin).with_name("_version.py").read_text("utf-8")
    from importlib.metadata import version

    return version("numba")


def _processor() -> str:
    """What decides the machine code that LLVM writes here: processor and instructions."""
    asked = [os.environ.get(name, "") for name in ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES")]
    return "\n".join([*asked, _described_by_system() or _described_by_llvm()])


def _described_by_system() -> str:
    """Linux's words for the first processor, nothing where it has none."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return _described(file.read(_MORE_THAN_ONE))
    except OSError:
        return ""


def _described(text: str) -> str:
    """Of the facts of processors, the first one's that differ neither between moments nor between cores."""
    facts = [line.partition(":") for line in text.split("\n\n")[0].splitlines()]
    kept = {name.strip(): value.strip() for name, _, value in facts if name.strip() in _OF_A_PROCESSOR}
    listed = "flags" in kept or "Features" in kept
    return "\n".join(f"{name}: {value}" for name, value in kept.items()) if listed else ""


def _described_by_llvm() -> str:
    import llvmlite.binding

    name = llvmlite.binding.get_host_cpu_name()
    return f"{name} {llvmlite.binding.get_host_cpu_features().flatten()}"
