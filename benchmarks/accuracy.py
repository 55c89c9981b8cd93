"""Accuracy with defaults beside other methods: `python -m benchmarks.accuracy` writes benchmarks/results/accuracy.md.

Scores of every table, method and seed are kept in --records, so that the work can be left and gone on with, or be
shared: run some --methods under another Python, with the same records. --page writes the page alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.records import RESULTS, Record, differences, read, scores, told
from benchmarks.tabular.methods import METHODS, measure_tables
from benchmarks.tabular.sets import NAMES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", default=",".join(NAMES))
    parser.add_argument("--methods", default=";".join(METHODS), help="names with ; between them")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--records", type=Path, default=RESULTS / "accuracy.csv")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page")
    parser.add_argument("--out", type=Path, default=RESULTS / "accuracy.md")
    options = parser.parse_args()
    if not options.page:
        for seed in range(options.seeds):
            chosen = {name: METHODS[name] for name in options.methods.split(";")}
            measure_tables(options.records, options.tables.split(","), chosen, seed)
    options.out.write_text(page(read(options.records)), "utf-8")
    print(f"wrote {options.out}")


ABOUT = """\
Accuracy or R² on test rows, mean ± standard deviation over seeds (how many, where they are not the most). A seed
decides the rows and everything else: a fifth of the rows is for testing (`adult` has its own), a sixth of the others
validates. Every method sees the same raw columns and rows, and nothing is tuned but where it says so. RealMLP and TabM
use validation rows only to choose an epoch; scikit-learn's trees and MLP train on them as well, and of osolgil's eight
networks each trains on all of these rows but another eighth.
"plain network, tuned" is one network on standardised columns, the best of 24 settings by cross-validation. The defaults
were chosen while looking at these tables, mostly with other seeds (from 100 on): they are no proof for tables unseen.
*cpu* is seconds of processor time per fit, the median of all seeds, on cores shared with other work: its order of
size only. Means over other seeds do not compare: the second table pairs the seeds that both have."""
PAIRED = """\
osolgil less the other method, in hundredths of accuracy or R²: the mean of the paired differences ± its standard error
(seeds that both have). **Bold**: more than two standard errors from 0."""


def page(records: list[Record]) -> str:
    """The whole page as Markdown."""
    methods = [name for name in METHODS if any(record.method == name for record in records)]
    head = ["table", *methods]
    lines = [head, ["---"] * len(head)]
    for name in NAMES:
        if any(record.table == name for record in records):
            lines.append([name, *_cells(records, name, methods)])
    made = "; ".join(sorted({record.versions for record in records}))
    tables = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    parts = [
        "# Accuracy on tables, with defaults", f"Measured by `python -m benchmarks.accuracy`: {made}.", ABOUT, tables,
        "## osolgil beside each", PAIRED, _paired(records, methods),
        "## Seconds of processor time per fit", _seconds(records, methods),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _cells(records: list[Record], name: str, methods: list[str]) -> list[str]:
    found = {method: list(scores(records, name, method).values()) for method in methods}
    most = max(len(values) for values in found.values())
    cells = []
    for values in found.values():
        if not values:
            cells.append("–")
            continue
        deviation = f" ± {np.std(values, ddof=1):.4f}" if len(values) > 1 else ""
        cells.append(
            f"{np.mean(values):.4f}{deviation}" + (f" ({len(values)})" if len(values) < most else "")
        )
    return cells


def _paired(records: list[Record], methods: list[str]) -> str:
    ours, *others = methods
    lines = [["table", *others], ["---"] * len(methods)]
    for name in NAMES:
        mine = scores(records, name, ours)
        cells = [_difference(mine, scores(records, name, method)) for method in others]
        if any(cell != "–" for cell in cells):
            lines.append([name, *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _difference(mine: dict[int, float], theirs: dict[int, float]) -> str:
    found = 100 * differences(mine, theirs)
    return f"{told(found)} ({len(found)})" if len(found) else "–"


def _seconds(records: list[Record], methods: list[str]) -> str:
    lines = [["table", *methods], ["---"] * (len(methods) + 1)]
    for name in NAMES:
        cells = []
        for method in methods:
            values = [r.cpu_seconds for r in records if r.table == name and r.method == method]
            cells.append(f"{np.median(values):.1f}" if values else "–")
        if any(cell != "–" for cell in cells):
            lines.append([name, *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
