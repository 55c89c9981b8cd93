"""The second, small vocabulary: words over whole arrays, for optimizers that need a layer or the network.

A matrix here has rows and columns; a vector counts as one row. These are the plain NumPy meanings; the CPU
engine's are loops (`engines/cpu/kernels/arrays.py`), JAX's are in `engines/accelerator.py`.

>>> row_sums([[1.0, 2.0], [3.0, 4.0]]).tolist()
[[3.0], [7.0]]
"""

import numpy as np
from numpy import sum, trace, transpose

__all__ = [
    "ARRAY_WORDS",
    "column_maxima",
    "column_sums",
    "columns",
    "dot",
    "identity",
    "longest_row",
    "matmul",
    "member",
    "norm",
    "orthonormal",
    "pushed",
    "row_maxima",
    "row_sums",
    "rows",
    "shaped_like",
    "sum",
    "trace",
    "transpose",
    "triangular_quotient",
    "upper_triangle",
    "wide",
]

ARRAY_WORDS = tuple(word for word in __all__ if word != "ARRAY_WORDS")


def rows(x):
    """How many rows a matrix has."""
    return np.shape(x)[0]


def columns(x):
    """How many columns a matrix has."""
    return np.shape(x)[1]


def dot(x, y):
    """Σ x y over all elements."""
    return np.sum(np.multiply(x, y))


def norm(x):
    """√Σ x² over all elements (Frobenius)."""
    return np.sqrt(dot(x, x))


def matmul(x, y):
    """Product of two matrices."""
    return np.matmul(x, y)


def row_sums(x):
    """Sum of each row, as a column (rows, 1)."""
    return np.sum(x, axis=1, keepdims=True)


def column_sums(x):
    """Sum of each column, as a row (1, columns)."""
    return np.sum(x, axis=0, keepdims=True)


def row_maxima(x):
    """Largest element of each row, as a column (rows, 1)."""
    return np.max(x, axis=1, keepdims=True)


def column_maxima(x):
    """Largest element of each column, as a row (1, columns)."""
    return np.max(x, axis=0, keepdims=True)


def longest_row(x):
    """The row (1, columns) of largest norm, the first where several are as long."""
    return x[np.argmax(np.sum(np.multiply(x, x), axis=1))][None, :]


def identity(x):
    """The identity matrix with as many rows as x."""
    return np.eye(rows(x))


def wide(x):
    """x or its transpose, whichever has no more rows than columns."""
    return transpose(x) if rows(x) > columns(x) else x


def shaped_like(x, y):
    """x or its transpose, whichever has the shape of y."""
    return x if np.shape(x) == np.shape(y) else transpose(x)


def orthonormal(x):
    """Q of x = Q R with R's diagonal positive: the columns of a square matrix made orthonormal in order."""
    q, r = np.linalg.qr(x)
    return q * np.where(np.diagonal(r) < 0.0, -1.0, 1.0)


def upper_triangle(x):
    """x with 0 below the diagonal."""
    return np.triu(x)


def triangular_quotient(x, upper):
    """y with y U = x, where U (columns, columns) is 0 below its diagonal, and not on it."""
    return np.transpose(np.linalg.solve(np.transpose(upper), np.transpose(x)))


def pushed(history, x):
    """A history (count, size) whose oldest row 0 is gone and whose last row is x."""
    return np.concatenate([history[1:], np.reshape(x, (1, -1))])


def member(history, k):
    """Row k of a history, counted from the oldest."""
    return history[k]
