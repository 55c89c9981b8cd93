"""Names with hyperparameters: what is written is read back, and nothing else is accepted."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as some

from osolgil.errors import SettingsError
from osolgil.formulas import catalog, naming

NAMES = some.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)
NUMBERS = some.floats(allow_nan=False, allow_infinity=False)


@given(NAMES, some.dictionaries(NAMES, NUMBERS, max_size=4))
def test_what_is_written_is_read_back(name, values):
    assert naming.parse(naming.written(name, values)) == (name, values)


@given(
    some.lists(some.builds(naming.written, NAMES, some.dictionaries(NAMES, NUMBERS, max_size=3)), max_size=4)
)
def test_a_list_is_split_outside_its_brackets(parts):
    assert naming.split(", ".join(parts)) == parts


@given(some.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    try:
        name, values = naming.parse(text)
    except SettingsError as error:
        told = str(error)
    else:
        told = ""
    assert "\n" not in told
    if told:
        return
    assert name == naming.plain(name)
    assert all(math.isfinite(value) for value in values.values())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("huber(2)", "'2' in 'huber\\(2\\)' has no name; write it as 'huber\\(key=2\\)'"),
        ("huber(delta=2", "is not understood"),
        ("huber(delta=2))", "is not understood"),
        ("huber(delta=2) x", "is not understood"),
        ("huber(delta=two)", "'two' in .* is not a number"),
        ("huber(delta=nan)", "must be a finite number"),
        ("huber(delta=1, delta=2)", "gives 'delta' twice"),
    ],
)
def test_what_is_not_understood_is_refused(text, sentence):
    with pytest.raises(SettingsError, match=sentence):
        naming.parse(text)


def test_settings_are_checked_against_what_a_formula_has():
    defaults, limits = {"delta": 1.0}, {"delta": "(0, inf)"}
    assert naming.settle("Huber", defaults, {}, limits) == {"delta": 1.0}
    with pytest.raises(
        SettingsError, match=r"no hyperparameter 'delt'; it has delta\. Did you mean 'delta'\?"
    ):
        naming.settle("Huber", defaults, {"delt": 2.0}, limits)
    with pytest.raises(SettingsError, match=r"delta of Huber must lie in \(0, inf\), not be -1"):
        naming.settle("Huber", defaults, {"delta": -1.0}, limits)


def test_a_row_carries_what_was_given():
    leaky = catalog.activation("Leaky-ReLU(negative_slope = 0.5)")
    assert (leaky(-2.0), leaky.text) == (-1.0, "leaky_relu(negative_slope=0.5)")
    assert catalog.activation(leaky.text).settings == leaky.settings == {"negative_slope": 0.5}
    assert catalog.activation("leaky_relu(negative_slope=0.01)").text == "leaky_relu"
    with pytest.raises(SettingsError, match="has no hyperparameter 'negative_slop'"):
        catalog.activation("leaky_relu(negative_slop=0.5)")
