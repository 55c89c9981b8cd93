"""scikit-learn's successive halving over MLPClassifier, with the optimizers it has and its own five folds."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingGridSearchCV
from sklearn.neural_network import MLPClassifier

FOLDS = 5
VARIANTS: dict[str, dict[str, Any]] = {
    "sgd": {"solver": "sgd", "momentum": 0.0, "nesterovs_momentum": False},
    "momentum": {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": False},
    "nesterov": {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": True},
    "adam": {"solver": "adam"},
}


def main() -> None:
    arrays, folder = Path(sys.argv[1]), Path(sys.argv[2])
    job = json.loads((folder / "job.json").read_text())
    warnings.simplefilter("ignore")
    with np.load(arrays) as stored:
        split = {name: stored[name] for name in stored.files}
    search = build(job)
    search.fit(
        np.concatenate([split["train_inputs"], split["validation_inputs"]]),
        np.concatenate([split["train_targets"], split["validation_targets"]]),
    )
    (folder / "result.json").write_text(json.dumps(conclude(search, split)))


def grid(job: dict[str, Any]) -> list[dict[str, list[Any]]]:
    """One grid per optimizer that MLPClassifier has."""
    return [
        {key: [value] for key, value in VARIANTS[name].items()}
        | {"learning_rate_init": job["learning_rates"][name]}
        for name in job["optimizers"]
        if name in VARIANTS
    ]


def build(job: dict[str, Any]) -> HalvingGridSearchCV:
    """Halving by three over epochs, ending at the job's epochs; all cores, one thread each."""
    # n_iter_no_change beyond the budget: training never stops early of itself.
    model = MLPClassifier(
        tuple(job["hidden"]), batch_size=job["batch"], alpha=0.0, n_iter_no_change=10**6, random_state=0
    )
    return HalvingGridSearchCV(
        model,
        grid(job),
        factor=3,
        resource="max_iter",
        min_resources=max(1, job["epochs"] // 9),
        max_resources=job["epochs"],
        cv=FOLDS,
        n_jobs=job["cores"],
        random_state=0,
    )


def conclude(search: HalvingGridSearchCV, split: dict[str, np.ndarray]) -> dict[str, Any]:
    chosen = {
        key: value if isinstance(value, (str, bool)) else float(value)
        for key, value in search.best_params_.items()
    }
    return {
        "test_accuracy": float(search.score(split["test_inputs"], split["test_targets"])),
        "networks": FOLDS * sum(search.n_candidates_) + 1,
        "optimizers": len(search.param_grid),
        "candidates": list(search.n_candidates_),
        "epochs": list(search.n_resources_),
        "chosen": chosen,
    }


if __name__ == "__main__":
    main()
