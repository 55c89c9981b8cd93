"""A column of numbers: fill what is missing, then standardise or, with far outliers, squash."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LIMIT = 10.0
SQUASH = 3.0
SMALLEST = float(np.finfo(np.float64).smallest_subnormal)


@dataclass(frozen=True)
class NumberColumn:
    """z = (x - center) / scale, clipped to ±10; squashed columns use z / √(1 + (z/3)²) as skrub does.

    `scale` 0 stands for a column that is constant but for missing cells: only the indicator is kept.
    Missing cells take `fill`, the median of the training rows; where training rows had any, a second
    feature is 1 for them.

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
    kind = "number"

    @classmethod
    def fit(
        cls, name: str, values: np.ndarray, decimal: str = ".", mark_missing: bool = True
    ) -> NumberColumn | None:
        """Learn from training values (float64, NaN is missing); None when nothing varies."""
        missing = np.isnan(values)
        known = values[~missing]
        marks = mark_missing and bool(missing.any())
        if len(known) == 0:
            return None
        fill = _median(known)
        center, scale = _mean_and_deviation(np.where(missing, fill, values))
        if known.min() == known.max():
            return cls(name, center, 0.0, fill, False, True, decimal) if marks else None
        squash = float(np.abs(_scaled(known, center, scale)).max()) > LIMIT
        if squash:
            center, scale = _median(known), _robust_scale(known)
        return cls(name, center, scale, fill, squash, marks, decimal)

    @property
    def feature_names(self) -> tuple[str, ...]:
        value = (self.name,) if self.scale else ()
        return value + ((f"{self.name} is missing",) if self.marks_missing else ())

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Float64 values (rows,) to features (rows, 1 or 2), all finite and within ±10."""
        missing = np.isnan(values)
        features = []
        if self.scale:
            scaled = _scaled(np.where(missing, self.fill, values), self.center, self.scale)
            features.append(scaled / np.hypot(1.0, scaled / SQUASH) if self.squash else scaled)
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
