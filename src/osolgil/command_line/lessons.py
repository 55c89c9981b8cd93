"""The command `perceptron`: the lecture's first topic, on any data with classes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from osolgil.command_line import options
from osolgil.command_line.printing import print_json

_ENGLISH = options.Language.en
_UNITS, _EPOCHS, _RATE = 8, 60, 0.03
Data = Annotated[
    str | None, typer.Argument(help="A data set with classes. [two clouds in a plane]", show_default=False)
]
Class = Annotated[
    str | None, typer.Option("--class", help="The class to tell from the rest.", show_default=False)
]
Epochs = Annotated[int, typer.Option("--epochs", help="Most passes over the rows.")]
Out = Annotated[str | None, typer.Option("--out", help="Folder to write to. [osolgil-perceptron]")]


def add_to(app: typer.Typer) -> None:
    """Put the command into the command line."""
    app.command()(perceptron)


def perceptron(
    source: Data = None,
    wanted: Class = None,
    epochs: Epochs = 100,
    seed: options.Seed = None,
    out: Out = None,
    as_json: options.Json = False,
    lang: options.Lang = _ENGLISH,
) -> None:
    """Teach Rosenblatt's perceptron, check its bound on mistakes, and solve what it cannot."""
    from osolgil.perceptron import CORNERS, EXCLUSIVE_OR, learn, toy, two_classes

    if source is None:
        name, chosen = "toy", None
        inputs, labels = toy(seed or 0)
    else:
        from osolgil.data import load

        data = load(source, seed=seed or 0)
        name = data.name
        inputs, labels, chosen = two_classes(data, wanted)
    lesson = learn(inputs, labels, epochs)
    if as_json:
        corners = learn(CORNERS, EXCLUSIVE_OR).to_dict()
        print_json(lesson.to_dict() | {"data": name, "class": chosen, "exclusive_or": corners})
        return
    from osolgil.messages import message
    from osolgil.pictures.perceptron_page import sentences, solved_sentence, write_perceptron
    from osolgil.terminal.consoles import console_for
    from osolgil.terminal.drawing import sparkline
    from osolgil.training import train

    console = console_for(sys.stdout)
    for sentence in sentences(lesson, name, chosen, lang.value):
        console.print(sentence)
    curve = sparkline([float(count) for count in lesson.mistakes_per_epoch], 60)
    console.print(f"{message('perceptron.each', lang.value)}: {curve}", style="dim")
    console.print()
    console.print(message("perceptron.exclusive", lang.value), style="bold")
    for sentence in sentences(learn(CORNERS, EXCLUSIVE_OR), "", None, lang.value):
        console.print(sentence)
    console.print(message("perceptron.by_hand", lang.value))
    solved = train(
        "xor", hidden=(_UNITS,), activation="tanh", epochs=_EPOCHS, learning_rate=_RATE, seed=seed or 0
    )
    console.print(solved_sentence(solved, lang.value))
    console.print()
    place = write_perceptron(Path(out or "osolgil-perceptron"), lesson, name, chosen, solved, lang.value)
    console.print(message("path.written", lang.value, path=place), soft_wrap=True)
