"""Own formulas are looked up like those of the catalog: equations, curves, paths over surfaces."""

import json
from pathlib import Path

import pytest

from formulas.own.written import mine
from osolgil.cli import main
from osolgil.formulas import own

KINDS = {"my_sgd": "optimizer", "my_adam": "optimizer", "bent": "activation", "my_square": "loss"}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return mine(tmp_path)


@pytest.mark.parametrize(
    ("name", "kind"), {**KINDS, "catalogs_adam": "optimizer", "my_relu": "activation"}.items()
)
def test_the_kind_of_a_formula_shows_in_its_arguments(place, name, kind):
    assert own.kind_at(f"{place}:{name}") == kind


@pytest.mark.parametrize("name", KINDS)
def test_show_writes_its_equations(place, name, capsys):
    assert main(["show", f"mine.py:{name}", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["equations"]
    assert (Path(facts["file"]).name, facts["title"]) == ("mine.py", name)
    assert "written" not in facts
    assert main(["show", f"mine.py:{name}"]) == 0
    assert "mine.py:" in "".join(capsys.readouterr().out.split())  # a long path is told over two lines


def test_a_formula_in_two_places_is_shown_where_it_was_last_named(place, tmp_path, capsys):
    (tmp_path / "copied.py").write_text("\n\n" + Path(place).read_text("utf-8"), "utf-8")
    lines = []
    for file in ("mine.py", "copied.py", "mine.py"):
        assert main(["show", f"{file}:bent", "--json"]) == 0
        facts = json.loads(capsys.readouterr().out)
        assert Path(facts["file"]).name == file
        lines.append(facts["line"])
    assert lines[1] == lines[0] + 2 == lines[2] + 2


def test_show_tells_what_is_wrong(place, capsys):
    assert main(["show", "mine.py:my_adm"]) == 2
    assert "mine.py has no function 'my_adm'. Did you mean 'my_adam'?" in capsys.readouterr().err


def test_it_walks_over_a_surface_as_its_original_does(place, capsys):
    words = ["path", "rosenbrock", "--optimizers", "momentum,mine.py:my_momentum", "--json", "--out", "out"]
    assert main(words) == 0
    momentum, mine_ = json.loads(capsys.readouterr().out)["walks"]
    assert momentum["points"] == mine_["points"]
