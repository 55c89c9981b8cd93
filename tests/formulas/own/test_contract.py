"""What an own formula must be, and that it then is what a row of the catalog is: the same bits, the same laws."""

import inspect
import linecache

import numpy as np
import pytest

import osolgil
from formulas.own.written import mine
from laws import compiled, peers
from laws.compiled import CompiledSteps, FormulaSteps
from osolgil.engines import symbolic
from osolgil.engines.cpu import fleet
from osolgil.errors import SettingsError
from osolgil.formulas import catalog, own
from osolgil.formulas.own import trial
from osolgil.formulas.own.contract import SCALARS, row_of
from osolgil.formulas.own.reading import from_text

COPIES = {"my_sgd": "sgd", "my_momentum": "momentum", "my_rmsprop": "rmsprop", "catalogs_adam": "adam"}


def read(kind, text, name="f"):
    return row_of(from_text(kind, text, name))


@pytest.fixture
def place(tmp_path):
    return mine(tmp_path)


@pytest.mark.parametrize(("copy", "original"), COPIES.items())
@pytest.mark.parametrize("precision", ["float32", pytest.param("float64", marks=pytest.mark.long)])
def test_a_copy_of_a_catalog_formula_moves_to_the_same_bit(place, copy, original, precision):
    theta, slopes = peers.gradients(steps=200)
    one = CompiledSteps(catalog.optimizer(f"{place}:{copy}"), theta, precision)
    other = CompiledSteps(catalog.optimizer(original), theta, precision)
    for slope in slopes:
        np.testing.assert_array_equal(one.step(slope), other.step(slope))


def test_the_textbook_formula_with_t_is_adam(place):
    row = catalog.optimizer(f"{place}:my_adam")
    assert row.state == ("mean", "squares")
    assert dict(row.defaults) == dict(catalog.optimizer("adam").defaults)
    adam = peers.ours(catalog.optimizer("adam"), "compiled")
    for kind in ("formula", "compiled"):
        assert peers.difference(peers.ours(row, kind), adam) < 1e-11
    theta, slopes = peers.gradients(steps=1000)
    single, double = CompiledSteps(row, theta, "float32"), FormulaSteps(row, theta)
    for slope in slopes:
        one, other = single.step(slope), double.step(slope)
    np.testing.assert_allclose(one, other, rtol=2e-3, atol=2e-4)


def test_what_depends_on_t_alone_is_computed_once_per_step(place):
    row = catalog.optimizer(f"{place}:my_adam")
    assert row.coefficients is not None
    update = inspect.getsource(row.formula)
    assert "**t" not in update.replace(" ", "")
    assert "t" not in inspect.signature(row.formula).parameters
    assert inspect.getsource(row.coefficients).replace(" ", "").count("**t") == 2
    assert catalog.optimizer(f"{place}:my_rmsprop").coefficients is None


REBOUND = """
def f(theta, gradient, old, *, t, learning_rate=0.1, share=0.5):
    rate = theta * 2.0
    a = rate + share
    rate = learning_rate / t
    b = rate * a
    share = 1.0 - share**t
    rate = rate * share
    old = share * old + rate * gradient + b * 0.001
    share = share * gradient
    return theta - rate * old - 0.01 * share, old
"""


def test_names_used_again_keep_their_meaning_when_parts_move():
    row = read("optimizer", REBOUND)
    space = {}
    exec(REBOUND, space)
    theta, old = np.array([1.0, -2.0]), np.zeros(2)
    run, steps = CompiledSteps(row, theta), FormulaSteps(row, theta)
    for t in range(1, 20):
        gradient = np.sin(t + np.arange(2.0))
        theta, old = space["f"](theta, gradient, old, t=t)
        np.testing.assert_allclose(run.step(gradient), theta, rtol=1e-12)
        np.testing.assert_allclose(steps.step(gradient), theta, rtol=1e-12)


