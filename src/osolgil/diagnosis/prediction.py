"""What mean-field theory says of a network before it is trained: signals, gradients, and how far one may stray.

A layer's pre-activations are normal in an infinitely wide network, so their variance tells everything. From the
outputs back, the mean squared gradient of a pre-activation changes by a factor χ per layer. Normalisation and
residual connections follow their own theory, never χ₁^L:

- layer normalisation: χ = E[φ'²]/E[φ²] at variance 1 (partial Jacobians, D. Doshi et al., arXiv:2111.12143);
- batch normalisation: χ = E[φ'²]/Var[φ], so ReLU explodes by π/(π - 1) (G. Yang et al., arXiv:1902.08129);
- residual connections add what they carry past a layer, and signals grow (G. Yang, S. Schoenholz, arXiv:1712.08969);
- dropout multiplies both by 1/(1 - rate) (S. Schoenholz et al., arXiv:1611.01232, section 4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from osolgil.diagnosis import moments
from osolgil.diagnosis.alignment import Parts, Passage, gradient_square, outputs, parts_of
from osolgil.diagnosis.along import Together, law
from osolgil.diagnosis.fluctuation import Place, expected, noises_of
from osolgil.diagnosis.pairs import Inputs, Pairs
from osolgil.diagnosis.sizes import Unequal, Way
from osolgil.engines.cpu.kernels.layout import EPSILON
from osolgil.errors import SettingsError
from osolgil.formulas import catalog
from osolgil.formulas.catalog import Activation
from osolgil.initialization import critical_variances
from osolgil.network import Network

_ENDLESS = 1e60  # a signal beyond it has no end, and fourth powers of it no floating point number
INFINITE_WIDTH = "infinite width, random weights"
DEVIATIONS = 2.0  # of a band: they hold 95.4 % of what is normal, so that 95 % hold where the deviation is a little off


@dataclass(frozen=True)
class LayerScale:
    """A layer's weights and biases as numbers: mean square of a weight, mean and variance of its biases, gain²."""

    weight_square: float
    bias_mean: float = 0.0
    bias_variance: float = 0.0
    gain_square: float = 1.0


@dataclass(frozen=True, eq=False)
class Prediction:
    """Per layer of weights, the first at the inputs; every array has shape (layers,).

    weight_variance: σ_w² (a weight's variance times the fan-in). variance: of what enters the activation.
    signal: mean square of what leaves the layer. similarity: mean cosine between two rows there.
    chi: factor of the mean squared gradient from this layer's pre-activations to those of the layer before;
    the first layer has none (NaN). log10_gradient: log10 of the root mean square gradient of a pre-activation,
    relative to the output layer, as expected at this width; deviation: its standard deviation at this width.
    """

    weight_variance: np.ndarray
    variance: np.ndarray
    signal: np.ndarray
    similarity: np.ndarray
    slope: np.ndarray
    chi: np.ndarray
    log10_gradient: np.ndarray
    deviation: np.ndarray
    assumption: str = INFINITE_WIDTH

    @property
    def depth_scale(self) -> float:
        """Layers after which the mean squared gradient has changed by a factor e, over the whole network."""
        kept = self.chi[1:-1] if len(self.chi) > 3 else self.chi[1:]
        mean = float(np.mean(np.log(kept))) if len(kept) and (kept > 0).all() else math.nan
        return math.inf if mean == 0.0 else 1.0 / abs(mean)

    def band(self, deviations: float = DEVIATIONS) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest log10 gradient expected of one network of this width."""
        return (
            self.log10_gradient - deviations * self.deviation,
            self.log10_gradient + deviations * self.deviation,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, ready for JSON."""
        names = (
            "weight_variance",
            "variance",
            "signal",
            "similarity",
            "slope",
            "chi",
            "log10_gradient",
            "deviation",
        )
        facts: dict[str, Any] = {name: [_plain(x) for x in getattr(self, name)] for name in names}
        return {**facts, "depth_scale": _plain(self.depth_scale), "assumption": self.assumption}


