"""What may stand in an own formula: arithmetic, and nothing a stranger's file could do harm with."""

import ast
import builtins

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osolgil.errors import SettingsError
from osolgil.formulas import _vocabulary, catalog
from osolgil.formulas.own.contract import row_of
from osolgil.formulas.own.language import WORDS_PER_ELEMENT, definition
from osolgil.formulas.own.reading import from_text

HOSTILE = {
    "an import by call": "return __import__('os').system('true')",
    "an import": "import os\n    return x",
    "an import from": "from os import system\n    return x",
    "an attribute": "return x.__class__.__base__.__subclasses__()",
    "an attribute of a call": "return exp(x).real",
    "a comprehension": "return [y for y in (x,)][0]",
    "a generator": "return sum(y for y in x)",
    "a lambda called": "return (lambda y: y)(x)",
    "an index": "return x[0]",
    "text": "return 'x'",
    "formatted text": "return f'{x}'",
    "a builtin": "return eval(x)",
    "a walrus": "return (y := x)",
    "a star": "return exp(*x)",
    "two stars": "return exp(**x)",
    "a keyword": "return exp(x, out=x)",
    "a word as a value": "return exp",
    "a word as a name": "exp = x\n    return exp(x)",
    "a word by another name": "y = exp\n    return y(x)",
    "a call of a result": "return exp(x)(x)",
    "a global": "global y\n    y = x\n    return y",
    "a loop": "for y in x:\n        pass\n    return x",
    "an endless loop": "while True:\n        x = x + 1.0\n    return x",
    "a branch": "if x > 0:\n        x = 0.0\n    return x",
    "a function inside": "def f(y):\n        return y\n    return f(x)",
    "a class inside": "class C:\n        pass\n    return x",
    "an assertion": "assert x\n    return x",
    "a deletion": "del x\n    return 1.0",
    "a generator function": "yield x",
    "waiting": "return await_(x)",
    "an own name of Python": "__builtins__ = x\n    return x",
    "what generated code uses": "F = x\n    return F",
    "what symbols are made with": "LITERAL = x\n    return LITERAL",
    "several names": "a, b = x, x\n    return a",
    "an attribute set": "x.y = 1.0\n    return x",
    "an index set": "x[0] = 1.0\n    return x",
    "a matrix product": "return x @ x",
    "bits": "return x << 3.0",
    "a remainder": "return x % 3",
    "and": "return where(x > 0 and x < 1, x, 0)",
    "a chain": "return where(0 < x < 1, x, 0)",
    "a bare comparison": "return (x > 0) * x",
    "a choice": "return x if x > 0 else 0",
    "a condition without comparison": "return where(x, x, 0)",
    "a complex number": "return x * 1j",
    "a truth": "return x * True",
    "nothing": "return None",
    "an ellipsis": "return ...",
    "no value": "return",
    "no return": "y = x",
    "two returns": "return x\n    return x",
    "an unknown name": "return BETA * x",
    "a name used before it is": "y = z\n    z = x\n    return y",
    "a number too large": "return x * 1e999",
    "a whole number too large": f"return x * {'9' * 400}",
    "too many values": "return x, x",
    "a test of types": "match x:\n        case 1.0:\n            return x\n    return x",
}
HEADS = {
    "a default that runs": "def f(x, y=__import__('os').getpid()): return x",
    "a default of a list": "def f(x, y=[]): return x",
    "a default of text": "def f(x, y='a'): return x",
    "stars": "def f(*x): return x",
    "two stars": "def f(x, **y): return x",
    "an own name of Python": "def f(x, __class__=1.0): return x",
    "a word": "def f(exp): return exp",
    "a decorator": "@print\ndef f(x): return x",
    "a decorator that runs": "@(lambda f: f)\ndef f(x): return x",
    "a decorator's option that runs": "@osolgil.activation(title=print(1))\ndef f(x): return x",
    "a decorator's attribute": "@osolgil.activation(derivative=os.system)\ndef f(x): return x",
    "an unknown option": "@osolgil.activation(titel='a')\ndef f(x): return x",
    "a title of code": "@osolgil.activation(title='\"\"\"; import os; \"\"\"')\ndef f(x): return x",
    "a title of HTML": "@osolgil.activation(title='<script>')\ndef f(x): return x",
    "a title of lines": "@osolgil.activation(title='a\\nb')\ndef f(x): return x",
    "no function": "f = 3",
    "a lambda": "f = lambda x: x",
    "a class": "class f: pass",
    "a coroutine": "async def f(x): return x",
}  # fmt: skip


@pytest.fixture
def nothing_runs(monkeypatch):
    """Whoever opens a file, imports a module by name or evaluates a text meanwhile fails the test."""

    def never(*arguments, **keywords):
        raise AssertionError("a formula was run as a program")

    for name in ("eval", "open", "input"):
        monkeypatch.setattr(builtins, name, never)


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_only_arithmetic_passes(body, nothing_runs):
    with pytest.raises(SettingsError, match=r"^f(, line \d+)?: ") as refusal:
        row_of(from_text("activation", f"def f(x):\n    {body}\n", "f"))
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).endswith((".", "?", ")"))


