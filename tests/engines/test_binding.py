"""What may stand in a formula, and what an engine says about the rest."""

import ast
import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest

from osolgil.engines import accelerator, symbolic
from osolgil.engines._binding import BindingError, arguments, bind, source, words_used
from osolgil.engines.cpu import generate, generate_activations
from osolgil.formulas import catalog
from osolgil.formulas._vocabulary import ARRAY_WORDS, ROW_WORDS, WORDS, exp, maximum, where

FACTOR = 2.0


def fine(x, slope=0.5):
    """A docstring with numbers 1 2 3 that no engine sees."""
    big = maximum(x, 0.0)
    return where(x > 1.0, big * slope, exp(x))


def constant_of_the_module(x):
    return FACTOR * x


def function_of_the_module(x):
    return fine(x)


def builtin(x):
    return max(x, 0.0)


def method(x):
    return x.clip(0.0)


def module(x):
    return np.exp(x)


def nested(x):
    return exp(x) + (sinh if True else x)  # noqa: F821


FOREIGN = {
    constant_of_the_module: "FACTOR",
    function_of_the_module: "fine",
    builtin: "max",
    method: ".clip",
    module: "np",
    nested: "sinh",
}
ENGINES = {
    "JAX": accelerator.traced,
    "SymPy": lambda formula: symbolic.expression(formula, symbolic._sympy().Symbol("x")),
    "CPU": lambda formula: generate_activations.activation_text(
        catalog.Activation(name="odd", title="Odd", formula=formula, slope=fine, paper="none", year=2000),
        "float32",
    ),
}


@pytest.mark.parametrize("formula", FOREIGN, ids=lambda formula: formula.__name__)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_foreign_word_is_named_with_its_formula_and_engine(formula, engine):
    with pytest.raises(BindingError) as caught:
        ENGINES[engine](formula)
    for part in (f"'{formula.__name__}'", f"'{FOREIGN[formula]}'", f"'{engine}'"):
        assert part in str(caught.value)


def test_a_word_an_engine_does_not_know_is_named():
    with pytest.raises(BindingError, match="'pocket calculator' has no 'exp', which formula 'fine' uses"):
        bind(fine, {"maximum": max, "where": None}, engine="pocket calculator")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_formula_without_source_is_an_error(engine):
    with pytest.raises(BindingError, match="source"):
        ENGINES[engine](math.exp)


def test_a_lambda_is_no_formula():
    unnamed = lambda x: exp(x)  # noqa: E731
    with pytest.raises(BindingError, match="not written as a function"):
        bind(unnamed, {"exp": math.exp}, engine="standard library")


def test_binding_changes_meanings_and_nothing_else():
    words = {"exp": math.exp, "maximum": max, "where": lambda condition, yes, no: yes if condition else no}
    bound = bind(fine, words, engine="standard library")
    for x in (-1.0, 0.3, 1.0, 4.0):
        assert bound(x) == pytest.approx(float(fine(x)))
        assert bound(x, slope=2.0) == pytest.approx(float(fine(x, slope=2.0)))


def test_every_number_passes_through_the_literal():
    seen = []

    def literal(value):
        seen.append(value)
        return Fraction(str(value))

    words = {"exp": lambda x: x, "maximum": max, "where": lambda condition, yes, no: yes if condition else no}
    assert bind(fine, words, engine="fractions", literal=literal)(Fraction(3)) == Fraction(3, 2)
    assert sorted(seen) == [0.0, 0.5, 1.0]


def test_source_is_bare():
    text = source(catalog.activation("leaky_relu").formula)
    assert text.startswith("def leaky_relu(x, negative_slope=0.01):")
    assert "@" not in text
    assert '"""' not in text


def test_words_and_arguments_of_a_formula():
    assert words_used(fine, engine="any") == {"maximum", "where", "exp"}
    assert arguments(fine) == ("x",)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_cpu_knows_every_word(precision):
    from osolgil.engines.cpu import cache

    over_rows = vars(getattr(cache.module("kernels.rows"), precision))
    assert set(over_rows) == set(ROW_WORDS)
    assert set(WORDS) <= {*getattr(cache.module("kernels.elementary"), precision), *over_rows}
    assert {*ARRAY_WORDS} - {"rows", "columns"} <= set(vars(cache.module("kernels.arrays")))


def test_jax_and_sympy_know_every_word():
    import jax
    import sympy

    assert set(WORDS) == set(symbolic._words(sympy))
    reductions = accelerator._reductions(None, None)
    of_rows = {"logsumexp", "row_dot", "row_norm", "row_size", *reductions}
    assert set(WORDS) == {*accelerator._SAME_NAME, "erf", "erfc", *of_rows}
    assert set(ARRAY_WORDS) == set(accelerator._array_words(jax))


def test_a_word_over_arrays_is_refused_where_there_is_none():
    row = catalog.optimizer("fromage")
    with pytest.raises(BindingError, match="uses 'norm', a word over whole arrays, but is given one number"):
        generate.optimizer_text(dataclasses.replace(row, scope="element"), "float32")


ELEMENTWISE = [row for row in catalog.optimizers().values() if row.scope == "element"]
SCOPED = [row for row in catalog.optimizers().values() if row.scope != "element"]


@pytest.mark.parametrize("row", SCOPED, ids=lambda row: row.name)
def test_a_float32_update_of_arrays_computes_in_float32_throughout(row):
    text = generate.optimizer_text(row, "float32")
    update = ast.parse(text[text.index("from .kernels.arrays") : text.rindex("@cfunc")])
    parts = list(ast.walk(update))
    floats = [part for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, float)]
    wrapped = [part.args[0] for part in parts if isinstance(part, ast.Call) and ast.unparse(part.func) == "F"]
    assert all(any(number is inside for inside in wrapped) for number in floats)
    assert "words64" not in ast.unparse(update)


@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_a_float32_update_computes_in_float32_throughout(row):
    """A word or a number left in float64 would make every element of the update twice as wide."""
    text = generate.optimizer_text(row, "float32")
    head, update = text.rsplit("@njit(", 1)
    words = [line for line in head.splitlines() if " = words" in line]
    for word in words_used(row.formula, engine="CPU"):
        assert [line for line in words if line.startswith(f"{word} = ")][-1].endswith(f' = words["{word}"]')
    assert "words64" not in update
