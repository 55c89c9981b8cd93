"""Laws of every schedule: its course against PyTorch, optax, Keras; other engines; how schedules are put together."""

import contextlib
import math
import os
import re

import jax
import numpy as np
import pytest
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st

from laws.oracles.schedules import COMPOSED, ORACLES, Oracle, T
from osolgil.engines import accelerator, symbolic
from osolgil.errors import SettingsError
from osolgil.formulas import catalog, scheduling

ROWS = [row for row in catalog.schedules().values() if not row.state]
AGREEMENT = 1e-12

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
every_oracle = pytest.mark.parametrize(
    "oracle",
    [
        pytest.param(
            oracle, id=f"{oracle.ours}-{oracle.library}", marks=pytest.mark.peer if oracle.peer else ()
        )
        for oracles in [*ORACLES.values(), COMPOSED]
        for oracle in oracles
    ],
)


def test_no_schedule_is_without_an_oracle():
    assert ORACLES.keys() == {row.name for row in ROWS}
    assert all(scheduling.parse(oracle.ours) for oracle in sum(ORACLES.values(), COMPOSED))


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
@every_oracle
def test_a_whole_course_agrees(oracle: Oracle, keras_in_float64):
    ours, theirs = scheduling.parse(oracle.ours).factors(T), oracle.factors()
    if oracle.late:
        ours, theirs = ours[:-1], theirs[1:]
    np.testing.assert_allclose(ours, theirs, rtol=AGREEMENT, atol=1e-15)


@pytest.fixture
def keras_in_float64(request):
    if request.getfixturevalue("oracle").library != "keras":
        yield
        return
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx(before)


@pytest.mark.peer
@pytest.mark.parametrize("seed", range(5))
def test_reduce_on_plateau_is_pytorchs(seed):
    import torch

    random = np.random.default_rng(seed)
    losses = np.exp(-np.arange(300) / 80) + 0.1 * random.random(300)
    losses[50:60] = losses[49]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    options = {"factor": 0.37, "patience": seed, "threshold": 0.003, "cooldown": 2 * (seed % 2)}
    judge = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, min_lr=1e-4, eps=0.0, **options)
    row = catalog.schedule("reduce_on_plateau")
    state = tuple(row.state.values())
    for loss in losses:
        judge.step(loss)
        state = row.formula(loss, *state, **options, smallest=1e-4)
        assert float(state[-1]) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-13)
    assert state[-1] < 0.5


def test_reduce_on_plateau_waits_as_long_as_it_says():
    row = catalog.schedule("reduce_on_plateau")
    state, scales = tuple(row.state.values()), []
    for _ in range(12):
        state = row.formula(1.0, *state, patience=3.0, factor=0.5)
        scales.append(float(state[-1]))
    assert scales == [1.0] * 4 + [0.5] * 4 + [0.25] * 4


@every_row
def test_factors_are_numbers_from_zero_up_on_any_course(row):
    course = scheduling.parse(row.name)
    for total in (1, 2, 3, 7, 64, 1001):
        values = course.factors(total)
        assert values.shape == (total,)
        assert np.isfinite(values).all()
        assert (values >= 0.0).all()
        assert values.max() <= 1.0 + 1e-12


@every_row
def test_jax_agrees(row):
    steps = np.arange(0.0, 50.0)
    with jax.enable_x64(True):
        theirs = accelerator.traced(row.formula)(jax.numpy.asarray(steps), 50.0)
    np.testing.assert_allclose(np.broadcast_to(theirs, 50), row.formula(steps, 50.0), rtol=1e-13, atol=1e-15)


@every_row
def test_sympy_agrees(row):
    for step in (0, 3, 20, 49):
        exact = symbolic.expression(row.formula, sympy.Integer(step), sympy.Integer(50))
        assert float(sympy.sympify(exact).evalf(50)) == pytest.approx(
            float(row.formula(float(step), 50.0)), rel=1e-13, abs=1e-15
        )


@every_row
def test_each_hyperparameter_matters(row):
    usual = scheduling.parse(row.name).factors(200)
    for name, value in row.defaults.items():
        if isinstance(value, tuple):
            written = f"{row.name}({'0.4:0.3' if isinstance(value[0], tuple) else 0.4})"
        else:
            written = f"{row.name}({name}={0.7 * value if value else 0.3})"
        if (row.name, name) == ("warm_restarts", "growth"):
            written = "warm_restarts(growth=2)"
        assert np.abs(scheduling.parse(written).factors(200) - usual).max() > 1e-6, written


