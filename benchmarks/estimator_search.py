"""`osolgil.search` beside scikit-learn's loop: `python -m benchmarks.estimator_search` writes its table.

Eight settings in five folds on digits: the same estimator, grid, folds and, bit for bit, the same scores.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.ratios import figures, paired_ratio, spread

ROOT = Path(__file__).parents[1]
GRID = {"learning_rate": [0.0003, 0.001, 0.003, 0.01], "dropout": [0.0, 0.2]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "estimator_search.md")
    options = parser.parse_args()
    times = measured(options.rounds, options.epochs)
    options.out.write_text(page(times, options), "utf-8")
    print(f"wrote {options.out}")


def measured(rounds: int, epochs: int) -> dict[str, list[float]]:
    """Seconds of every way to search, round by round; the scores must be the same."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import GridSearchCV

    from osolgil import DeepClassifier, search

    X, y = load_digits(return_X_y=True)
    deep = DeepClassifier(hidden=(64, 64), epochs=epochs, random_state=0).fit(X, y)

    def loop(jobs: int | None) -> Callable[[], Any]:
        return lambda: GridSearchCV(deep, GRID, cv=5, refit=False, n_jobs=jobs).fit(X, y)

    ways: dict[str, Callable[[], Any]] = {
        "osolgil.search": lambda: search(deep, GRID, X, y, cv=5, refit=False),
        "GridSearchCV": loop(None),
        f"GridSearchCV, n_jobs={machine.cores()}": loop(machine.cores()),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        scores = []
        for name, way in ways.items():
            start = time.perf_counter()
            scores.append(way().cv_results_["mean_test_score"])
            times[name].append(time.perf_counter() - start)
        if not all(np.array_equal(scores[0], other) for other in scores[1:]):
            raise RuntimeError("the searches found different scores")
    return times


def page(times: dict[str, list[float]], options: argparse.Namespace) -> str:
    """The table as Markdown."""
    where: Any = machine.describe()["machine"]
    made = (
        f"Measured by `python -m benchmarks.estimator_search`, {options.rounds} rounds: {where['processor']}, "
        f"{where['cores']} cores, load before {where['load_before']}. 8 settings, 5 folds, {options.epochs} epochs on "
        "digits, hidden layers 64-64; the scores found are the same to the bit."
    )
    base = times["osolgil.search"]
    lines = ["| search | seconds | ÷ osolgil.search |", "|---|---|---|"]
    lines += [
        f"| {name} | {figures(spread(values).median)} | {paired_ratio(values, base).text('×')} |"
        for name, values in times.items()
    ]
    return "\n\n".join(["# A search beside scikit-learn's loop", made, "\n".join(lines)]) + "\n"


if __name__ == "__main__":
    main()
