"""Words over a row of outputs, for many rows at once: a short row alone never becomes vector code.

A block holds rows side by side, entry j of row `lane` at j · lanes + lane; the last block of a batch repeats its
last row. Each lane goes through its row in order, so a row's result depends on nothing but the row. How many
lanes there are is known only when a block is filled: loops of a known small number of turns would be unrolled
before they could become vector code. Nor do they where LLVM cannot see that a place is no negative one: hence the
slices.
"""

import math
from types import SimpleNamespace

import numpy as np

from . import elementary, layout, tiles
from .intrinsics import njit

lanes_of = njit(layout.lanes_of)


def _moves(tile):
    width, transpose_cut = tile.lanes, tile.transpose_cut

    @njit
    def fill(values, first, count, size, block, lanes):
        """Copy `count` rows of `size` entries into a block, from row `first` on."""
        item = values.itemsize
        for lane in range(0, lanes, width):
            start = min(lane, count - 1)
            source = values.ctypes.data + (first + start) * size * item
            for j in range(0, size, width):
                transpose_cut(
                    source + j * item, size * item, block.ctypes.data + (j * lanes + lane) * item, lanes * item,
                    min(width, count - start), min(width, size - j), width,
                )  # fmt: skip

    @njit
    def spill(block, lanes, count, size, values, first):
        """Copy the rows of a block back."""
        item = values.itemsize
        for lane in range(0, count, width):
            target = values.ctypes.data + (first + lane) * size * item
            for j in range(0, size, width):
                entries = min(width, size - j)
                transpose_cut(
                    block.ctypes.data + (j * lanes + lane) * item, lanes * item, target + j * item, size * item,
                    entries, min(width, count - lane), entries,
                )  # fmt: skip

    return SimpleNamespace(fill=fill, spill=spill)


def _maximum(F):
    @njit
    def row_maximum(block, size, lanes, result):
        for lane in range(lanes):
            result[lane] = block[lane]
        for j in range(1, size):
            line = block[j * lanes : (j + 1) * lanes]
            for lane in range(lanes):
                value, largest = line[lane], result[lane]
                result[lane] = value if (value > largest) | (value != value) else largest

    return row_maximum


def _sums(F, row_maximum, exp, log):
    @njit
    def above(block, size, lanes, result):
        largest = result[lanes : 2 * lanes]
        row_maximum(block, size, lanes, largest)
        for lane in range(lanes):
            result[lane] = F(0.0)
        for j in range(size):
            line = block[j * lanes : (j + 1) * lanes]
            for lane in range(lanes):
                result[lane] += exp(line[lane] - largest[lane])

    @njit
    def logsumexp(block, size, lanes, result):
        above(block, size, lanes, result)
        for lane in range(lanes):
            result[lane] = log(result[lane]) + result[lanes + lane]

    @njit
    def logsumexp_above(block, size, lanes, result):
        above(block, size, lanes, result)
        for lane in range(lanes):
            result[lane] = log(result[lane])

    return {"logsumexp": logsumexp, "logsumexp_above": logsumexp_above}


def _simplex(F, row_maximum):
    @njit
    def simplex_threshold(block, size, lanes, result):
        """C. Michelot, J. Optimization Theory and Applications 50, 1986: drop what is below, until nothing is."""
        largest, kept = result[lanes : 2 * lanes], result[2 * lanes : 3 * lanes]
        total, count = result[3 * lanes : 4 * lanes], result[4 * lanes : 5 * lanes]
        row_maximum(block, size, lanes, largest)
        for lane in range(lanes):
            result[lane], kept[lane] = F(-1.0), F(-1.0)
        for _ in range(size + 1):
            for lane in range(lanes):
                total[lane], count[lane] = F(0.0), F(0.0)
            for j in range(size):
                line = block[j * lanes : (j + 1) * lanes]
                for lane in range(lanes):
                    value = line[lane] - largest[lane]
                    total[lane] += value if value > result[lane] else F(0.0)
                    count[lane] += F(1.0) if value > result[lane] else F(0.0)
            changed = False
            for lane in range(lanes):
                changed |= count[lane] != kept[lane]
                result[lane] = (total[lane] - F(1.0)) / max(count[lane], F(1.0))
                kept[lane] = count[lane]
            if not changed:
                break

    return simplex_threshold


def _lengths(F):
    @njit
    def row_dot(left, right, size, lanes, result):
        for lane in range(lanes):
            result[lane] = F(0.0)
        for j in range(size):
            line, other = left[j * lanes : (j + 1) * lanes], right[j * lanes : (j + 1) * lanes]
            for lane in range(lanes):
                result[lane] += line[lane] * other[lane]

    @njit(error_model="numpy")
    def row_norm(block, size, lanes, result):
        unit = result[lanes : 2 * lanes]
        for lane in range(lanes):
            result[lane], unit[lane] = F(0.0), F(0.0)
        for j in range(size):
            line = block[j * lanes : (j + 1) * lanes]
            for lane in range(lanes):
                entry, largest = abs(line[lane]), unit[lane]
                unit[lane] = entry if (entry > largest) | (entry != entry) else largest
        for lane in range(lanes):
            largest = unit[lane]
            unit[lane] = largest if (largest > F(0.0)) & (largest < F(np.inf)) else F(1.0)
        for j in range(size):
            line = block[j * lanes : (j + 1) * lanes]
            for lane in range(lanes):
                part = line[lane] / unit[lane]
                result[lane] += part * part
        for lane in range(lanes):
            result[lane] = unit[lane] * F(math.sqrt(result[lane]))

    @njit
    def row_size(block, size, lanes, result):
        for lane in range(lanes):
            result[lane] = F(size)

    return {"row_dot": row_dot, "row_norm": row_norm, "row_size": row_size}


def _words(kind, words):
    F = kind.real
    row_maximum = _maximum(F)
    return SimpleNamespace(
        row_maximum=row_maximum,
        simplex_threshold=_simplex(F, row_maximum),
        **_sums(F, row_maximum, words["exp"], words["log"]),
        **_lengths(F),
    )


float32 = _words(elementary.FLOAT32, elementary.float32)
float64 = _words(elementary.FLOAT64, elementary.float64)
float32_moves, float64_moves = _moves(tiles.float32), _moves(tiles.float64)
