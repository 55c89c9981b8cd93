"""Healthy networks, and the same ones with one known fault each: what diagnosis is tested on.

Kept apart from the rules: nothing here imports them, and a fault counts only if it harms (its network's validation
score falls well below its healthy twin's, or its training loss stays far above).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from osolgil.data import Dataset, load
from osolgil.diagnosis.examination import Case
from osolgil.engines.cpu.fleet import RunSetting, Task
from osolgil.formulas import catalog
from osolgil.race.facts import task_of
from osolgil.race.settings import RaceSettings

DATA = ("digits", "breast_cancer", "wine", "moons", "diabetes")
DEEP_DATA = ("digits", "breast_cancer", "wine")
ACTIVATIONS = ("relu", "tanh", "gelu", "elu", "leaky_relu", "silu", "selu")
RECTIFIERS = ("relu",)
BOUNDED = ("tanh", "sigmoid")
MOST_ROWS = 900


@dataclass(frozen=True)
class Patient:
    """A network under test: its healthy twin, itself, and the fault it was given (None: healthy)."""

    twin: Case
    case: Case
    fault: str | None
    about: str


@cache
def data_of(name: str) -> Dataset:
    return load(name)


def healthy(random: np.random.Generator, **fixed: object) -> tuple[Case, str]:
    """A network that trains: a data set, a moderate depth, an activation with its usual weights, a fair rate."""
    name = str(fixed.get("data") or random.choice(DATA))
    activation = str(fixed.get("activation") or random.choice(ACTIVATIONS))
    deepest = 2 if activation == "sigmoid" else 8
    depth = int(fixed.get("depth") or random.integers(1, deepest + 1))  # type: ignore[call-overload]
    width = int(random.choice([16, 32, 64]))
    optimizer, rate = [("adam", 0.003), ("momentum", 0.02), ("sgd", 0.1), ("rmsprop", 0.002)][
        random.integers(4)
    ]
    if depth > 4:
        optimizer, rate = "adam", 0.002
    data = data_of(name)
    settings = RaceSettings(
        hidden=(width,) * depth, activation=activation, output_activation=str(fixed.get("output") or "identity"),
        residual=bool(fixed.get("residual")), seed=int(random.integers(1000)),
    ).completed(data.task, len(data.train))  # fmt: skip
    network = settings.network(data.train.inputs.shape[1], data.outputs)
    task = fewer(task_of(data, settings), MOST_ROWS)
    if data.task == "regression":
        rate = rate / 4
    hyperparameters = catalog.optimizer(optimizer).hyperparameters(learning_rate=rate)
    run = RunSetting(
        optimizer, hyperparameters, int(random.integers(10_000)), min(32, settings.batch_size or 32)
    )
    epochs = 60 if len(task.training) < 400 else 30
    about = f"{name} {depth}x{width} {activation} {optimizer} {rate:g}"
    return Case(network, task, run, epochs, standard_scale=network.initial_scale), about


def fewer(task: Task, rows: int) -> Task:
    return replace(task, training=task.training[:rows])


def labels(random: np.random.Generator) -> tuple[Case, Case, str]:
    case, about = healthy(random, data=random.choice(["digits", "breast_cancer", "moons"]))
    targets = case.task.targets.copy()
    return (
        case,
        replace(case, task=replace(case.task, targets=targets[random.permutation(len(targets))])),
        about,
    )


def loss(random: np.random.Generator) -> tuple[Case, Case, str]:
    case, about = healthy(random)
    output = str(random.choice(["sigmoid", "tanh"]))
    network = replace(case.network, activations=(*case.network.activations[:-1], output))
    return case, replace(case, network=network), f"{about} output {output}"


def plateau(random: np.random.Generator) -> tuple[Case, Case, str]:
    case, about = healthy(random, data=random.choice(DEEP_DATA))
    size = float(random.choice([0.0, 0.01, 0.1]))

    def start(seed: int) -> np.ndarray:
        theta = case.network.initial(seed)
        for layer in case.network.unpack(theta):
            layer["weight"][...] = size
        return theta

    return case, replace(case, start=start), f"{about} weights all {size:g}"


def inputs(random: np.random.Generator) -> tuple[Case, Case, str]:
    case, about = healthy(random)
    factor = float(10.0 ** random.choice([-3.0, -2.5, -2.0, 1.5, 2.0, 3.0]))
    task = replace(case.task, inputs=(case.task.inputs * factor).astype(np.float32))
    return case, replace(case, task=task), f"{about} inputs x{factor:.3g}"


def weights(random: np.random.Generator) -> tuple[Case, Case, str]:
    case, about = healthy(random, depth=random.integers(3, 9), data=random.choice(DEEP_DATA))
    factor = float(10.0 ** random.choice([-1.5, -1.0, -0.7, 0.6, 0.8, 1.0]))

    def start(seed: int) -> np.ndarray:
        theta = case.network.initial(seed)
        for layer in case.network.unpack(theta):
            layer["weight"][...] *= factor
        return theta

    return case, replace(case, start=start), f"{about} weights x{factor:.3g}"


def dying(random: np.random.Generator) -> tuple[Case, Case, str]:
    case, about = healthy(random, activation=random.choice(RECTIFIERS), depth=random.integers(2, 7))
    return _shifted(case, about, -float(random.uniform(3.0, 8.0)), random)


def saturation(random: np.random.Generator) -> tuple[Case, Case, str]:
    case, about = healthy(random, activation=random.choice(BOUNDED), depth=random.integers(2, 4))
    return _shifted(case, about, float(random.uniform(5.0, 10.0)) * random.choice([-1, 1]), random)


def _shifted(case: Case, about: str, shift: float, random: np.random.Generator) -> tuple[Case, Case, str]:
    def start(seed: int) -> np.ndarray:
        theta = case.network.initial(seed)
        for layer in case.network.unpack(theta)[:-1]:
            layer["bias"][...] = shift
        return theta

    return case, replace(case, start=start), f"{about} biases {shift:.2g}"


def vanishing(random: np.random.Generator) -> tuple[Case, Case, str]:
    activation = str(random.choice(["sigmoid", "softplus", "silu", "tanh", "sigmoid"]))
    depth = {"sigmoid": (6, 31), "softplus": (14, 31), "silu": (30, 46), "tanh": (0, 0)}[activation]
    case, about = healthy(random, data=random.choice(DEEP_DATA), depth=2, activation="tanh")
    name = activation
    scale = "glorot_uniform"
    if (
        activation == "tanh"
    ):  # dropout shrinks nothing, small usual weights do: a deep sigmoid in front of tanh
        name, depth = "sigmoid", (10, 26)
    layers = int(random.integers(*depth))
    width = case.network.widths[1]
    widths = (case.network.widths[0], *[width] * layers, case.network.widths[-1])
    network = replace(
        case.network, widths=widths, activations=(*[name] * layers, "identity"), initial_scale=scale
    )
    return case, replace(case, network=network, standard_scale=scale), f"{about} -> {layers}x{width} {name}"


def exploding(random: np.random.Generator) -> tuple[Case, Case, str]:
    case, about = healthy(
        random, data=random.choice(DEEP_DATA), depth=2, activation=random.choice(["relu", "leaky_relu"])
    )
    layers, width = int(random.integers(16, 36)), case.network.widths[1]
    network = replace(
        case.network, widths=(case.network.widths[0], *[width] * layers, case.network.widths[-1]), residual=True,
        activations=(*[case.network.activations[0]] * layers, "identity"),
    )  # fmt: skip
    return case, replace(case, network=network), f"{about} -> {layers}x{width} residual"


def learning_rate_high(random: np.random.Generator) -> tuple[Case, Case, str]:
    case, about = healthy(random)
    factor = float(10.0 ** random.uniform(1.5, 3.0))
    return case, replace(case, run=case.with_rate(factor)), f"{about} rate x{factor:.3g}"


def learning_rate_low(random: np.random.Generator) -> tuple[Case, Case, str]:
    case, about = healthy(random)
    factor = float(10.0 ** random.uniform(-4.0, -2.3))
    return case, replace(case, run=case.with_rate(factor)), f"{about} rate x{factor:.3g}"


def noise(random: np.random.Generator) -> tuple[Case, Case, str]:
    case, about = healthy(random, data=random.choice(DATA), depth=random.integers(1, 4))
    rate = float(random.uniform(0.05, 0.2))
    big = RunSetting("sgd", {"learning_rate": rate}, case.run.seed, 32)
    return (
        replace(case, run=big),
        replace(case, run=replace(big, batch_size=1)),
        f"{about} sgd {rate:.2g} batch 1",
    )


def overfitting(random: np.random.Generator) -> tuple[Case, Case, str]:
    """Too free a network for its data: wide, trained far too long, and nothing holds it back.

    Both twins see the same rows, of whose training targets a share is wrong (those of diabetes are noisy enough as
    they are); the healthy one is narrow, bound by dropout or a penalty, and stops early. Validation rows are clean.
    """
    case, about = healthy(
        random, data=random.choice(["digits", "breast_cancer", "diabetes"]), depth=random.integers(1, 4)
    )
    share = float(
        random.uniform(*{10: (0.3, 0.5), 2: (0.2, 0.35), 1: (0.0, 0.0)}[case.task.targets.shape[1]])
    )
    task = with_wrong_targets(case.task, share, random)
    rate = 0.002 if case.task.classify else 0.0005
    run = RunSetting("adam", catalog.optimizer("adam").hyperparameters(learning_rate=rate), case.run.seed, 32)
    bonds = [{"dropout": 0.2}, {"l2": 0.003}, {"weight_decay": 0.03}][random.integers(3)]
    twin = replace(case, task=task, run=replace(run, **bonds), epochs=30)  # type: ignore[arg-type]
    widths = case.network.widths
    wide = replace(case.network, widths=(widths[0], *[128] * (len(widths) - 2), widths[-1]))
    broken = replace(case, network=wide, task=task, run=run, epochs=200)
    return twin, broken, f"{about} {share:.0%} wrong, {bonds} -> 128 wide, 200 epochs"


def with_wrong_targets(task: Task, share: float, random: np.random.Generator) -> Task:
    """The task with another class than the right one for a share of the training rows."""
    targets, count = task.targets.copy(), round(share * len(task.training))
    for row in random.choice(task.training, count, replace=False):
        targets[row] = np.roll(targets[row], random.integers(1, targets.shape[1]))
    return replace(task, targets=targets)


def few_rows(random: np.random.Generator) -> tuple[Case, Case, str]:
    case, about = healthy(
        random, data=random.choice(["digits", "breast_cancer", "diabetes"]), depth=random.integers(1, 4)
    )
    rows = int(random.integers(30, 70))
    run = replace(case.run, batch_size=min(8, case.run.batch_size))
    return case, replace(case, task=fewer(case.task, rows), epochs=200, run=run), f"{about} on {rows} rows"


FAULTS: dict[str, Callable[[np.random.Generator], tuple[Case, Case, str]]] = {
    "labels": labels, "loss": loss, "plateau": plateau, "inputs": inputs, "weights": weights, "dying": dying,
    "saturation": saturation, "exploding": exploding, "vanishing": vanishing, "learning_rate_high": learning_rate_high,
    "noise": noise, "learning_rate_low": learning_rate_low, "overfitting": overfitting,
    "few_rows": few_rows,
}  # fmt: skip


def patients(fault: str | None, seed: int) -> Patient:
    """One network of a kind; the seed is all there is to chance."""
    random = np.random.default_rng([seed, 0 if fault is None else 1 + list(FAULTS).index(fault)])
    if fault is None:
        case, about = healthy(random)
        return Patient(case, case, None, about)
    twin, broken, about = FAULTS[fault](random)
    return Patient(twin, broken, fault, about)
