"""How exactly osolgil computes: errors in ulp, and differences from optax, PyTorch and Keras.

Writes benchmarks/results/agreement.md with the measures the tests assert: `python -m benchmarks.agreement`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
os.environ.setdefault("KERAS_BACKEND", "torch")
LIBRARIES = ("numpy", "numba", "mpmath", "jax", "optax", "torch", "keras")
PRECISIONS = ("float32", "float64")
ABOUT_ACTIVATIONS = """\
The compiled value f and slope f′ against mpmath. The unit is the spacing of floats at the result, or
ε·|x|·(its derivative) where that is more: there the last place of x itself moves the result by more than
an ulp. Results within a factor 64 of the subnormal range are left out."""
ENGINES = ("NumPy", "compiled", "JAX")
ABOUT_ENGINES = """\
The larger error of f and f′ at ±0, subnormal numbers, ±400, ±1e38, numbers between 1e-30 and 1e30 and moderate
ones, in the same unit. Each engine runs the same formula with its own exp, log, sin …; no cell may exceed 8.
±inf and nan have tests of their own. XLA takes subnormal inputs for 0 and is not asked about them."""
ABOUT_OPTIMIZERS = """\
Random gradients in float64; a difference is relative to how far from 0 a coordinate gets. Each cell is
the compiled update beside the library's own at the same learning rate. *with* names the options that
differ from the defaults there or here; *differs* means that no option reaches agreement. Every optimizer of
the catalog, on a problem where each meets the gradients of its own points, is in [optimizers.md](optimizers.md)."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "agreement.md")
    parser.add_argument("--count", type=int, default=2000, help="half the number of inputs per word")
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(page(options.count), "utf-8")
    print(f"wrote {options.out}")


def page(count: int) -> str:
    """The whole page as Markdown."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    measures = [f"{part}, {precision}" for precision in PRECISIONS for part in ("f", "f′")]
    parts = [
        "# How exactly osolgil computes",
        f"Measured by `python -m benchmarks.agreement`: Python {platform.python_version()}, {versions}.",
        "## Elementary functions: largest error in ulp",
        "Compiled loops of the CPU engine against mpmath at 200 bits. Half an ulp is correct rounding.",
        table(("word", *PRECISIONS), word_rows(count)),
        "## Activations: largest error in ulp",
        ABOUT_ACTIVATIONS,
        table(("activation", *measures), activation_rows(count // 2)),
        "## Activations: largest error of each engine in ulp, extreme inputs included",
        ABOUT_ENGINES,
        table(("activation", *(f"{e}, {p}" for p in PRECISIONS for e in ENGINES)), engine_rows()),
        "## Optimizers: largest relative difference in 1,000 steps",
        ABOUT_OPTIMIZERS,
        table(("optimizer", "optax", "PyTorch", "Keras", "compiled beside formula"), optimizer_rows()),
    ]
    return "\n\n".join(parts) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def word_rows(count: int) -> Iterable[list[str]]:
    """Largest error of each word of the vocabulary that is no exact operation."""
    from engines.cpu import test_elementary, words

    for name in words.NAMES:
        errors = [test_elementary.largest_ulp(name, precision, count) for precision in PRECISIONS]
        yield [f"`{name}`", *(f"{error:.2f}" for error in errors)]


def activation_rows(count: int) -> Iterable[list[str]]:
    """Largest error of each activation's value and slope."""
    from laws import accuracy
    from osolgil.formulas import catalog

    for row in catalog.elementwise_activations().values():
        errors = [
            error for precision in PRECISIONS for error in accuracy.activation_ulps(row, precision, count)
        ]
        yield [row.title, *(f"{error:.2f}" for error in errors)]


def engine_rows() -> Iterable[list[str]]:
    """The larger error of value and slope of each engine at moderate and extreme inputs."""
    from laws import agreement
    from osolgil.formulas import catalog

    for row in catalog.elementwise_activations().values():
        pairs = [(engine, precision) for precision in PRECISIONS for engine in ENGINES]
        yield [row.title, *(f"{max(agreement.ulps(row, *pair)):.1f}" for pair in pairs)]


def optimizer_rows() -> Iterable[list[str]]:
    """Each optimizer's compiled update beside three libraries and beside its own formula in NumPy."""
    from laws import peers
    from osolgil.formulas import catalog

    for row in map(catalog.optimizer, peers.PEERS):
        cells = [peer_cell(row, library) for library in peers.LIBRARIES]
        own = peers.difference(peers.ours(row, "compiled"), peers.ours(row, "formula"))
        yield [row.title, *cells, f"{own:.1e}"]


def peer_cell(row, library: str) -> str:
    """The difference from one library, and what had to be set for it."""
    from laws import peers

    peer = peers.PEERS[row.name][library]
    rate = row.defaults["learning_rate"]
    trajectory = peers.theirs(library, peer.name, learning_rate=rate, **peer.options)
    measured = f"{peers.difference(peers.ours(row, 'compiled', **peer.ours), trajectory):.1e}"
    if peer.relation == "differs":
        return f"differs: {measured}"
    if peer.relation == "same":
        return measured
    here = [f"`{name}={value:g}` here" for name, value in peer.ours.items()]
    there = [f"`{name}={value}`" for name, value in peer.options.items()]
    return f"{measured} with {', '.join(there + here)}"


if __name__ == "__main__":
    main()
