"""Plain networks on pictures: `python -m benchmarks.images` writes benchmarks/results/images.md.

Neither distortions nor convolution: the pixels divided by 255, the official test rows, the last epoch.
"""

from __future__ import annotations

import argparse
import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.records import RESULTS, Record, measure, read, scores
from osolgil.data import load
from osolgil.ensembles import joined
from osolgil.training import train

_COURSE = {"optimizer": "adam", "learning_rate": 0.001, "batch_size": 128, "schedule": "warmup_cosine"}
CASES: dict[str, dict[str, Any]] = {
    "fashion-mnist": {"hidden": (256, 128, 100), "dropout": 0.2, "epochs": 25, "wanted": 0.89},
    "mnist": {"hidden": (800,), "dropout": 0.5, "epochs": 30, "wanted": 0.985, "all_rows": True},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default=",".join(CASES))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--records", type=Path, default=RESULTS / "images.csv")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page")
    parser.add_argument("--out", type=Path, default=RESULTS / "images.md")
    options = parser.parse_args()
    for seed in range(0 if options.page else options.seeds):
        for name in options.sets.split(","):
            measure(options.records, name, "osolgil", seed, functools.partial(accuracy, name, seed))
    options.out.write_text(page(read(options.records)), "utf-8")
    print(f"wrote {options.out}")


def accuracy(name: str, seed: int) -> float:
    """Train once; the accuracy on the test rows."""
    asked = {key: value for key, value in CASES[name].items() if key not in ("wanted", "all_rows")}
    data = load(name, seed=seed)
    if CASES[name].get("all_rows"):  # nothing is chosen by the validation rows, so they may train as well
        data = replace(data, train=joined(data.train, data.validation))
    return train(data, seed=seed, **_COURSE, **asked).scores["test"]


def page(records: list[Record]) -> str:
    """The whole page as Markdown."""
    lines = ["| set | hidden | test accuracy | lowest wanted |", "|---|---|---|---|"]
    for name, case in CASES.items():
        values = list(scores(records, name, "osolgil").values())
        if values:
            deviation = f" ± {np.std(values, ddof=1):.4f}" if len(values) > 1 else ""
            found = f"{np.mean(values):.4f}{deviation} ({len(values)} seed{'s' * (len(values) > 1)})"
            lines.append(f"| {name} | {'-'.join(map(str, case['hidden']))} | {found} | {case['wanted']} |")
    course = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in _COURSE.items())
    about = (
        f"Measured by `python -m benchmarks.images`: {course}; dropout 0.2 and 25 epochs on five sixths of the "
        "training rows, dropout 0.5 and 30 epochs on all of them; no distortions, no convolution, the last epoch."
    )
    return "\n\n".join(["# Pictures with plain networks", about, "\n".join(lines)]) + "\n"


if __name__ == "__main__":
    main()
