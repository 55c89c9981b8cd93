"""What loading data gives: three splits of plain arrays and everything needed to treat new rows alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from osolgil.data.preprocessing import Preprocessing

Task = Literal["classification", "regression"]


@dataclass(frozen=True, eq=False)
class Split:
    """Rows used for one purpose.

    inputs: float32, C-contiguous, (rows, features), every value finite.
    targets: class numbers, int64 (rows,); or, for regression, the target standardised by the mean and
        standard deviation of the training rows, float32 (rows, 1).
    """

    inputs: np.ndarray
    targets: np.ndarray

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set ready for a network; see `osolgil.data.load`.

    feature_names are those of the columns of `inputs`, after preprocessing. A regression target in its own
    unit is `targets * target_scale + target_mean`. `fingerprint` is a SHA-256 over the raw content and the
    choices (target, task, test rows, seed): equal fingerprints mean equal arrays. `notes` are plain English
    sentences on what was inferred, repaired or left out. `image_shape` is (height, width) or
    (height, width, channels) where a row is a picture.
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
    notes: tuple[str, ...] = ()
    image_shape: tuple[int, ...] | None = None

    @property
    def rows(self) -> dict[str, int]:
        """The number of rows of each split: {"train": …, "validation": …, "test": …}."""
        return {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}

    @property
    def outputs(self) -> int:
        """How many numbers a network for this data gives per row: the classes, or 1 for regression."""
        return len(self.class_names) if self.class_names else 1
