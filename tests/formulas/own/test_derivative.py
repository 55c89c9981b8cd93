"""Derivatives found by the chain rule are those of JAX and of exact mathematics; wrong ones given are refused."""

import jax
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from laws import compiled
from osolgil.engines import accelerator, symbolic
from osolgil.errors import SettingsError
from osolgil.formulas import catalog
from osolgil.formulas.own.contract import row_of
from osolgil.formulas.own.reading import from_text

# as a user would write them down, with no thought of overflow
NAIVE = {
    "sigmoid": "1 / (1 + exp(-x))",
    "silu": "x / (1 + exp(-x))",
    "mish": "x * tanh(log1p(exp(x)))",
    "gelu": "0.5 * x * (1 + erf(x / sqrt(2)))",
    "gelu_tail": "0.5 * x * erfc(-x / sqrt(2))",
    "elu": "where(x > 0, x, exp(x) - 1)",
    "selu": "1.05 * where(x > 0, x, 1.67 * expm1(x))",
    "softplus": "log(1 + exp(x))",
    "softsign": "x / (1 + absolute(x))",
    "bent": "(sqrt(x**2 + 1) - 1) / 2 + x",
    "squareplus": "0.5 * (x + sqrt(x * x + 4))",
    "relu": "maximum(0, x)",
    "relu_squared": "maximum(x, 0) ** 2",
    "clipped": "minimum(maximum(x, -1), 1)",
    "tanhshrink": "x - tanh(x)",
    "gaussian": "exp(-x**2)",
    "logish": "sign(x) * log1p(absolute(x))",
    "inverse": "(1 + x**2) ** -0.5",
    "serpent": "x / (1 + x**2) ** 1.5",
    "arctangent": "arctan(x) + 0.1 * sin(x) - 0.2 * cos(2 * x)",
    "hard_swish": "x * minimum(maximum(x + 3, 0), 6) / 6",
    "eswish": "1.5 * x / (1 + 2 ** 0.5 * exp(-x))",
}
AWAY_FROM_CORNERS = np.array([-55.3, -20.2, -6.1, -2.9, -0.7, -0.01, 0.02, 0.4, 1.3, 2.8, 6.2, 21.7, 49.1])


def read(text, name="f"):
    return row_of(from_text("activation", text, name))


@pytest.mark.parametrize("body", NAIVE.values(), ids=NAIVE)
def test_the_chain_rule_finds_what_jax_finds(body):
    row = read(f"def f(x):\n    return {body}\n")
    with jax.enable_x64(True):
        slopes = jax.vmap(jax.grad(accelerator.traced(row.formula)))(AWAY_FROM_CORNERS)
    np.testing.assert_allclose(row.slope(AWAY_FROM_CORNERS), slopes, rtol=1e-9, atol=1e-14)


QUICK = {"silu", "bent"}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(body, id=name, marks=() if name in QUICK else pytest.mark.long)
        for name, body in NAIVE.items()
    ],
)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_compiled_it_is_a_number_wherever_the_value_is(body, precision):
    row = read(f"def f(x):\n    return {body}\n")
    values, slopes = compiled.activation(row, precision)(
        [*AWAY_FROM_CORNERS, -1e4, -400, -90, 0, 90, 400, 1e4]
    )
    assert np.isfinite(slopes[np.isfinite(values)]).all()
    tolerance = 2e-4 if precision == "float32" else 1e-9
    exact = row.slope(AWAY_FROM_CORNERS)
    np.testing.assert_allclose(slopes[: len(exact)], exact, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", ["sigmoid", "mish", "gelu", "bent", "tanhshrink", "serpent", "eswish"])
def test_the_chain_rule_finds_what_exact_mathematics_finds(name):
    row = read(f"def f(x):\n    return {NAIVE[name]}\n")
    x = sympy.Symbol("x", real=True)
    derived = sympy.diff(symbolic.expression(row.formula, x), x)
    for point in (sympy.Rational(-17, 9), sympy.Rational(1, 3), sympy.Rational(19, 7)):
        assert row.slope(float(point)) == pytest.approx(float(derived.subs(x, point).evalf(50)), rel=1e-12)


leaves = st.sampled_from(["x", "a", "0.5", "2.0", "1.5"])
smooth = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner),
        st.builds("{}({})".format, st.sampled_from(["tanh", "erf", "absolute"]), inner),
        st.builds("exp(-absolute({}))".format, inner),
        st.builds("log1p(absolute({}))".format, inner),
        st.builds("({} / (1.0 + absolute({})))".format, inner, inner),
        st.builds("where({} > {}, {}, {})".format, inner, inner, inner, inner),
        st.builds("maximum({}, {})".format, inner, inner),
    ),
    max_leaves=8,
)


