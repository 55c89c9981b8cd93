"""Predicted beside measured: gradients of fresh networks, `python -m benchmarks.diagnosis_slopes [seeds]`.

Every smooth activation of the catalog at its usual initial scale, width 512, on rows of `digits`: the slope of log10
gradient per layer, and the share of layers whose measured value lies inside the stated band. Where so few seeds could
not tell 5 % of a slope from chance, more are taken until their mean's standard error is below 2 %.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from osolgil.data import load
from osolgil.diagnosis.measurement import evenly, measure
from osolgil.diagnosis.prediction import Inputs, Prediction, predict
from osolgil.engines.cpu.fleet import Task
from osolgil.formulas import catalog
from osolgil.formulas.catalog import Activation
from osolgil.network import Network
from osolgil.race.facts import task_of
from osolgil.race.settings import RaceSettings

RESULTS = Path(__file__).parent / "results" / "diagnosis_slopes.md"
WIDTH, DEPTHS, ROWS = 512, (10, 30, 60), 64
FLOAT32 = 36.0  # decades that its squares' roots keep
RESOLUTION, MOST_SEEDS = 0.02, 600


@dataclass(frozen=True)
class Line:
    """One activation at one depth: slopes per layer, and the share of layers inside the band."""

    activation: str
    depth: int
    predicted: float
    measured: float
    spread: float
    inside: float
    deviation: float
    seeds: int
    inside_spread: float

    @property
    def error(self) -> float:
        """Relative error of the predicted slope."""
        return abs(self.predicted - self.measured) / max(abs(self.measured), 1e-12)

    @property
    def resolution(self) -> float:
        """Standard error of the measured mean slope, relative to the prediction."""
        return self.spread / self.seeds**0.5 / max(abs(self.predicted), 1e-12)

    @property
    def level(self) -> bool:
        """Whether the change over all layers is less than chance adds: then 5 % of the slope mean nothing."""
        return abs(self.predicted) * self.depth < 1.96 * self.deviation


def smooth(row: Activation) -> bool:
    """Elementwise, without chance, and with a slope that has no jumps."""
    if row.kind != "elementwise" or row.random:
        return False
    places = np.arange(-8.0, 8.0, 1.0 / 24.0)
    with np.errstate(all="ignore"):
        jump = np.abs(row.slope(places + 1e-7) - row.slope(places - 1e-7))
    return bool(np.isfinite(jump).all() and jump.max() < 1e-4)


def expectations(
    names: list[str], depth: int, task: Task, rows: np.ndarray
) -> dict[str, tuple[Network, Prediction]]:
    """Networks of this depth with what is predicted of them; left out where theory says nothing."""
    made = {}
    for name in names:
        settings = RaceSettings(hidden=(WIDTH,) * depth, activation=name).completed("classification", 1000)
        network = settings.network(task.inputs.shape[1], task.targets.shape[1])
        expected = predict(network, Inputs.of(task.inputs[rows], task.loss))
        centre = expected.log10_gradient[:-1]
        if np.isfinite(centre).all() and np.abs(centre).max() < FLOAT32:
            made[name] = (network, expected)
    return made


def measured(
    networks: dict[str, tuple[Network, Prediction]], seeds: range, task: Task, rows: np.ndarray
) -> dict[str, list[np.ndarray]]:
    """log10 gradients of each seed; networks of one initial scale and layout share their first weights."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in networks}
    for seed in seeds:
        first: dict[tuple[str, int], np.ndarray] = {}
        for name, (network, _) in networks.items():
            layout = (
                network.initial_scale,
                network.size,
            )  # an activation with parameters of its own has others
            if layout not in first:
                first[layout] = network.initial(seed)
            look = measure(network, first[layout], network.initial_running(), task, rows, ranks=False)
            found[name].append(look.log10_gradient)
    return found


def line(name: str, depth: int, expected: Prediction, runs: np.ndarray) -> Line:
    """Slopes and the share of layers inside the band."""
    low, high = expected.band()
    layers = np.arange(depth)
    slopes = [np.polyfit(layers, run[:-1], 1)[0] for run in runs]
    inside = ((runs >= low) & (runs <= high))[:, :-1].mean(1)
    predicted = float(np.polyfit(layers, expected.log10_gradient[:-1], 1)[0])
    return Line(
        name, depth, predicted, float(np.mean(slopes)), float(np.std(slopes)), float(inside.mean()),
        float(expected.deviation[0]), len(runs), float(inside.std()) / len(runs) ** 0.5,
    )  # fmt: skip


def resolved(name: str, depth: int, chosen: tuple[Network, Prediction], runs: list[np.ndarray], task: Task,
             rows: np.ndarray) -> Line:  # fmt: skip
    """The line of a case, with as many seeds as its slope needs."""
    made = line(name, depth, chosen[1], np.array(runs))
    while not made.level and made.resolution > RESOLUTION and made.seeds < MOST_SEEDS:
        runs += measured({name: chosen}, range(made.seeds, made.seeds + 20), task, rows)[name]
        made = line(name, depth, chosen[1], np.array(runs))
    return made


