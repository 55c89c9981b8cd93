"""How far one network of finite width strays from the mean-field prediction, and where it is to be expected.

With n units a layer multiplies the mean squared gradient not by χ but by a mean over n units of φ'² g², g normal:
its relative variance is (3 κ - 1)/n with κ = E[φ'⁴]/E[φ'²]², which is 5/n for ReLU, so that the logarithm of a
gradient has a variance that grows like depth/width (B. Hanin, M. Nica, arXiv:1812.05994, theorem 1). Added to theirs:

- the variance q of signals strays too, by E[φ⁴]/E[φ²]² - 1 over n, and takes E[φ'²] with it;
- a mean over rows strays less than one row, by as much as the rows differ (`pairs.py`), and rows whose gradients have
  nothing in common come to have it, layer by layer, because they pass the same few units;
- rows that enter in unequal sizes meet unequal slopes, and a mean over them lies above the typical row;
- what a skip carries past a layer does not stray with it;
- layer normalisation divides by the spread of n units, whose relative variance is 2/n; batch normalisation by that
  of B rows, and takes two of their B directions from the gradient, which is kept as a shift of unknown sign;
- the mean of a logarithm lies below the logarithm of a mean, and laws that bend move it, to first order in 1/n
  (D. Roberts, S. Yaida, B. Hanin, arXiv:2106.10165, chapter 4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from osolgil.diagnosis import moments
from osolgil.diagnosis.pairs import Pairs
from osolgil.diagnosis.sizes import Unequal
from osolgil.formulas.catalog import Activation

Kind = Literal["layer", "batch"] | None
_STEP = 0.05


@dataclass(frozen=True)
class Noise:
    """What one layer adds to the log mean squared gradient of the layers before it.

    slope: variance of the gradient's own factor. signal: of the next layer's log signal. joint: their covariance.
    carried, carried_bend: first and second derivative of the next log signal by this one. felt, felt_bend: of the
    log mean square slope. shift: systematic error of unknown sign. together: share of a unit's noise that rows have
    in common, over the number of units.
    """

    slope: float = 0.0
    signal: float = 0.0
    joint: float = 0.0
    carried: float = 0.0
    carried_bend: float = 0.0
    felt: float = 0.0
    felt_bend: float = 0.0
    shift: float = 0.0
    together: float = 0.0


@dataclass(frozen=True)
class Place:
    """Where a layer stands: its activation, its pre-activations, and two rows' correlations.

    variance, shift: of what enters the activation. pairs: cosines of two rows there. alignment: mean squared cosine
    of two rows' gradients as they arrive. width: its units. skipped: share of the gradient that arrives past the
    next layer. kept: share of units that dropout keeps.
    """

    row: Activation
    variance: float
    shift: float
    pairs: Pairs
    alignment: float
    width: int
    skipped: float
    normalization: Kind
    kept: float

    def noise(self, rows: float) -> Noise:
        """Noise of a mean over this many rows."""
        if not self.variance > 0.0 or not moments.slope(self.row, self.variance, self.shift) > 1e-150:
            return Noise()
        own = 1.0 / rows
        weaved = 1.0 - self.skipped
        slope = own * self._slope_alone() + (1.0 - own) * self._slope_together()
        shared = own + (1.0 - own) * self.pairs.average(lambda cosine: cosine**2)
        signal = shared * self._of(moments.value_spread) / self.kept
        joint = shared * self._of(moments.joint_spread)
        slope = slope * weaved**2 + 4.0 * weaved * self.skipped * max(self.alignment, own)
        if self.normalization is not None:
            spread = 2.0 * shared if self.normalization == "layer" else 0.0
            slope += (signal - 2.0 * joint + spread) * weaved**2
            shift = 2.0 / rows * weaved if self.normalization == "batch" and rows > 1 else 0.0
            return Noise(slope=_finite(max(slope, 0.0) / self.width), shift=shift)
        return Noise(
            _finite(slope / self.width), _finite(signal / self.width), _finite(joint * weaved / self.width),
            self._of(moments.value_elasticity), self._bend(moments.value_elasticity),
            self._of(moments.slope_elasticity), self._bend(moments.slope_elasticity), 0.0, shared / self.width,
        )  # fmt: skip

    def _slope_alone(self) -> float:
        return 3.0 * self._of(moments.slope_kurtosis) / self.kept - 1.0

    def _slope_together(self) -> float:
        return (1.0 + 2.0 * self.alignment) * self._paired_squares() - 1.0

    def _paired_squares(self) -> float:
        """E[φ'(u)²φ'(v)²]/E[φ'²]² of two rows."""
        whole = self._slope() ** 2
        return self.pairs.average(
            lambda c: moments.square_slope_product(self.row, self.variance, c, self.shift) / whole
        )

    def _slope(self) -> float:
        return moments.slope(self.row, self.variance, self.shift)

    def alignment_before(self) -> float:
        """Mean squared cosine of two rows' gradients as they leave for the layer before.

        Slopes make gradients differ. The sum over n units strays, which makes them alike again: even gradients
        that have nothing in common arrive with a squared cosine of 1/n, so that in deep networks all rows' align.
        """
        slope = self._slope() if self.variance > 0.0 else 0.0
        if not slope > 1e-150 or not math.isfinite(slope):
            return 0.0
        kept = self.pairs.average(
            lambda c: (moments.slope_product(self.row, self.variance, c, self.shift) / slope) ** 2
        )
        chance = self._paired_squares() * (1.0 + 2.0 * self.alignment)
        others = self.width - 1.0
        return min(_finite((chance + others * kept * self.alignment) / (chance + others)), 1.0)

    def _of(self, moment: moments.Moment) -> float:
        return _finite(moment(self.row, self.variance, self.shift))

    def _bend(self, moment: moments.Moment) -> float:
        above, below = (moment(self.row, self.variance * np.exp(s), self.shift) for s in (_STEP, -_STEP))
        return _finite((above - below) / (2.0 * _STEP))


def noises_of(
    places: list[Place | None], rows: int, unequal: float = 0.0, sizes: Unequal | None = None
) -> tuple[list[Noise], list[Noise]]:
    """Noise, layer by layer, of one row alone, and of a mean over rows, which is what they have in common.

    unequal: variance of the log size of a row of inputs, which the rows have of their own. sizes: what that does to
    gradients, where it is known better than by expansion.
    """
    alone = [place.noise(1) if place else Noise() for place in places]
    common = [place.noise(rows) if place else Noise() for place in places]
    apart = log_variance(alone, unequal if sizes is None else 0.0) - log_variance(common)
    # rows of unequal gradients count as fewer: Σw² of log-normal weights is e^variance over their number
    fewer = 0.0 if sizes is None else sizes.fewer
    counts = np.maximum(rows * np.exp(-np.maximum(apart, 0.0) - fewer), 1.0)
    return alone, [p.noise(float(n)) if p else Noise() for p, n in zip(places, counts, strict=True)]


def expected(
    alone: list[Noise], common: list[Noise], unequal: float = 0.0, sizes: Unequal | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (layers,) of what is added to the natural log of each mean squared gradient.

    A mean over rows is e^(variance of one row/2) above the typical row, and strays with what rows have in common.
    alone, common, unequal, sizes: as in `noises_of`.
    """
    raised, unequal = (0.0, unequal) if sizes is None else (sizes.raised, 0.0)
    single, shared = log_variance(alone, unequal), log_variance(common)
    shift = np.array([noise.shift for noise in common])[::-1].cumsum()[::-1]
    return raised + drifts(alone, unequal)[::-1].cumsum()[::-1] + 0.5 * (single - shared), np.sqrt(
        shared + shift**2
    )


def log_variance(noises: list[Noise], unequal: float = 0.0) -> np.ndarray:
    """Variance (layers,) of the natural logarithm of each layer's mean squared gradient, relative to the outputs'.

    The gradient at layer l carries the factors of the layers l … L - 2. A stray signal born in layer j reaches
    the slopes of every layer k > j, weakened by the layers between; one born in the inputs reaches all.
    """
    depth = len(noises)
    weight = reaches(noises) * np.array([noise.felt for noise in noises])
    slopes, signals, joints = (
        np.array([getattr(n, name) for n in noises]) for name in ("slope", "signal", "joint")
    )
    signals = np.append(signals, unequal)
    result = np.zeros(depth)
    for layer in range(depth - 1):
        felt = weight[:, layer:].sum(1)
        own = (np.arange(depth) >= layer).astype(float)
        result[layer] = max(float(own @ slopes + felt**2 @ signals + 2.0 * (own * felt[:-1]) @ joints), 0.0)
    return result


def reaches(noises: list[Noise]) -> np.ndarray:
    """By how much (layers + 1, layers) a log signal strays that was born in a layer; the last: in the inputs."""
    depth = len(noises)
    reach = np.zeros((depth + 1, depth))
    for born in range(-1, depth - 1):
        reach[born, born + 1 :] = np.cumprod([1.0, *(noise.carried for noise in noises[born + 1 : -1])])
    return reach


def tracked(noises: list[Noise], unequal: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Mean, against infinite width, and variance (layers,) of one row's log signal as it enters each layer."""
    mean, variance = -0.5 * unequal, unequal
    found = []
    for noise in noises:
        found.append((mean, variance))
        mean = noise.carried * mean + 0.5 * noise.carried_bend * variance - 0.5 * noise.signal
        variance = noise.carried**2 * variance + noise.signal
    means, variances = np.array(found).T
    return means, variances


def drifts(noises: list[Noise], unequal: float = 0.0) -> np.ndarray:
    """Mean log (layers,) of each layer's factor of one row's squared gradient, against infinite width."""
    means, variances = tracked(noises, unequal)
    felt, bend, slope = (
        np.array([getattr(n, name) for n in noises]) for name in ("felt", "felt_bend", "slope")
    )
    return felt * means + 0.5 * bend * variances - 0.5 * slope


def _finite(value: float) -> float:
    return float(np.nan_to_num(value, posinf=1e6, neginf=-1e6))
