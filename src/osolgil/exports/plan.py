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

    networks: the layers of every network, which differ in their numbers only. mean: how the outputs of several
    networks become one; None for one network. answer: the formulas that make a number of the target's own unit of
    the output, each with its further arguments; () where classes or labels are answered.
    """

    networks: tuple[tuple[Layer, ...], ...]
    mean: MeanAnswer | None
    answer: tuple[tuple[Formula, tuple[float, ...]], ...]

    def number(self, output: str) -> str:
        """The answer's formulas as a text of calls, the same in Python and C."""
        for formula, values in self.answer:
            output = f"{formula.__name__}({', '.join([output, *map(repr, values)])})"
        return output


def plan_of(model: Model) -> Plan:
    """The plan of a model."""
    answer: list[tuple[Formula, tuple[float, ...]]] = []
    if model.class_names is None:
        answer += [(steps.exponential, ())] if model.link == "log" else []
        answer += [(steps.in_unit, (model.target_scale, model.target_mean))]
        answer += [] if model.target_limits is None else [(steps.within, model.target_limits)]
    return Plan(
        tuple(tuple(_layers(model, *member)) for member in model.members),
        mean_answer(model.task, model.link) if model.others else None,
        tuple(answer),
    )


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
