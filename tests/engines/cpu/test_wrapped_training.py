"""Wrapped optimizers inside the training kernel: beside their formulas, in teams, stopped and resumed, evaluated."""

import numpy as np
import pytest

from engines.cpu.test_scoped_training import BATCH, EPOCHS, NETWORK, SEED, Steps, task
from osolgil.engines.cpu import fleet, library
from osolgil.engines.cpu.calling import call
from osolgil.engines.cpu.fleet import Fleet, RunSetting
from osolgil.engines.cpu.kernels import layout
from osolgil.formulas import catalog
from osolgil.network import Network
from osolgil.race.checkpoint import Checkpoint
from osolgil.training import train

TEXTS = [
    "clip_norm(adaptive_clip(gradient_centralisation(momentum(momentum=0.7))))",
    "ema(cautious(adamw), memory=0.8)",
    "swa(lookahead(sgd, period=3), start=0.4, period=2)",
    "schedule_free(adam)",
    "sam(clip_value(grokfast(nadam)))",
    "lookahead(asam(lamb))",
    "sophia(interval=4)",
    "kron",
    "sam(ema(kron(balancing=3)))",
]
BATCH_NORMALISED = Network((4, 6, 3, 2), ("tanh", "tanh", "identity"), "batch", initial_scale="glorot_normal")
every_text = pytest.mark.parametrize("text", TEXTS)


def trained(text, epochs, workers=1, network=NETWORK, batch=BATCH, precision="float64", **options):
    run = RunSetting(text, {"learning_rate": 0.02}, SEED, batch, **options)
    runs = Fleet.create(network, task(precision), [run], EPOCHS, precision)
    for epoch in epochs:
        runs.advance([text], epoch, workers=workers)
    return runs


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")  # random bits wrap around
@every_text
def test_training_is_the_formulas_step_by_step(text):
    job, row = task(), catalog.optimizer(text)
    layers, places, size = fleet.workspace(NETWORK, "float64", len(job.training))

    def gradient_at(theta):
        gradient = np.zeros(NETWORK.size)
        call(
            "training.loss_and_gradient",
            layers, theta.copy(), NETWORK.initial_running("float64"), gradient,
            fleet.aligned(1, size, "float64")[0], places, job.inputs, job.targets, job.training,
            library.loss(catalog.loss(job.loss), "float64"), 0.0, 0,
        )  # fmt: skip
        return gradient

    start = NETWORK.initial(SEED, "float64")
    steps = Steps(row, start, NETWORK.blocks, total_steps=EPOCHS, learning_rate=0.02)
    for _ in range(EPOCHS):
        steps.step(gradient_at(steps.theta), 0.0, gradient_at)
    runs = trained(text, [EPOCHS], batch=len(job.training))
    np.testing.assert_allclose(runs.arrays["thetas"][0], steps.theta, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(runs.evaluated[0], steps.evaluated, rtol=1e-7, atol=1e-10)


@every_text
def test_training_goes_on_where_it_stopped(text, tmp_path):
    whole = trained(text, [EPOCHS], schedule="cosine")
    parts = trained(text, [2, 5], schedule="cosine")
    Checkpoint(tmp_path / "checkpoint").save(0, parts)
    again = trained(text, [], schedule="cosine")
    assert Checkpoint(tmp_path / "checkpoint").load(0, again) == (False, True)
    pair = again.take([0, 0])
    pair.advance([text] * 2, EPOCHS, workers=2)
    for name in ("thetas", "states", "carrieds", "histories"):
        for run in pair.arrays[name]:
            np.testing.assert_array_equal(run, whole.arrays[name][0])


@every_text
@pytest.mark.parametrize("network", [NETWORK, BATCH_NORMALISED], ids=["layer", "batch"])
def test_a_team_of_threads_trains_to_the_same_bits(text, network, monkeypatch):
    options = {"clip_norm": 0.05, "weight_decay": 0.01, "l2": 0.01, "dropout": 0.2}
    alone = trained(text, [EPOCHS], network=network, **options)
    monkeypatch.setattr(fleet, "_team_size", lambda *_: 3)
    together = trained(text, [EPOCHS], workers=3, network=network, **options)
    for name in ("thetas", "states", "runnings", "histories"):
        np.testing.assert_array_equal(together.arrays[name], alone.arrays[name])


def test_wrapped_optimizers_train_side_by_side_as_they_do_alone():
    texts = ["adam", *TEXTS]
    runs = [RunSetting(text, {"learning_rate": 0.02}, SEED, BATCH) for text in texts]
    side_by_side = Fleet.create(NETWORK, task(), runs, EPOCHS, "float64")
    side_by_side.advance(texts, EPOCHS, workers=2)
    for place, text in enumerate(texts):
        np.testing.assert_array_equal(
            side_by_side.arrays["thetas"][place], trained(text, [EPOCHS]).arrays["thetas"][0]
        )


def test_the_evaluated_weights_are_measured_and_kept():
    runs = trained("ema(adam, memory=0.9)", [EPOCHS])
    other = trained("adam", [EPOCHS])
    np.testing.assert_array_equal(runs.arrays["thetas"], other.arrays["thetas"])
    validation = runs.task.validation
    losses, _ = runs.measure(validation, workers=1)
    assert losses[0] == pytest.approx(runs.arrays["histories"][0, -1, layout.VALIDATION_LOSS], rel=1e-12)
    assert losses[0] != other.measure(validation, workers=1)[0][0]
    one, kept = (train("iris", optimizer=text, epochs=5, hidden=(8,)) for text in ("adam", "ema(adam)"))
    assert one.model.parameters.tobytes() != kept.model.parameters.tobytes()
    assert one.history["training_loss"].tolist() == kept.history["training_loss"].tolist()


def test_a_probe_leaves_the_running_averages_of_batch_normalisation_alone():
    near = trained("sam(sgd, radius=0)", [EPOCHS], network=BATCH_NORMALISED)
    plainly = trained("sgd", [EPOCHS], network=BATCH_NORMALISED)
    np.testing.assert_array_equal(near.arrays["runnings"], plainly.arrays["runnings"])
    np.testing.assert_array_equal(near.arrays["thetas"], plainly.arrays["thetas"])


def test_a_probe_that_leaves_the_numbers_is_a_divergence():
    runs = trained("sam(sgd, radius=1e300)", [EPOCHS])
    assert runs.arrays["runs"][0, layout.STATUS] in (layout.DIVERGED, layout.FINISHED)
    wild = trained("sam(sgd, radius=1e38)", [EPOCHS], precision="float32")
    assert wild.arrays["runs"][0, layout.STATUS] == layout.DIVERGED
