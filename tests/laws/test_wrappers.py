"""Laws of wrappers: every one beside a library, formula and compiled loops alike, and how they are written."""

import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from laws.compiled import CompiledSteps, FormulaSteps
from laws.oracles import problem, wrappers
from osolgil.errors import SettingsError
from osolgil.formulas import catalog, stages, wrapping

ROWS = list(catalog.wrappers().values())
NEED_PYTORCH = {"pytorch", "keras", "pytorch_optimizer"}
AGREEMENT = 1e-10
SLOW = ("sam", "schedule_free", "ema", "adaptive_clip", "decoupled_decay", "clip_rms", "lookahead(decoupled")
QUICK = ("cautious(adam)", "sophia")
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
every_oracle = pytest.mark.parametrize(
    "oracle",
    [
        pytest.param(
            o,
            id=f"{o.subject}-{o.source}",
            marks=[
                *[pytest.mark.peer] * (o.source in NEED_PYTORCH),
                *[pytest.mark.long] * (o.source == "optax" and o.subject.startswith(SLOW)),
            ],
        )
        for o in wrappers.oracles()
    ],
)
WRITTEN = [text for text in wrappers.COURSES if "(" in text]
every_written = pytest.mark.parametrize(
    "text",
    [
        pytest.param(text, marks=() if text in QUICK else pytest.mark.long)
        for text in (*WRITTEN, "sophia", "ema(sam(clip_norm(lamb)))", "swa(shampoo)")
    ],
)


def values_of(text):
    return wrappers.COURSES.get(text, ({}, {}))[0]


def test_no_wrapper_is_without_an_oracle_that_agrees_to_ten_digits():
    close = {o.subject.partition("(")[0] for o in wrappers.oracles() if o.tolerance <= AGREEMENT}
    assert {row.name for row in ROWS} <= close


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
@every_oracle
def test_the_course_is_the_oracles(oracle):
    assert oracle.difference() <= oracle.tolerance
    assert oracle.reason or oracle.tolerance <= AGREEMENT


@every_written
def test_the_compiled_stages_are_the_formulas(text):
    ours = wrappers.our_course(text, values_of(text))
    compiled = wrappers.our_course(text, values_of(text), CompiledSteps)
    assert problem.difference(compiled, ours) <= 1e-9


@every_written
def test_the_number_of_threads_changes_no_bit(text):
    one, three = (wrappers.our_course(text, values_of(text), CompiledSteps, team=team) for team in (1, 3))
    np.testing.assert_array_equal(one, three)


@every_row
def test_the_catalog_says_same_exactly_where_an_oracle_agrees(row):
    compared = {
        "pytorch" if oracle.source == "pytorch_optimizer" else oracle.source
        for oracle in wrappers.oracles()
        if oracle.subject.startswith(f"{row.name}(")
    }
    for library, text in row.peers.items():
        if text.startswith("same"):
            assert library in compared
        if text.startswith("not available"):
            assert library not in compared


@every_row
def test_it_stands_around_every_kind_of_optimizer(row):
    for inner in ("gradient_descent", "nadam", "lamb", "dog", "adafactor"):
        wrapped = catalog.optimizer(f"{row.name}({inner})")
        assert next(iter(wrapped.defaults)) == "learning_rate"
        assert wrapped.full_batch == catalog.optimizer(inner).full_batch
        names = [stage.part.name for stage in stages.stages_of(wrapped)]
        assert {row.name, inner} == set(names)
        steps = FormulaSteps(wrapped, problem.joined(problem.start()), wrappers.NETWORK.blocks, total_steps=9)
        for _ in range(5):
            steps.step(np.sin(steps.theta), 1.0, np.sin)
        assert np.isfinite(steps.evaluated).all()


@every_row
def test_coefficients_are_the_scalars_the_formulas_name(row):
    if row.coefficients is not None:
        given = row.coefficients(3.0, *row.carried.values(), 0.1, 100.0, *row.defaults.values())
        given = given if isinstance(given, tuple) else (given,)
        assert len(given) == len(row.carried) + len(row.coefficient_names)


