"""Products of whole matrices, C = S + A·B, by tiles: the same bits for any number of threads and any vectors.

A matrix is its first address and its strides in bytes, so that transposes of A cost nothing. B is read by
panels of two vectors of columns: where it stands, or, where its lines lie so far apart that they would fall
out of the near cache, or where it is to be transposed, from a packed copy of at most PANEL_STEPS lines. Every
entry of C is one chain of multiply-adds in the order of the common axis, wherever it is cut.
"""

from . import tiles
from .intrinsics import njit
from .layout import PANEL_STEPS
from .tiles import TALLEST, VECTOR_BYTES

PANEL_BYTES = 2 * VECTOR_BYTES
# measured on Zen 4 and Zen 3: wide vectors ask less of the near cache
_FAR, _WORTH_PACKING = (4096, 2 * TALLEST) if VECTOR_BYTES == 64 else (2048, 8 * TALLEST)


def _heights(tile):
    """Cover all rows with tiles of one width: as many of the tallest as fit, then halves."""
    tallest, four, two, one = tile.tallest, tile.four, tile.two, tile.one

    @njit
    def cover(a, a_row, a_step, b, b_step, s, s_row, c, c_row, rows, steps, width):
        row = 0
        while rows - row >= TALLEST:
            tallest(a, a_row, a_step, b, b_step, s, s_row, c, c_row, steps, width)
            a, s, c = a + TALLEST * a_row, s + TALLEST * s_row, c + TALLEST * c_row
            row += TALLEST
        if rows - row >= 4:
            four(a, a_row, a_step, b, b_step, s, s_row, c, c_row, steps, width)
            a, s, c = a + 4 * a_row, s + 4 * s_row, c + 4 * c_row
            row += 4
        if rows - row >= 2:
            two(a, a_row, a_step, b, b_step, s, s_row, c, c_row, steps, width)
            a, s, c = a + 2 * a_row, s + 2 * s_row, c + 2 * c_row
            row += 2
        if rows - row >= 1:
            one(a, a_row, a_step, b, b_step, s, s_row, c, c_row, steps, width)

    return cover


def _packing(unit, itemsize):
    """Copy lines of B, or columns of its transpose, into a panel."""
    lanes, transpose, transpose_cut, copy = unit.lanes, unit.transpose, unit.transpose_cut, unit.copy

    @njit
    def pack(b, b_step, panel, width, steps):
        for step in range(steps):
            copy(b + step * b_step, panel + step * PANEL_BYTES, width)

    @njit
    def pack_transposed(b, b_column, panel, width, steps):
        for column in range(0, width, lanes):
            for step in range(0, steps, lanes):
                source, target = (
                    b + column * b_column + step * itemsize,
                    panel + step * PANEL_BYTES + column * itemsize,
                )
                rows, columns = min(lanes, width - column), min(lanes, steps - step)
                if rows == lanes and columns == lanes:
                    transpose(source, b_column, target, PANEL_BYTES)
                else:
                    transpose_cut(source, b_column, target, PANEL_BYTES, rows, columns, rows)

    return pack, pack_transposed


def _compile(unit, itemsize):
    """C = S + A·B; kernels call it by address, so that it is compiled once and not into each of them.

    `panel` has room for layout.PANEL_SIZE numbers. b_stride leads to the next line of B, or, where
    `transposed`, to the next line of the matrix whose transpose B is. S may be C itself, or one line for all
    rows (s_row = 0).
    """
    lanes = unit.lanes
    panel_columns = 2 * lanes
    cover_whole, cover_cut = _heights(unit.whole), _heights(unit.cut)
    pack, pack_transposed = _packing(unit, itemsize)

    @njit
    def columns_of(a, a_row, a_step, b, b_step, s, s_row, c, c_row, rows, steps, width):
        if width == panel_columns:
            cover_whole(a, a_row, a_step, b, b_step, s, s_row, c, c_row, rows, steps, 0)
            return
        for column in range(0, width, lanes):
            place = column * itemsize
            cover_cut(
                a, a_row, a_step, b + place, b_step, s + place, s_row, c + place, c_row, rows, steps,
                min(lanes, width - column),
            )  # fmt: skip

    @njit
    def multiply(panel, transposed, a, a_row, a_step, b, b_stride, s, s_row, c, c_row, rows, columns, steps):
        packed = transposed or (b_stride >= _FAR and rows >= _WORTH_PACKING)
        for column in range(0, columns, panel_columns):
            width, place = min(panel_columns, columns - column), column * itemsize
            from_s, from_row = s + place, s_row
            for step in range(0, max(steps, 1), PANEL_STEPS):
                count = min(PANEL_STEPS, steps - step)
                source, source_step = b + step * b_stride + place, b_stride
                if transposed:
                    pack_transposed(b + column * b_stride + step * itemsize, b_stride, panel, width, count)
                elif packed:
                    pack(source, b_stride, panel, width, count)
                if packed:
                    source, source_step = panel, PANEL_BYTES
                columns_of(
                    a + step * a_step, a_row, a_step, source, source_step, from_s, from_row, c + place, c_row,
                    rows, count, width,
                )  # fmt: skip
                from_s, from_row = c + place, c_row

    return multiply


float32 = _compile(tiles.float32, 4)
float64 = _compile(tiles.float64, 8)
