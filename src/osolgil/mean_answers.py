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

from osolgil.formulas._vocabulary import (
    absolute,
    exp,
    log,
    logsumexp_above,
    maximum,
    minimum,
    row_maximum,
    where,
)
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


def largest_and_excess(row):
    """The largest logit, and the logarithm of the sum of exponentials above it."""
    return row_maximum(row), logsumexp_above(row)


def probability(logit, largest, excess):
    """softmax of a row's logits."""
    return exp(logit - largest - excess)


def logarithm(mean):
    """log of a mean that may be 0."""
    return log(maximum(mean, 1e-300))


def probability_of_yes(logit):
    """1/(1 + exp(-z))"""
    e = exp(-absolute(logit))
    return where(logit >= 0.0, 1.0, e) / (1.0 + e)


def probability_of_no(logit):
    """1/(1 + exp(z)), small where the other is near 1."""
    e = exp(-absolute(logit))
    return where(logit >= 0.0, e, 1.0) / (1.0 + e)


def logit_of(yes, no):
    """log(p/(1 - p)) of mean probabilities."""
    return log(maximum(yes, 1e-300)) - log(maximum(no, 1e-300))


def power(logarithm):
    """exp, finite even far out."""
    return exp(minimum(logarithm, 700.0))


def itself(number):
    """A number as it is."""
    return number


_CLASSES = MeanAnswer((probability,), logarithm, largest_and_excess)
_LABELS = MeanAnswer((probability_of_yes, probability_of_no), logit_of)
_AMOUNTS = {"identity": MeanAnswer((itself,), itself), "log": MeanAnswer((power,), logarithm)}


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
