"""What estimators read: arrays, sparse matrices and tables of any kind; and what they refuse, in a sentence."""

import warnings

import numpy as np
import pandas
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from osolgil import DeepClassifier, DeepRegressor
from osolgil.data.columns.number import PLAIN
from osolgil.data.columns.number import Answers as Labelled
from osolgil.data.preprocessing import fit_array
from osolgil.errors import DataError
from osolgil.estimators import inputs
from osolgil.estimators.inputs import Features
from osolgil.estimators.numbers import Numbers, fit_numbers
from osolgil.estimators.prediction import BLOCK

SMALL = {"hidden": (4,), "epochs": 2, "random_state": 0}
ROWS = 60
WORDS = {"hidden": (8,), "learning_rate": 0.02, "epochs": 60, "random_state": 0}


def table(rows=ROWS, seed=0):
    random = np.random.default_rng(seed)
    frame = pandas.DataFrame(
        {
            "size": random.normal(10, 3, rows),
            "colour": random.choice(["red", "green", "blue"], rows),
            "grade": pandas.Categorical(random.choice(["low", "high"], rows)),
            "when": pandas.date_range("2020-01-01", periods=rows, freq="9D"),
            "count": pandas.array(random.integers(0, 9, rows), dtype="Int64"),
            "open": random.random(rows) < 0.5,
        }
    )
    frame.loc[::7, ["size", "colour", "count"]] = None
    return frame


def answers(frame):
    return np.where((frame["size"].fillna(10) > 10) ^ (frame["colour"] == "red"), "yes", "no")


def test_a_table_is_read_as_it_is():
    frame = table(300)
    deep = DeepClassifier(**WORDS).fit(frame, answers(frame))
    assert deep.score(frame, answers(frame)) > 0.9
    assert deep.feature_names_in_.tolist() == list(frame.columns)
    new = table(20, seed=1)
    new.loc[0, "colour"] = "violet"
    new.loc[1, ["size", "colour", "grade", "when", "count"]] = None
    assert set(deep.predict(new)) <= {"yes", "no"}


def test_polars_tables_are_tables():
    polars = pytest.importorskip("polars")
    frame = table(100)
    same = polars.from_pandas(frame)
    one, other = (DeepClassifier(**SMALL).fit(data, answers(frame)) for data in (frame, same))
    assert np.array_equal(one.predict_proba(frame), other.predict_proba(same))
    assert other.feature_names_in_.tolist() == list(frame.columns)


def test_arrays_of_objects_are_read_as_tables_or_numbers():
    frame = table(100)
    mixed = frame[["size", "colour"]].to_numpy(object)
    deep = DeepClassifier(**SMALL).fit(mixed, answers(frame))
    assert deep.n_features_in_ == 2
    assert np.array_equal(deep.predict(mixed.tolist()), deep.predict(mixed))
    numbers = np.random.default_rng(0).normal(size=(50, 2))
    one, other = (
        DeepClassifier(**SMALL).fit(x, numbers[:, 0] > 0) for x in (numbers, numbers.astype(object))
    )
    assert np.array_equal(one.predict_proba(numbers), other.predict_proba(numbers))


@pytest.mark.parametrize("kind", ["csr_array", "csc_matrix", "coo_array"])
def test_sparse_matrices_are_their_dense_selves(kind):
    random = np.random.default_rng(0)
    dense = random.normal(size=(80, 12)) * (random.random((80, 12)) < 0.2)
    y = dense.sum(axis=1)
    one = DeepRegressor(**SMALL).fit(dense, y)
    other = DeepRegressor(**SMALL).fit(getattr(sparse, kind)(dense), y)
    assert np.array_equal(one.predict(dense), other.predict(getattr(sparse, kind)(dense)))


def test_gaps_are_filled_or_refused():
    rows = np.random.default_rng(0).normal(size=(80, 3))
    y = rows[:, 0] > 0
    rows[::5, 1] = np.nan
    deep = DeepClassifier(**SMALL).fit(rows, y)
    assert np.isfinite(deep.predict_proba(np.full((2, 3), np.nan))).all()
    assert deep.network_.widths[0] == 4
    with pytest.raises(ValueError, match="NaN"):
        DeepClassifier(**SMALL, missing="error").fit(rows, y)
    with pytest.raises(ValueError, match="NaN"):
        DeepClassifier(**SMALL, missing="error").fit(table(), answers(table()))
    with pytest.raises(DataError, match="categories=False"):
        DeepClassifier(**SMALL, categories=False).fit(table(), answers(table()))


def test_masked_cells_are_gaps():
    rows = np.random.default_rng(0).normal(size=(60, 3))
    masked, gaps = np.ma.masked_less(rows, -1.0), np.where(rows < -1.0, np.nan, rows)
    one, other = (DeepClassifier(**SMALL).fit(part, rows[:, 0] > 0) for part in (masked, gaps))
    assert np.array_equal(one.predict_proba(masked), other.predict_proba(gaps))


