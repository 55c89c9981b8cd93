"""Equations as MathML, which every browser draws by itself: pages need no script and no font for them."""

from __future__ import annotations

from html import escape

from osolgil.equations import notation, terms
from osolgil.equations.notation import ATOM, RAISED, Notation
from osolgil.equations.terms import Term

_THIN_SPACE = '<mspace width="0.17em"/>'


class MathML(Notation):
    """Presentation MathML (MathML Core) without its enclosing <math> element."""

    def symbol(self, letter: str, subscript: str) -> str:
        word = (
            "" if len(letter) == 1 else ' class="word"'
        )  # no mtext, which counts as space beside an operator
        written = f"<mi{word}>{escape(letter.replace('_', ' '))}</mi>"
        return f"<msub>{written}<mn>{subscript}</mn></msub>" if subscript else written

    def number(self, value: float) -> str:
        text = notation.short(value)
        if "e" in text and text != "e":
            front, power = text.split("e")
            raised = f"<msup><mn>10</mn><mrow>{self._signed(str(int(power)))}</mrow></msup>"
            return raised if front == "1" else f"<mrow>{self._signed(front)}<mo>·</mo>{raised}</mrow>"
        return self._signed(text)

    def _signed(self, text: str) -> str:
        digits = f"<mn>{text.lstrip('-')}</mn>"
        return f"<mrow><mo>−</mo>{digits}</mrow>" if text.startswith("-") else digits

    def sign(self, sign: str) -> str:
        if sign in ("and", "or"):
            return f"<mtext>&nbsp;{sign}&nbsp;</mtext>"
        return f"<mo>{escape(sign)}</mo>"

    def row(self, *parts: str) -> str:
        return parts[0] if len(parts) == 1 else f"<mrow>{''.join(parts)}</mrow>"

    def minus(self, text: str) -> str:
        return f'<mrow><mo form="prefix">−</mo>{text}</mrow>'

    def bracketed(self, inside: str, left: str = "(", right: str = ")") -> str:
        return f'<mrow><mo form="prefix">{left}</mo>{inside}<mo form="postfix">{right}</mo></mrow>'

    def multiplied(self, factors: list[str]) -> str:
        return f"<mrow>{_THIN_SPACE.join(factors)}</mrow>"

    def quotient(self, of: terms.Quotient) -> tuple[str, int]:
        return f"<mfrac>{self.text(of.above)}{self.text(of.below)}</mfrac>", RAISED

    def power(self, base: str, exponent: Term) -> tuple[str, int]:
        return f"<msup>{base}{self.text(exponent)}</msup>", RAISED

    def root(self, of: Term) -> tuple[str, int]:
        return f"<msqrt>{self.text(of)}</msqrt>", ATOM

    def exponential(self, of: Term) -> tuple[str, int]:
        return f"<msup><mi>e</mi>{self.text(of)}</msup>", RAISED

    def raised(self, base: str, mark: str) -> str:
        return f"<msup>{base}<mo>{mark}</mo></msup>"

    def function(self, name: str, arguments: list[str]) -> str:
        head = f"<mi>{escape(name.replace('_', ' '))}</mi>"
        return f"<mrow>{head}<mo>&#x2061;</mo>{self.bracketed('<mo>,</mo>'.join(arguments))}</mrow>"

    def cases(self, pieces: list[tuple[str, str | None]]) -> str:
        rows = ""
        for value, when in pieces:
            condition = f"<mtext>if&nbsp;</mtext>{when}" if when else "<mtext>else</mtext>"
            rows += f"<mtr><mtd>{value}</mtd><mtd>{condition}</mtd></mtr>"
        return f'<mrow><mo form="prefix" stretchy="true">{{</mo><mtable columnalign="left">{rows}</mtable></mrow>'

    def code(self, text: str) -> str:
        return f'<mtext class="code">{escape(text)}</mtext>'
