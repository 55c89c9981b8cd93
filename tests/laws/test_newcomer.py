"""A newcomer's formula, exactly as CONTRIBUTING.md shows it, joins by being written: laws, race, recipes."""

import importlib.util
import inspect
import itertools
import re
import sys
from pathlib import Path

import pytest

import osolgil
from laws import test_catalog, test_optimizers
from osolgil.errors import SettingsError
from osolgil.formulas import catalog
from osolgil.report import recipes

ROOT = Path(__file__).parents[2]
NAME = "dragged_momentum"


def python_blocks(document: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / document).read_text("utf-8"), re.DOTALL)


@pytest.fixture
def row(tmp_path, monkeypatch):
    """The row of the page's formula; the catalog is as before afterwards."""
    (text,) = [block for block in python_blocks("CONTRIBUTING.md") if "@add_optimizer" in block]
    path = tmp_path / "newcomer.py"
    path.write_text(text, "utf-8")
    shelf = catalog.Shelf("optimizer")
    for known in catalog.optimizers().values():
        shelf.add(known)
    monkeypatch.setattr(catalog, "_optimizers", shelf)
    spec = importlib.util.spec_from_file_location("newcomer", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "newcomer", module)
    spec.loader.exec_module(module)
    return catalog.optimizer(NAME)


def laws(module):
    """Tests of a module that ask for a row only, with every value of their other parameters."""
    for name, law in vars(module).items():
        marks = [mark for mark in getattr(law, "pytestmark", ()) if mark.name == "parametrize"]
        tables = {
            tuple(part.strip() for part in mark.args[0].split(","))
            if isinstance(mark.args[0], str)
            else tuple(mark.args[0]): mark.args[1]
            for mark in marks
        }
        given = set(itertools.chain.from_iterable(tables))
        others = {names: values for names, values in tables.items() if "row" not in names}
        if not name.startswith("test_") or not any(names in (("row",), ("kind", "row")) for names in tables):
            continue
        for fixed in itertools.product(*(list(values) for values in others.values())):
            values = {names[0]: value for names, value in zip(others, fixed, strict=True) if len(names) == 1}
            if set(inspect.signature(law).parameters) <= given | {"capfd"}:
                yield name, law, values


def test_it_keeps_every_law_that_asks_for_a_row(row, capfd):
    kept = []
    for module in (test_catalog, test_optimizers):
        for name, law, values in laws(module):
            names = inspect.signature(law).parameters
            known = {"row": row, "capfd": capfd, **({"kind": "optimizer"} | values)}
            if "library" not in names:
                law(**{key: known[key] for key in names})
                kept.append(name)
    assert len(set(kept)) >= 12
    assert "test_the_compiled_update_is_the_formula" in kept


def test_it_races_and_has_recipes(row, tmp_path):
    small = {"learning_rates": 3, "seeds": 2, "epochs": 4, "hidden": (8,)}
    verdict = osolgil.race("iris", optimizers=[NAME, "sgd"], out=tmp_path / "out", **small)
    assert {entry["title"] for entry in verdict.leaderboard} == {"Dragged momentum", "SGD"}
    facts = {**verdict.facts, "recommended": NAME}
    for text in recipes(facts).values():
        assert f"def {NAME}(" in text
    with pytest.raises(SettingsError, match=f"Did you mean '{NAME}'"):
        catalog.optimizer("draged_momentum")


def test_as_a_formula_of_ones_own_it_needs_no_row(tmp_path):
    """The first advice of the page: try it in a file first."""
    text = "def mine(theta, gradient, velocity, *, learning_rate=0.01, momentum=0.9, drag=1.0):\n"
    (block,) = [block for block in python_blocks("CONTRIBUTING.md") if "@add_optimizer" in block]
    text += block.partition('"""A heavy ball')[2].partition('"""\n')[2]
    (tmp_path / "mine.py").write_text(text)
    assert catalog.optimizer(f"{tmp_path}/mine.py:mine").state == ("velocity",)


@pytest.mark.parametrize("document", ["README.md", "README.ko.md"])
def test_the_formulas_of_the_readme_are_formulas(document, tmp_path):
    (text,) = [block for block in python_blocks(document) if block.startswith("# mine.py")]
    path = tmp_path / "mine.py"
    path.write_text(text, "utf-8")
    assert catalog.optimizer(f"{path}:my_momentum").state == ("velocity",)
    assert catalog.activation(f"{path}:bent").slope(-1e-9) == pytest.approx(0.25)
