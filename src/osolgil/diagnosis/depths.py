"""The lecture's picture: what becomes of the product of derivatives through depth, and where training dies.

A gradient on its way back is multiplied by one derivative per layer. For the sigmoid each is at most 1/4, so their
product is at most 4^-L whatever the weights do; other activations keep more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from osolgil.data import Dataset, Encoding
from osolgil.diagnosis.examination import Case, Course, inputs_of
from osolgil.diagnosis.measurement import evenly, measure
from osolgil.diagnosis.prediction import INFINITE_WIDTH, predict
from osolgil.diagnosis.reference import Reference
from osolgil.engines.cpu.fleet import RunSetting
from osolgil.errors import SettingsError
from osolgil.formulas import catalog
from osolgil.race.entry import data_of, threads
from osolgil.race.facts import data_facts, task_of
from osolgil.race.settings import RaceSettings

DEPTHS = (1, 2, 4, 8, 16, 32)
_ROWS, _SEEDS = 128, 2


@dataclass(frozen=True)
class Products:
    """log10 of the product of root mean square slopes after 1, 2 … layers, as predicted and as measured."""

    activation: str
    largest_slope: float
    predicted: list[float | None]
    measured: list[float | None]


def products(case: Case) -> Products:
    """Slopes of a network at its start, multiplied from layer to layer."""
    task, network = case.task, case.network
    expected = predict(network, inputs_of(task, _ROWS), dropout=case.run.dropout)
    theta = case.initial(case.run.seed)
    found = measure(
        network,
        theta,
        network.initial_running(theta.dtype.name),
        task,
        evenly(task.training, _ROWS),
        ranks=False,
    )
    row = catalog.activation(network.activations[0])
    with np.errstate(all="ignore"):
        slopes = np.abs(row.slope(np.linspace(-12.0, 12.0, 4801)))
    return Products(
        row.name, float(np.nanmax(slopes)), _product(expected.slope[:-1]), _product(found.slope[:-1])
    )


def _product(squares: np.ndarray) -> list[float | None]:
    with np.errstate(divide="ignore"):
        return [float(x) if math.isfinite(x) else None for x in 0.5 * np.log10(squares).cumsum()]


def depths(
    inputs: Any,
    targets: Any = None,
    *,
    activations: Sequence[str] | None = None,
    depths: Sequence[float] = DEPTHS,
    width: int = 64,
    learning_rate: float = 0.001,
    jobs: int | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """Race depths: for each activation, its slopes through the deepest network, and how every depth trains.

    Args:
        inputs, targets, jobs: as for `osolgil.race`. activations: names, by default every elementwise one.
        depths: numbers of hidden layers, each `width` wide. learning_rate: of Adam, which trains them.
        **settings: epochs, batch_size, normalization, initial_scale, seed … as in `RaceSettings`.

    Returns a plain dictionary: data, depths, and per activation its products (see `Products`), the mean validation
    score at each depth, and `dies`, the first depth whose score is not above a constant answer's (None where none).

    >>> found = depths("iris", activations=["sigmoid"], depths=(1, 20), width=16, epochs=40, learning_rate=0.003)
    >>> found["activations"][0]["dies"]
    20
    """
    names = _names(activations)
    counts = sorted({int(depth) for depth in depths})
    if not counts or counts[0] < 1 or any(depth != int(depth) for depth in depths):
        raise SettingsError(f"Depths must be whole numbers from 1 up, not {tuple(depths)}.")
    if not 0.0 < learning_rate < math.inf:
        raise SettingsError(f"The learning rate must be positive, not {learning_rate}.")
    workers = threads(jobs)
    encoding = Encoding(settings.get("scaling", "standard"), settings.get("numbers", "plain"))
    data = data_of(inputs, targets, None, None, None, int(settings.get("seed", 0)), encoding=encoding)
    reference, loss = None, ""
    rows = []
    for name in names:
        cases = [_case(data, name, depth, width, learning_rate, settings) for depth in counts]
        reference, loss = reference or Reference.of(cases[0].task), cases[0].task.loss
        scores = [_score(case, workers) for case in cases]
        alive = [score > reference.chance + 3.0 * reference.noise for score in scores]
        dead = [depth for depth, lives in zip(counts, alive, strict=True) if not lives]
        made = products(cases[-1])
        rows.append({**made.__dict__, "scores": scores, "dies": dead[0] if dead else None})
    assert reference is not None
    return {
        "data": data_facts(data, loss), "depths": counts, "width": width, "chance": reference.chance,
        "assumption": INFINITE_WIDTH, "activations": rows,
    }  # fmt: skip


def _names(activations: Sequence[str] | None) -> list[str]:
    if activations is None:
        return [name for name, row in catalog.activations().items() if row.kind == "elementwise"]
    rows = [catalog.activation(name) for name in activations]
    if not rows:
        raise SettingsError("Name at least one activation.")
    return [row.name for row in rows]


def _case(
    data: Dataset, activation: str, depth: int, width: int, rate: float, settings: dict[str, Any]
) -> Case:
    asked = RaceSettings(hidden=(width,) * depth, activation=activation, **settings)
    asked = asked.completed(data.task, len(data.train))
    network = asked.network(data.train.inputs.shape[1], data.outputs)
    values = catalog.optimizer("adam").hyperparameters(learning_rate=rate)
    run = RunSetting("adam", values, asked.seed * 1_000_000, asked.batch_size or 1)
    return Case(network, task_of(data, asked), run, asked.epochs or 1, standard_scale=network.initial_scale)


def _score(case: Case, workers: int) -> float:
    runs = [replace(case.run, seed=case.run.seed + place) for place in range(_SEEDS)]
    return Course.of(case.train(runs, workers), range(_SEEDS)).score
