"""Probabilities that keep their word: of rows given 0.8, eight in ten should be right.

Temperature scaling divides every logit by one number (C. Guo, G. Pleiss, Y. Sun, K. Weinberger, arXiv:1706.04599,
section 4.2); isotonic regression bends each class's probability by a rising step curve and makes them sum to 1 again
(B. Zadrozny, C. Elkan 2002, section 4). Both are learned on rows the network did not train on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from osolgil.errors import DataError, SettingsError
from osolgil.sharpening import best_factor
from osolgil.spelling import hint

KINDS = ("temperature", "isotonic")
_TINY = 1e-12


class Temperature:
    """p ∝ p^(1/T) for classes; for labels each logit divided by T. One T for all, of the lowest validation loss.

    >>> Temperature(1.0, labels=False)(np.array([[0.25, 0.75]])).tolist()
    [[0.25, 0.75]]
    """

    def __init__(self, value: float, labels: bool) -> None:
        self.value, self.labels = value, labels

    @classmethod
    def fit(cls, shares: np.ndarray, targets: np.ndarray, weights: np.ndarray, labels: bool) -> Temperature:
        def loss(value: float) -> float:
            bent = cls(value, labels)(shares)
            surprise = -targets * np.log(np.maximum(bent, _TINY))
            if labels:
                surprise -= (1.0 - targets) * np.log(np.maximum(1.0 - bent, _TINY))
            return float(np.average(surprise.sum(axis=1), weights=weights))

        return cls(best_factor(loss, 4.0), labels)

    def __call__(self, shares: np.ndarray) -> np.ndarray:
        if self.value == 1.0:
            return shares
        logs = np.log(np.maximum(shares, 1e-300)) / self.value
        if self.labels:
            rest = np.log(np.maximum(1.0 - shares, 1e-300)) / self.value
            return 1.0 / (1.0 + np.exp(np.clip(rest - logs, -700, 700)))
        powers = np.exp(logs - logs.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def to_json(self) -> dict[str, Any]:
        return {"kind": "temperature", "value": self.value, "labels": self.labels}


class Isotonic:
    """A rising curve per class from given to observed shares: straight between `knots` = (given, observed)."""

    def __init__(self, knots: list[tuple[np.ndarray, np.ndarray]], labels: bool) -> None:
        self.knots, self.labels = knots, labels

    @classmethod
    def fit(cls, shares: np.ndarray, targets: np.ndarray, weights: np.ndarray, labels: bool) -> Isotonic:
        from sklearn.isotonic import IsotonicRegression

        knots = []
        for given, observed in zip(shares.T, targets.T, strict=True):
            curve = IsotonicRegression(y_min=0.0, y_max=1.0).fit(given, observed, sample_weight=weights)
            knots.append((curve.X_thresholds_, curve.y_thresholds_))
        return cls(knots, labels)

    def __call__(self, shares: np.ndarray) -> np.ndarray:
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
    kind: str, shares: np.ndarray, targets: np.ndarray, weights: np.ndarray | None, labels: bool
) -> Calibration:
    """Learn from the validation rows' probabilities and their one-hot classes or labels."""
    if len(shares) < 2:
        raise DataError("Calibration needs two validation rows or more; give more rows or validation_data.")
    counted = np.ones(len(shares)) if weights is None else weights
    return (Temperature if kind == "temperature" else Isotonic).fit(shares, targets, counted, labels)


def from_json(facts: dict[str, Any] | None) -> Calibration | None:
    """The calibration that `to_json` wrote."""
    if facts is None:
        return None
    if facts["kind"] == "temperature":
        return Temperature(float(facts["value"]), bool(facts["labels"]))
    return Isotonic([(np.array(x), np.array(y)) for x, y in facts["knots"]], bool(facts["labels"]))
