"""The target: which column, which task, and its values as class numbers or standardised numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from osolgil.data.labels import labels_of
from osolgil.data.source import Source
from osolgil.errors import DataError, SettingsError
from osolgil.messages import Message, list_names
from osolgil.spelling import alike, hint

USUAL_NAMES = ("target", "label", "class", "y")
FEW_VALUES = 20
SMALL_SHARE = 0.2


def separate_target(source: Source, target: str | Sequence[str] | None) -> None:
    """Take the target column, or several of labels, out of a table, in place; arrays have theirs apart."""
    names = _label_columns(source, target)
    if names:
        _separate_labels(source, names)
        return
    assert target is None or isinstance(target, str)
    if source.targets is not None:
        if target is not None and target != source.target_name:
            if not source.is_table or target not in source.inputs.columns:
                raise DataError(
                    f"'{source.name}' has its own target '{source.target_name}'; leave target= out."
                )
        else:
            return
    name = _target_column(source, target)
    source.target_name = name
    source.targets = values_of(source.inputs[name])
    source.inputs = source.inputs.drop(columns=name)
    if source.test_inputs is not None:
        if name not in source.test_inputs.columns:
            raise DataError(
                f"The test rows have no column '{name}'; only rows whose answer is known can test a model."
            )
        source.test_targets = values_of(source.test_inputs[name])
        source.test_inputs = source.test_inputs.drop(columns=name)


def _label_columns(source: Source, target: str | Sequence[str] | None) -> tuple[str, ...]:
    """The columns of several labels, written "a, b" or given as a list; none where it is one column."""
    if target is None or not source.is_table:
        return ()
    if isinstance(target, str):
        if "," not in target or target in source.inputs.columns:
            return ()
        target = [part.strip() for part in target.split(",") if part.strip()]
    names = tuple(dict.fromkeys(_target_column(source, str(name)) for name in target))
    if len(names) < 2:
        raise DataError(f"Several labels need two columns or more, not {list_names(names)}.")
    return names


def _separate_labels(source: Source, names: tuple[str, ...]) -> None:
    source.target_name, source.class_names, source.task = ", ".join(names), names, "multi-label"
    source.targets = labels_of([source.inputs[name] for name in names], names)
    source.inputs = source.inputs.drop(columns=list(names))
    if source.test_inputs is not None:
        absent = [name for name in names if name not in source.test_inputs.columns]
        if absent:
            raise DataError(f"The test rows have no column {list_names(absent)}, which is a label.")
        source.test_targets = labels_of([source.test_inputs[name] for name in names], names)
        source.test_inputs = source.test_inputs.drop(columns=list(names))


def _target_column(source: Source, target: str | None) -> str:
    names = [str(name) for name in source.inputs.columns]
    if target is not None:
        if target in names:
            return target
        close = alike(target, names)
        ending = (
            f"did you mean {list_names(close)}?" if close else f"the columns are {list_names(names, 12)}."
        )
        raise DataError(f"'{source.name}' has no column '{target}'; {ending}")
    if len(names) == 1:
        raise DataError(
            f"'{source.name}' has one column only, '{names[0]}'; a table needs the target and a column to predict it "
            "from, with commas, semicolons, tabs or bars between the fields."
        )
    usual = [name for name in names if name.casefold() in USUAL_NAMES]
    chosen = usual[0] if usual else names[-1]
    source.notes.append(Message("note.target_by_name" if usual else "caution.last_is_target", target=chosen))
    return chosen


def values_of(series: Any) -> np.ndarray:
    """A target column as a plain array: float64 where every known cell is a number, else texts and None."""
    from pandas import CategoricalDtype
    from pandas.api import types

    from osolgil.data.columns.cells import decimal_mark, numbers_in, numbers_of, texts_of

    dtype = series.dtype
    if types.is_complex_dtype(dtype):
        raise DataError("The target holds complex numbers; give real numbers or class labels.")
    if types.is_numeric_dtype(dtype) and not types.is_bool_dtype(dtype):
        return numbers_of(series)
    texts = texts_of(series)
    if isinstance(dtype, CategoricalDtype):
        return texts
    known = [text for text in texts if text is not None]
    numbers = numbers_in(texts, decimal_mark(known))
    return numbers if known and np.isnan(numbers).sum() == len(texts) - len(known) else texts


def is_missing(values: np.ndarray) -> np.ndarray:
    """Which rows' targets are not known."""
    if values.ndim == 2:
        return np.asarray(np.isnan(values).any(axis=1))
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype == object:
        return np.array([value is None or value != value for value in values], dtype=bool)
    return np.zeros(len(values), dtype=bool)


