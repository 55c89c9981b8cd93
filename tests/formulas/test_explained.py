"""Scores of numbers beside scikit-learn's and SciPy's: R², D² of quantiles and expectiles."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import expectile
from sklearn.metrics import d2_absolute_error_score, d2_pinball_score, r2_score

from osolgil.formulas import catalog
from osolgil.formulas.explained import best_constant, explained, score_of, yardstick

RANDOM = np.random.default_rng(5)
TARGETS, WEIGHTS = RANDOM.exponential(size=(301, 1)) - 0.5, RANDOM.uniform(0.2, 3.0, 301)
ANSWERS = TARGETS + RANDOM.normal(size=TARGETS.shape)
LEVELS = (0.02, 0.5, 0.9)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("level", LEVELS)
def test_of_quantiles_it_is_scikit_learns(level, weights):
    wanted = d2_pinball_score(TARGETS, ANSWERS, sample_weight=weights, alpha=level)
    row = catalog.loss(f"pinball(quantile={level})")
    # scikit-learn's constant is a quantile of the rows, ours the weighted one: never a larger loss
    tolerance = 1e-12 if weights is None else 2e-3
    assert explained(row, ANSWERS, TARGETS, weights) == pytest.approx(wanted, abs=tolerance)
    constant = np.full_like(TARGETS, best_constant(row, TARGETS, weights))
    assert d2_pinball_score(TARGETS, constant, sample_weight=weights, alpha=level) >= -1e-12


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_of_squares_and_distances_it_is_scikit_learns(weights):
    squares, distances = (catalog.loss(name) for name in ("squared_error", "absolute_error"))
    wanted = r2_score(TARGETS, ANSWERS, sample_weight=weights)
    assert explained(squares, ANSWERS, TARGETS, weights) == pytest.approx(wanted, abs=1e-12)
    wanted = d2_absolute_error_score(TARGETS, ANSWERS, sample_weight=weights)
    assert explained(distances, ANSWERS, TARGETS, weights) == pytest.approx(wanted, abs=2e-3)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("level", LEVELS)
def test_the_best_constants_of_the_expectile_loss_are_expectiles(level, weights):
    row = catalog.loss(f"expectile(quantile={level})")
    two = np.column_stack([TARGETS, 5.0 - 3.0 * TARGETS])
    wanted = [expectile(column, level, weights=weights) for column in two.T]
    np.testing.assert_allclose(best_constant(row, two, weights), wanted, atol=1e-7)


@given(
    targets=arrays(
        np.float64, st.tuples(st.integers(1, 30), st.integers(1, 3)), elements=st.floats(-1e6, 1e6)
    ),
    level=st.floats(0.01, 0.99),
    name=st.sampled_from(["pinball", "expectile"]),
)
def test_no_constant_explains_anything_and_the_targets_all(targets, level, name):
    row = catalog.loss(f"{name}(quantile={level})")
    constant = np.broadcast_to(best_constant(row, targets), targets.shape)
    assert explained(row, targets, targets) == 1.0
    spread = np.ptp(targets, axis=0).max()
    if yardstick(row, targets) != 1.0:
        assert abs(explained(row, constant, targets)) < 1e-9
    for other in np.linspace(targets.min(), targets.max(), 7):
        loss = row.losses(np.full_like(targets, other), targets).mean(axis=0)
        assert (loss >= row.losses(constant, targets).mean(axis=0) - 1e-7 * max(spread, 1.0) ** 2).all()


@pytest.mark.parametrize(
    ("loss", "score"),
    [
        ("squared_error", "r2"), ("huber(delta=0.5)", "r2"), ("pinball", "r2"), ("poisson", "r2"), ("gamma", "r2"),
        ("pinball(quantile=0.51)", "d2"), ("expectile(quantile=0.1)", "d2"),
    ],
)  # fmt: skip
def test_a_loss_with_another_middle_has_another_score(loss, score):
    assert score_of("regression", loss) == score


def test_every_other_task_is_scored_by_accuracy():
    for name, row in catalog.losses().items():
        for task in set(row.tasks) - {"regression"}:
            assert score_of(task, name) == "accuracy"


def test_a_loss_that_is_not_defined_everywhere_is_scored_all_the_same():
    row = replace(catalog.loss("squared_error"), formula=lambda z, y: (np.log1p(z) - np.log1p(y)) ** 2)
    targets = RANDOM.uniform(0.5, 20.0, (200, 1))
    assert not row.symmetric
    assert best_constant(row, targets)[0] == pytest.approx(np.expm1(np.log1p(targets).mean()), rel=1e-6)
    assert np.isnan(explained(row, targets - 50.0, targets))
