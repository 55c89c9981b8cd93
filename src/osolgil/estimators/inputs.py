"""What an estimator accepts as X, and how it becomes the float32 features of its network."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from osolgil.data.columns.encodings import Encoding
from osolgil.data.columns.number import Answers
from osolgil.data.preprocessing import Preprocessing, fit_pixels, fit_table
from osolgil.errors import DataError, SettingsError
from osolgil.estimators.numbers import BLOCK, Numbers, fit_numbers
from osolgil.spelling import hint

NUMERIC = ("auto", "standard", "pixels", "none")
MISSING = ("fill", "error")


@dataclass(frozen=True, eq=False)
class Features:
    """A fitted way from raw rows to features.

    preprocessing: its plain description, as models store it. numbers: the same for arrays, where every column is
    a number.
    """

    preprocessing: Preprocessing
    numbers: Numbers | None

    @classmethod
    def fit(
        cls,
        rows: Any,
        names: tuple[str, ...],
        numeric: str,
        weights: np.ndarray | None,
        encoding: Encoding,
        answers: Answers,
    ) -> Features:
        """Learn from checked training rows: an array, or a DataFrame whose columns may be of any kind."""
        if not isinstance(rows, np.ndarray):
            preprocessing, notes = fit_table(rows, encoding, answers)
            _some(preprocessing, notes)
            return cls(preprocessing, None)
        if numeric == "none":
            return cls(fit_pixels(names, 1.0, None), None)
        if numeric == "pixels" or (numeric == "auto" and rows.dtype == np.uint8):
            return cls(fit_pixels(names, 255.0, None), None)
        preprocessing = fit_numbers(rows, names, weights, encoding, answers)
        _some(preprocessing, ["No column of X ever changes."])
        return cls(preprocessing, Numbers.of(preprocessing))

    @property
    def bare(self) -> bool:
        """Whether the rows are the features as they are."""
        return self.preprocessing.bare

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names."""
        return self.preprocessing.feature_names

    def takes(self, rows: Any) -> bool:
        """Whether rows are features already, of which no copy is made."""
        plain = isinstance(rows, np.ndarray) and rows.dtype == np.float32
        return bool(self.bare and plain and rows.flags.c_contiguous)

    def transform(self, rows: Any) -> np.ndarray:
        """Checked rows as float32 features (rows, features), every value finite."""
        if self.bare:
            return _bare(rows)
        if self.numbers is not None and isinstance(rows, np.ndarray):
            return self.numbers.transform(rows)
        return self.preprocessing.transform(rows)


def read(estimator: Any, rows: Any, reset: bool) -> Any:
    """Rows as a float array with NaN where missing, or a DataFrame; ValueError where they are of no use.

    An array that scikit-learn would accept is checked by scikit-learn, in its words. A table of numbers becomes an
    array; a table with texts, categories or dates stays one.
    """
    if reset:
        check_choices(estimator)
    if rows is not None and not _holds_rows(rows):
        kind = type(rows).__name__
        raise DataError(f"X is of type {kind}; give an array or a table, such as pandas.DataFrame(X).")
    if isinstance(rows, np.ma.MaskedArray) and rows.dtype.kind in "fiub":
        rows = np.ma.filled(rows.astype(np.float64), np.nan)
    frame = _frame_of(rows)
    if frame is None:
        frame = _mixed(rows, estimator.categories)
    if frame is None:
        return _checked(estimator, rows, reset)
    from sklearn.utils.validation import validate_data

    _check_names(frame)
    if not _is_numeric(frame):
        if not estimator.categories:
            raise DataError(
                "X has columns that are no numbers, and categories=False; encode them, or allow them."
            )
        validate_data(estimator, frame, skip_check_array=True, reset=reset)
        _check_table(frame, estimator.missing)
        return _plainly_named(frame)
    validate_data(estimator, frame, skip_check_array=True, reset=reset)
    return _checked(estimator, frame.to_numpy(np.float64, na_value=np.nan), reset, named=True)


def _holds_rows(rows: Any) -> bool:
    listed = not isinstance(rows, Mapping) and hasattr(rows, "__len__")
    return listed or any(hasattr(rows, name) for name in ("shape", "__array__", "collect"))


def names_of(estimator: Any) -> tuple[str, ...]:
    """The names of the raw columns: those of the training table, else x0, x1 …, as scikit-learn counts them."""
    named = getattr(estimator, "feature_names_in_", None)
    if named is not None:
        return tuple(map(str, named))
    return tuple(f"x{place}" for place in range(estimator.n_features_in_))


def check_choices(estimator: Any) -> None:
    """The settings that say how X is read are ones that there are."""
    for name, known in (("numeric", NUMERIC), ("missing", MISSING)):
        value = getattr(estimator, name)
        if value not in known:
            raise SettingsError(f"{name} is {', '.join(known)}, not {value!r}.{hint(value, known)}")


