"""The words every formula is written in, with their plain NumPy meaning.

A formula module imports its words from here, so that calling a formula directly computes with NumPy. The
binding (`osolgil.engines._binding`) gives the same source other meanings: polynomial kernels on the CPU,
JAX on an accelerator, SymPy for exact mathematics. The words over whole arrays (`norm`, `matmul` …) are told
apart as ARRAY_WORDS: only an optimizer whose scope is a layer or the network has arrays to give them, and only
there may a formula repeat itself (`for k in range(5)`) or stand aside for a step (`if refresh > 0.0`). ROW_WORDS
make one number of a row; only the statistic of a loss or of a row-wise activation has rows to give them.

>>> from osolgil.formulas._vocabulary import where
>>> float(where(2.0 > 1.0, 10.0, 20.0))
10.0
"""

import numpy as np
from numpy import absolute, arctan, exp, expm1, floor, log, log1p, maximum, minimum, sign, sqrt, tanh, where

from osolgil.formulas._array_words import (
    ARRAY_WORDS,
    column_maxima,
    column_sums,
    columns,
    dot,
    identity,
    longest_row,
    matmul,
    member,
    norm,
    orthonormal,
    pushed,
    row_maxima,
    row_sums,
    rows,
    shaped_like,
    sum,
    trace,
    transpose,
    triangular_quotient,
    upper_triangle,
    wide,
)

__all__ = [
    "ARRAY_WORDS",
    "ROW_WORDS",
    "WORDS",
    "absolute",
    "arctan",
    "column_maxima",
    "column_sums",
    "columns",
    "cos",
    "dot",
    "erf",
    "erfc",
    "exp",
    "expm1",
    "floor",
    "identity",
    "log",
    "log1p",
    "logsumexp",
    "logsumexp_above",
    "longest_row",
    "matmul",
    "maximum",
    "member",
    "minimum",
    "norm",
    "orthonormal",
    "pushed",
    "row_dot",
    "row_maxima",
    "row_maximum",
    "row_norm",
    "row_size",
    "row_sums",
    "rows",
    "shaped_like",
    "sign",
    "simplex_threshold",
    "sin",
    "sqrt",
    "sum",
    "tanh",
    "trace",
    "transpose",
    "triangular_quotient",
    "upper_triangle",
    "where",
    "wide",
]

ROW_WORDS = (
    "logsumexp", "logsumexp_above", "row_dot", "row_maximum", "row_norm", "row_size", "simplex_threshold",
)  # fmt: skip
WORDS = tuple(word for word in __all__ if word not in ("WORDS", "ROW_WORDS", "ARRAY_WORDS", *ARRAY_WORDS))


def sin(x):
    """Sine of an angle in radians; nan at ±inf, without NumPy's warning."""
    with np.errstate(invalid="ignore"):
        return np.sin(x)


def cos(x):
    """Cosine of an angle in radians; nan at ±inf, without NumPy's warning."""
    with np.errstate(invalid="ignore"):
        return np.cos(x)


def erf(x):
    """Error function, the probability that a normal variable of variance 1/2 lies in [-x, x]."""
    from scipy.special import erf as scipy_erf

    return scipy_erf(x)


def erfc(x):
    """Complementary error function 1 - erf(x), without the cancellation."""
    from scipy.special import erfc as scipy_erfc

    return scipy_erfc(x)


def logsumexp(row):
    """log sum exp over the last axis, shifted by the largest entry so that nothing overflows."""
    largest = np.max(row, axis=-1, keepdims=True)
    return np.log(np.sum(np.exp(row - largest), axis=-1)) + largest[..., 0]


def row_maximum(row):
    """Largest entry over the last axis."""
    return np.max(row, axis=-1)


def logsumexp_above(row):
    """log sum exp over the last axis, less the largest entry: from 0 to the logarithm of how many entries there are."""
    return np.log(np.sum(np.exp(row - np.max(row, axis=-1, keepdims=True)), axis=-1))


def simplex_threshold(row):
    """The number τ with Σ max(x - largest - τ, 0) = 1 over the last axis; it lies between -1 and 0.

    It is the largest (Σ of the k largest x - largest, - 1)/k of any k; what is below -1 never counts.
    """
    below = np.maximum(row - np.max(row, axis=-1, keepdims=True), -2.0)
    counts = np.arange(1.0, np.shape(row)[-1] + 1.0, dtype=below.dtype)
    return np.max((np.cumsum(-np.sort(-below, axis=-1), axis=-1) - 1.0) / counts, axis=-1)


def row_dot(left, right):
    """Sum of products over the last axis."""
    return np.sum(left * right, axis=-1)


def row_norm(row):
    """Length of the last axis as a vector, measured against its largest entry so that no square overflows."""
    largest = np.max(np.abs(row), axis=-1)
    unit = np.where((largest > 0.0) & (largest < np.inf), largest, 1.0)
    return unit * np.sqrt(np.sum((row / unit[..., None]) ** 2, axis=-1))


def row_size(row):
    """How many entries the last axis has."""
    return np.full(np.shape(row)[:-1], float(np.shape(row)[-1]))
