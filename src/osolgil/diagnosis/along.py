"""How far the part of a gradient that points along the signals strays: it is one number, passed from layer to layer.

That part of the gradient at a layer's values h = φ(z) is a h, with a = c/|h|², where c is the product of the next
layer's pre-activations and their gradient. A layer takes c to c Σzφφ'/Σφ², and no random weights have a part in
that: so it does not stray with slopes as other gradients do, but with the signals and with that ratio. The squared
gradient it leaves is c² Σφ²φ'²/(Σφ²)², and it begins as the square of outputs times gradient, which grows with them.
What it leaves is no longer along the signals of the layer before, and goes on as any other gradient does.
Source: derived here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from osolgil.diagnosis.alignment import Parts
from osolgil.diagnosis.fluctuation import Noise, Place, drifts, reaches, tracked
from osolgil.diagnosis.moments import rule
from osolgil.formulas.catalog import Activation

_STEP = 0.05
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(24)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_SQUARE, _RADIAL, _JOINT, _SLOPE = range(
    4
)  # sums over a layer's units: φ², zφφ', φ²φ'², and φ'² times gradients
_RATIO = np.array([-1.0, 1.0, 0.0, 0.0])  # of log sums, in the log of Σzφφ'/Σφ²
_END = np.array([-2.0, 0.0, 1.0, 0.0])  # and of Σφ²φ'²/(Σφ²)²


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over a layer's units, as above: derivatives of their logs by the log signal, and how they stray together.

    covariance: of the sums relative to their means, times the number of units.
    """

    slope: np.ndarray
    bend: np.ndarray
    covariance: np.ndarray

    def mean(self, combined: np.ndarray, signal: float, variance: float, noise: float) -> float:
        """Mean log of a combination, where the log signal has this mean and variance, and units this noise."""
        moved = self.slope * signal + 0.5 * self.bend * variance
        return float(combined @ (moved - 0.5 * noise * np.diag(self.covariance)))


@lru_cache(maxsize=16384)
def sums(row: Activation, variance: float, shift: float = 0.0) -> Sums:
    """The sums' moments at pre-activations of this variance.

    >>> from osolgil.formulas import catalog
    >>> found = sums(catalog.activation("relu"), 2.0)  # zφ' = φ: the ratio is 1 whatever the signal
    >>> bool(abs(_RATIO @ found.slope) < 1e-9), bool(abs(_RATIO @ found.covariance @ _RATIO) < 1e-9)
    (True, True)
    """
    logs = []
    for step in (-_STEP, 0.0, _STEP):
        weights, values = _values(row, variance * float(np.exp(step)), shift)
        with np.errstate(all="ignore"):
            logs.append(np.log(np.abs(values @ weights)))
    below, here, above = logs
    weights, values = _values(row, variance, shift)
    with np.errstate(all="ignore"):
        relative = values / (values @ weights)[:, None] - 1.0
        found = [
            (above - below) / (2.0 * _STEP),
            (above - 2.0 * here + below) / _STEP**2,
            relative * weights @ relative.T,
        ]
    return Sums(*(np.nan_to_num(each, posinf=0.0, neginf=0.0) for each in found))


def _values(row: Activation, variance: float, shift: float) -> tuple[np.ndarray, np.ndarray]:
    deviation = float(np.sqrt(max(variance, 1e-300)))
    nodes, weights = rule(shift, deviation)
    z = shift + deviation * nodes
    with np.errstate(all="ignore"):
        value, slope = np.asarray(row(z), float) + 0.0 * z, np.asarray(row.slope(z), float) + 0.0 * z
        return weights, np.array([value**2, z * value * slope, (value * slope) ** 2, slope**2])


@dataclass(frozen=True, eq=False)
class Law:
    """Of the natural log of the part's square (layers,): mean against infinite width, variance, and covariance.

    with_others: its covariance with the log of the gradient's other part.
    """

    mean: np.ndarray
    variance: np.ndarray
    with_others: np.ndarray