def test_arguments_may_stand_in_any_order_and_under_any_name():
    row = read("optimizer", "def f(w, g, *, beta=0.9, learning_rate=0.5, speed):\n    speed = beta * speed + g\n"
                            "    return w - learning_rate * speed, speed\n")  # fmt: skip
    assert next(iter(row.defaults)) == "learning_rate"
    assert row.state == ("speed",)
    steps = CompiledSteps(row, [1.0])
    assert steps.step([2.0]) == 1.0 - 0.5 * 2.0
    assert steps.step([2.0]) == pytest.approx(-0.5 * (0.9 * 2 + 2))


HEAD = "def f(theta, gradient, *, learning_rate=0.1)"
STEP = "    return theta - learning_rate * gradient\n"
WRONG = {
    "def f(theta):\n    return theta\n": "first two arguments are the parameter and its gradient",
    "def f(theta, gradient, *, rate=0.1):\n    return theta - rate * gradient\n": "a hyperparameter 'learning_rate'",
    HEAD.replace("learning", "lerning") + ":\n    return theta\n": "is it what you call 'lerning_rate'",
    HEAD.replace("0.1", "-0.1") + f":\n{STEP}": "must be positive",
    "def f(theta, gradient, v, *, learning_rate=0.1):\n    return theta - learning_rate * v\n": (
        r"it returns 1 value, but the new parameter and its 1 state \(v\) make 2"
    ),
    f"{HEAD}:\n    return theta, gradient * learning_rate\n": "returns 2 values, but the new parameter alone makes 1",
    f"{HEAD[:-1]}, t=1):\n{STEP}": "'t' is the number of the step",
    f"{HEAD[:-1]}, Beta=1):\n{STEP}": "cannot be called 'Beta'",
    f"{HEAD[:-1]}, epochs=1):\n{STEP}": "cannot be called 'epochs'",
    f"{HEAD}:\n    return theta - learning_rate / gradient\n": (
        "in step 1, the parameter becomes -inf where the gradient is 0; is something divided by 0 there"
    ),
    f"{HEAD}:\n    h = log(gradient)\n    return theta - learning_rate * h\n": "in step 1, the parameter becomes",
    f"{HEAD[:-1]}, t):\n    return theta - learning_rate / (t - 3) * gradient\n": "it cannot be computed",
    f"@osolgil.activation()\n{HEAD}:\n{STEP}": "f is declared an activation, but an optimizer is needed",
    f"@osolgil.optimizer(parents=('adma',))\n{HEAD}:\n{STEP}": "Did you mean 'adam'",
    f"@osolgil.optimizer(parents=3)\n{HEAD}:\n{STEP}": "parents= holds names of optimizers",
    f"@osolgil.optimizer(titel='x')\n{HEAD}:\n{STEP}": "Did you mean 'title'",
    f"@osolgil.optimizer(coefficients=g)\n{HEAD}:\n{STEP}": "no function 'g'",
    "def f_coefficients(x):\n    return x\ndef f(theta, gradient, x):\n    return theta\n": "takes t, then",
    "def f_coefficients(t, learning_rate=1):\n    return t, t\ndef f(theta, gradient, x):\n    return theta\n": (
        "returns 2 values, but f has no arguments for them"
    ),
    "def f_coefficients(t, learning_rate=1):\n    return t\ndef f(theta, gradient, x=1):\n    return theta\n": (
        "belong to f_coefficients"
    ),
}


@pytest.mark.parametrize(("text", "reason"), WRONG.items(), ids=range(len(WRONG)))
def test_what_is_no_optimizer_is_refused_with_the_reason(text, reason):
    with pytest.raises(SettingsError, match=reason):
        read("optimizer", text)


def test_the_engine_has_room_for_as_many_scalars_as_the_contract_allows():
    assert fleet._SCALARS >= SCALARS
    names = [f"a{number}" for number in range(SCALARS)]
    text = "def f(theta, gradient, *, learning_rate=0.1, {}):\n    return theta - learning_rate * gradient * ({})\n"
    given = ", ".join(f"{name}=0.5" for name in names)
    with pytest.raises(SettingsError, match=f"at most {SCALARS} hyperparameters"):
        read("optimizer", text.format(given, " + ".join(names)))
    row = read("optimizer", text.format(given.removesuffix(", a15=0.5"), " + ".join(names[:-1])))
    assert CompiledSteps(row, [1.0]).step([1.0]) == pytest.approx(1.0 - 0.1 * 7.5)


