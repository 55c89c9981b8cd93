"""The whole job on `digits`: which optimizer and learning rate, and the trained model; seconds to the answer.

All get the same rows in the same split, network, number of learning rates, epochs, batch size and cores. What
they differ in is how they search: osolgil's race, Optuna over a PyTorch loop, scikit-learn's successive halving.
scikit-learn has fewer optimizers: it is compared with a race of those. Seconds are those of a whole process, from
its start to its result on disk.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine

ROOT = Path(__file__).resolve().parent.parent
OPTIMIZERS = ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"]
SCIKIT_LEARNS = ("sgd", "momentum", "nesterov", "adam")
HALF_DECADES = [float(f"{10 ** (exponent / 2):.4g}") for exponent in range(-8, 1)]
"""Nine learning rates from 0.0001 to 1."""


@dataclass(frozen=True)
class Job:
    """What everyone is asked to do."""

    optimizers: list[str]
    learning_rates: dict[str, list[float]]
    """The grid of each optimizer."""
    hidden: list[int]
    epochs: int
    batch: int
    seeds: int
    cores: int
    pruner: str
    sampler: str


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        job = _job(arguments)
        split_to(folder)
        jobs: dict[str, dict[str, Any]] = {
            name: {"job": name, "title": title, "beside": beside} for name, (title, beside, _) in JOBS.items()
        }
        for repeat in range(arguments.repeats):
            for name in arguments.jobs:
                _once(jobs[name], JOBS[name][-1], job, folder, repeat)
        settings = asdict(job) | {"repeats": arguments.repeats}
        results = {"format": 1, **machine.describe(), "settings": settings}
        results["jobs"] = [jobs[name] for name in arguments.jobs]
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(results, indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time the whole job on digits beside peers.")
    parser.add_argument("--jobs", type=lambda text: text.split(","), default=list(JOBS))
    parser.add_argument("--optimizers", type=lambda text: text.split(","), default=OPTIMIZERS)
    parser.add_argument("--hidden", type=lambda text: [int(w) for w in text.split(",")], default=[64, 64])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--pruner", choices=("median", "halving"), default="median")
    parser.add_argument("--sampler", choices=("grid", "tpe"), default="grid")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/whole_job.json"))
    return parser.parse_args()


def _job(arguments: argparse.Namespace) -> Job:
    return Job(
        optimizers=arguments.optimizers,
        learning_rates=dict.fromkeys(arguments.optimizers, HALF_DECADES),
        hidden=arguments.hidden,
        epochs=arguments.epochs,
        batch=arguments.batch,
        seeds=arguments.seeds,
        cores=machine.cores(),
        pruner=arguments.pruner,
        sampler=arguments.sampler,
    )


def split_to(folder: Path) -> None:
    """The split that osolgil makes of digits, as plain arrays for the peers."""
    from osolgil import data

    digits = data.load("digits")
    arrays = {
        f"{name}_{kind}": getattr(getattr(digits, name), kind)
        for name in ("train", "validation", "test")
        for kind in ("inputs", "targets")
    }
    np.savez(folder / "digits.npz", **arrays)


def _once(
    record: dict[str, Any], run: Callable[..., dict[str, Any]], job: Job, folder: Path, repeat: int
) -> None:
    """One timed repeat; a job that cannot run here is recorded with the reason and not tried again."""
    if "skipped" in record:
        return
    began = time.monotonic()
    try:
        answer = run(job, folder, repeat)
    except (subprocess.CalledProcessError, OSError, KeyError) as problem:
        detail = getattr(problem, "stderr", None) or str(problem)
        record["skipped"] = str(detail).strip().splitlines()[-1]
        print(f"{record['job']:14} skipped: {record['skipped']}", flush=True)
        return
    seconds = time.monotonic() - began
    record.setdefault("seconds", []).append(seconds)
    for key in ("test_accuracy", "networks", "optimizers"):
        record.setdefault(key, []).append(answer.pop(key))
    record["detail"] = answer
    accuracy = record["test_accuracy"][-1]
    print(f"{record['job']:14} {seconds:7.1f} s  test {accuracy:.4f}  {answer}", flush=True)


def _environment(threads: int, **more: str) -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    return machine.environment(threads) | {"PYTHONPATH": path} | more


def _peer(module: str, job: Job, folder: Path, repeat: int, threads: int) -> dict[str, Any]:
    work = folder / f"{module}-{repeat}"
    work.mkdir()
    (work / "job.json").write_text(json.dumps(asdict(job)))
    subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", str(folder / "digits.npz"), str(work)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=_environment(threads),
    )
    return json.loads((work / "result.json").read_text())


def _optuna(job: Job, folder: Path, repeat: int) -> dict[str, Any]:
    return _peer("whole_job_optuna", job, folder, repeat, threads=1)


def _halving(job: Job, folder: Path, repeat: int) -> dict[str, Any]:
    return _peer("whole_job_halving", job, folder, repeat, threads=1)


def _osolgil(job: Job, folder: Path, cache: str, repeat: int) -> dict[str, Any]:
    """`osolgil race digits`; its compiled kernels live in the cache folder it is given."""
    output = folder / f"osolgil-{cache}-{repeat}"
    options = {
        "optimizers": ",".join(job.optimizers),
        "hidden": ",".join(map(str, job.hidden)),
        "epochs": job.epochs,
        "batch-size": job.batch,
        "seeds": job.seeds,
        "learning-rates": ",".join(f"{rate:g}" for rate in HALF_DECADES),
        "out": output,
    }
    flags = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    subprocess.run(
        [sys.executable, "-c", "from osolgil.cli import main; main()", "race", "digits", *flags],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
        env=_environment(job.cores, OSOLGIL_CACHE=str(folder / f"cache-{repeat}")),
    )
    verdict = json.loads((output / "verdict.json").read_text())
    return {
        "test_accuracy": verdict["test"]["winner"]["score"],
        "networks": verdict["work"]["runs"],
        "optimizers": len(job.optimizers),
        "recommended": verdict["recommended"],
        "ties": verdict["ties"],
        "eliminated": verdict["work"]["eliminated"],
        "seconds_inside": verdict["seconds"],
    }


def _cold(job: Job, folder: Path, repeat: int) -> dict[str, Any]:
    return _osolgil(job, folder, "cold", repeat)


def _warm(job: Job, folder: Path, repeat: int) -> dict[str, Any]:
    """The cache folder is the one the cold start of this repeat filled."""
    return _osolgil(job, folder, "warm", repeat)


def _fewer(job: Job, folder: Path, repeat: int) -> dict[str, Any]:
    """Only the optimizers that scikit-learn has."""
    has = [name for name in job.optimizers if name in SCIKIT_LEARNS]
    return _osolgil(replace(job, optimizers=has), folder, "fewer", repeat)


JOBS: dict[str, tuple[str, str, Callable[..., dict[str, Any]]]] = {
    "osolgil-cold": ("osolgil race, first start", "osolgil-warm", _cold),
    "osolgil-warm": ("osolgil race", "osolgil-warm", _warm),
    "optuna": ("Optuna + PyTorch", "osolgil-warm", _optuna),
    "osolgil-fewer": ("osolgil race, scikit-learn's optimizers", "osolgil-fewer", _fewer),
    "halving": ("scikit-learn HalvingGridSearchCV", "osolgil-fewer", _halving),
}
"""Title, whose seconds are its unit, and how it is run."""

if __name__ == "__main__":
    main()
