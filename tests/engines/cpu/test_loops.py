"""Formulas over whole arrays as loops: what comes out is what NumPy gives, and what cannot be is said so."""

import ast

import numpy as np
import pytest

from osolgil.engines._binding import BindingError
from osolgil.engines.cpu import cache
from osolgil.engines.cpu.loops import procedure
from osolgil.formulas import _vocabulary as plain

SIZES = {"n": 3, "m": 5, "p": 4}
SHAPES = {
    "a": ("n", "m"), "b": ("n", "m"), "row": ("1", "m"), "column": ("n", "1"), "c": ("m", "p"),
    "history": ("p", "m"), "square": ("m", "m"), "s": None,
}  # fmt: skip
EXPRESSIONS = [
    "a * b + s",
    "a / (absolute(row) + 1.0) - column",
    "where(a > column, a, row * 2.0)",
    "a + row_sums(b) * column_sums(a)",
    "maximum(row_maxima(a), column_maxima(b)) + 0.0 * a",
    "a * norm(b) + dot(a, b) - sum(column) * trace(square)",
    "shaped_like(wide(a) * 2.0, a) + shaped_like(wide(transpose(b)), a)",
    "matmul(matmul(a, orthonormal(square)), square) / rows(a) + columns(a)",
    "matmul(transpose(c), transpose(a))",
    "longest_row(a) * longest_row(column) + 0.0 * a",
    "upper_triangle(a) + triangular_quotient(a * 2.0, upper_triangle(square))",
    "a + member(pushed(history, row), 3) + member(history, 1)",
    "matmul(a, 2.0 * identity(square) + square)",
    "a ** 2.0 - (-b) * minimum(column, row)",
]


def values():
    random = np.random.default_rng(4)
    size = {**SIZES, "1": 1}
    return {
        name: 0.7 if shape is None else random.normal(size=(size[shape[0]], size[shape[1]]))
        for name, shape in SHAPES.items()
    }


def compiled(body: str, result: tuple[str, str]):
    """The body as a procedure of all arrays above; what it returns is written to an array of shape `result`."""
    arguments = ["result", *SHAPES]
    tree = ast.parse(f"def formula({', '.join(arguments)}):\n{body}").body[0]
    text = procedure(tree, {"result": result, **SHAPES}, ["result"], "n, m, p, product")
    head = "import numpy as np\nfrom numba import njit\nF = np.float64\n"
    head += "from .kernels.elementary import float64 as words\nfrom .kernels.arrays import *\n"
    head += "".join(f'{word} = words["{word}"]\n' for word in ("absolute", "maximum", "minimum", "where"))
    module = cache.module("test_loops", head + 'import numba\n@numba.njit(error_model="numpy")\n' + text)
    return module.formula


def run(body, result):
    from osolgil.engines.cpu import library

    size = {**SIZES, "1": 1}
    out = np.full(size[result[0]] * size[result[1]], np.nan)
    given = [value if isinstance(value, float) else value.ravel().copy() for value in values().values()]
    compiled(body, result)(out, *given, *SIZES.values(), library.product("float64"))
    return out.reshape(size[result[0]], size[result[1]])


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_gives_what_numpy_gives(expression):
    words = {name: getattr(plain, name) for name in plain.__all__}
    expected = np.atleast_2d(eval(expression, words, values()))
    names = {(3, 5): ("n", "m"), (4, 3): ("p", "n"), (3, 4): ("n", "p")}
    np.testing.assert_allclose(run(f"    return {expression}", names[expected.shape]), expected, rtol=1e-12)


def test_statements_repeat_and_stand_aside():
    body = """
    total, other = a * 0.0, row_sums(a)
    for k in range(4):
        total = total + member(history, 3 - k)
        other = other * 2.0
    if s > 1.0:
        total = total * 100.0
    if s > 0.5:
        total = total - 1.0
    return total + other
"""
    given = values()
    expected = given["history"].sum(0) - 1.0 + 16.0 * given["a"].sum(1, keepdims=True)
    np.testing.assert_allclose(run(body, ("n", "m")), expected, rtol=1e-12)


def test_an_array_that_is_changed_later_leaves_its_copy_alone():
    body = "    kept = a\n    a = a + 1.0\n    return kept * 2.0 + a"
    np.testing.assert_allclose(run(body, ("n", "m")), 3.0 * values()["a"] + 1.0, rtol=1e-12)


def test_results_are_what_the_formula_returns_whatever_it_overwrites():
    tree = ast.parse("def f(theta, state):\n    return theta - state, theta, norm(theta)").body[0]
    shapes = {"theta": ("1", "m"), "state": ("1", "m"), "size": ("", "")}
    tree.args.args.append(ast.arg("size"))
    text = procedure(tree, shapes, ["theta", "state", "size"], "m")
    space = {"np": np, "F": np.float64, "norm": np.linalg.norm}
    exec(text, space)
    theta, state, size = np.array([3.0, 4.0]), np.array([1.0, 1.0]), np.zeros(1)
    space["f"](theta, state, size, 2)
    assert (theta.tolist(), state.tolist(), size.tolist()) == ([2.0, 3.0], [3.0, 4.0], [5.0])


REFUSED = {
    "    while s > 1.0:\n        s = s - 1.0\n    return a": "while s > 1.0",
    "    return [a, b]": "a, b",
    "    return unknown * a": "unknown",
    "    return a + c": "a + c",
    "    return matmul(a, b)": "matmul(a, b)",
    "    return dot(a, row) * a": "dot(a, row)",
    "    return norm(s) * a": "s",
    "    for k in (1, 2):\n        a = a + 1.0\n    return a": "(1, 2)",
    "    if a > 0.0:\n        a = a + 1.0\n    return a": "a > 0.0",
    "    a, b = b, a\n    return a": "a, b = (b, a)",
    "    if s > 0.0:\n        b = row\n    return a": "changes the shape of 'b'",
    "    return a, b": "returns 2 values",
    "    return row": "in another shape",
}


@pytest.mark.parametrize("body", REFUSED)
def test_what_cannot_be_a_loop_is_named(body):
    with pytest.raises(BindingError) as caught:
        compiled(body, ("n", "m"))
    assert REFUSED[body] in str(caught.value)
    assert "formula" in str(caught.value)
