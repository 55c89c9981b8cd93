"""defaults="table": what did best on tables, for every setting that is left as it is."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from sklearn.base import clone

from osolgil.tabular_defaults import TabularDefaults, tabular_defaults


def fit(estimator: Any, X: Any, y: Any, sample_weight: Any, validation_data: Any) -> Any:
    """Fit as `completed` says, and take over what that learned."""
    inner = completed(estimator, _task(estimator, y), _rows(X), validation_data is not None)
    inner.fit(X, y, sample_weight, validation_data)
    settings = set(estimator.get_params(deep=False))
    for name in [name for name in vars(estimator) if name not in settings]:
        delattr(estimator, name)
    vars(estimator).update({name: value for name, value in vars(inner).items() if name not in settings})
    estimator.settings_ = {name: getattr(inner, name) for name in sorted(settings - {"defaults"})}
    return estimator


def completed(estimator: Any, task: str, rows: int, validated: bool = False) -> Any:
    """A copy whose settings that stand at their defaults are those for a table of so many rows.

    validated: whether rows to validate on are given, so that folds need not leave any out.
    """
    usual = {p.name: p.default for p in inspect.signature(type(estimator)).parameters.values()}
    found = values(tabular_defaults(task, rows))
    if estimator.optimizer != usual["optimizer"]:
        found = {k: v for k, v in found.items() if k not in ("learning_rate", "hyperparameters")}
    asked = (getattr(estimator, name, None) for name in ("calibrate", "quantiles"))
    if validated or any(value is not None for value in asked):
        found["folds"] = False
    if rows < found["ensemble"]:
        found |= {"folds": False, "early_stopping": False}  # too few to leave any out
    free = {
        name: value
        for name, value in found.items()
        if name in usual and _same(getattr(estimator, name), usual[name])
    }
    inner: Any = clone(estimator)
    inner.set_params(defaults="plain", **free)
    if "loss" in free and not inner._folded():
        inner.set_params(loss=None)  # labels are smoothed only where folds can sharpen what that blurs
    return inner


def values(table: TabularDefaults) -> dict[str, Any]:
    """The table's choices under the names that estimators have for them."""
    return {
        **table.settings,
        "scaling": table.encoding.scaling,
        "numbers": table.encoding.numbers,
        "learning_rate": table.learning_rate,
        "hyperparameters": dict(table.hyperparameters),
        "ensemble": table.ensemble,
        "folds": table.folds,
        "early_stopping": table.keep != "last",
        "monitor": "loss" if table.keep.endswith("loss") else "score",
        "patience": table.patience,
        "clip_targets": table.clip_targets,
    }


def _same(value: Any, other: Any) -> bool:
    return value is other or (type(value) is type(other) and bool(np.all(value == other)))


def _task(estimator: Any, y: Any) -> str:
    if not hasattr(estimator, "predict_proba"):
        return "regression"
    return "multi-label" if len(np.shape(y)) == 2 and np.shape(y)[1] > 1 else "classification"


def _rows(X: Any) -> int:
    shape = getattr(X, "shape", None)
    return max(1, int(shape[0]) if shape else len(X))
