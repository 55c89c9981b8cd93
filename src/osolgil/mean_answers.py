"""The mean answer of several networks, as formulas: NumPy, and every exported file, compute it from this text.

Averaged is what a user sees: probabilities of classes and labels, numbers in the target's own unit. The result is
written as one network would: logarithms of the mean probabilities, logits, or with link "log" the logarithm of the
mean. Means below 1e-300 count as 1e-300, so that every logarithm is a number.

>>> import numpy as np
>>> combined(np.log([[[0.5, 0.5]], [[0.9, 0.1]]]), "classification").round(3).tolist()
[[-0.357, -1.204]]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from osolgil.formulas._vocabulary import exp, log, maximum, minimum
from osolgil.formulas.activations import identity, log_sigmoid, sigmoid, softmax
from osolgil.formulas.catalog import Formula


@dataclass(frozen=True)
class MeanAnswer:
    """How outputs of several networks become one.

    parts: formulas of one network's output, whose means over the networks are taken. statistic: formula of a
    network's whole row of outputs, whose numbers are further arguments of every part. output: formula of the means.
    """

    parts: tuple[Formula, ...]
    output: Formula
    statistic: Formula | None = None


def logarithm(mean):
    """log of a mean that may be 0."""
    return log(maximum(mean, 1e-300))


def logit_of(yes, no):
    """log(p/(1 - p)) of mean probabilities."""
    return log(maximum(yes, 1e-300)) - log(maximum(no, 1e-300))


def power(logarithm):
    """exp, finite even far out."""
    return exp(minimum(logarithm, 700.0))


_CLASSES = MeanAnswer((softmax.formula,), logarithm, softmax.statistic)
_LABELS = MeanAnswer((sigmoid.formula, log_sigmoid.slope), logit_of)  # yes, and no: small where yes is near 1
_AMOUNTS = {
    "identity": MeanAnswer((identity.formula,), identity.formula),
    "log": MeanAnswer((power,), logarithm),
}


def mean_answer(task: str, link: str = "identity") -> MeanAnswer:
    """The formulas for a task, "classification", "multi-label" or "regression", whose link is "identity" or "log"."""
    return {"classification": _CLASSES, "multi-label": _LABELS}.get(task) or _AMOUNTS[link]


def combined(outputs: np.ndarray, task: str, link: str = "identity") -> np.ndarray:
    """The outputs (rows, outputs) of the mean answer of several networks, given theirs (networks, rows, outputs)."""
    if len(outputs) == 1:
        return outputs[0]
    answer, values = mean_answer(task, link), outputs.astype(np.float64)
    numbers = [] if answer.statistic is None else [part[..., None] for part in answer.statistic(values)]
    means = [part(values, *numbers).mean(axis=0) for part in answer.parts]
    return answer.output(*means).astype(outputs.dtype)
