"""From a network's outputs to what is answered: probabilities, and numbers in units of their own.

Every target stays within its limits, and quantiles never cross: each row's are sorted (V. Chernozhukov,
I. Fernández-Val, A. Galichon 2010).

>>> import numpy as np
>>> targets = (Target("length", 10.0, 2.0), Target("weight", 0.0, 1.0, (0.0, 5.0)))
>>> numbers(np.array([[1.0, 9.0]]), targets).tolist()
[[12.0, 5.0]]
>>> numbers(np.array([[0.5, 0.25]]), targets[:1], quantiles=(0.1, 0.9)).tolist()  # sorted: they had crossed
[[10.5, 11.0]]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Target:
    """A number to answer: output * scale + mean gives it in its own unit; limits, where it has any, bound it."""

    name: str
    mean: float
    scale: float
    limits: tuple[float, float] | None = None


def numbers(
    outputs: np.ndarray, targets: Sequence[Target], link: str = "identity", quantiles: Sequence[float] = ()
) -> np.ndarray:
    """The targets in their own units: (rows,), (rows, targets), (rows, quantiles) or (rows, targets, quantiles).

    outputs (rows, quantiles · targets), all targets of the first quantile first. link "log": exponentials are turned.
    """
    values = outputs.astype(np.float64).reshape(len(outputs), max(len(quantiles), 1), len(targets))
    with np.errstate(over="ignore"):
        if link == "log":
            values = np.minimum(np.exp(values), np.finfo(float).max)
        values = values * [target.scale for target in targets] + [target.mean for target in targets]
    for place, target in enumerate(targets):
        if target.limits is not None:
            np.clip(values[..., place], *target.limits, out=values[..., place])
    found = values[:, 0] if not quantiles else np.sort(values, axis=1)[:, ranks(quantiles)].swapaxes(1, 2)
    return found[:, 0] if len(targets) == 1 else found


def ranks(quantiles: Sequence[float]) -> list[int]:
    """Where each quantile's answer stands among a row's answers from low to high.

    >>> ranks((0.9, 0.1, 0.5))
    [2, 0, 1]
    """
    return np.argsort(np.argsort(quantiles, kind="stable"), kind="stable").tolist()


def shares_of(outputs: np.ndarray, labels: bool) -> np.ndarray:
    """Probabilities in float64 that logits (…, classes or labels) stand for: softmax, or each label's sigmoid.

    >>> shares_of(np.array([[0.0, 0.0], [1000.0, 0.0]]), labels=False).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    powers = outputs.astype(np.float64)
    if labels:
        from scipy.special import expit

        return expit(powers)
    powers -= powers.max(axis=-1, keepdims=True)
    np.exp(powers, out=powers)
    powers /= powers.sum(axis=-1, keepdims=True)
    return powers


def names(targets: Sequence[Target], quantiles: Sequence[float] = ()) -> list[str]:
    """A name per number answered, all quantiles of the first target first; of one number it is the target's.

    >>> names((Target("length", 0.0, 1.0),), (0.1, 0.9))
    ['length; quantile 0.1', 'length; quantile 0.9']
    """
    if not quantiles:
        return [target.name for target in targets]
    return [f"{target.name}; quantile {level:g}" for target in targets for level in quantiles]
