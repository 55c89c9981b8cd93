"""Columns against scikit-learn's and skrub's own transformers, and at the extremes of float64."""

import json

import numpy as np
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from skrub import SquashingScaler

from osolgil.data.columns.category import CategoryColumn
from osolgil.data.columns.cells import parse_number, texts_of
from osolgil.data.columns.choice import choose_column
from osolgil.data.columns.date import DateColumn, date_format
from osolgil.data.columns.number import NumberColumn
from osolgil.data.columns.text import TextColumn


def texts(*cells: str | None) -> np.ndarray:
    return np.array(cells, dtype=object)


def test_number_is_imputed_and_standardised_as_scikit_learn_does() -> None:
    values = np.random.default_rng(0).normal(50, 7, 200)
    values[::9] = np.nan
    column = NumberColumn.fit("x", values)
    assert column
    assert column.feature_names == ("x", "x is missing")
    filled = SimpleImputer(strategy="median", add_indicator=True).fit_transform(values.reshape(-1, 1))
    expected = StandardScaler().fit_transform(filled[:, :1])
    np.testing.assert_allclose(column.transform(values)[:, :1], expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(column.transform(values)[:, 1], filled[:, 1])


@pytest.mark.parametrize("zeros", [0, 900])
def test_far_outliers_are_squashed_as_skrub_does(zeros: int) -> None:
    values = np.random.default_rng(1).lognormal(0, 3, 1000)
    values[:zeros] = 0
    column = NumberColumn.fit("x", values)
    assert column
    assert column.squash
    expected = SquashingScaler().fit_transform(values.reshape(-1, 1))
    np.testing.assert_allclose(column.transform(values), expected, rtol=1e-9, atol=1e-12)


def test_the_smallest_numbers_there_are_stay_apart() -> None:
    values = np.array([0.0, 5e-324])
    column = NumberColumn.fit("x", values)
    assert column
    low, high = column.transform(values)[:, 0]
    assert high - low >= 1


@given(hnp.arrays(np.float64, st.integers(1, 30), elements=st.floats(allow_infinity=False)))
def test_numbers_of_any_size_stay_finite_and_within_ten(values: np.ndarray) -> None:
    column = NumberColumn.fit("x", values)
    if column is None:
        assert len(np.unique(values[~np.isnan(values)])) <= 1
        return
    for rows in (values, np.array([np.inf, -np.inf, 1e308, -1e308, 5e-324, np.nan])):
        features = column.transform(rows)
        assert features.shape == (len(rows), len(column.feature_names))
        assert np.isfinite(features).all()
        assert np.abs(features).max() <= 10


def test_constant_with_missing_cells_keeps_only_the_indicator() -> None:
    column = NumberColumn.fit("x", np.array([5.0, np.nan, 5.0]))
    assert column
    assert column.feature_names == ("x is missing",)
    assert column.transform(np.array([7.0, np.nan])).tolist() == [[0.0], [1.0]]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("29.85", 29.85),
        (" 29.85\t", 29.85),
        ("1,234", 1234),
        ("-1,234,567.5", -1234567.5),
        ("₩12,000", 12000),
        ("$ 3.50", 3.5),
        ("12%", 12),
        (".5", 0.5),
        ("1e-3", 0.001),
        ("1,23", None),
        ("1_000", None),
        ("0x10", None),
        ("1 2", None),
        ("abc", None),
        ("+", None),
    ],
)
def test_numbers_as_people_write_them(text: str, number: float | None) -> None:
    assert parse_number(text) == number


@given(st.floats(allow_nan=False))
def test_every_float_python_prints_is_read_back(value: float) -> None:
    assert parse_number(repr(value)) == value


def test_decimal_commas_are_understood_per_column() -> None:
    column, _ = choose_column("x", pandas.Series(["1,5", "2,25", "10,0"], dtype=object))
    assert isinstance(column, NumberColumn)
    assert column.decimal == ","
    assert column.fill == 2.25


def test_categories_match_the_one_hot_encoder() -> None:
    generator = np.random.default_rng(2)
    cells = generator.choice(["red", "green", "blue"], 100).astype(object)
    column = CategoryColumn.fit("c", cells)
    assert column
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(cells.reshape(-1, 1))
    unseen = texts("red", "violet", "blue")
    np.testing.assert_array_equal(column.transform(unseen), encoder.transform(unseen.reshape(-1, 1)))
    assert column.levels == tuple(encoder.categories_[0])


