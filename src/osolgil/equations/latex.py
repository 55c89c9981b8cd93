"""Equations as LaTeX, to paste into a paper or a notebook."""

from __future__ import annotations

import re
from itertools import pairwise

from osolgil.equations import notation, terms
from osolgil.equations.notation import ATOM, RAISED, Notation
from osolgil.equations.symbols import LATEX
from osolgil.equations.terms import Term

_SIGNS = {
    "≤": r"\le",
    "≥": r"\ge",
    "≠": r"\ne",
    "−": "-",
    "and": r"\wedge",
    "or": r"\vee",
    "←": r"\leftarrow",
}
_NAMED = {"max", "min", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "arctan", "exp", "det"}
_DELIMITERS = {"‖": r"\|", "⟨": r"\langle ", "⟩": r"\rangle ", "⌊": r"\lfloor ", "⌋": r"\rfloor "}


class Latex(Notation):
    """LaTeX that needs no package beyond amsmath (cases, text, operatorname)."""

    def symbol(self, letter: str, subscript: str) -> str:
        if letter == "log Σ exp z":
            return r"\log \textstyle\sum e^{z}"
        written = LATEX.get(letter) or (
            letter if len(letter) == 1 else rf"\text{{{letter.replace('_', ' ')}}}"
        )
        return f"{written}_{{{subscript}}}" if subscript else written

    def number(self, value: float) -> str:
        text = notation.short(value).replace("π", r"\pi")
        power = re.fullmatch(r"(-?[\d.]+)e([+-]\d+)", text)
        if not power:
            return text
        front = "" if power[1] == "1" else rf"{power[1]} \cdot "
        return f"{front}10^{{{int(power[2])}}}"

    def sign(self, sign: str) -> str:
        return ", " if sign == "," else f" {_SIGNS.get(sign, sign)} "

    def row(self, *parts: str) -> str:
        return "".join(parts)

    def minus(self, text: str) -> str:
        return f"-{text}"

    def bracketed(self, inside: str, left: str = "(", right: str = ")") -> str:
        tall = any(word in inside for word in (r"\frac", r"\sqrt", "^"))
        if left == "|" or tall:
            return rf"\left{_DELIMITERS.get(left, left)}{inside}\right{_DELIMITERS.get(right, right)}"
        return f"{_DELIMITERS.get(left, left)}{inside}{_DELIMITERS.get(right, right)}"

    def multiplied(self, factors: list[str]) -> str:
        joined = factors[0]
        for before, after in pairwise(factors):
            dotted = after[:1].isdigit() or any(word in before + after for word in (r"\text", r"\frac"))
            joined += (r" \cdot " if dotted else r" \, ") + after
        return joined

    def quotient(self, of: terms.Quotient) -> tuple[str, int]:
        return rf"\frac{{{self.text(of.above)}}}{{{self.text(of.below)}}}", RAISED

    def power(self, base: str, exponent: Term) -> tuple[str, int]:
        if "^" in base and not base.startswith((r"\left", "(")):
            base = self.bracketed(base)
        return f"{base}^{{{self.text(exponent)}}}", RAISED

    def root(self, of: Term) -> tuple[str, int]:
        return rf"\sqrt{{{self.text(of)}}}", ATOM

    def exponential(self, of: Term) -> tuple[str, int]:
        return f"e^{{{self.text(of)}}}", RAISED

    def raised(self, base: str, mark: str) -> str:
        return rf"{base}^{{\top}}"

    def function(self, name: str, arguments: list[str]) -> str:
        if name == "log Σ exp":
            return rf"\log \textstyle\sum e^{{{arguments[0]}}}"
        head = rf"\{name}" if name in _NAMED else rf"\operatorname{{{name.replace('_', ' ')}}}"
        return f"{head}{self.bracketed(', '.join(arguments))}"

    def cases(self, pieces: list[tuple[str, str | None]]) -> str:
        lines = [rf"{value} & {when}" if when else rf"{value} & \text{{else}}" for value, when in pieces]
        return r"\begin{cases} " + r" \\ ".join(lines) + r" \end{cases}"

    def code(self, text: str) -> str:
        safe = re.sub(r"([_#$%&{}])", r"\\\1", text)
        return rf"\texttt{{{safe}}}"
