"""What loading data gives: three splits of plain arrays and everything needed to treat new rows alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from osolgil.answering import Target
from osolgil.data.preprocessing import Preprocessing
from osolgil.errors import DataError
from osolgil.messages import Message

Task = Literal["classification", "multi-label", "regression"]


@dataclass(frozen=True, eq=False)
class Split:
    """Rows used for one purpose.

    inputs: float32, C-contiguous, (rows, features), every value finite.
    targets: class numbers, int64 (rows,); of several labels, 0 and 1, float32 (rows, labels); or, for
        regression, the target standardised by the mean and standard deviation of the training rows, float32
        (rows, 1).
    original: a regression target in its own unit, float64 (rows,); else None.
    weights: how much each row counts, float64 (rows,) with mean 1 over the training rows; None: all alike.
    """

    inputs: np.ndarray
    targets: np.ndarray
    original: np.ndarray | None = None
    weights: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set ready for a network; see `osolgil.data.load`.

    feature_names are those of the columns of `inputs`, after preprocessing. A regression target in its own
    unit is `targets * target_scale + target_mean`. `class_names` are the names of the labels where there are
    several per row. `fingerprint` is a SHA-256 over the raw content and the choices (target, task, test rows,
    weights, seed): equal fingerprints mean equal arrays. `notes` are plain English
    sentences on what was inferred, repaired or left out. `image_shape` is (height, width) or
    (height, width, channels) where a row is a picture. `weights_name` says where weights come from, "" for none.
    With `link` "log" a network's outputs are logarithms of the target, see `with_logarithmic_outputs`.
    `other_targets` are those after the first, where there are several numbers per row.
    """

    name: str
    task: Task
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...] | None
    target_name: str
    train: Split
    validation: Split
    test: Split
    target_mean: float
    target_scale: float
    preprocessing: Preprocessing
    fingerprint: str
    notes: tuple[Message, ...] = ()
    image_shape: tuple[int, ...] | None = None
    weights_name: str = ""
    link: Literal["identity", "log"] = "identity"
    other_targets: tuple[Target, ...] = ()

    @property
    def rows(self) -> dict[str, int]:
        """The number of rows of each split: {"train": …, "validation": …, "test": …}."""
        return {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}

    @property
    def outputs(self) -> int:
        """How many numbers a network for this data gives per row: the classes or labels, or the targets."""
        return len(self.class_names) if self.class_names else 1 + len(self.other_targets)

    def with_logarithmic_outputs(self, loss: str, positive: bool) -> Dataset:
        """These data for a loss whose outputs are logarithms, of counts and amounts: 0 stays 0.

        The target is divided by its mean over the training rows and nothing is subtracted: outputs then start
        near their answers, and the best network is the same in any unit. Raises DataError for a target below
        0, or of 0 where `positive` is asked for. loss: its name, for the sentence.
        """
        parts = (self.train, self.validation, self.test)
        values = [part.original for part in parts]
        lowest = min(float(found.min()) for found in values if found is not None)
        if lowest < 0 or (positive and lowest == 0):
            wanted = "above 0" if positive else "of 0 or more"
            raise DataError(
                f"The loss {loss} is for targets {wanted}, but '{self.target_name}' is {lowest:g} in some row; "
                "choose another loss, such as squared_error or huber."
            )
        mean = _weighted_mean(self.train.original, self.train.weights)
        splits = [
            replace(part, targets=np.ascontiguousarray(found / mean, np.float32).reshape(-1, 1))
            for part, found in zip(parts, values, strict=True)
            if found is not None
        ]
        return replace(
            self, train=splits[0], validation=splits[1], test=splits[2], target_mean=0.0, target_scale=mean,
            link="log",
        )  # fmt: skip


def _weighted_mean(values: np.ndarray | None, weights: np.ndarray | None) -> float:
    """Mean that neither overflows nor is 0 where a value is positive."""
    assert values is not None
    unit = float(np.abs(values).max()) or 1.0
    return float(np.average(values / unit, weights=weights)) * unit or 1.0
