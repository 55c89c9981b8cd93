"""The compiled loops of every loss: the formula's numbers, at any input, in any precision, with any weights."""

import jax
import mpmath
import numpy as np
import pytest

from laws import compiled
from laws.accuracy import ULP_BITS, exactly, spacing
from laws.loss_cases import ROWS, SET_ROWS, batch, numpy_loss, oracle
from osolgil.engines import accelerator
from osolgil.formulas import catalog

TOLERANCE = {"float32": 3e-6, "float64": 1e-13}
ULPS = 3.0
ELEMENTWISE = [row for row in SET_ROWS if row.statistic is None]
SOFTMAX = [row for row in SET_ROWS if "largest" in row.statistic_names]
EXPONENTIAL = {"poisson", "gamma", "tweedie"}

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
every_setting = pytest.mark.parametrize("row", SET_ROWS, ids=lambda row: row.text)
every_elementwise = pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.text)
# Compiling takes most of the time: the second precision in continuous integration.
each_precision = pytest.mark.parametrize(
    "precision", ["float32", pytest.param("float64", marks=pytest.mark.long)]
)


@every_setting
@each_precision
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (33, 3), (7, 100)])
def test_compiled_loop_computes_the_formula(row, precision, shape):
    size = 1.5 if row.link == "log" else 4.0
    outputs, targets = batch(row, *shape, size=size)
    outputs, targets = outputs.astype(precision).astype(float), targets.astype(precision).astype(float)
    losses, slopes = numpy_loss(row, outputs, targets)
    total, gradient = compiled.loss(row, precision)(outputs, targets, scale=0.125)
    tolerance = TOLERANCE[precision]
    assert total == pytest.approx(losses.sum(), rel=tolerance * 3, abs=tolerance)
    scale = max(1.0, np.abs(slopes).max())
    np.testing.assert_allclose(gradient, slopes * 0.125, rtol=tolerance * 10, atol=tolerance * scale)


@every_setting
@each_precision
def test_weights_count_as_so_many_equal_rows(row, precision):
    outputs, targets = batch(row, rows=6, outputs=3, size=1.5, seed=4)
    times = np.array([0, 1, 2, 3, 1, 4])
    total, gradient = compiled.loss(row, precision)(outputs, targets, 0.5, weights=times)
    repeated = [np.repeat(part, times, axis=0) for part in (outputs, targets)]
    expected, slopes = compiled.loss(row, precision)(*repeated, 0.5)
    assert total == pytest.approx(expected, rel=TOLERANCE[precision])
    sums = [
        slopes[start : start + count].sum(0)
        for start, count in zip(times.cumsum() - times, times, strict=True)
    ]
    np.testing.assert_allclose(gradient, sums, rtol=TOLERANCE[precision], atol=TOLERANCE[precision])
    assert (gradient[0] == 0).all()


@every_row
@each_precision
def test_a_row_without_weight_has_no_say_whatever_it_says(row, precision):
    outputs, targets = batch(row, rows=2, outputs=3)
    alone, _ = compiled.loss(row, precision)(outputs[1:], targets[1:])
    outputs[0] = np.nan
    total, gradient = compiled.loss(row, precision)(outputs, targets, weights=[0.0, 1.0])
    assert total == alone
    assert (gradient[0] == 0).all()
    assert np.isfinite(gradient).all()


@every_row
@each_precision
def test_weights_of_one_change_no_bit(row, precision):
    outputs, targets = batch(row, rows=9, outputs=3)
    plain, weighted = (compiled.loss(row, precision)(outputs, targets, 0.3, w) for w in (None, np.ones(9)))
    assert plain[0] == weighted[0]
    np.testing.assert_array_equal(plain[1], weighted[1])


