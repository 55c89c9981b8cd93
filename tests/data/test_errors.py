"""Every way data can be of no use is told in one sentence."""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from PIL import Image

from osolgil.data import from_arrays, load, read_rows
from osolgil.errors import DataError, SettingsError

GOOD = np.random.default_rng(0).normal(size=(20, 2))
LABELS = np.arange(20) % 2


def spoiled(value: float) -> np.ndarray:
    inputs = GOOD.copy()
    inputs[2, 1] = value
    return inputs


ARRAYS: dict[str, tuple[Any, Any, str]] = {
    "nan": (spoiled(np.nan), LABELS, "NaN in row 3, column 2"),
    "infinite": (spoiled(np.inf), LABELS, "infinite in row 3, column 2"),
    "nan target": (GOOD, np.where(LABELS, np.nan, 1.0), "targets are NaN in row 2"),
    "lengths": (GOOD, LABELS[:-1], "20 rows of inputs but 19 targets"),
    "one dimension": (GOOD[:, 0], LABELS, r"reshape\(-1, 1\)"),
    "five dimensions": (GOOD.reshape(20, 2, 1, 1, 1), LABELS, "shape"),
    "no columns": (GOOD[:, :0], LABELS, "shape"),
    "no rows": (GOOD[:0], LABELS[:0], "no rows"),
    "one class": (GOOD, np.zeros(20, int), "same class '0'"),
    "rare class": (GOOD, np.array([0] * 9 + [1] * 9 + [7, 7]), "class '7' of target 'target' has 2 rows"),
    "constant target": (GOOD, np.full(20, 0.5), "is 0.5 in every row"),
    "infinite target": (pandas.DataFrame(GOOD), pandas.Series(spoiled(np.inf)[:, 1]), "infinite in 1 row;"),
    "constant inputs": (np.ones((20, 2)), LABELS, "No feature is left .*'x1' and 'x2'"),
    "two columns of targets": (GOOD, GOOD, "one number or class per row"),
    "ragged": ([[1.0, 2.0], [3.0]], [0, 1], "equally long rows"),
    "complex": (GOOD + 1j, LABELS, "complex"),
    "nothing": (None, LABELS, "shape"),
    "infinite in a table": (
        pandas.DataFrame(spoiled(-np.inf), columns=["a", "b"]),
        LABELS,
        "'b' is infinite in row 3",
    ),
    "empty table": (pandas.DataFrame(index=range(20)), LABELS, "no columns"),
    "all missing": (pandas.DataFrame({"a": [None] * 20}), LABELS, "every cell is empty: 'a'"),
}


@pytest.mark.parametrize("case", ARRAYS)
def test_arrays(case: str) -> None:
    inputs, targets, sentence = ARRAYS[case]
    with pytest.raises(DataError, match=sentence) as caught:
        from_arrays(inputs, targets)
    one_sentence(str(caught.value))


def one_sentence(text: str) -> None:
    assert "\n" not in text
    assert text.endswith((".", "?"))
    assert len(text) < 500


def archive(name: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(name, "text")
    return packed.getvalue()


CSV = "a,b,label\n" + "".join(f"{row},{row * row % 7},{'xy'[row % 2]}\n" for row in range(30))
FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "only line ends": (b"\n \n", "is empty"),
    "header only": (b"a,b,label\n", "no rows"),
    "binary": (bytes(range(256)) * 20, "binary"),
    "workbook": (archive("[Content_Types].xml"), "Excel"),
    "damaged archive": (b"PK\x03\x04rest", "damaged compressed file"),
    "damaged gzip": (gzip.compress(CSV.encode())[:40], "gzip|cannot be read"),
    "damaged parquet": (b"PAR1" + b"\1" * 50, "Parquet"),
    "too many fields": ((CSV + "1,2,x,9\n").encode(), "line 32 has 4 fields, the first line 3"),
    "too few fields": ((CSV + "1,2\n").encode(), "line 32 has 2 fields"),
    "infinite cell": ((CSV + "1,inf,x\n" * 9).encode(), "'b' is infinite in row 3"),
    "target missing": (b"a,label\n1,\n2,\n3,NA\n", "missing in every row"),
    "one column": (CSV.replace(",", "_").encode(), "one column only, 'a_b_label'"),
    "a web page": (b"<!DOCTYPE html>\n<html></html>\n", "HTML"),
    "json": (b'[{"a": 1, "label": 2}]', "is JSON"),
    "json lines": (b'{"a": 1}\n{"a": 2}\n', "is JSON"),
    "git lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
    "few of several classes": (b"a,label\n1,x\n2,x\n3,y\n", "classes 'x' and 'y' .* have fewer than 3 rows"),
}


