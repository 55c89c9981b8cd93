"""The settings both estimators have, in one table of words for their docstrings, and of what kind each is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np

from osolgil.errors import SettingsError

SETTINGS = """
        hidden: width of every hidden layer, (128, 64); () is a linear model.
        activation: of the hidden layers: a name of the catalog, your own function, or one per layer.
        normalization: "layer" or "batch", after the weights of hidden layers; None for none.
        residual: adds a hidden layer's input to its output where the two are equally wide.
        dropout: share of every hidden layer's values left out at random in training.
        initial_scale: of the first weights; by default He's, LeCun's or Glorot's as the activation calls for.
        loss: a name of the catalog, with hyperparameters, "huber(delta=2)", or your own function.
        optimizer: a name of the catalog, which may be wrapped, "ema(adamw)"; your own function; or "race": every
            optimizer is tuned and raced on these rows, the best ones' networks are kept, and `race_` is the verdict.
        race: with optimizer="race": optimizers, seeds, learning_rates, budget …, as for `osolgil.race`.
        learning_rate, hyperparameters: of the optimizer, by default the catalog's.
        schedule: of the learning rate: "cosine", "linear_warmup(0.1)+cosine".
        batch_size: by default 32 to 256, more for more rows; up to 64 rows are one batch.
        epochs: by default as many as make some 4,000 steps, 30 to 300.
        l1, l2, weight_decay, clip_norm: penalties on the weights, decoupled decay, the largest norm of a gradient.
        precision: "float32" or "float64".
        early_stopping: holds out `validation_fraction` of the rows (unless validation_data is given), stops after
            `patience` epochs without a validation `monitor` ("loss" or "score") better by more than `tolerance`, and
            keeps the weights of the best epoch.
        ensemble: so many networks from different first weights, trained side by side; their answers are averaged.
        folds: with an ensemble, each network leaves out another part of the rows to validate on, so that every row
            trains most of them; with early_stopping all are kept at the one epoch that is best in their mean.
        scaling, numbers: "robust" scales numbers by their quartiles and clips them smoothly; "piecewise",
            "tree_piecewise" or "periodic" encodes each by several features, see `osolgil.data.Encoding`.
        numeric: numbers are standardised ("standard"), divided by 255 ("pixels") or taken as they are ("none");
            "auto" takes bytes for pixels.
        categories: whether texts, categories and dates are read (tables); False refuses them.
        missing: "fill" fills gaps and marks them in a feature of their own; "error" refuses them.
        warm_start: `fit` goes on from the weights of the last one.
        callbacks: called after every epoch with an `Epoch`; training ends where one returns True.
        progress: True (or "en", "ko") prints how training stands.
        n_jobs: threads; the network does not depend on it. None or -1: all cores.
        random_state: the same int gives the same network to the bit.
        defaults: "table" takes what did best on tables (`osolgil.tabular_defaults`) for every setting that is left
            as it is; `settings_` says what that was. Its eight networks and many features take ten to a hundred
            times as long to train. "plain" takes the values above."""


def documented(cls: type) -> type:
    """Decorator: put the settings into a class's docstring, where it says {settings}."""
    cls.__doc__ = (cls.__doc__ or "").replace("{settings}", SETTINGS.strip())
    return cls


def check(estimator: Any) -> None:
    """Every setting is of the kind it should be; whether its value will do is for those who use it to say."""
    for kind, names in _NAMES.items():
        words, fits = _KINDS[kind]
        for name in names:
            if not hasattr(estimator, name):
                continue
            value = getattr(estimator, name)
            if not fits(value) and (value is not None or name in _NEEDED):
                raise SettingsError(f"{name} must be {words}, not {_short(value)}.")


def _whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "whole": ("a whole number", _whole),
    "number": ("a number", _number),
    "text": ("a name", lambda value: isinstance(value, str)),
    "pairs": (
        "a dictionary of names and values",
        lambda value: isinstance(value, Mapping) and all(isinstance(key, str) for key in value),
    ),
    "truth": ("True or False", lambda value: isinstance(value, (bool, np.bool_))),
    "spoken": ('True, False, "en" or "ko"', lambda value: isinstance(value, (bool, np.bool_, str))),
}
_NAMES = {
    "whole": ("batch_size", "epochs", "ensemble", "patience", "n_jobs"),
    "number": ("learning_rate", "dropout", "l1", "l2", "weight_decay", "clip_norm", "tolerance",
               "validation_fraction"),
    "text": ("scaling", "numbers", "defaults",
             "initial_scale", "normalization", "schedule", "monitor", "precision", "numeric", "missing", "calibrate"),
    "pairs": ("hyperparameters", "race"),
    "truth": ("residual", "early_stopping", "categories", "warm_start", "folds", "clip_targets"),
    "spoken": ("progress",),
}  # fmt: skip
_NEEDED = (
    "ensemble", "patience", "dropout", "l1", "l2", "weight_decay", "clip_norm", "tolerance", "schedule",
    "validation_fraction", "monitor", "precision", "numeric", "missing", "scaling", "numbers", "defaults",
)  # fmt: skip