@pytest.mark.parametrize("given", [{"a": range(60)}, iter([[0.0]] * 60)], ids=["dict", "iterator"])
def test_what_holds_no_rows_is_said(given):
    with pytest.raises(DataError, match="give an array or a table"):
        DeepClassifier(**SMALL).fit(given, [0, 1] * 30)


def test_bytes_are_pixels_unless_said_otherwise():
    pixels = np.random.default_rng(0).integers(0, 256, (60, 9)).astype(np.uint8)
    y = pixels[:, 0] > 99
    one = DeepClassifier(**SMALL).fit(pixels, y)
    other = DeepClassifier(**SMALL, numeric="none").fit((pixels / 255.0).astype(np.float32), y)
    assert np.allclose(one.predict_proba(pixels), other.predict_proba(pixels / 255.0), atol=1e-5)
    with pytest.raises(DataError, match="feature is left"):
        DeepClassifier(**SMALL).fit(np.ones((20, 2)), np.arange(20) % 2)


@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64]),
        (7, 3),
        elements=st.one_of(st.floats(width=32), st.just(3e38)),
    )
)
def test_rows_taken_as_they_are_are_finite_as_features(rows):
    """Whatever their sum does: large ones overflow in it, or cancel to no number."""
    bare = Features.fit(rows, ("a", "b", "c"), "none", None, PLAIN, Labelled(np.arange(7), False))
    if np.isfinite(rows).all():
        np.testing.assert_array_equal(bare.transform(rows), rows.astype(np.float32))
    else:
        with pytest.raises(DataError, match="NaN or infinity"):
            bare.transform(rows)


def test_numbers_beyond_the_precision_are_refused_where_they_are_taken_as_they_are():
    rows = np.ones((20, 2))
    rows[3, 1] = 1e300
    for strange in (rows, np.where(rows > 1, np.nan, rows), np.where(rows > 1, np.inf, rows)):
        with pytest.raises(DataError, match="NaN or infinity"):
            DeepClassifier(**SMALL, numeric="none").fit(strange, np.arange(20) % 2)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_many_rows_taken_as_they_are_are_answered_as_few_are(precision):
    rows = np.random.default_rng(0).normal(size=(9000, 3)).astype(np.float32)
    model = DeepClassifier(**SMALL, numeric="none", precision=precision).fit(rows, rows[:, 0] > 0)
    parts = np.concatenate([model.predict_proba(part) for part in np.array_split(rows, 7)])
    np.testing.assert_array_equal(model.predict_proba(rows), parts)
    np.testing.assert_array_equal(model.predict_proba(rows.astype(np.float64)), parts)
    rows[8999, 1] = np.nan
    with pytest.raises(DataError, match="NaN or infinity"):
        model.predict(rows)


@given(st.integers(0, 10**6), st.booleans(), st.booleans())
@settings(max_examples=30)
def test_all_columns_at_once_are_each_column_alone(seed, gaps, wild):
    """`Numbers` beside `NumberColumn`, whose transform works column by column."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(50, 5)) * 10.0 ** random.integers(-3, 4, 5)
    rows[:, 3] = 2.0
    if wild:
        rows[7, 0] = 1e9
    if gaps:
        rows[random.random((50, 5)) < 0.1] = np.nan
    names = tuple("abcde")
    fitted = fit_numbers(rows, names, None)
    numbers = Numbers.of(fitted)
    assert numbers is not None
    new = random.normal(size=(20, 5)) * 100
    new[random.random((20, 5)) < 0.1] = np.nan
    frame = pandas.DataFrame(new, columns=list(names))
    assert np.array_equal(numbers.transform(new), fitted.transform(frame))
    if not gaps:
        slow, _ = fit_array(rows, names)
        assert slow.feature_names == fitted.feature_names
        assert np.allclose(slow.transform(rows), fitted.transform(rows), atol=1e-6)
    weights = random.integers(1, 4, 50).astype(float)
    repeated = fit_numbers(np.repeat(rows, weights.astype(int), 0), names, None)
    weighted = fit_numbers(rows, names, weights)
    assert np.allclose(weighted.transform(frame), repeated.transform(frame), atol=1e-6)


CELLS = st.one_of(
    st.none(), st.integers(-(10**9), 10**9), st.floats(), st.text(max_size=4), st.booleans(),
    st.dates().map(str), st.sampled_from(["a", "b", "NA", "1,5", "inf", "2020-01-01"]),
)  # fmt: skip


@st.composite
def columns(draw, rows):
    kind = draw(
        st.sampled_from(["cells", "floats", "ints", "dates", "category", "Int64", "bool", "complex", "span"])
    )
    if kind == "cells":
        return draw(st.lists(CELLS, min_size=rows, max_size=rows))
    if kind == "floats":
        return draw(st.lists(st.floats(), min_size=rows, max_size=rows))
    codes = draw(st.lists(st.integers(0, 5), min_size=rows, max_size=rows))
    if kind == "dates":
        return pandas.to_datetime(pandas.Series(codes), unit="D")
    if kind == "category":
        return pandas.Categorical([None if code == 5 else f"c{code}" for code in codes])
    if kind == "Int64":
        return pandas.array([None if code == 5 else code for code in codes], dtype="Int64")
    if kind == "bool":
        return [code > 2 for code in codes]
    if kind == "complex":
        return np.array(codes) * 1j
    if kind == "span":
        return pandas.to_timedelta(pandas.Series(codes), unit="h")
    return codes


@st.composite
def frames(draw, least=0, names=None):
    rows = draw(st.integers(least, 14))
    if names is None:
        names = draw(st.lists(st.one_of(st.text(max_size=3), st.integers(0, 3)), max_size=4))
    data = {place: pandas.Series(draw(columns(rows))) for place in range(len(names))}
    frame = pandas.DataFrame(data, index=range(rows))
    frame.columns = list(names)
    return frame


def documented(action):
    """Only what is documented may be raised: a ValueError or TypeError that osolgil or scikit-learn puts in words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return action()
        except (ValueError, TypeError) as error:
            refused = error
    place = refused.__traceback__
    while place.tb_next is not None:
        place = place.tb_next
    file = place.tb_frame.f_code.co_filename
    assert "osolgil" in file or "sklearn" in file, f"{file}: {refused!r}"
    assert str(refused)
    return None


