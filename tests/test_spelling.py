"""A name typed wrong by one letter is answered with the right one, wherever a name can be typed."""

import string

import numpy as np
import pandas
import pytest
import typer
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import osolgil
from osolgil import cli
from osolgil.data.loading import data_names
from osolgil.errors import DataError, SettingsError
from osolgil.formulas import catalog
from osolgil.race.settings import Entrant, RaceSettings, entrants
from osolgil.spelling import alike, distance, hint, nearest

SHELVES = {
    "optimizer": (catalog.optimizer, catalog.optimizers),
    "activation": (catalog.activation, catalog.activations),
    "loss": (catalog.loss, catalog.losses),
    "initial scale": (catalog.initial_scale, catalog.initial_scales),
}
NAMES = [
    (kind, name)
    for kind, (_, rows) in SHELVES.items()
    for row in rows().values()
    for name in (row.name, *row.aliases)
]
HYPERPARAMETERS = [(row, name) for row in catalog.optimizers().values() for name in row.defaults]
COMMANDS = typer.main.get_command(cli.app).commands
OPTIONS = [
    (command, name)
    for command, found in COMMANDS.items()
    for option in found.params
    for name in option.opts
    if name.startswith("--")
]


@st.composite
def typos(draw, name):
    """The name with one letter changed, added, left out, or swapped with its neighbour."""
    start = len(name) - len(name.lstrip("-"))
    place = draw(st.integers(start, len(name) - 1))
    letter = draw(st.sampled_from(string.ascii_lowercase + string.digits + "_"))
    wrong = draw(
        st.sampled_from([
            name[:place] + letter + name[place + 1 :],
            name[:place] + letter + name[place:],
            name[:place] + name[place + 1 :],
            name[:place] + name[place + 1 : place + 2] + name[place] + name[place + 2 :],
        ])
    )  # fmt: skip
    assume(wrong.strip("-_ ") and wrong != name)
    return wrong


def assert_suggested(sentence: str, name: str, wrong: str, known) -> None:
    """The sentence asks for the name, or for another that is as near to what was typed."""
    plain = [str(other).replace("-", "_") for other in known]
    assume(wrong.replace("-", "_") not in plain)
    asked = (
        sentence.partition("Did you mean '")[2].partition("'")[0] or sentence.partition("did you mean ")[2]
    )
    suggested = asked.split(" or ")[0].split(",")[0].strip("?' ").split("?")[0].strip("' ")
    assert suggested in known, sentence
    assert suggested == name or distance(suggested.replace("-", "_"), wrong.replace("-", "_"), 3) == 1, (
        sentence
    )


@pytest.mark.parametrize(("kind", "name"), NAMES)
@settings(max_examples=15)
@given(data=st.data())
def test_a_name_of_the_catalog(kind, name, data):
    find, rows = SHELVES[kind]
    wrong = data.draw(typos(name))
    known = [other for row in rows().values() for other in (row.name, *row.aliases)]
    assume(wrong not in known)
    with pytest.raises(SettingsError) as refusal:
        find(wrong)
    assert_suggested(str(refusal.value), name, wrong, known)


@pytest.mark.parametrize(("row", "name"), HYPERPARAMETERS, ids=lambda part: getattr(part, "name", part))
@settings(max_examples=10)
@given(data=st.data())
def test_a_hyperparameter(row, name, data):
    wrong = data.draw(typos(name))
    assume(wrong not in row.defaults)
    for ask in (
        lambda: row.hyperparameters(**{wrong: 0.5}),
        lambda: entrants([Entrant("mine", row.name, {wrong: 0.5})]),
    ):
        with pytest.raises(SettingsError) as refusal:
            ask()
        assert_suggested(str(refusal.value), name, wrong, list(row.defaults))


@pytest.mark.parametrize("name", RaceSettings.__dataclass_fields__)
@settings(max_examples=10)
@given(data=st.data())
def test_a_setting(name, data):
    wrong = data.draw(typos(name))
    parameters = (
        "optimizers",
        "target",
        "task",
        "test",
        "budget",
        "jobs",
        "out",
        "resume",
        "language",
        "progress",
    )
    assume(wrong not in (*RaceSettings.__dataclass_fields__, *parameters))
    with pytest.raises(SettingsError) as refusal:
        osolgil.race("iris", **{wrong: 1})
    assert_suggested(str(refusal.value), name, wrong, list(RaceSettings.__dataclass_fields__))


