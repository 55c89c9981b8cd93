"""Predictions as columns: what the model says of every row, and how sure it is."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from osolgil import answering
from osolgil.errors import DataError, SettingsError
from osolgil.files import told_plainly, write_atomically

if TYPE_CHECKING:
    from osolgil.model import Model


def predictions(model_path: str, data_path: str, probabilities: bool) -> dict[str, list[Any]]:
    """Columns by name: file (of pictures), prediction, and one per class if asked for."""
    from osolgil.data import read_rows
    from osolgil.model import Model

    model = Model.load(Path(model_path).expanduser())
    if probabilities and model.class_names is None:
        raise SettingsError("This model predicts a number and has no classes; leave out --probabilities.")
    inputs, table = read_rows(data_path, model.preprocessing)
    if len(inputs) == 0:
        raise DataError(f"'{data_path}' has no rows to predict.")
    outputs = model.outputs(inputs)
    columns: dict[str, list[Any]] = {}
    if model.preprocessing.image_shape is not None and "file" in getattr(table, "columns", ()):
        columns["file"] = list(table["file"])
    answers = model.answers(outputs)
    if model.task == "multi-label":
        for place, name in enumerate(model.class_names or ()):
            columns[name] = answers[:, place].tolist()
    else:
        columns |= _answered(model, answers)
    if probabilities and model.class_names is not None:
        shares = model.shares(outputs)
        for place, name in enumerate(model.class_names):
            columns[f"probability of {name}"] = shares[:, place].tolist()
    return columns


def _answered(model: Model, answers: Any) -> dict[str, list[Any]]:
    """One column called prediction, or one per target and quantile."""
    if answers.ndim == 1:
        return {"prediction": answers.tolist()}
    titles = answering.names(model.targets, model.quantiles)
    columns = answers.reshape(len(answers), -1).T.tolist()
    return {f"prediction of {title}": column for title, column in zip(titles, columns, strict=True)}


def write_csv(columns: dict[str, list[Any]], path: Path | None) -> None:
    """A header and a line per row, to a file (whole or not at all) or to the terminal."""
    if path is None:
        _write(columns, sys.stdout)
        return

    def write(place: Path) -> None:
        with place.open("w", encoding="utf-8", newline="") as file:
            _write(columns, file)

    with told_plainly(path):
        if path.is_dir():
            raise SettingsError(f"{path} is a folder; give --out a file such as predictions.csv.")
        write_atomically(path, write)


def _write(columns: dict[str, list[Any]], file: TextIO) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
