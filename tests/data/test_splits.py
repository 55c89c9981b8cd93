"""Splits: sizes, shares of the classes, determinism, nothing twice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osolgil.data import from_arrays, load
from osolgil.data.splits import split_rows
from osolgil.errors import DataError


@given(
    st.lists(st.integers(3, 40), min_size=2, max_size=6),
    st.integers(0, 99),
    st.floats(0.01, 0.99),
    st.booleans(),
)
def test_every_row_once_and_every_class_everywhere(
    counts: list[int], seed: int, share: float, official: bool
) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    parts = split_rows(labels, len(labels), seed, share, official)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))
    for part in parts[: 2 if official else 3]:
        assert set(labels[part]) == set(range(len(counts)))


def test_shares_of_the_classes_are_kept() -> None:
    labels = np.repeat([0, 1, 2], [100, 200, 700])
    for part, share in zip(split_rows(labels, 1000, 0), (0.6, 0.2, 0.2), strict=True):
        np.testing.assert_array_equal(np.bincount(labels[part]), np.array([100, 200, 700]) * share)


def test_many_rows_validate_on_a_sixth_of_what_is_not_tested() -> None:
    train, validation, test = split_rows(None, 12_000, 0)
    assert (len(train), len(validation), len(test)) == (8000, 1600, 2400)


def test_the_seed_decides_the_split_and_only_it() -> None:
    one, same, other = load("digits", seed=1), load("digits", seed=1), load("digits", seed=2)
    np.testing.assert_array_equal(one.train.inputs, same.train.inputs)
    assert one.fingerprint == same.fingerprint != other.fingerprint
    assert not np.array_equal(one.test.inputs, other.test.inputs)


def test_fingerprint_follows_content_and_choices() -> None:
    inputs = np.random.default_rng(0).normal(size=(60, 3))
    targets = np.arange(60) % 3
    changed = inputs.copy()
    changed[7, 1] += 1e-9
    prints = [
        from_arrays(inputs, targets).fingerprint,
        from_arrays(changed, targets).fingerprint,
        from_arrays(inputs, targets[::-1]).fingerprint,
        from_arrays(inputs, targets, task="regression").fingerprint,
        from_arrays(inputs, targets, test=0.3).fingerprint,
    ]
    assert len(set(prints)) == len(prints)
    assert prints[0] == from_arrays(inputs.copy(), targets.tolist()).fingerprint


@pytest.mark.parametrize("name", ["sine", "friedman", "diabetes"])
def test_regression_targets_are_standardised_by_the_training_rows(name: str) -> None:
    data = load(name)
    assert data.task == "regression"
    assert data.train.targets.shape == (len(data.train), 1)
    assert data.train.targets.dtype == np.float32
    assert data.train.targets.mean() == pytest.approx(0, abs=1e-6)
    assert data.train.targets.std() == pytest.approx(1, abs=1e-6)
    assert abs(float(data.test.targets.mean())) > 1e-6


def test_a_pair_of_arrays_tests_and_the_target_has_a_name() -> None:
    inputs, targets = np.random.default_rng(1).normal(size=(70, 2)), np.arange(70) % 2
    data = from_arrays(inputs[:60], targets[:60], target="side", test=(inputs[60:], targets[60:]), name="toy")
    assert (data.name, data.target_name, data.rows) == (
        "toy",
        "side",
        {"train": 50, "validation": 10, "test": 10},
    )
    np.testing.assert_array_equal(data.test.inputs, data.preprocessing.transform(inputs[60:]))
    with pytest.raises(DataError, match="test rows have 1 features"):
        from_arrays(inputs, targets, test=(inputs[:, :1], targets))