@given(st.integers(1, 400), st.floats(0.01, 0.99))
def test_a_warm_up_takes_its_share_and_hands_over(total, share):
    values = scheduling.parse(f"linear_warmup({share}, start=0.5)+exponential(0.9)").factors(total)
    length = round(share * total)
    np.testing.assert_allclose(values[:length], 0.5 + 0.5 * np.arange(length) / max(length, 1))
    rest = total - length
    np.testing.assert_allclose(values[length:], 0.9 ** (np.arange(rest) / max(rest, 1)))


@given(st.sampled_from([row.name for row in ROWS]), st.sampled_from([row.name for row in ROWS]))
def test_sequences_and_products_are_what_their_parts_are(first, second):
    one, other = (scheduling.parse(name).factors(90) for name in (first, second))
    product = scheduling.parse(f"{first}*{second}").factors(90)
    np.testing.assert_allclose(product, one * other, rtol=1e-15)
    joined = scheduling.parse(f"{first}(share=1)+constant").factors(90)
    alone = scheduling.parse(f"{first}(share=1)").factors(90)
    np.testing.assert_array_equal(joined, alone)


TEXTS = st.recursive(
    st.sampled_from([row.name for row in catalog.schedules().values()]).map(
        lambda name: f"{name}(share=0.25)" if not catalog.schedule(name).state else "constant(share=0.25)"
    ),
    lambda inner: st.tuples(inner, st.sampled_from("+*"), inner).map(lambda parts: f"({''.join(parts)})"),
    max_leaves=4,
)


@given(TEXTS)
def test_what_is_written_is_read_back(text):
    try:
        course = scheduling.parse(text)
    except SettingsError:
        assume(False)
    again = scheduling.parse(str(course))
    assert str(again) == str(course)
    np.testing.assert_allclose(again.factors(40), course.factors(40), rtol=1e-13)


@given(st.text(alphabet="abcdeilnorst_=+*(),.:01-e \n가", max_size=40))
def test_any_text_is_a_schedule_or_one_sentence(text):
    with contextlib.suppress(SettingsError):
        assert scheduling.parse(text).factors(20).shape == (20,)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("cosin", "Did you mean 'cosine'?"),
        ("cosine(ends=0.1)", "Did you mean 'end'?"),
        ("cosine+linear", "cosine(share=0.5)"),
        ("cosine(end=0.1, end=0.2)", "gives end of cosine twice"),
        ("cosine(0.1, 1, 2)", "no hyperparameter"),
        ("cosine(end=much)", "not a finite number"),
        ("cosine(end=inf)", "not a finite number"),
        ("cosine(end=-1)", "from 0 up"),
        ("linear_warmup(0.1", "brackets"),
        ("linear_warmup)", "brackets"),
        ("linear_warmup(2)", "above 0 and at most 1"),
        ("linear_warmup(0.7)+cosine(share=0.5)", "120% of the course"),
        ("(cosine+linear(share=0.2))+constant", "share"),
        ("cosine++linear", "missing beside '+'"),
        ("", "missing"),
        ("constant(0)", "nothing would be learnt"),
        ("multi_step(0.3:0.1)", "places such as 0.5"),
        ("piecewise_linear(0.3)", "place:factor"),
        ("reduce_on_plateau*reduce_on_plateau", "twice"),
        ("reduce_on_plateau(share=0.2)+cosine", "whole course"),
        ("(" * 200 + "cosine" + ")" * 200, "brackets"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(text, sentence):
    with pytest.raises(SettingsError, match=re.escape(sentence)):
        scheduling.parse(text)


def test_the_catalog_says_same_exactly_where_a_course_agreed():
    for name, oracles in ORACLES.items():
        compared = {
            "pytorch" if o.library == "pytorch_optimizer" else o.library for o in oracles if not o.late
        }
        for library, text in catalog.schedule(name).peers.items():
            if text.startswith("same"):
                assert library in compared, (name, library)
            if text.startswith("not available"):
                assert library not in compared, (name, library)


def test_warm_up_never_throws_the_first_step_away():
    for name in ("linear_warmup", "exponential_warmup", "warmup_cosine", "warmup_stable_decay"):
        assert math.isclose(scheduling.parse(name).factors(1000)[0], 0.01)