@every_row
@each_precision
def test_extreme_outputs_do_not_overflow(row, precision):
    """±10,000 for classes and numbers; ±80 where the output is a logarithm, since exp(89) is no float32."""
    reach = 80.0 if row.link == "log" else 1e4
    outputs = reach * np.array([[1.0, -1.0, 0.0], [-1.0, -1.0, -1.0], [1.0, 1.0, 1.0], [-1.0, 1.0, 0.9999]])
    targets = np.eye(3)[[1, 0, 2, 1]] if row.targets != "positive" else np.full((4, 3), 0.5)
    expected = oracle(row)(outputs, targets)
    losses, slopes = numpy_loss(row, outputs, targets)
    np.testing.assert_allclose(losses.sum(-1), expected, rtol=1e-11, atol=1e-300)
    assert np.isfinite(slopes).all()
    relative = 1e-4 if precision == "float32" and row.link == "log" else 1e-5
    for index in range(len(outputs)):
        one = slice(index, index + 1)
        total, gradient = compiled.loss(row, precision)(outputs[one], targets[one])
        near = 2e-3 if precision == "float32" else 1e-11
        assert total == pytest.approx(expected[index], rel=relative, abs=near)
        np.testing.assert_allclose(gradient[0], slopes[index], rtol=relative, atol=2e-3)


@pytest.mark.parametrize("row", SOFTMAX, ids=lambda row: row.text)
@each_precision
@pytest.mark.parametrize("base", [1e4, 1e10, 1e38, -1e38])
def test_what_all_logits_have_in_common_changes_no_bit(row, precision, base):
    """Softmax knows differences alone, and beside a huge number they are huge or nothing."""
    far = -1.1 * abs(base)
    logits = np.array([[0.0, 0.0, 0.0, 0.0], [0.0, far, 0.0, far], [far, 0.0, far, far]])
    targets = np.eye(4)[[2, 0, 1]]
    plain, moved = (compiled.loss(row, precision)(z, targets) for z in (logits, logits + base))
    assert plain[0] == moved[0] > 0.0
    np.testing.assert_array_equal(plain[1], moved[1])


@each_precision
def test_slope_keeps_its_digits_where_a_prediction_is_nearly_right(precision):
    row = catalog.loss("binary_cross_entropy")
    outputs, targets = np.array([[30.0, -30.0]]), np.array([[1.0, 0.0]])
    _, gradient = compiled.loss(row, precision)(outputs, targets)
    np.testing.assert_allclose(gradient, [[-np.exp(-30.0), np.exp(-30.0)]], rtol=1e-6)


@each_precision
def test_small_errors_keep_their_digits(precision):
    """log cosh e and the deviances are e²/2 near 0, where a difference of large numbers has no digit left."""
    small = np.array([[1e-6]])
    for name, at in (("log_cosh", 0.0), ("gamma", 1.0), ("poisson", 1.0)):
        total, _ = compiled.loss(catalog.loss(name), precision)(small, np.array([[at]]))
        absolute = 1e-30 if name == "log_cosh" else 2e-6 * float(np.finfo(precision).eps)
        assert total == pytest.approx(0.5e-12, rel=1e-6, abs=absolute)


@every_row
@each_precision
def test_nan_in_is_nan_out(row, precision):
    outputs, targets = batch(row, rows=2, outputs=3, size=1.0)
    outputs[1, 2] = np.nan
    total, gradient = compiled.loss(row, precision)(outputs, targets)
    assert np.isnan(total)
    assert np.isnan(gradient[1, 2])
    assert np.isfinite(gradient[0]).all()


def sample(row, precision, count=150):
    """Pairs of one output and one target in the precision, ordinary and large."""
    parts = [batch(row, count, 1, size, seed) for seed, size in enumerate((1.0, 8.0))]
    return [np.concatenate(part).astype(precision) for part in zip(*parts, strict=True)]


@every_elementwise
@each_precision
def test_values_and_slopes_are_right_to_a_few_ulp(row, precision):
    """Against 200 bits. The unit is the spacing of floats, or what half an ulp of the inputs moves the result by."""
    assert max(worst_ulps(row, precision)) <= ULPS


def worst_ulps(row, precision):
    """Largest error of the compiled value and of the compiled slope."""
    outputs, targets = sample(row, precision)
    settings = [mpmath.mpf(float(value)) for value in row.settings.values()]
    run = compiled.loss(row, precision)
    computed = [run(z[None], y[None]) for z, y in zip(outputs, targets, strict=True)]
    found = []
    for formula, numbers in (
        (row.formula, [total for total, _ in computed]),
        (row.slope, [gradient[0, 0] for _, gradient in computed]),
    ):
        exact = exactly(formula)
        with mpmath.workprec(ULP_BITS):
            found.append(
                max(
                    ulps(exact, float(z[0]), float(y[0]), settings, float(number), precision)
                    for z, y, number in zip(outputs, targets, numbers, strict=True)
                )
            )
    return found


