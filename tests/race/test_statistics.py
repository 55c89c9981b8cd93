"""The arithmetic of comparisons against SciPy, and its laws on any numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from osolgil.race.statistics import (
    compare,
    doubtless_losers,
    first_reaching,
    interval,
    profile,
    reachable_decades,
)

NUMBERS = st.lists(st.floats(-1e3, 1e3).map(lambda x: round(x, 6)), min_size=2, max_size=20)


@given(values=NUMBERS.filter(lambda v: np.std(v) > 1e-5), confidence=st.floats(0.51, 0.999))
def test_the_interval_is_students(values: list[float], confidence: float) -> None:
    expected = stats.t.interval(confidence, len(values) - 1, np.mean(values), stats.sem(values))
    assert interval(values, confidence) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(first=NUMBERS, seed=st.integers(0, 1000))
def test_the_comparison_is_the_paired_t_test(first: list[float], seed: int) -> None:
    second = [x + y for x, y in zip(first, np.random.default_rng(seed).normal(size=len(first)), strict=True)]
    result = compare(first, second, 0.95)
    assert result.p_value == pytest.approx(stats.ttest_rel(first, second).pvalue, rel=1e-6, abs=1e-12)
    assert result.behind == (result.mean < 0 and result.p_value < 0.05)


def test_the_level_is_shared_among_comparisons() -> None:
    challenger, best = [0.90, 0.93, 0.92, 0.94, 0.91], [0.94, 0.94, 0.95, 0.95, 0.94]
    assert compare(challenger, best, 0.95).behind
    assert not compare(challenger, best, 0.95, comparisons=40).behind


@given(values=NUMBERS)
def test_nothing_is_behind_itself(values: list[float]) -> None:
    assert not compare(values, values, 0.95).behind


def test_a_setting_beyond_doubt_worse_goes_and_the_best_with_its_neighbours_stays() -> None:
    noise = np.random.default_rng(0).normal(0.0, 0.01, (7, 5))
    losses = np.array([2.0, 1.5, 1.0, 0.5, 0.4, 0.6, np.inf])[:, None] + noise
    scores = -losses
    out = doubtless_losers(losses, scores, kept=1)
    assert sorted(out) == [0, 1, 6]
    assert all(best == 4 for best, _ in out.values())
    assert sorted(doubtless_losers(losses, scores, kept=1, early=False)) == [0, 1, 2, 5, 6]


def test_a_setting_with_a_higher_loss_but_a_better_score_stays() -> None:
    losses = np.array([0.1, 0.2, 0.3, 0.9])[:, None] + np.random.default_rng(1).normal(0, 0.001, (4, 5))
    scores = np.array([0.9, 0.9, 0.9, 0.99])[:, None] * np.ones(5)
    assert 3 not in doubtless_losers(losses, scores, kept=1)


def test_reachable_decades_counts_neighbours_only() -> None:
    rates, scores = [0.001, 0.01, 0.1, 1.0, 10.0], [0.99, 0.5, 0.985, 0.99, 0.2]
    assert reachable_decades(rates, scores, 3) == pytest.approx(1.0)


def test_profile_and_first_reaching() -> None:
    assert first_reaching(np.array([0.1, np.nan, 0.8, 0.9]), np.array([5, 10, 15, 20]), 0.8) == 15
    assert first_reaching(np.array([0.1]), np.array([5]), 0.8) == np.inf
    shares = profile({"fast": [10, 10], "slow": [20, np.inf]})
    assert shares["fast"][0] == [1.0, 1.0]
    assert dict(map(tuple, shares["slow"]))[2.0] == 0.5
