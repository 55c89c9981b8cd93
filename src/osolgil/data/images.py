"""Pictures: a folder with one sub-folder per class."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from osolgil.data.arrays import add_test
from osolgil.data.source import Source, digest
from osolgil.errors import DataError
from osolgil.messages import Message

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
LARGEST = 32
_TABLES = (".csv", ".tsv", ".txt", ".npz", ".npy")


def is_image(path: Path) -> bool:
    """Whether a file's name ends like that of a picture."""
    return path.suffix.lower() in ENDINGS and not path.name.startswith(".")


def has_class_folders(folder: Path) -> bool:
    """Whether at least one sub-folder holds pictures."""
    return any(any(map(is_image, sub.iterdir())) for sub in _sub_folders(folder))


def read_image_folder(folder: Path) -> Source:
    """One sub-folder per class; with sub-folders train and test, these hold the classes."""
    parts = {sub.name.casefold(): sub for sub in _sub_folders(folder)}
    if "train" in parts and has_class_folders(parts["train"]):
        source = _read_classes(parts["train"], None)
        source.name = folder.name
        held_out = next(
            (parts[name] for name in ("test", "val", "valid", "validation") if name in parts), None
        )
        if held_out and has_class_folders(held_out):
            add_test(source, _read_classes(held_out, source.image_shape))
        return source
    return _read_classes(folder, None)


def _sub_folders(folder: Path) -> list[Path]:
    return sorted(sub for sub in folder.iterdir() if sub.is_dir() and not sub.name.startswith("."))


def _read_classes(folder: Path, shape: tuple[int, ...] | None) -> Source:
    files = [
        (sub.name, path) for sub in _sub_folders(folder) for path in sorted(sub.iterdir()) if is_image(path)
    ]
    if not files:
        raise DataError(_what_is_there(folder))
    notes: list[Message] = []
    pixels, kept, content, image_shape = read_pictures([path for _, path in files], shape, notes)
    labels = np.array([files[place][0] for place in kept], dtype=object)
    source = Source(folder.name, pixels, labels, digest(content, *labels), target_name="folder", notes=notes)
    source.divisor, source.image_shape, source.task = 255.0, image_shape, "classification"
    return source


def _what_is_there(folder: Path) -> str:
    """What a folder holds in place of sub-folders of pictures, and what to give instead."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    deeper = next((path for path in found if is_image(path) and path.parent != folder), None)
    table = next((path for path in found if path.suffix.lower() in _TABLES), None)
    if deeper is not None:
        return f"The pictures of '{folder.name}' lie deeper; give the folder '{deeper.parent.parent}'."
    if any(map(is_image, found)):
        return f"The folder '{folder.name}' has pictures but no sub-folders; make one sub-folder per class."
    if table is not None:
        return f"The folder '{folder.name}' holds tables; give one of them, such as '{table}'."
    return f"The folder '{folder.name}' has no pictures in sub-folders; make one sub-folder per class."


def read_pictures(
    files: list[Path], shape: tuple[int, ...] | None, notes: list[Message]
) -> tuple[np.ndarray, list[int], str, tuple[int, ...]]:
    """Pictures as uint8 rows of one size, which of the files could be read, their digest and the size.

    The size is the commonest one, shrunk to fit 32 × 32; gray if every picture is gray. A given shape is
    kept instead.
    """
    opened = [_open(path) for path in files]
    kept = [place for place, picture in enumerate(opened) if picture is not None]
    if not kept:
        raise DataError(
            f"No picture can be read, for example '{files[0].name}'." if files else "There is no picture."
        )
    if len(kept) < len(files):
        broken = [path.name for path, picture in zip(files, opened, strict=True) if picture is None]
        notes.append(Message("caution.broken_pictures", names=broken))
    pictures = [opened[place] for place in kept]
    shape = shape or _common_shape(pictures, notes)
    mode = "RGB" if len(shape) == 3 else "L"
    rows = [np.asarray(_fit(picture, mode, shape)).reshape(-1) for picture in pictures]
    content = digest(*(np.asarray(picture) for picture in pictures))
    return np.stack(rows).astype(np.uint8), kept, content, shape


def _open(path: Path) -> Any:
    from PIL import Image

    try:
        with Image.open(path) as picture:
            if picture.mode.startswith("I") or picture.mode == "F":
                values = np.asarray(picture, dtype=np.float64)
                return Image.fromarray((values / max(values.max(), 1) * 255).astype(np.uint8))
            gray = picture.mode in ("1", "L", "LA")
            return picture.convert("L" if gray else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _common_shape(pictures: list[Any], notes: list[Message]) -> tuple[int, ...]:
    sizes = Counter(picture.size for picture in pictures)
    width, height = min(sizes, key=lambda size: (-sizes[size], size))
    shrink = min(1.0, LARGEST / max(width, height))
    size = (max(1, round(height * shrink)), max(1, round(width * shrink)))
    gray = all(_is_gray(picture) for picture in pictures)
    if len(sizes) > 1 or shrink < 1:
        notes.append(Message("note.resized", width=size[1], height=size[0]))
    notes.append(Message("note.gray" if gray else "note.colour"))
    return size if gray else (*size, 3)


def _is_gray(picture: Any) -> bool:
    if picture.mode == "L":
        return True
    values = np.asarray(picture)
    return bool((values[..., 0] == values[..., 1]).all() and (values[..., 1] == values[..., 2]).all())


def _fit(picture: Any, mode: str, shape: tuple[int, ...]) -> Any:
    from PIL import Image

    picture = picture.convert(mode)
    size = (shape[1], shape[0])
    return picture if picture.size == size else picture.resize(size, Image.Resampling.BOX)
