"""What the numbers were measured on: processor, cores, library versions, date."""

from __future__ import annotations

import contextlib
import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

LIBRARIES = ("osolgil", "numpy", "scipy", "numba", "scikit-learn", "torch", "jax", "jaxlib", "optax",
             "keras", "optuna", "skorch")  # fmt: skip


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def peak_memory() -> int:
    """The most memory this process has held so far, in bytes, libraries included.

    Linux says it of the program as it runs; what it counts for `getrusage` is of the process that started it, too.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if platform.system() == "Darwin" else peak * 1024


def processor() -> str:
    """The processor's model name."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """Installed version of each library that takes part; those absent are left out."""
    return {"python": platform.python_version(), **installed(LIBRARIES)}


def installed(libraries: Iterable[str]) -> dict[str, str]:
    """Versions of those libraries that are installed."""
    found = {}
    for name in libraries:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def describe(pinned_kernels: bool = False) -> dict[str, object]:
    """Machine, versions and date, as written into every result file."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": {
            "processor": processor(),
            "cores": cores(),
            "memory_gib": round(memory),
            "system": platform.system(),
            "load_before": round(os.getloadavg()[0], 2),
        },
        "openblas": openblas(pinned_kernels),
        "versions": versions(),
    }


PINNED_KERNELS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
"""Where set, they hold OpenBLAS to one kind of kernels: AVX2 ones halved sgemm on an AVX-512 machine."""


def environment(threads: int, *, pinned_kernels: bool = False) -> dict[str, str]:
    """This process's variables, with thread counts for every numerical library.

    OpenBLAS chooses its kernels by the processor, as it does for any user, unless `pinned_kernels` keeps what
    the shell has pinned. PyTorch and XLA bring their own kernels, so a pin handicaps only users of OpenBLAS.
    Python keeps its compiled files, as it does for any user, whatever the shell says: else those who are installed
    with them start sooner than those who run from their sources.
    """
    left_out = {"PYTHONDONTWRITEBYTECODE", *(() if pinned_kernels else PINNED_KERNELS)}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    counts = {f"{name}_NUM_THREADS": str(threads) for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
    return kept | counts


def openblas(pinned_kernels: bool) -> dict[str, object]:
    """Which kernels OpenBLAS takes in the processes measured, and what the shell had pinned."""
    question = (
        "import json, numpy, threadpoolctl as pools; "
        "print(json.dumps([pool.get('architecture', 'unknown') for pool in pools.threadpool_info()]))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", question],
        capture_output=True,
        text=True,
        check=True,
        env=environment(1, pinned_kernels=pinned_kernels),
    )
    pinned = {name: os.environ[name] for name in PINNED_KERNELS if name in os.environ}
    return {
        "kernels": json.loads(answer.stdout),
        "pinned_in_shell": pinned,
        "pins_kept": pinned_kernels,
    }


def thread_counts(mode: str, available: int) -> list[int]:
    """One run may be faster on one thread than on all, so try both; many have a process per core."""
    return [1] if mode == "many" else sorted({1, available})
