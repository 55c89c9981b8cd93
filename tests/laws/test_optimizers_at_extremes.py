"""Updates at the edges of the numbers: NumPy, JAX and the compiled loop make the same of them."""

import numpy as np
import pytest

from laws.compiled import CompiledSteps, FormulaSteps
from osolgil.engines import accelerator
from osolgil.formulas import catalog

EXTREMES = np.array(
    [
        0.0,
        -0.0,
        5e-324,
        -1e-310,
        1e-45,
        -1e-38,
        1e-20,
        -1e-8,
        1.0,
        -400.0,
        400.0,
        1e38,
        -1e38,
        np.inf,
        -np.inf,
        np.nan,
    ]
)
ROWS = [row for row in catalog.optimizers().values() if row.scope == "element" and not row.hooks]

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def slopes(subnormal=True):
    """The extremes in four orders: each coordinate meets several of them; without subnormals those are 0."""
    values = EXTREMES if subnormal else np.where(np.abs(EXTREMES) < np.finfo(float).tiny, 0.0, EXTREMES)
    return [values, values[::-1].copy(), np.roll(values, 3), -values]


def by_formula(row, subnormal=True):
    steps = FormulaSteps(row, np.linspace(-1.0, 1.0, EXTREMES.size))
    with np.errstate(all="ignore"):
        return [steps.step(slope) for slope in slopes(subnormal)]


def by_jax(row):
    """The same formula traced by JAX; the scalars of a step come from NumPy, as they do for every engine."""
    import jax

    update, hyperparameters = accelerator.traced(row.formula), list(row.defaults.values())
    carried = list(row.carried.values())
    with jax.enable_x64(True):
        theta = jax.numpy.linspace(-1.0, 1.0, EXTREMES.size)
        states, points = [jax.numpy.zeros_like(theta) for _ in row.state], []
        for step, slope in enumerate(slopes(subnormal=False), start=1):
            scalars = hyperparameters
            if row.coefficients is not None:
                found = row.coefficients(float(step), *carried, *hyperparameters)
                carried, scalars = list(found[: len(carried)]), list(found[len(carried) :])
            result = update(theta, jax.numpy.asarray(slope), *states, *map(float, scalars))
            theta, *states = result if row.state else (result,)
            points.append(np.asarray(theta))
    return points


def assert_same(ones, others):
    """The same numbers, infinities and NaN; roundings count beside the largest value a coordinate has had."""
    ones, others = np.array(ones), np.array(others)
    np.testing.assert_array_equal(np.isnan(ones), np.isnan(others))
    np.testing.assert_array_equal(np.isinf(ones) * np.sign(ones), np.isinf(others) * np.sign(others))
    finite = np.isfinite(ones)
    largest = np.maximum.accumulate(np.where(finite, np.abs(ones), 0.0))
    assert (np.abs(ones[finite] - others[finite]) <= 1e-12 * largest[finite]).all()


@every_row
def test_jax_makes_the_same_of_them(row):
    """On a CPU JAX takes subnormal numbers for 0, and with them their sign."""
    assert_same(by_formula(row, subnormal=False), by_jax(row))


@pytest.mark.long
@every_row
def test_the_compiled_loop_makes_the_same_of_them(row):
    steps = CompiledSteps(row, np.linspace(-1.0, 1.0, EXTREMES.size))
    assert_same(by_formula(row), [steps.step(slope) for slope in slopes()])


@every_row
def test_a_gradient_of_zero_or_hardly_more_does_no_harm(row):
    finite = np.isfinite(EXTREMES)
    for point in by_formula(row)[:1]:
        assert np.isfinite(point[finite]).all()
