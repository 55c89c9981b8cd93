"""Learned on the training rows only, plain JSON, the same bits for the same rows."""

import json

import numpy as np
import pandas
import pytest
import sklearn.datasets
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from osolgil.data import Preprocessing, from_arrays, load
from osolgil.data.splits import split_rows
from osolgil.errors import DataError

ROWS = 100
LABELS = np.arange(ROWS) % 2


def table() -> pandas.DataFrame:
    generator = np.random.default_rng(0)
    rows = pandas.DataFrame(
        {
            "number": generator.normal(5, 2, ROWS),
            "whole": generator.integers(0, 9, ROWS),
            "gaps": np.where(generator.random(ROWS) < 0.2, np.nan, generator.normal(size=ROWS)),
            "level": generator.choice(["a", "b", "c"], ROWS),
            "text": [f"some words {number}" for number in range(ROWS)],
            "when": pandas.date_range("2024-01-01", periods=ROWS, freq="7h"),
        }
    )
    rows.loc[3, "level"] = None
    return rows


def saved_and_read(preprocessing: Preprocessing) -> Preprocessing:
    return Preprocessing.from_json(json.loads(json.dumps(preprocessing.to_json(), allow_nan=False)))


def test_a_whole_table_as_scikit_learn_would() -> None:
    rows = table()[["number", "whole", "gaps", "level"]].fillna({"level": "c"})
    train, validation, test = split_rows(LABELS, ROWS, seed=0)
    oracle = ColumnTransformer(
        [
            ("plain", StandardScaler(), ["number", "whole"]),
            ("gaps", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["gaps"]),
            ("missing", SimpleImputer(add_indicator=True, strategy="median"), ["gaps"]),
            ("level", OneHotEncoder(sparse_output=False), ["level"]),
        ]
    ).fit(rows.iloc[train])
    data = from_arrays(rows, LABELS)
    for part, split in zip((train, validation, test), (data.train, data.validation, data.test), strict=True):
        expected = np.delete(oracle.transform(rows.iloc[part]), 3, axis=1)
        np.testing.assert_allclose(split.inputs, expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(split.targets, LABELS[part])


def test_an_array_as_scikit_learn_would() -> None:
    data, raw = load("wine"), sklearn.datasets.load_wine().data
    train, _, test = split_rows(sklearn.datasets.load_wine().target, len(raw), seed=0)
    scaler = StandardScaler().fit(raw[train])
    np.testing.assert_allclose(data.train.inputs, scaler.transform(raw[train]), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(data.test.inputs, scaler.transform(raw[test]), rtol=1e-5, atol=1e-6)


def test_rows_outside_training_change_nothing_that_was_learned() -> None:
    rows = table()
    _, validation, test = split_rows(LABELS, ROWS, seed=0)
    others = np.concatenate([validation, test])
    spoiled = rows.astype({"whole": object, "level": object, "when": object})
    spoiled.loc[others, "number"] *= 1e6
    spoiled.loc[others, "whole"] = "many"
    spoiled.loc[others, "gaps"] = np.nan
    spoiled.loc[others, "level"] = "never seen"
    spoiled.loc[others, "text"] = ""
    spoiled.loc[others, "when"] = "no day"
    before, after = from_arrays(rows, LABELS), from_arrays(spoiled, LABELS)
    np.testing.assert_array_equal(before.train.inputs, after.train.inputs)
    assert np.isfinite(after.test.inputs).all()
    saved, again = before.preprocessing.to_json(), after.preprocessing.to_json()
    for old, new in zip(saved["columns"], again["columns"], strict=True):
        assert {**old, "format": ""} == {**new, "format": ""}


@pytest.mark.parametrize("source", ["table", "digits", "wine"])
def test_json_gives_back_the_same_bits(source: str) -> None:
    if source == "table":
        data, raw = from_arrays(table(), LABELS), table()
    else:
        data, raw = load(source), getattr(sklearn.datasets, f"load_{source}")().data
    again = saved_and_read(data.preprocessing)
    assert again == data.preprocessing
    assert again.feature_names == data.feature_names
    np.testing.assert_array_equal(again.transform(raw), data.preprocessing.transform(raw))
    assert {row.tobytes() for row in data.test.inputs} <= {row.tobytes() for row in again.transform(raw)}


def test_rows_as_an_array_in_order_are_the_rows_of_the_table() -> None:
    rows = table()[["number", "whole", "level"]]
    preprocessing = from_arrays(rows, LABELS).preprocessing
    np.testing.assert_array_equal(preprocessing.transform(rows.to_numpy()), preprocessing.transform(rows))


def test_wrong_rows() -> None:
    preprocessing = load("iris").preprocessing
    with pytest.raises(DataError, match="shape"):
        preprocessing.transform(np.zeros((2, 3)))
    with pytest.raises(DataError, match="infinite in row 2"):
        preprocessing.transform(np.array([[0.0] * 4, [np.inf] * 4]))
    with pytest.raises(DataError, match="saved preprocessing"):
        Preprocessing.from_json({"columns": []})


CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_infinity=False),
    st.text(max_size=6),
    st.sampled_from(
        ["?", " ", "1,234", "yes", "no", "2024-02-30", "2024-01-01", "12:00", "\ud800", "\0", "-"]
    ),
    st.dates(),
    st.datetimes(),
    st.timedeltas(),
    st.binary(max_size=3),
    st.lists(st.integers(), max_size=2),
)
COLUMN = st.one_of(
    st.lists(CELL, min_size=24, max_size=24),
    *(st.lists(kind, min_size=24, max_size=24) for kind in (st.floats(allow_infinity=False), st.dates())),
    st.lists(st.sampled_from(["a", "b", None, "3"]), min_size=24, max_size=24),
)


@given(
    st.lists(COLUMN, min_size=1, max_size=4),
    st.one_of(st.just([0, 1] * 12), st.just(["a", "b", "c"] * 8), st.permutations(range(24)), COLUMN),
    st.integers(0, 3),
)
@settings(max_examples=150, deadline=None)
def test_any_table_is_loaded_or_refused(columns: list, targets: list, seed: int) -> None:
    rows = pandas.DataFrame(
        {f"c{place}": pandas.Series(cells, dtype=object) for place, cells in enumerate(columns)}
    )
    try:
        data = from_arrays(rows.infer_objects(), pandas.Series(targets, dtype=object), seed=seed)
    except DataError:
        return
    for split in (data.train, data.validation, data.test):
        assert split.inputs.dtype == np.float32
        assert split.inputs.flags.c_contiguous
        assert split.inputs.shape == (len(split.targets), len(data.feature_names))
        assert np.isfinite(split.inputs).all()
        assert np.isfinite(split.targets).all()
    again = saved_and_read(data.preprocessing)
    np.testing.assert_array_equal(again.transform(rows), data.preprocessing.transform(rows))
    if data.class_names:
        assert set(data.train.targets) == set(range(len(data.class_names)))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_array_is_loaded_or_refused(data: st.DataObject) -> None:
    values = data.draw(st.sampled_from([np.float64, np.float32, np.int64, np.uint8, np.bool_]))
    inputs = data.draw(hnp.arrays(values, (12, data.draw(st.integers(1, 4)))))
    targets = data.draw(st.one_of(hnp.arrays(values, 12), st.just(np.arange(12) % 3)))
    try:
        loaded = from_arrays(inputs, targets)
    except DataError:
        return
    assert np.isfinite(loaded.train.inputs).all()
    assert np.isfinite(loaded.test.targets).all()
