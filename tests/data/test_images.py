"""Pictures in folders, idx files and NPZ archives."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from osolgil.data import from_arrays, load, read_rows
from osolgil.errors import DataError

GENERATOR = np.random.default_rng(0)
PIXELS = GENERATOR.integers(0, 256, (40, 6, 5), dtype=np.uint8)
LABELS = (np.arange(40) % 4).astype(np.uint8)


def write_idx(path: Path, array: np.ndarray) -> None:
    raw = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)


def save_pictures(folder: Path, mode: str = "L", ending: str = "png") -> None:
    for number, (picture, label) in enumerate(zip(PIXELS, LABELS, strict=True)):
        (folder / f"kind {label}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).convert(mode).save(folder / f"kind {label}" / f"{number:02d}.{ending}")


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_idx_pair(tmp_path: Path, ending: str) -> None:
    write_idx(tmp_path / f"train-images-idx3-ubyte{ending}", PIXELS)
    write_idx(tmp_path / f"train-labels-idx1-ubyte{ending}", LABELS)
    by_file, by_folder = load(tmp_path / f"train-images-idx3-ubyte{ending}"), load(tmp_path)
    assert by_file.image_shape == (6, 5)
    assert by_file.fingerprint == by_folder.fingerprint
    flat = PIXELS.reshape(40, 30).astype(np.float32) / np.float32(255)
    inputs, _ = read_rows(tmp_path / f"train-images-idx3-ubyte{ending}", by_file.preprocessing)
    np.testing.assert_array_equal(inputs, flat)
    assert {row.tobytes() for row in by_file.train.inputs} <= {row.tobytes() for row in flat}


def test_idx_test_files_are_the_test_split(tmp_path: Path) -> None:
    for part, rows in (("train", 30), ("t10k", 10)):
        write_idx(tmp_path / f"{part}-images-idx3-ubyte", PIXELS[:rows])
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte", LABELS[:rows])
    data = load(tmp_path)
    assert data.rows["test"] == 10
    np.testing.assert_array_equal(data.test.targets, LABELS[:10])


def test_idx_errors(tmp_path: Path) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    write_idx(path, PIXELS)
    with pytest.raises(DataError, match="labels beside it"):
        load(path)
    write_idx(tmp_path / "train-labels-idx1-ubyte", LABELS)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match="cut short"):
        load(path)


def test_folder_of_gray_pictures(tmp_path: Path) -> None:
    save_pictures(tmp_path / "shapes")
    (tmp_path / "shapes" / "kind 0" / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "shapes" / "kind 0" / "broken.png").write_bytes(b"no picture")
    data = load(tmp_path / "shapes")
    assert data.class_names == ("kind 0", "kind 1", "kind 2", "kind 3")
    assert data.image_shape == (6, 5)
    assert data.task == "classification"
    assert any("broken.png" in note for note in data.notes)
    inputs, names = read_rows(tmp_path / "shapes" / "kind 0" / "00.png", data.preprocessing)
    np.testing.assert_array_equal(inputs[0], PIXELS[0].ravel().astype(np.float32) / np.float32(255))
    assert names["file"].tolist() == ["00.png"]


def test_gray_stored_in_colour_is_gray_and_colour_is_kept(tmp_path: Path) -> None:
    save_pictures(tmp_path / "gray", "RGB", "bmp")
    assert load(tmp_path / "gray").image_shape == (6, 5)
    save_pictures(tmp_path / "colour", "RGB")
    Image.new("RGB", (5, 6), (200, 10, 10)).save(tmp_path / "colour" / "kind 0" / "red.png")
    assert load(tmp_path / "colour").image_shape == (6, 5, 3)


def test_large_pictures_shrink_to_the_commonest_size_within_32(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / "ab"[number % 2]).mkdir(exist_ok=True)
        size = (128, 64) if number else (50, 50)
        Image.new("L", size, 20 * number).save(tmp_path / "ab"[number % 2] / f"{number}.png")
    data = load(tmp_path)
    assert data.image_shape == (16, 32)
    assert any("resized to 32 × 16" in note for note in data.notes)


def test_train_and_test_folders(tmp_path: Path) -> None:
    save_pictures(tmp_path / "train")
    save_pictures(tmp_path / "test")
    data = load(tmp_path)
    assert data.rows["test"] == 40
    assert data.name == tmp_path.name


@pytest.mark.parametrize("names", [("X", "y"), ("inputs", "targets"), ("data", "labels")])
def test_npz(tmp_path: Path, names: tuple[str, str]) -> None:
    inputs = GENERATOR.normal(size=(40, 3))
    np.savez(tmp_path / "rows.npz", **{names[0]: inputs, names[1]: LABELS})
    data = load(tmp_path / "rows.npz")
    expected = from_arrays(inputs, LABELS)
    np.testing.assert_array_equal(data.train.inputs, expected.train.inputs)
    rows, _ = read_rows(tmp_path / "rows.npz", data.preprocessing)
    np.testing.assert_array_equal(rows, data.preprocessing.transform(inputs))


def test_npz_with_its_own_test_rows(tmp_path: Path) -> None:
    one_hot = np.eye(4)[LABELS]
    np.savez(tmp_path / "m.npz", x_train=PIXELS, y_train=one_hot, x_test=PIXELS[:9], y_test=one_hot[:9])
    data = load(tmp_path / "m.npz")
    assert data.rows["test"] == 9
    assert data.image_shape == (6, 5)
    np.testing.assert_array_equal(data.test.targets, LABELS[:9])


def test_npz_errors(tmp_path: Path) -> None:
    np.savez(tmp_path / "odd.npz", something=LABELS)
    with pytest.raises(DataError, match="holds something; it needs X and y"):
        load(tmp_path / "odd.npz")
    np.savez(tmp_path / "objects.npz", X=np.array([{}, {}], dtype=object), y=LABELS, allow_pickle=True)
    with pytest.raises(DataError, match="holds Python objects"):
        load(tmp_path / "objects.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(DataError, match="no NPZ file"):
        load(tmp_path / "text.npz")


def test_pictures_as_arrays_are_divided_not_standardised() -> None:
    for inputs in (PIXELS, PIXELS.astype(float), PIXELS[..., None], PIXELS / 255.0):
        data = from_arrays(inputs, LABELS)
        assert data.image_shape == (6, 5)
        assert data.train.inputs.min() >= 0
        assert data.train.inputs.max() == pytest.approx(1, abs=0.02)
