"""Images of machine code: they answer as what LLVM loads does, and need neither LLVM nor writable code."""

import ctypes
import platform
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osolgil.engines.cpu import cache, linking, objects

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64", reason="images are made of ELF for x86-64"
)

# A table of constants, a call of the C library, memory of Numba's, and an error, which needs a variable.
TEXT = """
import math
import numpy as np
from numba import carray, cfunc
from .kernels.intrinsics import float64_pointer

@cfunc("float64(int64, int64)")
def waves(values, count):
    x = carray(float64_pointer(values), count)
    weights = np.array([0.5, -1.5, 2.5, 4.0])
    total = 0.0
    for i in range(count):
        total += math.sin(x[i]) * weights[i % 4] + x[i] ** 3
    return total

@cfunc("float64(int64, int64)")
def shaped(values, count):
    return np.zeros((count, count)).reshape(-1, count + values)[0, 0]
"""

WITHOUT = """
import sys
from pathlib import Path
from osolgil.engines.cpu import objects
objects.load(Path(sys.argv[1]))
print("llvmlite" in sys.modules)
"""


@pytest.fixture(scope="module")
def functions():
    with cache.linked_only():
        module = cache.module("waves", TEXT)
    return {"waves": module.waves, "shaped": module.shaped}


@pytest.fixture(scope="module")
def file(functions, tmp_path_factory):
    path = tmp_path_factory.mktemp("linking") / "waves.code"
    path.write_bytes(objects.pack(functions))
    assert b'"image"' in path.read_bytes().partition(b"\n")[0]
    return path


def called(address, values):
    run = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_int64] * 2)(address)
    return run(values.ctypes.data, len(values))


def test_an_image_answers_as_what_llvm_loads(functions, file, tmp_path, monkeypatch):
    monkeypatch.setattr(linking, "linked", lambda codes: None)
    other = tmp_path / "by_llvm.code"
    other.write_bytes(objects.pack(functions))
    assert b'"image"' not in other.read_bytes().partition(b"\n")[0]
    values = np.random.default_rng(0).normal(size=1001) * 100
    image, by_llvm = (objects.load(path)["waves"] for path in (file, other))
    assert image != by_llvm
    assert called(image, values) == called(by_llvm, values)
    expected = (np.sin(values) * np.resize([0.5, -1.5, 2.5, 4.0], 1001) + values**3).sum()
    assert called(image, values) == pytest.approx(expected, rel=1e-12)


def test_it_is_loaded_without_llvm(file):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, str(file)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False"]


def test_nothing_that_can_be_run_can_be_written(file):
    address = objects.load(file)["waves"]
    for line in Path("/proc/self/maps").read_text().splitlines():
        start, stop, allowed = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
        if int(start, 16) <= address < int(stop, 16):
            assert allowed == "r-xp"
            return
    pytest.fail("the image is nowhere in memory")


def test_the_kernel_that_trains_is_an_image():
    from osolgil.engines.cpu.compiling import smallest_fleet

    smallest_fleet("float32").advance(["sgd"], 1, workers=1)
    files = list(cache.package_folder().glob("training_work_*.code"))
    assert files
    assert all(b'"image"' in path.read_bytes().partition(b"\n")[0] for path in files)


def test_an_unknown_symbol_or_refused_memory_is_no_crash(file, monkeypatch):
    import json

    head, _, body = file.read_bytes().partition(b"\n")
    facts = json.loads(head)["image"]
    assert linking.load(body, facts, lambda symbol: None) is None

    class Strict:
        mmap, munmap = linking._system().mmap, linking._system().munmap

        @staticmethod
        def mprotect(*_):
            return -1

    monkeypatch.setattr(linking, "_system", Strict)
    assert linking.load(body, facts, objects._address_of) is None


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_strange_objects_are_left_to_llvm(functions, data):
    code = bytearray(functions["waves"]._library._get_compiled_object())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.one_of(st.integers(0, 63), st.integers(0, len(code) - 1)))
        code[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(code)), st.integers(0, len(code))))
    found = linking.linked({"waves": (functions["waves"].native_name, bytes(code[:cut]))})
    assert found is None or isinstance(found, linking.Image)
    assert linking.linked({"waves": ("another", bytes(code))}) is None