def ulps(exact, z, y, settings, computed, precision):
    """Error of one computed number, in units that grow with the formula's condition in its two inputs."""
    epsilon = float(np.finfo(precision).eps)
    settings = [mpmath.mpf(float(np.dtype(precision).type(value))) for value in settings]
    z, y = mpmath.mpf(z), mpmath.mpf(y)
    truth = exact(z, y, *settings)
    step = mpmath.mpf(2) ** -60
    moved = [exact(z * (1 + step), y, *settings) - truth, exact(z, y * (1 + step), *settings) - truth]
    moved += [
        exact(z, y, *settings[:k], value * (1 + step), *settings[k + 1 :]) - truth
        for k, value in enumerate(settings)
    ]
    condition = sum(abs(part) for part in moved) / step
    if max(abs(part) for part in moved) > abs(truth) / 2 + 1e-6:
        return 0.0  # a jump of the slope between two neighbouring inputs
    unit = max(spacing(truth, precision), epsilon * condition)
    return float(abs(mpmath.mpf(computed) - truth) / unit)


LARGE = {"float32": 1e38, "float64": 1e300}


@every_elementwise
@each_precision
def test_engines_agree_on_extreme_inputs(row, precision):
    """±0, subnormal, ±1, ±400, largest, ±inf, NaN: NumPy, the compiled loop and JAX give the same, or nearly.

    JAX takes subnormal inputs for 0, which matters where a slope jumps at 0: they are left out there.
    """
    tiny = float(np.finfo(precision).smallest_subnormal)
    points = [0.0, -0.0, tiny, -tiny, 1.0, -1.0, 400.0, -400.0, LARGE[precision], -LARGE[precision], np.inf, -np.inf, np.nan]  # noqa: E501  # fmt: skip
    targets = {"positive": (0.25, 1.0, 50.0), "zero or more": (0.0, 1.0, 50.0)}.get(row.targets, (0.0, 1.0))
    outputs, targets = (
        np.array(part, precision)[:, None]
        for part in zip(*[(z, y) for z in points for y in targets], strict=True)
    )
    with np.errstate(all="ignore"):
        settings = [np.dtype(precision).type(value) for value in row.settings.values()]
        expected = [formula(outputs, targets, *settings)[:, 0] for formula in (row.formula, row.slope)]
    run = compiled.loss(row, precision)
    ours = [run(z[None], y[None]) for z, y in zip(outputs, targets, strict=True)]
    ours = [np.array([total for total, _ in ours]), np.array([gradient[0, 0] for _, gradient in ours])]
    with jax.enable_x64(True):
        theirs = [
            np.asarray(accelerator.traced(formula)(*map(jax.numpy.asarray, (outputs, targets)), *settings))[
                :, 0
            ]
            for formula in (row.formula, row.slope)
        ]
    near = 4 * float(np.finfo(precision).eps)
    smallest = 4 * float(np.finfo(precision).tiny)
    for reference, compiled_one, traced_one in zip(expected, ours, theirs, strict=True):
        np.testing.assert_allclose(compiled_one, reference, rtol=near, atol=smallest)
        usual = np.abs(outputs[:, 0]) != tiny
        np.testing.assert_allclose(traced_one[usual], reference[usual], rtol=near, atol=smallest)


@pytest.mark.parametrize("row", [row for row in SET_ROWS if row.statistic], ids=lambda row: row.text)
def test_rows_of_several_numbers_agree_in_jax(row):
    outputs, targets = batch(row)
    expected = numpy_loss(row, outputs, targets)
    statistic = accelerator.traced(row.statistic)
    with jax.enable_x64(True):
        extra = [number[..., None] for number in statistic(*map(jax.numpy.asarray, (outputs, targets)))]
        for mine, theirs in zip(row.statistics(outputs, targets), extra, strict=True):
            np.testing.assert_allclose(theirs, mine, rtol=1e-13)
        for formula, numbers in zip((row.formula, row.slope), expected, strict=True):
            traced = accelerator.traced(formula)(outputs, targets, *extra, **row.given)
            np.testing.assert_allclose(traced, numbers, rtol=1e-11, atol=1e-14)
