"""Looking things up on the command line and in Python: every row of every kind, found, filtered, shown."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osolgil.cli import main
from osolgil.errors import SettingsError
from osolgil.lookup import KINDS, chosen, find, kind_of, row_facts, rows_of
from osolgil.lookup.curves import curve
from osolgil.terminal import braille

ROWS = [(kind, row) for kind in KINDS for row in rows_of(kind).values()]
SHOWN = [kind for kind in KINDS if rows_of(kind)]
every_row = pytest.mark.parametrize(("kind", "row"), ROWS, ids=lambda part: getattr(part, "name", part))


@every_row
def test_every_name_is_found_and_its_facts_are_json(kind, row):
    assert find(row.name, kind) is row
    assert kind_of(row) == kind
    facts = json.loads(json.dumps(row_facts(row), allow_nan=False))
    assert facts["equations"]
    assert facts["file"].startswith("src/osolgil/formulas/")
    assert facts["line"] > 1
    assert facts["summary"] == facts["docstring"].split("\n")[0]


@every_row
def test_show_tells_source_paper_and_equations(kind, row, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setattr("osolgil.lookup.curves.curve", lambda row: None)  # curves have their own tests
    assert main(["show", f"{kind}/{row.name}"]) == 0
    shown = capsys.readouterr().out
    facts = row_facts(row)
    assert f"{facts['file']}:{facts['line']}" in shown
    assert row.paper in shown
    for block in facts["equations"]:
        for line in block["text"]:
            assert line in shown
    for name, value in facts["hyperparameters"].items():
        assert f"{name} = {value}" in shown


@pytest.mark.parametrize("kind", SHOWN)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_kind_is_listed_whole(kind, language, capsys):
    command = kind.replace("_", "-")
    assert main([command, "--lang", language]) == 0
    shown = capsys.readouterr().out
    assert main([command, "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in listed] == list(rows_of(kind))
    assert all(each["kind"] == kind for each in listed)
    for name in rows_of(kind):
        assert name in shown


def test_filters_join():
    names = {row.name for row in chosen("optimizers", parent="momentum", year="2014-2016")}
    assert {"adam", "nadam", "adamax"} <= names
    assert "adamw" not in names
    assert {row.name for row in chosen("optimizers", family="momentum")} >= {"momentum", "nesterov"}
    assert [row.name for row in chosen("optimizers", "nesterov 1983")] == ["nesterov"]
    assert not chosen("optimizers", "no such words")
    assert {row.year for row in chosen("surfaces", year="1960")} == {1960}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "adma"], "Did you mean 'adam'"),
        (["show", "rosenbrok"], "Did you mean 'rosenbrock'"),
        (["show", "zzzzzzzz"], "osolgil optimizers"),
        (["optimizers", "--family", "momentun"], "Did you mean 'momentum'"),
        (["optimizers", "--parent", "sdg"], "Did you mean 'sgd'"),
        (["optimizers", "--year", "soon"], "2010-2015"),
        (["optimizers", "--famly", "x"], "--family"),
        (["tree", "cats"], "no kind 'cats'"),
        (["path", "rosenbrok"], "Did you mean 'rosenbrock'"),
        (["path", "bowl", "--start", "1"], "two finite numbers"),
        (["path", "bowl", "--start", "a,b"], "two numbers such as"),
        (["path", "bowl", "--batch-sizes", "1,x"], "all,16,1"),
        (["path", "bowl", "--steps", "0"], "steps, not 0"),
        (["perceptron", "iris", "--class", "setos"], "Did you mean 'setosa'"),
        (["perceptron", "diabetes"], "is a number"),
        (["perceptron", "--epochs", "0"], "epochs, not 0"),
    ],
)
def test_mistakes_are_one_sentence(capsys, arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert words in output.err
    assert output.err.count("\n") == 1
    assert output.out == ""


def test_path_prints_and_writes(capsys, tmp_path):
    out = tmp_path / "way"
    assert main(["path", "ravine", "--optimizers", "adam,nesterov", "--steps", "20", "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "Adam" in shown
    assert {each.name for each in out.iterdir()} == {"path.html", "path.svg", "path.json"}
    assert main(["path", "ravine", "--optimizers", "adam", "--start=-1,2", "--steps", "3", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["start"] == [-1.0, 2.0]
    assert len(facts["walks"][0]["points"]) == 4


def test_perceptron_in_json(capsys):
    assert main(["perceptron", "iris", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["learned"]
    assert facts["mistakes"] <= facts["bound"]
    assert not facts["exclusive_or"]["separable"]


@every_row
def test_curves_are_numbers_over_their_axis(kind, row):
    drawn = curve(row)
    if drawn is None:
        return
    assert drawn.series
    for values in drawn.series.values():
        assert len(values) == len(drawn.x)
        assert np.isfinite(np.asarray(values, float)).any()


def test_show_draws_the_curve(capsys):
    assert main(["show", "adam"]) == 0
    shown = capsys.readouterr().out
    assert "Gradient descent" in shown
    assert any(0x2800 < ord(letter) < 0x2900 for letter in shown)


@pytest.mark.parametrize("kind", ["activations", "losses", "optimizers", "surfaces"])
def test_most_rows_have_a_curve(kind):
    drawn = [curve(row) is not None for row in rows_of(kind).values()]
    assert np.mean(drawn) > 0.6


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=50),
    st.integers(1, 40),
    st.integers(1, 12),
)
def test_braille_draws_anything_within_its_block(values, width, height):
    lines = braille.canvas([values], width, height, (-1.0, 1.0))
    assert len(lines) == height
    assert all(len(line) == width == len(owners) for line, owners in lines)


def test_braille_puts_a_straight_line_where_it_is():
    lines = [line for line, _ in braille.canvas([[0.0, 1.0]], 8, 4)]
    dots = [
        (row, column) for row, line in enumerate(lines) for column, letter in enumerate(line) if letter != " "
    ]
    assert all(abs((3 - row) - column / 2) <= 1 for row, column in dots)
    assert math.isclose(braille.value_range([[0.0, 1.0], [math.inf]])[1], 1.0)


def test_an_unknown_kind_is_told():
    with pytest.raises(SettingsError, match="no kind 'cats'"):
        rows_of("cats")