def test_decay_around_adam_is_adamw():
    values = {"learning_rate": 0.0137, "beta1": 0.83}
    one = wrappers.our_course("adamw", {**values, "weight_decay": 0.37})
    other = wrappers.our_course("decoupled_decay(adam)", {**values, "decay": 0.37})
    np.testing.assert_allclose(one, other, rtol=1e-13)


def test_wrappers_work_from_the_outside_in_before_the_step_and_back_after_it():
    row = catalog.optimizer("ema(clip_value(lookahead(cautious(sam(grokfast(adam))))))")
    assert [str(stage) for stage in stages.stages_of(row)] == [
        "sam probe", "sam resume", "clip_value gradient", "cautious before", "grokfast gradient", "adam update",
        "cautious after", "lookahead after", "ema after",
    ]  # fmt: skip
    assert stages.evaluated_of(row) == (6, "average")


def test_what_changes_nothing_changes_nothing():
    size = sum(problem.SIZES)
    plain = wrappers.our_course("adam", {"learning_rate": 0.0137})[:, :size]
    for text in (
        "clip_norm(adam, limit=1e9)", "clip_value(adam, limit=1e9)", "adaptive_clip(adam, limit=1e9)",
        "grokfast(adam, strength=0)", "decoupled_decay(adam, decay=0)", "lookahead(adam, share=1)",
        "sam(adam, radius=0)", "ema(adam, memory=0)", "swa(adam, start=1)",
    ):  # fmt: skip
        course = wrappers.our_course(text, {"learning_rate": 0.0137})[:, :size]
        np.testing.assert_allclose(course, plain, rtol=1e-12, err_msg=text)


def test_a_second_gradient_is_asked_for_in_plain_words():
    from osolgil.engines.plain import Steps

    with pytest.raises(SettingsError, match="measures a second gradient"):
        Steps(catalog.optimizer("sam(sgd)"), [1.0]).step([1.0])


TEXTS = st.recursive(
    st.sampled_from(["adam", "sgd", "lamb", "adam(beta1=0.8)", "momentum(momentum=0.5, learning_rate=0.1)"]),
    lambda inner: st.tuples(st.sampled_from([row.name for row in ROWS]), inner).map(
        lambda pair: f"{pair[0]}({pair[1]})"
    ),
    max_leaves=4,
)


@given(TEXTS)
def test_what_is_written_is_read_back(text):
    try:
        row = wrapping.parse(text)
    except SettingsError:
        assume(False)
    assert wrapping.parse(row.name) is row
    assert len(row.defaults) == len(set(row.defaults))
    row.hyperparameters(**row.defaults)


@given(st.text(alphabet="adamlookhesgcip_()=,.015 \n가", max_size=40))
def test_any_text_is_an_optimizer_or_one_sentence(text):
    try:
        row = catalog.optimizer(text)
    except SettingsError:
        return
    assert row.defaults["learning_rate"] > 0.0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("lookhead(adam)", "Did you mean 'lookahead'?"),
        ("lookahead(adm)", "Did you mean 'adam'?"),
        ("lookahead(adam, perod=5)", "Did you mean 'period'?"),
        ("lookahead(adam, 5)", "has no name"),
        ("lookahead(adam, beta1=0.8)", "beta1 belongs to adam"),
        ("lookahead(adam, period=much)", "finite number"),
        ("lookahead()", "lookahead(adam)"),
        ("lookahead(period=5)", "lookahead(adam)"),
        ("lookahead", "lookahead(adam)"),
        ("lookahead(lookahead(adam))", "twice"),
        ("sam(asam(adam))", "second gradient"),
        ("sam(sophia)", "second gradient"),
        ("adam(bta1=0.5)", "Did you mean 'beta1'?"),
        ("adam(sgd)", "has no name"),
        ("lookahead(adam", "lookahead(…)"),
        ("adam)", "do not match"),
        ("ema(" * 20 + "adam" + ")" * 20, "at most"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(text, sentence):
    with pytest.raises(SettingsError, match=re.escape(sentence)):
        catalog.optimizer(text)


def test_the_same_hyperparameter_twice_gets_the_wrappers_name():
    row = catalog.optimizer("adaptive_clip(adam, epsilon=0.5)")
    assert row.defaults["epsilon"] == 1e-8
    assert row.defaults["adaptive_clip_epsilon"] == 0.5
    assert row.name == "adaptive_clip(adam, epsilon=0.5)"
