"""Schedules as they are written and put together: `cosine`, `linear_warmup(0.1)+cosine`, `cosine*triangular`.

`+` lets one schedule follow another, which begins at its own first step; every one but the last says for which
share of the course it lasts (a warm-up lasts a tenth unless it says otherwise). `*` multiplies, and binds
tighter than `+`; brackets group. Hyperparameters are given by name or, in their order, without.

>>> course = parse("linear_warmup(0.2, start=0.5) + cosine(end=0.1)")
>>> course.factors(10).round(3).tolist()
[0.5, 0.75, 1.0, 0.966, 0.868, 0.722, 0.55, 0.378, 0.232, 0.134]
>>> str(course)
'linear_warmup(share=0.2, start=0.5)+cosine(end=0.1)'
>>> parse("multi_step(0.5, 0.8, factor=0.5)").factors(10).tolist()
[1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25]
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from osolgil.errors import SettingsError
from osolgil.formulas import catalog, naming

_TRIAL, _DEEPEST = 60, 40


@dataclass(frozen=True)
class Piece:
    """One schedule with its hyperparameters, and the share of the course it lasts for (None: what is left)."""

    row: catalog.Schedule
    values: Mapping[str, Any]
    share: float | None = None

    def at(self, step: Any, total_steps: int) -> Any:
        """Factors at some steps of a course that is all this schedule's own."""
        if self.row.state:
            return np.ones_like(step)
        return self.row.formula(step, float(total_steps), **self.values)

    def __str__(self) -> str:
        written = [] if self.share in (None, self.row.share) else [f"share={_text(self.share)}"]
        for name, value in self.values.items():
            if value != self.row.defaults[name]:
                written += map(_text, value) if isinstance(value, tuple) else [f"{name}={_text(value)}"]
        return f"{self.row.name}({', '.join(written)})" if written else self.row.name


@dataclass(frozen=True)
class Sequence:
    """Schedules that follow one another."""

    parts: tuple[Part, ...]

    def spans(self, total_steps: int) -> Iterator[tuple[Part, int, int]]:
        """Each part with the steps where it begins and how many it lasts; what lasts no step is left out."""
        begun = 0
        for part in self.parts:
            share = part.share if isinstance(part, Piece) else None
            length = (
                total_steps - begun if share is None else min(round(share * total_steps), total_steps - begun)
            )
            if length > 0:
                yield part, begun, length
            begun += length

    def at(self, step: Any, total_steps: int) -> Any:
        """Factors at some steps of a course; what the last part ends with, stays."""
        result = np.ones_like(step)
        for part, begun, length in self.spans(total_steps):
            now = step >= begun
            result[now] = part.at(np.minimum(step[now] - begun, float(length)), length)
        return result

    def __str__(self) -> str:
        return "+".join(f"({part})" if isinstance(part, Sequence) else str(part) for part in self.parts)


@dataclass(frozen=True)
class Product:
    """Schedules that are multiplied."""

    parts: tuple[Part, ...]

    def at(self, step: Any, total_steps: int) -> Any:
        """Factors at some steps of a course."""
        return functools.reduce(lambda product, part: product * part.at(step, total_steps), self.parts, 1.0)

    def __str__(self) -> str:
        return "*".join(f"({part})" if "+" in str(part) else str(part) for part in self.parts)


Part = Piece | Sequence | Product


@dataclass(frozen=True)
class Course:
    """A whole schedule as it was written, in its parts; `plateau` is the piece that watches the validation loss."""

    part: Part
    plateau: Piece | None = None

    def factors(self, total_steps: int) -> np.ndarray:
        """The factor on the learning rate at every step, float64 (total_steps,)."""
        with np.errstate(all="ignore"):
            values = np.asarray(self.part.at(np.arange(float(total_steps)), total_steps), np.float64)
        values = np.ascontiguousarray(np.broadcast_to(values, total_steps))
        for place in np.flatnonzero(~(np.isfinite(values) & (values >= 0.0)))[:1]:
            raise SettingsError(
                f"The schedule '{self}' multiplies the learning rate by {values[place]:.3g} at step {place} of "
                f"{total_steps}; a factor must be a number from 0 up."
            )
        return values

    @functools.cached_property
    def constant(self) -> bool:
        """Whether the learning rate never changes."""
        return self.plateau is None and str(self.part) == "constant"

    def __str__(self) -> str:
        return str(self.part)


@functools.lru_cache(maxsize=256)
def parse(text: str) -> Course:
    """The schedule that `text` writes; `SettingsError` says what is wrong and, for a name, the nearest right one."""
    if str(text).count("(") > _DEEPEST:
        raise SettingsError(f"A schedule has at most {_DEEPEST} brackets.")
    part = _sum(str(text), str(text))
    pieces = list(_pieces(part))
    plateaus = [piece for piece in pieces if piece.row.state]
    if len(plateaus) > 1:
        raise SettingsError(f"'{text}' watches for a plateau twice; once is enough.")
    if plateaus and plateaus[0].share is not None:
        raise SettingsError(f"{plateaus[0].row.name} watches the whole course; give it no share in '{text}'.")
    course = Course(part, plateaus[0] if plateaus else None)
    if not course.factors(_TRIAL).any():
        raise SettingsError(f"The schedule '{text}' makes every learning rate 0; nothing would be learnt.")
    return course


