"""What each default for tables is worth: `python -m benchmarks.defaults` writes benchmarks/results/defaults.md.

Every switch is turned alone, all others left as `osolgil.tabular_defaults` has them; a seed decides rows and networks
alike, so that differences are paired. The seeds are not those of `benchmarks.accuracy`.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.records import RESULTS, Record, differences, read, scores, told
from benchmarks.tabular.methods import (
    Method,
    log_loss,
    measure_tables,
    osolgil_defaults,
    osolgil_probabilities,
)
from benchmarks.tabular.sets import NAMES

FIRST_SEED = 100
BASE = "as they are"
SWITCHES: dict[str, dict[str, object]] = {
    BASE: {},
    "standard scaling": {"scaling": "standard"},
    "plain numbers": {"numbers": "plain"},
    "plain numbers, standard scaling": {"numbers": "plain", "scaling": "standard"},
    "16 bins": {"numbers": "piecewise(bins=16)"},
    "bins of trees": {"numbers": "tree_piecewise"},
    "waves": {"numbers": "periodic"},
    "ReLU": {"activation": "relu"},
    "parametric Mish": {"activation": "parametric_mish"},
    "constant learning rate": {"schedule": "constant"},
    "coslog schedule": {"schedule": "coslog"},
    "no weight decay": {"weight_decay": 0.0},
    "no dropout": {"dropout": 0.0},
    "β₂ = 0.999": {"hyperparameters": {"beta2": 0.999}},
    "learning rate 0.001": {"learning_rate": 0.001},
    "learning rate 0.01": {"learning_rate": 0.01},
    "he_normal": {"initial_scale": "he_normal"},
    "one network": {"ensemble": 1},
    "no folds": {"folds": False},
    "last epoch": {"keep": "last"},
    "best epoch of each": {"keep": "best"},
    "epoch by score": {"keep": "best-mean"},
    "epoch by loss": {"keep": "best-mean-loss"},
    "answers not clipped": {"clip_targets": False},
    "labels not smoothed": {"loss": "softmax_cross_entropy"},
    "batches of 32": {"batch_size": 32},
    "batches of 64": {"batch_size": 64},
    "hidden 256-256": {"hidden": (256, 256)},
    "one layer of 100, ReLU": {"hidden": (100,), "activation": "relu"},
}
HARD = "labels not smoothed"
_ONLY = {"answers not clipped": "regression", "labels not smoothed": "classification"}
_REGRESSIONS = ("bike-sharing", "california-housing", "diabetes")
ABOUT = """\
Score on test rows with all defaults (mean ± standard deviation over seeds), and how it changes when one switch is
turned (mean of the paired differences ± their standard error, in hundredths of accuracy or R²). **Bold**: more than
two standard errors from 0. *all* is the mean over the tables. A default that costs little on any table and helps on
some is kept; the sets are small and the seeds few, so that a difference that is not bold says nothing. –: not measured
beside these defaults."""
ABOUT_PROBABILITIES = """\
Labels are smoothed by 0.1, as in RealMLP, and the last layer is then sharpened by what each network says of the fold it
left out (`osolgil.sharpening`). Mean log loss on test rows, lower is better, and the mean of the paired differences ±
their standard error."""


def methods(names: list[str], kind: Callable[..., np.ndarray] = osolgil_defaults) -> dict[str, Method]:
    """The switches as methods."""
    return {name: functools.partial(kind, **SWITCHES[name]) for name in names}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", default=",".join(NAMES))
    parser.add_argument("--switches", default=";".join(SWITCHES), help="names with ; between them")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--records", type=Path, default=RESULTS / "defaults.csv")
    parser.add_argument("--losses", type=Path, default=RESULTS / "defaults_log_loss.csv")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page")
    parser.add_argument("--out", type=Path, default=RESULTS / "defaults.md")
    options = parser.parse_args()
    if not options.page:
        for seed in range(FIRST_SEED, FIRST_SEED + options.seeds):
            for name in options.tables.split(","):
                task = "regression" if name in _REGRESSIONS else "classification"
                wanted = [s for s in options.switches.split(";") if _ONLY.get(s, task) == task]
                measure_tables(options.records, [name], methods(wanted), seed)
                if HARD in wanted:
                    both = methods([BASE, HARD], osolgil_probabilities)
                    measure_tables(options.losses, [name], both, seed, log_loss)
    options.out.write_text(page(read(options.records), read(options.losses)), "utf-8")
    print(f"wrote {options.out}")


def page(records: list[Record], losses: list[Record] | None = None) -> str:
    """The whole page as Markdown; losses: log losses by table, switch and seed."""
    tables = [name for name in NAMES if scores(records, name, BASE)]
    lines = [["switch", *tables, "all"], ["---"] * (len(tables) + 2)]
    for switch in SWITCHES:
        cells = [_cell(records, name, switch) for name in tables]
        if any(cell != "–" for cell in cells):
            lines.append([switch, *cells, _mean(records, tables, switch)])
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    made = f"Measured by `python -m benchmarks.defaults` on seeds {_seeds(records)}."
    parts = ["# What each default for tables is worth", made, ABOUT, text]
    if losses:
        parts += ["## Probabilities", ABOUT_PROBABILITIES, _probabilities(losses)]
    return "\n\n".join(parts) + "\n"


def _probabilities(losses: list[Record]) -> str:
    lines = [f"| table | {BASE} | {HARD} | difference |", "|---|---|---|---|"]
    for name in NAMES:
        ours, hard = scores(losses, name, BASE), scores(losses, name, HARD)
        found = differences(hard, ours)
        if len(found) > 1:
            means = [np.mean([values[seed] for seed in ours.keys() & hard.keys()]) for values in (ours, hard)]
            cells = [f"{mean:.4f}" for mean in means]
            lines.append(f"| {name} | {' | '.join(cells)} | {told(found, 4)} ({len(found)}) |")
    return "\n".join(lines)


def _differences(records: list[Record], name: str, switch: str) -> np.ndarray:
    return 100 * differences(scores(records, name, switch), scores(records, name, BASE))


def _cell(records: list[Record], name: str, switch: str) -> str:
    if switch != BASE:
        return told(_differences(records, name, switch))
    values = list(scores(records, name, BASE).values())
    return f"{np.mean(values):.4f} ± {np.std(values, ddof=1) if len(values) > 1 else 0.0:.4f} ({len(values)})"


def _mean(records: list[Record], tables: list[str], switch: str) -> str:
    if switch == BASE:
        return ""
    means = [found.mean() for name in tables if len(found := _differences(records, name, switch))]
    return f"{np.mean(means):+.2f}"


def _seeds(records: list[Record]) -> str:
    found = sorted({record.seed for record in records})
    return f"{found[0]} to {found[-1]}" if found else "none"


if __name__ == "__main__":
    main()
