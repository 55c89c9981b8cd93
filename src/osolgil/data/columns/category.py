"""A column of categories: one feature per level."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

LEVELS = 30
SEEN = 3
COVERAGE = 0.9


@dataclass(frozen=True)
class CategoryColumn:
    """One-hot: a feature per level of the training rows; levels seen fewer than 3 times share one.

    A level never seen in training is all zeros. Missing cells have a feature of their own where training
    rows had any.

    >>> column = CategoryColumn.fit("c", np.array(["a", "a", "a", "b", "b", "b", None], dtype=object))
    >>> column.feature_names
    ('c = a', 'c = b', 'c is missing')
    """

    name: str
    levels: tuple[str, ...]
    rare: tuple[str, ...] = ()
    marks_missing: bool = False
    kind = "category"

    @classmethod
    def fit(cls, name: str, texts: np.ndarray) -> CategoryColumn | None:
        """Learn the levels from training cells; None when the column is constant or empty."""
        counts = Counter(text for text in texts if text is not None)
        missing = sum(counts.values()) < len(texts)
        ordered = sorted(counts, key=lambda level: (-counts[level], level))
        kept = [level for level in ordered[:LEVELS] if counts[level] >= SEEN]
        if len(ordered) > len(kept) + 1:
            kept = kept[: LEVELS - 1]
        rare = [level for level in ordered if level not in set(kept)]
        if not kept or len(rare) == 1:
            kept, rare = ordered, []
        if not kept or (len(kept) == 1 and not rare and not missing):
            return None
        return cls(name, tuple(sorted(kept)), tuple(sorted(rare)), missing)

    @property
    def feature_names(self) -> tuple[str, ...]:
        names = [f"{self.name} = {level}" for level in self.levels]
        names += [f"{self.name} is rare"] if self.rare else []
        return tuple(names + ([f"{self.name} is missing"] if self.marks_missing else []))

    def transform(self, texts: np.ndarray) -> np.ndarray:
        """Texts (rows,), None where missing, to zeros and ones (rows, features)."""
        place: dict[str | None, int] = {level: number for number, level in enumerate(self.levels)}
        place |= dict.fromkeys(self.rare, len(self.levels))
        if self.marks_missing:
            place[None] = len(self.feature_names) - 1
        positions = np.array([place.get(text, -1) for text in texts], dtype=np.int64)
        rows = np.flatnonzero(positions >= 0)
        features = np.zeros((len(texts), len(self.feature_names)))
        features[rows, positions[rows]] = 1.0
        return features


def is_category(texts: list[str]) -> bool:
    """Whether levels repeat enough for one-hot: few of them, or the 29 most frequent cover 90 % of the rows.

    >>> is_category(["yes", "no"] * 10), is_category([f"street {n}" for n in range(99)])
    (True, False)
    """
    counts = Counter(texts)
    if len(counts) <= LEVELS:
        return len(counts) <= max(2, len(texts) / 2)
    return sum(count for _, count in counts.most_common(LEVELS - 1)) >= COVERAGE * len(texts)