def infer_task(values: np.ndarray, target: str) -> tuple[str, Message]:
    """The task these targets call for and the reason, for the notes.

    >>> infer_task(np.array([0, 1] * 50), "y")
    ('classification', "The task is classification: of the target 'y', there are only 2 different whole numbers.")
    >>> infer_task(np.linspace(0, 1, 100), "y")[0]
    'regression'
    """
    if values.dtype.kind not in "fiu":
        return "classification", Message("note.task_of_texts", target=target)
    distinct, _ = np.unique(values, return_counts=True)  # without counts NumPy imports its masked arrays
    whole = bool(np.all(distinct == np.floor(distinct)))
    if whole and len(distinct) <= FEW_VALUES and len(distinct) <= max(2, SMALL_SHARE * len(values)):
        return "classification", Message("note.task_of_few_numbers", target=target, count=len(distinct))
    return "regression", Message("note.task_of_many_numbers", target=target, count=len(distinct))


@dataclass(frozen=True)
class Answers:
    """Targets of all rows: class numbers (int64) with their names, float64 in their unit, or labels of 0 and 1."""

    task: str
    values: np.ndarray
    class_names: tuple[str, ...] | None


def read_answers(source: Source, task: str | None) -> Answers:
    """Turn known targets into numbers: SettingsError for an unknown task, DataError if they do not fit."""
    tasks = ("classification", "multi-label", "regression")
    if task not in (None, *tasks):
        near = hint(task, tasks)
        raise SettingsError(
            f"The task '{task}' is unknown; choose classification, multi-label or regression.{near}"
        )
    values = source.targets
    if values.ndim == 2:
        if task not in (None, "multi-label"):
            raise DataError(f"The targets hold several labels per row, which is no {task}; give one column.")
        names = source.class_names or tuple(f"label {place + 1}" for place in range(values.shape[1]))
        return Answers("multi-label", values, names)
    if task == "multi-label":
        raise DataError(
            "Several labels need several columns of 0 and 1: name them with target=, as in 'a,b,c'."
        )
    inferred, note = infer_task(values, source.target_name)
    task = task or source.task
    if task is None:
        source.notes.append(note)
    if (task or inferred) == "classification":
        return _classes(source, values)
    if values.dtype.kind not in "fiu":
        raise DataError(
            f"The target '{source.target_name}' holds text such as '{values[0]}'; regression needs numbers."
        )
    return Answers("regression", values.astype(np.float64), None)


def _classes(source: Source, values: np.ndarray) -> Answers:
    levels, numbers = np.unique(values.astype(str) if values.dtype == object else values, return_inverse=True)
    names = source.class_names
    if names is None or len(names) != len(levels) or values.dtype.kind not in "iu" or levels[0] != 0:
        names = tuple(_class_name(level) for level in levels)
    return Answers("classification", numbers.reshape(-1).astype(np.int64), names)


def _class_name(level: Any) -> str:
    if isinstance(level, np.floating) and float(level).is_integer():
        return str(int(level))
    return str(level)


def match_test(source: Source, answers: Answers) -> np.ndarray:
    """The official test targets in the numbers of the training targets."""
    values = source.test_targets
    if answers.task == "multi-label":
        if values.ndim != 2 or values.shape[1] != answers.values.shape[1]:
            raise DataError("The test rows have other labels than the training rows.")
        return values
    if answers.class_names is None:
        if values.dtype.kind not in "fiu":
            raise DataError(
                f"The test rows' target '{source.target_name}' holds text; regression needs numbers."
            )
        return values.astype(np.float64)
    levels = np.unique(source.targets.astype(str) if source.targets.dtype == object else source.targets)
    texts = [_class_name(level) for level in levels]
    number = {text: place for place, text in enumerate(texts)}
    number |= {f"{text}.": place for place, text in enumerate(texts) if f"{text}." not in number}
    found = [_class_name(value) for value in values]
    unknown = sorted(set(found) - set(number))
    if unknown:
        which = "class" if len(unknown) == 1 else "classes"
        raise DataError(f"The test rows have the {which} {list_names(unknown)}, which no training row has.")
    return np.array([number[text] for text in found], dtype=np.int64)
