"""What all recipes share: the training in question, and formulas as source text."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from osolgil.formulas import catalog, scheduling
from osolgil.formulas._vocabulary import WORDS
from osolgil.formulas.catalog import Formula, InitialScale, Loss, Optimizer
from osolgil.formulas.stages import PROBE, evaluated_of, stages_of
from osolgil.report.sentences import recommended_row

_USUAL_COLUMNS = {"scaling": "standard", "numbers": "plain"}
PIECE_ROWS = 512
"""Batch normalisation of more rows than these happens piece by piece."""


@dataclass(frozen=True)
class Layer:
    """A layer of weights: its shape, and whether its input is added to its output."""

    inputs: int
    outputs: int
    residual: bool


@dataclass(frozen=True)
class Plan:
    """One training, with everything a recipe must say."""

    title: str
    data: str
    score: str
    optimizer: Optimizer
    hyperparameters: dict[str, float]
    layers: tuple[Layer, ...]
    activation: str
    output_activation: str
    settings: dict[str, Any]
    training_rows: int
    task: str = "classification"
    target: str | None = None
    weights: str | None = None

    @property
    def course(self) -> scheduling.Course:
        """The learning-rate schedule."""
        return scheduling.parse(self.settings.get("schedule", "constant"))

    @property
    def scheduled(self) -> bool:
        """Whether the learning rate changes with the step."""
        return not self.course.constant

    @property
    def moved_whole(self) -> bool:
        """Whether the optimizer moves more than one number at a time, or has more than one formula."""
        return self.optimizer.scope != "element" or len(stages_of(self.optimizer)) > 1

    @property
    def classify(self) -> bool:
        return self.task == "classification"

    @property
    def loss(self) -> Loss:
        return catalog.loss(self.settings["loss"])

    @property
    def initial_scale(self) -> InitialScale:
        return catalog.initial_scale(self.settings["initial_scale"])

    @property
    def normalization(self) -> str | None:
        return self.settings["normalization"]

    @property
    def batch_size(self) -> int | None:
        """Rows of a batch, None for all."""
        return None if self.optimizer.full_batch else self.settings["batch_size"]

    @property
    def in_pieces(self) -> bool:
        """Whether a batch may be normalised in pieces."""
        size = self.batch_size
        return self.normalization == "batch" and (size is None or size > PIECE_ROWS)

    @property
    def hidden(self) -> tuple[Layer, ...]:
        return self.layers[:-1]

    def constants(self) -> list[str]:
        """The settings on top of a recipe."""
        size = self.batch_size
        lines = [f"EPOCHS = {self.settings['epochs']}"]
        lines.append(
            f"BATCH_SIZE = {size}" + ("  # all rows: gradient descent in full" if size is None else "")
        )
        lines += [f"{name.upper()} = {value!r}" for name, value in self.hyperparameters.items()]
        for name in ("dropout", "l1", "l2", "clip_norm"):
            if self.settings[name]:
                lines.append(f"{name.upper()} = {self.settings[name]!r}")
        if self.settings["weight_decay"]:
            lines.append(f"DECOUPLED_WEIGHT_DECAY = {self.settings['weight_decay']!r}")
        return [*lines, "SEED = 0"]

    def introduction(self, library: str, notes: Iterable[str] = ()) -> str:
        """The recipe's docstring: what it trains, and on what."""
        several = self.task == "multi-label"
        loaded = [f"target={self.target!r}"] if several else []
        loaded += [f"sample_weight={self.weights!r}"] if self.weights else []
        encoding = [self.settings.get(name, usual) for name, usual in _USUAL_COLUMNS.items()]
        if encoding != list(_USUAL_COLUMNS.values()):
            loaded.append(f"encoding=osolgil.Encoding({', '.join(map(repr, encoding))})")
        link = f".with_logarithmic_outputs({self.loss.name!r}, {self.loss.targets == 'positive'})"
        load = f"osolgil.load({', '.join([repr(self.data), *loaded])})" + link * (self.loss.link == "log")
        more = ", weights=data.train.weights" if self.weights else ""
        lines = [
            f"{self.title} on {self.data} with {library}: the training that osolgil recommends.",
            "",
            "Reads train.npz (or the file named on the command line) with arrays of the training rows: inputs",
            f"(rows, {self.layers[0].inputs}) and targets {'(rows, labels)' if several else '(rows,)'}, "
            f"{self._targets()}{', and weights (rows,) of mean 1' if self.weights else ''}.",
            "osolgil's own rows come from",
            f"    data = {load}",
            f'    numpy.savez("train.npz", inputs=data.train.inputs, targets=data.train.targets{more})',
            *(_LSUV if self.initial_scale.adapts_to_data else ()),
            *notes,
        ]
        if self.course.plateau is not None:
            lines += [
                "",
                f"osolgil lowers the learning rate by {self.course.plateau} as well: a rule that needs validation rows",
                "after every epoch, which this recipe does not have.",
            ]
        if library != "PyTorch":
            lines += self._what_is_left_out(library)
        return '"""' + "\n".join(lines).replace("\\", "\\\\").replace('"""', "'''") + '\n"""'

    def _what_is_left_out(self, library: str) -> list[str]:
        """What a library's training loop cannot do of a wrapped optimizer."""
        row, lines = self.optimizer, []
        if any(stage.kind == PROBE for stage in stages_of(row)):
            lines += [
                "",
                f"osolgil measures a second gradient in steps of {row.title}, which this recipe for {library}",
                "leaves out: use the one for PyTorch for the same training.",
            ]
        if evaluated_of(row) is not None:
            lines += [
                "",
                "osolgil evaluates and keeps averaged weights; here the trained ones are kept, and",
                "evaluated(theta, states) gives the others.",
            ]
        return lines

    def _targets(self) -> str:
        if self.loss.link == "log":
            return "divided by their mean"
        return {
            "classification": "class numbers",
            "multi-label": "0 or 1",
            "regression": "standardised to mean 0 and variance 1",
        }[self.task]


