"""Networks as scikit-learn estimators: `DeepClassifier`, `DeepRegressor`, and `search` over their settings.

>>> import numpy as np
>>> X = np.linspace(-1.0, 1.0, 200).reshape(-1, 1)
>>> model = DeepClassifier(hidden=(16,), random_state=0).fit(X, np.abs(X[:, 0]) < 0.5)
>>> model.predict([[0.1], [0.9]]).tolist()
[True, False]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osolgil.estimators.classifier import DeepClassifier
from osolgil.estimators.regressor import DeepRegressor

if TYPE_CHECKING:
    from osolgil.estimators.saving import load
    from osolgil.estimators.searching import Search, search

__all__ = ["DeepClassifier", "DeepRegressor", "Search", "load", "search"]


def __getattr__(name: str) -> Any:
    """Import saving and searching when they are asked for: half of scikit-learn comes with the latter."""
    if name in ("Search", "search"):
        from osolgil.estimators import searching

        return getattr(searching, name)
    if name == "load":
        from osolgil.estimators import saving

        return saving.load
    raise AttributeError(f"module 'osolgil.estimators' has no attribute '{name}'", name=name)
