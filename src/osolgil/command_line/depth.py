"""`osolgil depth`: the product of derivatives through depth, and the depth at which training dies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from osolgil.command_line import options, values
from osolgil.command_line.printing import print_json

_ENGLISH = options.Language.en


def depth(
    source: options.Source,
    activations: Annotated[
        str | None, typer.Option("--activations", help="Names with commas. [every one]")
    ] = None,
    depths: Annotated[str, typer.Option("--depths", help="Numbers of hidden layers.")] = "1,2,4,8,16,32",
    width: Annotated[int, typer.Option("--width", help="Units of each hidden layer.", min=1)] = 64,
    learning_rate: options.LearningRate = None,
    epochs: options.Epochs = None,
    seed: options.Seed = None,
    jobs: options.Jobs = None,
    out: Annotated[str | None, typer.Option("--out", help="HTML file to write. [none]")] = None,
    as_json: options.Json = False,
    lang: options.Lang = _ENGLISH,
) -> None:
    """Race depths: how derivatives multiply through layers, and where training dies."""
    counts = values.numbers("--depths", depths, "whole numbers such as 1,2,4")
    typed = {"learning_rate": learning_rate, "epochs": epochs, "seed": seed}
    asked: dict[str, Any] = {name: value for name, value in typed.items() if value is not None}

    from osolgil.diagnosis.depths import depths as run

    found = run(
        source, activations=None if activations is None else values.names(activations), depths=counts, width=width,
        jobs=jobs, **asked,
    )  # fmt: skip
    if out is not None:
        from osolgil.report.depth_page import write_depths

        write_depths(Path(out).expanduser(), found, lang.value)
    if as_json:
        print_json(found)
    else:
        _show(found, lang.value)


def _show(found: dict[str, Any], language: str) -> None:
    from rich.table import Table

    from osolgil.messages import message
    from osolgil.report.diagnosis_sentences import power
    from osolgil.report.sentences import score_text
    from osolgil.terminal.consoles import console_for

    console = console_for(sys.stdout)
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold dim")
    names = ("activation", "largest", "predicted", "measured")
    for name in names:
        table.add_column(
            message(f"depth.{name}", language),
            justify="left" if name == "activation" else "right",
            min_width=1 if name == "activation" else 7,
        )
    for count in found["depths"]:
        table.add_column(str(count), justify="right", no_wrap=True)
    table.add_column(message("depth.dies", language), justify="right")
    for row in found["activations"]:
        scores = [score_text(score, found["data"]["score"], language) for score in row["scores"]]
        dies = "–" if row["dies"] is None else str(row["dies"])
        ends = [power(row[name][-1]) for name in ("predicted", "measured")]
        table.add_row(row["activation"], f"{row['largest_slope']:.3g}", *ends, *scores, dies)
    console.print(table)
    deepest = found["depths"][-1]
    console.print(
        message("depth.text", language, depth=deepest, width=found["width"], assumption=found["assumption"])
    )


def add_to(app: typer.Typer) -> None:
    """Make it a command of `osolgil`."""
    app.command()(depth)