@pytest.mark.parametrize("case", FILES)
def test_files(case: str, tmp_path: Path) -> None:
    content, sentence = FILES[case]
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=sentence) as caught:
        load(path)
    one_sentence(str(caught.value))


def saved(tmp_path: Path) -> Path:
    (tmp_path / "rows.csv").write_text(CSV)
    return tmp_path / "rows.csv"


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def picture(path: Path) -> Path:
    """The test's own folder, with a picture somewhere in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (2, 2)).save(path)
    return next(folder for folder in path.parents if folder.name not in ("x", "y"))


def objects(path: Path) -> Path:
    np.savez(path, X=GOOD, y=np.array([None] * 20, dtype=object), allow_pickle=True)
    return path


CALLS: dict[str, tuple[Callable[[Path], Any], type[Exception], str]] = {
    "close column": (lambda path: load(saved(path), target="lable"), DataError, "did you mean 'label'"),
    "case of a column": (lambda path: load(saved(path), target="LABEL"), DataError, "did you mean 'label'"),
    "no such column": (
        lambda path: load(saved(path), target="zzz"),
        DataError,
        "columns are 'a', 'b' and 'label'",
    ),
    "close name": (lambda path: load("digts"), DataError, "did you mean digits"),
    "no such name": (lambda path: load("qqqq"), DataError, "Built-in sets: digits"),
    "odd name": (lambda path: load("a\0b"), DataError, "no file"),
    "task": (
        lambda path: load("moons", task="clustering"),
        SettingsError,
        "classification, multi-label or regression",
    ),
    "text regression": (lambda path: load(saved(path), task="regression"), DataError, "holds text such as"),
    "share": (lambda path: load("moons", test=1.5), SettingsError, "between 0 and 1"),
    "target of a built-in": (lambda path: load("moons", target="x"), DataError, "leave target= out"),
    "no name": (lambda path: load(" "), DataError, "name of the data is empty"),
    "rows of no file": (
        lambda path: read_rows("digits", load("moons").preprocessing),
        DataError,
        "no file or folder 'digits'; give a table",
    ),
    "empty folder": (load, DataError, "sub-folder"),
    "folder of tables": (lambda path: load(saved(path).parent), DataError, "holds tables; give one of them"),
    "pictures without sub-folders": (
        lambda path: load(picture(path / "a.png")),
        DataError,
        "but no sub-folders",
    ),
    "pictures too deep": (
        lambda path: load(picture(path / "x/y/a.png")),
        DataError,
        "lie deeper; give the folder",
    ),
    "damaged archive": (
        lambda path: read_rows(written(path / "x.npz", b"PK\3\4"), load("moons").preprocessing),
        DataError,
        "damaged",
    ),
    "no archive": (lambda path: load(written(path / "x.npz", b"a,b")), DataError, "numpy.savez"),
    "objects": (lambda path: load(objects(path / "x.npz")), DataError, "Python objects"),
    "test file of another kind": (lambda path: load("moons", test=saved(path)), DataError, "another kind"),
}


@pytest.mark.parametrize("case", CALLS)
def test_calls(case: str, tmp_path: Path) -> None:
    call, error, sentence = CALLS[case]
    with pytest.raises(error, match=sentence):
        call(tmp_path)


def test_test_rows_without_answers_or_with_an_unknown_class(tmp_path: Path) -> None:
    path = saved(tmp_path)
    (tmp_path / "unanswered.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="no column 'label'"):
        load(path, test=tmp_path / "unanswered.csv")
    (tmp_path / "unknown.csv").write_text("a,b,label\n1,2,z\n")
    with pytest.raises(DataError, match="class 'z'"):
        load(path, test=tmp_path / "unknown.csv")
