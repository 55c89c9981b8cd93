"""`load`, `from_arrays` and `read_rows`: the ways data come in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from osolgil.data.assemble import assemble, check_test_share
from osolgil.data.builtin import BUILTIN, load_builtin
from osolgil.data.columns.encodings import Encoding
from osolgil.data.dataset import Dataset
from osolgil.data.named import NAMED, load_named
from osolgil.data.preprocessing import Preprocessing
from osolgil.data.source import Source
from osolgil.data.weights import weights_of
from osolgil.errors import DataError, SettingsError
from osolgil.spelling import alike


def load(
    source: str | Path,
    *,
    target: str | Sequence[str] | None = None,
    task: str | None = None,
    test: str | Path | float | None = None,
    seed: int = 0,
    sample_weight: str | None = None,
    encoding: Encoding | None = None,
) -> Dataset:
    """Load a data set and make it ready for a network.

    Everything learned from the data (means, medians, category levels) is learned on the training rows.

    Args:
        source: a built-in name (`data_names()` lists them), or a path: CSV, TSV or Parquet table, a folder of
            Parquet files, an array file (.npy: rows of columns x1, x2 …), NPZ, idx images, a folder of idx files,
            or a folder with one sub-folder of pictures per class.
        target: the column to predict; by default one called target, label, class or y, else the last. Several
            columns of 0 and 1, in a list or as "a,b,c", are the labels of multi-label classification.
        task: "classification", "multi-label" or "regression"; by default text, truth values and few whole
            numbers are classes.
        test: a second file of test rows, or the share of rows to test on (default 0.2, or the official
            test rows where the set has them).
        seed: controls the split, and nothing else.
        sample_weight: the column that says how much each row counts, 0 or more; it is no input then.
        encoding: how numbers are scaled and encoded, by default standardised and nothing else.

    Returns:
        A Dataset: 60 % of the rows train, 20 % validate and 20 % test; from 10,000 rows on, and where test
        rows are given, 1/6 of the remaining rows validate. Classes keep their shares and are all trained on.

    Raises:
        DataError: one sentence on what is wrong and what to do.
        SettingsError: task or test is out of range.

    >>> data = load("moons")
    >>> data.task, data.train.inputs.shape, data.class_names
    ('classification', (600, 2), ('0', '1'))
    """
    raw, usual_target = _open(source)
    share = None
    if isinstance(test, (int, float)):
        share = check_test_share(test)
        raw.test_inputs = raw.test_targets = None
    elif test is not None:
        _add_test_file(raw, test)
    if sample_weight is not None and not isinstance(sample_weight, str):
        raise SettingsError("sample_weight of a data set or file is the name of a column.")
    return assemble(raw, target or usual_target, task, share, seed, sample_weight, encoding or Encoding())


def from_arrays(
    inputs: Any,
    targets: Any,
    *,
    target: str | None = None,
    task: str | None = None,
    test: tuple[Any, ...] | float | None = None,
    seed: int = 0,
    name: str = "data",
    sample_weight: Any = None,
    encoding: Encoding | None = None,
) -> Dataset:
    """Make arrays ready for a network.

    Args:
        inputs: (rows, features) or images (rows, height, width[, channels]): a NumPy array, nested lists or a
            pandas DataFrame (whose columns may be of any kind, with missing cells).
        targets: (rows,) class labels of any kind, or numbers; or (rows, labels) of 0 and 1: one-hot rows are
            classes unless `task` is "multi-label", others are several labels per row.
        target: what to call the target; by default the name of a Series, else "target".
        task, seed: as for `load`.
        test: (inputs, targets) or (inputs, targets, weights) of the test rows, or the share of rows to test on.
        name: what to call the data.
        sample_weight: (rows,) how much each row counts, 0 or more; or a column of a DataFrame.
        encoding: as for `load`.

    Raises:
        DataError: for NaN or infinite numbers in arrays, unequal lengths, wrong shapes, one class only …

    >>> import numpy as np
    >>> data = from_arrays(np.eye(30), np.arange(30) % 2)
    >>> data.rows
    {'train': 18, 'validation': 6, 'test': 6}
    """
    from osolgil.data.arrays import add_test, source_of_arrays

    source = source_of_arrays(name, inputs, targets, task)
    source.target_name = target or source.target_name
    share = None
    if isinstance(test, (tuple, list)) and len(test) in (2, 3):
        add_test(source, source_of_arrays(name, test[0], test[1], task))
        if len(test) == 3:
            source.test_weights = weights_of(test[2], len(test[0]), "test rows")
    elif isinstance(test, (int, float)):
        share = check_test_share(test)
    elif test is not None:
        raise DataError("test= must be a pair (inputs, targets) or a share between 0 and 1.")
    return assemble(source, None, task, share, seed, sample_weight, encoding or Encoding())


def read_rows(path: str | Path, preprocessing: Preprocessing) -> tuple[np.ndarray, Any]:
    """New rows for a trained model: float32 inputs, and the table or array as it was read.

    Columns the model does not use are ignored. For pictures (one file, or a folder of them) the table has a
    column "file".

    Raises:
        DataError: a column is missing, or the file cannot be read.
    """
    from osolgil.data.arrays import read_inputs
    from osolgil.data.images import is_image
    from osolgil.data.tables import is_parquet, read_table

    path = _existing(path, named=False)
    if (path.is_dir() and not is_parquet(path)) or is_image(path):
        return _read_pictures(path, preprocessing)
    if path.suffix.lower() == ".npz" or _is_idx(path):
        rows = read_inputs(path)
        return preprocessing.transform(rows), rows
    table = read_table(path, preprocessing.text_columns).inputs
    return preprocessing.transform(table), table


def data_names() -> tuple[str, ...]:
    """The names `load` knows, those that need no network first."""
    return (*BUILTIN, *NAMED)


def is_named(source: Any) -> bool:
    """Whether it is the name of a data set.

    >>> is_named("Iris "), is_named("iris.csv"), is_named([[1.0]])
    (True, False, False)
    """
    name = source.strip().casefold() if isinstance(source, str) else ""
    return name.replace("-", "_") in BUILTIN or name.replace("_", "-") in NAMED


def _open(source: str | Path) -> tuple[Source, str | None]:
    if isinstance(source, str):
        name = source.strip().casefold()
        if name.replace("-", "_") in BUILTIN:
            return load_builtin(name.replace("-", "_")), None
        if name.replace("_", "-") in NAMED:
            return load_named(name.replace("_", "-"))
    return _open_path(_existing(source)), None


def _existing(source: str | Path, named: bool = True) -> Path:
    """The path of a file or folder that is there; `named`: a data set's name would have been known, too."""
    try:
        path = Path(source).expanduser()
        found = path.exists()
    except (OSError, ValueError, RuntimeError, TypeError) as error:
        raise DataError(f"'{source}' is no file name.") from error
    if not str(source).strip():
        raise DataError("The name of the data is empty; give a file, a folder or the name of a data set.")
    if found:
        return path
    if not named:
        raise DataError(f"There is no file or folder '{source}'; give a table, arrays or pictures.")
    close = alike(source, data_names())
    hint = f"; did you mean {' or '.join(close)}?" if close else "."
    raise DataError(
        f"There is no file or data set '{source}'{hint} Built-in sets: {', '.join(BUILTIN)}; "
        f"others: {', '.join(NAMED)}."
    )


