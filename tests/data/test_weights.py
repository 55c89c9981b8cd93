"""Weights of rows: where they come from, what they mean, and what is no weight."""

import numpy as np
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from osolgil.data import from_arrays, load
from osolgil.data.weights import effective_rows
from osolgil.errors import DataError, SettingsError

RANDOM = np.random.default_rng(0)
INPUTS = RANDOM.normal(size=(60, 3))
NUMBERS = INPUTS @ [1.0, -2.0, 0.5] + 0.1 * RANDOM.normal(size=60)
CLASSES = np.arange(60) % 3


@given(arrays.arrays(float, 60, elements=st.floats(1e-3, 1e3)))
def test_weights_have_mean_one_over_the_training_rows_and_keep_their_ratios(weights):
    data = from_arrays(INPUTS, NUMBERS, sample_weight=weights)
    assert data.train.weights.mean() == pytest.approx(1.0)
    plain = from_arrays(INPUTS, NUMBERS)
    for part, bare in (
        (data.train, plain.train),
        (data.validation, plain.validation),
        (data.test, plain.test),
    ):
        np.testing.assert_array_equal(part.inputs, bare.inputs)
        places = [int(np.flatnonzero(value == NUMBERS)[0]) for value in part.original]
        np.testing.assert_allclose(part.weights / part.weights[0], weights[places] / weights[places[0]])


def test_only_ratios_matter_to_the_data_but_every_weight_to_the_fingerprint():
    one, ten = (from_arrays(INPUTS, NUMBERS, sample_weight=scale * (1.0 + CLASSES)) for scale in (1.0, 10.0))
    np.testing.assert_allclose(one.train.weights, ten.train.weights)
    plain = from_arrays(INPUTS, NUMBERS)
    assert len({one.fingerprint, ten.fingerprint, plain.fingerprint}) == 3
    assert plain.train.weights is None
    assert plain.weights_name == ""


def test_a_weighted_target_is_standardised_by_its_weighted_mean():
    weights = 1.0 + 5.0 * (NUMBERS > 0)
    data = from_arrays(INPUTS, NUMBERS, sample_weight=weights)
    assert np.average(data.train.targets[:, 0], weights=data.train.weights) == pytest.approx(0.0, abs=1e-6)
    assert np.average(data.train.targets[:, 0] ** 2, weights=data.train.weights) == pytest.approx(
        1.0, rel=1e-5
    )


def table():
    return pandas.DataFrame({"a": INPUTS[:, 0], "b": INPUTS[:, 1], "w": 1.0 + CLASSES, "y": NUMBERS})


@pytest.mark.parametrize("file", ["csv", "parquet"])
def test_a_column_of_weights_is_no_input(file, tmp_path):
    path = tmp_path / f"rows.{file}"
    table().to_csv(path, index=False) if file == "csv" else table().to_parquet(path)
    data = load(path, sample_weight="w")
    assert data.feature_names == ("a", "b")
    assert data.weights_name == "w"
    assert data.target_name == "y"
    assert set(np.round(data.train.weights / data.train.weights.min(), 6)) <= {1.0, 1.5, 2.0, 3.0}
    assert any("weighted by 'w'" in note for note in data.notes)


def test_a_last_column_of_weights_is_not_taken_for_the_target(tmp_path):
    table()[["a", "b", "y", "w"]].to_csv(tmp_path / "rows.csv", index=False)
    assert load(tmp_path / "rows.csv", sample_weight="w").target_name == "y"


def test_test_rows_may_have_weights_of_their_own(tmp_path):
    rows = table()
    rows[:40].to_csv(tmp_path / "train.csv", index=False)
    rows[40:].to_csv(tmp_path / "test.csv", index=False)
    rows[40:].drop(columns="w").to_csv(tmp_path / "bare.csv", index=False)
    data = load(tmp_path / "train.csv", test=tmp_path / "test.csv", sample_weight="w")
    ratio = data.test.weights / data.test.weights[0]
    np.testing.assert_allclose(ratio, rows["w"][40:] / rows["w"][40])
    bare = load(tmp_path / "train.csv", test=tmp_path / "bare.csv", sample_weight="w")
    assert np.ptp(bare.test.weights) == 0
    assert any("no column 'w'" in note for note in bare.notes)
    pair = (INPUTS[40:], NUMBERS[40:], 1.0 + CLASSES[40:])
    arrays = from_arrays(INPUTS[:40], NUMBERS[:40], test=pair, sample_weight=1.0 + CLASSES[:40])
    np.testing.assert_allclose(arrays.test.weights / arrays.test.weights[0], pair[2] / pair[2][0])


def test_rows_without_a_target_take_their_weight_with_them():
    targets = pandas.Series(NUMBERS.copy())
    targets[5] = np.nan
    weights = np.ones(60)
    weights[5] = 1e6
    data = from_arrays(pandas.DataFrame(INPUTS), targets, sample_weight=weights)
    assert np.ptp(np.concatenate([data.train.weights, data.validation.weights, data.test.weights])) == 0


def spoiled(value):
    weights = np.ones(60)
    weights[7] = value
    return weights


BAD = {
    "negative": (spoiled(-1.0), "'sample_weight' is negative in row 8"),
    "missing": (spoiled(np.nan), "'sample_weight' is missing in row 8"),
    "infinite": (spoiled(np.inf), "'sample_weight' is infinite in row 8"),
    "all zero": (np.zeros(60), "are 0 in every training row"),
    "too few": (np.ones(59), "60 rows but 59 weights"),
    "text": (["a"] * 60, "give a number per row"),
    "two columns": (np.ones((60, 2)), "give a number per row"),
    "no such column": ("income", "has no column 'income' for the weights"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_weight_is_refused_in_one_sentence(case):
    weights, sentence = BAD[case]
    with pytest.raises(DataError, match=sentence) as caught:
        from_arrays(INPUTS, NUMBERS, sample_weight=weights)
    assert "\n" not in str(caught.value)


def test_weights_of_a_file_are_named_not_given(tmp_path):
    table().to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(SettingsError, match="name of a column"):
        load(tmp_path / "rows.csv", sample_weight=np.ones(60))
    with pytest.raises(DataError, match="did you mean 'w'"):
        load(tmp_path / "rows.csv", sample_weight="ww")


def test_zero_weights_are_allowed():
    data = from_arrays(INPUTS, CLASSES, sample_weight=spoiled(0.0))
    parts = np.concatenate([data.train.weights, data.validation.weights, data.test.weights])
    assert (parts == 0).sum() == 1


def test_effective_rows_are_kish_s():
    assert effective_rows(np.array([3.0, 3.0])) == 2.0
    weights = RANDOM.uniform(size=100)
    assert effective_rows(weights) == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
