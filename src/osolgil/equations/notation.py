"""What every way of writing terms shares: which brackets are needed. A notation fills in how each part looks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from osolgil.equations import terms
from osolgil.equations.terms import Term

_BARS = {"absolute": ("|", "|"), "norm": ("‖", "‖"), "floor": ("⌊", "⌋")}
_NAMES = {
    "maximum": "max", "minimum": "min", "row_maximum": "max", "logsumexp": "log Σ exp", "upper_triangle": "triu",
}  # fmt: skip
COMPARED, ADDED, MULTIPLIED, RAISED, ATOM = range(5)


class Notation(ABC):
    """Writes terms: `text` gives the whole, `_bound` puts brackets where the place binds more strongly."""

    def __init__(self, symbols: Mapping[str, tuple[str, str]]) -> None:
        self.symbols = symbols

    def text(self, of: Term) -> str:
        """The term written out."""
        return self._write(of)[0]

    def name(self, name: str) -> str:
        """A symbol by its name in the code."""
        letter, subscript = self.symbols.get(name, (name, ""))
        return self.symbol(letter, subscript)

    @abstractmethod
    def symbol(self, letter: str, subscript: str) -> str: ...

    @abstractmethod
    def number(self, value: float) -> str: ...

    @abstractmethod
    def sign(self, sign: str) -> str: ...

    @abstractmethod
    def row(self, *parts: str) -> str: ...

    @abstractmethod
    def bracketed(self, inside: str, left: str = "(", right: str = ")") -> str: ...

    @abstractmethod
    def multiplied(self, factors: list[str]) -> str: ...

    @abstractmethod
    def quotient(self, of: terms.Quotient) -> tuple[str, int]: ...

    @abstractmethod
    def power(self, base: str, exponent: Term) -> tuple[str, int]: ...

    @abstractmethod
    def root(self, of: Term) -> tuple[str, int]: ...

    @abstractmethod
    def exponential(self, of: Term) -> tuple[str, int]: ...

    @abstractmethod
    def function(self, name: str, arguments: list[str]) -> str: ...

    @abstractmethod
    def cases(self, pieces: list[tuple[str, str | None]]) -> str: ...

    @abstractmethod
    def code(self, text: str) -> str: ...

    def _write(self, of: Term) -> tuple[str, int]:
        match of:
            case terms.Number(value):
                return (self.number(value), ATOM) if value >= 0 else (self.number(value), ADDED)
            case terms.Name(name):
                return self.name(name), ATOM
            case terms.Sum():
                return self._sum(of), ADDED
            case terms.Product(factors):
                texts = [
                    self._bound(factor, MULTIPLIED if n == 0 else RAISED) for n, factor in enumerate(factors)
                ]
                return self.multiplied(texts), MULTIPLIED
            case terms.Quotient():
                return self.quotient(of)
            case terms.Power(base, exponent):
                return self.power(self._bound(base, ATOM), exponent)
            case terms.Call():
                return self._call(of)
            case terms.Comparison(parts, signs):
                texts = [self._bound(part, ADDED) for part in parts]
                joined = [texts[0]]
                for sign, text in zip(signs, texts[1:], strict=True):
                    joined += [self.sign(sign), text]
                return self.row(*joined), COMPARED
            case terms.Cases(pieces):
                each = [
                    (self._bound(one, ADDED), None if when is None else self._bound(when, COMPARED))
                    for one, when in pieces
                ]
                return self.cases(each), COMPARED
            case terms.Code(text):
                return self.code(text), ATOM

    def _sum(self, of: terms.Sum) -> str:
        parts: list[str] = []
        for place, (plus, each) in enumerate(of.terms):
            bound = self._bound(each, ADDED if plus else MULTIPLIED)
            if place == 0:
                parts.append(bound if plus else self.minus(bound))
            else:
                parts += [self.sign("+" if plus else "−"), bound]
        return self.row(*parts)

    @abstractmethod
    def minus(self, text: str) -> str: ...

    def _call(self, of: terms.Call) -> tuple[str, int]:
        name, given = of.name, of.arguments
        if name == "sqrt" and len(given) == 1:
            return self.root(given[0])
        if name == "exp" and len(given) == 1:
            return self.exponential(given[0])
        if name in _BARS and len(given) == 1:
            return self.bracketed(self.text(given[0]), *_BARS[name]), ATOM
        if name == "dot" and len(given) == 2:
            inside = self.row(self.text(given[0]), self.sign(","), self.text(given[1]))
            return self.bracketed(inside, "⟨", "⟩"), ATOM
        if name == "matmul" and len(given) == 2:
            return self.multiplied(
                [self._bound(given[0], MULTIPLIED), self._bound(given[1], RAISED)]
            ), MULTIPLIED
        if name == "triangular_quotient" and len(given) == 2:
            inverse, _ = self.power(self._bound(given[1], ATOM), terms.Number(-1.0))
            return self.multiplied([self._bound(given[0], MULTIPLIED), inverse]), MULTIPLIED
        if name == "transpose" and len(given) == 1:
            return self.raised(self._bound(given[0], ATOM), "⊤"), ATOM
        if name == "logsumexp_above" and len(given) == 1:
            above = terms.add(given[0], terms.negative(terms.Call("row_maximum", given)))
            return self.function("log Σ exp", [self.text(above)]), ATOM
        return self.function(_NAMES.get(name, name), [self.text(each) for each in given]), ATOM

    @abstractmethod
    def raised(self, base: str, mark: str) -> str: ...

    def _bound(self, of: Term, place: int) -> str:
        text, strength = self._write(of)
        return text if strength >= place else self.bracketed(text)


def short(value: float) -> str:
    """A number with the digits it is written with: 1, 0.001, 1e-08 stays in powers of ten.

    >>> short(1.0), short(0.001), short(-12.5), short(1e-8), short(3.141592653589793)
    ('1', '0.001', '-12.5', '1e-08', 'π')
    """
    known = {3.141592653589793: "π", 6.283185307179586: "2π", 2.718281828459045: "e"}
    if abs(value) in known:
        return ("-" if value < 0 else "") + known[abs(value)]
    if float(value).is_integer() and abs(value) < 1e9:
        return str(int(value))
    return f"{value:.10g}"
