"""Predicted beside measured: gradients of fresh networks, `python -m benchmarks.diagnosis_slopes [seeds]`.

Every smooth activation of the catalog at its usual initial scale, width 512, on rows of `digits`: the slope of log10
gradient per layer, and the share of layers whose measured value lies inside the stated band. Where so few seeds could
not tell 5 % of a slope from chance, more are taken until their mean's standard error is below 2 %.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
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

    def __str__(self) -> str:
        return (
            f"{self.activation:16s} {self.depth:3d} predicted {self.predicted:+.4f} measured {self.measured:+.4f} "
            f"± {self.spread:.4f} error {self.error:6.1%} inside {self.inside:.1%} seeds {self.seeds}"
        )

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


class Runs:
    """log10 gradients by depth, activation and seed, kept in a file: theory may change, they stay."""

    def __init__(self, file: Path | None) -> None:
        self.file, self.known = file, dict[tuple[int, str, int], np.ndarray]()
        for line in file.read_text("utf-8").splitlines() if file is not None and file.exists() else []:
            depth, name, seed, values = json.loads(line)
            self.known[depth, name, seed] = np.array(values)

    def of(self, name: str, depth: int, seeds: range) -> np.ndarray:
        """Those of an activation (seeds, layers)."""
        return np.array([self.known[depth, name, seed] for seed in seeds])

    def measure(
        self, depth: int, networks: dict[str, Network], seeds: range, task: Task, rows: np.ndarray
    ) -> None:
        """Measure what is not known yet; networks of one initial scale and layout share their first weights."""
        for seed in seeds:
            first: dict[tuple[str, int], np.ndarray] = {}
            for name in [name for name in networks if (depth, name, seed) not in self.known]:
                network = networks[name]
                # an activation with parameters of its own has another layout
                layout = (network.initial_scale, network.size)
                if layout not in first:
                    first[layout] = network.initial(seed)
                look = measure(network, first[layout], network.initial_running(), task, rows, ranks=False)
                self._keep(depth, name, seed, look.log10_gradient)

    def _keep(self, depth: int, name: str, seed: int, values: np.ndarray) -> None:
        self.known[depth, name, seed] = values
        if self.file is not None:
            with self.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps([depth, name, seed, [round(float(x), 6) for x in values]]) + "\n")


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


def lines(
    depth: int, names: list[str], seeds: int, task: Task, rows: np.ndarray, runs: Runs
) -> list[Line | str]:
    """Lines of all activations at a depth; a name alone where there is no prediction or no gradient."""
    expected = expectations(names, depth, task, rows)
    found: dict[str, Line | str] = {name: name for name in names}
    waiting, count = {name: network for name, (network, _) in expected.items()}, seeds
    while waiting:
        runs.measure(depth, waiting, range(count), task, rows)
        for name in list(waiting):
            looks = runs.of(name, depth, range(count))
            if not np.isfinite(looks).all():
                del waiting[name]  # a gradient of 0: below what float32 holds
                continue
            found[name] = made = line(name, depth, expected[name][1], looks)
            if made.level or made.resolution <= RESOLUTION or count >= MOST_SEEDS:
                print(made, flush=True)
                del waiting[name]
        count += 20
    return [found[name] for name in names]


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
    parser.add_argument(
        "--records", type=Path, help="file of measured gradients, to go on with or to judge anew"
    )
    asked = parser.parse_args()
    start = time.perf_counter()
    names = [name for name, row in catalog.activations().items() if smooth(row) and name != "identity"]
    chosen = asked.activations.split(",") if asked.activations else names
    depths = [int(depth) for depth in asked.depths.split(",")] if asked.depths else DEPTHS
    data = load("digits")
    task = task_of(data, RaceSettings().completed(data.task, len(data.train)))
    rows, runs = evenly(task.training, ROWS), Runs(asked.records)
    made = [(depth, each) for depth in depths for each in lines(depth, chosen, asked.seeds, task, rows, runs)]
    if not (asked.depths or asked.activations):
        silent = [f"{each} at depth {depth}" for depth, each in made if isinstance(each, str)]
        write([each for _, each in made if isinstance(each, Line)], silent, asked.seeds)
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
