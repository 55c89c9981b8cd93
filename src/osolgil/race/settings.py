"""What a race compares and how long: entrants, the network, epochs, seeds, learning rates."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from osolgil.data.columns.encodings import Encoding
from osolgil.errors import SettingsError
from osolgil.formulas import catalog, naming, own, scheduling
from osolgil.network import Network
from osolgil.spelling import hint

LECTURE_OPTIMIZERS = (
    "gradient_descent", "sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adamax", "nadam",
    "adamw",
)  # fmt: skip
_USUAL_LOSSES = {
    "classification": "softmax_cross_entropy",
    "multi-label": "binary_cross_entropy",
    "regression": "squared_error",
}
_RECTIFIERS = ("rectifiers", "exponential_units", "smooth_rectifiers", "gates", "late_gates")


@dataclass(frozen=True)
class Entrant:
    """An optimizer in a race, under a name; `hyperparameters` are fixed, the learning rate is tuned.

    `seed_offset` shifts its seeds away from the others', which breaks the pairing: only for testing the verdict.
    """

    name: str
    optimizer: str
    hyperparameters: Mapping[str, float] = field(default_factory=dict)
    seed_offset: int = 0


@dataclass(frozen=True)
class RaceSettings:
    """Every setting of a race; whatever is None is chosen from the data by `completed`.

    learning_rates is how many rates the first grid has, or the rates themselves; seeds is how many runs tune a
    setting, confirmation_seeds how many fresh ones the verdict rests on; confidence is the level of its intervals.
    A loss or an initial scale may have hyperparameters, "huber(delta=2)": those of regression losses are in
    standard deviations of the target over the training rows. scaling and numbers say how a table's numbers become
    features, see `osolgil.data.Encoding`.
    """

    entrants: tuple[Entrant, ...] = ()
    hidden: tuple[int, ...] = (64, 64)
    activation: str = "relu"
    output_activation: str = "identity"
    batch_size: int | None = None
    epochs: int | None = None
    learning_rates: int | tuple[float, ...] = 9
    seeds: int = 5
    confirmation_seeds: int | None = None
    loss: str | None = None
    initial_scale: str | None = None
    normalization: str | None = None
    residual: bool = False
    dropout: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    weight_decay: float = 0.0
    clip_norm: float = 0.0
    schedule: str = "constant"
    scaling: str = "standard"
    numbers: str = "plain"
    precision: str = "float32"
    confidence: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        self._find_own_formulas()
        _require(self.seeds >= 2, "seeds", "2 or more, or nothing could be said about chance", self.seeds)
        _require(all(width >= 1 for width in self.hidden), "hidden", "widths from 1 up", self.hidden)
        _require(self.epochs is None or self.epochs >= 1, "epochs", "1 or more", self.epochs)
        _require(self.batch_size is None or self.batch_size >= 1, "batch_size", "1 or more", self.batch_size)
        _require(0 <= self.dropout < 1, "dropout", "from 0 up to, not including, 1", self.dropout)
        for name in ("l1", "l2", "weight_decay", "clip_norm"):
            value = getattr(self, name)
            _require(math.isfinite(value) and value >= 0, name, "0 or more", value)
        precisions = ("float32", "float64")
        near = hint(self.precision, precisions)
        _require(self.precision in precisions, "precision", "float32 or float64", self.precision, near)
        _require(0.5 < self.confidence < 1, "confidence", "between 0.5 and 1", self.confidence)
        scheduling.parse(self.schedule)
        Encoding(self.scaling, self.numbers)
        fresh = self.confirmation_seeds
        _require(fresh is None or fresh >= 2, "confirmation_seeds", "2 or more", fresh)
        rates = self.learning_rates
        if isinstance(rates, int):
            _require(1 <= rates <= 25, "learning_rates", "a count from 1 to 25, or a list of rates", rates)
        else:
            positive = bool(rates) and all(math.isfinite(rate) and rate > 0 for rate in rates)
            _require(positive, "learning_rates", "positive numbers", rates)

    @property
    def encoding(self) -> Encoding:
        """How the numbers of a table become features."""
        return Encoding(self.scaling, self.numbers)

    def _find_own_formulas(self) -> None:
        """Replace functions and places such as mine.py:bent by the names of what they say."""
        for name in ("activation", "output_activation", "loss"):
            value = getattr(self, name)
            if value is not None and own.is_own(value):
                row = catalog.loss(value) if name == "loss" else catalog.activation(value)
                object.__setattr__(self, name, row.name)
        used = {self.activation, self.output_activation, self.loss, *(e.optimizer for e in self.entrants)}
        plain = [name.partition("@")[0] for name in sorted(map(str, used)) if "@" in name]
        for name in plain:
            if plain.count(name) > 1:
                raise SettingsError(f"Two different own formulas are called '{name}'; rename one of them.")

    def completed(self, task: str, rows: int) -> RaceSettings:
        """Fill in what depends on the data: batch size, epochs, loss, initial scale, entrants."""
        changes: dict[str, Any] = {}
        if self.batch_size is None:
            changes["batch_size"] = int(min(64, max(8, 2 ** round(math.log2(max(rows, 16) / 16)))))
        if self.epochs is None:
            changes["epochs"] = int(min(30, max(5, round(150_000 / max(rows, 1)))))
        if self.loss is None:
            changes["loss"] = _USUAL_LOSSES[task]
        else:
            row = catalog.loss(self.loss)
            if task not in row.tasks:
                raise SettingsError(
                    f"The loss '{self.loss}' is for {' and '.join(row.tasks)}, but the task is {task}."
                )
            changes["loss"] = row.text
        if self.initial_scale is None:
            changes["initial_scale"] = _initial_scale(catalog.activation(self.activation))
        if self.confirmation_seeds is None:
            changes["confirmation_seeds"] = max(5, 2 * self.seeds)
        if not self.entrants:
            changes["entrants"] = entrants(LECTURE_OPTIMIZERS)
        return RaceSettings(**{**self.__dict__, **changes})

    def network(self, inputs: int, outputs: int) -> Network:
        """The network every run trains."""
        widths = (inputs, *self.hidden, outputs)
        names = (catalog.activation(self.activation).text,) * len(self.hidden)
        return Network(
            widths,
            (*names, catalog.activation(self.output_activation).text),
            self.normalization,  # type: ignore[arg-type]
            self.residual,
            self.initial_scale or "glorot_uniform",
        )

    def to_dict(self) -> dict[str, Any]:
        """Every setting, ready for JSON."""
        facts = asdict(self)
        facts["entrants"] = [{**e, "hyperparameters": dict(e["hyperparameters"])} for e in facts["entrants"]]
        facts["optimizers"] = [entrant.name for entrant in self.entrants]
        return {k: list(v) if isinstance(v, tuple) else v for k, v in facts.items()}

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> RaceSettings:
        """The settings `to_dict` describes."""
        facts = {k: v for k, v in facts.items() if k != "optimizers"}
        facts["entrants"] = tuple(Entrant(**entrant) for entrant in facts["entrants"])
        facts["hidden"] = tuple(facts["hidden"])
        if isinstance(facts["learning_rates"], list):
            facts["learning_rates"] = tuple(facts["learning_rates"])
        return cls(**facts)


Entering = str | Entrant | Callable[..., Any]


def entrants(optimizers: Entering | Sequence[Entering]) -> tuple[Entrant, ...]:
    """Entrants from names, `name=optimizer` pairs, functions or ready entrants; "all" means the whole catalog."""
    chosen: list[Entrant] = []
    for item in listed(optimizers):
        if isinstance(item, Entrant):
            row = catalog.optimizer(item.optimizer)
            row.hyperparameters(**item.hyperparameters)
            chosen.append(replace(item, optimizer=row.name) if own.is_own(item.optimizer) else item)
        elif isinstance(item, str) and item.strip() == "all":
            chosen += [Entrant(name, name) for name in catalog.optimizers()]
        else:
            label, name = split_label(item) if isinstance(item, str) else ("", item)
            row = catalog.optimizer(name)
            chosen.append(Entrant(label or re.sub("@[0-9a-f]{8}", "", row.name), row.name))
    names = [entrant.name for entrant in chosen]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(
                f"'{name}' enters the race twice; give one of them another name: second={name}."
            )
    if not chosen:
        raise SettingsError("A race needs at least one optimizer; name some with --optimizers.")
    return tuple(chosen)


def listed(optimizers: Entering | Sequence[Entering]) -> list[Entering]:
    """One entrant, or several, as a list; a text may name several.

    >>> listed("sgd, ema(adam, memory=0.9)")
    ['sgd', 'ema(adam, memory=0.9)']
    """
    if isinstance(optimizers, str):
        return [*naming.split(optimizers)]
    return list(optimizers) if isinstance(optimizers, Sequence) else [optimizers]


def split_label(item: str) -> tuple[str, str]:
    """The entrant's own name, "" where it has none, and its optimizer.

    >>> split_label("second = adam"), split_label("adam"), split_label("mine=my/file.py:bent")
    (('second', 'adam'), ('', 'adam'), ('mine', 'my/file.py:bent'))
    >>> split_label("ema(adam, memory=0.9)"), split_label("soft=ema(adam, memory=0.9)")
    (('', 'ema(adam, memory=0.9)'), ('soft', 'ema(adam, memory=0.9)'))
    """
    head, bracket, rest = item.partition("(")
    label, _, name = head.rpartition("=")
    return label.strip(), f"{name}{bracket}{rest}".strip()


def _initial_scale(row: catalog.Activation) -> str:
    """He's for what cuts or bends one half of the signal, LeCun's for SELU, Glorot's for the rest."""
    if row.name == "selu":
        return "lecun_normal"
    return "he_normal" if row.family in _RECTIFIERS and row.name != "identity" else "glorot_uniform"


def _require(holds: bool, name: str, wanted: str, value: Any, near: str = "") -> None:
    if not holds:
        raise SettingsError(f"The setting {name} must be {wanted}, not {value}.{near}")


def asked_task(task: str | None, loss: str | None) -> str | None:
    """The task that was asked for: by its name, or by a loss that is of numbers alone.

    >>> asked_task(None, "poisson"), asked_task(None, "hinge"), asked_task("classification", None)
    ('regression', None, 'classification')
    """
    of_numbers = loss is not None and catalog.loss(loss).tasks == ("regression",)
    return "regression" if task is None and of_numbers else task
