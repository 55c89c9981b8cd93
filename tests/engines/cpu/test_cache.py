"""The kernel cache: never stale, never compiling twice, and never in another process's way."""

import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from osolgil.engines.cpu import cache
from osolgil.errors import OutputError

SOURCE = Path(cache.__file__).parents[3]

FORMULA = """
from osolgil.formulas._vocabulary import where

def twice(x):
    return {factor} * x

def slope(x):
    return where(x == x, {factor}, x)
"""

COMPILE = """
import sys, importlib, ctypes
from pathlib import Path
import numpy as np
from numba.core import event
from osolgil.engines.cpu import library
from osolgil.formulas.catalog import Activation

sys.path.insert(0, {folder!r})
sys.dont_write_bytecode = True
passes = event.RecordingListener()
event.register("numba:run_pass", passes)

def value_at_one(module):
    row = Activation(name="twice", title="", formula=module.twice, slope=module.slope, paper="", year=2000)
    run = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_int64] * 3)(library.activation(row, "float32"))
    x, y = np.ones(1, "float32"), np.zeros(1, "float32")
    run(x.ctypes.data, y.ctypes.data, 1)
    assert x[0] == y[0]
    return int(y[0])
"""

ONCE = """
import formula_to_edit
print(value_at_one(formula_to_edit), bool(passes.buffer))
"""

EDITED = """
import formula_to_edit
before = value_at_one(formula_to_edit)
path = Path(formula_to_edit.__file__)
path.write_text(path.read_text().replace("2.0", "3.0"))
print(before, value_at_one(importlib.reload(formula_to_edit)))
"""

TRAIN = """
import numpy as np
from osolgil.engines.cpu import compiling, fleet
from osolgil.network import Network
task = fleet.Task(
    np.ones((8, 3), "float32"), np.ones((8, 1), "float32"), np.arange(6), np.arange(6, 8), "squared_error"
)
compiling.compile_kernels(Network((3, 4, 1), ("relu", "identity")), task, "float32", ["adam", "sgd"])
print(sum(record[1].is_start for record in passes.buffer))
"""


def start(code: str, folder: Path, **environment: str) -> subprocess.Popen:
    text = textwrap.dedent(COMPILE.format(folder=str(folder))) + code
    variables = {**os.environ, "PYTHONPATH": str(SOURCE), **environment}
    return subprocess.Popen(
        [sys.executable, "-c", text], env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen) -> str:
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return output.strip()


def write_formula(folder: Path, factor: float = 2.0) -> None:
    (folder / "formula_to_edit.py").write_text(FORMULA.format(factor=factor))


def test_an_edited_formula_never_runs_stale(tmp_path):
    write_formula(tmp_path)
    assert finish(start(EDITED, tmp_path)) == "2 3"
    assert finish(start(ONCE, tmp_path)) == "3 False"
    write_formula(tmp_path, 2.0)
    assert finish(start(ONCE, tmp_path)) == "2 False"


def test_a_second_start_compiles_nothing(tmp_path):
    finish(start(TRAIN, tmp_path))
    assert finish(start(TRAIN, tmp_path)) == "0"


def test_two_processes_at_once_share_an_empty_cache(tmp_path):
    write_formula(tmp_path)
    empty = {"OSOLGIL_CACHE": str(tmp_path / "cache")}
    together = [start(ONCE, tmp_path, **empty) for _ in range(2)]
    assert [finish(process).split()[0] for process in together] == ["2", "2"]
    assert finish(start(ONCE, tmp_path, **empty)) == "2 False"
    assert not list((tmp_path / "cache").rglob("*.tmp"))


def test_a_home_that_cannot_be_written_is_no_obstacle(tmp_path):
    write_formula(tmp_path)
    (tmp_path / "file").write_text("no folder can be made under a file")
    nowhere = str(tmp_path / "file" / "home")
    variables = {"OSOLGIL_CACHE": "", "XDG_CACHE_HOME": nowhere, "HOME": nowhere, "LOCALAPPDATA": nowhere}
    assert finish(start(ONCE, tmp_path, TMPDIR=str(tmp_path), **variables)) == "2 True"
    assert list(tmp_path.glob("osolgil-kernels-*"))


def test_a_chosen_cache_that_cannot_be_written_is_said_so(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("OSOLGIL_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(OutputError, match=r"OSOLGIL_CACHE=.*cannot be written; name another"):
        cache._writable(cache.cache_folder() / "kernels")


def test_a_file_is_written_whole_and_once(tmp_path):
    path = tmp_path / "deep" / "name.py"
    cache.write_once(path, "first")
    cache.write_once(path, "second")
    assert path.read_text() == "first"
    assert [entry.name for entry in path.parent.iterdir()] == ["name.py"]


def test_a_broken_module_is_not_remembered():
    with pytest.raises(ZeroDivisionError):
        cache.module("broken", "1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        cache.module("broken", "1 / 0\n")


def test_threads_see_only_finished_modules():
    text = "import time\ntime.sleep(0.2)\nvalue = object()\n"
    with ThreadPoolExecutor(4) as threads:
        values = set(threads.map(lambda _: cache.module("slow", text).value, range(4)))
    assert len(values) == 1


def test_folder_is_named_by_what_kernels_are_made_of(monkeypatch):
    names = {
        cache._digest("a", "b"),
        cache._digest("ab"),
        cache._digest("b", "a"),
        cache._digest("a", "b", ""),
    }
    assert len(names) == 4
    assert cache.package().startswith("osolgil_kernels_")


def test_the_folder_is_named_by_the_processor_but_by_no_moment():
    words = (
        "processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu avx2\ncpu MHz\t\t: 2000.0\n\nprocessor\t: 1\n"
    )
    found = cache._described(words)
    assert found == cache._described(
        words.replace("2000.0", "3100.5").replace("processor\t: 0", "processor\t: 7")
    )
    assert found != cache._described(words.replace("avx2", "avx512f"))
    assert cache._described("processor: 0\nmodel name: unknown\n") == ""  # then LLVM is asked
