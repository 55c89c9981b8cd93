"""First parameters that depend on data: layer-sequential unit variance (D. Mishkin, J. Matas, arXiv:1511.06422)."""

from __future__ import annotations

import math

import numpy as np

from osolgil.engines.cpu.kernels import layout
from osolgil.formulas import catalog
from osolgil.network import Network

ROWS = 256


def first_parameters(network: Network, seed: int, precision: str, inputs: np.ndarray) -> np.ndarray:
    """The parameters (size,) a run of this seed starts with, in float32 or float64.

    inputs: rows (rows, features) for scales that adapt to data; their first 256 are used, by others none.
    """
    theta = network.initial(seed, precision)
    if catalog.initial_scale(network.initial_scale).adapts_to_data:
        _calibrate(network, theta, np.ascontiguousarray(inputs[:ROWS], precision))
    return theta


def _calibrate(network: Network, theta: np.ndarray, rows: np.ndarray) -> None:
    """Divide each layer's weights so that its outputs, before normalisation and activation, have variance 1."""
    layers = network.unpack(theta)
    for depth, layer in enumerate(layers):
        variance = _variance(_outputs(network, theta, depth, rows))
        if 0.0 < variance < math.inf:
            layer["weight"] /= theta.dtype.type(math.sqrt(variance))


def _outputs(network: Network, theta: np.ndarray, depth: int, rows: np.ndarray) -> np.ndarray:
    """What layer `depth` makes of the rows before its activation: the outputs of the network up to there."""
    from osolgil.engines.cpu.fleet import outputs

    units = int(network.table[depth, layout.UNITS])
    part = Network(
        (*network.widths[: depth + 1], units),
        (*network.activations[:depth], "identity"),
        network.normalization,
        network.residual,
    )
    return outputs(part, theta[: part.size], part.initial_running(theta.dtype.name), rows)


def _variance(values: np.ndarray) -> float:
    """Exactly summed, so that it is the same on every processor."""
    exact = values.astype(np.float64).ravel()
    if not np.isfinite(exact).all():
        return math.nan
    mean = math.fsum(exact) / exact.size
    return math.fsum((exact - mean) ** 2) / exact.size
