"""How rows differ: their sizes, and how alike two of them are.

What layers of finite width do to one row they do in part to another as well, the more the more alike the two are. A
mean over rows therefore strays by what rows have in common, which goes with the mean square of their cosines, not
with the square of the mean: standardised rows have a mean cosine of 0, and still pairs that are much alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from osolgil.diagnosis.sizes import grouped

_MOST_ROWS = 512


@dataclass(frozen=True)
class Pairs:
    """Cosines between two different rows: their mean and variance over pairs, weighted by the rows' sizes."""

    mean: float = 0.0
    variance: float = 0.0

    @property
    def ends(self) -> tuple[float, float]:
        """Two cosines, equally likely, that have this mean and this variance as far as cosines can."""
        spread = math.sqrt(max(self.variance, 0.0))
        return max(self.mean - spread, -1.0), min(self.mean + spread, 1.0)

    def average(self, function: Callable[[float], float]) -> float:
        """Mean of a function of the cosine over pairs.

        >>> round(Pairs(0.5, 0.04).average(lambda cosine: cosine**2), 9)
        0.29
        """
        low, high = self.ends
        return 0.5 * (function(low) + function(high)) if low < high else function(low)

    def through(self, function: Callable[[float], float], width: int) -> Pairs:
        """The pairs after a layer that turns a cosine into another, as its units add up.

        A cosine c of n normal pairs strays by (1 - c²)²/n around c - c (1 - c²)/2n (R. Fisher, Biometrika 10, 1915).
        """
        first = self.average(function)
        second = self.average(lambda cosine: function(cosine) ** 2)
        chance = (1.0 - second) * (1.0 - 2.0 * second) / width
        return Pairs(first, max(second + chance - first**2, 0.0))


@dataclass(frozen=True)
class Inputs:
    """The rows a network is shown, and the loss.

    mean_square: of a feature. common: mean product of two rows' features, as a mean over pairs. rows: how many.
    unequal: variance of the logarithm of a row's mean square. spread: variance over pairs of the cosine of two rows.
    sizes: mean squares of rows, relative to their mean, as means of equally many.
    """

    mean_square: float = 1.0
    common: float = 0.0
    rows: int = 1
    loss: str = "softmax_cross_entropy"
    unequal: float = 0.0
    spread: float = 0.0
    sizes: tuple[float, ...] = (1.0,)

    @classmethod
    def of(cls, inputs: np.ndarray, loss: str) -> Inputs:
        """What rows (rows, features) show; at most 512 of them tell how they differ."""
        x = inputs.astype(np.float64)
        square, count = float((x**2).mean()), len(x)
        some = x[np.linspace(0, count - 1, min(count, _MOST_ROWS)).astype(np.int64)]
        sizes = (some**2).mean(1)
        if count < 2 or not sizes.sum() > 0.0 or not math.isfinite(float((sizes**2).sum())):
            return cls(square, 0.0, count, loss)
        products = some @ some.T / some.shape[1]
        np.fill_diagonal(products, 0.0)
        cosine = float(products.sum()) / ((len(some) - 1) * float(sizes.sum()))
        both = float(sizes.sum()) ** 2 - float((sizes**2).sum())
        spread = float((products**2).sum()) / both - cosine**2 if both > 0.0 else 0.0
        unequal = math.log1p(float(sizes.var()) / float(sizes.mean()) ** 2)
        return cls(square, cosine * square, count, loss, unequal, max(spread, 0.0), grouped(sizes))

    @property
    def pairs(self) -> Pairs:
        """How alike two rows are."""
        return Pairs(self.common / self.mean_square if self.mean_square > 0.0 else 0.0, self.spread)
