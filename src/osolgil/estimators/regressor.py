"""`DeepRegressor`: a deep network for numbers, one or several, or for their quantiles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from osolgil.answering import ranks
from osolgil.errors import SettingsError
from osolgil.estimators import answers
from osolgil.estimators.answers import Amounts
from osolgil.estimators.base import DeepEstimator
from osolgil.estimators.preparation import Rows
from osolgil.estimators.settings import documented
from osolgil.race.settings import RaceSettings


@documented
class DeepRegressor(RegressorMixin, DeepEstimator):
    """A deep feedforward network that predicts numbers, as a scikit-learn estimator.

    y is (rows,) or (rows, targets). Targets are standardised for the network and given back in their own unit. With
    a loss of counts or amounts (poisson, gamma, tweedie) the network gives logarithms, and predictions are positive.

    Args:
        {settings}
        quantiles: (0.1, 0.5, 0.9) predicts these quantiles of the answer in place of its mean, each by networks of
            its own under the pinball loss (R. Koenker, G. Bassett 1978); they never cross, being sorted row by row
            (V. Chernozhukov, I. Fernández-Val, A. Galichon 2010). With optimizer="race" each has a race of its own,
            and `race_` is a tuple of their verdicts.
        clip_targets: whether predictions stay within the range of the training targets.

    Attributes:
        loss_curve_, validation_losses_, validation_scores_: per epoch, of targets as standardised; best_epoch_,
        n_iter_, network_, race_, n_features_in_, feature_names_in_.

    >>> X = np.linspace(-1.0, 1.0, 200).reshape(-1, 1)
    >>> model = DeepRegressor(hidden=(32,), epochs=200, random_state=0).fit(X, X[:, 0] ** 2)
    >>> model.score(X, X[:, 0] ** 2) > 0.95
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
        quantiles: Any = None,
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
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        monitor: str = "loss",
        patience: int = 10,
        tolerance: float = 0.0,
        ensemble: int = 1,
        folds: bool = False,
        clip_targets: bool = False,
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
        self.quantiles = quantiles
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
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.monitor = monitor
        self.patience = patience
        self.tolerance = tolerance
        self.ensemble = ensemble
        self.folds = folds
        self.clip_targets = clip_targets
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

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Predicted numbers (rows,) or (rows, targets); with quantiles (rows, quantiles) or (rows, targets, quantiles).

        return_std: also the standard deviation over the networks of an ensemble: how far networks that differ by
        chance alone disagree on the row. It says nothing about noise in y; quantiles do.
        """
        check_is_fitted(self)
        if return_std and len(self._predictors[0]) < 2:
            raise SettingsError("return_std compares the networks of an ensemble; set ensemble=2 or more.")
        if not return_std:
            return self._shaped(self._blocks(X, lambda features: self._moments(features)[0]))
        both = self._blocks(X, lambda features: np.stack(self._moments(features, spread=True), axis=1))
        return self._shaped(both[:, 0]), self._shaped(both[:, 1], sort=False)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R² of the predictions; with quantiles the mean D² of the pinball loss, 1 at best, 0 for a constant."""
        from sklearn.metrics import d2_pinball_score, r2_score

        predicted = self.predict(X)
        if not self._answers.quantiles:
            return float(r2_score(y, predicted, sample_weight=sample_weight))
        scores = [
            d2_pinball_score(y, predicted[..., place], sample_weight=sample_weight, alpha=quantile)
            for place, quantile in enumerate(self._answers.quantiles)
        ]
        return float(np.mean(scores))

    def _moments(self, features: np.ndarray, spread: bool = False) -> tuple[np.ndarray, ...]:
        """Mean (rows, targets, groups) of the members' answers, and with `spread` their deviation."""
        groups = [
            self._answers.decode(self._outputs(features, group)) for group in range(len(self._predictors))
        ]
        found = (np.stack([self._answers.clipped(members.mean(axis=0)) for members in groups], axis=-1),)
        if spread:
            found += (np.stack([members.std(axis=0) for members in groups], axis=-1),)
        return found

    def _shaped(self, values: np.ndarray, sort: bool = True) -> np.ndarray:
        levels = self._answers.quantiles
        if not levels:
            values = values[:, :, 0]
        elif sort:
            values = np.sort(values, axis=-1)[..., ranks(levels)]
        return values[:, 0] if self._answers.flat else values

    def _asked_quantiles(self) -> tuple[float, ...]:
        if self.quantiles is None:
            return ()
        try:
            levels = np.atleast_1d(np.asarray(self.quantiles, float))
        except (TypeError, ValueError):
            levels = np.zeros(0)
        if levels.ndim != 1 or len(levels) == 0 or not np.all((levels > 0) & (levels < 1)):
            raise SettingsError(
                f"quantiles are numbers between 0 and 1, such as (0.1, 0.9), not {self.quantiles!r}."
            )
        return tuple(levels.tolist())

    def _losses(self, settings: RaceSettings) -> list[str]:
        if self.quantiles is None:
            return [settings.loss or ""]
        if self.loss is not None:
            raise SettingsError("quantiles have a loss of their own, the pinball loss; leave loss out.")
        return [f"pinball(quantile={level})" for level in self._asked_quantiles()]

    def _read_answers(self, y: Any, rows: int) -> np.ndarray:
        return answers.read_amounts(y, rows)

    def _learn_answers(self, y: np.ndarray, rows: Rows, final: bool = True) -> Amounts:
        from osolgil.formulas import catalog

        counted = rows.counted()
        name = "squared_error" if self.loss is None else catalog.loss(self.loss).text
        found = Amounts.learn(counted.y, counted.weights, name, final)
        found = replace(found, quantiles=self._asked_quantiles())
        return found.reaching(counted.y) if self.clip_targets else found

    def _row_weights(self, y: np.ndarray, weights: Any) -> np.ndarray | None:
        return answers.read_weights(weights, len(y))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
