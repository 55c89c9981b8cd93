"""What is taken on a table where the user says nothing, and why.

Each choice was switched off and on beside the others on eight data sets: `benchmarks/defaults.py`, with its table in
`benchmarks/results/defaults.md`. The sources are RealMLP (D. Holzmüller et al. 2024, arXiv:2407.04491), numerical
embeddings (Y. Gorishniy et al. 2022, arXiv:2203.05556) and TabM (Y. Gorishniy et al. 2024, arXiv:2410.24210).

>>> found = tabular_defaults("regression", rows=13_760)
>>> found.encoding, found.ensemble, found.keep
(Encoding(scaling='robust', numbers='piecewise'), 8, 'best-mean')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from osolgil.data.columns.encodings import Encoding
from osolgil.errors import SettingsError
from osolgil.formulas import catalog
from osolgil.spelling import hint

if TYPE_CHECKING:
    from osolgil.data import Dataset

DEFAULTS = ("race", "table")
_FEW = 1_000  # rows, which tell accuracies apart by 1 % or so only: their loss tells more (wine: +0.6 ± 0.2 points)
_MANY = 20_000
_STEPS = 6_500  # of training, where rows are neither few nor very many


@dataclass(frozen=True)
class TabularDefaults:
    """Settings of preprocessing and training for a table.

    encoding: of its numbers, for `osolgil.load`. settings: fields of `RaceSettings`. optimizer, learning_rate,
    hyperparameters: what trains. ensemble, folds, keep, patience, clip_targets: as for `osolgil.train`.
    """

    encoding: Encoding
    settings: Mapping[str, Any]
    optimizer: str
    learning_rate: float
    hyperparameters: Mapping[str, float]
    ensemble: int
    folds: bool
    keep: str
    patience: int
    clip_targets: bool


def tabular_defaults(task: str, rows: int) -> TabularDefaults:
    """The defaults for a table of so many training rows.

    Args:
        task: "classification", "multi-label" or "regression".
        rows: training rows, at least 1.
    """
    batch = 128 if rows < _MANY else 256
    epochs = int(min(200, max(20, round(_STEPS * batch / max(rows, 1)))))
    settings: dict[str, Any] = {
        "hidden": (128, 128),
        "activation": "silu",
        "initial_scale": "glorot_uniform",
        "batch_size": batch,
        "epochs": epochs,
        "schedule": "warmup_cosine(warmup=0.05)",
        "weight_decay": 0.01,
        "dropout": 0.1,
    }
    if (
        task == "classification"
    ):  # as RealMLP; what it does to probabilities is undone, see osolgil.sharpening
        settings["loss"] = "softmax_cross_entropy(label_smoothing=0.1)"
    return TabularDefaults(
        encoding=Encoding("robust", "piecewise"),
        settings=settings,
        optimizer="adam",
        learning_rate=0.003,
        hyperparameters={"beta2": 0.95},
        ensemble=8,
        folds=True,
        keep="best-mean-loss" if task == "classification" and rows < _FEW else "best-mean",
        patience=max(16, epochs // 5),
        clip_targets=task == "regression",
    )


@dataclass(frozen=True)
class Choice:
    """What a user asked `osolgil.train` for; None where nothing was said, until `completed` fills it in."""

    optimizer: Any = None
    learning_rate: float | None = None
    hyperparameters: Mapping[str, float] = field(default_factory=dict)
    ensemble: Any = None
    folds: Any = None
    keep: Any = None
    patience: int | None = None
    clip_targets: Any = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def encoding(self, defaults: str) -> Encoding:
        """How numbers become features: as asked for, else as the defaults say."""
        usual = _usual(defaults, "regression", 1)
        usual_encoding = Encoding() if usual is None else usual.encoding
        scaling = self.settings.get("scaling", usual_encoding.scaling)
        return Encoding(scaling, self.settings.get("numbers", usual_encoding.numbers))

    def completed(self, defaults: str, data: Dataset) -> Choice:
        """Everything said or filled in; hyperparameters hold all of the optimizer's, the learning rate too."""
        usual = _usual(defaults, data.task, len(data.train))
        settings, given = dict(self.settings), dict(self.hyperparameters)
        optimizer, rate = self.optimizer, self.learning_rate
        if usual is not None:
            encoding = self.encoding(defaults)
            settings = {
                **usual.settings, "scaling": encoding.scaling, "numbers": encoding.numbers, **settings,
            }  # fmt: skip
            if optimizer is None:
                rate = usual.learning_rate if rate is None else rate
                given = {**usual.hyperparameters, **given}
        ensemble = _first(self.ensemble, usual and usual.ensemble, 1)
        if isinstance(ensemble, bool) or not isinstance(ensemble, int) or ensemble < 1:
            raise SettingsError(f"An ensemble has 1 network or more, not {ensemble}.")
        folds = bool(_first(self.folds, usual and usual.folds, False))
        if "loss" not in self.settings and (ensemble == 1 or not folds):
            settings.pop("loss", None)  # labels are smoothed only where folds can sharpen what that blurs
        row = catalog.optimizer(optimizer or (usual.optimizer if usual else "adam"))
        values = row.hyperparameters(**given)
        values["learning_rate"] = values["learning_rate"] if rate is None else float(rate)
        return replace(
            self,
            optimizer=row.name,
            learning_rate=values["learning_rate"],
            hyperparameters=values,
            ensemble=ensemble,
            folds=folds,
            keep=_first(self.keep, usual and usual.keep, "last"),
            patience=_first(self.patience, usual and usual.patience, None),
            clip_targets=bool(_first(self.clip_targets, usual and usual.clip_targets, False)),
            settings=settings,
        )

    def to_dict(self) -> dict[str, Any]:
        """What is no field of `RaceSettings`, ready for JSON."""
        facts = asdict(self)
        return {name: facts[name] for name in ("ensemble", "folds", "keep", "patience", "clip_targets")}


def _usual(defaults: str, task: str, rows: int) -> TabularDefaults | None:
    if defaults not in DEFAULTS:
        raise SettingsError(f"The defaults are race or table, not '{defaults}'.{hint(defaults, DEFAULTS)}")
    return tabular_defaults(task, rows) if defaults == "table" else None


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)
