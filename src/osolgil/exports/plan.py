"""A trained model laid out for export: what every layer computes, in float64, without the engine.

>>> import numpy as np
>>> layer = Layer(np.eye(2), np.zeros(2), catalog.activation("relu"), moments=(np.ones(2), np.zeros(2)),
...               gain=np.ones(2), shift=np.zeros(2), normalization="batch")
>>> folded = layer.folded()
>>> folded.normalization, folded.bias.round(2).tolist()
(None, [-316.23, -316.23])
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from osolgil.answering import ranks
from osolgil.calibration import Isotonic, Temperature
from osolgil.engines.cpu.kernels import layout
from osolgil.exports import steps
from osolgil.formulas import catalog
from osolgil.formulas.catalog import Formula
from osolgil.mean_answers import MeanAnswer, mean_answer
from osolgil.model import Model


@dataclass(frozen=True, eq=False)
class Layer:
    """z = x · weight + bias, normalised, through the activation, and x added where it is residual.

    weight (inputs, units), bias, gain and shift (units,); units are the outputs times the activation's pieces.
    moments: batch normalisation's running mean and variance (units,). learned: the activation's parameter of every
    output, where it learns one.
    """

    weight: np.ndarray
    bias: np.ndarray
    activation: catalog.Activation
    normalization: str | None = None
    gain: np.ndarray | None = None
    shift: np.ndarray | None = None
    moments: tuple[np.ndarray, np.ndarray] | None = None
    learned: np.ndarray | None = None
    residual: bool = False

    @property
    def outputs(self) -> int:
        """How many values the layer passes on."""
        return len(self.bias) // self.activation.pieces

    def folded(self) -> Layer:
        """The same layer with batch normalisation, which is a straight line by now, in its weights."""
        if self.normalization != "batch":
            return self
        assert self.moments is not None
        assert self.gain is not None
        assert self.shift is not None
        mean, variance = self.moments
        factor = self.gain / np.sqrt(variance + layout.EPSILON)
        return replace(
            self, weight=self.weight * factor, bias=(self.bias - mean) * factor + self.shift, normalization=None,
            gain=None, shift=None, moments=None,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Plan:
    """What every exported file computes, in the order of computing: `columns.Numbers` says how features come about.

    networks: the layers of every network, which differ in their numbers only. groups: they stand in so many groups,
    one per quantile, whose outputs stand side by side. mean: how the outputs of a group's networks become one; None
    where it has one only. answer: the formulas that make a number of the target's own unit of an output, each with its
    further arguments, one per target (targets,); () where classes or labels are answered. order: where a quantile's
    answer stands among a target's answers from low to high; () without quantiles. flat: whether it is one number.
    factor, curves: what calibration multiplies outputs by, and the curves it bends probabilities with.
    """

    networks: tuple[tuple[Layer, ...], ...]
    groups: int
    mean: MeanAnswer | None
    answer: tuple[tuple[Formula, tuple[np.ndarray, ...]], ...]
    order: tuple[int, ...]
    flat: bool
    factor: float | None
    curves: Curves | None

    @property
    def members(self) -> int:
        """How many networks a group has."""
        return len(self.networks) // self.groups

    def number(self, output: str, target: int = 0) -> str:
        """The answer's formulas as a text of calls, the same in Python and C."""
        for formula, values in self.answer:
            own = [repr(float(value[target])) for value in values]
            output = f"{formula.__name__}({', '.join([output, *own])})"
        return output


@dataclass(frozen=True, eq=False)
class Curves:
    """A rising curve per class: `first` (classes,) and the rises of its pieces, those from ends[c] to ends[c + 1].

    pieces (pieces, 3): start, width and rise, as `steps.risen` takes them. shared: whether what they give is divided
    by its sum, as probabilities of classes are.
    """

    first: np.ndarray
    pieces: np.ndarray
    ends: np.ndarray
    shared: bool

    @classmethod
    def of(cls, calibration: Isotonic) -> Curves:
        """The same curves, piece by piece."""
        pieces = [
            np.column_stack([given[:-1], np.diff(given), np.diff(observed)])
            for given, observed in calibration.knots
        ]
        return cls(
            np.array([observed[0] for _, observed in calibration.knots]),
            np.vstack([np.empty((0, 3)), *pieces]),
            np.cumsum([0, *map(len, pieces)]),
            not calibration.labels,
        )


def plan_of(model: Model) -> Plan:
    """The plan of a model."""
    groups, calibration = max(len(model.quantiles), 1), model.calibration
    return Plan(
        tuple(tuple(_layers(model, *member)) for member in model.members),
        groups,
        mean_answer(model.task, model.link) if len(model.members) > groups else None,
        () if model.class_names is not None else _answer(model),
        tuple(ranks(model.quantiles)),
        len(model.targets) == 1 and not model.quantiles,
        1.0 / calibration.value if isinstance(calibration, Temperature) else None,
        Curves.of(calibration) if isinstance(calibration, Isotonic) else None,
    )


def _answer(model: Model) -> tuple[tuple[Formula, tuple[np.ndarray, ...]], ...]:
    targets = model.targets
    far = float(np.finfo(float).max)
    limits = [(-far, far) if target.limits is None else target.limits for target in targets]
    found: list[tuple[Formula, tuple[np.ndarray, ...]]] = []
    found += [(steps.exponential, ())] if model.link == "log" else []
    found += [(steps.in_unit, (np.array([t.scale for t in targets]), np.array([t.mean for t in targets])))]
    bounded = any(target.limits is not None for target in targets)
    return (*found, *([(steps.within, tuple(np.array(limits).T))] if bounded else []))


def _layers(model: Model, parameters: np.ndarray, running: np.ndarray) -> list[Layer]:
    network = model.network
    averages = network.unpack_running(running.astype(np.float64))
    found = []
    for place, values in enumerate(network.unpack(parameters.astype(np.float64))):
        row = network.table[place]
        activation = catalog.activation(network.activations[place])
        found.append(
            Layer(
                values["weight"], values["bias"], activation,
                network.normalization if row[layout.NORMALIZATION] else None,
                values.get("gain"), values.get("shift"), averages.get(place),
                values[activation.learned] if activation.learned else None,
                bool(row[layout.RESIDUAL]),
            )
        )  # fmt: skip
    return found
