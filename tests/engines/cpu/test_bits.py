"""The same run has the same bits on a processor with narrower vectors."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from osolgil.engines.cpu import cache

TRAIN = """
import hashlib
import numpy as np
from osolgil.engines.cpu import fleet
from osolgil.engines.cpu.kernels import layout
from osolgil.network import Network

random = np.random.default_rng(0)
inputs, classes = random.normal(size=(300, 20)), np.eye(5)[random.integers(0, 5, 300)]
digest = hashlib.sha256()
for precision, activation, normalization in (
    ("float32", "relu", None), ("float32", "tanh", None), ("float32", "gelu", "layer"),
    ("float64", "softplus", "batch"),
):
    network = Network((20, 48, 48, 5), (activation, activation, "identity"), normalization, normalization == "layer")
    rows = np.arange(300)
    task = fleet.Task(
        inputs.astype(precision), classes.astype(precision), rows[:250], rows[250:], "softmax_cross_entropy"
    )
    names = ["adam", "momentum", "adadelta"]
    runs = [fleet.RunSetting(name, {"learning_rate": 0.01}, 1, 32, dropout=0.2, clip_norm=1.0) for name in names]
    trained = fleet.Fleet.create(network, task, runs, 5, precision)
    trained.advance(names, 5, workers=2)
    assert (trained.runs[:, layout.STATUS] == layout.FINISHED).all()
    digest.update(trained.thetas.tobytes() + trained.histories.tobytes())
print(digest.hexdigest())
"""
NARROW = {
    "NUMBA_CPU_NAME": "haswell",
    "NUMBA_CPU_FEATURES": "+64bit,+avx,+avx2,+bmi,+bmi2,+cx16,+f16c,+fma,+lzcnt,+movbe,+popcnt,+sse,+sse2,+sse3,"
    "+sse4.1,+sse4.2,+ssse3",
}


def bits(**environment: str) -> str:
    source = str(Path(cache.__file__).parents[3])
    variables = {**os.environ, "PYTHONPATH": source, **environment}
    return subprocess.run(
        [sys.executable, "-c", TRAIN], env=variables, check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.long
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="names an x86 processor")
def test_vectors_half_as_wide_leave_every_bit_as_it_is(tmp_path):
    """AVX-512 and AVX2 sum in the same order: no sum is left to the width of the vectors."""
    assert bits() == bits(**NARROW, OSOLGIL_CACHE=str(tmp_path))
