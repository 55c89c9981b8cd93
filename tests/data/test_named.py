"""Built-in and well-known sets; the real files are used where OSOLGIL_DATA names their folder."""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas
import pooch
import pytest

from osolgil.data import data_names, load
from osolgil.data.builtin import BUILTIN
from osolgil.data.named import ADULT_COLUMNS, NAMED
from osolgil.errors import DataError

FOLDER = Path(os.environ.get("OSOLGIL_DATA", ""))
real = pytest.mark.skipif("OSOLGIL_DATA" not in os.environ, reason="OSOLGIL_DATA is not set")


@pytest.mark.parametrize("name", BUILTIN)
def test_built_in_sets_are_ready_for_a_network(name: str) -> None:
    data = load(name)
    assert data.name == name
    assert data.train.inputs.dtype == np.float32
    assert data.train.inputs.flags.c_contiguous
    assert data.preprocessing.feature_names == data.feature_names
    if data.class_names:
        assert data.train.targets.dtype == np.int64
        assert set(data.test.targets) == set(range(data.outputs))
    assert load(name).fingerprint == data.fingerprint


def test_digits_are_those_of_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.datasets import load_digits

    from osolgil.data import builtin

    read, bunch = builtin.load_builtin("digits"), load_digits()
    np.testing.assert_array_equal(read.inputs, bunch.data)
    np.testing.assert_array_equal(read.targets, bunch.target)
    assert read.column_names == tuple(bunch.feature_names)
    assert read.class_names == tuple(map(str, bunch.target_names))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    moved = builtin.load_builtin("digits")
    assert (moved.content, moved.column_names, moved.divisor) == (
        read.content,
        read.column_names,
        read.divisor,
    )


def test_digits_are_divided_by_sixteen() -> None:
    data = load("digits")
    assert data.image_shape == (8, 8)
    assert set(np.unique(data.train.inputs * 16)) == set(range(17))


def test_names_are_forgiving() -> None:
    assert load("Breast-Cancer").class_names == ("malignant", "benign")
    assert set(data_names()) == {*BUILTIN, *NAMED}


def test_a_drawn_set_imports_neither_pandas_nor_scikit_learn() -> None:
    script = (
        "import sys, osolgil.data as data; data.load('moons');"
        "assert not {'pandas', 'sklearn', 'skrub'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def write_penguins(folder: Path) -> None:
    (folder / "penguins").mkdir()
    rows = "".join(f"{'AB'[n % 2]},{n * 7 % 31}.5,{n * n % 13}\n" for n in range(40))
    (folder / "penguins" / "penguins.csv").write_text("species,bill,flipper\n" + rows)


def test_a_local_file_that_differs_is_told_not_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_penguins(tmp_path)
    monkeypatch.setenv("OSOLGIL_DATA", str(tmp_path))
    data = load("penguins")
    assert data.target_name == "species"
    assert any("differs from the published file" in note for note in data.notes)


def test_a_download_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OSOLGIL_DATA", raising=False)
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path))
    asked: list[str] = []

    def fetch(url: str, output_file: str, pooch: object) -> None:
        asked.append(url)
        Path(output_file).write_bytes(b"something else")

    monkeypatch.setattr(pooch.core, "choose_downloader", lambda url, progressbar: fetch)
    with pytest.raises(DataError, match="does not have the expected SHA-256"):
        load("penguins")
    assert asked == [
        "https://raw.githubusercontent.com/allisonhorst/palmerpenguins/main/inst/extdata/penguins.csv"
    ]


def test_no_network_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OSOLGIL_DATA", raising=False)
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path))

    def fail(*arguments: object, **options: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr("pooch.retrieve", fail)
    with pytest.raises(DataError, match="check the network, or set OSOLGIL_DATA"):
        load("mnist")
    with pytest.raises(DataError, match=r"put hour\.csv into a folder 'bike-sharing'"):
        load("bike-sharing")


def test_checksums_are_sha256() -> None:
    for entry in NAMED.values():
        assert all(
            len(bytes.fromhex(checksum)) == hashlib.sha256().digest_size for checksum in entry.files.values()
        )
        assert entry.address is None or entry.address.startswith("https://")


@real
@pytest.mark.parametrize(
    ("name", "rows", "classes"),
    [
        ("fashion-mnist", (55_000, 5_000, 10_000), 10),
        ("mnist", (55_000, 5_000, 10_000), 10),
        ("adult", (27_134, 5_427, 16_281), 2),
        ("california-housing", (13_760, 2_752, 4_128), None),
        ("titanic", (535, 178, 178), 2),
        ("telco-churn", (4_225, 1_409, 1_409), 2),
        ("bike-sharing", (11_586, 2_317, 3_476), None),
        ("penguins", (206, 69, 69), 3),
    ],
)
def test_real_sets(name: str, rows: tuple[int, ...], classes: int | None) -> None:
    started = time.perf_counter()
    data = load(name)
    assert time.perf_counter() - started < 10
    assert tuple(data.rows.values()) == rows
    assert (len(data.class_names) if data.class_names else None) == classes
    assert not any("differs" in note for note in data.notes)
    for split in (data.train, data.validation, data.test):
        assert np.isfinite(split.inputs).all()
        assert np.abs(split.inputs).max() <= 10


@real
def test_fashion_mnist_is_split_as_in_the_published_curve() -> None:
    import gzip

    data = load("fashion-mnist")
    raw = gzip.decompress((FOLDER / "fashion-mnist" / "train-images-idx3-ubyte.gz").read_bytes())
    images = np.frombuffer(raw, np.uint8, offset=16).reshape(60_000, 784)
    np.testing.assert_array_equal(data.validation.inputs, images[:5000].astype(np.float32) / np.float32(255))
    np.testing.assert_array_equal(
        data.train.inputs[::500], images[5000::500].astype(np.float32) / np.float32(255)
    )


@real
def test_adult_is_read_past_its_quirks() -> None:
    data = load("adult")
    assert data.class_names == ("<=50K", ">50K")
    raw = pandas.read_csv(
        FOLDER / "adult" / "adult.test.gz",
        header=None,
        skiprows=1,
        names=ADULT_COLUMNS,
        skipinitialspace=True,
    )
    np.testing.assert_array_equal(data.test.targets, (raw["income"] == ">50K.").astype(int))
    assert "workclass is missing" in data.feature_names
    place = data.feature_names.index("workclass is missing")
    np.testing.assert_array_equal(data.test.inputs[:, place], (raw["workclass"] == "?").astype(np.float32))


@real
def test_bike_sharing_leaves_out_the_parts_of_its_target() -> None:
    assert not {"casual", "registered", "instant"} & set(load("bike-sharing").feature_names)
    raw = load(FOLDER / "bike-sharing" / "hour.csv")
    assert any("'casual' + 'registered'" in note for note in raw.notes)