@given(frames(), st.data())
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_any_table_is_trained_on_or_refused_in_words(frame, data):
    y = data.draw(st.lists(st.sampled_from(["no", "yes"]), min_size=len(frame), max_size=len(frame)))
    deep = documented(lambda: DeepClassifier(**SMALL).fit(frame, y))
    if deep is None:
        return
    assert np.isfinite(deep.predict_proba(frame)).all()
    other = data.draw(st.one_of(frames(), frames(names=list(frame.columns))))
    shares = documented(lambda: deep.predict_proba(other))
    assert shares is None or (np.isfinite(shares).all() and shares.shape == (len(other), 2))


@given(frames(least=3), st.data())
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_any_answers_are_learned_or_refused_in_words(frame, data):
    rows = np.random.default_rng(0).normal(size=(len(frame), 2))
    cells = st.lists(CELLS, min_size=len(rows), max_size=len(rows))
    y = data.draw(st.one_of(cells, cells.map(lambda c: pandas.Series(c, dtype=object)), st.just(frame)))
    weights = data.draw(st.one_of(st.none(), st.lists(st.floats(), min_size=len(rows), max_size=len(rows))))
    for cls in (DeepClassifier, DeepRegressor):
        deep = documented(lambda cls=cls: cls(**SMALL).fit(rows, y, sample_weight=weights))
        if deep is not None:
            assert len(deep.predict(rows)) == len(rows)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda f: f.drop(columns="colour"), "colour"),
        (lambda f: f.rename(columns={"size": "sise"}), "sise|size"),
        (lambda f: f[["colour", "size", "grade", "when", "count", "open"]], "order"),
        (lambda f: f.iloc[:0], "0 sample"),
        (lambda f: f.assign(more=1), "more"),
        (lambda f: f.assign(size=np.inf), "infinite"),
    ],
)
def test_wrong_columns_are_named(change, word):
    frame = table()
    deep = DeepClassifier(**SMALL).fit(frame, answers(frame))
    with pytest.raises(ValueError, match=word):
        deep.predict(change(frame))


def test_sparse_rows_are_dense_a_block_at_a_time(monkeypatch):
    """No more than a block of cells is dense while predicting."""
    wide = sparse.random(3 * BLOCK, 40, density=0.02, format="csr", random_state=0)
    deep = DeepClassifier(**SMALL).fit(wide[:500].toarray(), np.arange(500) % 2)
    expected = deep.predict_proba(wide.toarray())
    seen = []

    def counted(matrix):
        seen.append(matrix.shape[0])
        return matrix.toarray()

    monkeypatch.setattr(inputs, "_dense", counted)
    assert np.array_equal(deep.predict_proba(wide), expected)
    assert seen == [BLOCK] * 3


def test_a_sparse_matrix_that_is_too_large_when_dense_is_said():
    far = sparse.csr_matrix(([1.0], ([0], [0])), shape=(10**7, 10**7))
    with pytest.raises(DataError, match=r"X is sparse, but a network takes all its cells.*TruncatedSVD"):
        DeepClassifier(**SMALL).fit(far, np.zeros(10**7))
