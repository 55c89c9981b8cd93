"""Matrix products by tiles against NumPy in twice the precision, and their bits against how they are cut."""

import itertools
from ctypes import CFUNCTYPE, c_double, c_int64

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osolgil.engines.cpu import fleet, library
from osolgil.engines.cpu.kernels import layout

sizes = st.integers(1, 75)


def product(precision, a, b, s, *, transposed=False, columns=None):
    """S + A·B with A, B and S as they lie in memory; `columns` cuts the work at these columns."""
    run = CFUNCTYPE(c_double, *[c_int64] * 14)(library.product(precision))
    panel = fleet.aligned(1, layout.PANEL_SIZE, precision)
    (rows, steps), width = a.shape, b.shape[1]
    c = np.full((rows, width), np.nan, precision)
    size = c.itemsize
    stored = b.T if transposed else b
    assert stored.flags.c_contiguous or stored.size in (0, max(stored.shape))
    cuts = [0, *(columns or []), width]
    for start, stop in itertools.pairwise(cuts):
        offset = start * (stored.strides[0] if transposed else size)
        run(
            panel.ctypes.data, transposed, a.ctypes.data, *a.strides, stored.ctypes.data + offset,
            stored.strides[0], s.ctypes.data + start * size, 0 if len(s) == 1 else s.strides[0],
            c.ctypes.data + start * size, c.strides[0], rows, stop - start, steps,
        )  # fmt: skip
    return c


def matrices(precision, rows, steps, columns, seed, *, from_columns=False, transposed=False, lines=1):
    random = np.random.default_rng(seed)
    a, b = random.normal(size=(rows, steps)), random.normal(size=(steps, columns))
    a = np.array(a, precision, order="F" if from_columns else "C")
    b = np.ascontiguousarray(b.T, precision).T if transposed else np.ascontiguousarray(b, precision)
    return a, b, random.normal(size=(lines, columns)).astype(precision)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@settings(max_examples=60, deadline=None)
@given(sizes, st.integers(0, 70), sizes, st.booleans(), st.booleans(), st.booleans(), st.integers(0, 99))
def test_a_product_is_numpys(precision, rows, steps, columns, from_columns, transposed, one_line, seed):
    a, b, s = matrices(
        precision, rows, steps, columns, seed, from_columns=from_columns, transposed=transposed,
        lines=1 if one_line else rows,
    )  # fmt: skip
    exact = s.astype(np.longdouble) + a.astype(np.longdouble) @ b.astype(np.longdouble)
    size = np.abs(s) + np.abs(a) @ np.abs(b)
    error = np.abs(product(precision, a, b, s, transposed=transposed) - exact)
    assert (error <= (steps + 1) * np.finfo(precision).eps * size).all()


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize(("rows", "steps", "columns"), [(40, 1300, 90), (16, 513, 1100), (3, 7, 33)])
def test_no_cut_and_no_packing_changes_a_bit(precision, transposed, rows, steps, columns):
    """Long lines are packed and the common axis is cut in pieces: every entry stays one chain of its own."""
    a, b, s = matrices(precision, rows, steps, columns, 1, transposed=transposed)
    whole = product(precision, a, b, s, transposed=transposed)
    cuts = sorted({columns // 3, columns // 2, columns - 1})
    np.testing.assert_array_equal(product(precision, a, b, s, transposed=transposed, columns=cuts), whole)
    by_rows = [product(precision, a[row : row + 1], b, s, transposed=transposed) for row in range(rows)]
    np.testing.assert_array_equal(np.concatenate(by_rows), whole)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_infinities_and_nan_stay_in_their_row_and_column(precision):
    a, b, s = matrices(precision, 9, 20, 35, 2)
    a[2, 3], b[5, 7], s[0, 11] = np.inf, np.nan, -np.inf
    c = product(precision, a, b, s)
    assert not np.isfinite(c[2]).any()
    assert np.isnan(c[:, 7]).all()
    assert np.isneginf(np.delete(c[:, 11], 2)).all()
    untouched = np.delete(np.delete(c, 2, 0), [7, 11], 1)
    assert np.isfinite(untouched).all()
