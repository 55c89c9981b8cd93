"""Every method as a function of a table and a seed that gives its answers to the test rows.

RealMLP and TabM train on the training rows and choose their epoch on the validation rows; osolgil's networks each train
on both but for a fold of their own; scikit-learn's trees, and its MLP unless it stops early, train on both.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.records import measure
from benchmarks.tabular.sets import Table, table

Method = Callable[[Table, int], np.ndarray]


def trained(table: Table, seed: int, **options: Any) -> Any:
    """`osolgil.train(…, defaults="table")` on one thread, or with some options changed."""
    import osolgil

    options = {"defaults": "table", "jobs": 1, **options}
    test = (table.test_inputs, table.test_targets)
    return osolgil.train(table.inputs, table.targets, task=table.task, test=test, seed=seed, **options)


def osolgil_defaults(table: Table, seed: int, **options: Any) -> np.ndarray:
    """The answers of `trained`."""
    answers = trained(table, seed, **options).predict(table.test_inputs)
    return answers.astype(np.int64) if table.classify else answers


def osolgil_probabilities(table: Table, seed: int, **options: Any) -> np.ndarray:
    """Probabilities of the classes (rows, classes) from `trained`."""
    return trained(table, seed, **options).model.probabilities(table.test_inputs)


def plain_network(table: Table, seed: int) -> np.ndarray:
    """What `osolgil.train` does where nothing is said: one network, standardised columns, its last epoch."""
    return osolgil_defaults(table, seed, defaults="race")


def tuned_network(table: Table, seed: int) -> np.ndarray:
    """A plain network on standardised columns: the best of 24 settings by cross-validation, trained on all rows.

    Three folds where rows are few, else the validation rows alone.
    """
    from sklearn.model_selection import PredefinedSplit

    from osolgil.estimators import DeepClassifier, DeepRegressor, search

    rows = len(table.inputs)
    held_out = np.full(rows, -1)
    held_out[table.validation] = 0
    kind = DeepClassifier if table.classify else DeepRegressor
    plain = kind(optimizer="adamw", patience=16, random_state=seed)
    grid = {
        "hidden": [(64, 64), (256, 256)], "learning_rate": [0.0005, 0.002, 0.008], "dropout": [0.0, 0.2],
        "early_stopping": [False, True],
    }  # fmt: skip
    parts = 3 if rows < 5_000 else PredefinedSplit(held_out)
    found = search(plain, grid, table.inputs, table.targets, parts, n_jobs=1)
    return found.best_estimator_.predict(table.test_inputs)


def _columns(table: Table, scaled: bool) -> Any:
    """The usual transformer: medians and standardised numbers, one-hot categories."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    numbers = list(table.inputs.select_dtypes("number").columns)
    others = [column for column in table.inputs if column not in numbers]
    one_hot = OneHotEncoder(handle_unknown="ignore", min_frequency=3, sparse_output=False)
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    scaler = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return ColumnTransformer([
        ("numbers", scaler if scaled else "passthrough", numbers), ("others", one_hot if scaled else ordinal, others),
    ])  # fmt: skip


def sklearn_network(table: Table, seed: int) -> np.ndarray:
    """MLPClassifier or MLPRegressor as they come, 200 epochs at most; a number's target is standardised for it."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if table.classify:
        network: Any = MLPClassifier(random_state=seed)
    else:
        network = TransformedTargetRegressor(MLPRegressor(random_state=seed), transformer=StandardScaler())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = make_pipeline(_columns(table, True), network).fit(table.inputs, table.targets)
        return fitted.predict(table.test_inputs)


def boosted_trees(table: Table, seed: int) -> np.ndarray:
    """HistGradientBoosting as it comes, with categories said to be such."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.pipeline import make_pipeline

    numbers = table.inputs.select_dtypes("number").shape[1]
    kind = HistGradientBoostingClassifier if table.classify else HistGradientBoostingRegressor
    trees = kind(random_state=seed, categorical_features=list(range(numbers, table.inputs.shape[1])))
    return (
        make_pipeline(_columns(table, False), trees)
        .fit(table.inputs, table.targets)
        .predict(table.test_inputs)
    )


def _filled(table: Table) -> tuple[Any, Any]:
    """Inputs without gaps, which pytabkit refuses: training medians for numbers, a level of its own for categories."""
    numbers = table.inputs.select_dtypes("number")
    fills: dict[str, Any] = {column: "missing" for column in table.inputs if column not in numbers}
    fills |= numbers.iloc[table.training].median().to_dict()
    filled = [rows.fillna(fills) for rows in (table.inputs, table.test_inputs)]
    return filled[0], filled[1]


def _of_pytabkit(name: str, **options: Any) -> Method:
    def method(table: Table, seed: int) -> np.ndarray:
        from pytabkit.models.sklearn import sklearn_interfaces  # type: ignore[import-not-found]

        kind = getattr(sklearn_interfaces, f"{name}_{'Classifier' if table.classify else 'Regressor'}")
        model = kind(device="cpu", random_state=seed, n_threads=1, **options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            inputs, test_inputs = _filled(table)
            model.fit(inputs, table.targets, val_idxs=table.validation)
            return np.asarray(model.predict(test_inputs)).ravel()

    return method


METHODS: dict[str, Method] = {
    "osolgil": osolgil_defaults,
    "osolgil, one plain network": plain_network,
    "plain network, tuned": tuned_network,
    "scikit-learn MLP": sklearn_network,
    "HistGradientBoosting": boosted_trees,
    "RealMLP-TD-S": _of_pytabkit("RealMLP_TD_S"),
    "RealMLP-TD": _of_pytabkit("RealMLP_TD"),
    "TabM-D": _of_pytabkit("TabM_D"),
}


def log_loss(table: Table, probabilities: np.ndarray) -> float:
    """Mean -log of the probability that was given to what happened, over the test rows; 0 is the best."""
    from sklearn.metrics import log_loss

    return float(log_loss(table.test_targets, probabilities, labels=np.arange(probabilities.shape[1])))


def score(table: Table, answers: np.ndarray) -> float:
    """Accuracy, or R² on the test rows."""
    if table.classify:
        return float(np.mean(answers == table.test_targets))
    errors = np.mean((np.asarray(answers, np.float64) - table.test_targets) ** 2)
    return float(1.0 - errors / np.var(table.test_targets))


def measure_tables(
    records: Path,
    names: Sequence[str],
    methods: Mapping[str, Method],
    seed: int,
    judge: Callable[[Table, np.ndarray], float] = score,
) -> None:
    """Measure what is not on record yet."""
    for name in names:
        rows = table(name, seed)
        for label, method in methods.items():
            judged = functools.partial(_judged, rows, method, seed, judge)
            measure(records, name, label, seed, judged)


def _judged(rows: Table, method: Method, seed: int, judge: Callable[[Table, np.ndarray], float]) -> float:
    return judge(rows, method(rows, seed))
