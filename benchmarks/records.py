"""Scores by table, method and seed in one sorted CSV file, so that a long measurement can be left and gone on with.

Several processes may measure at once with the same file: each adds a line under a lock. Comments above the lines say
once which versions measured; the last column numbers them.
"""

from __future__ import annotations

import csv
import fcntl
import io
import platform
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import machine
from osolgil.files import write_text

LIBRARIES = ("osolgil", "numpy", "scikit-learn", "torch", "pytabkit")
RESULTS = Path(__file__).parent / "results"
_COLUMNS = ("table", "method", "seed", "score", "cpu_seconds", "versions")


@dataclass(frozen=True, order=True)
class Record:
    """What a method reached on a table with a seed, in how many seconds of processor time, with which versions."""

    table: str
    method: str
    seed: int
    score: float
    cpu_seconds: float
    versions: str = ""


def read(path: Path) -> list[Record]:
    """Every record, sorted; none where there is no file."""
    if not path.exists():
        return []
    lines = path.read_text("utf-8").splitlines()
    versions = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return sorted(
        Record(
            row["table"], row["method"], int(row["seed"]), float(row["score"]), float(row["cpu_seconds"]),
            versions[row["versions"]],
        )
        for row in rows
    )  # fmt: skip


def add(path: Path, *new: Record) -> None:
    """Put records into the file; what it says already of the same table, method and seed is replaced."""
    with _locked(path):
        found = {(old.table, old.method, old.seed): old for old in (*read(path), *new)}
        write_text(path, _text(sorted(found.values())))


def measure(path: Path, table: str, method: str, seed: int, score: Callable[[], float]) -> None:
    """Call `score` and put down what it gives and takes, unless that is on record."""
    if seed in scores(read(path), table, method):
        return
    start = time.process_time()
    value = score()
    record = Record(
        table, method, seed, round(value, 6), round(time.process_time() - start, 2), versions_here()
    )
    add(path, record)
    print(f"{table} {method} seed {seed}: {value:.4f} in {record.cpu_seconds:.1f} s", flush=True)


def versions_here() -> str:
    """Versions of what takes part here."""
    found = {"Python": platform.python_version(), **machine.installed(LIBRARIES)}
    return ", ".join(f"{name} {version}" for name, version in found.items())


def scores(records: Iterable[Record], table: str, method: str) -> dict[int, float]:
    """Score by seed."""
    return {r.seed: r.score for r in records if r.table == table and r.method == method}


def differences(first: dict[int, float], second: dict[int, float]) -> np.ndarray:
    """first less second, seed by seed, of the seeds that both have."""
    return np.array([first[seed] - second[seed] for seed in sorted(first.keys() & second.keys())])


def told(values: np.ndarray, digits: int = 2) -> str:
    """Mean ± standard error of paired differences; bold where it is more than two of them from 0."""
    if not len(values):
        return "–"
    mean = values.mean()
    if len(values) == 1:
        return f"{mean:+.{digits}f}"
    error = values.std(ddof=1) / np.sqrt(len(values))
    text = f"{mean:+.{digits}f} ± {error:.{digits}f}"
    return f"**{text}**" if abs(mean) > 2 * error else text


def _text(records: list[Record]) -> str:
    numbers = {versions: str(n) for n, versions in enumerate(sorted({r.versions for r in records}), start=1)}
    lines = io.StringIO()
    for versions, number in numbers.items():
        lines.write(f"# {number}: {versions}\n")
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for r in records:
        writer.writerow((r.table, r.method, r.seed, r.score, r.cpu_seconds, numbers[r.versions]))
    return lines.getvalue()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.with_suffix(".lock.tmp").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
