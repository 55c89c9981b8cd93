"""Encodings of numbers against scikit-learn, skrub, and their papers' equations followed row by row."""

import json

import numpy as np
import pandas
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.preprocessing import KBinsDiscretizer
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from skrub import SquashingScaler

import osolgil
from osolgil.data import Encoding, Preprocessing, from_arrays
from osolgil.data.columns.encodings import piecewise, quantile_edges, tree_edges, waves
from osolgil.data.columns.number import Answers, NumberColumn
from osolgil.data.splits import split_rows
from osolgil.errors import SettingsError

CODES = (
    "plain",
    "piecewise",
    "piecewise(bins=3)",
    "tree_piecewise(bins=5)",
    "periodic",
    "periodic(waves=3, scale=2)",
)
ENCODINGS = [Encoding(scaling, code) for scaling in ("standard", "robust") for code in CODES]
every_encoding = pytest.mark.parametrize("encoding", ENCODINGS, ids=str)
FLOATS = st.floats(allow_infinity=False)


def way_through(x: float, edges: tuple[float, ...]) -> list[float]:
    """Equation 1 of arXiv:2203.05556, bin by bin."""
    code = []
    for t in range(1, len(edges)):
        if x < edges[t - 1] and t > 1:
            code.append(0.0)
        elif x >= edges[t] and t < len(edges) - 1:
            code.append(1.0)
        else:
            code.append((x - edges[t - 1]) / (edges[t] - edges[t - 1]))
    return code


def test_piecewise_is_the_papers_equation():
    random = np.random.default_rng(0)
    edges = tuple(np.sort(random.normal(size=7)).tolist())
    values = np.concatenate([random.normal(0, 3, 300), edges])
    np.testing.assert_allclose(
        piecewise(values, edges), [way_through(x, edges) for x in values], rtol=1e-12, atol=1e-12
    )


def test_inner_bins_are_interpolations():
    edges = (-2.0, -0.5, 0.0, 1.0, 4.0)
    values = np.linspace(-2.0, 4.0, 400)
    for place, column in enumerate(piecewise(values, edges).T):
        np.testing.assert_allclose(
            column, np.interp(values, edges[place : place + 2], [0.0, 1.0]), atol=1e-15
        )


@given(
    hnp.arrays(np.float64, st.integers(3, 60), elements=st.floats(allow_nan=False, allow_infinity=False)),
    st.integers(2, 40),
)
@example(np.array([0.0, -2.225e-309, 0.5, 1.0]), 2)
@example(np.array([-1.7e308, 0.0, 5e-324, 1e-323, 1.7e308, 1.0]), 4)
def test_a_code_rises_with_its_number(values, bins):
    edges = quantile_edges(values, bins)
    if not edges:
        distinct = len(np.unique(values))
        assert distinct < 3 or distinct > bins + 1
        return
    assert np.all(np.diff(edges) > 0)
    assert edges[0] == values.min()
    assert edges[-1] == values.max()
    assert len(edges) <= bins + 3
    code = piecewise(np.sort(values), edges)
    assert np.isfinite(code).all()
    assert np.all(np.diff(code, axis=0) >= 0)


@pytest.mark.parametrize("bins", [2, 5, 32])
def test_bins_between_quantiles_are_scikit_learns(bins):
    values = np.random.default_rng(1).lognormal(size=500)
    discretizer = KBinsDiscretizer(bins, encode="ordinal", strategy="quantile", quantile_method="linear")
    expected = discretizer.fit(values.reshape(-1, 1)).bin_edges_[0]
    np.testing.assert_allclose(quantile_edges(values, bins), expected, rtol=1e-12)


def test_a_value_that_most_rows_share_takes_one_edge():
    """The rest is binned as if it stood alone."""
    rest = np.random.default_rng(6).lognormal(3.0, 1.0, 400)
    edges = quantile_edges(np.concatenate([np.zeros(3600), rest]), 20)
    np.testing.assert_allclose(edges, [0.0, *np.quantile(rest, np.linspace(0, 1, 20))], rtol=1e-12)


@pytest.mark.parametrize("classify", [True, False])
def test_bins_of_a_tree_are_its_leaves(classify):
    random = np.random.default_rng(2)
    values = random.normal(size=900)
    targets = (np.sin(3 * values) + 0.1 * random.normal(size=900)).reshape(-1, 1)
    targets = (targets[:, 0] > 0).astype(int) if classify else targets
    kind = DecisionTreeClassifier if classify else DecisionTreeRegressor
    tree = kind(max_leaf_nodes=6, min_samples_leaf=8, random_state=0).fit(values.reshape(-1, 1), targets)
    edges = tree_edges(values, targets, classify, bins=6)
    assert len(edges) == 7
    leaves, bins = tree.apply(values.reshape(-1, 1)), np.digitize(values, edges[1:-1], right=True)
    assert len(set(zip(leaves, bins, strict=True))) == len(set(leaves)) == len(set(bins))


def test_a_tree_finds_where_the_target_jumps_and_quantiles_do_not():
    values = np.linspace(0.0, 100.0, 1001)
    targets = np.select([values < 3, values < 90], [0.0, 5.0], -2.0).reshape(-1, 1)
    found = tree_edges(values, targets, classify=False, bins=3)
    np.testing.assert_allclose(found, [0.0, 2.95, 89.95, 100.0], atol=1e-6)


