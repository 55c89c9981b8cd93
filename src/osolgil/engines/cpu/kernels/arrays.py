"""The words over whole arrays as loops: flat arrays and their sizes in, a number or a new flat array out.

Each runs on one thread in an order that depends on sizes alone. Sums are kept in eight parts in float64, so
that they become vector code and lose nothing in float32. `orthonormal` is Householder's: mirrors leave the
columns orthonormal even where the matrix has no full rank (A. Householder, J. ACM 5, 1958).
"""

import math

import numpy as np

from .intrinsics import call_address, njit
from .layout import PANEL_SIZE

OPTIONS = {"error_model": "numpy", "fastmath": {"contract"}}
_PARTS = 8


@njit(**OPTIONS)
def _dot(x, y):
    parts = np.zeros(_PARTS)
    whole = x.size // _PARTS * _PARTS
    for start in range(0, whole, _PARTS):
        for part in range(_PARTS):
            parts[part] += float(x[start + part]) * float(y[start + part])
    total = 0.0
    for part in range(_PARTS):
        total += parts[part]
    for i in range(whole, x.size):
        total += float(x[i]) * float(y[i])
    return total


@njit(**OPTIONS)
def dot(x, y):
    return x.dtype.type(_dot(x, y))


@njit(**OPTIONS)
def norm(x):
    return x.dtype.type(math.sqrt(_dot(x, x)))


@njit(**OPTIONS)
def sum(x):
    parts = np.zeros(_PARTS)
    whole = x.size // _PARTS * _PARTS
    for start in range(0, whole, _PARTS):
        for part in range(_PARTS):
            parts[part] += float(x[start + part])
    total = 0.0
    for part in range(_PARTS):
        total += parts[part]
    for i in range(whole, x.size):
        total += float(x[i])
    return x.dtype.type(total)


@njit(**OPTIONS)
def trace(x, rows, columns):
    total = 0.0
    for i in range(min(rows, columns)):
        total += float(x[i * columns + i])
    return x.dtype.type(total)


@njit(**OPTIONS)
def row_sums(x, rows, columns):
    result = np.empty(rows, x.dtype)
    for i in range(rows):
        result[i] = sum(x[i * columns : (i + 1) * columns])
    return result


@njit(**OPTIONS)
def column_sums(x, rows, columns):
    totals = np.zeros(columns)
    for i in range(rows):
        line = x[i * columns : (i + 1) * columns]
        for j in range(columns):
            totals[j] += float(line[j])
    return totals.astype(x.dtype)


@njit(**OPTIONS)
def row_maxima(x, rows, columns):
    result = np.empty(rows, x.dtype)
    for i in range(rows):
        largest = x[i * columns]
        for j in range(1, columns):
            value = x[i * columns + j]
            largest = value if (value > largest) | (value != value) else largest
        result[i] = largest
    return result


@njit(**OPTIONS)
def column_maxima(x, rows, columns):
    result = x[:columns].copy()
    for i in range(1, rows):
        for j in range(columns):
            value = x[i * columns + j]
            result[j] = value if (value > result[j]) | (value != value) else result[j]
    return result


@njit(**OPTIONS)
def longest_row(x, rows, columns):
    found, largest = 0, -1.0
    for i in range(rows):
        line = x[i * columns : (i + 1) * columns]
        square = _dot(line, line)
        if square > largest:
            found, largest = i, square
    return x[found * columns : (found + 1) * columns].copy()


@njit(**OPTIONS)
def transpose(x, rows, columns):
    result = np.empty(rows * columns, x.dtype)
    for i in range(rows):
        for j in range(columns):
            result[j * rows + i] = x[i * columns + j]
    return result


@njit(**OPTIONS)
def wide(x, rows, columns):
    return transpose(x, rows, columns) if rows > columns else x.copy()


@njit(**OPTIONS)
def shaped_like(x, x_rows, x_columns, rows, columns):
    return x.copy() if x_rows == rows and x_columns == columns else transpose(x, x_rows, x_columns)


@njit(**OPTIONS)
def identity(x, rows):
    result = np.zeros(rows * rows, x.dtype)
    for i in range(rows):
        result[i * rows + i] = x.dtype.type(1.0)
    return result


@njit(**OPTIONS)
def matmul(product, x, y, rows, steps, columns):
    """(rows, steps) · (steps, columns), by the function at the address `product`.

    It is the network's own, so that its tiles are not compiled anew into every formula that multiplies.
    """
    result, zeros, panel = (
        np.empty(rows * columns, x.dtype),
        np.zeros(columns, x.dtype),
        np.empty(PANEL_SIZE, x.dtype),
    )
    size = x.itemsize
    call_address(product, (
        panel.ctypes.data, 0,
        x.ctypes.data, steps * size, size,
        y.ctypes.data, columns * size,
        zeros.ctypes.data, 0,
        result.ctypes.data, columns * size,
        rows, columns, steps,
    ))  # fmt: skip
    return result


@njit(**OPTIONS)
def _reflect(lines, normal, start, stop, size):
    """Mirror the lines start … stop - 1 at the plane that the unit vector `normal` stands on."""
    two = lines.dtype.type(2.0)
    for i in range(start, stop):
        line = lines[i * size : (i + 1) * size]
        share = two * dot(line, normal)
        for k in range(size):
            line[k] -= share * normal[k]


@njit(**OPTIONS)
def orthonormal(x, rows):
    one, zero = x.dtype.type(1.0), x.dtype.type(0.0)
    columns, normals = transpose(x, rows, rows), np.zeros(rows * rows, x.dtype)
    signs = np.ones(rows, x.dtype)
    for i in range(rows):
        normal = normals[i * rows : (i + 1) * rows]
        for k in range(i, rows):
            normal[k] = columns[i * rows + k]
        size = norm(normal)
        if size > zero:
            signs[i] = one if normal[i] <= zero else -one
            normal[i] -= signs[i] * size
            size = norm(normal)
            for k in range(i, rows):
                normal[k] /= size
            _reflect(columns, normal, i + 1, rows, rows)
    result = identity(x, rows)
    for i in range(rows - 1, -1, -1):
        _reflect(result, normals[i * rows : (i + 1) * rows], 0, rows, rows)
    for i in range(rows):
        for k in range(rows):
            result[i * rows + k] *= signs[i]
    return transpose(result, rows, rows)


@njit(**OPTIONS)
def upper_triangle(x, rows, columns):
    result = x.copy()
    for i in range(rows):
        for j in range(min(i, columns)):
            result[i * columns + j] = x.dtype.type(0.0)
    return result


@njit(**OPTIONS)
def triangular_quotient(x, upper, rows, columns):
    """Each row by forward substitution: what an element is known to be is taken from all that follow it."""
    result = x.copy()
    for i in range(rows):
        line = result[i * columns : (i + 1) * columns]
        for j in range(columns):
            line[j] /= upper[j * columns + j]
            known = line[j]
            for k in range(j + 1, columns):
                line[k] -= known * upper[j * columns + k]
    return result


@njit(**OPTIONS)
def pushed(history, x):
    result = np.empty_like(history)
    kept = history.size - x.size
    for i in range(kept):
        result[i] = history[i + x.size]
    for i in range(x.size):
        result[kept + i] = x[i]
    return result


@njit(**OPTIONS)
def member(history, k, size):
    return history[k * size : (k + 1) * size].copy()
