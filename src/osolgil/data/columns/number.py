"""A column of numbers: fill what is missing, standardise or squash, and encode where that is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from osolgil.data.columns.encodings import (
    Encoding,
    periodic,
    piecewise,
    quantile_edges,
    tree_edges,
    usual_bins,
    waves,
)

LIMIT = 10.0
SQUASH = 3.0
SMALLEST = float(np.finfo(np.float64).smallest_subnormal)
PLAIN = Encoding()
_TREE_LIMIT = 1e30  # scikit-learn's trees see float32


class Answers(NamedTuple):
    """Targets of the training rows: class numbers (rows,), or numbers (rows, …)."""

    values: np.ndarray
    classify: bool

    def of(self, rows: np.ndarray) -> Answers:
        """The answers of some rows."""
        return Answers(self.values[rows], self.classify)


@dataclass(frozen=True)
class NumberColumn:
    """z = (x - center) / scale, clipped to ±10; squashed columns use z / √(1 + (z/3)²) as skrub does.

    `scale` 0 stands for a column that is constant but for missing cells: only the indicator is kept.
    Missing cells take `fill`, the median of the training rows; where training rows had any, a second
    feature is 1 for them. Further features encode the number: see `osolgil.data.columns.encodings`. With `edges`
    they are its way through the bins between them, with `frequencies` and `phases` cosines of z.

    Source of the squashing: Holzmüller et al. 2024, "Better by default", arXiv 2407.04491.

    >>> column = NumberColumn.fit("x", np.array([1.0, 2.0, 3.0, np.nan]))
    >>> column.feature_names, column.fill
    (('x', 'x is missing'), 2.0)
    """

    name: str
    center: float
    scale: float
    fill: float
    squash: bool = False
    marks_missing: bool = False
    decimal: str = "."
    edges: tuple[float, ...] = ()
    frequencies: tuple[float, ...] = ()
    phases: tuple[float, ...] = ()
    kind = "number"

    @classmethod
    def fit(
        cls,
        name: str,
        values: np.ndarray,
        decimal: str = ".",
        mark_missing: bool = True,
        encoding: Encoding = PLAIN,
        answers: Answers | None = None,
    ) -> NumberColumn | None:
        """Learn from training values (float64, NaN is missing); None when nothing varies.

        answers: the training rows' targets, for bins found by a tree.
        """
        missing = np.isnan(values)
        known = values[~missing]
        marks = mark_missing and bool(missing.any())
        if len(known) == 0:
            return None
        fill = _median(known)
        center, scale = _mean_and_deviation(np.where(missing, fill, values))
        if known.min() == known.max():
            return cls(name, center, 0.0, fill, False, True, decimal) if marks else None
        squash = encoding.scaling == "robust"
        squash = squash or float(np.abs(_scaled(known, center, scale)).max()) > LIMIT
        if squash:
            center, scale = _median(known), _robust_scale(known)
        column = cls(name, center, scale, fill, squash, marks, decimal)
        return column._encoded(encoding, known, None if answers is None else answers.of(~missing))

    def _encoded(self, encoding: Encoding, known: np.ndarray, answers: Answers | None) -> NumberColumn:
        """The column with its bins or waves; a column of two values is encoded by being there."""
        settings = encoding.settings
        if encoding.kind == "plain" or len(np.unique(known)) < 3:
            return self
        if encoding.kind == "periodic":
            frequencies, phases = waves(self.name, settings["waves"], settings["scale"])
            return replace(self, frequencies=frequencies, phases=phases)
        bins = settings["bins"] or usual_bins(len(known))
        if bins == 0:
            return self
        if encoding.kind == "tree_piecewise" and answers is not None and np.abs(known).max() < _TREE_LIMIT:
            return replace(self, edges=tree_edges(known, *answers, bins))
        return replace(self, edges=quantile_edges(known, bins))

    @property
    def feature_names(self) -> tuple[str, ...]:
        value = (self.name,) if self.scale else ()
        value += tuple(f"{self.name} bin {place + 1}" for place in range(len(self.edges) - 1))
        value += tuple(f"{self.name} wave {place + 1}" for place in range(len(self.frequencies)))
        return value + ((f"{self.name} is missing",) if self.marks_missing else ())

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Float64 values (rows,) to features (rows, features), all finite and within ±10."""
        missing = np.isnan(values)
        filled = np.where(missing, self.fill, values)
        features = []
        if self.scale:
            scaled = _scaled(filled, self.center, self.scale)
            features.append(scaled / np.hypot(1.0, scaled / SQUASH) if self.squash else scaled)
        if self.edges:
            features.append(piecewise(filled, self.edges))
        if self.frequencies:
            features.append(periodic(np.clip(features[0], -LIMIT, LIMIT), self.frequencies, self.phases))
        if self.marks_missing:
            features.append(missing.astype(np.float64))
        return np.clip(np.column_stack(features), -LIMIT, LIMIT)


def _scaled(values: np.ndarray, center: float, scale: float) -> np.ndarray:
    """(x - center) / scale where even the extremes of float64 stay finite."""
    with np.errstate(over="ignore"):
        return np.clip((values - center) / scale, -1e100, 1e100)


def _mean_and_deviation(values: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation (divided by n), computed in units of the largest value against overflow."""
    unit = float(np.abs(values).max()) or 1.0
    small = values / unit if unit > 1e100 or unit < 1e-100 else values
    factor = unit if small is not values else 1.0
    return float(small.mean()) * factor, max(float(small.std()) * factor, SMALLEST)


def _median(values: np.ndarray) -> float:
    """The median; halves first so that the mean of the two middle values cannot overflow."""
    return float(np.median(values / 2)) * 2 if np.abs(values).max() > 1e300 else float(np.median(values))


def _robust_scale(values: np.ndarray) -> float:
    """The distance of the quartiles or, where they are equal, half the range."""
    unit = 4 if np.abs(values).max() > 1e300 else 1
    low, first, third, high = np.quantile(values / unit, [0, 0.25, 0.75, 1])
    half_range = (high - low) / 2
    scale = float(third - first) if third > first else float(half_range)
    return float(np.clip(scale * unit, SMALLEST, np.finfo(np.float64).max))
