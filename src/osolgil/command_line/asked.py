"""Settings as they were typed, shared by the commands."""

from __future__ import annotations

from typing import Any

from osolgil.command_line import values

_DIRECT = (
    "activation", "initial_scale", "loss", "dropout", "l1", "l2", "weight_decay", "clip_norm", "schedule",
    "scaling", "numbers", "precision", "batch_size", "epochs", "seeds", "confirmation_seeds", "confidence",
    "seed",
)  # fmt: skip


def settings(given: dict[str, Any]) -> dict[str, Any]:
    """The settings that were typed; what was not is left to the race, so that it may choose."""
    asked = {name: given[name] for name in _DIRECT if given.get(name) is not None}
    if given.get("hidden") is not None:
        asked["hidden"] = values.widths(given["hidden"])
    if given.get("residual"):
        asked["residual"] = True
    if given.get("normalization") not in (None, "none"):
        asked["normalization"] = given["normalization"]
    return asked


def data_settings(given: dict[str, Any]) -> dict[str, Any]:
    """What says which columns and rows of the data are for what."""
    test = given["test"]
    return {
        "target": given["target"],
        "task": given["task"],
        "test": values.test_rows(test) if test is not None else None,
        "sample_weight": given["weights"],
    }


def optimizer_settings(given: dict[str, Any]) -> dict[str, Any]:
    """The one optimizer that trains, and its hyperparameters."""
    others = given["hyperparameters"]
    return {
        "optimizer": given["optimizer"],
        "learning_rate": given["learning_rate"],
        "hyperparameters": values.pairs(others) if others is not None else None,
    }


def ensemble_settings(given: dict[str, Any]) -> dict[str, Any]:
    """What only a training has, where it was typed."""
    names = ("defaults", "ensemble", "folds", "keep", "patience", "clip_targets")
    return {name: given[name] for name in names if given.get(name) is not None}
