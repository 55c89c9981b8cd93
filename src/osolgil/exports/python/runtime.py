"""What an exported Python file does with its data: cells to features, features to outputs. Pasted into it whole."""

import array
import base64
import datetime
import math
import operator
import sys

from osolgil.data.columns.cells import parse_number, text_of
from osolgil.exports.python.words import NAN, exp
from osolgil.exports.steps import clipped, date_parts, piece, squashed, standardised, wave


def unpacked(text, kind):
    """Numbers packed as little-endian bytes in base 64: kind "f" is float32, "d" float64."""
    numbers = array.array(kind, base64.b64decode(text))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tolist()


def cell_of(row, place, name):
    """A cell of a row: of a dictionary by name, else by place."""
    return row[name] if hasattr(row, "keys") else row[place]


def number_of(cell, decimal):
    """A cell as a number; nan where it is missing or none."""
    if cell is None:
        return NAN
    if isinstance(cell, str):
        text = text_of(cell)
        found = None if text is None else parse_number(text, decimal)
        return NAN if found is None else found
    return float(cell)


def seconds_of(cell, format):
    """A moment as seconds since 1970 in UTC; nan where it is missing or cannot be read. Numbers are seconds already."""
    if cell is None or cell != cell:
        return NAN
    if isinstance(cell, (int, float)):
        return float(cell)
    if isinstance(cell, datetime.date) and not isinstance(cell, datetime.datetime):
        cell = datetime.datetime(cell.year, cell.month, cell.day)
    if not isinstance(cell, datetime.datetime):
        text = text_of(cell)
        try:
            if text is None or format == "ISO8601":
                text = text if text is None or text[-1] != "Z" else f"{text[:-1]}+00:00"
                cell = None if text is None else datetime.datetime.fromisoformat(text)
            else:
                cell = datetime.datetime.strptime(text, format)
        except ValueError:
            cell = None
    if cell is None:
        return NAN
    if cell.tzinfo is None:
        cell = cell.replace(tzinfo=datetime.timezone.utc)  # noqa: UP017 - Python 3.8 knows no other name
    return float(math.floor(cell.timestamp()))


def number_features(value, column):
    """A number's features: its scaled value, its pieces and waves, and its mark of a missing cell."""
    missing = value != value
    filled = column["fill"] if missing else value
    z = standardised(filled, column["center"], column["scale"] or 1.0)
    z = clipped(squashed(z) if column["squash"] else z)
    found = [z] if column["scale"] else []
    found += [piece(filled, *numbers) for numbers in column["pieces"]]
    found += [wave(z, *numbers) for numbers in column["waves"]]
    return found + ([1.0 if missing else 0.0] if column["marks_missing"] else [])


def column_features(cell, column):
    """The features of one cell."""
    if column["kind"] == "pixel":
        return [float(cell) if column["divisor"] == 1.0 else clipped(float(cell) / column["divisor"])]
    if column["kind"] == "number":
        return number_features(number_of(cell, column["decimal"]), column)
    if column["kind"] == "date":
        seconds = seconds_of(cell, column["format"])
        parts = [NAN] * 4 if seconds != seconds else date_parts(seconds)
        known = dict(zip(("year", "month", "day of week", "hour"), parts), seconds=seconds)  # noqa: B905
        return [z for part in column["parts"] for z in number_features(known[part["part"]], part)]
    found = [0.0] * column["width"]
    text = None if cell is None or cell != cell else text_of(cell)
    place = column["places"].get(text, -1) if text is not None else column["missing"]
    if place >= 0:
        found[place] = 1.0
    return found


def features_of(row, columns):
    """The features of a raw row."""
    found = []
    for column in columns:
        found += column_features(cell_of(row, column["place"], column["name"]), column)
    return found


def layer_of(inputs, outputs, kind, weight, bias, gain=None, shift=None, learned=None):
    """A layer's numbers unpacked: the weights of every unit (units, inputs), and its other parameters."""
    numbers = unpacked(weight, kind)
    rows = [numbers[place * inputs : (place + 1) * inputs] for place in range(outputs)]
    others = [None if text is None else unpacked(text, kind) for text in (bias, gain, shift, learned)]
    return rows, *others


def linear(values, layer, epsilon):
    """The layer's pre-activations, normalised over the row where it has gains."""
    rows, bias, gain, shift, _ = layer
    z = [sum(map(operator.mul, row, values)) + b for row, b in zip(rows, bias)]  # noqa: B905
    if gain is None:
        return z
    mean = math.fsum(z) / len(z)
    spread = math.sqrt(math.fsum((x - mean) ** 2 for x in z) / len(z) + epsilon)
    return [(x - mean) / spread * g + s for x, g, s in zip(z, gain, shift)]  # noqa: B905


def of_row(formula, statistic, row):
    """The formula of every entry and of the whole row's numbers."""
    numbers = statistic(row)
    return [formula(x, *numbers) for x in row]


def means_of(rows):
    """The mean of every column."""
    return [sum(column) / len(rows) for column in zip(*rows)]  # noqa: B905


def softmax_of(outputs):
    """Shares that sum to 1."""
    largest = max(outputs)
    powers = [exp(z - largest) for z in outputs]
    return [power / sum(powers) for power in powers]
