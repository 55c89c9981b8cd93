"""Scratch memory of those who train or look at a network: where in it each layer's arrays lie."""

from __future__ import annotations

import functools

import numpy as np

from osolgil.engines.cpu import library
from osolgil.engines.cpu.kernels import layout
from osolgil.formulas import catalog
from osolgil.formulas.catalog import Activation
from osolgil.network import Network

CACHE_LINE = 16


def workspace(
    network: Network, precision: str, rows: int, team: int = 1
) -> tuple[np.ndarray, np.ndarray, int]:
    """The network's table with addresses and places, the places of targets, delta and weights, and the size.

    `rows` is the largest piece of a batch, `team` the number of threads that share the space; it starts as zeros.
    """
    layers = network.table.copy()
    place = _rounded(rows * network.widths[0])
    for index, row in enumerate(layers):
        area = _rounded(rows * int(row[layout.OUTPUTS]))
        units = _rounded(rows * int(row[layout.UNITS]))
        row[layout.VALUE], row[layout.SLOPE] = place, place + area
        place += area + units
        if row[layout.NORMALIZATION]:
            row[layout.STANDARD], row[layout.SPREAD] = place, place + units
            place += units + _rounded(max(rows, int(row[layout.UNITS])))
        if row[layout.KIND] in (layout.LEARNING, layout.ROW_WISE):
            row[layout.EXTRA] = place
            place += area
        activation = catalog.activation(network.activations[index])
        row[layout.ACTIVATION] = library.activation(activation, precision)
        row[layout.PULLBACK] = library.pullback(activation, precision)
    target = place
    delta = target + _rounded(rows * network.widths[-1])
    weights = delta + _rounded(rows * max(network.widths[1:]))
    panels = weights + _rounded(rows)
    zeros = panels + team * layout.PANEL_SIZE
    one = zeros + _rounded(int(layers[:, [layout.INPUTS, layout.UNITS]].max()))
    blocks = one + CACHE_LINE
    room = room_for_rows(_longest_row(layers))
    layers[:, [layout.PANEL, layout.ZEROS, layout.ONE]] = panels, zeros, one
    layers[:, [layout.BLOCKS, layout.BLOCKS_SIZE]] = blocks, room
    layers[:, layout.PRODUCT] = library.product(precision)
    return layers, np.array([target, delta, weights]), blocks + team * room


def room_for_rows(outputs: int) -> int:
    """Numbers a thread needs to look at rows of so many outputs, many at a time."""
    most = max(layout.lanes_of(rows, outputs) for rows in range(1, layout.MOST_LANES + 1))
    return most * (layout.BLOCKS_OF_ROWS * outputs + layout.LANE_NUMBERS)


def _longest_row(layers: np.ndarray) -> int:
    """Entries of the longest row that a loss or a row-wise activation looks at."""
    looked_at = layers[:, layout.KIND] == layout.ROW_WISE
    looked_at[-1] = True
    return int(layers[looked_at, layout.OUTPUTS].max())


def aligned(count: int, size: int, precision: str) -> np.ndarray:
    """Zeros (count, size) that start at a cache line; `size` is a multiple of 16."""
    room = np.zeros(count * size + CACHE_LINE, precision)
    first = -room.ctypes.data % 64 // room.itemsize
    return room[first : first + count * size].reshape(count, size)


def flat_slopes(network: Network) -> np.ndarray:
    """Per layer the slope below which a unit counts as saturated: 1/20 of the activation's largest."""
    return np.array([_flat_slope(catalog.activation(name)) for name in network.activations])


@functools.cache
def _flat_slope(row: Activation) -> float:
    if row.kind != "elementwise":
        return 0.05
    with np.errstate(all="ignore"):
        slopes = np.abs(row.slope(np.linspace(-12.0, 12.0, 4801)))
    return 0.05 * float(np.max(slopes, initial=0.0, where=np.isfinite(slopes)))


def _rounded(size: int) -> int:
    return (size + CACHE_LINE - 1) // CACHE_LINE * CACHE_LINE
