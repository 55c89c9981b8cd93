"""`osolgil diagnose`: does this network learn these data, if not why, and what to change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from osolgil.command_line import endings, options, values
from osolgil.command_line.asked import settings
from osolgil.command_line.printing import print_json

_ENGLISH = options.Language.en


def diagnose(
    context: typer.Context,
    source: options.Source,
    target: options.Target = None,
    task: options.TaskName = None,
    test: options.Test = None,
    weights: options.Weights = None,
    optimizer: Annotated[str, typer.Option("--optimizer", help="Optimizer to train with.")] = "adam",
    learning_rate: options.LearningRate = None,
    hyperparameters: options.Hyperparameters = None,
    hidden: options.Hidden = None,
    activation: options.Activation = None,
    normalization: options.Normalization = None,
    residual: options.Residual = False,
    initial_scale: options.InitialScale = None,
    loss: options.Loss = None,
    dropout: options.Dropout = None,
    l1: options.L1 = None,
    l2: options.L2 = None,
    weight_decay: options.WeightDecay = None,
    clip_norm: options.ClipNorm = None,
    precision: options.Precision = None,
    batch_size: options.BatchSize = None,
    epochs: options.Epochs = None,
    seed: options.Seed = None,
    jobs: options.Jobs = None,
    repair: Annotated[bool, typer.Option("--repair", help="Try what may cure it, before and after.")] = False,
    out: Annotated[str | None, typer.Option("--out", help="Folder for a page and JSON. [none]")] = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
    lang: options.Lang = _ENGLISH,
) -> None:
    """Say whether a network learns data, and if not, why: predicted, measured, explained, repaired."""
    asked = settings(context.params)
    rows = values.test_rows(test) if test is not None else None
    others = values.pairs(hyperparameters) if hyperparameters is not None else None

    from osolgil.diagnosis import diagnose as run

    try:
        found = run(
            source, optimizer=optimizer, learning_rate=learning_rate, hyperparameters=others, target=target,
            task=task, test=rows, sample_weight=weights, repair=repair, jobs=jobs, out=out,
            language=lang.value, **asked,
        )  # fmt: skip
    except KeyboardInterrupt:
        raise endings.Stopped("Stopped; nothing was written.") from None
    if as_json:
        print_json(found.facts)
    elif quiet:
        print("\n".join(found.sentences(lang.value)))
    else:
        from osolgil.terminal.diagnosis import show_diagnosis

        show_diagnosis(
            found.facts, found.sentences(lang.value), None if out is None else Path(out), lang.value
        )


def add_to(app: typer.Typer) -> None:
    """Make it a command of `osolgil`."""
    app.command()(diagnose)