def predict(
    network: Network,
    inputs: Inputs = Inputs(),
    *,
    dropout: float = 0.0,
    scales: list[LayerScale] | None = None,
) -> Prediction:
    """Signals and gradients of a network that has not been trained.

    Args:
        network: its widths, activations, initial scale, normalisation and residual connections.
        inputs: the rows it is shown; by default standardised features of independent rows.
        dropout: share of hidden units dropped. scales: of the weights, by default those of the initial scale.

    >>> deep = Network((64, *[64] * 10, 10), (*["sigmoid"] * 10, "identity"), initial_scale="glorot_uniform")
    >>> bool(predict(deep).log10_gradient[0] < -5)  # ten sigmoid layers shrink gradients by more than 10⁵
    True
    """
    scales = scales or initial_scales(network)
    forward = _Forward(network, inputs, scales, dropout)
    factor, skipped = _backward(network, forward, dropout)
    chi = np.full(network.depth, np.nan)
    squares = np.ones(network.depth)
    for index in range(network.depth - 1, 0, -1):
        squares[index - 1] = squares[index] * factor[index - 1]
        chi[index] = factor[index - 1]
    ends = outputs(inputs.loss, network.widths[-1], forward.variance[-1], forward.pairs[-1].mean)
    places = _places(network, forward, skipped, inputs.rows, ends.alignment, dropout)
    sizes = _unequal(network, forward, inputs, dropout)
    noises = noises_of(places, inputs.rows, inputs.unequal, sizes)
    added, deviation = expected(*noises, inputs.unequal, sizes)
    if network.normalization is None and not network.residual and network.depth > 1:
        parts = _parts(network, forward, inputs, ends.pull, places)
        both = Together.of(parts, added, deviation, law(places, *noises, parts.leaked), ends.pulls)
        added, deviation = both.mean, both.deviation
    with np.errstate(divide="ignore"):
        centre = (np.log(squares) + added) / (2.0 * math.log(10.0))
    return Prediction(
        np.array([s.weight_square * n for s, n in zip(scales, network.widths, strict=False)]),
        np.array(forward.variance), np.array(forward.signal), np.array(forward.similarity),
        np.array(forward.slope), chi, centre, deviation / (2.0 * math.log(10.0)),
    )  # fmt: skip


def initial_scales(network: Network) -> list[LayerScale]:
    """The scales of the network's first weights and biases, from the catalog.

    One that adapts to data (LSUV) is taken as it is before it does; `scales_of` has what came of it.
    """
    row = catalog.initial_scale(network.initial_scale)
    found = []
    for index in range(network.depth):
        arguments = [float(width) for width in network.widths[index : index + 2]]
        biases = 0.0
        if row.bias == "critical":
            weight_variance, biases = critical_variances(catalog.activation(network.activations[index]))
            arguments.append(weight_variance)
        square = float(row(*arguments)) ** 2
        found.append(LayerScale(square, 0.0, square if row.bias == "uniform" else biases))
    return found


def scales_of(network: Network, theta: np.ndarray) -> list[LayerScale]:
    """The scales of the weights as they are."""
    found = []
    for layer in network.unpack(theta.astype(np.float64)):
        gain = float((layer["gain"] ** 2).mean()) if "gain" in layer else 1.0
        shift = layer["bias"] if "gain" not in layer else layer["shift"]
        found.append(
            LayerScale(float((layer["weight"] ** 2).mean()), float(shift.mean()), float(shift.var()), gain)
        )
    return found


def _known(name: str) -> Activation:
    row = catalog.activation(name)
    if row.kind != "elementwise":
        raise SettingsError(
            f"Theory and diagnosis know activations of one pre-activation each, and {row.title} is not one of them; "
            f"choose another activation."
        )
    return row


class _Forward:
    """Signals from the inputs to the outputs, and how alike those of two rows are."""

    def __init__(self, network: Network, inputs: Inputs, scales: list[LayerScale], dropout: float) -> None:
        self.network, self.rows = network, [_known(name) for name in network.activations]
        self.variance: list[float] = []
        self.shift: list[float] = []
        self.inverse: list[float] = []
        self.pairs: list[Pairs] = []
        self.signal: list[float] = []
        self.similarity: list[float] = []
        self.slope: list[float] = []
        self.scales = scales
        square, mean, pairs = inputs.mean_square, 0.0, inputs.pairs
        for index in range(network.depth):
            hidden = index < network.depth - 1
            self._enter(index, square, pairs, hidden)
            row, q, shift = self.rows[index], self.variance[index], self.shift[index]
            kept = 1.0 - dropout if hidden else 1.0
            own = moments.value(row, q, shift) / kept
            average = moments.mean(row, q, shift)
            self.slope.append(moments.slope(row, q, shift) / kept)
            carried = square if residual(network, index) else 0.0
            both = own + carried + (2.0 * average * mean if carried else 0.0)
            pairs = self._leave(index, pairs, own, carried, both)
            mean = average + (mean if carried else 0.0)
            square = both
            self.signal.append(square)
            self.similarity.append(pairs.mean if square > 0.0 else math.nan)

    def _enter(self, index: int, square: float, pairs: Pairs, hidden: bool) -> None:
        """Variance, mean and cosines between rows of what enters a layer's activation."""
        scale, normalization = self.scales[index], self.network.normalization if hidden else None
        weight = scale.weight_square * self.network.widths[index]
        if normalization is None:
            variance, inverse = weight * square + scale.bias_variance, 1.0
        else:
            spread = weight * square * (1.0 - pairs.mean if normalization == "batch" else 1.0)
            inverse = scale.gain_square / (spread + EPSILON)
            variance = spread * inverse + scale.bias_variance
        self.variance.append(variance if variance < _ENDLESS else math.inf)
        self.shift.append(scale.bias_mean)
        self.inverse.append(inverse)
        self.pairs.append(Pairs() if normalization == "batch" else self._entering(index, pairs))

    def _entering(self, index: int, pairs: Pairs) -> Pairs:
        """Two rows have their biases in common."""
        variance = self.variance[index]
        biases = self.scales[index].bias_variance / variance if 0.0 < variance < math.inf else 0.0
        return Pairs(biases + (1.0 - biases) * pairs.mean, (1.0 - biases) ** 2 * pairs.variance)

    def _leave(self, index: int, before: Pairs, own: float, carried: float, both: float) -> Pairs:
        """Cosines between rows of what leaves a layer, which strays the more the fewer units it has."""
        row, q, shift, pairs = self.rows[index], self.variance[index], self.shift[index], self.pairs[index]
        if not 0.0 < both < math.inf:
            return Pairs(math.nan, 0.0)
        past = (both - own - carried + carried * before.mean) / both  # what a skip carries is alike as it was

        def cosine(entering: float) -> float:
            return min(moments.product(row, q, entering, shift), own) / both + past

        return pairs.through(cosine, self.network.widths[index + 1])


