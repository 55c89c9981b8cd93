"""`DeepClassifier`: a deep network for classes, or for several labels per row."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from osolgil.answering import shares_of
from osolgil.errors import SettingsError
from osolgil.estimators import answers
from osolgil.estimators.answers import Labels
from osolgil.estimators.base import DeepEstimator
from osolgil.estimators.preparation import Rows
from osolgil.estimators.settings import documented
from osolgil.mean_answers import combined


@documented
class DeepClassifier(ClassifierMixin, DeepEstimator):
    """A deep feedforward network that tells classes apart, as a scikit-learn estimator.

    Rows of y of 0 and 1, (rows, labels), are several labels per row; all else is one class per row. Texts,
    categories, dates and gaps in a table are read as they are.

    Args:
        {settings}
        class_weight: None, "balanced", or the weight of every class, {"spam": 2.0, "ham": 1.0}.
        calibrate: "temperature" or "isotonic" makes `predict_proba` keep its word, as measured on validation rows.

    Attributes:
        classes_: as sorted. loss_curve_, validation_losses_, validation_scores_: per epoch; best_epoch_, n_iter_.
        network_: the shape. race_: the `Verdict` with optimizer="race". n_features_in_, feature_names_in_.

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = DeepClassifier(hidden=(16,), random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.9
    True
    """

    def __init__(
        self,
        hidden: Any = (64, 64),
        activation: Any = "relu",
        *,
        normalization: str | None = None,
        residual: bool = False,
        dropout: float = 0.0,
        initial_scale: str | None = None,
        loss: Any = None,
        optimizer: Any = "adam",
        race: dict[str, Any] | None = None,
        learning_rate: float | None = None,
        hyperparameters: dict[str, float] | None = None,
        schedule: str = "constant",
        batch_size: int | None = None,
        epochs: int | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
        weight_decay: float = 0.0,
        clip_norm: float = 0.0,
        precision: str = "float32",
        class_weight: Any = None,
        calibrate: str | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        monitor: str = "loss",
        patience: int = 10,
        tolerance: float = 0.0,
        ensemble: int = 1,
        folds: bool = False,
        numeric: str = "auto",
        scaling: str = "standard",
        numbers: str = "plain",
        categories: bool = True,
        missing: str = "fill",
        warm_start: bool = False,
        callbacks: Any = None,
        progress: bool | str = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        defaults: str = "plain",
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.normalization = normalization
        self.residual = residual
        self.dropout = dropout
        self.initial_scale = initial_scale
        self.loss = loss
        self.optimizer = optimizer
        self.race = race
        self.learning_rate = learning_rate
        self.hyperparameters = hyperparameters
        self.schedule = schedule
        self.batch_size = batch_size
        self.epochs = epochs
        self.l1 = l1
        self.l2 = l2
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.precision = precision
        self.class_weight = class_weight
        self.calibrate = calibrate
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.monitor = monitor
        self.patience = patience
        self.tolerance = tolerance
        self.ensemble = ensemble
        self.folds = folds
        self.numeric = numeric
        self.scaling = scaling
        self.numbers = numbers
        self.categories = categories
        self.missing = missing
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.progress = progress
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.defaults = defaults

    def predict(self, X: Any) -> np.ndarray:
        """The most likely class of every row (rows,), or each label's 0 or 1 (rows, labels)."""
        return self._answers_of(self._probabilities(X))

    def predict_proba(self, X: Any, return_std: bool = False) -> Any:
        """Probability of every class (rows, classes) or label (rows, labels), in the order of `classes_`.

        return_std: also their standard deviation over the networks of an ensemble, before calibration: how far
        networks that differ by chance alone disagree on the row.
        """
        if not return_std:
            return self._probabilities(X)
        check_is_fitted(self)
        if len(self._predictors[0]) < 2:
            raise SettingsError("return_std compares the networks of an ensemble; set ensemble=2 or more.")
        both = self._blocks(X, self._shares_and_spread)
        return both[:, 0], both[:, 1]

    def _probabilities(self, X: Any) -> np.ndarray:
        return self._blocks(X, lambda features: self._shares(self._outputs(features)))

    def _answers_of(self, shares: np.ndarray) -> np.ndarray:
        return self._answers.decode(shares)

    def _shares(self, outputs: np.ndarray) -> np.ndarray:
        """Probabilities (rows, classes) of all networks' outputs (networks, rows, classes)."""
        if self._calibration is not None:
            return self._calibration(combined(outputs.astype(np.float64), self._answers.task))
        members = shares_of(outputs, self._answers.multilabel)
        return members[0] if len(members) == 1 else members.mean(axis=0)

    def _shares_and_spread(self, features: np.ndarray) -> np.ndarray:
        """Both (rows, 2, classes)."""
        outputs = self._outputs(features)
        spread = shares_of(outputs, self._answers.multilabel).std(axis=0)
        return np.stack([self._shares(outputs), spread], axis=1)

    def _read_answers(self, y: Any, rows: int) -> np.ndarray:
        return answers.read_labels(y, rows)

    def _learn_answers(self, y: np.ndarray, rows: Rows, final: bool = True) -> Labels:
        counted = y if rows.weights is None else y[rows.weights > 0]
        found = Labels.learn(counted)
        if not found.multilabel and found.outputs < 2:
            raise _one_class(found.classes)
        return found

    def _row_weights(self, y: np.ndarray, weights: Any) -> np.ndarray | None:
        given = answers.read_weights(weights, len(y))
        by_class = answers.class_weights(self.class_weight, y)
        if given is None or by_class is None:
            return by_class if given is None else given
        return given * by_class

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _one_class(classes: np.ndarray) -> ValueError:
    from osolgil.errors import DataError

    return DataError(
        f"Every row has the same class '{classes[0]}', which is 1 class; a classifier needs two classes."
    )
