"""A diagnosis in the terminal: a bar per layer on a logarithmic scale, predicted and measured, then what it means."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osolgil.messages import message

if TYPE_CHECKING:
    from rich.table import Table

_MOST_LAYERS = 42
_WIDTH = 30


def show_diagnosis(facts: dict[str, Any], sentences: list[str], folder: Path | None, language: str) -> None:
    """Print the layers, the diagnosis and the place of the page."""
    from osolgil.terminal.consoles import console_for

    console = console_for(sys.stdout)
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    console.print(layer_table(facts, language, unicode))
    console.print()
    for sentence in sentences:
        console.print(sentence, soft_wrap=not console.is_terminal)
    if folder is not None:
        console.print()
        path = folder / "diagnosis.html"
        console.print(message("layers.written", language, path=path), soft_wrap=True)


def layer_table(facts: dict[str, Any], language: str, unicode: bool = True) -> Table:
    """A line per layer: the gradient of its pre-activations, relative to the outputs, as measured and predicted."""
    from rich.table import Table
    from rich.text import Text

    measured, predicted = facts["before"]["log10_gradient"], facts["prediction"]["log10_gradient"]
    deviations = facts["prediction"]["deviation"]
    finite = [x for x in (*measured, *predicted) if x is not None and math.isfinite(x)]
    low, high = min([*finite, -1.0]), max([*finite, 0.0])
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold dim")
    table.add_column(message("layers.layer", language), justify="right", no_wrap=True)
    table.add_column(message("layers.measured", language), justify="right", no_wrap=True)
    table.add_column(message("layers.predicted", language), justify="right", no_wrap=True)
    table.add_column(message("layers.gradient", language), no_wrap=True)
    for index in shown(len(measured)):
        if index is None:
            table.add_row("…" if unicode else "...", "", "", "")
            continue
        drawn = bar(measured[index], predicted[index], deviations[index], low, high, unicode)
        numbers = (_power(measured[index]), _power(predicted[index]))
        table.add_row(str(index + 1), *numbers, Text(drawn))
    return table


def shown(layers: int) -> list[int | None]:
    """Places of the layers that are shown, from the outputs back; None for those left out."""
    places: list[int | None] = list(range(layers - 1, -1, -1))
    if layers <= _MOST_LAYERS:
        return places
    half = _MOST_LAYERS // 2
    return [*places[:half], None, *places[-half:]]


def bar(
    measured: float | None,
    predicted: float | None,
    deviation: float | None,
    low: float,
    high: float,
    unicode: bool,
) -> str:
    """A filled bar up to the measured value, with a mark where it was predicted; logarithmic.

    >>> bar(-5.0, -5.0, 0.1, -10.0, 0.0, False), bar(None, -10.0, 0.1, -10.0, 0.0, False)
    ('##############|...............', '|.............................')
    """
    full, empty, mark = ("█", "·", "┃") if unicode else ("#", ".", "|")

    def place(value: float | None) -> int:
        if value is None or not math.isfinite(value):
            return 0
        return round((value - low) / max(high - low, 1e-9) * (_WIDTH - 1))

    filled = place(measured)
    letters = [full if measured is not None and i <= filled else empty for i in range(_WIDTH)]
    if predicted is not None and math.isfinite(predicted):
        letters[place(predicted)] = mark
    return "".join(letters)


def _power(value: float | None) -> str:
    return "0" if value is None or not math.isfinite(value) else f"10^{value:.1f}"
