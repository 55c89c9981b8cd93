"""The tables: raw columns, target, and one split of rows that every method shares."""

from __future__ import annotations

import functools
import gzip
import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas
from sklearn import datasets

from osolgil.data.named import ADULT_COLUMNS
from osolgil.data.splits import split_rows

NAMES = (
    "adult", "bike-sharing", "breast_cancer", "california-housing", "diabetes", "digits", "penguins", "telco-churn",
    "titanic", "wine",
)  # fmt: skip
_BUNDLED = ("breast_cancer", "diabetes", "digits", "wine")
# identifiers, what gives the target away, and the date that bike-sharing's other columns already tell
_FILES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "bike-sharing": ("hour.csv", "cnt", ("instant", "dteday", "casual", "registered")),
    "california-housing": ("housing.csv", "median_house_value", ()),
    "penguins": ("penguins.csv", "species", ("rowid",)),
    "telco-churn": ("Telco-Customer-Churn.csv", "Churn", ("customerID",)),
    "titanic": ("train.csv", "Survived", ("PassengerId", "Name", "Ticket", "Cabin")),
}


@dataclass(frozen=True)
class Table:
    """Rows that are known when training, and the test rows, touched once; targets are class numbers or numbers.

    training, validation: places in `inputs`. A method may use both as it likes, but nothing else.
    """

    name: str
    task: str
    inputs: pandas.DataFrame
    targets: np.ndarray
    test_inputs: pandas.DataFrame
    test_targets: np.ndarray
    training: np.ndarray
    validation: np.ndarray

    @property
    def classify(self) -> bool:
        return self.task == "classification"


def table(name: str, seed: int) -> Table:
    """The set called so, its rows split by the seed: adult has test rows of its own, others give a fifth."""
    inputs, targets, task, official = _raw(name)
    labels = targets if task == "classification" else None
    known = np.arange(official)
    test = np.arange(official, len(targets))
    if not len(test):
        training, validation, test = split_rows(labels, len(targets), seed)
        known = np.sort(np.concatenate([training, validation]))
    labels = targets[known] if task == "classification" else None
    training, validation, _ = split_rows(labels, len(known), seed, official_test=True)
    return Table(
        name, task, inputs.iloc[known].reset_index(drop=True), targets[known],
        inputs.iloc[test].reset_index(drop=True), targets[test], training, validation,
    )  # fmt: skip


@functools.cache
def _raw(name: str) -> tuple[pandas.DataFrame, np.ndarray, str, int]:
    """Inputs, targets, task, and how many of the rows are no official test rows."""
    if name in _BUNDLED:
        bunch = getattr(datasets, f"load_{name}")()
        columns = [str(column) for column in bunch.feature_names]
        task = "regression" if name == "diabetes" else "classification"
        return pandas.DataFrame(bunch.data, columns=columns), bunch.target, task, len(bunch.target)
    folder = Path(os.environ.get("OSOLGIL_DATA", "data")) / name
    if name == "adult":
        parts = [_adult(folder / f"adult.{part}.gz", skipped) for part, skipped in (("data", 0), ("test", 1))]
        rows, known = pandas.concat(parts, ignore_index=True), len(parts[0])
        target, removed = "income", ()
    else:
        file, target, removed = _FILES[name]
        rows = pandas.read_csv(folder / file, na_values=[" "])
        known = len(rows)
    rows = rows.drop(columns=[column for column in removed if column in rows])
    answers = rows.pop(target)
    if name in ("bike-sharing", "california-housing"):
        return rows, answers.to_numpy(np.float64), "regression", known
    return rows, pandas.factorize(answers, sort=True)[0], "classification", known


def _adult(path: Path, skipped: int) -> pandas.DataFrame:
    text = gzip.decompress(path.read_bytes()).decode("utf-8")
    rows = pandas.read_csv(
        io.StringIO(text), header=None, names=list(ADULT_COLUMNS), skiprows=skipped, skipinitialspace=True,
        na_values="?",
    )  # fmt: skip
    rows["income"] = rows["income"].str.removesuffix(".")
    return rows
