"""The one pipeline: raw rows, target apart, split, preprocessing learned on the training rows, dataset."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from osolgil.data import checks
from osolgil.data.columns.encodings import Encoding
from osolgil.data.columns.number import PLAIN
from osolgil.data.columns.number import Answers as ColumnAnswers
from osolgil.data.dataset import Dataset, Split, Task
from osolgil.data.labels import check_labels
from osolgil.data.leaks import find_leaks
from osolgil.data.preprocessing import Preprocessing, fit_array, fit_pixels, fit_table
from osolgil.data.source import Source, digest
from osolgil.data.splits import TEST_SHARE, first_rows, split_rows
from osolgil.data.targets import Answers, is_missing, match_test, read_answers, separate_target
from osolgil.data.weights import give_weights, split_weights
from osolgil.errors import DataError, SettingsError
from osolgil.messages import Message

Parts = tuple[np.ndarray, np.ndarray, np.ndarray]


def assemble(
    source: Source,
    target: str | Sequence[str] | None,
    task: str | None,
    test_share: float | None,
    seed: int,
    sample_weight: Any = None,
    encoding: Encoding = PLAIN,
) -> Dataset:
    """Turn raw rows into a Dataset; see `osolgil.data.load` for the meaning of the arguments."""
    give_weights(source, sample_weight)
    separate_target(source, target)
    _drop_unanswered(source)
    answers = read_answers(source, task)
    _check_answers(source, answers)
    parts = _split(source, answers, test_share, seed)
    preprocessing, notes = _fit(source, answers, parts[0], encoding)
    checks.check_features(len(preprocessing.feature_names), notes)
    inputs = [preprocessing.transform(_take(source.inputs, part)) for part in parts]
    targets = [answers.values[part] for part in parts]
    if source.test_inputs is not None:
        inputs[2] = preprocessing.transform(source.test_inputs)
        targets[2] = match_test(source, answers)
    weights = split_weights(source, parts)
    mean, scale = _target_scale(source, answers, targets[0], weights[0])
    splits = [
        Split(rows, _final(found, mean, scale), found if answers.task == "regression" else None, share)
        for rows, found, share in zip(inputs, targets, weights, strict=True)
    ]
    return Dataset(
        name=source.name,
        task=cast(Task, answers.task),
        feature_names=preprocessing.feature_names,
        class_names=answers.class_names,
        target_name=source.target_name,
        train=splits[0],
        validation=splits[1],
        test=splits[2],
        target_mean=mean,
        target_scale=scale,
        preprocessing=preprocessing,
        fingerprint=_fingerprint(source, answers, test_share, seed, encoding),
        notes=tuple(source.notes + notes + _clipped_note(splits, preprocessing)),
        image_shape=source.image_shape,
        weights_name=source.weights_name,
    )


def _drop_unanswered(source: Source) -> None:
    """Leave out rows whose target is missing, and say how many."""
    missing = is_missing(source.targets)
    if missing.all():
        raise DataError(f"The target '{source.target_name}' is missing in every row; choose another column.")
    if missing.any():
        kept = np.flatnonzero(~missing)
        source.inputs, source.targets = _take(source.inputs, kept), source.targets[kept]
        if source.weights is not None:
            source.weights = source.weights[kept]
        source.notes.append(
            Message("caution.unanswered", count=int(missing.sum()), target=source.target_name)
        )
    if source.test_inputs is None:
        return
    missing = is_missing(source.test_targets)
    if missing.all():
        raise DataError(
            f"The test rows have no known target '{source.target_name}'; give labelled test rows."
        )
    if missing.any():
        kept = np.flatnonzero(~missing)
        source.test_inputs, source.test_targets = _take(source.test_inputs, kept), source.test_targets[kept]
        if source.test_weights is not None:
            source.test_weights = source.test_weights[kept]
        source.notes.append(Message("caution.unanswered_test", count=int(missing.sum())))


def _take(rows: Any, places: np.ndarray) -> Any:
    return rows[places] if isinstance(rows, np.ndarray) else rows.iloc[places]


def _check_answers(source: Source, answers: Answers) -> None:
    fewest = checks.FEWEST_ROWS if source.test_inputs is None else checks.FEWEST_ROWS - 1
    if answers.task == "multi-label":
        check_labels(answers.values, answers.class_names or (), fewest)
    elif answers.class_names is None:
        checks.check_regression(source.target_name, answers.values, fewest)
    else:
        checks.check_classes(source.target_name, answers.values, answers.class_names, fewest)


def _split(source: Source, answers: Answers, test_share: float | None, seed: int) -> Parts:
    official = source.test_inputs is not None
    if source.validation_rows and official:
        return first_rows(len(answers.values), source.validation_rows)
    share = TEST_SHARE if test_share is None else test_share
    labels = answers.values if answers.task == "classification" else None
    return split_rows(labels, len(answers.values), seed, share, official)


def _fit(
    source: Source, answers: Answers, rows: np.ndarray, encoding: Encoding
) -> tuple[Preprocessing, list[Message]]:
    """Learn the preprocessing from the training rows and look there for leaks."""
    training = _take(source.inputs, rows)
    known = ColumnAnswers(answers.values[rows], answers.task == "classification")
    if source.is_table:
        notes = _leaks(source, training, answers, rows)
        preprocessing, found = fit_table(training, encoding, known)
    elif source.divisor is not None:
        notes, found = [], []
        preprocessing = fit_pixels(_column_names(source), source.divisor, source.image_shape)
    else:
        notes = _leaks(source, training, answers, rows)
        preprocessing, found = fit_array(training, _column_names(source), encoding, known)
    named = Preprocessing(
        preprocessing.source_columns,
        preprocessing.columns,
        preprocessing.divisor,
        source.image_shape,
        source.target_name,
    )
    return named, found + notes


def _leaks(source: Source, training: Any, answers: Answers, rows: np.ndarray) -> list[Message]:
    values = answers.values[rows]
    if answers.task != "multi-label":
        return find_leaks(training, values, source.target_name)
    columns = zip(values.T.astype(np.int64), answers.class_names or (), strict=True)
    return [note for column, name in columns for note in find_leaks(training, column, name)]


def _column_names(source: Source) -> tuple[str, ...]:
    width = source.inputs.shape[1]
    if source.column_names and len(source.column_names) == width:
        return source.column_names
    if source.image_shape:
        return tuple("pixel " + ",".join(map(str, place)) for place in np.ndindex(*source.image_shape))
    return tuple(f"x{column + 1}" for column in range(width))


def _target_scale(
    source: Source, answers: Answers, training: np.ndarray, weights: np.ndarray | None
) -> tuple[float, float]:
    """Mean and standard deviation of a regression target over the training rows; 0 and 1 for classes."""
    if answers.class_names is not None:
        return 0.0, 1.0
    unit = float(np.abs(training).max()) or 1.0
    shares = training / unit
    middle = float(shares.mean()) if weights is None else float(np.average(shares, weights=weights))
    spread = float(shares.std())
    if weights is not None:
        spread = float(np.sqrt(np.average((shares - middle) ** 2, weights=weights)))
    mean, scale = middle * unit, spread * unit
    if scale == 0 or training.min() == training.max():
        raise DataError(
            f"The target '{source.target_name}' is {training[0]:g} in every training row; "
            "there is nothing to learn."
        )
    return mean, scale


def _final(targets: np.ndarray, mean: float, scale: float) -> np.ndarray:
    if targets.dtype.kind == "i":
        return np.ascontiguousarray(targets, dtype=np.int64)
    if targets.ndim == 2:
        return np.ascontiguousarray(targets, dtype=np.float32)
    with np.errstate(over="ignore"):
        standard = np.clip((targets - mean) / scale, -1e6, 1e6)
    return np.ascontiguousarray(standard, dtype=np.float32).reshape(-1, 1)


def _clipped_note(splits: list[Split], preprocessing: Preprocessing) -> list[Message]:
    if preprocessing.divisor is not None:
        return []
    clipped = sum(int((np.abs(split.inputs).max(axis=1, initial=0) >= 10).sum()) for split in splits)
    return [Message("note.clipped", count=clipped)] if clipped else []


def _fingerprint(
    source: Source, answers: Answers, test_share: float | None, seed: int, encoding: Encoding
) -> str:
    choices = {
        "target": source.target_name,
        "task": answers.task,
        "seed": seed,
        "test": TEST_SHARE if test_share is None else test_share,
        "official_test": source.test_inputs is not None,
        "validation_rows": source.validation_rows,
    }
    weights = [part for part in (source.weights, source.test_weights) if part is not None]
    if weights:
        choices["weights"] = source.weights_name
    if not encoding.usual:
        choices["encoding"] = [encoding.scaling, encoding.numbers]
    return digest(source.content, json.dumps(choices, sort_keys=True), *weights)


def check_test_share(test: float) -> float:
    """A share of rows for testing between 0 and 1, both excluded."""
    if isinstance(test, bool) or not 0 < test < 1:
        raise SettingsError(f"test={test} is no share of the rows; give a number between 0 and 1, or a file.")
    return float(test)