def _checked(estimator: Any, rows: Any, reset: bool, named: bool = False) -> np.ndarray:
    from sklearn.utils.validation import check_array, validate_data

    array: Any
    settings: dict[str, Any] = {
        "accept_sparse": ("csr", "csc", "coo"),
        "dtype": [np.float64, np.float32, np.uint8],
        "ensure_all_finite": _allowed(estimator),
        "estimator": estimator,
    }
    if named:
        array = check_array(rows, **settings, input_name="X")
    else:
        settings.pop("estimator")
        array = validate_data(estimator, rows, reset=reset, **settings)
    if hasattr(array, "toarray"):
        array = _dense(array)
    if array.dtype == np.uint8 and estimator.numeric not in ("auto", "pixels"):
        array = array.astype(np.float64)
    return array


def _dense(matrix: Any) -> np.ndarray:
    """A sparse matrix as the array that a network takes."""
    try:
        return matrix.toarray()
    except MemoryError as error:
        size = matrix.shape[0] * matrix.shape[1] * matrix.dtype.itemsize / 2**30
        raise DataError(
            f"X is sparse, but a network takes all its cells, which are {size:,.0f} GiB; reduce its columns, such as "
            "with sklearn.decomposition.TruncatedSVD."
        ) from error


def _allowed(estimator: Any) -> Any:
    """What scikit-learn is to look for; rows taken as they are get a look of their own as features."""
    if estimator.numeric == "none":
        return False
    return "allow-nan" if estimator.missing == "fill" else True


def _frame_of(rows: Any) -> Any:
    """A pandas DataFrame where the rows are a table of pandas or Polars, else None."""
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if pandas is not None and isinstance(rows, pandas.DataFrame):
        return rows
    if polars is not None and isinstance(rows, polars.LazyFrame):
        rows = rows.collect()
    if polars is not None and isinstance(rows, polars.DataFrame):
        return rows.to_pandas()
    return None


def _mixed(rows: Any, allowed: bool) -> Any:
    """A DataFrame of an array or lists that hold texts, else None."""
    if hasattr(rows, "toarray") or not allowed:
        return None
    if isinstance(rows, np.ndarray):
        if rows.dtype.kind not in "OUSM" or rows.ndim != 2 or rows.size == 0:
            return None
        array = rows
    elif isinstance(rows, (list, tuple)):
        try:
            array = np.array([list(row) for row in rows], dtype=object)
        except (TypeError, ValueError):
            return None
        if array.ndim != 2 or array.size == 0:
            return None
    else:
        return None
    try:
        array.astype(np.float64)
    except (TypeError, ValueError):
        import pandas

        return pandas.DataFrame(array).infer_objects()
    return None


def _is_numeric(frame: Any) -> bool:
    from pandas.api import types

    return all(
        (types.is_numeric_dtype(dtype) or types.is_bool_dtype(dtype)) and not types.is_complex_dtype(dtype)
        for dtype in frame.dtypes
    )


def _check_names(frame: Any) -> None:
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"Two columns of X are called '{twice}'; rename one of them.")


def _check_table(frame: Any, missing: str) -> None:
    if frame.shape[1] == 0 or len(frame) == 0:
        raise DataError(
            f"Found a table of shape {frame.shape}: 0 sample(s) or 0 feature(s) (shape={frame.shape}) while a "
            "minimum of 1 is required."
        )
    if missing == "error" and frame.isna().to_numpy().any():
        raise DataError('X contains NaN, which missing="error" does not allow; fill the gaps, or allow them.')


def _plainly_named(frame: Any) -> Any:
    frame = frame.reset_index(drop=True)
    if all(isinstance(name, str) for name in frame.columns):
        return frame
    named = frame.copy(deep=False)
    named.columns = [f"x{place}" for place in range(frame.shape[1])]
    return named


def _some(preprocessing: Preprocessing, notes: Sequence[str]) -> None:
    if not preprocessing.feature_names:
        reason = f" ({notes[0].rstrip('.')})" if notes else ""
        raise DataError(f"No feature is left to learn from{reason}; add a column that varies.")


def _bare(rows: Any) -> np.ndarray:
    with np.errstate(over="ignore"):
        features = np.ascontiguousarray(rows, np.float32)
    if not _finite(features):
        raise DataError('Input X contains NaN or infinity, which numeric="none" leaves as they are.')
    return features


def _finite(values: np.ndarray) -> bool:
    """Whether all values are finite, in one look where their sum is; large ones may overflow in it."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum()):
            return True
    blocks = (values[start : start + BLOCK] for start in range(0, len(values), BLOCK))
    return all(np.isfinite(block).all() for block in blocks)