def lines(depth: int, names: list[str], seeds: int, task: Task, rows: np.ndarray) -> list[Line | str]:
    """Lines of all activations at a depth; a name alone where there is no prediction or no gradient."""
    networks = expectations(names, depth, task, rows)
    found: list[Line | str] = [name for name in names if name not in networks]
    for name, runs in measured(networks, range(seeds), task, rows).items():
        if not np.isfinite(runs).all():
            found.append(name)  # a gradient of 0: below what float32 holds
            continue
        made = resolved(name, depth, networks[name], runs, task, rows)
        found.append(made)
        print(
            f"{name:16s} {depth:3d} predicted {made.predicted:+.4f} measured {made.measured:+.4f} "
            f"± {made.spread:.4f} error {made.error:6.1%} inside {made.inside:.1%} seeds {made.seeds}",
            flush=True,
        )
    return found


def recorded(depth: int, names: list[str], seeds: int, records: Path | None) -> list[Line | str]:
    """Lines of a depth; those that a file of records has are taken from there, others are added to it."""
    kept = records.read_text("utf-8").splitlines() if records is not None and records.exists() else []
    known: dict[str, Line | str] = {}
    for at, name, values in map(json.loads, kept):
        if at == depth:
            known[name] = name if values is None else Line(**values)
    missing = [name for name in names if name not in known]
    if missing:
        data = load("digits")
        task = task_of(data, RaceSettings().completed(data.task, len(data.train)))
        for made in lines(depth, missing, seeds, task, evenly(task.training, ROWS)):
            name, values = (made, None) if isinstance(made, str) else (made.activation, asdict(made))
            known[name] = made
            if records is not None:
                with records.open("a", encoding="utf-8") as file:
                    file.write(json.dumps([depth, name, values]) + "\n")
    return [known[name] for name in names]


def write(found: list[Line], silent: list[str], seeds: int) -> None:
    steep = [line for line in found if not line.level]
    within = sum(line.error < 0.05 for line in steep)
    inside = float(np.mean([line.inside for line in found]))
    more = f"more, up to {MOST_SEEDS}, where the slope's standard error would exceed {RESOLUTION:.0%}"
    how = f"Width {WIDTH}, at least {seeds} seeds ({more}), {ROWS} rows"
    close = f"The slope of log10 gradient per layer is predicted to within 5 % in {within} of {len(steep)} cases whose"
    beyond = f"change is beyond chance ({len(found) - len(steep)} are level); {inside:.1%} of layers lie in the band."
    nothing = "Without a prediction, since signals grow without end or gradients leave float32:"
    parts = [
        "# Diagnosis: predicted and measured gradients",
        "",
        f"{how} of digits, the usual initial scale; generated by `python -m benchmarks.diagnosis_slopes`.",
        "After a slope stands its standard deviation over seeds; after a share of layers the standard error of it,",
        "which is large with few seeds, since the layers of one network stray together.",
        "",
    ]
    parts += [f"{close} {beyond}", f"{nothing} {', '.join(silent) or 'none'}.", ""]
    parts += [
        "| activation | depth | seeds | predicted slope | measured slope | error | in the band |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in found:
        error = "level" if each.level else f"{each.error:.1%}"
        numbers = f"{each.predicted:+.4f} | {each.measured:+.4f} ± {each.spread:.4f}"
        share = f"{each.inside:.1%} ± {each.inside_spread:.1%}"
        parts.append(f"| {each.activation} | {each.depth} | {each.seeds} | {numbers} | {error} | {share} |")
    RESULTS.write_text("\n".join(parts) + "\n", "utf-8")
    print("\n".join(parts[:9]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="?", type=int, default=20, help="at least")
    parser.add_argument("--depths", default="", help="only these, comma-separated, and no table")
    parser.add_argument("--activations", default="", help="only these, comma-separated, and no table")
    parser.add_argument("--records", type=Path, help="file of lines, so that depths may run side by side")
    asked = parser.parse_args()
    start = time.perf_counter()
    names = [name for name, row in catalog.activations().items() if smooth(row) and name != "identity"]
    chosen = asked.activations.split(",") if asked.activations else names
    depths = [int(depth) for depth in asked.depths.split(",")] if asked.depths else DEPTHS
    made = [(depth, each) for depth in depths for each in recorded(depth, chosen, asked.seeds, asked.records)]
    if not (asked.depths or asked.activations):
        silent = [f"{each} at depth {depth}" for depth, each in made if isinstance(each, str)]
        write([each for _, each in made if isinstance(each, Line)], silent, asked.seeds)
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
