"""Every optimizer beside its oracles: libraries, or a derivation from its paper in NumPy.

Writes benchmarks/results/optimizers.md with the measures the tests assert: `python -m benchmarks.optimizers`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.agreement import ROOT, table

sys.path.insert(0, str(ROOT / "tests"))
os.environ.setdefault("KERAS_BACKEND", "torch")
LIBRARIES = ("numpy", "jax", "optax", "torch", "keras", "pytorch_optimizer")
HEAD = ("optimizer", "oracle", "steps", "largest relative difference", "hyperparameters", "remark")
ABOUT = """\
Both follow the same small network of tanh units in float64, each meeting the gradients of its own points on the
same mini-batches, so that a slip grows from step to step. A difference is relative to how far from 0 a coordinate
gets. Hyperparameters are odd, so that a slip which the defaults hide is seen.
*differs* means that no options reach agreement; the remark says why. A derivation is written from the paper in
another shape than the catalog's formula, where no library has the optimizer or rounds more coarsely."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "optimizers.md")
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(page(), "utf-8")
    print(f"wrote {options.out}")


def page() -> str:
    """The whole page as Markdown."""
    from laws.oracles.oracle import every_oracle

    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    oracles = sorted(every_oracle(), key=lambda oracle: oracle.subject)
    subjects = {oracle.subject for oracle in oracles}
    parts = [
        "# Every optimizer beside its oracles",
        f"Measured by `python -m benchmarks.optimizers`: Python {platform.python_version()}, {versions}.",
        ABOUT,
        f"{len(subjects)} optimizers, {len(oracles)} oracles.",
        table(HEAD, rows(oracles)),
    ]
    return "\n\n".join(parts) + "\n"


def rows(oracles: Iterable[Any]) -> Iterable[list[str]]:
    """A line per oracle, measured now."""
    for oracle in oracles:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            measured = oracle.difference()
        difference = f"{measured:.1e}" if oracle.agrees else f"differs: {measured:.1e}"
        values = ", ".join(f"`{name}={value:g}`" for name, value in oracle.hyperparameters.items())
        yield [f"`{oracle.subject}`", oracle.name, str(oracle.steps), difference, values, oracle.reason]


if __name__ == "__main__":
    main()
