"""The symbol a name of the code is written with: learning_rate is γ, beta1 is β₁, step_size stays a word.

>>> symbols(["beta1", "learning_rate", "step_size", "t"])
{'beta1': ('β', '1'), 'learning_rate': ('γ', ''), 'step_size': ('step_size', ''), 't': ('t', '')}
"""

from __future__ import annotations

import re
from collections.abc import Iterable

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
}  # fmt: skip
LATEX = {letter: f"\\{name}" for name, letter in GREEK.items()} | {"ε": r"\varepsilon", "φ": r"\varphi"}
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
# The lecture's letters first: θ parameters, γ learning rate, g gradient, v velocity, h squares, ρ momentum.
FIXED = {
    "gradient": "g", "velocity": "v", "mean": "m", "squares": "h", "learning_rate": "γ", "momentum": "ρ",
    "weight_decay": "λ", "logit": "z", "output": "z", "target": "y",
    "e": "E",  # a name of the code; an e in print is Euler's number
}  # fmt: skip
_NUMBERED = re.compile(r"([a-z]+?)_?(\d+)")


def symbols(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Letter and subscript of every name; of two names with the same letter the second keeps its word."""
    unique = list(dict.fromkeys(names))
    taken = {(name, "") for name in unique}
    found: dict[str, tuple[str, str]] = {}
    for name in unique:
        symbol = _symbol(name)
        found[name] = (name, "") if symbol in taken and symbol != (name, "") else symbol
        taken.add(found[name])
    return found


def _symbol(name: str) -> tuple[str, str]:
    if name in FIXED:
        return FIXED[name], ""
    if name in GREEK:
        return GREEK[name], ""
    numbered = _NUMBERED.fullmatch(name)
    if numbered:
        stem, number = numbered.groups()
        if stem in FIXED or stem in GREEK or len(stem) == 1:
            return FIXED.get(stem) or GREEK.get(stem) or stem, number
    return name, ""