@given(smooth, smooth)
@settings(max_examples=8)
def test_any_formula_is_differentiated_as_jax_does(first, second):
    """The derivative itself, without the trial that a formula which jumps would fail."""
    import ast

    from osolgil.formulas.own import contract
    from osolgil.formulas.own.derivative import derivative
    from osolgil.formulas.own.language import definition

    text = (
        f"def f(x, a=0.3):\n    y = {first}\n    x = tanh(x)\n    y = y + x * {second}\n    return y * 0.5\n"
    )
    formula = definition(ast.parse(text).body[0], "f")
    value, slope = (contract._compiled(part, part.name, "f") for part in (formula, derivative(formula)))
    points = np.array([-2.391, -0.517, 0.183, 1.777])  # no corner of such simple numbers lies here
    with jax.enable_x64(True), np.errstate(all="ignore"):
        expected = np.asarray(jax.vmap(jax.grad(accelerator.traced(value)))(points))
        found = np.broadcast_to(slope(points), points.shape)
    usual = np.isfinite(expected)  # JAX takes 0 · inf at a corner of absolute
    np.testing.assert_allclose(found[usual], expected[usual], rtol=1e-7, atol=1e-9)


def test_a_given_derivative_that_is_wrong_is_refused_with_where_and_how_much():
    text = "def f_derivative(x):\n    return 1 - tanh(x)\n\ndef f(x):\n    return tanh(x)\n"
    with pytest.raises(
        SettingsError, match=r"f: at -?[\d.e-]+ f_derivative is [\d.e-]+, but the slope there is [\d.e-]+"
    ):
        read(text)
    wrong_far_out = text.replace("1 - tanh(x)", "1 - tanh(x) * tanh(x) + where(x > 50, 0.1, 0)")
    with pytest.raises(SettingsError, match=r"at 5\d.* f_derivative is 0.1, but the slope there is 0"):
        read(wrong_far_out)
    not_a_number = text.replace("1 - tanh(x)", "4 / (exp(x) + exp(-x)) ** 2 * exp(x) / exp(x)")
    with pytest.raises(SettingsError, match="is nan in single precision, though the value is"):
        read(not_a_number)


def test_a_given_derivative_is_used_as_it_stands():
    row = read("def g(x):\n    return where(x > 0, 1, 0.5)\n\n@osolgil.activation(derivative=g)\n"
               "def f(x):\n    return where(x > 0, x, 0.5 * x)\n")  # fmt: skip
    assert list(row.slope(np.array([-1.0, 0.0, 1.0]))) == [0.5, 0.5, 1.0]
    with pytest.raises(SettingsError, match="f_derivative must have the arguments and defaults of f"):
        read("def f_derivative(x, a=2):\n    return a\n\ndef f(x, a=1):\n    return a * x\n")


def test_what_the_chain_rule_cannot_do_is_asked_for():
    with pytest.raises(
        SettingsError, match=r"exponent depends on x has no rule\); write it as a function 'f_derivative'"
    ):
        read("def f(x):\n    return 2 ** x\n")
    with pytest.raises(
        SettingsError, match=r"could not be found .*; write it as a function 'f_derivative' beside it"
    ):
        read("def f(x):\n    return sqrt(absolute(x))\n")
    row = read("def f_derivative(x):\n    return log(2) * 2 ** x\n\ndef f(x):\n    return 2 ** x\n")
    assert row.slope(3.0) == pytest.approx(np.log(2) * 8)


def test_a_value_that_is_no_number_is_refused():
    with pytest.raises(SettingsError, match=r"f: its value at -60\.\d is nan"):
        read("def f(x):\n    return log(x)\n")


def test_the_slope_at_a_corner_is_one_of_its_sides():
    for body in ("maximum(0, x)", "maximum(x, 0)", "where(x > 0, x, 0)"):
        assert read(f"def f(x):\n    return {body}\n").slope(0.0) == 0.0
    assert read("def f(x):\n    return minimum(1, maximum(x, -1))\n").slope(
        np.array([-1.0, 1.0])
    ).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("others", ["", ", task='classification'"])
def test_an_own_loss_is_differentiated_by_its_output(others):
    row = row_of(from_text("loss", f"@osolgil.loss(title='Fourth'{others})\ndef f(output, target, power=4.0):\n"
                                   "    return (output - target) ** power\n", "f"))  # fmt: skip
    assert row.task == ("classification" if others else "regression")
    assert row.slope(3.0, 1.0) == pytest.approx(4 * 2.0**3)
    total, gradient = compiled.loss(row, "float64")([[3.0, 0.0]], [[1.0, 0.0]], scale=0.5)
    assert total == pytest.approx(16.0)
    np.testing.assert_allclose(gradient, [[16.0, 0.0]])
    with pytest.raises(SettingsError, match="two arguments, the output and its target"):
        row_of(from_text("loss", "def f(output):\n    return output\n", "f"))
    with pytest.raises(SettingsError, match="task= is regression or classification"):
        row_of(from_text("loss", "@osolgil.loss(task='sorting')\ndef f(z, y):\n    return z - y\n", "f"))


def test_the_catalogs_activations_written_naively_agree_with_it():
    for name in ("sigmoid", "silu", "gelu", "elu", "relu", "softplus"):
        row, known = read(f"def f(x):\n    return {NAIVE[name]}\n"), catalog.activation(name)
        np.testing.assert_allclose(row(AWAY_FROM_CORNERS), known(AWAY_FROM_CORNERS), rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(
            row.slope(AWAY_FROM_CORNERS), known.slope(AWAY_FROM_CORNERS), rtol=1e-9, atol=1e-12
        )
