"""SymPy as an engine: formulas as exact mathematics, to differentiate, evaluate at any precision and typeset.

>>> from osolgil.formulas.activations import sigmoid
>>> import sympy
>>> x = sympy.Symbol("x", positive=True)
>>> sympy.simplify(expression(sigmoid.formula, x) - 1 / (1 + sympy.exp(-x)))
0
"""

import itertools
from collections.abc import Callable
from typing import Any

from osolgil.engines._binding import bind
from osolgil.errors import MissingLibraryError


def expression(formula: Callable[..., Any], *symbols: Any) -> Any:
    """The formula applied to SymPy symbols; every number in it is taken as the decimal it is written as."""
    sympy = _sympy()
    return bind(formula, _words(sympy), engine="SymPy", literal=lambda value: sympy.Rational(str(value)))(
        *symbols
    )


def _sympy() -> Any:
    try:
        import sympy
    except ImportError as error:
        raise MissingLibraryError("SymPy is not installed; run: pip install 'osolgil[symbolic]'") from error
    return sympy


def _words(sympy: Any) -> dict[str, Any]:
    return {
        "absolute": sympy.Abs,
        "arctan": sympy.atan,
        "cos": sympy.cos,
        "erf": sympy.erf,
        "erfc": sympy.erfc,
        "exp": sympy.exp,
        "expm1": lambda x: sympy.exp(x) - 1,
        "floor": sympy.floor,
        "log": sympy.log,
        "log1p": lambda x: sympy.log(1 + x),
        "logsumexp": lambda row: sympy.log(sum(sympy.exp(entry) for entry in row)),
        "logsumexp_above": lambda row: sympy.log(sum(sympy.exp(entry - sympy.Max(*row)) for entry in row)),
        "maximum": sympy.Max,
        "minimum": sympy.Min,
        "row_dot": lambda left, right: sum(a * b for a, b in zip(left, right, strict=True)),
        "row_maximum": lambda row: sympy.Max(*row),
        "row_norm": lambda row: sympy.sqrt(sum(entry**2 for entry in row)),
        "row_size": lambda row: sympy.Integer(len(row)),
        "sign": sympy.sign,
        "simplex_threshold": lambda row: _simplex_threshold(sympy, row),
        "sin": sympy.sin,
        "sqrt": sympy.sqrt,
        "tanh": sympy.tanh,
        "where": lambda condition, chosen, otherwise: sympy.Piecewise((chosen, condition), (otherwise, True)),
    }


def _simplex_threshold(sympy: Any, row: Any) -> Any:
    """The largest (Σ of a part of the row - 1)/size of any part, above the row's largest entry."""
    parts = (part for k in range(len(row)) for part in itertools.combinations(row, k + 1))
    return sympy.Max(*((sum(part) - 1) / len(part) for part in parts)) - sympy.Max(*row)
