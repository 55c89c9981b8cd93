"""Values as they are typed: `64,64`, `20x64`, `0.1,0.01`, `5m`."""

from __future__ import annotations

import math
import re

from osolgil.errors import SettingsError
from osolgil.formulas import naming

_MOST_LAYERS = 10_000
_LENGTH = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?", re.ASCII)


def widths(text: str) -> tuple[int, ...]:
    """Units of the hidden layers: a width each, or depth x width; "none" is no hidden layer.

    >>> widths("64,32"), widths("3x8"), widths("128, 2x16"), widths("none")
    ((64, 32), (8, 8, 8), (128, 16, 16), ())
    """
    if text.strip().lower() in ("none", "0"):
        return ()
    found: list[int] = []
    for part in text.lower().replace("×", "x").split(","):
        depth, _, width = part.strip().rpartition("x")
        layers, units = _whole(depth or "1"), _whole(width)
        if layers is None or units is None or not 1 <= layers <= _MOST_LAYERS or units < 1:
            raise SettingsError(
                f"--hidden takes widths such as 64,64 or depth x width such as 20x64, not '{text}'."
            )
        found += [units] * layers
    return tuple(found)


def rates(text: str) -> int | tuple[float, ...]:
    """Learning rates: how many, or which.

    >>> rates("9"), rates("0.1,1e-3"), rates("0.1")
    (9, (0.1, 0.001), (0.1,))
    """
    count = _whole(text.strip())
    if count is not None and count >= 1:
        return count
    values = numbers("--learning-rates", text, "a count such as 9, or rates such as 0.1,0.01")
    if any(value <= 0 for value in values):
        raise SettingsError(f"--learning-rates must be positive, not '{text}'.")
    return values


def numbers(option: str, text: str, wanted: str) -> tuple[float, ...]:
    """Finite numbers with commas between them."""
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = (math.nan,)
    if not all(map(math.isfinite, values)):
        raise SettingsError(f"{option} takes {wanted}, not '{text}'.")
    return values


def seconds(text: str) -> float:
    """A length of time.

    >>> seconds("60s"), seconds("5m"), seconds("1h30m"), seconds("90")
    (60.0, 300.0, 5400.0, 90.0)
    """
    match = _LENGTH.fullmatch(text.strip().lower().replace(" ", ""))
    parts = match.groups(default="0") if match else ("0", "0", "0")
    total = sum(float(part) * unit for part, unit in zip(parts, (3600.0, 60.0, 1.0), strict=True))
    if not 0 < total < math.inf:
        raise SettingsError(f"--budget takes a time such as 60s, 5m or 1h, not '{text}'.")
    return total


def names(text: str) -> list[str]:
    """Names with commas between them; empty ones are left out, and commas in brackets belong to their name.

    >>> names("adam, sgd,,second=adam")
    ['adam', 'sgd', 'second=adam']
    >>> names("lookahead(adam, period=5),sgd")
    ['lookahead(adam, period=5)', 'sgd']
    """
    return naming.split(text)


def pairs(text: str) -> dict[str, float]:
    """Hyperparameters by name.

    >>> pairs("beta1=0.8,epsilon=1e-6")
    {'beta1': 0.8, 'epsilon': 1e-06}
    """
    found: dict[str, float] = {}
    for part in names(text):
        name, equals, value = part.partition("=")
        if not equals:
            raise SettingsError(f"--hyperparameters takes pairs such as beta1=0.8, not '{part}'.")
        found[name.strip()] = numbers("--hyperparameters", value, "pairs such as beta1=0.8")[0]
    return found


def test_rows(text: str) -> str | float:
    """A share of the rows, or a file of test rows.

    >>> test_rows("0.25"), test_rows("test.csv")
    (0.25, 'test.csv')
    """
    try:
        return float(text)
    except ValueError:
        return text


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
