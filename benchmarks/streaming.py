"""Ten million rows on disk: `python -m benchmarks.streaming` writes benchmarks/results/streaming.md.

The data are written to a temporary folder and removed again; each training has a process of its own, whose peak
memory the system measures. `--rows 1000000` is a quick look.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine

ROOT = Path(__file__).parents[1]
COLUMNS, BLOCK = 50, 250_000
ABOUT = """\
{rows:,} rows of {columns} numbers and a target that depends on products and waves of ten of them, with noise: the best
possible R² is about {best:.3f}. A {hidden} network, ReLU, Adam at 0.001, batches of {batch}, {epochs} epochs.
*Peak* is the largest resident memory of the training process less that of an interpreter which has only imported
osolgil; the bound asked for is {memory}. *Preparing* reads the source twice: once for means, deviations and a sample,
once to write prepared rows to disk. *Rows a second* count every epoch's rows, from the first step to the last."""
HIDDEN, BATCH, EPOCHS, NOISE = "64,64", 256, 3, 0.3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--memory", default="1GiB")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "streaming.md")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        print(json.dumps(work(**json.loads(options.work))))
        return
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(page(options.rows, options.memory), "utf-8")
    print(f"wrote {options.out}")


def page(rows: int, memory: str) -> str:
    """The whole page as Markdown."""
    before = os.getloadavg()[0]
    head = (
        "source", "size, MiB", "peak, MiB", "preparing, s", "training, s", "rows a second", "waiting for rows, s",
        "blocks an epoch", "R² on test rows",
    )  # fmt: skip
    lines = [" | ".join(head), "|".join("---" for _ in head)]
    with tempfile.TemporaryDirectory(prefix="osolgil-benchmark-") as folder:
        bare = alone({"what": "nothing", "path": "", "memory": memory})["peak"]
        for what in ("array file", "Parquet file"):
            path = str(Path(folder) / ("rows.npy" if what == "array file" else "rows.parquet"))
            alone({"what": f"write {what}", "path": path, "memory": str(rows)})
            lines.append(line(what, Path(path), alone({"what": what, "path": path, "memory": memory}), bare))
            Path(path).unlink()
    about = ABOUT.format(
        rows=rows, columns=COLUMNS, hidden=HIDDEN.replace(",", "-"), batch=BATCH, epochs=EPOCHS, memory=memory,
        best=1.0 - NOISE**2 / (variance() + NOISE**2),
    )  # fmt: skip
    load = f"load before the start {before:.1f}"
    names = ("numpy", "numba", "pyarrow")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    python = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    made = f"Measured by `python -m benchmarks.streaming`: {python}, {versions}; {load}."
    table = "\n".join(f"| {text} |" for text in lines)
    return "\n\n".join(["# Data larger than memory", made, about, table]) + "\n"


def line(what: str, path: Path, found: dict[str, Any], bare: int) -> str:
    seconds = found["seconds"]
    cells = (
        what, f"{path.stat().st_size / 2**20:,.0f}", f"{(found['peak'] - bare) / 2**20:,.0f}",
        f"{seconds['data']:.1f}", f"{seconds['train']:.1f}", f"{found['rows'] * EPOCHS / seconds['train']:,.0f}",
        f"{seconds['waiting_for_rows']:.1f}", f"{found['blocks']}", f"{found['score']:.3f}",
    )  # fmt: skip
    return " | ".join(cells)


def alone(asked: dict[str, Any]) -> dict[str, Any]:
    """Do some work in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.streaming", "--work", json.dumps(asked)]
    done = subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def work(what: str, path: str, memory: str) -> dict[str, Any]:
    """What a process does: write the data, train on them, or nothing but import osolgil."""
    import osolgil

    if what.startswith("write"):
        write(Path(path), int(memory))
        return {}
    found: dict[str, Any] = {}
    if what != "nothing":
        hidden = tuple(map(int, HIDDEN.split(",")))
        trained = osolgil.train(
            path, target="target" if path.endswith("parquet") else f"x{COLUMNS + 1}", hidden=hidden, memory=memory,
            epochs=EPOCHS, batch_size=BATCH, learning_rate=0.001,
        )  # fmt: skip
        facts = trained.facts
        found = {
            "seconds": facts["seconds"], "rows": facts["data"]["rows"]["train"],
            "blocks": facts["streaming"]["blocks"], "score": trained.scores["test"],
        }  # fmt: skip
    return {**found, "peak": machine.peak_memory()}


def block(start: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Some of the rows, which depend on their numbers alone."""
    random = np.random.default_rng([7, start])
    inputs = random.standard_normal((rows, COLUMNS), np.float32)
    return inputs, (truth(inputs) + NOISE * random.standard_normal(rows)).astype(np.float32)


def truth(x: np.ndarray) -> np.ndarray:
    """What can be learned."""
    return x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + x[:, 3] * np.abs(x[:, 4]) + 0.5 * x[:, 5:10].sum(1)


def variance() -> float:
    return float(truth(block(0, BLOCK)[0]).var())


def write(path: Path, rows: int) -> None:
    """Write the rows block by block, as an array file or as Parquet."""
    starts = range(0, rows, BLOCK)
    if path.suffix == ".npy":
        array = np.lib.format.open_memmap(path, "w+", np.float32, (rows, COLUMNS + 1))
        for start in starts:
            inputs, targets = block(start, min(BLOCK, rows - start))
            array[start : start + len(targets)] = np.column_stack([inputs, targets])
        array.flush()
        return
    import pyarrow
    from pyarrow import parquet

    names = [f"x{place + 1}" for place in range(COLUMNS)]
    schema = pyarrow.schema([(name, pyarrow.float32()) for name in [*names, "target"]])
    with parquet.ParquetWriter(path, schema) as writer:
        for start in starts:
            inputs, targets = block(start, min(BLOCK, rows - start))
            arrays = [pyarrow.array(column) for column in [*inputs.T, targets]]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))


if __name__ == "__main__":
    main()
