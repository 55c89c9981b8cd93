"""A network's shape and the layout of its one flat parameter vector.

>>> network = Network((2, 8, 1), ("tanh", "identity"))
>>> network.size
33
>>> [layer["weight"].shape for layer in network.unpack(network.initial(seed=0))]
[(2, 8), (8, 1)]
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from osolgil.engines.cpu.kernels import layout
from osolgil.errors import SettingsError
from osolgil.formulas import catalog
from osolgil.formulas.states import Block
from osolgil.initialization import draw
from osolgil.spelling import hint

Normalization = Literal["layer", "batch"]
_NORMALIZATIONS = {None: layout.NO_NORMALIZATION, "layer": layout.LAYER_NORMALIZATION, "batch": layout.BATCH_NORMALIZATION}  # noqa: E501  # fmt: skip


@dataclass(frozen=True)
class Network:
    """A deep feedforward network: inputs, hidden layers, outputs.

    `widths` counts the inputs, every hidden layer's units and the outputs; `activations` names one activation
    per layer of weights. Hidden layers may be normalised ("layer" or "batch", after the weights and before the
    activation), and `residual` adds a hidden layer's input to its output wherever the two are equally wide
    (K. He et al., arXiv:1512.03385). Weights start at `initial_scale`, biases at 0, gains at 1.
    """

    widths: tuple[int, ...]
    activations: tuple[str, ...]
    normalization: Normalization | None = None
    residual: bool = False
    initial_scale: str = "he_normal"

    def __post_init__(self) -> None:
        if len(self.widths) < 2 or any(int(width) != width or width < 1 for width in self.widths):
            raise SettingsError(
                f"A network's widths must be two or more whole numbers from 1 up, not {self.widths}."
            )
        if len(self.activations) != self.depth:
            raise SettingsError(
                f"{self.depth} layers need {self.depth} activations, but {len(self.activations)} are given."
            )
        if self.normalization not in _NORMALIZATIONS:
            near = hint(self.normalization, ("layer", "batch", "none"))
            raise SettingsError(
                f"Normalisation is 'layer', 'batch' or none, not '{self.normalization}'.{near}"
            )
        for name in self.activations:
            catalog.activation(name)
        catalog.initial_scale(self.initial_scale)

    @property
    def depth(self) -> int:
        """Number of layers of weights."""
        return len(self.widths) - 1

    @cached_property
    def table(self) -> np.ndarray:
        """The kernels' view of the network: int64 (layers, LAYER_COLUMNS), without addresses and workspace."""
        table = np.full((self.depth, layout.LAYER_COLUMNS), -1, np.int64)
        place, running = 0, 0
        for index in range(self.depth):
            inputs, outputs = self.widths[index : index + 2]
            hidden = index < self.depth - 1
            row = table[index]
            activation = catalog.activation(self.activations[index])
            units = activation.pieces * outputs
            row[layout.INPUTS], row[layout.OUTPUTS], row[layout.UNITS] = inputs, outputs, units
            row[layout.PIECES], row[layout.KIND] = activation.pieces, _kind(activation)
            row[layout.WEIGHT], row[layout.BIAS] = place, place + inputs * units
            place += (inputs + 1) * units
            row[layout.NORMALIZATION] = _NORMALIZATIONS[self.normalization] if hidden else 0
            row[layout.RESIDUAL] = int(self.residual and hidden and index > 0 and inputs == outputs)
            if row[layout.NORMALIZATION]:
                row[layout.GAIN], row[layout.SHIFT] = place, place + units
                place += 2 * units
            if row[layout.NORMALIZATION] == layout.BATCH_NORMALIZATION:
                row[layout.RUNNING] = running
                running += 2 * units
            if row[layout.KIND] == layout.LEARNING:
                row[layout.LEARNED] = place
                place += outputs
        return table

    @property
    def size(self) -> int:
        """Number of trainable parameters."""
        last = self.table[-1]
        return int(
            last[layout.BIAS] + last[layout.UNITS] + (last[layout.LEARNED] >= 0) * last[layout.OUTPUTS]
        )

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Every weight, bias, gain, shift and learned slope as a part of the flat parameter vector, in its order."""
        blocks = []
        for row in self.table:
            inputs, units = int(row[layout.INPUTS]), int(row[layout.UNITS])
            blocks.append(Block(int(row[layout.WEIGHT]), inputs, units, matrix=True))
            places = [
                row[layout.BIAS],
                *([row[layout.GAIN], row[layout.SHIFT]] if row[layout.NORMALIZATION] else ()),
            ]
            blocks += [Block(int(place), 1, units) for place in places]
            if row[layout.LEARNED] >= 0:
                blocks.append(Block(int(row[layout.LEARNED]), 1, int(row[layout.OUTPUTS])))
        return tuple(blocks)

    @property
    def running_size(self) -> int:
        """Number of running averages that batch normalisation keeps."""
        return int(sum(2 * row[layout.UNITS] for row in self.table if row[layout.RUNNING] >= 0))

    def operations(self, rows: int) -> int:
        """Floating-point operations of matrix products in one training step on `rows` rows."""
        products = [int(row[layout.INPUTS] * row[layout.UNITS]) for row in self.table]
        return 2 * rows * (3 * sum(products) - products[0])

    def initial(self, seed: int, precision: str = "float32") -> np.ndarray:
        """First parameters (size,) that belong to a seed: each layer's from the seed and the layer's number alone.

        A scale that adapts to data (LSUV) is completed by `osolgil.engines.cpu.calibration`.
        """
        theta = np.zeros(self.size, precision)
        scale = catalog.initial_scale(self.initial_scale)
        for index, layer in enumerate(self.unpack(theta)):
            random = np.random.default_rng([seed, index])
            activation = catalog.activation(self.activations[index])
            inputs, units = layer["weight"].shape
            layer["weight"][...], bias = draw(scale, inputs, units, random, activation)
            if bias is not None:
                layer["bias"][...] = bias
            if "gain" in layer:
                layer["gain"][...] = 1.0
            if activation.learned is not None:
                layer[activation.learned][...] = activation.settings[activation.learned]
        return theta

    def initial_running(self, precision: str = "float32") -> np.ndarray:
        """First running averages: mean 0, variance 1."""
        running = np.zeros(max(self.running_size, 1), precision)
        for row in self.table:
            if row[layout.RUNNING] >= 0:
                start = row[layout.RUNNING] + row[layout.UNITS]
                running[start : start + row[layout.UNITS]] = 1.0
        return running

    def unpack(self, theta: np.ndarray) -> list[dict[str, np.ndarray]]:
        """Views into a parameter vector, a dictionary per layer: weight (inputs, units), bias, gain, shift (units,).

        Units are outputs times the activation's pieces: column k · j + i is piece i of output j. A parameter that the
        activation learns (outputs,) stands under its own name.
        """
        layers = []
        for row, name in zip(self.table, self.activations, strict=True):
            inputs, outputs = int(row[layout.INPUTS]), int(row[layout.UNITS])
            start = int(row[layout.WEIGHT])
            layer = {
                "weight": theta[start : start + inputs * outputs].reshape(inputs, outputs),
                "bias": theta[row[layout.BIAS] : row[layout.BIAS] + outputs],
            }
            if row[layout.NORMALIZATION]:
                layer["gain"] = theta[row[layout.GAIN] : row[layout.GAIN] + outputs]
                layer["shift"] = theta[row[layout.SHIFT] : row[layout.SHIFT] + outputs]
            learned = catalog.activation(name).learned
            if learned is not None:
                layer[learned] = theta[row[layout.LEARNED] : row[layout.LEARNED] + row[layout.OUTPUTS]]
            layers.append(layer)
        return layers

    def unpack_running(self, running: np.ndarray) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """Views into the running averages: mean and variance (outputs,) by layer that keeps them."""
        parts = {}
        for index, row in enumerate(self.table):
            if row[layout.RUNNING] >= 0:
                start, outputs = int(row[layout.RUNNING]), int(row[layout.UNITS])
                parts[index] = (
                    running[start : start + outputs],
                    running[start + outputs : start + 2 * outputs],
                )
        return parts

    def to_dict(self) -> dict[str, Any]:
        """Everything that makes the network, ready for JSON."""
        return {
            "widths": list(self.widths),
            "activations": list(self.activations),
            "normalization": self.normalization,
            "residual": self.residual,
            "initial_scale": self.initial_scale,
        }

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> Network:
        """The network `to_dict` describes."""
        return cls(
            tuple(facts["widths"]),
            tuple(facts["activations"]),
            facts.get("normalization"),
            bool(facts.get("residual", False)),
            facts.get("initial_scale", "he_normal"),
        )


def _kind(activation: catalog.Activation) -> int:
    if activation.kind == "row-wise":
        return layout.ROW_WISE
    if activation.kind == "pieces":
        return layout.IN_PIECES
    if activation.learned is not None:
        return layout.LEARNING
    return layout.RANDOM if activation.random else layout.ELEMENTWISE
