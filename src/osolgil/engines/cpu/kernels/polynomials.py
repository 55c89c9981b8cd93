"""Polynomials as one expression, which vectorises where a loop over their coefficients would not."""

from .intrinsics import njit


def horner(coefficients, real):
    """Compile Σ c_k x^k, lowest coefficient first, computed in the type `real`."""
    text = repr(float(coefficients[-1])).join(("F(", ")"))
    for value in reversed(coefficients[:-1]):
        text = f"({text} * x + F({float(value)!r}))"
    space = {"F": real}
    exec(f"def polynomial(x): return {text}", space)
    return njit(inline="always")(space["polynomial"])
