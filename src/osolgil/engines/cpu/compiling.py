"""Compile or load all that a fleet runs on; the first time, on two cores instead of one.

Numba compiles one function at a time, so a second process compiles the formulas, and the kernels that
evaluate, while this one compiles the kernel that trains; what it leaves in the cache is loaded here.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from osolgil.engines.cpu import cache, library
from osolgil.engines.cpu.fleet import Fleet, RunSetting, Task, outputs
from osolgil.errors import OsolgilError
from osolgil.formulas import catalog, own, wrapping
from osolgil.formulas.stages import stages_of
from osolgil.network import Network

_WORK = "from osolgil.engines.cpu.compiling import second_process; second_process()"


def compile_kernels(
    network: Network,
    task: Task,
    precision: str,
    optimizers: Sequence[str],
    activations: Sequence[str] = (),
    also: str | None = None,
) -> float:
    """Compile or load everything a fleet needs; returns the seconds it took.

    activations: others than the network's that will be needed. also: "module:function", which the second process
    calls with the precision, for kernels that a fleet does not need.
    """
    start = time.perf_counter()
    request = {
        "activations": sorted({*network.activations, *activations}),
        "loss": task.loss,
        "precision": precision,
        "optimizers": list(dict.fromkeys(optimizers)),
        "also": also,
    }
    named = [("optimizer", wrapping.innermost(name)) for name in request["optimizers"]]
    named += [("activation", name) for name in request["activations"]]
    request["formulas"] = own.facts_of([*named, ("loss", task.loss)])
    seals = _seals(request)
    if not all(seal.exists() for seal in seals):
        with _second_process(request):
            smallest_fleet(precision).advance(["sgd"], 0, workers=1)
    _compile_formulas(request)
    settings = RunSetting(optimizers[0], dict(catalog.optimizer(optimizers[0]).defaults), 0, 1)
    Fleet.create(network, task, [settings], 1, precision).advance([optimizers[0]], 0, workers=1)
    for seal in seals:
        with contextlib.suppress(OSError):
            seal.touch()
    return time.perf_counter() - start


def _seals(request: dict[str, Any]) -> list[Path]:
    """One for what every request needs, and one for each formula: what was compiled for another race is known."""
    parts = [("kernels", request["also"]), ("loss", request["loss"])]
    parts += [(kind, name) for kind in ("optimizers", "activations") for name in request[kind]]
    texts = request["formulas"]
    return [cache.seal(json.dumps([*part, request["precision"], texts.get(part[1])])) for part in parts]


def usable_cores() -> int:
    """How many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def second_process() -> None:
    """What the second process does: it reads what is wanted as JSON, and leaves it in the cache."""
    request = json.load(sys.stdin)
    with contextlib.suppress(OsolgilError):  # the first process meets the same trouble, and tells of it
        own.restore(request["formulas"])
        _compile_formulas(request)
    fleet = smallest_fleet(request["precision"])
    fleet.measure(fleet.task.validation, workers=1)
    outputs(fleet.network, fleet.arrays["thetas"][0], fleet.arrays["runnings"][0], fleet.task.inputs)
    if request["also"]:
        module, _, function = request["also"].partition(":")
        getattr(importlib.import_module(module), function)(request["precision"])


def _compile_formulas(request: dict[str, Any]) -> None:
    precision = request["precision"]
    for name in request["optimizers"]:
        for stage in stages_of(catalog.optimizer(name)):
            library.stage(stage, precision)
    for name in request["activations"]:
        library.activation(catalog.activation(name), precision)
    library.loss(catalog.loss(request["loss"]), precision)


def smallest_fleet(precision: str) -> Fleet:
    """A fleet whose own formulas take no time to compile."""
    ones = np.ones((2, 1), precision)
    task = Task(ones, ones, np.arange(1), np.arange(1, 2), "squared_error")
    network = Network((1, 1), ("identity",))
    return Fleet.create(network, task, [RunSetting("sgd", {}, 0, 1)], 1, precision)


@contextlib.contextmanager
def _second_process(request: dict[str, Any]) -> Iterator[None]:
    """Another process beside the body; where none can be started, all is compiled here, which takes longer."""
    process = None
    if usable_cores() > 1:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        with contextlib.suppress(OSError):
            process = subprocess.Popen(
                [sys.executable, "-c", _WORK], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, text=True, env=environment, start_new_session=True,
            )  # fmt: skip
    if process is None or process.stdin is None:
        yield
        return
    with contextlib.suppress(OSError), process.stdin as pipe:
        pipe.write(json.dumps(request))
    try:
        yield
        process.wait()
    finally:
        process.kill()
        process.wait()
