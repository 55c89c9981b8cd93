"""Probabilities that keep their word: of rows given 0.8, eight in ten should be right.

Temperature scaling divides every logit by one number (C. Guo, G. Pleiss, Y. Sun, K. Weinberger, arXiv:1706.04599,
section 4.2); isotonic regression bends each class's probability by a rising step curve and makes them sum to 1 again
(B. Zadrozny, C. Elkan 2002, section 4). Both are learned on rows the network did not train on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from osolgil.answering import shares_of
from osolgil.errors import DataError, SettingsError
from osolgil.sharpening import best_factor
from osolgil.spelling import hint

KINDS = ("temperature", "isotonic")
_TINY = 1e-12


class Temperature:
    """Every logit divided by T, one for all, of the lowest validation loss: p ∝ p^(1/T) for classes.

    >>> Temperature(2.0, labels=True)(np.log([[9.0, 1.0]])).round(12).tolist()  # odds of 9 to 1 become 3 to 1
    [[0.75, 0.5]]
    """

    def __init__(self, value: float, labels: bool) -> None:
        self.value, self.labels = value, labels

    @classmethod
    def fit(cls, outputs: np.ndarray, targets: np.ndarray, weights: np.ndarray, labels: bool) -> Temperature:
        def loss(value: float) -> float:
            bent = cls(value, labels)(outputs)
            surprise = -targets * np.log(np.maximum(bent, _TINY))
            if labels:
                surprise -= (1.0 - targets) * np.log(np.maximum(1.0 - bent, _TINY))
            return float(np.average(surprise.sum(axis=1), weights=weights))

        return cls(best_factor(loss, 4.0), labels)

    def __call__(self, outputs: np.ndarray) -> np.ndarray:
        """Probabilities (rows, classes or labels) in float64 for logits of the same shape."""
        return shares_of(outputs.astype(np.float64) / self.value, self.labels)

    def to_json(self) -> dict[str, Any]:
        return {"kind": "temperature", "value": self.value, "labels": self.labels}


class Isotonic:
    """A rising curve per class from given to observed shares: straight between `knots` = (given, observed).

    A class or label that no validation row has, or that all have, keeps its probabilities: nothing is known of them.
    """

    def __init__(self, knots: list[tuple[np.ndarray, np.ndarray]], labels: bool) -> None:
        self.knots, self.labels = knots, labels

    @classmethod
    def fit(cls, outputs: np.ndarray, targets: np.ndarray, weights: np.ndarray, labels: bool) -> Isotonic:
        from sklearn.isotonic import IsotonicRegression

        shares, knots = shares_of(outputs, labels), []
        for given, observed in zip(shares.T, targets.T, strict=True):
            if not 0 < np.average(observed, weights=weights) < 1:
                knots.append((np.array([0.0, 1.0]), np.array([0.0, 1.0])))
                continue
            curve = IsotonicRegression(y_min=0.0, y_max=1.0).fit(given, observed, sample_weight=weights)
            knots.append((curve.X_thresholds_, curve.y_thresholds_))
        return cls(knots, labels)

    def __call__(self, outputs: np.ndarray) -> np.ndarray:
        """Probabilities (rows, classes or labels) in float64 for logits of the same shape."""
        shares = shares_of(outputs, self.labels)
        bent = np.column_stack(
            [np.interp(given, *curve) for given, curve in zip(shares.T, self.knots, strict=True)]
        )
        if self.labels:
            return bent
        total = bent.sum(axis=1, keepdims=True)
        return np.where(total > 0, bent / np.where(total > 0, total, 1.0), shares)

    def to_json(self) -> dict[str, Any]:
        knots = [[given.tolist(), observed.tolist()] for given, observed in self.knots]
        return {"kind": "isotonic", "knots": knots, "labels": self.labels}


Calibration = Temperature | Isotonic


def check_kind(kind: Any) -> None:
    """None, "temperature" or "isotonic"."""
    if kind is not None and kind not in KINDS:
        raise SettingsError(f"calibrate is temperature, isotonic or None, not {kind!r}.{hint(kind, KINDS)}")


def fit_calibration(
    kind: str, outputs: np.ndarray, targets: np.ndarray, weights: np.ndarray | None, labels: bool
) -> Calibration:
    """Learn from the validation rows' logits and their one-hot classes or labels."""
    if len(outputs) < 2:
        raise DataError("Calibration needs two validation rows or more; give more rows or validation_data.")
    counted = np.ones(len(outputs)) if weights is None else weights
    return (Temperature if kind == "temperature" else Isotonic).fit(outputs, targets, counted, labels)


def from_json(facts: dict[str, Any] | None, outputs: int) -> Calibration | None:
    """The calibration of so many classes or labels that `to_json` wrote; ValueError where it is of no use."""
    if facts is None:
        return None
    if facts["kind"] == "temperature":
        value = float(facts["value"])
        if not 0.0 < value < float("inf"):
            raise ValueError(f"its temperature is {value}")
        return Temperature(value, bool(facts["labels"]))
    knots = [(np.array(x, float), np.array(y, float)) for x, y in facts["knots"]]
    if len(knots) != outputs:
        raise ValueError("its calibration does not fit its network")
    if not all(x.ndim == 1 and x.shape == y.shape and len(x) and (np.diff(x) > 0).all() for x, y in knots):
        raise ValueError("its calibration's knots do not rise")
    return Isotonic(knots, bool(facts["labels"]))