def law(places: list[Place | None], alone: list[Noise], common: list[Noise], leaked: np.ndarray) -> Law:
    """The law of a mean over rows, from the noise of one row alone and of what rows have in common.

    leaked: which share (hidden layers,) of the part at a layer was along the signals of a later one.
    """
    hidden = [sums(place.row, place.variance, place.shift) for place in places if place is not None]
    depth, reach = len(places), reaches(alone)[: len(places) - 1]
    means, variances = tracked(alone)
    outer = reach[:, depth - 1].copy()  # how what is born in a layer is felt by c behind the layer at hand
    mean_outer, steps = float(means[depth - 1]), drifts(alone)
    own, others = np.zeros((2, depth - 1, 4))
    ratios = np.zeros((depth - 1, 4))
    mean, previous = np.zeros(depth), 0.0
    single, strays, joint = np.zeros((3, depth))
    for layer in range(depth - 2, -1, -1):
        here, noise = hidden[layer], alone[layer].together
        fresh = ratios.copy()
        fresh[:, _SQUARE] += outer + _END @ here.slope * reach[:, layer]
        fresh[layer] += _END
        passed = own.copy()
        passed[:, _SQUARE] += alone[layer].felt * reach[:, layer]
        passed[layer, _SLOPE] += 1.0
        share = float(leaked[layer]) if layer < depth - 2 else 0.0
        own = (1.0 - share) * fresh + share * passed
        others[:, _SQUARE] += alone[layer].felt * reach[:, layer]
        others[layer, _SLOPE] += 1.0
        left = mean_outer + here.mean(_END, means[layer], variances[layer], noise)
        previous = (1.0 - share) * left + share * (previous + steps[layer])
        single[layer], strays[layer] = _product(hidden, alone, own, own), _product(hidden, common, own, own)
        joint[layer] = _product(hidden, common, own, others)
        mean[layer] = previous
        outer += 2.0 * (_RATIO @ here.slope) * reach[:, layer]
        ratios[layer] += 2.0 * _RATIO
        mean_outer += 2.0 * here.mean(_RATIO, means[layer], variances[layer], noise)
    return Law(mean + 0.5 * (single - strays), np.maximum(strays, 0.0), joint)


def _product(hidden: list[Sums], noises: list[Noise], first: np.ndarray, second: np.ndarray) -> float:
    """Covariance of two logs that go by the layers' sums (layers, sums) as given."""
    found = 0.0
    for here, noise, a, b in zip(hidden, noises, first, second, strict=False):
        covariance = here.covariance * noise.together
        covariance[_SLOPE, _SLOPE] = noise.slope  # with the noise of the gradients that arrive
        found += float(a @ covariance @ b)
    return found


@dataclass(frozen=True, eq=False)
class Together:
    """Both parts of a gradient: mean and standard deviation (layers,) of the natural log of their sum."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(
        cls, parts: Parts, mean: np.ndarray, deviation: np.ndarray, along: Law, pulls: tuple[float, ...]
    ) -> Together:
        """The log of a sum of two numbers whose logs are jointly normal, by a Gauss rule for their difference.

        mean, deviation: of the free part's log. pulls: of the outputs of single networks, in units of their mean.
        """
        strays = along.variance + parts.born
        with np.errstate(all="ignore"):
            apart = np.sqrt(np.maximum(deviation**2 + strays - 2.0 * along.with_others, 0.0))
            free, share = np.log(parts.free), np.log(parts.along) + along.mean - 0.5 * parts.born
            difference = (
                (share - free - mean)[:, None, None] + apart[:, None, None] * _NODES[:, None] + np.log(pulls)
            )
            above = np.logaddexp(0.0, difference)  # log of the sum over the free part
            felt = np.exp(difference - above)
            chances = _WEIGHTS[:, None] / len(pulls)
            added, square, moved = ((each * chances).sum((1, 2)) for each in (above, above**2, felt))
            # of a function of a normal number, the covariance goes by its mean slope (C. Stein 1981)
            together = (along.with_others - deviation**2) * moved
            variance = deviation**2 + square - added**2 + 2.0 * together
            logs, spread = free + mean + added, np.sqrt(np.maximum(variance, 0.0))
        known = np.isfinite(logs) & np.isfinite(spread)  # signals without end leave what infinite width says
        return cls(np.where(known, logs, mean), np.where(known, spread, deviation))
