"""Files with any bytes: load answers with a data set or with one sentence."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from osolgil.data import load, read_rows
from osolgil.errors import DataError

FIELD = st.one_of(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=5),
    st.sampled_from(["1", "2.5", "", " ", "NA", "inf", '"', '"a,b"', "2024-01-01", "예", "1e999", "-1e308"]),
)


def load_bytes(content: bytes, ending: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows{ending}"
        path.write_bytes(content)
        try:
            data = load(path)
            read_rows(path, data.preprocessing)
        except DataError:
            return
    assert np.isfinite(data.train.inputs).all()


@given(st.lists(st.lists(FIELD, min_size=3, max_size=3), min_size=4, max_size=30), st.sampled_from(",;\t|"))
@settings(max_examples=150, deadline=None)
def test_any_cells(rows: list[list[str]], separator: str) -> None:
    lines = [separator.join([*row, "xy"[number % 2]]) for number, row in enumerate(rows)]
    load_bytes("\n".join(["a,b,c,label".replace(",", separator), *lines]).encode(), ".csv")


@given(st.binary(max_size=200), st.sampled_from([".csv", ".npz", ".parquet", "-images-idx3-ubyte"]))
@example(b"PAR1PAR1", ".csv")
@example(b"\x1f\x8b\x08\x00", ".csv")
@example(b"PK\x03\x04", ".npz")
@example(b"\xff\xfe\x00\xd8", ".csv")
@example(b'"', ".csv")
@settings(max_examples=150, deadline=None)
def test_any_bytes(content: bytes, ending: str) -> None:
    load_bytes(content, ending)
