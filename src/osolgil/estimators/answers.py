"""What an estimator accepts as y and weights, and how they become the targets of its network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, ClassVar

import numpy as np

from osolgil.answering import Target
from osolgil.errors import DataError, SettingsError
from osolgil.formulas import catalog


@dataclass(frozen=True, eq=False)
class Labels:
    """Classes, or several labels per row. classes: sorted, (classes,); of labels their numbers."""

    classes: np.ndarray
    multilabel: bool = False

    @property
    def task(self) -> catalog.Task:
        return "multi-label" if self.multilabel else "classification"

    @property
    def outputs(self) -> int:
        return len(self.classes)

    @classmethod
    def learn(cls, y: Any) -> Labels:
        """The classes there are; ValueError where y is no classification target."""
        from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels

        try:
            check_classification_targets(y)
        except TypeError:
            raise DataError(
                "y has gaps, or mixes numbers with texts; fill the gaps, or make all texts."
            ) from None
        if type_of_target(y, input_name="y") == "multilabel-indicator":
            return cls(np.arange(np.shape(y)[1]), multilabel=True)
        if np.ndim(y) == 2:
            raise DataError("y has several columns of more than two values; give each its own classifier.")
        return cls(unique_labels(y))

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Class numbers int64 (rows,), or labels of 0 and 1 (rows, labels)."""
        if self.multilabel:
            dense = np.asarray(y)
            if dense.ndim != 2 or dense.shape[1] != self.outputs:
                raise DataError(f"y has shape {dense.shape}, but {self.outputs} labels are known.")
            return (dense != 0).astype(np.int64)
        if np.ndim(y) != 1:
            raise DataError(f"y has shape {np.shape(y)}, but one class per row is known.")
        try:
            numbers = np.searchsorted(self.classes, y).clip(0, self.outputs - 1)
        except TypeError:
            raise DataError(f"y has classes of another kind than {self.classes.tolist()[:5]}.") from None
        strange = np.asarray(self.classes[numbers] != y)
        if np.any(strange):
            raise DataError(
                f"y has the class '{y[int(np.argmax(strange))]}', which is not among the known classes."
            )
        return numbers.astype(np.int64)

    def targets(self, numbers: np.ndarray, precision: str) -> np.ndarray:
        """Targets of the network (rows, outputs): one-hot classes, or the labels."""
        if self.multilabel:
            return np.ascontiguousarray(numbers, precision)
        targets = np.zeros((len(numbers), self.outputs), precision)
        targets[np.arange(len(numbers)), numbers] = 1.0
        return targets

    def decode(self, shares: np.ndarray) -> np.ndarray:
        """The answers that probabilities (rows, outputs) give."""
        if self.multilabel:
            return (shares > 0.5).astype(np.int64)
        return self.classes[shares.argmax(axis=1)]


