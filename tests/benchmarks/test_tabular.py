"""The benchmark of accuracy on tables: the rows that methods share, and how scores are told."""

import numpy as np
import pytest
from benchmarks.records import Record
from benchmarks.tabular.methods import score
from benchmarks.tabular.sets import table

from benchmarks import accuracy, defaults


@pytest.mark.parametrize("name", ["wine", "diabetes"])
def test_rows_are_parted_once_for_all(name):
    rows = table(name, 3)
    known = np.sort(np.concatenate([rows.training, rows.validation]))
    np.testing.assert_array_equal(known, np.arange(len(rows.inputs)))
    assert not set(map(tuple, rows.inputs.to_numpy())) & set(map(tuple, rows.test_inputs.to_numpy()))
    again, other = table(name, 3), table(name, 4)
    assert again.test_inputs.equals(rows.test_inputs)
    assert not other.test_inputs.equals(rows.test_inputs)


def test_scores_are_accuracy_and_r2():
    wine, diabetes = table("wine", 0), table("diabetes", 0)
    assert score(wine, wine.test_targets) == score(diabetes, diabetes.test_targets) == 1.0
    assert score(
        diabetes, np.full(len(diabetes.test_targets), diabetes.test_targets.mean())
    ) == pytest.approx(0)


def test_methods_are_told_by_the_seeds_that_both_have():
    values = {"osolgil": (0.9, 0.8, 0.85), "scikit-learn MLP": (0.89, 0.81, 0.85), "TabM-D": (0.7, 0.61)}
    records = [
        Record("wine", method, seed, found, cpu_seconds=1.0)
        for method, several in values.items()
        for seed, found in enumerate(several)
    ]
    page = accuracy.page(records)
    assert "| wine | 0.8500 ± 0.0500 | 0.8500 ± 0.0400 | 0.6550 ± 0.0636 (2) |" in page
    assert "| wine | +0.00 ± 0.58 (3) | **+19.50 ± 0.50** (2) |" in page


def test_a_switch_is_told_by_its_paired_differences():
    records = [
        Record("wine", method, seed, 0.9 + 0.01 * seed + shift, cpu_seconds=1.0)
        for method, shift in ((defaults.BASE, 0.0), ("ReLU", -0.02))
        for seed in range(3)
    ]
    page = defaults.page(records)
    assert "| ReLU | **-2.00 ± 0.00** | -2.00 |" in page
