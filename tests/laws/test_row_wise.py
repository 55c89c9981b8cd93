"""Laws of the activations that see a whole row, and of those that fold several pieces.

The judges: SymPy's exact derivatives of the exact value, JAX's and PyTorch's functions, finite differences.
"""

import os

import jax
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from laws import compiled
from osolgil.engines import accelerator, symbolic
from osolgil.formulas import catalog

os.environ.setdefault("KERAS_BACKEND", "torch")
ROW_WISE = [row for row in catalog.activations().values() if row.kind == "row-wise"]
PIECES = [row for row in catalog.activations().values() if row.kind == "pieces"]
PRECISIONS = ("float32", "float64")
ROW = [sympy.Rational(*pair) for pair in ((3, 7), (-5, 3), (9, 8), (1, 9), (-1, 1000))]
GRADIENT = [sympy.Rational(*pair) for pair in ((1, 2), (-2, 1), (3, 5), (7, 4), (-1, 3))]
JAX = {
    "softmax": jax.nn.softmax,
    "softmin": lambda x: jax.nn.softmax(-x),
    "log_softmax": jax.nn.log_softmax,
    "glu": lambda a, b: a * jax.nn.sigmoid(b),
    "swiglu": lambda a, b: a * jax.nn.silu(b),
    "geglu": lambda a, b: a * jax.nn.gelu(b, approximate=False),
    "reglu": lambda a, b: a * jax.nn.relu(b),
    "bilinear": lambda a, b: a * b,
    "maxout": jax.numpy.maximum,
}
rows_of_numbers = arrays.arrays(
    float,
    st.tuples(st.integers(1, 4), st.integers(1, 9)),
    elements=st.floats(-700, 700, allow_subnormal=False),
)
each_row_wise = pytest.mark.parametrize("row", ROW_WISE, ids=lambda row: row.name)
each_of_pieces = pytest.mark.parametrize("row", PIECES, ids=lambda row: row.name)
each_precision = pytest.mark.parametrize("precision", PRECISIONS)


def exact_values(row, numbers):
    """The values of a row of SymPy numbers, from the catalog's own formulas."""
    statistic = symbolic.expression(row.statistic, sympy.Array(numbers))
    return [symbolic.expression(row.formula, number, *statistic) for number in numbers]


@each_row_wise
def test_value_has_the_digits_of_exact_mathematics(row):
    exact = [float(value.evalf(50)) for value in exact_values(row, ROW)]
    np.testing.assert_allclose(row(np.array([ROW], float))[0], exact, rtol=1e-14, atol=1e-16)


@each_row_wise
def test_pullback_is_the_product_with_the_jacobian_in_exact_arithmetic(row):
    """Differences of the exact values over a step of 10^-40, so small that rounding to floats hides it."""
    step = sympy.Rational(1, 10**40)
    values = exact_values(row, ROW)
    product = []
    for place in range(len(ROW)):
        moved = exact_values(row, [x + step * int(k == place) for k, x in enumerate(ROW)])
        pairs = zip(GRADIENT, moved, values, strict=True)
        product.append(
            float(sum(g * ((after - before) / step).evalf(20, maxn=200) for g, after, before in pairs))
        )
    found = row.pull_back(np.array([ROW], float), np.array([GRADIENT], float))[0]
    np.testing.assert_allclose(found, product, rtol=1e-12, atol=1e-14)


