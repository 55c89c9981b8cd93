"""Scores of tables, methods and seeds as lines of JSON, so that a long measurement can be left and gone on with."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.tabular.methods import Method, score
from benchmarks.tabular.sets import Table, table

LIBRARIES = ("numpy", "scikit-learn", "torch", "pytabkit")
Record = dict[str, Any]


def measure(
    tables: list[str],
    methods: Mapping[str, Method],
    seed: int,
    records: Path,
    judge: Callable[[Table, np.ndarray], float] = score,
) -> None:
    """Measure what is not on record yet, one line each."""
    for name in tables:
        known = {(record["table"], record["method"], record["seed"]) for record in read(records)}
        rows = table(name, seed)
        for label, method in methods.items():
            if (name, label, seed) in known:
                continue
            start, wall = time.process_time(), time.perf_counter()
            value = judge(rows, method(rows, seed))
            record = {
                "table": name, "method": label, "seed": seed, "score": value,
                "cpu_seconds": time.process_time() - start, "seconds": time.perf_counter() - wall,
                "versions": versions(),
            }  # fmt: skip
            write(records, record)
            print(f"{name} {label} seed {seed}: {value:.4f} in {record['cpu_seconds']:.1f} s", flush=True)


def write(records: Path, record: Record) -> None:
    """Add a record."""
    with records.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def read(records: Path) -> list[Record]:
    """Every record; none where there is no file."""
    if not records.exists():
        return []
    return [json.loads(line) for line in records.read_text("utf-8").splitlines() if line]


def versions() -> dict[str, str]:
    """Versions of what takes part here."""
    return {"Python": platform.python_version(), **machine.installed(LIBRARIES)}


def of_kind(records: list[Record], name: str, method: str) -> dict[int, float]:
    """Score by seed."""
    return {r["seed"]: r["score"] for r in records if r["table"] == name and r["method"] == method}