_LSUV = (
    "",
    "osolgil also divides the first weights of every layer so that its outputs on 256 rows have variance 1;",
    "here they begin orthogonal.",
)


def plan_of(facts: dict[str, Any]) -> Plan | None:
    """The recommended training, None where there is none."""
    row = recommended_row(facts)
    if row is None:
        return None
    settings, widths = facts["settings"], facts["network"]["widths"]
    layers = tuple(
        Layer(a, b, bool(settings["residual"]) and 0 < place < len(widths) - 2 and a == b)
        for place, (a, b) in enumerate(pairwise(widths))
    )
    names = facts["network"]["activations"]
    return Plan(
        row["title"], facts["data"]["name"], facts["data"]["score"], catalog.optimizer(row["optimizer"]),
        dict(row["hyperparameters"]), layers, names[0], names[-1], settings, int(facts["data"]["rows"]["train"]),
        facts["data"]["task"], facts["data"]["target"], facts["data"].get("weights"),
    )  # fmt: skip


def source(formula: Formula) -> str:
    """A formula as it is written, without its decorators."""
    text = textwrap.dedent(inspect.getsource(formula))
    definition = next(node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    return "\n".join(text.splitlines()[definition.lineno - 1 : definition.end_lineno])


def words_of(texts: Iterable[str]) -> list[str]:
    """Which words of the vocabulary formulas use."""
    used = {node.id for text in texts for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    return [word for word in WORDS if word in used]


def formula_texts(row: Optimizer) -> list[str]:
    """The optimizer's coefficients and update, as source."""
    return [source(formula) for formula in (row.coefficients, row.formula) if formula is not None]


def coefficient_lines(row: Optimizer, time: str, carried: str, rate: str = "LEARNING_RATE") -> list[str]:
    """Code that computes the step's scalars, as `carried, scalars`, from its number and learning rate."""
    values = ", ".join(rate if name == "learning_rate" else name.upper() for name in row.defaults)
    if row.coefficients is None:
        return [f"scalars = ({values},)"]
    parts = ", ".join([time, *(f"{carried}[{place}]" for place in range(len(row.carried))), values])
    lines = [f"scalars = {row.coefficients.__name__}({parts})"]
    if row.carried:
        count = len(row.carried)
        lines.append(f"{carried}, scalars = list(scalars[:{count}]), scalars[{count}:]")
    return lines


def indented(lines: Iterable[str], depth: int = 1) -> Iterator[str]:
    """Lines moved in by so many steps of four spaces."""
    for line in lines:
        yield "    " * depth + line if line else line
