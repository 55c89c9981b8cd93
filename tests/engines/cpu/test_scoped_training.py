"""Layer and network optimizers inside the training kernel: beside the formula, in teams, stopped and resumed."""

import numpy as np
import pytest

from osolgil.engines import plain
from osolgil.engines.cpu import fleet, library
from osolgil.engines.cpu.calling import call
from osolgil.engines.cpu.fleet import Fleet, RunSetting, Task
from osolgil.engines.cpu.kernels import random
from osolgil.formulas import catalog
from osolgil.network import Network

ROWS = [row for row in catalog.optimizers().values() if row.scope != "element"]
NETWORK = Network((4, 6, 3, 2), ("tanh", "tanh", "identity"), "layer", initial_scale="glorot_normal")
EPOCHS, BATCH, SEED = 12, 9, 5
RATES = {"dowg": 0.1, "polyak": 0.1, "mechanic": 0.3, "prodigy": 0.3, "shampoo": 0.02, "lbfgs": 0.03}

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def task(precision="float64"):
    random = np.random.default_rng(8)
    inputs = random.normal(size=(36, 4)).astype(precision)
    targets = np.stack([np.sin(inputs[:, 0]), inputs[:, 1] * inputs[:, 2]], 1).astype(precision)
    rows = np.arange(36)
    return Task(inputs, targets, rows[:27], rows[27:], "squared_error")


def setting(row, **options):
    rate = RATES.get(row.name, row.defaults["learning_rate"])
    return RunSetting(row.name, {"learning_rate": rate}, SEED, BATCH, **options)


class Steps(plain.Steps):
    """The formulas in NumPy with the signs that the kernel draws."""

    def _signs(self) -> np.ndarray:
        mixed = random.mixed.py_func
        key = mixed(mixed(np.uint64(SEED) + np.uint64(991)) + np.uint64(self.time - 1))
        bits = [mixed(key + np.uint64(place)) >> np.uint64(63) for place in range(self.theta.size)]
        return np.where(np.array(bits) == 1, 1.0, -1.0)


def trained(row, epochs, workers=1, precision="float64", **options):
    runs = Fleet.create(NETWORK, task(precision), [setting(row, **options)], EPOCHS, precision)
    for epoch in epochs:
        runs.advance([row.name], epoch, workers=workers)
    return runs


def by_formula(row, precision="float64", l1=0.0, l2=0.0):
    """The same training with the formula in NumPy, on gradients of the kernel; every batch is all rows."""
    job = task()
    start = NETWORK.initial(SEED, "float64")
    steps = Steps(row, start, NETWORK.blocks, **setting(row).hyperparameters)
    layers, places, size = fleet.workspace(NETWORK, "float64", len(job.training))
    weights = np.zeros(NETWORK.size, bool)
    for layer in NETWORK.unpack(weights):
        layer["weight"][...] = True
    for _ in range(EPOCHS):
        theta, gradient = steps.theta.copy(), np.zeros(NETWORK.size)
        loss = call(
            "training.loss_and_gradient",
            layers, theta, NETWORK.initial_running("float64"), gradient, fleet.aligned(1, size, "float64")[0], places,
            job.inputs, job.targets, job.training, library.loss(catalog.loss(job.loss), "float64"), 0.0, 0,
        )  # fmt: skip
        weight = np.where(weights, theta, 0.0)
        loss += l1 * np.abs(weight).sum() + 0.5 * l2 * (weight**2).sum()
        steps.step(gradient + l1 * np.sign(weight) + l2 * weight, loss)
    return steps.theta


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")  # random bits wrap around
@every_row
def test_training_is_the_formula_step_by_step(row):
    runs = Fleet.create(NETWORK, task(), [_full_batch(row)], EPOCHS, "float64")
    runs.advance([row.name], EPOCHS, workers=1)
    np.testing.assert_allclose(runs.arrays["thetas"][0], by_formula(row), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", ["polyak", "momo_adam", "lamb"])
def test_penalties_are_part_of_the_gradient_and_of_the_loss(name):
    row = catalog.optimizer(name)
    runs = Fleet.create(NETWORK, task(), [_full_batch(row, l1=0.003, l2=0.02)], EPOCHS, "float64")
    runs.advance([name], EPOCHS, workers=1)
    expected = by_formula(row, l1=0.003, l2=0.02)
    np.testing.assert_allclose(runs.arrays["thetas"][0], expected, rtol=1e-8, atol=1e-10)


def _full_batch(row, **options):
    given = setting(row, **options)
    return RunSetting(given.optimizer, given.hyperparameters, given.seed, 27, given.l1, given.l2)


@every_row
def test_training_goes_on_where_it_stopped_and_copies_go_the_same_way(row):
    whole = trained(row, [EPOCHS])
    parts = trained(row, [2, 5])
    pair = parts.take([0, 0])
    pair.advance([row.name] * 2, EPOCHS, workers=2)
    for name in ("thetas", "states", "histories"):
        np.testing.assert_array_equal(pair.arrays[name][0], whole.arrays[name][0])
        np.testing.assert_array_equal(pair.arrays[name][1], whole.arrays[name][0])


@every_row
def test_a_team_of_threads_trains_to_the_same_bits(row, monkeypatch):
    options = {"clip_norm": 0.05, "weight_decay": 0.01}
    alone = trained(row, [EPOCHS], **options)
    monkeypatch.setattr(fleet, "_team_size", lambda *_: 3)
    together = trained(row, [EPOCHS], workers=3, **options)
    np.testing.assert_array_equal(together.arrays["thetas"], alone.arrays["thetas"])
    np.testing.assert_array_equal(together.arrays["states"], alone.arrays["states"])


def test_optimizers_of_every_scope_train_side_by_side_as_they_do_alone():
    names = ["adam", "soap", "lamb", "prodigy", "sgd"]
    rows = [catalog.optimizer(name) for name in names]
    side_by_side = Fleet.create(NETWORK, task(), [setting(row) for row in rows], EPOCHS, "float64")
    side_by_side.advance(names, EPOCHS, workers=2)
    for place, row in enumerate(rows):
        alone = trained(row, [EPOCHS])
        np.testing.assert_array_equal(side_by_side.arrays["thetas"][place], alone.arrays["thetas"][0])
