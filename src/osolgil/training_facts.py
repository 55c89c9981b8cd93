"""What a training leaves behind besides its model: its scores, its facts, and its history."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from osolgil import __version__, sharpening
from osolgil.best_epochs import BestEpochs
from osolgil.data import Dataset
from osolgil.engines.cpu.fleet import RunSetting
from osolgil.engines.cpu.kernels import layout
from osolgil.ensembles import Ensemble, joined, left_out_outputs, measured
from osolgil.model import Model
from osolgil.network import Network
from osolgil.race import own_formulas
from osolgil.race.facts import data_facts
from osolgil.race.settings import RaceSettings
from osolgil.tabular_defaults import Choice

FORMAT = 1
RACE_ONLY = {"entrants", "learning_rates", "seeds", "confirmation_seeds", "confidence"}
_KEPT = {
    "last": "last epoch",
    "best": "best epoch by validation score",
    "best-loss": "best epoch by validation loss",
    "best-mean": "best epoch by the mean validation score of all networks",
    "best-mean-loss": "best epoch by the mean validation loss of all networks",
}


def scores(
    ensemble: Ensemble,
    model: Model,
    data: Dataset,
    workers: int,
    choice: Choice,
    sharpness: float | None = None,
) -> dict[str, dict[str, float]]:
    """Score and loss of the kept weights on the validation rows, or the folds left out, and on the test rows.

    The loss is the one trained on; of sharpened networks the cross-entropy that they were sharpened for.
    """
    fleet, loss = ensemble.fleets[0], ensemble.fleets[0].task.loss
    if sharpness is not None:
        loss = sharpening.LOSS
    if choice.ensemble == 1 and choice.keep == "last" and not choice.patience and not choice.clip_targets:
        first = len(data.train) + len(data.validation)
        losses, scores = fleet.measure(np.arange(first, first + len(data.test)), workers)
        final = fleet.arrays["histories"][0][-1]
        return {
            "validation": {
                "score": float(final[layout.VALIDATION_SCORE]), "loss": float(final[layout.VALIDATION_LOSS]),
            },
            "test": {"score": float(scores[0]), "loss": float(losses[0])},
        }  # fmt: skip
    test = measured(model, data.test, loss)
    if len(ensemble.fleets) == 1:
        return {"validation": measured(model, data.validation, loss), "test": test}
    known = joined(data.train, data.validation)
    outputs = left_out_outputs(model, known.inputs, [fleet.task for fleet in ensemble.fleets])
    return {"validation": measured(model, known, loss, outputs), "test": test}


def facts_of(
    data: Dataset,
    network: Network,
    settings: RaceSettings,
    runs: Sequence[RunSetting],
    choice: Choice,
    best: BestEpochs,
) -> dict[str, Any]:
    """Everything in training.json that is known when the training ends, but for scores, layers and seconds."""
    return {
        "format": FORMAT,
        "version": __version__,
        "data": data_facts(data, settings.loss or ""),
        "settings": {name: value for name, value in settings.to_dict().items() if name not in RACE_ONLY},
        "formulas": own_formulas.stored(settings),
        "network": {**network.to_dict(), "parameters": network.size, "networks": len(runs)},
        "scores": {},
        "weights": _KEPT[choice.keep],
        "validated_on": "rows held out"
        if len(best.ensemble.fleets) == 1
        else "the fold each network left out",
        "kept_epochs": best.epochs.tolist(),
        **({} if best.sharpness is None else {"sharpness": best.sharpness}),
        "choice": choice.to_dict(),
        "made_by": {
            "optimizer": runs[0].optimizer,
            "hyperparameters": dict(runs[0].hyperparameters),
            "seed": runs[0].seed,
            "epochs": settings.epochs,
            "batch_size": runs[0].batch_size,
            "loss": settings.loss,
            "data": data.name,
            "fingerprint": data.fingerprint,
            **({"networks": len(runs)} if len(runs) > 1 else {}),
        },
    }


def history(ensemble: Ensemble, runs: Sequence[RunSetting]) -> dict[str, np.ndarray]:
    """The columns of a race's history, with a row per run and epoch that was trained."""
    histories = ensemble.histories
    done = np.isfinite(histories[:, :, layout.STEPS_DONE])
    table = histories[done]
    made = {"optimizer": runs[0].optimizer, "hyperparameters": runs[0].hyperparameters}
    seeds = np.repeat([run.seed for run in runs], done.sum(axis=1))
    measured = {
        "step": table[:, layout.STEPS_DONE].astype(np.int64),
        "training_loss": table[:, layout.TRAINING_LOSS],
        "validation_loss": table[:, layout.VALIDATION_LOSS],
        "validation_score": table[:, layout.VALIDATION_SCORE],
    }
    weighted = ensemble.fleets[0].task.weights is not None
    return columns_of(made, seeds, np.nonzero(done)[1] + 1, measured, weighted)


def columns_of(
    made: Mapping[str, Any],
    seeds: np.ndarray,
    epochs: np.ndarray,
    measured: Mapping[str, np.ndarray],
    weighted: bool,
) -> dict[str, np.ndarray]:
    """A history as Parquet keeps it: what was measured in every row's epoch, beside what made it."""
    count = len(epochs)
    texts = {
        "phase": "train",
        "entrant": made["optimizer"],
        "hyperparameters": json.dumps(made["hyperparameters"], sort_keys=True),
        "state": "finished",
    }
    columns = {name: np.full(count, text, object) for name, text in texts.items()}
    return {
        "phase": columns["phase"],
        "entrant": columns["entrant"],
        "learning_rate": np.full(count, made["hyperparameters"]["learning_rate"]),
        "hyperparameters": columns["hyperparameters"],
        "seed": seeds,
        "epoch": epochs,
        **measured,
        "state": columns["state"],
        "weighted": np.full(count, weighted),
    }
