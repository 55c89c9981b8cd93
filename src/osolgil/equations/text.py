"""Equations in plain letters for a terminal: θ ← θ − γ·m/(√h + ε)."""

from __future__ import annotations

from osolgil.equations import notation, terms
from osolgil.equations.notation import ATOM, MULTIPLIED, RAISED, Notation
from osolgil.equations.symbols import SUBSCRIPTS
from osolgil.equations.terms import Term

_SUPERSCRIPTS = str.maketrans("0123456789-tnk", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵗⁿᵏ")


class Text(Notation):
    """One line of Unicode; products carry a dot, so that words of several letters stay whole."""

    def symbol(self, letter: str, subscript: str) -> str:
        return letter + subscript.translate(SUBSCRIPTS)

    def number(self, value: float) -> str:
        return notation.short(value).replace("-", "−")

    def sign(self, sign: str) -> str:
        return ", " if sign == "," else f" {sign} "

    def row(self, *parts: str) -> str:
        return "".join(parts)

    def minus(self, text: str) -> str:
        return f"−{text}"

    def bracketed(self, inside: str, left: str = "(", right: str = ")") -> str:
        return f"{left}{inside}{right}"

    def multiplied(self, factors: list[str]) -> str:
        return "·".join(factors)

    def quotient(self, of: terms.Quotient) -> tuple[str, int]:
        return f"{self._bound(of.above, MULTIPLIED)}/{self._bound(of.below, RAISED)}", MULTIPLIED

    def power(self, base: str, exponent: Term) -> tuple[str, int]:
        text = self.text(exponent)
        plain = text.replace("−", "-")
        if all(letter in "0123456789-tnk" for letter in plain):
            return base + plain.translate(_SUPERSCRIPTS), RAISED
        return f"{base}^{self._bound(exponent, ATOM)}", RAISED

    def root(self, of: Term) -> tuple[str, int]:
        bare = isinstance(of, terms.Name | terms.Number)
        return (f"√{self._bound(of, ATOM)}" if bare else f"√({self.text(of)})"), ATOM

    def exponential(self, of: Term) -> tuple[str, int]:
        return f"exp({self.text(of)})", ATOM

    def raised(self, base: str, mark: str) -> str:
        return base + mark

    def function(self, name: str, arguments: list[str]) -> str:
        return f"{name}({', '.join(arguments)})"

    def cases(self, pieces: list[tuple[str, str | None]]) -> str:
        return "; ".join(f"{value} if {when}" if when else f"{value} else" for value, when in pieces)

    def code(self, text: str) -> str:
        return text