@each_row_wise
def test_value_and_pullback_are_those_of_jax(row):
    random = np.random.default_rng(0)
    x, gradient = 4.0 * random.normal(size=(2, 6, 9))
    peer = JAX.get(row.name) or jax_sparsemax
    with jax.enable_x64(True):
        values, pull = jax.vjp(peer, x)
        np.testing.assert_allclose(row(x), values, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(row.pull_back(x, gradient), pull(gradient)[0], rtol=1e-11, atol=1e-13)


def jax_sparsemax(x):
    """Algorithm 1 of arXiv:1602.02068 with its k(z), which JAX can differentiate."""
    ordered = -jax.numpy.sort(-x, axis=-1)
    sums, counts = jax.numpy.cumsum(ordered, axis=-1), jax.numpy.arange(1, x.shape[-1] + 1)
    support = (1 + counts * ordered > sums).sum(-1, keepdims=True)
    threshold = (jax.numpy.take_along_axis(sums, support - 1, axis=-1) - 1) / support
    return jax.numpy.maximum(x - threshold, 0.0)


@each_row_wise
@given(x=rows_of_numbers)
def test_laws_of_any_row(row, x):
    values = row(x)
    shares = np.exp(values) if row.name == "log_softmax" else values
    np.testing.assert_allclose(shares.sum(-1), 1.0, rtol=1e-9)
    assert (shares >= 0).all()
    order = np.argsort(-x if row.name == "softmin" else x, axis=-1, kind="stable")
    assert (np.diff(np.take_along_axis(shares, order, -1), axis=-1) >= 0).all()
    gradient = np.cos(np.arange(x.size, dtype=float)).reshape(x.shape)
    np.testing.assert_allclose(row.pull_back(x, gradient).sum(-1), 0.0, atol=1e-9)
    np.testing.assert_allclose(row.pull_back(x, np.ones_like(x)), 0.0 if row.name != "log_softmax" else
                               1.0 - x.shape[-1] * shares, atol=1e-9)  # fmt: skip


@pytest.mark.long
@each_row_wise
@each_precision
@given(x=rows_of_numbers)
def test_compiled_rows_are_those_of_numpy(row, precision, x):
    x = (x / 10.0).astype(precision)
    gradient = np.sin(np.arange(1.0, x.size + 1.0)).reshape(x.shape).astype(precision)
    values, pulled = compiled.row_wise(row, precision)(x, gradient)
    epsilon = np.finfo(precision).eps
    wide = x.astype(float)
    close = {"rtol": 300 * epsilon, "atol": 300 * epsilon}
    np.testing.assert_allclose(values, row(wide), **close)
    if (
        row.name != "sparsemax"
        or (np.abs(row(wide)) > 1e-4).sum() == (values > 0).sum() == (row(wide) > 0).sum()
    ):
        np.testing.assert_allclose(pulled, row.pull_back(wide, gradient.astype(float)), **close)


EXTREME = np.array([
    [0.0, -0.0, 5e-324, -1e-310],
    [1e38, -1e38, 0.0, 1.0],
    [-1e38, -1e38, -1e38, -3e38],
    [400.0, -400.0, 399.0, -np.inf],
])  # fmt: skip
LIMITS = {
    "softmax": [
        [0.25] * 4,
        [1, 0, 0, 0],
        [1 / 3, 1 / 3, 1 / 3, 0],
        [1 / (1 + np.exp(-1)), 0, 1 / (1 + np.e), 0],
    ],
    "log_softmax": [
        [-np.log(4)] * 4,
        [0, -2e38, -1e38, -1e38],
        [-np.log(3)] * 3 + [-2e38],
        [-np.log1p(np.exp(-1)), -800 - np.log1p(np.exp(-1)), -1 - np.log1p(np.exp(-1)), -np.inf],
    ],
    "sparsemax": [[0.25] * 4, [1, 0, 0, 0], [1 / 3, 1 / 3, 1 / 3, 0], [1, 0, 0, 0]],
}


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("kind", ["numpy", "JAX", *PRECISIONS])
def test_extreme_rows_have_the_limits_of_exact_mathematics(name, kind):
    row = catalog.activation(name)
    if kind == "numpy":
        values = row(EXTREME)
    elif kind == "JAX":
        with jax.enable_x64(True):
            statistic = [number[..., None] for number in accelerator.traced(row.statistic)(EXTREME)]
            values = np.asarray(accelerator.traced(row.formula)(EXTREME, *statistic))
    else:
        values, _ = compiled.row_wise(row, kind)(EXTREME, np.zeros_like(EXTREME))
    expected = np.array(LIMITS[name])
    relative = 4 * np.finfo(values.dtype).eps
    np.testing.assert_allclose(values, expected, rtol=relative, atol=relative)


@each_of_pieces
def test_two_pieces_are_those_of_jax_with_both_slopes(row):
    a, b = 3.0 * np.random.default_rng(1).normal(size=(2, 200))
    with jax.enable_x64(True):
        values = np.asarray(JAX[row.name](a, b))
        slopes = [np.asarray(jax.vmap(jax.grad(JAX[row.name], place))(a, b)) for place in (0, 1)]
    np.testing.assert_allclose(row(a, b), values, rtol=1e-12, atol=1e-15)
    for found, expected in zip(row.slope(a, b), slopes, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-13)


@each_of_pieces
def test_slopes_are_the_exact_derivatives(row):
    a, b = sympy.symbols("a b", real=True)
    value = symbolic.expression(row.formula, a, b)
    for found, symbol in zip(symbolic.expression(row.slope, a, b), (a, b), strict=True):
        for first, second in zip(ROW, GRADIENT, strict=True):
            at = {a: first, b: second}
            exact = sympy.diff(value, symbol).subs(at).evalf(40)
            assert abs(found.subs(at).evalf(40) - exact) < (1e-15 if row.name == "geglu" else 1e-30)


@pytest.mark.long
@each_precision
@each_of_pieces
def test_compiled_pieces_are_those_of_numpy(row, precision):
    x = (4.0 * np.random.default_rng(2).normal(size=(300, row.pieces))).astype(precision)
    values, slopes = compiled.pieces(row, precision)(x)
    tolerance = 30 * np.finfo(precision).eps
    wide = x.astype(float).T
    np.testing.assert_allclose(values, row(*wide), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(slopes, np.transpose(row.slope(*wide)), rtol=tolerance, atol=tolerance)


@pytest.mark.long
@each_precision
@pytest.mark.parametrize("pieces", [2, 3, 5, 16])
def test_maxout_of_any_number_of_pieces(pieces, precision):
    row = catalog.activation(f"maxout({pieces})")
    x = np.random.default_rng(3).normal(size=(200, pieces)).astype(precision)
    x[:20] = np.round(x[:20])
    values, slopes = compiled.pieces(row, precision)(x)
    np.testing.assert_array_equal(values, x.max(1))
    np.testing.assert_array_equal(slopes, np.eye(pieces)[x.argmax(1)])


@pytest.mark.peer
@pytest.mark.parametrize("name", ["softmax", "softmin", "log_softmax", "glu"])
def test_values_and_gradients_are_those_of_pytorch(name):
    import torch
    import torch.nn.functional as F

    random = np.random.default_rng(5)
    x, gradient = random.normal(size=(2, 5, 8))
    tensor = torch.tensor(x, requires_grad=True)
    row = catalog.activation(name)
    if name == "glu":
        values = F.glu(tensor)
        np.testing.assert_allclose(row(x[:, :4], x[:, 4:]), values.detach().numpy(), rtol=1e-13)
        values.backward(torch.tensor(gradient[:, :4].copy()))
        expected = np.concatenate([s * gradient[:, :4] for s in row.slope(x[:, :4], x[:, 4:])], axis=1)
        np.testing.assert_allclose(expected, tensor.grad.numpy(), rtol=1e-12, atol=1e-15)
        return
    values = getattr(F, name)(tensor, dim=-1)
    values.backward(torch.tensor(gradient))
    np.testing.assert_allclose(row(x), values.detach().numpy(), rtol=1e-13)
    np.testing.assert_allclose(row.pull_back(x, gradient), tensor.grad.numpy(), rtol=1e-11, atol=1e-15)


@pytest.mark.peer
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "glu"])
def test_values_are_those_of_keras(name):
    import keras

    x = np.random.default_rng(6).normal(size=(5, 8))
    tensor = keras.ops.convert_to_tensor(x, dtype="float64")
    values = getattr(keras.activations, name)(tensor).detach().numpy()
    row = catalog.activation(name)
    ours = row(x[:, :4], x[:, 4:]) if name == "glu" else row(x)
    np.testing.assert_allclose(ours, values, rtol=1e-6, atol=1e-7)


def test_sparsemax_is_the_nearest_point_of_the_simplex():
    """No other point of the simplex is nearer, as a solver of constrained problems finds it."""
    from scipy.optimize import minimize

    row = catalog.activation("sparsemax")
    for x in np.random.default_rng(7).normal(size=(6, 5)):
        nearest = minimize(
            lambda point, x=x: ((point - x) ** 2).sum(), np.full(5, 0.2), bounds=[(0, 1)] * 5, method="SLSQP",
            constraints={"type": "eq", "fun": lambda point: point.sum() - 1}, options={"ftol": 1e-14},
        )  # fmt: skip
        np.testing.assert_allclose(row(x), nearest.x, atol=1e-6)
