"""Estimators beside their peers: `python -m benchmarks.estimators` writes benchmarks/results/estimators.md.

The same rows, network, optimizer, batch size and epochs; seconds to fit, to predict one row and 10,000 rows, and the
peak of memory, each peer in a process of its own, in turn.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.estimator_peers import PEERS
from benchmarks.ratios import figures, paired_ratio, spread

ROOT = Path(__file__).parents[1]
TASKS: dict[str, dict[str, Any]] = {
    "digits": {"hidden": [64, 64], "batch": 64, "epochs": 30},
    "california-housing": {"hidden": [64, 64], "batch": 64, "epochs": 5},
    "adult": {"hidden": [64, 64], "batch": 128, "epochs": 5},
    "fashion-mnist": {"hidden": [256, 128, 100], "batch": 128, "epochs": 2},
}
ABOUT = """\
ReLU, Adam at 0.001, Glorot-uniform first weights (each library's own draw), the same epochs and batch size, float32
rows that osolgil prepared; nobody stops early. *fit* is the fastest of the fits that three seconds hold, after a
first one that imports and compiles; *one row* the median, *10,000 rows* the fastest of a second of `predict`. Times
are medians of the rounds, in which the peers took turns; every peer ran with one thread and with all, and the better
counts. Behind each time stands the peer's ÷ osolgil's, round by round (above 1: osolgil is faster). *memory* is the
peak of the whole process after fit, libraries and rows included; in brackets what fit added to it."""


def main() -> None:
    options = _options()
    cells: dict[tuple[str, str], list[dict[str, Any]]] = {}
    if options.json is not None and options.json.exists():
        cells = {(task, peer): found for task, peer, found in json.loads(options.json.read_text("utf-8"))}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name in options.tasks:
            place = write_task(name, Path(folder))
            for _ in range(options.rounds):
                for peer in options.peers:
                    cells.setdefault((name, peer), []).append(measured(peer, place))
                    print(name, peer, json.dumps(cells[name, peer][-1]), flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps([[*key, found] for key, found in cells.items()]), "utf-8")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(page(cells), "utf-8")
    print(f"wrote {options.out}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=lambda text: text.split(","), default=list(TASKS))
    parser.add_argument("--peers", type=lambda text: text.split(","), default=list(PEERS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "estimators.md")
    parser.add_argument(
        "--json", type=Path, default=None, help="what was measured is added here, to go on with"
    )
    return parser.parse_args()


def write_task(name: str, folder: Path) -> Path:
    """The rows of a task, prepared once for all peers."""
    import osolgil

    data = osolgil.load(name)
    classes = len(data.class_names) if data.class_names else 0
    parts = {"train": [data.train, data.validation], "test": [data.test]}
    arrays = {}
    for part, splits in parts.items():
        targets = np.concatenate([split.targets for split in splits])
        arrays[f"{part}_inputs"] = np.concatenate([split.inputs for split in splits])
        arrays[f"{part}_targets"] = targets if classes else targets.ravel()
    facts = {**TASKS[name], "classes": classes, "inputs": arrays["train_inputs"].shape[1]}
    place = folder / name
    place.mkdir()
    (place / "facts.json").write_text(json.dumps(facts), "utf-8")
    for key, values in arrays.items():
        np.save(place / f"{key}.npy", values)
    return place


def measured(peer: str, place: Path) -> dict[str, Any]:
    """What a peer's processes measured: with one thread and with all, and of each quantity the better."""
    found = [_process(peer, place, threads) for threads in machine.thread_counts("one", machine.cores())]
    return {name: (max if name == "score" else min)(cell[name] for cell in found) for name in found[0]}


def _process(peer: str, place: Path, threads: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.estimator_peers", peer, str(place)],
        cwd=ROOT, capture_output=True, text=True, env=machine.environment(threads),
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{peer} failed on {place.stem}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def page(cells: dict[tuple[str, str], list[dict[str, Any]]]) -> str:
    """The page as Markdown."""
    where: Any = machine.describe()["machine"]
    rounds = min(map(len, cells.values()))
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions().items())
    made = (
        f"Measured by `python -m benchmarks.estimators`, {rounds} rounds: {where['processor']}, "
        f"{where['cores']} cores, load before {where['load_before']}; {versions}."
    )
    parts = ["# Estimators beside their peers", made, ABOUT]
    for name in dict.fromkeys(task for task, _ in cells):
        parts += [f"## {name}", _described(name), _table(name, cells)]
    return "\n\n".join(parts) + "\n"


def _described(name: str) -> str:
    task = TASKS[name]
    return (
        f"Hidden layers {'-'.join(map(str, task['hidden']))}, batch {task['batch']}, {task['epochs']} epochs."
    )


def _table(name: str, cells: dict[tuple[str, str], list[dict[str, Any]]]) -> str:
    head = ("peer", "fit (s)", "one row (µs)", "10,000 rows (ms)", "memory (MiB)", "test score")
    lines = [" | ".join(head), "|".join("---" for _ in head)]
    base = cells.get((name, "osolgil"))
    for peer in dict.fromkeys(peer for task, peer in cells if task == name):
        rows = cells[name, peer]
        times = [
            _timed(rows, base if peer != "osolgil" else None, key, unit)
            for key, unit in (("fit", 1.0), ("row", 1e6), ("bulk", 1e3))
        ]
        peak = spread([row["memory_peak"] for row in rows]).median
        added = spread([row["memory_peak"] - row["memory_before"] for row in rows]).median
        score = spread([row["score"] for row in rows]).median
        lines.append(" | ".join([peer, *times, f"{peak:.0f} ({added:.0f})", f"{score:.4f}"]))
    return "\n".join(f"| {line} |" for line in lines)


def _timed(rows: list[dict[str, Any]], base: list[dict[str, Any]] | None, key: str, unit: float) -> str:
    values = [row[key] for row in rows]
    text = figures(spread(values).median * unit)
    return text if base is None else f"{text} ({paired_ratio(values, [row[key] for row in base]).text('×')})"


if __name__ == "__main__":
    main()