def _sum(text: str, whole: str) -> Part:
    parts = tuple(_product(part, whole) for part in _split(text, "+", whole))
    if len(parts) == 1:
        return _alone(parts[0])
    for part in parts[:-1]:
        if not isinstance(part, Piece) or part.share is None:
            raise SettingsError(
                f"Say for which share of the course '{part}' lasts: {_shared(part)} in '{whole}'."
            )
    shares = [part.share for part in parts if isinstance(part, Piece) and part.share is not None]
    if sum(shares) > 1.0 + 1e-9:
        raise SettingsError(
            f"The parts of '{whole}' take {sum(shares):.0%} of the course; no more than 100% is there."
        )
    return Sequence(parts)


def _product(text: str, whole: str) -> Part:
    parts = tuple(_factor(part, whole) for part in _split(text, "*", whole))
    return parts[0] if len(parts) == 1 else Product(tuple(map(_alone, parts)))


def _alone(part: Part) -> Part:
    """A schedule that lasts for a share and that nothing follows: what it ends with, stays."""
    return Sequence((part,)) if isinstance(part, Piece) and part.share is not None else part


def _factor(text: str, whole: str) -> Part:
    if text.startswith("(") and text.endswith(")"):
        return _sum(text[1:-1], whole)
    head, bracket, rest = text.partition("(")
    row = catalog.schedule(head)
    if bracket and not rest.endswith(")"):
        raise SettingsError(f"'{text}' in '{whole}' is not understood; write {row.name}(…).")
    return _piece(row, _split(rest[:-1], ",", whole, empty=True) if bracket else [], whole)


def _piece(row: catalog.Schedule, written: list[str], whole: str) -> Piece:
    names = [*(["share"] if row.share is not None else []), *row.defaults]
    several = next((name for name, value in row.defaults.items() if isinstance(value, tuple)), None)
    given: dict[str, Any] = {}
    points: list[Any] = []
    for text in written:
        key, equals, value = text.rpartition("=")
        if equals:
            name = naming.plain(key)
        elif several is not None:
            points.append(_point(row, text, several, whole))
            continue
        else:
            name = next((name for name in names if name not in given), "")
        if name not in (*names, "share") or name == several:
            known = ", ".join(names) or "none"
            raise SettingsError(
                f"{row.title} has no hyperparameter '{name or text}'; it has {known}.{naming.hint(name, names)}"
            )
        if name in given:
            raise SettingsError(f"'{whole}' gives {name} of {row.name} twice.")
        given[name] = _number(value, text, whole)
    share = given.pop("share", row.share)
    if share is not None and not 0.0 < share <= 1.0:
        raise SettingsError(f"The share of {row.name} must be above 0 and at most 1, not {_text(share)}.")
    if points and several is not None:
        given[several] = tuple(points)
    return Piece(row, {**row.defaults, **given}, share)


def _point(row: catalog.Schedule, text: str, name: str, whole: str) -> Any:
    """A place, or a place and a factor 0.5:0.1, as the schedule's default shows."""
    pair = isinstance(row.defaults[name][0], tuple)
    place, colon, factor = text.partition(":")
    if pair != bool(colon):
        wanted = "place:factor such as 0.5:0.1" if pair else "places such as 0.5"
        raise SettingsError(f"{row.title} takes {wanted}, not '{text}'.")
    return (_number(place, text, whole), _number(factor, text, whole)) if pair else _number(text, text, whole)


def _pieces(part: Part) -> Iterator[Piece]:
    if isinstance(part, Piece):
        yield part
    else:
        for inner in part.parts:
            yield from _pieces(inner)


def _shared(part: Part) -> str:
    if not isinstance(part, Piece):
        return "brackets and products can only stand last"
    inside = str(part)[len(part.row.name) + 1 : -1]
    return f"{part.row.name}({inside + ', ' if inside else ''}share=0.5)"


def _split(text: str, separator: str, whole: str, *, empty: bool = False) -> list[str]:
    """Parts between separators outside brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            break
        if character == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    parts = [part.strip() for part in parts]
    if depth != 0:
        raise SettingsError(f"The brackets in '{whole}' do not match.")
    if not all(parts) and not (empty and parts == [""]):
        raise SettingsError(f"Something is missing beside '{separator}' in the schedule '{whole}'.")
    return [part for part in parts if part]


def _number(text: str, part: str, whole: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise SettingsError(f"'{part}' in '{whole}' is not a finite number.")
    return value


def _text(value: Any) -> str:
    return ":".join(map(_text, value)) if isinstance(value, tuple) else f"{value:.15g}"
