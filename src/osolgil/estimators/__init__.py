"""Networks as scikit-learn estimators: `DeepClassifier`, `DeepRegressor`, and `search` over their settings.

>>> import numpy as np
>>> X = np.linspace(-1.0, 1.0, 200).reshape(-1, 1)
>>> model = DeepClassifier(hidden=(16,), random_state=0).fit(X, np.abs(X[:, 0]) < 0.5)
>>> model.predict([[0.1], [0.9]]).tolist()
[True, False]
"""

from osolgil.estimators.classifier import DeepClassifier
from osolgil.estimators.regressor import DeepRegressor
from osolgil.estimators.saving import load
from osolgil.estimators.searching import Search, search

__all__ = ["DeepClassifier", "DeepRegressor", "Search", "load", "search"]
