"""What both estimators share: settings, `fit`, `partial_fit`, and what training leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from osolgil.calibration import check_kind, fit_calibration
from osolgil.engines.cpu.kernels import layout
from osolgil.errors import DataError, SettingsError, reason
from osolgil.estimators import defaults, inputs, plans, racing, runs, settings
from osolgil.estimators.answers import Labels
from osolgil.estimators.plans import Plan, Stopping
from osolgil.estimators.prediction import BLOCK, Predictor, stacked
from osolgil.estimators.preparation import Answers, Prepared, Rows, check_share, prepare
from osolgil.estimators.watching import Watch
from osolgil.estimators.workers import workers_of
from osolgil.mean_answers import combined
from osolgil.race.settings import RaceSettings
from osolgil.spelling import hint

_SEED_STEP = 1_000_000
DEFAULTS = ("plain", "table")
_DATA_SETTINGS = (
    "scaling", "numbers", "clip_targets", "numeric", "categories", "missing", "class_weight", "loss", "quantiles",
    "early_stopping", "calibrate", "validation_fraction", "precision",
)  # fmt: skip


class DeepEstimator(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Base of `DeepClassifier` and `DeepRegressor`; not for use by itself."""

    hidden: Any
    activation: Any
    normalization: str | None
    optimizer: Any
    batch_size: int | None
    early_stopping: bool
    validation_fraction: float
    monitor: str
    patience: int
    tolerance: float
    ensemble: int
    folds: bool
    defaults: str
    callbacks: Any
    progress: bool | str
    missing: str
    precision: str
    categories: bool
    warm_start: bool
    n_jobs: int | None
    random_state: Any
    n_features_in_: int
    network_: Any
    _features: Any
    _answers: Any
    _predictors: list[Predictor]
    _calibration: Any

    def fit(self, X: Any, y: Any, sample_weight: Any = None, validation_data: Any = None) -> Any:
        """Train on rows X (rows, columns) and answers y.

        Args:
            X: an array, sparse matrix, pandas or Polars table; columns of any kind, with missing cells.
            y: classes (rows,) or labels (rows, labels) of 0 and 1; numbers (rows,) or (rows, targets).
            sample_weight: (rows,) of 0 or more: a row of weight 2 counts as two equal rows.
            validation_data: (X, y) or (X, y, weights) to validate on, in place of a share of the training rows.

        Raises:
            DataError, SettingsError (also where training diverges), and scikit-learn's own ValueError and TypeError.
        """
        self._begin()
        self.__dict__.pop("race_", None)
        if self.defaults != "plain":
            return defaults.fit(self, X, y, sample_weight, validation_data)
        if validation_data is not None and self._folded():
            raise SettingsError("With folds every row validates once; leave validation_data out, or folds.")
        prepared = self._prepared(X, y, sample_weight, validation_data, {})
        if self._races():
            racing.fit(self, prepared)
            return self
        plans_ = self._plans(prepared)
        return self._finish(prepared, plans_, runs.train(plans_, workers_of(self.n_jobs)))

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
        """One pass over these rows, going on from where the last call ended, optimizer's state and all.

        How rows become features is learned from the first call's rows. classes: all there will ever be, on the
        first call. A schedule needs a planned end, so it must be constant here.
        """
        from osolgil.estimators import continuing

        return continuing.partial_fit(self, X, y, classes, sample_weight)

    def transform(self, X: Any) -> np.ndarray:
        """What the last hidden layer makes of rows, float (rows, its width): features learned for the answers.

        The networks of an ensemble, or of quantiles, stand side by side.
        """
        return self._blocks(X, lambda features: np.hstack([p.hidden(features) for p in self._predictors]))

    @property
    def _n_features_out(self) -> int:
        return sum(len(predictor) for predictor in self._predictors) * self.network_.widths[-2]

    def save(self, folder: Any) -> None:
        """Write the fitted estimator into a folder, as safetensors and JSON; `osolgil.load_estimator` reads it."""
        from osolgil.estimators import saving

        saving.save(self, folder)

    def export(self, to: str, out: Any, *, inputs: str = "raw") -> Any:
        """Write it as an ONNX graph, a PyTorch module, a Python or a C file: see `osolgil.export`.

        Classes become texts. Raises SettingsError for a column of free text; OutputError where it cannot be written.
        """
        from osolgil.exports import export

        return export(self.to_model(), to, out, inputs=inputs)

    def to_model(self) -> Any:
        """The networks, preprocessing and calibration as an `osolgil.Model`, which answers the same."""
        from osolgil.estimators import saving

        check_is_fitted(self)
        return saving.to_model(self)

    # what subclasses say

    def _read_answers(self, y: Any, rows: int) -> np.ndarray:
        raise NotImplementedError

    def _learn_answers(self, y: Any, rows: Rows, final: bool = True) -> Answers:
        raise NotImplementedError

    def _row_weights(self, y: np.ndarray, weights: Any) -> np.ndarray | None:
        raise NotImplementedError

    def _losses(self, settings: RaceSettings) -> list[str]:
        return [settings.loss or ""]

    # the way from data to networks

    def _begin(self) -> None:
        settings.check(self)
        check_kind(getattr(self, "calibrate", None))
        if self.defaults not in DEFAULTS:
            known = hint(self.defaults, DEFAULTS)
            raise SettingsError(f"defaults are plain or table, not {self.defaults!r}.{known}")
        if self._folded() and (self.callbacks is not None or self.progress or self.warm_start):
            raise SettingsError("callbacks, progress and warm_start know one set of rows; set folds=False.")
        if self._folded() and getattr(self, "calibrate", None) is not None:
            raise SettingsError("calibrate needs rows that all networks leave out; set folds=False.")
        if self.ensemble < 1:
            raise SettingsError(f"ensemble must be a whole number from 1 up, not {self.ensemble!r}.")
        check_share(self.validation_fraction)
        if self.monitor not in ("loss", "score"):
            raise SettingsError(f"monitor is loss or score, not {self.monitor!r}.")
        if self.patience < 1:
            raise SettingsError(f"patience must be a number of epochs from 1 up, not {self.patience!r}.")

    def _races(self) -> bool:
        return isinstance(self.optimizer, str) and self.optimizer == "race"

    def _folded(self) -> bool:
        """Whether every network of the ensemble leaves out rows of its own."""
        return bool(self.folds) and self.ensemble > 1 and not self._races()

    def _share(self) -> float:
        """The share of rows that is held out for validation; a race tests on as many rows more."""
        share = float(self.validation_fraction)
        if self._races():
            return min(2.0 * share, 0.5)
        if self._folded():
            return 0.0
        return share if self.early_stopping or getattr(self, "calibrate", None) is not None else 0.0

    def _seed(self) -> int:
        """The seed of the first run: the same for the same int, whatever else is set."""
        try:
            random = check_random_state(self.random_state)
        except ValueError as error:
            raise SettingsError(f"random_state: {reason(error)}.") from error
        if isinstance(self.random_state, (int, np.integer)):
            return int(self.random_state) * _SEED_STEP
        return int(random.randint(0, 2**31 - 1)) * _SEED_STEP

    def _rows(self, X: Any, y: Any, weights: Any, reset: bool) -> tuple[Any, Any, np.ndarray | None]:
        if y is None and reset:
            self._read_answers(y, 0)
        x = inputs.read(self, X, reset)
        answers = self._read_answers(y, len(x))
        return x, answers, self._row_weights(answers, weights)

    def _prepared(
        self, X: Any, y: Any, sample_weight: Any, validation_data: Any, known: dict[Any, Any]
    ) -> Prepared:
        """The training task. `known` keeps what estimators that share data settings prepare from the same rows."""
        going_on = self.warm_start and hasattr(self, "_predictors")
        x, y, weights = self._rows(X, y, sample_weight, reset=not going_on)
        seed = self._seed()
        key = self._data_key(seed)
        if key in known:
            return known[key]
        if len(y) < 2 and not going_on:
            raise DataError("There is one row only (n_samples=1); at least 2 are needed to learn from.")
        answers = self._answers if going_on else self._learn_answers(y, Rows(x, y, weights))
        given = self._encoded(answers, Rows(x, y, weights))
        settled = plans.settle(self, answers.task, len(given))
        validation = None if validation_data is None else self._validation(validation_data, answers)
        prepared = prepare(
            self, given, answers, validation, self._share(), self._losses(settled), settled, seed,
            self._features if going_on else None,
        )  # fmt: skip
        known[key] = prepared
        return prepared

    def _encoded(self, answers: Answers, rows: Rows) -> Rows:
        """The rows that count; classes as numbers."""
        counted = rows.counted()
        if isinstance(answers, Labels):
            return Rows(counted.x, answers.encode(counted.y), counted.weights)
        return counted

    def _validation(self, given: Any, answers: Answers) -> Rows:
        if not isinstance(given, (tuple, list)) or len(given) not in (2, 3):
            raise DataError("validation_data is a pair (X, y) or three (X, y, weights).")
        x, y, weights = self._rows(given[0], given[1], given[2] if len(given) == 3 else None, reset=False)
        return self._encoded(answers, Rows(x, y, weights))

    def _data_key(self, seed: int) -> tuple[Any, ...]:
        data = [repr(getattr(self, name, None)) for name in _DATA_SETTINGS]
        whole = repr(self.batch_size), self.normalization == "batch", self._races(), self._folded()
        return (*data, *whole, seed if self.random_state is not None else None)

    def _plans(self, prepared: Prepared) -> list[Plan]:
        """A plan per loss: one, or one per quantile."""
        settled = plans.settle(self, prepared.answers.task, prepared.given)
        outputs = prepared.answers.outputs
        network = plans.network_of(self, settled, len(prepared.features.names), outputs)
        seeds = [prepared.seed + place for place in range(self.ensemble)]
        chosen = plans.runs_of(self, settled, seeds)
        stopping = None
        if self.early_stopping:
            stopping = Stopping(self.monitor, int(self.patience), float(self.tolerance))
        watch = Watch.of(self, settled.epochs or 1, len(prepared.tasks[0].validation) > 0)
        starts = self._starts(network)
        return [
            Plan(network, task, chosen, settled.epochs or 1, settled.precision, stopping, watch,
                 None if starts is None else starts[place], self._folded())
            for place, task in enumerate(prepared.tasks)
        ]  # fmt: skip

    def _starts(self, network: Any) -> list[np.ndarray] | None:
        """With warm_start, the weights to go on from."""
        predictors = getattr(self, "_predictors", None)
        if not self.warm_start or predictors is None:
            return None
        self._check_quantiles()
        old = predictors[0]
        if old.network != network or len(old) != self.ensemble:
            raise SettingsError("warm_start goes on with the network there is; its layers must not change.")
        return [predictor.thetas for predictor in predictors]

    def _check_quantiles(self) -> None:
        """Training that goes on has the networks of the quantiles it was begun with."""
        known, asked = getattr(self._answers, "quantiles", ()), self._asked_quantiles()
        if known != asked:
            raise SettingsError(
                f"Training goes on with the quantiles {known}, not {asked}; they must not change."
            )

    def _asked_quantiles(self) -> tuple[float, ...]:
        return ()

    def _finish(
        self, prepared: Prepared, plans_: Sequence[Plan], outcomes: Sequence[Sequence[runs.Outcome]]
    ) -> Any:
        """Keep what training gave."""
        for plan, group in zip(plans_, outcomes, strict=True):
            if all(outcome.diverged for outcome in group):
                rate = plan.runs[0].hyperparameters["learning_rate"]
                raise SettingsError(
                    f"{plan.runs[0].optimizer} with learning rate {rate:g} diverged in epoch "
                    f"{len(group[0].history)}; try a learning rate of {rate / 10:g}."
                )
        alive = [[outcome for outcome in group if not outcome.diverged] for group in outcomes]
        members = [[(outcome.theta, outcome.running) for outcome in group] for group in alive]
        self._keep(prepared, plans_[0].network, members)
        self._keep_history(alive[0], prepared)
        self.made_by_ = {
            "optimizer": plans_[0].runs[0].optimizer,
            "hyperparameters": dict(plans_[0].runs[0].hyperparameters),
            "seed": plans_[0].runs[0].seed,
            "epochs": plans_[0].epochs,
            "batch_size": plans_[0].runs[0].batch_size,
            "loss": plans_[0].task.loss,
        }
        return self

    def _keep(
        self, prepared: Prepared, network: Any, members: Sequence[Sequence[tuple[np.ndarray, np.ndarray]]]
    ) -> None:
        self._features, self._answers = prepared.features, prepared.answers
        self._predictors = [Predictor(network, *stacked(group)) for group in members]
        self._state, self.calls_ = None, 0
        if isinstance(prepared.answers, Labels):
            self.classes_ = prepared.answers.classes
        self.network_ = network
        self.n_outputs_ = network.widths[-1]
        self._calibration = None
        kind = getattr(self, "calibrate", None)
        if kind is not None:
            features, targets, weights = prepared.validation
            task = prepared.answers.task
            outputs = combined(self._outputs(features).astype(np.float64), task)
            self._calibration = fit_calibration(
                kind, outputs, targets.astype(np.float64), weights, task == "multi-label"
            )

    def _keep_history(self, outcomes: Sequence[runs.Outcome], prepared: Prepared) -> None:
        """Curves of the first run: later members of an ensemble differ by chance alone."""
        first = outcomes[0].history
        self.loss_curve_ = first[:, layout.TRAINING_LOSS].tolist()
        validated = len(prepared.tasks[0].validation) > 0 or self._folded()
        self.validation_losses_ = first[:, layout.VALIDATION_LOSS].tolist() if validated else None
        self.validation_scores_ = first[:, layout.VALIDATION_SCORE].tolist() if validated else None
        self.n_iter_, self.best_epoch_ = len(first), outcomes[0].best_epoch

    # what trained networks answer

    def _blocks(self, X: Any, answer: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """`answer` of the features of rows, so many rows at a time."""
        if hasattr(X, "tocsr") and X.shape[0] > BLOCK:  # dense a block at a time
            whole = X.tocsr()
            return np.concatenate(
                [self._blocks(whole[start : start + BLOCK], answer) for start in range(0, X.shape[0], BLOCK)]
            )
        rows = X if self._is_plain(X) else self._careful(X)
        if len(rows) <= BLOCK or (self.precision == "float32" and self._features.takes(rows)):
            return answer(self._features.transform(rows))
        parts = []
        for start in range(0, len(rows), BLOCK):
            part = (
                rows[start : start + BLOCK]
                if isinstance(rows, np.ndarray)
                else rows.iloc[start : start + BLOCK]
            )
            parts.append(answer(self._features.transform(part)))
        return np.concatenate(parts)

    def _is_plain(self, X: Any) -> bool:
        """Whether rows are an array that needs no further look, which spares a single row most of its time."""
        try:
            plain = (
                bool(self._predictors)
                and type(X) is np.ndarray
                and X.dtype in _FLOATS
                and X.shape[1] == self.n_features_in_
            )
            known = bool(plain and X.ndim == 2 and len(X) and not self._named)
            looked_at_later = self._features.bare
            return known and (looked_at_later or bool(np.isfinite(X.sum())))
        except (AttributeError, IndexError):
            return False

    @property
    def _named(self) -> bool:
        return "feature_names_in_" in self.__dict__

    def _careful(self, X: Any) -> Any:
        check_is_fitted(self)
        return inputs.read(self, X, reset=False)

    def _outputs(self, features: np.ndarray, group: int = 0) -> np.ndarray:
        return self._predictors[group].outputs(
            features, workers_of(self.n_jobs) if len(features) > 512 else 1
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_predictors")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = self.missing == "fill"
        tags.input_tags.string = tags.input_tags.categorical = bool(self.categories)
        tags.transformer_tags.preserves_dtype = []
        return tags


_FLOATS = (np.dtype(np.float64), np.dtype(np.float32))
