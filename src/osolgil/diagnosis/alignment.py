"""What the loss's gradient has to do with the network's own signals.

Mean-field theory takes the gradient at the outputs as independent of the weights. It is not quite: it is made of
the outputs, so a part of order 1/width points along the last layer's signal, and every layer adds such a part anew.
Going back, it changes by the law of signals (χ∥) instead of that of random directions (χ₁): where χ∥ > χ₁ it grows
to be seen in deep networks. For a gradient A·(random) + a·h at a layer's values h = φ(z), squares go by

    D = A (E[φ'²] - E[φ²φ'²]/(n E[φ²])) + a² E[φ²φ'²],    A' = σ_w² D,
    a'² = (n² E[zφφ']² a² + n (E[z²φ'²] - E[zφφ']²/E[φ²]) A)/(n' E[h'²])².

Source: derived here; the laws of χ∥ and χ⊥ are those of D. Roberts, S. Yaida, B. Hanin, arXiv:2106.10165, chapter 9.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from osolgil.diagnosis import losses
from osolgil.formulas import catalog
from osolgil.formulas.catalog import Activation
from osolgil.mean_field import gaussian_mean

_SAMPLES, _BATCH = 4096, 16


@dataclass(frozen=True)
class Outputs:
    """The loss gradient of rows at the outputs of a network that knows nothing yet.

    alignment: mean squared cosine between two rows' gradients. pull: squared product of a row's outputs and
    gradient, against the product of their squares; 1 where they have nothing to do with each other. pulls: that of
    single networks, a mean over their rows, in units of its mean: rows of like outputs have it in common.
    """

    alignment: float
    pull: float
    pulls: tuple[float, ...] = (1.0,)


@lru_cache(maxsize=1024)
def outputs(loss: str, count: int, variance: float, correlation: float) -> Outputs:
    """Gradients of a loss at normal outputs (`count` of them, of this variance and correlation between rows).

    Targets are drawn at random: a class each, or standardised numbers.
    """
    row = catalog.loss(loss)
    random = np.random.default_rng(0)
    share = min(max(correlation, 0.0), 1.0)
    common = math.sqrt(share) * random.normal(size=(_SAMPLES, count))
    gradients = []
    logits = np.zeros((_SAMPLES, count))
    for _ in range(2):
        logits = math.sqrt(variance) * (
            common + math.sqrt(1.0 - share) * random.normal(size=(_SAMPLES, count))
        )
        gradients.append(losses.slopes(loss, logits, _targets(row, count, random)))
    first, second = gradients
    squares = (first**2).sum(1)
    both = float((squares * (second**2).sum(1)).sum())
    aligned = float(((first * second).sum(1) ** 2).sum()) / both if both > 0.0 else 1.0
    along = float(((logits * second).sum(1) ** 2).sum())
    whole = variance * float((second**2).sum())
    pull = along / whole if whole > 0.0 and math.isfinite(along) else 1.0
    return Outputs(min(aligned, 1.0), pull, _pulls(row, count, variance, share, random))


@lru_cache(maxsize=4096)
def gradient_square(loss: str, count: int, variance: float) -> float:
    """Mean square of a loss's gradient at `count` normal outputs of this variance; saturated outputs have more.

    >>> gradient_square("softmax_cross_entropy", 10, 0.01) < gradient_square("softmax_cross_entropy", 10, 10.0)
    True
    """
    random = np.random.default_rng(0)
    logits = math.sqrt(variance) * random.normal(size=(_SAMPLES, count))
    return float((losses.slopes(loss, logits, _targets(catalog.loss(loss), count, random)) ** 2).mean())


def _pulls(
    row: catalog.Loss, count: int, variance: float, share: float, random: np.random.Generator
) -> tuple[float, ...]:
    """Pulls of single networks on a batch of rows, whose outputs have this share in common."""
    common = math.sqrt(share) * np.repeat(random.normal(size=(_SAMPLES // _BATCH, count)), _BATCH, axis=0)
    own = math.sqrt(1.0 - share) * random.normal(size=(_SAMPLES, count))
    logits = math.sqrt(variance) * (common + own)
    gradients = losses.slopes(row.name, logits, _targets(row, count, random))
    along = ((logits * gradients).sum(1) ** 2).reshape(-1, _BATCH).sum(1)
    pulls = along / np.maximum((gradients**2).sum(1).reshape(-1, _BATCH).sum(1), 1e-300)
    mean = float(pulls.mean())
    if not (mean > 0.0 and math.isfinite(mean)):
        return (1.0,)
    return tuple((pulls / mean).tolist())


def _targets(row: catalog.Loss, count: int, random: np.random.Generator) -> np.ndarray:
    """A class of each row, labels that are true or not, standardised numbers, or amounts of mean 1."""
    if row.link == "log":
        return random.exponential(size=(_SAMPLES, count))
    if row.task == "regression":
        return random.normal(size=(_SAMPLES, count))
    if row.task == "multi-label" or count == 1:
        return (random.random((_SAMPLES, count)) < 0.5).astype(float)
    return np.eye(count)[random.integers(0, count, _SAMPLES)]


@dataclass(frozen=True)
class Passage:
    """A hidden layer as a gradient passes it: its activation, pre-activations, units, weights, what leaves it.

    weight_square: mean square of the weights of the layer after it. inputs: units before it. before: mean square
    of what enters its weights. alike: mean squared cosine of two rows there.
    """

    row: Activation
    variance: float
    width: int
    weight_square: float
    inputs: int
    before: float
    signal: float
    alike: float = 1.0


@dataclass(frozen=True, eq=False)
class Parts:
    """What the mean squared gradient is made of (layers,), in units of what it is in infinite width.

    free: what never went along signals, which loses one of a layer's n directions to them. along: what did.
    leaked: the share of that which was along the signals of a later layer. born: variance of the natural log of
    along, since what came to be on the way is the square of a normal number, as far as rows have it in common.
    """

    free: np.ndarray
    along: np.ndarray
    leaked: np.ndarray
    born: np.ndarray


def parts_of(passages: list[Passage], outputs_count: int, output_variance: float, pull: float) -> Parts:
    """Free and along signals, for every layer with the outputs' as the last, where nothing is along signals yet."""
    depth = len(passages)
    free, found_along, leaked, strays = np.ones(depth + 1), *np.zeros((3, depth + 1))
    last = passages[-1]
    whole = (
        outputs_count * last.weight_square
    )  # mean squared gradient of the last values, for 1 at the outputs
    square = (last.width * last.signal) ** 2
    along = pull * outputs_count * output_variance / square if square > 0.0 else 0.0
    born = 0.0  # share of it that is not from the outputs
    for index in range(depth - 1, -1, -1):
        here = passages[index]
        slopes, joint, radial, spread = _moments(here.row, here.variance)
        size = here.width * here.signal  # what is random has no part along the signal, unit by unit
        random = slopes - joint / size if size > 0.0 else slopes
        found = whole * random + along * joint
        usual = whole * slopes
        if usual > 0.0:
            free[index] = free[index + 1] * max(random / slopes, 0.0)
            passed = found_along[index + 1] * max(random / slopes, 0.0)
            found_along[index] = passed + (free[index + 1] + found_along[index + 1]) * along * joint / usual
            leaked[index] = passed / found_along[index] if found_along[index] > 0.0 else 0.0
        strays[index] = 2.0 * born**2
        entering = (here.inputs * here.before) ** 2
        if index == 0 or not (found > 0.0 and entering > 0.0):
            break
        following = here.width * passages[index - 1].weight_square * found
        others = max(spread - radial**2 * here.width / size, 0.0) if size > 0.0 else spread
        kept, fresh = (here.width * radial) ** 2 * along, here.width * others * whole
        born = (kept * born + here.alike**0.5 * fresh) / (kept + fresh) if kept + fresh > 0.0 else 0.0
        square = (kept + fresh) / entering
        whole, along = 1.0, square / following if following > 0.0 else 0.0
    return Parts(free, np.nan_to_num(found_along, posinf=1e6), leaked, strays)


@lru_cache(maxsize=16384)
def _moments(row: Activation, variance: float) -> tuple[float, float, float, float]:
    """E[φ'²], E[φ²φ'²], E[zφφ'] and E[z²φ'²]."""
    return (
        gaussian_mean(lambda z: row.slope(z) ** 2, variance),
        gaussian_mean(lambda z: (row(z) * row.slope(z)) ** 2, variance),
        gaussian_mean(lambda z: z * row(z) * row.slope(z), variance),
        gaussian_mean(lambda z: (z * row.slope(z)) ** 2, variance),
    )
