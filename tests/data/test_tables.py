"""Tables as people save them: separators, encodings, quotes, blanks, no header, compression, Parquet."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas
import pyarrow
import pytest
from pyarrow import parquet

from osolgil.data import load, read_rows
from osolgil.data.dataset import Dataset
from osolgil.data.tables import read_table
from osolgil.errors import DataError

ROWS = 60


def table(rows: int = ROWS) -> pandas.DataFrame:
    generator = np.random.default_rng(0)
    return pandas.DataFrame(
        {
            "height": generator.normal(170, 10, rows).round(1),
            "colour": generator.choice(["red", "green"], rows),
            "label": generator.choice(["yes", "no"], rows),
        }
    )


def same_arrays(one: Dataset, other: Dataset) -> None:
    assert one.feature_names == other.feature_names
    for name in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(one, name).inputs, getattr(other, name).inputs)
        np.testing.assert_array_equal(getattr(one, name).targets, getattr(other, name).targets)


@pytest.fixture
def plain(tmp_path: Path) -> Dataset:
    table().to_csv(tmp_path / "plain.csv", index=False)
    return load(tmp_path / "plain.csv")


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp949"]
)
def test_separators_and_encodings(tmp_path: Path, plain: Dataset, separator: str, encoding: str) -> None:
    path = tmp_path / "other.txt"
    table().to_csv(path, index=False, sep=separator, encoding=encoding)
    same_arrays(load(path), plain)


def test_korean_text_in_cp949(tmp_path: Path) -> None:
    path = tmp_path / "korean.csv"
    rows = table().rename(columns={"colour": "색"}).replace({"red": "빨강", "green": "초록"})
    rows.to_csv(path, index=False, encoding="cp949")
    data = load(path)
    assert "색 = 빨강" in data.feature_names
    assert any("cp949" in note for note in data.notes)


@pytest.mark.parametrize("word", ["it’s", "Ångström", "Müller", "naïve"])
def test_western_letters_are_not_read_as_korean(tmp_path: Path, word: str) -> None:
    path = tmp_path / "western.csv"
    table().replace({"red": word}).to_csv(path, index=False, encoding="cp1252")
    assert f"colour = {word}" in load(path).feature_names


def zipped(raw: bytes, *names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, raw)
    return packed.getvalue()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda raw: pyarrow.compress(raw, codec="zstd", asbytes=True),
    "zip": lambda raw: zipped(raw, "rows.csv", "__MACOSX/._rows.csv"),
}


@pytest.mark.parametrize("kind", PACKED)
def test_compressed_files(tmp_path: Path, plain: Dataset, kind: str) -> None:
    path = tmp_path / f"packed.csv.{kind}"
    path.write_bytes(PACKED[kind](table().to_csv(index=False).encode()))
    same_arrays(load(path), plain)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="damaged compressed file"):
        load(path)


def test_a_zip_archive_of_several_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "two.zip").write_bytes(zipped(b"a,label\n1,x\n", "one.csv", "two.csv"))
    with pytest.raises(DataError, match="holds 2 files; unpack it"):
        load(tmp_path / "two.zip")


def numeric() -> pandas.DataFrame:
    values = np.random.default_rng(4).normal(size=(2, ROWS)).round(3)
    return pandas.DataFrame({"a": values[0], "b": values[1], "label": np.arange(ROWS) % 3})


def aligned(text: str) -> str:
    return "\n".join("  ".join(f"{field:>9}" for field in line.split(",")) for line in text.splitlines())


ARRANGED: dict[str, Callable[[str], str]] = {
    "aligned by blanks": aligned,
    "separator said above": lambda text: "sep=;\n" + text.replace(",", ";"),
    "comments above": lambda text: "# made by a thermometer\n#\n" + text,
    "header in a comment": lambda text: "# " + text,
    "old line ends": lambda text: text.replace("\n", "\r"),
}


@pytest.mark.parametrize("arranged", ARRANGED)
def test_arrangements_of_one_table(tmp_path: Path, arranged: str) -> None:
    text = numeric().to_csv(index=False, lineterminator="\n")
    (tmp_path / "plain.csv").write_text(text)
    (tmp_path / "other.csv").write_bytes(ARRANGED[arranged](text).encode())
    same_arrays(load(tmp_path / "other.csv"), load(tmp_path / "plain.csv"))


def test_a_fault_below_comments_is_told_with_its_line_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("# one\n# two\na,b,label\n1,2,3\n4,5\n")
    with pytest.raises(DataError, match="line 5 has 2 fields"):
        load(tmp_path / "rows.csv")


def test_columns_of_one_name_and_of_none(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,a,,a,label\n" + "1,2,3,4,x\n" * 3)
    wanted = ["a", "a (2)", "Unnamed: 2", "a (3)", "label"]
    assert list(read_table(tmp_path / "rows.csv").inputs) == wanted
    arrays = [pyarrow.array([1, 2])] * 5
    parquet.write_table(
        pyarrow.Table.from_arrays(arrays, ["a", "a", "", "a", "label"]), tmp_path / "rows.parquet"
    )
    assert list(read_table(tmp_path / "rows.parquet").inputs) == wanted


def test_a_header_with_numbers_is_told(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("red,1.5\n" + "green,2.5\n" * 3)
    assert any("it holds numbers (1)" in note for note in read_table(tmp_path / "rows.csv").notes)


def test_gzip_and_windows_line_ends(tmp_path: Path, plain: Dataset) -> None:
    path = tmp_path / "packed.csv.gz"
    path.write_bytes(gzip.compress(table().to_csv(index=False, lineterminator="\r\n").encode()))
    same_arrays(load(path), plain)


def test_parquet(tmp_path: Path, plain: Dataset) -> None:
    table().to_parquet(tmp_path / "rows.parquet")
    same_arrays(load(tmp_path / "rows.parquet"), plain)


def test_no_header(tmp_path: Path) -> None:
    rows = np.random.default_rng(1).normal(size=(40, 3)).round(3)
    rows[:, 2] = np.arange(40) % 2
    np.savetxt(tmp_path / "bare.csv", rows, delimiter=",", fmt="%g")
    data = load(tmp_path / "bare.csv")
    assert sum(data.rows.values()) == 40
    assert data.target_name == "column 3"
    assert any("no header" in note for note in data.notes)


def test_floats_are_read_to_the_last_bit(tmp_path: Path) -> None:
    values = np.random.default_rng(2).normal(size=500) * 10.0 ** np.random.default_rng(3).integers(
        -200, 200, 500
    )
    pandas.DataFrame({"x": values, "y": 0}).to_csv(tmp_path / "x.csv", index=False)
    np.testing.assert_array_equal(read_table(tmp_path / "x.csv").inputs["x"].to_numpy(), values)


def test_blanks_in_a_number_column_are_missing(tmp_path: Path) -> None:
    rows = table()
    rows["charge"] = [f" {number}.5" if number % 10 else " " for number in range(ROWS)]
    rows.to_csv(tmp_path / "blank.csv", index=False)
    data = load(tmp_path / "blank.csv", target="label")
    assert {"charge", "charge is missing"} <= set(data.feature_names)
    assert any("'charge'" in note for note in data.notes)


def test_words_in_a_number_column_are_missing_and_said(tmp_path: Path) -> None:
    rows = table()
    rows["charge"] = [str(number * 1.5) if number else "unknown" for number in range(ROWS)]
    rows.to_csv(tmp_path / "words.csv", index=False)
    data = load(tmp_path / "words.csv", target="label")
    assert "charge" in data.feature_names
    assert any("Text read as numbers" in note and "'charge'" in note for note in data.notes)


def test_quoted_cells_with_separators_and_line_breaks(tmp_path: Path) -> None:
    rows = table()
    rows["remark"] = [f'said "{number}, again;\nand again"' for number in range(ROWS)]
    rows.to_csv(tmp_path / "quoted.csv", index=False)
    read = read_table(tmp_path / "quoted.csv").inputs
    assert read["remark"].tolist() == rows["remark"].tolist()


def test_a_row_index_is_left_out_and_a_copied_target_is_told(tmp_path: Path) -> None:
    rows = table()
    rows.insert(1, "copy", rows["label"].map({"yes": "ja", "no": "nein"}))
    rows.to_csv(tmp_path / "index.csv")
    data = load(tmp_path / "index.csv")
    assert any("'Unnamed: 0'" in note and "Left out" in note for note in data.notes)
    assert any("'copy'" in note and "leak" in note for note in data.notes)


def test_parts_that_sum_to_the_target_are_told(tmp_path: Path) -> None:
    generator = np.random.default_rng(4)
    parts = generator.integers(0, 500, (80, 3))
    rows = pandas.DataFrame(parts, columns=["casual", "registered", "other"])
    rows["count"] = rows["casual"] + rows["registered"]
    rows.to_csv(tmp_path / "sum.csv", index=False)
    notes = [note for note in load(tmp_path / "sum.csv").notes if "leak" in note]
    assert len(notes) == 1
    assert "'casual' + 'registered'" in notes[0]


def test_target_by_usual_name_then_last_column(tmp_path: Path) -> None:
    rows = table()[["label", "height", "colour"]]
    rows.to_csv(tmp_path / "first.csv", index=False)
    data = load(tmp_path / "first.csv")
    assert data.target_name == "label"
    assert any("by its name" in note for note in data.notes)
    rows.rename(columns={"label": "answer"}).to_csv(tmp_path / "last.csv", index=False)
    assert load(tmp_path / "last.csv").target_name == "colour"
    assert load(tmp_path / "last.csv", target="height").task == "regression"


def test_rows_without_a_target_are_left_out(tmp_path: Path) -> None:
    rows = table()
    rows.loc[:4, "label"] = None
    rows.to_csv(tmp_path / "gaps.csv", index=False)
    data = load(tmp_path / "gaps.csv")
    assert sum(data.rows.values()) == ROWS - 5
    assert any("is missing: 5." in note for note in data.notes)


def test_a_second_file_tests(tmp_path: Path) -> None:
    table().to_csv(tmp_path / "train.csv", index=False)
    table(30).iloc[:, ::-1].to_csv(tmp_path / "test.csv", index=False)
    data = load(tmp_path / "train.csv", test=tmp_path / "test.csv")
    assert data.rows == {"train": 50, "validation": 10, "test": 30}
    raw = table(30)
    np.testing.assert_array_equal(data.test.inputs, data.preprocessing.transform(raw))
    assert [data.class_names[k] for k in data.test.targets] == raw["label"].tolist()


def test_a_share_tests(tmp_path: Path) -> None:
    table(100).to_csv(tmp_path / "rows.csv", index=False)
    assert load(tmp_path / "rows.csv", test=0.5).rows["test"] == pytest.approx(50, abs=1)


def test_pixels_in_a_table(tmp_path: Path) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (50, 64))
    pixels[0, :2] = 0, 255
    rows = pandas.DataFrame(pixels, columns=[f"pixel{number}" for number in range(64)])
    rows.insert(0, "label", np.arange(50) % 5)
    rows.to_csv(tmp_path / "pixels.csv", index=False)
    data = load(tmp_path / "pixels.csv")
    assert len(data.feature_names) == 64
    inputs, _ = read_rows(tmp_path / "pixels.csv", data.preprocessing)
    np.testing.assert_array_equal(inputs, pixels.astype(np.float32) / np.float32(255))


def test_new_rows_are_read_as_the_training_rows_were(tmp_path: Path) -> None:
    rows = table()
    rows["code"] = [["1", "2", "x"][number % 3] for number in range(ROWS)]
    rows.to_csv(tmp_path / "rows.csv", index=False)
    data = load(tmp_path / "rows.csv", target="label")
    new = rows[rows["code"] != "x"].drop(columns="label")
    new["extra"] = 1
    new[["extra", "code", "colour", "height"]].to_csv(tmp_path / "new.csv", index=False)
    inputs, raw = read_rows(tmp_path / "new.csv", data.preprocessing)
    np.testing.assert_array_equal(inputs, data.preprocessing.transform(rows)[rows["code"] != "x"])
    assert len(raw) == len(inputs)
    new.drop(columns="code").to_csv(tmp_path / "less.csv", index=False)
    with pytest.raises(DataError, match="no column 'code'"):
        read_rows(tmp_path / "less.csv", data.preprocessing)
