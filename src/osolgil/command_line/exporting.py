"""`osolgil export`: a trained model for another language or runtime."""

from __future__ import annotations

from typing import Annotated

import typer

from osolgil.command_line import options

_ENGLISH = options.Language.en


def export(
    model: Annotated[str, typer.Argument(help="A model's folder, or its model.json.", show_default=False)],
    to: Annotated[str, typer.Option("--to", help="onnx, torch, python or c.", show_default=False)],
    out: Annotated[str | None, typer.Option("--out", help="File to write. [in the model's folder]")] = None,
    inputs: Annotated[
        str, typer.Option("--inputs", help="raw rows, or prepared features for the network alone.")
    ] = "raw",
    lang: options.Lang = _ENGLISH,
) -> None:
    """Write a trained model as ONNX, a PyTorch module, or dependency-free Python or C."""
    from osolgil.exports import export as write
    from osolgil.messages import message

    for path in write(model, to, out, inputs=inputs):
        size = f"{path.stat().st_size / 1024:,.0f}"
        print(message("terminal.exported", lang.value, path=path, size=size))


def add_to(app: typer.Typer) -> None:
    """Make it a command of `osolgil`."""
    app.command()(export)