def _open_path(path: Path) -> Source:
    from osolgil.data.arrays import labels_beside, read_idx_folder, read_idx_pair, read_npz
    from osolgil.data.images import is_image, read_image_folder
    from osolgil.data.tables import is_parquet, read_table

    if path.is_dir():
        if any(map(_is_idx, path.iterdir())):
            return read_idx_folder(path)
        if is_parquet(path):
            return read_table(path)
        return read_image_folder(path)
    if path.suffix.lower() == ".npz":
        return read_npz(path)
    if _is_idx(path):
        return read_idx_pair(path, labels_beside(path))
    if is_image(path):
        raise DataError(f"'{path.name}' is one picture; give the folder that has a sub-folder per class.")
    return read_table(path)


def _is_idx(path: Path) -> bool:
    from osolgil.data.arrays import is_idx

    return path.is_file() and is_idx(path)


def _add_test_file(raw: Source, test: str | Path) -> None:
    from osolgil.data.arrays import add_test

    rows = _open_path(_existing(test, named=False))
    if raw.divisor is not None and rows.divisor is None:
        raise DataError(f"'{test}' holds no images like the training rows.")
    add_test(raw, rows)


def _read_pictures(path: Path, preprocessing: Preprocessing) -> tuple[np.ndarray, Any]:
    import pandas

    from osolgil.data.images import is_image, read_pictures

    if preprocessing.image_shape is None:
        raise DataError(f"'{path.name}' holds pictures, but the model was not trained on pictures.")
    files = [path] if path.is_file() else sorted(found for found in path.rglob("*") if is_image(found))
    pixels, kept, _, _ = read_pictures(files, preprocessing.image_shape, [])
    names = [str(files[place].relative_to(path)) if path.is_dir() else path.name for place in kept]
    return preprocessing.transform(pixels), pandas.DataFrame({"file": names})
