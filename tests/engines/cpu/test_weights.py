"""Weights in whole trainings: a row of weight 2 is two rows, in the loss, the steps and the score."""

import numpy as np
import pytest

from osolgil.engines.cpu.fleet import Fleet, RunSetting, Task
from osolgil.engines.cpu.kernels import layout
from osolgil.network import Network

RANDOM = np.random.default_rng(4)
ROWS, TRAINING = 60, np.arange(40)
INPUTS = RANDOM.normal(size=(ROWS, 3))
TIMES = RANDOM.integers(0, 4, ROWS)
NETWORK = Network((3, 6, 2), ("tanh", "identity"))
TARGETS = {
    "softmax_cross_entropy": np.eye(2)[(INPUTS[:, 0] > 0).astype(int)],
    "binary_cross_entropy": (INPUTS[:, :2] > 0.3).astype(float),
    "squared_error": INPUTS[:, :2] ** 2,
    "poisson": np.exp(INPUTS[:, :2]),
}
KINDS = {"binary_cross_entropy": "multi-label"}


def trained(task, epochs=5, workers=1):
    run = RunSetting("gradient_descent", {"learning_rate": 0.3}, 1, 64)
    fleet = Fleet.create(NETWORK, task, [run], epochs, "float64")
    fleet.advance(["gradient_descent"], epochs, workers=workers)
    return fleet


@pytest.mark.parametrize("loss", TARGETS)
def test_a_weighted_row_is_so_many_equal_rows(loss):
    kind = KINDS.get(loss)
    weights = TIMES / TIMES[TRAINING].mean()
    weighted = Task(INPUTS, TARGETS[loss], TRAINING, np.arange(40, ROWS), loss, weights, kind)
    repeated = np.repeat(np.arange(ROWS), TIMES)
    first = int(TIMES[TRAINING].sum())
    many = Task(
        INPUTS[repeated], TARGETS[loss][repeated], np.arange(first), np.arange(first, len(repeated)), loss,
        kind=kind,
    )  # fmt: skip
    ours, theirs = trained(weighted), trained(many)
    np.testing.assert_allclose(ours.thetas, theirs.thetas, rtol=1e-11, atol=1e-13)
    columns = [layout.TRAINING_LOSS, layout.VALIDATION_LOSS, layout.VALIDATION_SCORE]
    np.testing.assert_allclose(
        ours.histories[0][:, columns], theirs.histories[0][:, columns], rtol=1e-10, atol=1e-12
    )
    measured = ours.measure(np.arange(40, ROWS), 1), theirs.measure(np.arange(first, len(repeated)), 1)
    np.testing.assert_allclose(*measured, rtol=1e-10)


@pytest.mark.parametrize("loss", TARGETS)
def test_equal_weights_change_no_bit_and_no_weights_cost_none(loss):
    plain, weighted = (
        trained(Task(INPUTS, TARGETS[loss], TRAINING, np.arange(40, ROWS), loss, weights, KINDS.get(loss)))
        for weights in (None, np.ones(ROWS))
    )
    assert (plain.thetas == weighted.thetas).all()
    assert (plain.histories == weighted.histories).all()


def test_a_score_of_a_quantile_is_the_share_of_its_loss_that_is_explained():
    from sklearn.metrics import mean_pinball_loss

    from osolgil.engines.cpu.fleet import outputs

    rows, targets = np.arange(40, ROWS), TARGETS["squared_error"]
    fleet = trained(Task(INPUTS, targets, TRAINING, rows, "pinball(quantile=0.9)"))
    found = outputs(NETWORK, fleet.thetas[0], fleet.runnings[0], INPUTS[rows])
    constant = np.broadcast_to(np.quantile(targets[rows], 0.9, axis=0), found.shape)
    loss, least = (mean_pinball_loss(targets[rows], answers, alpha=0.9) for answers in (found, constant))
    wanted = 1.0 - loss / least
    assert fleet.task.score == "d2"
    assert fleet.measure(rows, 1)[1][0] == pytest.approx(wanted, rel=1e-9)
    assert fleet.histories[0, -1, layout.VALIDATION_SCORE] == pytest.approx(wanted, rel=1e-9)


def test_a_score_of_labels_is_the_share_of_right_ones_and_of_amounts_r2_in_their_own_unit():
    from sklearn.metrics import hamming_loss, r2_score

    from osolgil.engines.cpu.fleet import outputs

    rows = np.arange(40, ROWS)
    weights = RANDOM.uniform(0.5, 2.0, ROWS)
    for loss in ("binary_cross_entropy", "poisson"):
        fleet = trained(Task(INPUTS, TARGETS[loss], TRAINING, rows, loss, weights, KINDS.get(loss)))
        found = outputs(NETWORK, fleet.thetas[0], fleet.runnings[0], INPUTS[rows])
        score = fleet.measure(rows, 1)[1][0]
        if loss == "poisson":
            expected = r2_score(
                TARGETS[loss][rows],
                np.exp(found),
                sample_weight=weights[rows],
                multioutput="variance_weighted",
            )
        else:
            expected = 1.0 - hamming_loss(TARGETS[loss][rows], found > 0, sample_weight=weights[rows])
        assert score == pytest.approx(expected, rel=1e-10)
