"""What the usual state of an architecture shows, for the rules: shares, scales, and what outputs can reach."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from osolgil.diagnosis import losses
from osolgil.engines.cpu.fleet import Task
from osolgil.engines.cpu.workspace import flat_slopes
from osolgil.formulas import catalog
from osolgil.mean_field import gaussian_mean
from osolgil.network import Network

if TYPE_CHECKING:
    from osolgil.diagnosis.examination import Examination

_REACH = np.linspace(-30.0, 30.0, 2401)


def saturated_share(found: Examination) -> np.ndarray:
    """Share (hidden layers,) of slopes below the activation's bound with standard inputs and usual weights."""
    network = found.case.network
    limits = flat_slopes(network)
    shares = []
    for index in range(network.depth - 1):
        row, limit = catalog.activation(network.activations[index]), limits[index]
        variance = float(found.standard.variance[index])

        def flat(x: np.ndarray, row: catalog.Activation = row, limit: float = float(limit)) -> np.ndarray:
            return np.where(np.abs(row.slope(x)) < limit, 1.0, 0.0)

        shares.append(gaussian_mean(flat, variance))
    return np.array(shares)


def dead_share(found: Examination) -> np.ndarray:
    """Share (hidden layers,) of units expected without slope on any row looked at.

    A unit of a layer in which rows have correlation c sees normal pre-activations around its own mean, of variance
    c q; it is dead where that lies so far on the flat side that none of the rows leaves it.
    """
    network, rows = found.case.network, found.before.rows
    shares = []
    for index in range(network.depth - 1):
        if not one_sided(network.activations[index]):
            shares.append(0.0)
            continue
        before = float(found.standard.similarity[index - 1]) if index else 0.0
        shares.append(dead_by_chance(0.0 if network.normalization == "batch" else before, rows))
    return np.array(shares)


def dead_by_chance(correlation: float, rows: int) -> float:
    """Share of units whose pre-activation is negative on all of `rows` rows that are alike to this correlation.

    >>> round(dead_by_chance(1.0, 100), 3), dead_by_chance(0.0, 100) < 1e-12
    (0.5, True)
    """
    common = min(max(correlation, 0.0), 1.0 - 1e-9)
    steepness = math.sqrt(common / (2.0 * (1.0 - common)))

    def all_negative(z: np.ndarray) -> np.ndarray:
        return np.array([(0.5 * math.erfc(steepness * x)) ** rows for x in z.ravel()]).reshape(z.shape)

    return gaussian_mean(all_negative, 1.0)


def one_sided(activation: str) -> bool:
    """Whether an activation is flat on one side only, so that a unit may die on it (flat on both is saturation)."""
    row = catalog.activation(activation)
    ends = [abs(float(np.asarray(row.slope(np.float64(x))))) < 1e-6 for x in (-20.0, 20.0)]
    return ends[0] != ends[1]


def usual_weights(network: Network, standard_scale: str) -> np.ndarray:
    """σ_w² (layers,) of the usual initial scale for the network's activation."""
    row = catalog.initial_scale(standard_scale)
    pairs = zip(network.widths, network.widths[1:], strict=False)
    return np.array([a * float(row(float(a), float(b))) ** 2 for a, b in pairs])


def output_floor(activation: str, task: Task) -> float:
    """Smallest mean training loss that outputs within the activation's range can reach; 0 where they reach all."""
    with np.errstate(all="ignore"):
        values = np.asarray(catalog.activation(activation)(_REACH), float)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    targets = task.targets[task.training].astype(np.float64)
    weights = None if task.weights is None else task.weights[task.training]
    if catalog.loss(task.loss).link == "log":
        with np.errstate(divide="ignore"):
            outputs = np.clip(np.log(targets), low, high)
    else:
        outputs = np.where(targets > 0.5, high, low) if task.classify else np.clip(targets, low, high)
    return losses.mean(task.loss, outputs, targets, weights)
