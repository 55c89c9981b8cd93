"""Machine code in files: loaded without Numba, refused where damaged; kernels called with one table of arguments."""

import ctypes
import subprocess
import sys

import numpy as np
import pytest

from osolgil.engines.cpu import cache, calling, objects

TEXT = """
import numpy as np
from numba import carray, cfunc
from .kernels.intrinsics import float64_pointer

@cfunc("float64(int64, int64)")
def total(values, count):
    copy = carray(float64_pointer(values), count).copy()
    return copy.sum()
"""

LOAD = """
import ctypes, sys
import numpy as np
from pathlib import Path
from osolgil.engines.cpu import objects
address = objects.load(Path(sys.argv[1]))["total"]
values = np.arange(5.0)
print(ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_int64] * 2)(address)(values.ctypes.data, 5), "numba" in sys.modules)
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A file with one function that needs memory of Numba's."""
    with cache.linked_only():
        function = cache.module("total", TEXT).total
    path = tmp_path_factory.mktemp("objects") / "total.code"
    path.write_bytes(objects.pack({"total": function}))
    return path


def test_another_process_runs_it_without_numba(file):
    done = subprocess.run([sys.executable, "-c", LOAD, str(file)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["10.0", "False"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: b"",
        lambda content: b"no json\n" + content,
        lambda content: content.replace(b'"NRT_', b'"XYZ_', 1),
    ],
)
def test_a_damaged_file_counts_as_missing(file, tmp_path, damage):
    path = tmp_path / "total.code"
    path.write_bytes(damage(file.read_bytes()))
    assert objects.load(path) is None
    assert objects.load(tmp_path / "nothing.code") is None


def test_a_damaged_file_in_the_cache_is_compiled_anew(tmp_path):
    text = TEXT + "\n# damaged\n"
    first = cache.compiled("total", text)
    path = next(cache.package_folder().glob(f"total_{cache._digest(text)}.code"))
    path.write_bytes(path.read_bytes()[:-9])
    cache._compiled.cache_clear()
    assert set(cache.compiled("total", text)) == set(first) == {"total"}
    assert objects.load(path) is not None


def test_a_kernel_takes_arrays_and_numbers_by_one_table():
    from osolgil.engines.cpu import fleet
    from osolgil.network import Network

    network = Network((2, 3), ("identity",))
    theta = network.initial(0, "float64")
    inputs = np.random.default_rng(0).normal(size=(7, 2))
    layer = network.unpack(theta)[0]
    found = fleet.outputs(network, theta, network.initial_running("float64"), inputs)
    np.testing.assert_allclose(found, inputs @ layer["weight"] + layer["bias"], rtol=1e-12)


def test_only_whole_arrays_are_taken():
    with pytest.raises(ValueError, match="C-contiguous"):
        calling.call("training.outputs_of", np.ones((4, 4))[:, ::2])


PACK = """
import sys
from pathlib import Path
from numba import cfunc, njit
from osolgil.engines.cpu import linking, objects
linking.linked = lambda codes: None  # as where LLVM loads what was compiled

@njit("float64(int64)")
def paths(steps):
    return SUMMAND if steps < 2 else paths(steps - 1) + paths(steps - 2)

@cfunc("float64(int64)")
def run(steps):
    return paths(steps)

Path(sys.argv[1]).write_bytes(objects.pack({"run": run}))
"""


def test_functions_of_one_name_from_two_processes_stay_apart(tmp_path):
    answers = {}
    for summand in (1.0, 2.0):
        path = tmp_path / f"{summand}.code"
        text = PACK.replace("SUMMAND", str(summand))
        subprocess.run([sys.executable, "-c", text, str(path)], capture_output=True, check=True)
        loaded = objects.load(path)
        assert loaded is not None
        answers[summand] = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64)(loaded["run"])(5)
    assert answers == {1.0: 8.0, 2.0: 16.0}
