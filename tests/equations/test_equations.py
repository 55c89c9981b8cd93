"""Equations say what the source computes: their plain text, read back as arithmetic, gives the formula's numbers."""

import ast
import inspect
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from osolgil.engines._binding import source
from osolgil.equations import blocks, written
from osolgil.equations.lines import lines
from osolgil.equations.symbols import symbols
from osolgil.equations.terms import Name, Number, Power, Product, Quotient, Sum, term
from osolgil.formulas import _vocabulary, catalog

KINDS = ("activations", "losses", "initial_scales", "schedules", "optimizers", "wrappers", "surfaces")
ROWS = [row for kind in KINDS for row in getattr(catalog, kind, dict)().values()]
BLOCKS = [(row, block) for row in ROWS for block in blocks(row)]
every_block = pytest.mark.parametrize(
    ("row", "block"),
    BLOCKS,
    ids=lambda part: getattr(part, "name", getattr(part, "caption", "").split(".")[-1]),
)
ELEMENTARY = {
    "absolute", "arctan", "cos", "erf", "erfc", "exp", "expm1", "floor", "log", "log1p", "maximum", "minimum",
    "sign", "sin", "sqrt", "tanh", "where",
}  # fmt: skip
WORDS = {name: getattr(_vocabulary, name) for name in _vocabulary.WORDS}
SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵗⁿᵏ", "0123456789-tnk")


def as_python(text: str) -> str:
    """A right-hand side in plain letters as a Python expression: another reading than the one that wrote it."""
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵗⁿᵏ]+", lambda m: "**(" + m[0].translate(SUPERSCRIPTS) + ")", text)
    text = text.translate(SUBSCRIPTS)
    text = text.replace("·", "*").replace("−", "-").replace("^", "**").replace("≥", ">=").replace("≤", "<=")
    text = re.sub(r"(?<![<>=])=(?!=)", "==", text).replace("≠", "!=")
    text = re.sub(r"\|([^|]*)\|", r"absolute(\1)", text)
    text = re.sub(r"⌊([^⌋]*)⌋", r"floor(\1)", text)
    text = re.sub(r"√([\w.]+)", r"sqrt(\1)", text).replace("√(", "sqrt(")
    text = re.sub(r"(\d)π", r"\1*π", text)
    return text.replace(" else", "").replace("; ", " else ")


def _of_numbers(formula) -> bool:
    """Whether a formula takes plain numbers, uses only words of plain numbers, and neither loops nor decides."""
    tree = ast.parse(source(formula))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    plain = not any(isinstance(node, ast.For | ast.If) for node in ast.walk(tree))
    return plain and not names & (
        set(dir(_vocabulary)) - ELEMENTARY - set(inspect.signature(formula).parameters)
    )


def worth(text: str, space: dict) -> np.float64:
    names = {"max": max, "min": min, "mod": np.mod, "π": np.pi, "e": np.e}
    return np.float64(eval(as_python(text), {**WORDS, **names, **space}))


@every_block
def test_the_text_read_back_computes_what_the_formula_computes(row, block):
    parameters = list(inspect.signature(block.formula).parameters.values())
    texts = [written(line, "text") for line in block.lines]
    if not _of_numbers(block.formula):
        pytest.skip("works on whole rows or layers, or in a loop")
    random = np.random.default_rng(len(row.name))
    for trial in range(20):
        given = {p.name: random.uniform(0.05, 0.95) for p in parameters}
        signed = ("x", "y", "theta", "gradient", "logit", "output", "velocity", "mean")
        given |= {name: random.normal() * (trial + 1) / 3 for name in signed if name in given}
        given = {name: np.float64(value) for name, value in given.items()}
        with np.errstate(all="ignore"):
            results = block.formula(**given)
        results = list(results) if isinstance(results, tuple) else [results]
        letters = block.lines[0].symbols
        space = {_letter(letters[n]): v for n, v in given.items()}
        for text in texts:
            head, _, body = text.replace("←", "=").partition(" = ")
            with np.errstate(all="ignore"):
                space[head.translate(SUBSCRIPTS)] = worth(body, space)
        heads = block.heads
        if len(heads) != len(results):  # several values under one ready sign are numbered
            heads = [f"{heads[0]}{number}" for number in range(1, len(results) + 1)]
        for head, result in zip(heads, results, strict=True):
            name = head if block.lines[-1].ready else _letter(letters[head])
            assert space[name] == pytest.approx(float(result), rel=1e-8, abs=1e-10, nan_ok=True), texts


def _letter(symbol: tuple[str, str]) -> str:
    return "".join(symbol)


@every_block
def test_latex_and_mathml_are_well_formed(row, block):
    for line in block.lines:
        latex = written(line, "latex")
        assert latex.count("{") - latex.count(r"\{") == latex.count("}") - latex.count(r"\}")
        assert len(re.findall(r"\\left\b", latex)) == len(re.findall(r"\\right\b", latex))
        mathml = written(line, "mathml").replace("&nbsp;", "\u00a0")
        ElementTree.fromstring(f"<math>{mathml}</math>")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_has_equations(row):
    assert blocks(row)


def expression(text):
    return term(ast.parse(text, mode="eval").body)


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("a * a * a", Power(Name("a"), Number(3.0))),
        ("(a * a) * (a * a)", Power(Name("a"), Number(4.0))),
        ("-2.0 * a", Sum(((False, Product((Number(2.0), Name("a")))),))),
        ("a - (b - c)", Sum(((True, Name("a")), (False, Name("b")), (True, Name("c"))))),
        ("where(x == x, a, x)", Name("a")),
        ("1.0 * a + 0.0 * b", Name("a")),
        ("-a / b", Sum(((False, Quotient(Name("a"), Name("b"))),))),
        ("log1p(a)", expression("log(1 + a)")),
        ("expm1(a)", expression("exp(a) - 1")),
    ],
)
def test_turns_of_the_machine_are_undone(code, wanted):
    assert expression(code) == wanted


def looped(theta, gradient, steps):
    total = theta
    for _ in range(3):
        total = total + gradient
    if steps > 1.0:
        total -= steps
    return total


def test_loops_and_decisions_are_told_line_by_line():
    texts = ["  " * line.depth + written(line, "text") for line in lines(looped, ["theta"])]
    assert texts == [
        "total = θ", "for _ in range(3):", "  total ← total + g", "if steps > 1.0:",
        "  total ← total − steps", "θ ← total",
    ]  # fmt: skip


def test_two_names_never_share_a_letter():
    found = symbols(["rho", "momentum", "target", "y", "beta1", "beta2", "beta"])
    assert len(set(found.values())) == len(found)
    assert found["momentum"] == ("momentum", "")
