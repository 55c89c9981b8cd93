"""Sizes and latencies of exported models: `python -m benchmarks.exports` writes benchmarks/results/exports.md.

A model of Adult (OSOLGIL_DATA names the folder it lies in) and one of digits, each one network; Adult and California
housing with --defaults table, which is the mean of eight networks whose numbers lie in bins. A row alone and 10,000 at
once, from raw cells to outputs, on one thread. The largest difference from osolgil's own outputs stands beside.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.metadata
import importlib.util
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
ROWS = 10_000
CASES: list[tuple[str, dict[str, Any]]] = [
    ("adult", {"epochs": 3}),
    ("digits", {"epochs": 3}),
    ("adult", {"defaults": "table"}),
    ("california-housing", {"defaults": "table"}),
]
ABOUT = """\
A row alone: the median of repeated calls, from raw cells to outputs, one thread each; 10,000 rows: seconds for all.
*Difference* is the largest from osolgil's own outputs. C is compiled with `cc -O2`; a call through ctypes costs
about a microsecond. The Python file needs no package; the PyTorch file turns cells into features in plain Python.
Models of eight networks are those of `--defaults table`, whose numbers also lie in bins."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "exports.md")
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(page(), "utf-8")
    print(f"wrote {options.out}")


def page() -> str:
    """The whole page as Markdown."""
    import torch

    torch.set_num_threads(1)
    names = ("numpy", "onnx", "onnxruntime", "torch")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    python = f"{platform.machine()}, Python {platform.python_version()}"
    made = f"Measured by `python -m benchmarks.exports`: {python}, {versions}."
    head = ("model", "export", "size, KiB", "a row alone, µs", f"{ROWS:,} rows, s", "difference")
    lines = [" | ".join(head), "|".join("---" for _ in head)]
    for name, asked in CASES:
        lines += of_model(name, asked)
    table = "\n".join(f"| {line} |" for line in lines)
    return "\n\n".join(["# Exported models: sizes and latencies", made, ABOUT, table]) + "\n"


def of_model(name: str, asked: dict[str, Any]) -> list[str]:
    """A line per export of one model."""
    import pandas

    import osolgil
    from osolgil.exports import export

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        model = osolgil.train(name, out=folder / "model", **asked).model
        table = raw_rows(name, model)
        cells = table.to_dict("records") if isinstance(table, pandas.DataFrame) else table.tolist()
        expected = model.outputs(model.preprocessing.transform(table))
        count = f"{len(model.members)} x " if model.others else ""
        title = f"{name}, {count}{'-'.join(map(str, model.network.widths))}"
        lines = [
            line(
                title,
                "osolgil",
                size_of([folder / "model" / "model.safetensors"]),
                of_osolgil(model, table),
                expected,
            )
        ]
        for to, measure in (("onnx", of_onnx), ("torch", of_torch), ("c", of_c), ("python", of_python)):
            paths = export(folder / "model", to, folder)
            lines.append(line(title, to, size_of(paths), measure(model, paths, cells), expected))
    return lines


def raw_rows(name: str, model: Any) -> Any:
    """10,000 raw rows of the set, repeated where it has fewer."""
    if name == "digits":
        from sklearn.datasets import load_digits

        rows = load_digits().data
        return np.resize(rows, (ROWS, rows.shape[1]))
    from osolgil.data.named import load_named

    source, _ = load_named(name)
    return source.inputs[list(model.preprocessing.source_columns)].head(ROWS)


Measured = tuple[Callable[[], Any], Callable[[int], np.ndarray]]
"""What answers one row, and so many rows."""


def line(title: str, to: str, size: float, measured: Measured, expected: np.ndarray) -> str:
    """Time one row and all rows, and compare."""
    alone, every = measured
    alone()
    seconds = []
    until = time.perf_counter() + 1.0
    while time.perf_counter() < until:
        start = time.perf_counter()
        alone()
        seconds.append(time.perf_counter() - start)
    rows = ROWS if np.median(seconds) < 0.005 else ROWS // 10
    start = time.perf_counter()
    found = every(rows)
    whole = f"{time.perf_counter() - start:.3f}{'' if rows == ROWS else f' for {rows:,}'}"
    difference = np.abs(found - expected[:rows]).max()
    return f"{title} | {to} | {size:,.0f} | {1e6 * np.median(seconds):,.1f} | {whole} | {difference:.0e}"