def residual(network: Network, index: int) -> bool:
    """Whether a layer's input is added to its output."""
    last = index == network.depth - 1
    return network.residual and index > 0 and not last and network.widths[index] == network.widths[index + 1]


def _backward(network: Network, forward: _Forward, dropout: float) -> tuple[np.ndarray, np.ndarray]:
    """Factor of the mean squared gradient from layer l + 1 to layer l, and the share that comes past by a skip."""
    depth = network.depth
    factor, skipped = np.ones(depth), np.zeros(depth)
    gradient = 1.0  # mean squared gradient of a pre-activation of the layer at hand
    carried = 0.0  # that of what leaves the layer, where a skip carries it on
    for index in range(depth - 1, 0, -1):
        through = forward.scales[index].weight_square * network.widths[index + 1] * gradient
        past = carried if residual(network, index) else 0.0
        arriving = through + past
        skipped[index - 1] = past / arriving if arriving > 0.0 else 0.0
        following = arriving * forward.slope[index - 1] * forward.inverse[index - 1]
        factor[index - 1] = following / gradient if gradient > 0.0 else math.nan
        gradient, carried = following, arriving
        if 0.0 < gradient < 1e-200 or gradient > 1e200:
            carried, gradient = carried / gradient, 1.0
    return factor, skipped


def _places(
    network: Network, forward: _Forward, skipped: np.ndarray, rows: int, alignment: float, dropout: float
) -> list[Place | None]:
    """What a finite width acts on, layer by layer; the output layer adds nothing."""
    places: list[Place | None] = [None] * network.depth
    for index in range(network.depth - 2, -1, -1):
        place = Place(
            forward.rows[index], forward.variance[index], forward.shift[index], forward.pairs[index], alignment,
            network.widths[index + 1], float(skipped[index]), network.normalization, 1.0 - dropout,
        )  # fmt: skip
        places[index], alignment = place, place.alignment_before()
    return places


def _unequal(network: Network, forward: _Forward, inputs: Inputs, dropout: float) -> Unequal | None:
    """What unequal rows do; normalisation makes them equal, and with skips it is left to expansion."""
    if network.normalization is not None or network.residual:
        return None
    ways = [
        Way(forward.rows[index], scale.weight_square * network.widths[index], scale.bias_variance, scale.bias_mean,
            1.0 - dropout)
        for index, scale in enumerate(forward.scales[:-1])
    ]  # fmt: skip
    last, count = forward.scales[-1], network.widths[-1]

    def at_outputs(square: float) -> float:
        variance = last.weight_square * network.widths[-2] * square + last.bias_variance
        return gradient_square(inputs.loss, count, variance) if variance < _ENDLESS else math.inf

    return Unequal.of(ways, inputs.mean_square, inputs.sizes, at_outputs)


def _parts(
    network: Network, forward: _Forward, inputs: Inputs, pull: float, places: list[Place | None]
) -> Parts:
    """What a gradient is made of, layer by layer."""
    before = [inputs.mean_square, *forward.signal]
    passages = [
        Passage(
            forward.rows[index], forward.variance[index], network.widths[index + 1],
            forward.scales[index + 1].weight_square, network.widths[index], before[index], forward.signal[index],
            forward.pairs[index].average(lambda cosine: cosine**2) * place.alignment,
        )
        for index, place in enumerate(places) if place is not None
    ]  # fmt: skip
    return parts_of(passages, network.widths[-1], forward.variance[-1], pull)


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