@pytest.mark.parametrize("name", ["adam", "gd", "all"])
def test_a_name_of_the_catalog_is_taken(name):
    text = (
        f"def {name}(theta, gradient, *, learning_rate=0.1):\n    return theta - learning_rate * gradient\n"
    )
    with pytest.raises(SettingsError, match=f"has a formula '{name}' already; call yours something else"):
        read("optimizer", text, name)


def test_an_edited_formula_is_another_one_and_a_comment_is_not(tmp_path):
    text = "def f(x):\n    return x + 0.5 * tanh(x)\n"
    first = catalog.activation(mine(tmp_path, text) + ":f")
    assert catalog.activation(mine(tmp_path, "# why\n" + text.replace("x +", "x  +")) + ":f") is first
    edited = catalog.activation(mine(tmp_path, text.replace("0.5", "0.6")) + ":f")
    assert edited.name != first.name
    assert catalog.activation(first.name) is first
    assert first(1.0) != edited(1.0)


def test_files_that_are_no_files_of_formulas(tmp_path):
    for place, reason in {
        f"{tmp_path}/no.py:f": "There is no file",
        f"{tmp_path}:f": "lies in a Python file",
        f"{mine(tmp_path, 'x', 'mine.txt')}:f": "lies in a Python file",
        f"{mine(tmp_path, 'def f(x:')}:f": r"mine\.py, line 1: this is no Python",
        f"{mine(tmp_path, 'def bend(x): return x', 'b.py')}:bent": r"b\.py has no function .* mean 'bend'",
        f"{mine(tmp_path, 'x = 1', 'c.py')}:bent": r"c\.py has no function 'bent'\. It has none at all",
        mine(tmp_path, "x = 1", "d.py"): "d.py has no function",
        mine(tmp_path, "def f(x): return x\ndef g(x): return x", "e.py"): r"say which one, as in e\.py:f",
    }.items():  # fmt: skip
        with pytest.raises(SettingsError, match=reason):
            catalog.activation(place)
    (tmp_path / "g.py").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"cannot be read"):
        catalog.activation(f"{tmp_path}/g.py:f")
    (tmp_path / "large.py").write_text("#" * 300_000)
    with pytest.raises(SettingsError, match=r"too large"):
        catalog.activation(f"{tmp_path}/large.py:f")
    assert catalog.activation(mine(tmp_path, "def only(x):\n    return 2 * x\n", "only.py")).title == "only"


def plain_momentum(theta, gradient, velocity, *, learning_rate=0.01, memory=0.9):
    """Of a program."""
    velocity = memory * velocity - learning_rate * gradient
    return theta + velocity, velocity


def slope_of_bowl(x):
    return 2.0 * x


@osolgil.activation(derivative=slope_of_bowl, title="Bowl")
def bowl(x):
    return x * x


def test_a_function_is_a_formula_too_and_stays_a_function():
    row = catalog.optimizer(plain_momentum)
    assert row.state == ("velocity",)
    assert (row.title, row.summary, row.family) == ("plain_momentum", "Of a program.", "own")
    assert catalog.optimizer(plain_momentum) is row
    assert bowl(3.0) == 9.0
    assert catalog.activation(bowl).title == "Bowl"
    values, slopes = compiled.activation(catalog.activation(bowl), "float64")([3.0])
    assert (values[0], slopes[0]) == (9.0, 6.0)


def test_a_notebook_cell_is_a_file_too():
    """As IPython does: the cell's text lies in `linecache` under the name its code was compiled with."""
    text = "def celled(x):\n    return x + 0.5 * tanh(x)\n\n\n"
    text += "def celled_derivative(x):\n    return 1.5 - 0.5 * tanh(x)**2\n"
    space = {"__name__": "__main__"}
    for name in ("<ipython-input-1-0123456789ab>", "/tmp/ipykernel_1/0123456789.py"):
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        exec(compile(text, name, "exec"), space)
        row = catalog.activation(space["celled"])
        assert row.written.second == "celled_derivative"
        assert row(2.0) == pytest.approx(2.0 + 0.5 * np.tanh(2.0))