def size_of(paths: list[Path]) -> float:
    return sum(path.stat().st_size for path in paths) / 1024


def of_osolgil(model: Any, table: Any) -> Measured:
    first = table.head(1) if hasattr(table, "head") else table[:1]

    def outputs(rows: Any) -> np.ndarray:
        return model.outputs(model.preprocessing.transform(rows))

    return lambda: outputs(first), lambda count: outputs(table[:count])


def of_onnx(model: Any, paths: list[Path], cells: list[Any]) -> Measured:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(paths[0]), options, providers=["CPUExecutionProvider"])

    def feed(rows: list[Any]) -> dict[str, np.ndarray]:
        found = {}
        for given in session.get_inputs():
            if given.name == "inputs":
                return {"inputs": np.array(rows, np.float32 if given.type == "tensor(float)" else np.float64)}
            kind = object if given.type == "tensor(string)" else np.float64
            column = [
                ""
                if row[given.name] is None or (row[given.name] != row[given.name] and kind is object)
                else row[given.name]
                for row in rows
            ]
            found[given.name] = np.array(column, kind).reshape(-1, 1)
        return found

    first, every = feed(cells[:1]), feed(cells)

    def outputs(count: int) -> np.ndarray:
        return session.run(["outputs"], {name: values[:count] for name, values in every.items()})[0]

    return lambda: session.run(["outputs"], first), outputs


def of_torch(model: Any, paths: list[Path], cells: list[Any]) -> Measured:
    import torch

    place = importlib.util.spec_from_file_location("exported_torch", paths[0])
    assert place is not None
    assert place.loader is not None
    file = importlib.util.module_from_spec(place)
    place.loader.exec_module(file)
    module = file.load(paths[1])

    def outputs(rows: list[Any]) -> np.ndarray:
        with torch.inference_mode():
            return module(file.prepare(rows)).numpy()

    return lambda: outputs(cells[:1]), lambda count: outputs(cells[:count])


def of_python(model: Any, paths: list[Path], cells: list[Any]) -> Measured:
    space: dict[str, Any] = {}
    exec(compile(paths[0].read_text("utf-8"), str(paths[0]), "exec"), space)
    outputs = space["outputs"]
    return lambda: outputs(cells[0]), lambda count: np.array([outputs(row) for row in cells[:count]])


def of_c(model: Any, paths: list[Path], cells: list[Any]) -> Measured:
    library = paths[0].with_suffix(".so")
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", str(library), str(paths[0]), "-lm"], check=True)
    loaded = ctypes.CDLL(str(library))
    features = (ctypes.c_double * model.network.widths[0])()
    outputs = (ctypes.c_double * model.network.widths[-1])()
    kinds = [(column.name, column.kind) for column in model.preprocessing.columns]

    def given(row: Any) -> list[Any]:
        if isinstance(row, list):
            return [(ctypes.c_double * len(row))(*row)]
        numbers = [row[name] for name, kind in kinds if kind != "category"]
        texts = [row[name] for name, kind in kinds if kind == "category"]
        coded = [None if text is None or text != text else str(text).encode() for text in texts]
        return [(ctypes.c_double * len(numbers))(*numbers), (ctypes.c_char_p * len(coded))(*coded)]

    def call(arguments: list[Any]) -> list[float]:
        loaded.model_features(*arguments, features)
        loaded.model_outputs(features, outputs)
        return list(outputs)

    first, every = given(cells[0]), [given(row) for row in cells]
    return lambda: call(first), lambda count: np.array([call(arguments) for arguments in every[:count]])


if __name__ == "__main__":
    if "OSOLGIL_DATA" not in os.environ:
        print("OSOLGIL_DATA names no folder; Adult is downloaded.")
    main()
