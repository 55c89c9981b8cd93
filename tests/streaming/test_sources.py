"""Sources give every row once, in order, whatever they lie in; what cannot be streamed is one sentence."""

import numpy as np
import pandas
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osolgil.errors import DataError, SettingsError
from osolgil.streaming.memory import FIXED, LEAST, memory_of, shares_of
from osolgil.streaming.sources import ArrayRows, ParquetRows, source_of
from osolgil.streaming.spooling import spooled

ARRAY = np.arange(60.0).reshape(20, 3)
TABLE = pandas.DataFrame(ARRAY, columns=["x1", "x2", "target"])


def polars_of(table):
    return pytest.importorskip("polars").DataFrame(table)


def all_of(source, size=7):
    starts, inputs, targets = zip(*source.blocks(size), strict=True)
    assert list(starts) == list(range(0, source.rows, size))
    return np.concatenate([np.asarray(part, float) for part in inputs]), np.concatenate(targets)


@pytest.fixture
def places(tmp_path):
    """The same rows as an array file and as a folder of Parquet files."""
    np.save(tmp_path / "rows.npy", ARRAY)
    folder = tmp_path / "parts"
    folder.mkdir()
    table = pandas.DataFrame(ARRAY, columns=["a", "b", "c"])
    table[:9].to_parquet(folder / "1.parquet")
    table[9:].to_parquet(folder / "2.parquet", row_group_size=4)
    return tmp_path


def test_an_array_file_is_read_without_mapping_it(places):
    source = ArrayRows(places / "rows.npy", None, None, "rows")
    inputs, targets = all_of(source)
    np.testing.assert_array_equal(inputs, ARRAY[:, :2])
    np.testing.assert_array_equal(targets, ARRAY[:, 2])
    assert (source.columns, source.target_name) == (("x1", "x2"), "x3")
    inputs, targets = all_of(ArrayRows(places / "rows.npy", None, "x1", "rows"))
    np.testing.assert_array_equal(inputs, ARRAY[:, 1:])


@pytest.mark.parametrize("how", ["mapped", "view", "copy-on-write", "in memory"])
def test_any_array_gives_the_rows_it_shows(places, how):
    given_array = np.load(places / "rows.npy", mmap_mode="c" if how == "copy-on-write" else "r")
    wanted = ARRAY
    if how == "view":
        given_array, wanted = given_array[4:], ARRAY[4:]
    elif how == "copy-on-write":
        given_array[0, 0] = 99.0
        wanted = given_array.copy()
    elif how == "in memory":
        given_array = ARRAY
    answers = np.arange(len(wanted))
    inputs, targets = all_of(ArrayRows(given_array, answers, None, "data"))
    np.testing.assert_array_equal(inputs, wanted)
    np.testing.assert_array_equal(targets, answers)


def test_a_raw_memmap_with_an_offset(tmp_path):
    ARRAY.astype(">f4").tofile(tmp_path / "raw")
    mapped = np.memmap(tmp_path / "raw", ">f4", "r", offset=3 * 4, shape=(19, 3))
    inputs, _ = all_of(ArrayRows(mapped, np.zeros(19), None, "data"))
    np.testing.assert_array_equal(inputs, ARRAY[1:])


def test_a_folder_of_parquet(places):
    source = ParquetRows(places / "parts", "a")
    blocks = list(source.blocks(5))
    assert [start for start, _, _ in blocks] == list(np.cumsum([0, *(len(t) for _, _, t in blocks[:-1])]))
    inputs = pandas.concat([part for _, part, _ in blocks])
    np.testing.assert_array_equal(inputs.to_numpy(), ARRAY[:, 1:])
    assert source.rows == 20


def test_batches_come_once_and_are_kept(tmp_path):
    batches = (
        (ARRAY[start : start + 6], np.array(list("abcdef"))[: len(ARRAY) - start])
        for start in range(0, 18, 6)
    )
    source = spooled(batches, None, tmp_path)
    inputs, targets = all_of(source, 6)
    np.testing.assert_array_equal(inputs, ARRAY[:18])
    assert "".join(targets) == "abcdef" * 3
    assert source.target_name == "target"


@pytest.mark.parametrize(
    ("batches", "words"),
    [
        ([], "no batch"),
        ([3], "Batch 1 is no pair"),
        ([(ARRAY, ARRAY[:3, 0])], "20 rows of inputs but 3"),
        ([(ARRAY[0], ARRAY[0])], r"shape \(3,\)"),
        ([(ARRAY, ARRAY[:, 0]), (ARRAY[:, :2], ARRAY[:, 0])], "Batch 2 has other columns .*'x3'"),
        ([(ARRAY, ARRAY[:, 0]), (np.hstack([ARRAY] * 2), ARRAY[:, 0])], "Batch 2 has other columns .*'x4'"),
        (
            [(ARRAY, ARRAY[:, 0] > 3), (ARRAY, ARRAY[:, 0] / 7)],
            "truth values at first but numbers in batch 2",
        ),
        (
            [(ARRAY, ARRAY[:, 1].astype(int)), (ARRAY, ARRAY[:, 0] / 7)],
            "give each column one kind, such as floats",
        ),
        ([(ARRAY, ARRAY[:, :2])], r"targets of batch 1 have shape \(20, 2\)"),
    ],
)
def test_wrong_batches(tmp_path, batches, words):
    with pytest.raises(DataError, match=words):
        spooled(iter(batches), None, tmp_path)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ((ARRAY.astype(int), ARRAY[:, 0]), (ARRAY / 4, ARRAY[:, 0])),
        lambda: ((ARRAY.astype("f2"), ARRAY[:, :1]), (ARRAY / 4, ARRAY[:, 0])),
        lambda: ((ARRAY.astype(">f4"), ARRAY[:, 0].astype(">i4")), (ARRAY / 4, ARRAY[:, 0].astype("i4"))),
        lambda: ((polars_of(TABLE), ARRAY[:, 0]), (TABLE / 4, ARRAY[:, 0])),
        lambda: (polars_of(TABLE), pyarrow.Table.from_pandas(TABLE / 4)),
    ],
    ids=["whole numbers first", "halves", "bytes swapped", "tables", "whole tables"],
)
def test_batches_of_any_library_and_precision(tmp_path, make):
    inputs, _ = all_of(spooled(iter(make()), "target", tmp_path), 20)
    np.testing.assert_array_equal(inputs[:, :2], np.vstack([ARRAY, ARRAY / 4])[:, :2])


