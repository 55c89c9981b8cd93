"""What benchmarks say of memory is of the process they measure."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks import machine

ROOT = Path(__file__).resolve().parents[2]


def test_the_peak_is_of_the_process_that_runs():
    """Not of the one that started it, which `getrusage` takes into account."""
    code = "from benchmarks import machine; print(machine.peak_memory())"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    filled = np.ones(40_000_000)  # 305 MiB
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert machine.peak_memory() > filled.nbytes > int(done.stdout) > 2**20
