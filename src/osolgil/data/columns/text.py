"""A column of free text or of very many levels: hashed character n-grams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class TextColumn:
    """Counts of 2 to 4 letter pieces, hashed into 32 features of length √32 per row.

    Nothing is learned, so nothing can leak; an empty cell is all zeros. Source: Weinberger et al. 2009,
    "Feature hashing for large scale multitask learning".

    >>> TextColumn("t").feature_names[:2]
    ('t hash 1', 't hash 2')
    """

    name: str
    dimensions: int = 32
    kind = "text"

    @property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(f"{self.name} hash {number + 1}" for number in range(self.dimensions))

    def transform(self, texts: np.ndarray) -> np.ndarray:
        """Texts (rows,), None where missing, to float64 (rows, 32)."""
        from sklearn.feature_extraction.text import HashingVectorizer

        vectorizer = HashingVectorizer(
            analyzer="char_wb", ngram_range=(2, 4), n_features=self.dimensions, norm="l2", dtype=np.float64
        )
        hashed: Any = vectorizer.transform(["" if text is None else text for text in texts])
        return hashed.toarray() * np.sqrt(self.dimensions)
