"""What a network must beat to be worth training: a constant answer and a linear model, both on the test rows."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from osolgil.data import Dataset

_LARGE = 20_000_000


class Baselines:
    """Fits the baselines in a thread of its own while the race runs."""

    def __init__(self, data: Dataset, seed: int) -> None:
        self._facts: dict[str, Any] = {}
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, args=(data, seed), daemon=True)
        self._thread.start()

    def _work(self, data: Dataset, seed: int) -> None:
        try:
            self._facts = measure(data, seed)
        except BaseException as error:
            self._failure = error

    def facts(self) -> dict[str, Any]:
        """Their names and test scores; waits until they are known."""
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        return self._facts


def measure(data: Dataset, seed: int) -> dict[str, Any]:
    """Test score of the most frequent class (or the mean) and of a linear model with its usual settings."""
    if data.task == "classification":
        counts = np.bincount(data.train.targets, minlength=data.outputs)
        constant = float(np.mean(data.test.targets == counts.argmax()))
        name, model = _classifier(data, seed)
        targets = data.train.targets
        baseline = "majority class"
    else:
        from sklearn.linear_model import Ridge

        test = data.test.targets.astype(float)
        spread = float(((test - test.mean()) ** 2).sum()) or 1.0
        constant = 1.0 - float(((test - data.train.targets.astype(float).mean()) ** 2).sum()) / spread
        name, model = "ridge regression", Ridge()
        targets = data.train.targets.ravel()
        baseline = "mean"
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings(), threadpool_limits(1, "blas"):  # the other cores train networks
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(data.train.inputs, targets)
    score = float(model.score(data.test.inputs, data.test.targets.ravel()))
    return {"baseline": {"name": baseline, "score": constant}, "linear": {"name": name, "score": score}}


def _classifier(data: Dataset, seed: int) -> tuple[str, Any]:
    from sklearn.linear_model import LogisticRegression, SGDClassifier

    if data.train.inputs.size > _LARGE:
        return "logistic regression (SGD)", SGDClassifier(loss="log_loss", average=True, random_state=seed)
    return "logistic regression", LogisticRegression(max_iter=500)
