"""Losses and row-wise activations look at blocks of rows; no shape of a batch may change what a row gets."""

import threading

import numpy as np
import pytest
from tests.laws import compiled

from osolgil.engines.cpu import cache
from osolgil.engines.cpu.workspace import room_for_rows
from osolgil.formulas import catalog

RANDOM = np.random.default_rng(5)
SHAPES = [(1, 1), (15, 2), (16, 10), (17, 10), (64, 3), (300, 10), (97, 70), (130, 1000)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_a_loss_of_any_number_of_rows_is_numpys(shape, weighted):
    row = catalog.loss("softmax_cross_entropy")
    outputs = RANDOM.normal(size=shape) * 3.0
    targets = np.eye(shape[1])[RANDOM.integers(0, shape[1], shape[0])]
    weights = RANDOM.uniform(0.0, 2.0, shape[0]) * (RANDOM.uniform(size=shape[0]) > 0.3) if weighted else None
    total, delta = compiled.loss(row, "float64")(outputs, targets, 0.25, weights)
    shares = np.ones(shape[0]) if weights is None else weights
    np.testing.assert_allclose(total, shares @ row.losses(outputs, targets).sum(1), rtol=1e-12)
    expected = row.slopes(outputs, targets) * 0.25 * shares[:, None]
    np.testing.assert_allclose(delta, expected, rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize("name", ["softmax", "sparsemax"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_row_wise_activation_of_any_number_of_rows_is_numpys(name, shape):
    row = catalog.activation(name)
    rows, gradient = RANDOM.normal(size=shape), RANDOM.normal(size=shape)
    values, _ = compiled.row_wise(row, "float64")(rows, gradient)
    np.testing.assert_allclose(values, row(rows), rtol=1e-11, atol=1e-14)


def test_a_row_gets_the_same_bits_in_every_company():
    loss = compiled.loss(catalog.loss("softmax_cross_entropy"), "float32")
    outputs = RANDOM.normal(size=(200, 10)).astype("float32")
    targets = np.eye(10, dtype="float32")[RANDOM.integers(0, 10, 200)]
    together = loss(outputs, targets)[1]
    for start, stop in [(0, 1), (3, 40), (150, 200)]:
        np.testing.assert_array_equal(loss(outputs[start:stop], targets[start:stop])[1], together[start:stop])


def test_a_row_that_is_not_finite_stays_in_its_lane():
    loss = compiled.loss(catalog.loss("softmax_cross_entropy"), "float32")
    outputs = RANDOM.normal(size=(40, 10)).astype("float32")
    targets = np.eye(10, dtype="float32")[RANDOM.integers(0, 10, 40)]
    whole = loss(outputs, targets)[1]
    outputs[7, 3], outputs[21, 0] = np.nan, np.inf
    broken = loss(outputs, targets)[1]
    others = np.setdiff1d(np.arange(40), [7, 21])
    np.testing.assert_array_equal(broken[others], whole[others])
    assert np.isnan(broken[7]).all()


@pytest.mark.parametrize("outputs", [1, 7, 8, 9, 64, 1000])
def test_there_is_room_for_the_most_lanes(outputs):
    lanes = cache.module("kernels.rows").lanes_of.py_func
    most = max(lanes(rows, outputs) for rows in range(1, 700))
    assert most * (4 * outputs + 40) <= room_for_rows(outputs)
    assert lanes(1, outputs) == 16


def test_other_threads_compile_whole_functions_meanwhile():
    """Numba is spared work for our own thread alone: what another thread compiles can be called from Python."""
    import numba

    found = []
    with cache.linked_only():
        thread = threading.Thread(target=lambda: found.append(numba.njit(lambda x: x + 1)(41)))
        thread.start()
        thread.join()
    assert found == [42]
    assert numba.njit(lambda x: x + 2)(40) == 42