@pytest.mark.parametrize("text", HEADS.values(), ids=HEADS)
def test_nothing_runs_when_a_formula_is_read(text, nothing_runs):
    with pytest.raises(SettingsError):
        row_of(from_text("activation", text, "f"))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("sqr(x)", "did you mean 'sqrt'"),
        ("exq(x)", "did you mean 'exp'"),
        ("abs(x)", "write absolute"),
        ("max(x, 0)", "write maximum"),
        ("np.exp(x)", "write exp alone"),
        ("math.fabs(x)", "write absolute alone"),
        ("torch.relu(x)", r"write maximum\(x, 0.0\)"),
        ("gate(x)", "numbers from outside become arguments with a default"),
        ("exp(x, 1)", "'exp' takes 1 argument,"),
        ("where(x > 0, x)", "'where' takes 3 arguments"),
        ("x // 2", r"its operators are \+ - \* / \*\*"),
    ],
)
def test_what_is_refused_says_what_to_write(text, hint):
    with pytest.raises(SettingsError, match=hint):
        row_of(from_text("activation", f"def f(x):\n    return {text}\n", "f"))


def test_a_missing_word_lists_the_vocabulary():
    with pytest.raises(SettingsError) as refusal:
        row_of(from_text("activation", "def f(x):\n    return zeta(x)\n", "f"))
    assert all(word in str(refusal.value) for word in WORDS_PER_ELEMENT)


def test_every_word_of_one_number_is_a_users_word_too():
    whole = {
        "logsumexp",
        "logsumexp_above",
        "simplex_threshold",
    }  # words of a row of outputs, as all row_… are
    whole |= set(getattr(_vocabulary, "ARRAY_WORDS", ()))
    words = {word for word in _vocabulary.WORDS if not word.startswith("row_")} - whole
    assert words == set(WORDS_PER_ELEMENT)


def test_an_error_names_file_and_line(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("# a comment\n\n\ndef f(x):\n    y = x\n    return y.real\n")
    with pytest.raises(
        SettingsError, match=r"^mine\.py:f, line 6: a formula has no attributes such as 'y\.real'"
    ):
        catalog.activation(f"{path}:f")


def test_powers_of_whole_numbers_cannot_grow_without_end():
    with pytest.raises(SettingsError, match=r"f: it cannot be computed \(.*out of range"):
        row_of(from_text("activation", "def f(x):\n    return x * 9**9**9**9\n", "f"))


@pytest.mark.parametrize(
    "deep",
    ["(" * 4000 + "x" + ")" * 4000, "-" * 4000 + "x", "x" + "+x" * 30_000, "-" * 150 + "x", "-" * 900 + "x"],
)
def test_a_text_too_deep_or_too_long_is_refused(deep):
    with pytest.raises(
        SettingsError, match=r"cannot be read as Python|no Python|at most 2000 parts|nested too deeply"
    ):
        row_of(from_text("activation", f"def f(x):\n    return {deep}\n", "f"))
    terms = " + ".join(f"{n} * x" for n in range(40))
    assert row_of(from_text("activation", f"def f(x):\n    return {terms}\n", "f")).slope(1.0) == 780


numbers = st.floats(-50, 50).map(lambda value: repr(round(value, 3)))
expressions = st.recursive(
    st.one_of(numbers, st.sampled_from(["x", "share"])),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
        st.builds("(-{})".format, inner),
        st.builds("({} ** 2)".format, inner),
        st.builds(
            "{}({})".format, st.sampled_from(["exp", "tanh", "absolute", "sign", "erf", "log1p"]), inner
        ),
        st.builds("maximum({}, {})".format, inner, inner),
        st.builds("where({} {} {}, {}, {})".format, inner, st.sampled_from(["<", ">="]), inner, inner, inner),
    ),
    max_leaves=12,
)


@given(expressions, expressions)
def test_a_formula_read_and_written_computes_what_python_computes(first, second):
    text = f"def f(x, share=0.3):\n    y = {first}\n    y = y + {second}\n    return y * x\n"
    space = {word: getattr(_vocabulary, word) for word in WORDS_PER_ELEMENT}
    exec(text, space)
    read = definition(ast.parse(text).body[0], "f").text()
    again = dict(space)
    exec(read, again)
    points = np.array([-3.0, -0.5, 0.0, 0.25, 7.0])
    with np.errstate(all="ignore"):
        try:
            expected = space["f"](points)
        except (ZeroDivisionError, OverflowError):
            return
        np.testing.assert_array_equal(again["f"](points), expected)
    assert definition(ast.parse(read).body[0], "f").text() == read


def test_a_value_changed_in_place_is_a_new_value():
    text = "def f(x):\n    y = 3\n    y *= x\n    y: float = y - 1\n    return +y\n"
    read = definition(ast.parse(text).body[0], "f")
    assert read.text() == "def f(x):\n    y = 3.0\n    y = y * x\n    y = y - 1.0\n    return y"


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_a_sentence(text):
    sentence = ""
    try:
        row_of(from_text("activation", f"def f(x):\n    return {text}\n", "f"))
    except SettingsError as refusal:
        sentence = str(refusal)
    assert "\n" not in sentence
