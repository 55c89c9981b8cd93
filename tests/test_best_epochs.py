"""The best epoch is the same to the bit however many epochs are trained at a time."""

import numpy as np
import pytest

from osolgil import best_epochs
from osolgil.best_epochs import BestEpochs, train_to_best
from osolgil.data import load
from osolgil.engines.cpu.fleet import Fleet, RunSetting
from osolgil.engines.cpu.kernels import layout
from osolgil.ensembles import Ensemble, fold_tasks
from osolgil.network import Network
from osolgil.race import RaceSettings
from osolgil.race.facts import task_of

EPOCHS = 30


def ensemble(folds, rates=(0.1, 0.3, 0.03)):
    data = load("wine")
    task = task_of(data, RaceSettings(hidden=(8,)).completed(data.task, len(data.train)))
    network = Network((data.train.inputs.shape[1], 8, 3), ("tanh", "identity"), normalization="batch")
    runs = [
        RunSetting("momentum", {"learning_rate": rate}, seed, 32, dropout=0.2, schedule="reduce_on_plateau")
        for seed, rate in enumerate(rates)
    ]
    shares = [(task, runs)]
    if folds:
        shares = [(each, [run]) for each, run in zip(fold_tasks(task, len(runs), 0), runs, strict=True)]
    fleets = tuple(Fleet.create(network, each, chosen, EPOCHS) for each, chosen in shares)
    return Ensemble(fleets, "momentum")


def found(monkeypatch, length, folds, keep, patience, **others):
    monkeypatch.setattr(best_epochs, "piece_of", lambda ensemble: length)
    trained = ensemble(folds, **others)
    best = train_to_best(trained, EPOCHS, workers=2, keep=keep, patience=patience)
    return best, [best.thetas.tobytes(), best.runnings.tobytes(), best.epochs.tolist()]


@pytest.mark.parametrize("folds", [False, True])
@pytest.mark.parametrize("keep", best_epochs.KEPT)
def test_pieces_of_any_length_give_the_same_bits(monkeypatch, folds, keep):
    patience = None if keep == "last" else 4
    _, expected = found(monkeypatch, 1, folds, keep, patience)
    for length in (3, 8, 100):
        assert found(monkeypatch, length, folds, keep, patience)[1] == expected


def test_an_ensemble_stops_where_it_would_have_stopped(monkeypatch):
    stopped, _ = found(monkeypatch, 8, False, "best-loss", 3)
    table = stopped.ensemble.histories[:, :, layout.STEPS_DONE]
    assert np.isfinite(table).sum(axis=1).tolist() == [stopped.epochs.max() + 3] * 3
    alone, _ = found(monkeypatch, 1, False, "best-loss", 3)
    np.testing.assert_array_equal(alone.ensemble.histories, stopped.ensemble.histories)
    assert alone.ensemble.evaluated.tobytes() == stopped.ensemble.evaluated.tobytes()


def test_a_run_that_diverges_keeps_what_it_had(monkeypatch):
    rates = (0.1, 1e30, 0.03)
    best, expected = found(monkeypatch, 1, False, "best-loss", None, rates=rates)
    assert best.ensemble.diverged.tolist() == [False, True, False]
    assert found(monkeypatch, 8, False, "best-loss", None, rates=rates)[1] == expected


def test_long_epochs_are_trained_one_by_one():
    short = ensemble(False)
    assert 1 < best_epochs.piece_of(short) <= 8
    network = Network((4000, 4000, 3), ("relu", "identity"))
    task = short.fleets[0].task
    wide = Fleet(network, task, "float32", short.fleets[0].arrays, ["constant"] * 3)
    assert best_epochs.piece_of(Ensemble((wide,), "momentum")) == 1


def test_a_passed_epoch_is_taken_only_where_it_is_the_best():
    trained = ensemble(False)
    before = trained.copy()
    trained.advance(6, 1)
    best = BestEpochs(trained, "best-loss")
    for epoch in range(1, 7):
        best.look(epoch, before if epoch < 6 else None)
    losses = trained.histories[:, :6, layout.VALIDATION_LOSS]
    assert best.epochs.tolist() == (losses.argmin(axis=1) + 1).tolist()
    best.settle(workers=2)
    for run, epoch in enumerate(best.epochs.tolist()):
        again = before.take([run])
        again.advance(epoch, 1)
        np.testing.assert_array_equal(again.evaluated[0], best.thetas[run])