def test_what_is_no_function_is_refused():
    for thing, reason in {
        "a class": (dict, "is a function, not"),
        "a number": (3.0, "is a function, not"),
        "a builtin": (len, "is a function, not"),
        "a lambda": (lambda x: x, "needs a name; write it with 'def'"),
        "another kind": (bowl, "bowl is declared an activation, but an optimizer is needed"),
    }.values():
        with pytest.raises(SettingsError, match=reason):
            catalog.optimizer(thing)
    space = {}
    exec("def f(x): return x", space)
    with pytest.raises(SettingsError, match="The text of f cannot be found"):
        catalog.activation(space["f"])
    with pytest.raises(SettingsError, match="An own initial scale is not possible"):
        catalog.initial_scale("mine.py:f")


def test_the_stored_text_gives_the_same_formula_again(place):
    for kind, names in {
        "optimizer": [*COPIES, "my_adam"],
        "activation": ["bent", "my_relu"],
        "loss": ["my_square"],
    }.items():
        for name in names:
            row = getattr(catalog, kind)(f"{place}:{name}")
            again = row_of(from_text(kind, row.written.source(), name))
            assert again.name == row.name
            assert again.title == row.title
    row = catalog.activation(bowl)
    assert row_of(from_text("activation", row.written.source(), "bowl")).name == row.name


def test_a_stored_text_of_another_formula_is_refused(place):
    facts = own.facts_of([("activation", catalog.activation(f"{place}:bent").name), ("activation", "relu")])
    (name,) = facts
    own.restore(facts)
    other = name[:-8] + ("0" * 8 if name[-8:] != "0" * 8 else "1" * 8)
    with pytest.raises(SettingsError, match="is damaged: its text is that of"):
        own.restore({other: facts[name]})
    with pytest.raises(SettingsError, match="is damaged"):
        own.restore({name + "x": {"kind": "surface", "source": ""}})
    with pytest.raises(SettingsError, match="own formula of a race or a model; load that first"):
        catalog.activation("unheard_of@12345678")


def test_an_own_formula_is_exact_mathematics_too(place):
    import sympy

    x = sympy.Symbol("x", positive=True)
    row = catalog.activation(f"{place}:my_relu")
    assert symbolic.expression(row.formula, x) == x


def test_letters_of_any_alphabet_may_name_things():
    row = read("optimizer", "def 내방법(θ, 기울기, *, learning_rate=0.1, β=0.5):\n    Δ = β * 기울기\n"
                            "    return θ - learning_rate * Δ\n", "내방법")  # fmt: skip
    assert CompiledSteps(row, [1.0]).step([2.0]) == pytest.approx(0.9)


@pytest.mark.parametrize(
    "row",
    [
        row
        for row in catalog.optimizers().values()
        if row.scope == "element" and not (row.carried or row.hooks)
    ],
    ids=lambda row: row.name,
)
def test_no_optimizer_of_the_catalog_would_be_said_to_climb(row):
    if not row.needs_loss:
        trial.descent(row, row.name)


def test_what_climbs_is_refused():
    with pytest.raises(SettingsError, match=r"it climbs.*is a sign wrong"):
        read(
            "optimizer",
            "def f(theta, gradient, *, learning_rate=0.1): return theta + learning_rate * gradient",
        )
    with pytest.raises(SettingsError, match="it climbs"):
        read(
            "optimizer",
            "def f(theta, gradient, mean, *, learning_rate=0.1):\n"
            "    mean = 0.9 * mean - 0.1 * gradient\n"
            "    return theta - learning_rate * mean, mean",
        )


@pytest.mark.parametrize("names", ["gradient, theta", "g, x", "here, weights", "grad, there"])
def test_a_gradient_before_its_parameter_is_told(names):
    first, _ = names.split(", ")
    with pytest.raises(SettingsError, match=rf"the parameter comes first.*here '{first}' stands before"):
        read("optimizer", f"def f({names}, *, learning_rate=0.1): return {first} - learning_rate")