def test_a_function_that_would_give_batches_is_no_batches():
    def batches():
        yield ARRAY, ARRAY[:, 0]

    with pytest.raises(DataError, match=r"batches is a function; give the batches it yields, batches\(\)"):
        source_of(batches, None, None, 0)


def test_columns_of_another_kind_in_another_file_are_named(places):
    texts = pandas.DataFrame({"a": ["x"], "b": [1], "c": [2.0]})
    texts.to_parquet(places / "parts" / "3.parquet")
    with pytest.raises(DataError, match=r"'a' holds texts in '3.parquet' but numbers in '1.parquet'"):
        ParquetRows(places / "parts", "c")
    texts.assign(a=None).to_parquet(places / "parts" / "3.parquet")
    assert ParquetRows(places / "parts", "c").rows == 21


def test_a_page_damaged_inside_is_said(tmp_path):
    place = tmp_path / "rows.parquet"
    texts = [f"text number {number}" for number in range(3000)]
    pandas.DataFrame({"a": texts, "b": np.arange(3000.0)}).to_parquet(place)
    content = bytearray(place.read_bytes())
    content[40:60] = bytes(20)
    place.write_bytes(content)
    with pytest.raises(DataError, match=r"'rows\.parquet' is damaged"):
        all_of(ParquetRows(place, "b"))


def test_what_cannot_be_streamed(places):
    with pytest.raises(DataError, match="no column 'x9'"):
        ArrayRows(places / "rows.npy", None, "x9", "rows")
    with pytest.raises(DataError, match="no column 'bb'"):
        ParquetRows(places / "parts", "bb")
    np.save(places / "columns.npy", np.asfortranarray(ARRAY))
    with pytest.raises(DataError, match="row by row"):
        ArrayRows(places / "columns.npy", None, None, "rows")
    np.save(places / "objects.npy", np.array([["a", "b"]]))
    with pytest.raises(DataError, match="no plain numbers"):
        ArrayRows(places / "objects.npy", None, None, "rows")
    whole = (places / "rows.npy").read_bytes()
    (places / "cut.npy").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="no array file"):
        ArrayRows(places / "cut.npy", None, None, "rows")
    (places / "parts" / "3.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(DataError, match="no Parquet file"):
        ParquetRows(places / "parts", "a")


def test_only_what_exceeds_the_bound_is_streamed(places):
    assert source_of(str(places / "rows.npy"), None, None, 10_000) is None
    assert isinstance(source_of(str(places / "rows.npy"), None, None, 100), ArrayRows)
    assert isinstance(source_of(places / "parts", None, "a", 100), ParquetRows)
    assert source_of("iris", None, None, 1) is None
    assert source_of(ARRAY, ARRAY[:, 0], None, 1) is None  # it is in memory already
    mapped = np.load(places / "rows.npy", mmap_mode="r")
    assert isinstance(source_of(mapped, ARRAY[:, 0], None, 100), ArrayRows)
    assert source_of(iter([]), None, None, 10**9) is not None
    assert source_of(pandas.DataFrame(ARRAY), None, None, 1) is None


@pytest.mark.parametrize(
    ("given", "words"),
    [("1MB", "512MiB or more"), ("much", "such as 1GiB"), (-5, "such as"), (True, "such as")],
)
def test_a_bound_of_no_use_is_refused(given, words):
    with pytest.raises(SettingsError, match=words):
        memory_of(given)


@given(
    memory=st.integers(LEAST, 2**36),
    columns=st.integers(1, 2000),
    batch=st.integers(1, 5000),
    itemsize=st.sampled_from([4, 8]),
)
def test_what_is_dealt_out_stays_within_the_bound(memory, columns, batch, itemsize):
    shares = shares_of(memory, columns, columns + 3, batch, itemsize)
    row = (columns + 3) * itemsize
    free = memory - FIXED
    assert shares.chunk % batch == 0
    assert shares.block % shares.chunk == 0
    assert 2 * shares.block * row <= free / 2 or shares.block == shares.chunk
    assert 3 * shares.held_out * row <= free / 16 or shares.held_out == 64
    assert shares.read * columns * 64 <= free / 8 or shares.read == 1024
