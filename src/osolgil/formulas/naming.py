"""Names with hyperparameters, as a user writes them: `huber(delta=2)`, `leaky_relu(negative_slope=0.2)`.

>>> parse("Huber(delta = 2)")
('huber', {'delta': 2.0})
>>> written("huber", {"delta": 2.0})
'huber(delta=2)'
>>> split("relu, elu(alpha=0.5), snake(a=1, b=2)")
['relu', 'elu(alpha=0.5)', 'snake(a=1, b=2)']
"""

import inspect
import math
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from osolgil.errors import SettingsError
from osolgil.spelling import hint

Limits = Mapping[str, str]


def parse(text: str, order: Sequence[str] = ()) -> tuple[str, dict[str, float]]:
    """A name and the hyperparameters written behind it; `SettingsError` says how to write them instead.

    `order` names the hyperparameters that values without a name stand for.

    >>> parse("leaky_relu(0.2)", ["negative_slope"])
    ('leaky_relu', {'negative_slope': 0.2})
    """
    text = one_line(text)
    head, bracket, rest = text.partition("(")
    name = plain(head)
    if not bracket:
        return name, {}
    body, closed, behind = rest.rpartition(")")
    if not name or not closed or behind.strip() or "(" in body or ")" in body:
        raise SettingsError(f"'{text}' is not understood; write it as '{name or 'name'}(key=value, …)'.")
    given: dict[str, float] = {}
    for place, part in enumerate(filter(None, (part.strip() for part in body.split(",")))):
        key, equals, number = part.partition("=")
        if not equals and len(given) == place < len(order):
            key, equals, number = order[place], "=", part
        key = plain(key)
        if not equals or not key:
            raise SettingsError(
                f"'{part}' in '{text}' has no name; write it as '{name}(key={part or 'value'})'."
            )
        if key in given:
            raise SettingsError(f"'{text}' gives '{key}' twice.")
        given[key] = _number(number.strip(), key, text)
    return name, given


def one_line(text: object) -> str:
    """A text as it may stand in a sentence: every run of white space is one space."""
    return " ".join(str(text).split())


def plain(name: str) -> str:
    """The one way a name is looked up: lower case, words joined by underscores."""
    return name.strip().lower().replace("-", "_").replace(" ", "_")


def written(name: str, given: Mapping[str, float]) -> str:
    """The text `parse` reads back: the name alone, or with its hyperparameters behind it."""
    if not given:
        return name
    return f"{name}({', '.join(f'{key}={_short(value)}' for key, value in given.items())})"


def split(text: str) -> list[str]:
    """The parts of a list written with commas; commas within brackets belong to their part."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def defaults_of(formula: Callable[..., Any]) -> dict[str, float]:
    """A formula's hyperparameters with their defaults: its arguments that have one.

    >>> def huber(output, target, delta=1.0): ...
    >>> defaults_of(huber)
    {'delta': 1.0}
    """
    parameters = inspect.signature(formula).parameters.values()
    return {p.name: float(p.default) for p in parameters if p.default is not inspect.Parameter.empty}


def redefined(formula: Callable[..., Any], given: Mapping[str, float]) -> Callable[..., Any]:
    """The same formula with other defaults for some of its arguments; those it does not have are passed over.

    >>> def huber(output, target, delta=1.0): ...
    >>> defaults_of(redefined(huber, {"delta": 2.0, "unknown": 3.0})), defaults_of(huber)
    ({'delta': 2.0}, {'delta': 1.0})
    """
    values = tuple(float(given.get(name, value)) for name, value in defaults_of(formula).items())
    copy = types.FunctionType(
        formula.__code__, formula.__globals__, formula.__name__, values or None, formula.__closure__
    )
    copy.__doc__, copy.__module__, copy.__qualname__ = (
        formula.__doc__,
        formula.__module__,
        formula.__qualname__,
    )
    return copy


def settle(
    title: str, defaults: Mapping[str, float], given: Mapping[str, float], limits: Limits | None = None
) -> dict[str, float]:
    """Defaults overridden by what is given; an unknown name or a value out of its interval is refused.

    `limits` gives the interval of a hyperparameter as mathematics writes it: "(0, inf)", "[0, 1)".

    >>> settle("Pinball", {"quantile": 0.5}, {"quantile": 0.9}, {"quantile": "(0, 1)"})
    {'quantile': 0.9}
    """
    for key, value in given.items():
        if key not in defaults:
            known = f"it has {', '.join(defaults)}" if defaults else "it has none"
            raise SettingsError(f"{title} has no hyperparameter '{key}'; {known}.{hint(key, defaults)}")
        if isinstance(value, (str, bool)) or value is None:
            raise SettingsError(f"{key} of {title} must be a number, not {value!r}.")
        limit = (limits or {}).get(key, "(-inf, inf)")
        if not within(value, limit):
            raise SettingsError(f"{key} of {title} must lie in {limit}, not be {_short(value)}.")
    return {**defaults, **given}


def within(value: float, interval: str) -> bool:
    """Whether a number lies in an interval such as "[0, 1)".

    >>> within(0.0, "[0, 1)"), within(0.0, "(0, 1)"), within(2.0, "(0, inf)")
    (True, False, True)
    """
    low, high = map(float, interval[1:-1].split(","))
    above = low <= value if interval[0] == "[" else low < value
    return above and (value <= high if interval[-1] == "]" else value < high)


def _number(text: str, key: str, whole: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise SettingsError(f"'{text}' in '{whole}' is not a number; write it as '{key}=0.5'.") from None
    if not math.isfinite(value):
        raise SettingsError(f"{key} in '{whole}' must be a finite number.")
    return value


def _short(value: float) -> str:
    return repr(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