def test_robust_scaling_is_skrubs_squashing_of_every_column():
    values = np.random.default_rng(3).normal(7.0, 2.0, 400)
    column = NumberColumn.fit("x", values, encoding=Encoding("robust"))
    assert column
    expected = SquashingScaler().fit_transform(values.reshape(-1, 1))
    np.testing.assert_allclose(column.transform(values), expected, rtol=1e-9, atol=1e-12)
    usual = NumberColumn.fit("x", values)
    assert usual
    assert not usual.squash


def test_waves_are_random_fourier_features_of_a_gaussian_kernel():
    """A. Rahimi, B. Recht 2007: the mean product of two codes tends to exp(-(2πσ)²(z - z')²/2)."""
    values = np.random.default_rng(4).normal(size=200)
    column = NumberColumn.fit("x", values, encoding=Encoding("standard", "periodic(waves=128, scale=0.1)"))
    assert column
    features = column.transform(values)
    z, code = features[:, 0], features[:, 1:]
    kernel = np.exp(-((2 * np.pi * 0.1) ** 2) * (z[:, None] - z) ** 2 / 2)
    assert np.abs(code @ code.T / 128 - kernel).mean() < 0.08


def test_waves_depend_on_the_columns_name_alone():
    assert waves("a", 4, 1.0) == waves("a", 4, 1.0)
    assert waves("a", 4, 1.0) != waves("b", 4, 1.0)


@every_encoding
@given(values=hnp.arrays(np.float64, st.integers(1, 40), elements=FLOATS), data=st.data())
@settings(max_examples=25)
def test_any_column_is_encoded_finite_and_read_back(encoding, values, data):
    targets = data.draw(hnp.arrays(np.int64, len(values), elements=st.integers(0, 2)))
    column = NumberColumn.fit("x", values, encoding=encoding, answers=Answers(targets, True))
    if column is None:
        return
    saved = Preprocessing(("x",), (column,))
    again = Preprocessing.from_json(json.loads(json.dumps(saved.to_json(), allow_nan=False)))
    assert again == saved
    for rows in (values, np.array([1e308, -1e308, 5e-324, 0.0, -0.0, np.nan])):
        features = column.transform(rows)
        assert features.shape == (len(rows), len(column.feature_names))
        assert np.isfinite(features).all()
        assert np.abs(features).max() <= 10
        np.testing.assert_array_equal(again.columns[0].transform(rows), features)


@every_encoding
def test_a_whole_table_is_encoded_by_its_training_rows(encoding):
    random = np.random.default_rng(5)
    rows = pandas.DataFrame(
        {"x": random.normal(size=90), "two": np.arange(90) % 2, "word": ["a", "b", "c"] * 30}
    )
    rows.loc[::7, "x"] = np.nan
    labels = (random.random(90) < 0.5).astype(int)
    data = from_arrays(rows, labels, encoding=encoding)
    assert data.train.inputs.shape[1] == len(data.feature_names) == len(set(data.feature_names))
    assert ("x bin 1" in data.feature_names) == ("bins" in encoding.numbers)
    assert ("x wave 1" in data.feature_names) == ("periodic" in encoding.numbers)
    assert not any(name.startswith(("two bin", "two wave")) for name in data.feature_names)
    plain = from_arrays(rows, labels)
    assert (data.fingerprint == plain.fingerprint) == encoding.usual
    train, *others = split_rows(labels, len(rows), seed=0)
    spoiled = rows.copy()
    spoiled.loc[np.concatenate(others), "x"] = 1e6
    np.testing.assert_array_equal(
        from_arrays(spoiled, labels, encoding=encoding).train.inputs, data.train.inputs
    )
    np.testing.assert_array_equal(data.preprocessing.transform(rows.iloc[train]), data.train.inputs)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scaling": "robst"}, "Did you mean 'robust'"),
        ({"numbers": "piecwise"}, "Did you mean 'piecewise'"),
        ({"numbers": "piecewise(bin=3)"}, "Did you mean 'bins'"),
        ({"numbers": "piecewise(bins=0)"}, "whole number from 1"),
        ({"numbers": "piecewise(bins=2.5)"}, "whole number from 1"),
        ({"numbers": "piecewise(bins=nan)"}, "whole number from 1"),
        ({"numbers": "periodic(scale=-1)"}, "above 0"),
        ({"numbers": "piecewise(bins"}, "not understood"),
        ({"numbers": "piecewise(bins=3"}, "not understood"),
        ({"numbers": ""}, "Numbers are encoded as"),
    ],
)
def test_a_wrong_encoding_is_one_sentence(options, words):
    with pytest.raises(SettingsError, match=words):
        Encoding(**options)
    with pytest.raises(SettingsError, match=words):
        osolgil.train("iris", **options)


def test_an_encoding_is_refused_for_data_that_are_encoded_already():
    with pytest.raises(SettingsError, match="already"):
        osolgil.train(osolgil.load("iris"), numbers="piecewise")


def test_pixels_are_left_as_they_are():
    plain, coded = (osolgil.load("digits", encoding=code) for code in (None, Encoding("robust", "piecewise")))
    np.testing.assert_array_equal(plain.train.inputs, coded.train.inputs)