def test_rare_levels_share_a_feature_and_levels_are_at_most_thirty() -> None:
    cells = texts(*(f"level {number}" for number in range(40) for _ in range(100 if number < 29 else 4)))
    column, _ = choose_column("c", pandas.Series(cells))
    assert isinstance(column, CategoryColumn)
    assert len(column.feature_names) == 30
    assert column.transform(texts("level 35", "level 39", "unknown")).sum(axis=1).tolist() == [1, 1, 0]
    assert column.feature_names[-1] == "c is rare"


def test_many_levels_are_hashed_as_scikit_learn_does() -> None:
    cells = texts(*(f"street number {number}" for number in range(50)), None)
    column, _ = choose_column("address", pandas.Series(cells))
    assert isinstance(column, TextColumn)
    oracle = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 4), n_features=32)
    expected = oracle.transform([text or "" for text in cells]).toarray() * np.sqrt(32)
    np.testing.assert_array_equal(column.transform(cells), expected)
    assert not column.transform(texts(None)).any()


@pytest.mark.parametrize(
    ("cells", "format"),
    [
        (["2024-01-31", "2024-02-01T10:20:30"], "ISO8601"),
        (["2024-01-31 10:00:00+09:00"], "ISO8601"),
        (["2024/01/31", "2024/12/01"], "ISO8601"),
        (["31.01.2024"], "%d.%m.%Y"),
        (["01/31/2024", "02/01/2024"], "%m/%d/%Y"),
        (["31/01/2024", "01/02/2024"], "%d/%m/%Y"),
        (["2024년 1월 31일"], "%Y년 %m월 %d일"),
        (["1-2-3 apples"], None),
        (["2024-01-31", "soon"], None),
    ],
)
def test_date_formats(cells: list[str], format: str | None) -> None:
    assert date_format(cells) == format


def test_dates_become_standardised_parts() -> None:
    dates = pandas.Series(pandas.date_range("2023-11-05 03:00", periods=50, freq="31h").astype(str))
    column, _ = choose_column("when", dates)
    assert isinstance(column, DateColumn)
    moments = pandas.to_datetime(dates)
    oracle = pandas.DataFrame(
        {
            "year": moments.dt.year,
            "month": moments.dt.month,
            "day of week": moments.dt.day_of_week,
            "hour": moments.dt.hour,
            "seconds": (moments - pandas.Timestamp(0)).dt.total_seconds(),
        }
    )
    np.testing.assert_allclose(column.transform(dates), StandardScaler().fit_transform(oracle), atol=1e-9)


def test_levels_read_the_same_from_text_numbers_and_truth_values() -> None:
    for cells in (["1", "0", "1"], [1, 0, 1], [1.0, 0.0, 1.0]):
        assert texts_of(pandas.Series(cells)).tolist() == ["1", "0", "1"]
    for cells in (["TRUE", "false"], [True, False], ["True", " False "]):
        assert texts_of(pandas.Series(cells)).tolist() == ["True", "False"]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (list(range(1, 21)), "identifier"),
        ([f"{number:04d}-XY" for number in range(20)], "identifier"),
        (["same"] * 20, "constant"),
        ([3.5] * 20, "constant"),
        ([None] * 20, "empty"),
        (["2024-01-01"] * 20, "constant"),
    ],
)
def test_columns_that_teach_nothing_are_left_out(cells: list, reason: str) -> None:
    assert choose_column("column", pandas.Series(cells)) == (None, reason)


def test_numbers_that_never_repeat_are_kept() -> None:
    values = np.random.default_rng(3).permutation(np.arange(1000, 9000, 40))
    assert choose_column("population", pandas.Series(values))[0]
    assert choose_column("customerID", pandas.Series(values)) == (None, "identifier")


def test_json_keeps_every_bit() -> None:
    column = NumberColumn.fit("x", np.random.default_rng(4).normal(1e5, 1 / 3, 100))
    assert column
    assert json.loads(json.dumps(column.center)) == column.center