@pytest.mark.parametrize("name", data_names())
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_data_set(name, data, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    wrong = data.draw(typos(name))
    assume(wrong.replace("_", "-") not in {other.replace("_", "-") for other in data_names()})
    with pytest.raises(DataError) as refusal:
        osolgil.load(wrong)
    assert_suggested(str(refusal.value), name, wrong, list(data_names()))


COLUMNS = ["age", "Income", "marital status", "나이", "y"]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "people.csv"
    pandas.DataFrame(np.arange(50.0).reshape(10, 5), columns=COLUMNS).to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", [name for name in COLUMNS if len(name) > 1])
@settings(max_examples=15)
@given(data=st.data())
def test_a_column(name, data, table):
    wrong = data.draw(typos(name))
    assume(wrong not in COLUMNS)
    with pytest.raises(DataError) as refusal:
        osolgil.load(table, target=wrong)
    assert f"'{name}'" in str(refusal.value)


@pytest.mark.parametrize(("command", "name"), OPTIONS, ids=lambda part: str(part).strip("-"))
@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_an_option(command, name, data, capsys):
    wrong = data.draw(typos(name))
    known = [other for its, other in OPTIONS if its == command] + ["--help"]
    assume(not any(other.startswith(wrong) for other in known))
    assert cli.main([command, "iris", wrong]) == 2
    assert_suggested(capsys.readouterr().err, name, wrong, known)


@pytest.mark.parametrize("name", COMMANDS)
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_command(name, data, capsys):
    wrong = data.draw(typos(name))
    assume(wrong not in COMMANDS)
    assert cli.main([wrong]) == 2
    assert_suggested(capsys.readouterr().err, name, wrong, list(COMMANDS))


@pytest.mark.parametrize(
    ("ask", "right"),
    [
        (lambda: osolgil.race("iris", precision="flaot32", epochs=1), "float32"),
        (lambda: osolgil.race("iris", normalization="bacth", epochs=1), "batch"),
        (lambda: osolgil.race("iris", task="clasification"), "classification"),
        (lambda: osolgil.train("iris", epoch=3), "epochs"),
        (lambda: osolgil.train("iris", hyperparameters={"beta_1": 0.5}), "beta1"),
    ],
)
def test_a_choice(ask, right):
    with pytest.raises(SettingsError, match=f"Did you mean '{right}'"):
        ask()


def test_a_column_that_a_model_needs_and_a_name_of_the_package():
    table = pandas.DataFrame(
        {"weight": np.sin(np.arange(40.0)), "colour": np.arange(40) % 3, "fruit": ["a", "b"] * 20}
    )
    model = osolgil.train(osolgil.from_arrays(table[["weight", "colour"]], table["fruit"]), epochs=1).model
    with pytest.raises(
        DataError, match="no column 'weight', which the model was trained on; add it, or rename 'wieght'"
    ):
        model.predict(table.rename(columns={"weight": "wieght"}))
    with pytest.raises(DataError, match=r"no column 'weight', which the model was trained on; add it\."):
        model.predict(table.rename(columns={"weight": "altitude"}))
    with pytest.raises(AttributeError, match="Did you mean 'optimizer'"):
        osolgil.optimiser  # noqa: B018


@given(st.text(max_size=12), st.text(max_size=12))
def test_a_distance_is_the_fewest_edits(one, other):
    letters = distance(one, other, 20)
    assert letters == distance(other, one, 20)
    assert (letters == 0) == (one == other)
    assert abs(len(one) - len(other)) <= letters <= max(len(one), len(other))
    limit = max(0, letters - 1)
    assert distance(one, other, limit) == (limit + 1 if letters else 0)


@given(st.text(max_size=12), st.lists(st.text(max_size=12), max_size=5))
def test_what_is_suggested_is_known(typed, known):
    found = nearest(typed, known)
    assert found is None or found in known
    assert (hint(typed, known) == "") == (found is None)
    assert set(alike(typed, known)) <= set(known)


def test_nothing_is_suggested_where_nothing_is_near():
    assert nearest("zebra", ["adam", "sgd"]) is None
    assert nearest("", ["adam"]) is None
    assert nearest("mom", ["momentum_literal", "momentum"]) == "momentum"
