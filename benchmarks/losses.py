"""How exactly every loss agrees with its oracles: `python -m benchmarks.losses` writes benchmarks/results/losses.md.

Measured on the same batches, by the same functions, as the laws in tests/laws assert.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
os.environ["KERAS_BACKEND"] = "torch"
LIBRARIES = ("numpy", "scipy", "scikit-learn", "optax", "torch", "keras")
ABOUT = """\
Largest difference on 200 rows of five outputs, relative to the larger of the oracle's value and its mean over the
batch: the loss of a row beside SciPy, scikit-learn or a loop; loss and gradient beside optax and PyTorch, whose
gradients automatic differentiation finds; the loss beside Keras, which computes it in float32. Hyperparameters are
odd ones. *ulp* is the largest error of the compiled loss and slope in float32 and float64 against 200 bits, for
losses of single outputs. PyTorch's cosine adds a small constant of its own to squared lengths.
Besides, every slope is the derivative by SymPy to 45 of 50 digits."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "losses.md")
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(page(), "utf-8")
    print(f"wrote {options.out}")


def page() -> str:
    """The whole page as Markdown."""
    from laws.loss_cases import ROWS, SOURCES, odd

    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    head = ("loss", "oracle", "its loss", "optax", "PyTorch", "Keras (float32)", "ulp")
    lines = [" | ".join(head), "|".join("---" for _ in head)]
    for row in ROWS:
        chosen = odd(row) if row.settings else row
        cells = [f"`{chosen.text}`", SOURCES[row.name], by_scipy(chosen), by_optax(chosen), by_torch(chosen)]
        lines.append(" | ".join([*cells, by_keras(chosen), in_ulp(chosen)]))
    table = "\n".join(f"| {line} |" for line in lines)
    made = f"Measured by `python -m benchmarks.losses`: Python {platform.python_version()}, {versions}."
    return "\n\n".join(["# Losses and their oracles", made, ABOUT, table]) + "\n"


def difference(found: Any, expected: Any) -> float:
    """Largest difference relative to the larger of the expected value and the mean size of all."""
    expected = np.asarray(expected, float)
    size = np.maximum(np.abs(expected), np.abs(expected).mean())
    return float((np.abs(np.asarray(found, float) - expected) / size).max())


def by_scipy(row: Any) -> str:
    from laws.loss_cases import batch, oracle

    outputs, targets = batch(row, rows=200)
    return f"{difference(row.losses(outputs, targets).sum(-1), oracle(row)(outputs, targets)):.0e}"


def by_optax(row: Any) -> str:
    import jax

    from laws.loss_cases import OPTAX, batch, oracle

    if row.name not in OPTAX:
        return "–"
    outputs, targets = batch(row, rows=200)
    theirs = oracle(row, OPTAX)
    with jax.enable_x64(True):
        values = theirs(outputs, targets)
        slopes = jax.grad(lambda z: theirs(z, targets).sum())(jax.numpy.asarray(outputs))
        return _both(row, outputs, targets, values, slopes)


def by_torch(row: Any) -> str:
    import torch

    from laws.loss_cases import batch
    from laws.test_losses_peers import torch_losses

    theirs = torch_losses().get(row.name)
    if theirs is None:
        return "–"
    outputs, targets = batch(row, rows=200)
    z = torch.tensor(outputs, requires_grad=True)
    values = theirs(z, torch.tensor(targets), **row.settings)
    values.sum().backward()
    assert z.grad is not None
    return _both(row, outputs, targets, values.detach().numpy(), z.grad.numpy())


def by_keras(row: Any) -> str:
    from laws.loss_cases import batch
    from laws.test_losses_peers import keras_losses

    theirs = keras_losses().get(row.name)
    if theirs is None:
        return "–"
    outputs, targets = (part.astype("float32") for part in batch(row, rows=200, size=1.5))
    values = np.from_dlpack(theirs(outputs, targets, **row.settings))
    return f"{difference(row.losses(outputs.astype(float), targets.astype(float)).sum(-1), values):.0e}"


def in_ulp(row: Any) -> str:
    from laws.test_losses_compiled import worst_ulps

    if row.statistic is not None:
        return "–"
    return ", ".join(f"{max(worst_ulps(row, precision)):.1f}" for precision in ("float32", "float64"))


def _both(row: Any, outputs: Any, targets: Any, values: Any, slopes: Any) -> str:
    found = difference(row.losses(outputs, targets).sum(-1), values)
    return f"{max(found, difference(row.slopes(outputs, targets), slopes)):.0e}"


if __name__ == "__main__":
    main()
