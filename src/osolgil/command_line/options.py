"""Every option of the command line, written once and shared by the commands that have it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any, get_args

import typer

_LARGEST_SEED = 2**32 - 1


class Language(StrEnum):
    """Languages of everything the reader sees."""

    en = "en"
    ko = "ko"


def _option(name: str, explanation: str, **limits: float):  # type: ignore[no-untyped-def]
    return typer.Option(name, help=explanation, show_default=False, **limits)  # type: ignore[call-overload]


Source = Annotated[
    str, typer.Argument(help="A data set's name, a table, arrays or pictures.", show_default=False)
]
Target = Annotated[
    str | None,
    _option("--target", "Column to predict, or labels a,b,c. [target, label, class, y; else last]"),
]
TaskName = Annotated[str | None, _option("--task", "classification, multi-label, regression. [by target]")]
Weights = Annotated[str | None, _option("--weights", "Column that says how much a row counts. [all alike]")]
Test = Annotated[str | None, _option("--test", "Share of rows to test on, or a file of test rows. [0.2]")]
Optimizers = Annotated[
    str | None, _option("--optimizers", "adam,name=sgd,mine.py:my_own or all. [lecture's]")
]
Activation = Annotated[str | None, _option("--activation", "Of the hidden layers, or mine.py:my_own. [relu]")]
Hidden = Annotated[str | None, _option("--hidden", "Widths 64,64 or depth x width 20x64, or none. [64,64]")]
Normalization = Annotated[str | None, _option("--normalization", "layer, batch or none. [none]")]
Residual = Annotated[bool, _option("--residual", "Add each hidden layer's input to its output.")]
InitialScale = Annotated[str | None, _option("--initial-scale", "Scale of first weights. [by activation]")]
Dropout = Annotated[float | None, _option("--dropout", "Share of hidden units dropped in training. [0]")]
L1 = Annotated[float | None, _option("--l1", "Strength of the L1 penalty. [0]")]
L2 = Annotated[float | None, _option("--l2", "Strength of the L2 penalty. [0]")]
WeightDecay = Annotated[float | None, _option("--weight-decay", "Decoupled weight decay. [0]")]
ClipNorm = Annotated[float | None, _option("--clip-norm", "Largest norm of the gradient. [0: no limit]")]
Schedule = Annotated[
    str | None, _option("--schedule", 'Of the learning rate: cosine, "linear_warmup(0.1)+cosine". [constant]')
]
Loss = Annotated[str | None, _option("--loss", "huber, 'huber(delta=2)' or mine.py:my_own. [fits the task]")]
Scaling = Annotated[
    str | None,
    _option("--scaling", "Of a table's numbers: standard, or robust with smooth clipping. [standard]"),
]
Numbers = Annotated[
    str | None,
    _option(
        "--numbers", 'Their code: plain, piecewise, "piecewise(bins=32)", tree_piecewise, periodic. [plain]'
    ),
]
Defaults = Annotated[
    str | None, _option("--defaults", "What is taken where nothing is said: race or table. [race]")
]
Ensemble = Annotated[
    int | None, _option("--ensemble", "Networks whose mean answer is the model. [1]", min=1, max=1024)
]
Folds = Annotated[
    bool | None, _option("--folds/--no-folds", "Each network validates on another part of the rows. [no]")
]
Keep = Annotated[
    str | None, _option("--keep", "Epoch kept: last, best, best-loss, best-mean, best-mean-loss. [last]")
]
Patience = Annotated[
    int | None, _option("--patience", "Stop when so many epochs were no better. [never]", min=1)
]
ClipTargets = Annotated[
    bool | None,
    _option(
        "--clip-targets/--no-clip-targets",
        "Answer numbers only within the range of the training targets. [no]",
    ),
]
Precision = Annotated[str | None, _option("--precision", "float32 or float64. [float32]")]
BatchSize = Annotated[int | None, _option("--batch-size", "Rows per training step. [by data size]")]
Epochs = Annotated[int | None, _option("--epochs", "Passes over the training rows. [by data size]")]
Optimizer = Annotated[str | None, _option("--optimizer", "Optimizer to train with. [adam]")]
LearningRates = Annotated[str | None, _option("--learning-rates", "How many, or which: 9 or 0.1,0.01. [9]")]
LearningRate = Annotated[float | None, _option("--learning-rate", "Learning rate. [the optimizer's]")]
Hyperparameters = Annotated[str | None, _option("--hyperparameters", "The optimizer's others: beta1=0.8.")]
Seeds = Annotated[int | None, _option("--seeds", "Runs that tune each setting. [5]")]
ConfirmationSeeds = Annotated[
    int | None, _option("--confirmation-seeds", "Fresh runs for the verdict. [2 x seeds]")
]
Confidence = Annotated[float | None, _option("--confidence", "Level of the intervals. [0.95]")]
Seed = Annotated[int | None, _option("--seed", "Seed of all chance. [0]", min=0, max=_LARGEST_SEED)]
Budget = Annotated[str | None, _option("--budget", "Time to end within: 60s, 5m, 1h. [none]")]
Jobs = Annotated[int | None, _option("--jobs", "Threads. [one per core]", min=1, max=1024)]
Out = Annotated[str | None, _option("--out", "Folder to write to. [osolgil-<data>]")]
Resume = Annotated[bool, _option("--resume", "Go on with the unfinished race in the folder.")]
Memory = Annotated[
    str | None, _option("--memory", "Bound above which data are streamed: 800MB, 2GiB. [1GiB]")
]
ResumeTraining = Annotated[bool, _option("--resume", "Go on with the streamed training in the folder.")]
Quiet = Annotated[bool, _option("--quiet", "Print the conclusion only.")]
Json = Annotated[bool, _option("--json", "Print JSON only.")]
Lang = Annotated[Language, typer.Option("--lang", help="Language of what is shown.")]

DATA = {"target": Target, "task": TaskName, "test": Test, "weights": Weights}
ONE_OPTIMIZER = {"optimizer": Optimizer, "learning_rate": LearningRate, "hyperparameters": Hyperparameters}
NETWORK = {
    "hidden": Hidden, "activation": Activation, "normalization": Normalization, "residual": Residual,
    "initial_scale": InitialScale, "loss": Loss, "dropout": Dropout, "l1": L1, "l2": L2,
    "weight_decay": WeightDecay, "clip_norm": ClipNorm,
}  # fmt: skip
PREPARATION = {"schedule": Schedule, "scaling": Scaling, "numbers": Numbers}
COURSE = {"precision": Precision, "batch_size": BatchSize, "epochs": Epochs}
CHANCE = {
    "learning_rates": LearningRates, "seeds": Seeds, "confirmation_seeds": ConfirmationSeeds,
    "confidence": Confidence, "seed": Seed, "budget": Budget,
}  # fmt: skip
ANSWER = {
    "defaults": Defaults, "ensemble": Ensemble, "folds": Folds, "keep": Keep, "patience": Patience,
    "clip_targets": ClipTargets,
}  # fmt: skip
SHOWN = {"quiet": Quiet, "as_json": Json, "lang": Lang}


def taking(*groups: Mapping[str, Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command whole groups of options after its own parameters; their values come as keywords in `**given`.

    Typer reads a function's signature, so the groups are written into it.

    >>> @taking({"seed": Seed}, SHOWN)
    ... def command(source: Source, **given: Any) -> None: ...
    >>> {name: parameter.default for name, parameter in inspect.signature(command).parameters.items()}["quiet"]
    False
    """
    options = {name: option for group in groups for name, option in group.items()}

    def signed(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command, eval_str=True).parameters.values()
        parameters = [parameter for parameter in own if parameter.kind is not parameter.VAR_KEYWORD]
        for name, option in options.items():
            kind = get_args(option)[0]
            default = False if kind is bool else Language.en if kind is Language else None
            keyword = inspect.Parameter.KEYWORD_ONLY
            parameters.append(inspect.Parameter(name, keyword, default=default, annotation=option))
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return command

    return signed
