"""The commands `path` and `landscape`: ways over a surface, and over the loss of a network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from osolgil.command_line import options, values
from osolgil.command_line.printing import print_json
from osolgil.errors import SettingsError

if TYPE_CHECKING:
    from osolgil.paths import Paths

_ENGLISH = options.Language.en
Surface = Annotated[str, typer.Argument(help="A surface's name; see osolgil surfaces.", show_default=False)]
Optimizers = Annotated[
    str | None,
    typer.Option("--optimizers", help="adam,nesterov or all. [the lecture's six]", show_default=False),
]
Start = Annotated[
    str | None, typer.Option("--start", help="First point x,y. [the surface's]", show_default=False)
]
Steps = Annotated[int, typer.Option("--steps", help="Steps of each.")]
BatchSizes = Annotated[
    str | None, typer.Option("--batch-sizes", help="Samples per step: all,16,1. [all]", show_default=False)
]
Noise = Annotated[
    float | None,
    typer.Option("--noise", help="Deviation of one sample's gradient. [the surface's]", show_default=False),
]
Out = Annotated[str | None, typer.Option("--out", help="Folder to write to. [osolgil-path-<surface>]")]
Directions = Annotated[str, typer.Option("--directions", help="principal or random.")]
Grid = Annotated[int, typer.Option("--grid", help="Points along each side.")]


def add_to(app: typer.Typer) -> None:
    """Put the commands into the command line."""
    app.command()(path)
    app.command()(landscape)


def path(
    surface: Surface,
    optimizers: Optimizers = None,
    start: Start = None,
    steps: Steps = 100,
    learning_rate: options.LearningRate = None,
    hyperparameters: options.Hyperparameters = None,
    batch_sizes: BatchSizes = None,
    noise: Noise = None,
    seed: options.Seed = None,
    out: Out = None,
    as_json: options.Json = False,
    lang: options.Lang = _ENGLISH,
) -> None:
    """Let optimizers walk over a surface; writes a picture and prints where each arrived."""
    chosen: dict[str, Any] = {}
    if optimizers is not None:
        chosen["optimizers"] = values.names(optimizers)
    if start is not None:
        chosen["start"] = values.numbers("--start", start, "two numbers such as -1.2,1")
    if batch_sizes is not None:
        chosen["batch_sizes"] = [_batch_size(part) for part in values.names(batch_sizes)]

    from osolgil.paths import path as walk

    found = walk(
        surface, steps=steps, learning_rate=learning_rate, noise=noise, seed=seed or 0,
        hyperparameters=values.pairs(hyperparameters) if hyperparameters is not None else None, **chosen,
    )  # fmt: skip
    if as_json:
        print_json(found.to_dict())
        return
    from osolgil.pictures.path_page import write_path

    folder = Path(out) if out else Path(f"osolgil-path-{found.surface.name}")
    files = write_path(folder, found, lang.value, tuned=learning_rate is None)
    _show(found, files["html"], lang.value)


def _show(found: Paths, picture: Path, language: str) -> None:
    from rich.table import Table

    from osolgil.messages import message
    from osolgil.pictures.path_page import rows
    from osolgil.terminal.consoles import console_for

    console = console_for(sys.stdout)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold dim")
    for column in ("optimizer", "learning_rate", "end", "value", "away"):
        table.add_column(
            message(f"path.column_{column}", language), justify="left" if column == "optimizer" else "right"
        )
    for row in rows(found):
        table.add_row(row["name"], row["rate"], row["end"], row["value"], row["away"])
    console.print(table)
    console.print()
    console.print(message("path.written", language, path=picture), soft_wrap=True)


def _batch_size(text: str) -> int | None:
    if text == "all":
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise SettingsError(f"--batch-sizes takes numbers and 'all', such as all,16,1, not '{text}'.")
    return int(text)


def landscape(
    source: options.Source,
    optimizers: Optimizers = None,
    directions: Directions = "principal",
    grid: Grid = 41,
    target: options.Target = None,
    hidden: options.Hidden = None,
    activation: options.Activation = None,
    learning_rate: options.LearningRate = None,
    batch_size: options.BatchSize = None,
    epochs: options.Epochs = None,
    seed: options.Seed = None,
    jobs: options.Jobs = None,
    out: Annotated[str | None, typer.Option("--out", help="Folder to write to. [osolgil-landscape]")] = None,
    as_json: options.Json = False,
    lang: options.Lang = _ENGLISH,
) -> None:
    """Draw a network's loss on a plane through its weights, with the ways of training on it."""
    asked = {"activation": activation, "batch_size": batch_size, "epochs": epochs, "seed": seed}
    chosen: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    if hidden is not None:
        chosen["hidden"] = values.widths(hidden)
    if optimizers is not None:
        chosen["optimizers"] = values.names(optimizers)

    from osolgil.landscapes import landscape as draw

    found = draw(
        source,
        directions=directions,
        grid=grid,
        target=target,
        learning_rate=learning_rate,
        jobs=jobs,
        **chosen,
    )
    if as_json:
        print_json(found.to_dict())
        return
    from osolgil.formulas import catalog
    from osolgil.messages import message
    from osolgil.pictures.landscape_page import write_landscape

    for course in found.courses:
        hidden_share = 100 * float(course.off_plane[:-1].mean())
        name = f"{catalog.optimizer(course.optimizer).title} ({course.learning_rate:g})"
        loss = f"{message('axis.training_loss', lang.value)} {course.losses[-1]:.4g}"
        print(f"{name}: {loss}, {message('landscape.hidden_axis', lang.value)} {hidden_share:.0f} %")
    print(
        message(
            "path.written", lang.value, path=write_landscape(out or "osolgil-landscape", found, lang.value)
        )
    )
