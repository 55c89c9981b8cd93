"""Scheduled training in the kernels: the right factor at the right step, the same bits however it is cut."""

import numpy as np
import pytest

import osolgil
from osolgil.engines.cpu.fleet import Fleet, RunSetting, Task
from osolgil.engines.cpu.kernels import layout
from osolgil.errors import SettingsError
from osolgil.formulas import catalog, scheduling
from osolgil.network import Network
from osolgil.training import train

ROWS, BATCH, EPOCHS = 50, 16, 6
STEPS = EPOCHS * 4
NETWORK = Network((4, 6, 2), ("tanh", "identity"))
SCHEDULES = ["constant", "linear_warmup(0.3)+cosine", "step*reduce_on_plateau(patience=0, factor=0.5)"]


def task():
    random = np.random.default_rng(0)
    inputs = random.normal(size=(ROWS + 20, 4))
    targets = np.eye(2)[random.integers(0, 2, ROWS + 20)]
    return Task(inputs, targets, np.arange(ROWS), np.arange(ROWS, ROWS + 20), "softmax_cross_entropy")


def fleet(optimizer="adam", schedules=SCHEDULES, rate=0.05):
    runs = [RunSetting(optimizer, {"learning_rate": rate}, 3, BATCH, schedule=text) for text in schedules]
    return Fleet.create(NETWORK, task(), runs, EPOCHS, "float64")


def test_sgd_moves_by_the_scheduled_rate():
    """Plain gradient descent on one batch of all rows, followed step by step with the factors beside it."""
    text = "linear_warmup(0.3)+cosine(0.1)"
    factors = scheduling.parse(text).factors(EPOCHS)
    runs = fleet("gradient_descent", [text], 0.3)
    other = fleet("gradient_descent", ["constant"], 0.3)
    for epoch in range(EPOCHS):
        other.arrays["thetas"][...] = runs.arrays["thetas"]
        before = runs.arrays["thetas"][0].copy()
        runs.advance(["gradient_descent"], epoch + 1, workers=1)
        other.advance(["gradient_descent"], epoch + 1, workers=1)
        scheduled, plain = runs.arrays["thetas"][0] - before, other.arrays["thetas"][0] - before
        np.testing.assert_allclose(scheduled, factors[epoch] * plain, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("name", ["adam", "momentum", "nadam"])
def test_a_training_cut_anywhere_is_the_same_to_the_bit(name):
    whole, cut = fleet(name), fleet(name)
    names = [name] * len(SCHEDULES)
    whole.advance(names, EPOCHS, workers=2)
    for epoch in (1, 2, 5, EPOCHS):
        cut = cut.take(range(len(cut)))
        cut.arrays |= {key: values.copy() for key, values in cut.arrays.items()}
        cut.advance(names, epoch, workers=1)
    for key in ("thetas", "states", "histories", "penalties"):
        np.testing.assert_array_equal(whole.arrays[key], cut.arrays[key])
    assert len({row.tobytes() for row in whole.arrays["thetas"]}) == len(SCHEDULES)


def test_a_taken_run_keeps_its_schedule():
    names = ["adam"] * len(SCHEDULES)
    whole, some = fleet(), fleet().take([2, 1])
    whole.advance(names, EPOCHS, workers=1)
    some.advance(names[:2], EPOCHS, workers=1)
    np.testing.assert_array_equal(some.arrays["thetas"], whole.arrays["thetas"][[2, 1]])


def test_a_plateau_is_judged_by_the_validation_losses_of_the_history():
    runs = fleet(schedules=["reduce_on_plateau(patience=0, factor=0.5, threshold=0.2)"])
    runs.advance(["adam"], EPOCHS, workers=1)
    row = catalog.schedule("reduce_on_plateau")
    state = tuple(row.state.values())
    for loss in runs.arrays["histories"][0, :, layout.VALIDATION_LOSS]:
        state = row.formula(loss, *state, patience=0.0, factor=0.5, threshold=0.2)
    place = slice(layout.PLATEAU, layout.PLATEAU_SCALE + 1)
    np.testing.assert_array_equal(runs.arrays["penalties"][0, place], [float(value) for value in state])
    assert state[-1] < 1.0


def test_half_the_rate_is_half_the_rate():
    one = train("iris", epochs=4, hidden=(8,), learning_rate=0.02)
    other = train("iris", epochs=4, hidden=(8,), learning_rate=0.04, schedule="constant(0.5)")
    assert one.model.parameters.tobytes() == other.model.parameters.tobytes()


def test_a_race_follows_the_schedule_and_says_how_to_repeat_it():
    settings = {"optimizers": ["sgd", "adam"], "learning_rates": 2, "seeds": 2, "epochs": 3, "hidden": (8,)}
    plain, scheduled = osolgil.race("iris", **settings), osolgil.race("iris", schedule="cosine", **settings)
    assert scheduled.facts["settings"]["schedule"] == "cosine"
    assert not np.array_equal(plain.history["validation_loss"], scheduled.history["validation_loss"])
    from osolgil.report.reproduction import command

    assert "--schedule cosine" in command(scheduled.facts)
    assert "--schedule" not in command(plain.facts)


def test_a_misspelt_schedule_is_refused_before_anything_is_trained():
    with pytest.raises(SettingsError, match="Did you mean 'cosine'"):
        train("iris", schedule="cosin")
    with pytest.raises(SettingsError, match="Did you mean 'warmup'"):
        osolgil.race("iris", schedule="warmup_cosine(warmupp=0.1)")