@dataclass(frozen=True, eq=False)
class Amounts:
    """Numbers to predict: each target is standardised for the network, (y - mean) / scale, or a share of its mean.

    mean, scale: (targets,). With link "log" the network gives logarithms. flat: whether y was (rows,).
    limits: least and largest answers (targets,), None for none. quantiles: those answered in place of a mean.
    """

    mean: np.ndarray
    scale: np.ndarray
    link: str
    flat: bool
    limits: tuple[np.ndarray, np.ndarray] | None = None
    quantiles: tuple[float, ...] = ()

    task: ClassVar[catalog.Task] = "regression"

    @property
    def outputs(self) -> int:
        return len(self.mean)

    @classmethod
    def learn(cls, y: np.ndarray, weights: np.ndarray | None, loss: str, final: bool = True) -> Amounts:
        """Learn from the training rows' targets, in their own unit.

        final: no other rows will come, so a target that never changes is predicted as it is.
        """
        row = catalog.loss(loss)
        values = y.reshape(len(y), -1)
        unit = np.abs(values).max(axis=0)
        unit[unit == 0] = 1.0
        shares = values / unit
        mean = np.average(shares, axis=0, weights=weights)
        if row.link == "log":
            if values.min() < 0 or (row.targets == "positive" and values.min() == 0):
                wanted = "above 0" if row.targets == "positive" else "of 0 or more"
                raise DataError(
                    f"The loss {row.name} is for targets {wanted}; choose another, such as huber."
                )
            scale = np.where(mean > 0, mean, 1.0) * unit
            return cls(np.zeros(len(unit)), scale, "log", y.ndim == 1)
        scale = np.sqrt(np.average((shares - mean) ** 2, axis=0, weights=weights))
        scale = np.where(scale > 1e-15, scale, 0.0 if final else 1.0) * unit
        return cls(mean * unit, np.minimum(scale, np.finfo(float).max), "identity", y.ndim == 1)

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Standardised targets float64 (rows, targets)."""
        values = y.reshape(len(y), -1)
        if values.shape[1] != self.outputs:
            raise DataError(f"y has {values.shape[1]} columns, but {self.outputs} are known.")
        with np.errstate(over="ignore"):
            return np.clip((values - self.mean) / np.where(self.scale > 0, self.scale, 1.0), -1e6, 1e6)

    def targets(self, numbers: np.ndarray, precision: str) -> np.ndarray:
        """Targets of the network (rows, targets)."""
        return np.ascontiguousarray(numbers, precision)

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """The network's outputs (…, targets) in the targets' own unit, float64."""
        values = outputs.astype(np.float64)
        if self.link == "log":
            with np.errstate(over="ignore"):
                values = np.minimum(np.exp(values), np.finfo(float).max)
        with np.errstate(over="ignore"):
            return values * self.scale + self.mean

    def described(self) -> list[Target]:
        """Every target as a model knows it."""
        several = self.outputs > 1
        return [
            Target(
                f"target {place + 1}" if several else "target",
                float(self.mean[place]),
                float(self.scale[place]),
                None if self.limits is None else (float(self.limits[0][place]), float(self.limits[1][place])),
            )
            for place in range(self.outputs)
        ]

    def reaching(self, y: np.ndarray) -> Amounts:
        """The same with limits that reach as far as these answers, and as far as they reached before."""
        values = y.reshape(len(y), -1)
        low, high = values.min(axis=0), values.max(axis=0)
        if self.limits is not None:
            low, high = np.minimum(low, self.limits[0]), np.maximum(high, self.limits[1])
        return replace(self, limits=(low, high))

    def clipped(self, values: np.ndarray) -> np.ndarray:
        """Answers (…, targets) within the limits."""
        return values if self.limits is None else np.clip(values, *self.limits)


def read_labels(y: Any, rows: int) -> Any:
    """y of a classifier: (rows,), or an indicator matrix (rows, labels)."""
    from sklearn.utils import check_array, column_or_1d
    from sklearn.utils.validation import _check_y, check_consistent_length

    if y is None:
        raise ValueError("DeepClassifier requires y to be passed, but the target y is None.")
    y = _arrayed(y)
    if y.dtype.kind == "S":
        raise DataError("y holds bytes; make texts of them, such as with y.astype(str).")
    if y.ndim == 2 and y.shape[1] > 1:
        y = check_array(
            y,
            dtype=None,  # type: ignore[arg-type]
            ensure_all_finite=True,
            input_name="y",
        )
    else:
        y = column_or_1d(y, warn=True)
        y = _check_y(y, multi_output=False, y_numeric=False)
    _same_length(rows, y, check_consistent_length)
    return y


def read_amounts(y: Any, rows: int) -> np.ndarray:
    """y of a regressor as finite float64, (rows,) or (rows, targets)."""
    from sklearn.utils import check_array, column_or_1d
    from sklearn.utils.validation import check_consistent_length

    if y is None:
        raise ValueError("DeepRegressor requires y to be passed, but the target y is None.")
    y = _arrayed(y)
    if y.dtype.kind in "Mm":
        raise DataError("y holds dates or spans of time; give numbers, such as days since a date.")
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    y = check_array(y, dtype=np.float64, ensure_2d=False, input_name="y")  # type: ignore[arg-type]
    if y.ndim > 2:
        raise DataError(f"y has shape {y.shape}; it must be (rows,) or (rows, targets).")
    _same_length(rows, y, check_consistent_length)
    return y


def read_weights(weights: Any, rows: Any) -> np.ndarray | None:
    """Weights of rows as float64 (rows,), None where all are alike."""
    if weights is None:
        return None
    from sklearn.utils.validation import _check_sample_weight

    counts = _check_sample_weight(weights, np.empty((rows, 1)), dtype=np.float64)
    if (counts < 0).any():
        raise DataError("sample_weight has negative numbers; weights are numbers of 0 or more.")
    if not counts.any():
        raise DataError("The sample weights are zero in every row; give some rows a weight.")
    return counts


def class_weights(setting: Any, y: np.ndarray) -> np.ndarray | None:
    """The weight that `class_weight` gives every row."""
    if setting is None:
        return None
    from sklearn.utils.class_weight import compute_sample_weight

    tables = [setting] if y.ndim == 1 or isinstance(setting, str) else setting
    if not isinstance(tables, (list, tuple)) or not all(_is_table(table) for table in tables):
        labels = "of all labels, or a list of a dictionary per label, [{0: 1.0, 1: 2.0}, …]"
        wanted = "the weight of every class, {'a': 1.0, 'b': 2.0}" if y.ndim == 1 else labels
        raise SettingsError(f"class_weight is None, 'balanced', or {wanted}, not {setting!r}.")
    return compute_sample_weight(setting, y)


def _is_table(setting: Any) -> bool:
    """Whether it is "balanced", or gives every class a weight of 0 or more."""
    if not isinstance(setting, Mapping):
        return isinstance(setting, str) and setting == "balanced"
    return all(isinstance(weight, Real) and 0 <= float(weight) < np.inf for weight in setting.values())


def _arrayed(y: Any) -> np.ndarray:
    if hasattr(y, "toarray"):
        y = y.toarray()
    if np.ma.is_masked(y):
        raise DataError("y has masked entries; leave rows without an answer out.")
    if hasattr(y, "to_numpy") and not isinstance(y, np.ndarray):
        y = y.to_numpy()
    try:
        array = np.asarray(y)
    except ValueError as error:
        raise DataError(f"y is no array of equally long rows: {error}.") from error
    if array.dtype.kind == "c":
        raise ValueError("Complex data not supported as y.")
    return _of_one_kind(array) if array.dtype == object else array


def _of_one_kind(array: np.ndarray) -> np.ndarray:
    """Objects that are all truth values or all numbers as an array of these."""
    import pandas

    if pandas.isna(array).any():
        raise DataError("y contains NaN, None or NA; leave rows without an answer out.")
    kind = pandas.api.types.infer_dtype(array.ravel())
    if kind == "mixed-integer":
        raise DataError("y mixes numbers with texts; make all of one kind.")
    plain = {
        "boolean": np.bool_,
        "integer": np.int64,
        "floating": np.float64,
        "mixed-integer-float": np.float64,
    }
    try:
        return array.astype(plain[kind]) if kind in plain else array
    except OverflowError:
        return array


def _same_length(rows: int, y: np.ndarray, check: Any) -> None:
    check(np.empty((rows, 1)), y)
