"""osolgil, a small trail down the mountain: race gradient-descent optimizers on your own data.

>>> import osolgil
>>> verdict = osolgil.race("iris", optimizers=["sgd", "adam"], learning_rates=3, seeds=2, epochs=5)
>>> len(verdict.leaderboard)
2
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from osolgil.data import Encoding, from_arrays, load
    from osolgil.diagnosis import Diagnosis, diagnose
    from osolgil.errors import DataError, MissingLibraryError, OsolgilError, OutputError, SettingsError
    from osolgil.estimators import DeepClassifier, DeepRegressor, Search, search
    from osolgil.estimators import load as load_estimator
    from osolgil.exports import export
    from osolgil.formulas.own.declare import activation, loss, optimizer
    from osolgil.landscapes import Landscape, landscape
    from osolgil.model import Model
    from osolgil.paths import Paths, path
    from osolgil.race import Entrant, RaceSettings, Verdict, race
    from osolgil.training import Trained, train

__all__ = [
    "DataError", "DeepClassifier", "DeepRegressor", "Diagnosis", "Encoding", "Entrant", "Landscape",
    "MissingLibraryError", "Model", "OsolgilError", "OutputError", "Paths", "RaceSettings", "Search", "SettingsError",
    "Trained", "Verdict", "activation", "diagnose", "export", "from_arrays", "landscape", "load", "load_estimator",
    "loss", "optimizer", "path", "race", "search", "train",
]  # fmt: skip
__version__ = "0.1.0"

_HOMES = {
    **dict.fromkeys(
        ("DataError", "MissingLibraryError", "OsolgilError", "OutputError", "SettingsError"), "osolgil.errors"
    ),
    **dict.fromkeys(("Encoding", "from_arrays", "load"), "osolgil.data"),
    **dict.fromkeys(("activation", "loss", "optimizer"), "osolgil.formulas.own.declare"),
    **dict.fromkeys(("Diagnosis", "diagnose"), "osolgil.diagnosis"),
    **dict.fromkeys(("Entrant", "RaceSettings", "Verdict"), "osolgil.race"),
    **dict.fromkeys(("Trained", "train"), "osolgil.training"),
    "Model": "osolgil.model",
    **dict.fromkeys(("DeepClassifier", "DeepRegressor", "Search", "search"), "osolgil.estimators"),
    "load_estimator": "osolgil.estimators.saving",
    "export": "osolgil.exports",
    **dict.fromkeys(("Paths", "path"), "osolgil.paths"),
    **dict.fromkeys(("Landscape", "landscape"), "osolgil.landscapes"),
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for (PEP 562), so that `import osolgil` costs nothing."""
    if name == "race":
        return import_module("osolgil.race")  # a package that can be called
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), {"load_estimator": "load"}.get(name, name))
    from osolgil.spelling import hint

    raise AttributeError(f"module 'osolgil' has no attribute '{name}'.{hint(name, __all__)}", name=name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
