"""Recipes bring own formulas along, and train as our engine does with them."""

import ast

import pytest

from formulas.own.written import MINE, mine
from osolgil.formulas import catalog
from osolgil.report import recipes
from osolgil.report.reproduction import command, python
from report import factory
from report import test_recipes_train_alike as alike

OPTIMIZERS = ("my_adam", "catalogs_adam", "my_momentum")
CASES = {
    "activation": {"activation": "bent"},
    "loss": {"loss": "my_square", "task": "regression"},
    "class loss": {"loss": "my_class_loss", "activation": "bent"},
}
CLASS_LOSS = """

@osolgil.loss(task="classification")
def my_class_loss(output, target):
    return where(target > 0.5, 1.0, 0.5) * (output - target) ** 2
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Names in this module's tables stand for own formulas, as a race would store them."""
    place = mine(tmp_path, MINE + CLASS_LOSS)
    for case, settings in CASES.items():
        chosen = dict(settings)
        for kind in ("activation", "loss"):
            if kind in chosen:
                chosen[kind] = getattr(catalog, kind)(f"{place}:{chosen[kind]}").name
        monkeypatch.setitem(alike.NETWORKS, case, chosen)
    verdict = factory.verdict

    def with_formulas(*arguments, **keywords):
        from osolgil.race import own_formulas
        from osolgil.race.settings import RaceSettings

        facts = verdict(*arguments, **keywords)
        return facts | {"formulas": own_formulas.stored(RaceSettings.from_dict(facts["settings"]))}

    monkeypatch.setattr(factory, "verdict", with_formulas)
    return lambda name: catalog.optimizer(f"{place}:{name}").name


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS[:1])
def test_optax(own, optimizer, case):
    alike.test_optax(own(optimizer), case)


@pytest.mark.parametrize("optimizer", OPTIMIZERS[1:])
def test_optax_with_any_optimizer(own, optimizer):
    alike.test_optax(own(optimizer), "plain")


@pytest.mark.peer
@pytest.mark.parametrize("case", ["plain", *CASES])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_pytorch(own, optimizer, case):
    alike.test_pytorch(own(optimizer), case)


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")
@pytest.mark.parametrize("case", ["plain", *CASES])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_keras(own, optimizer, case):
    alike.test_keras(own(optimizer), case)


def test_the_recipe_shows_the_users_title_and_the_command_names_the_file(own, tmp_path):
    facts = factory.verdict((own("catalogs_adam"),), activation=alike.NETWORKS["activation"]["activation"])
    facts["settings"]["entrants"][0]["name"] = "catalogs_adam"
    place = str(tmp_path / "mine.py")
    assert f"--optimizers {place}:catalogs_adam" in command(facts)
    assert f"activation={place + ':bent'!r}" in python(facts)
    for text in recipes(facts).values():
        assert "def catalogs_adam_formula(" in text
        assert "def bent_formula(" in text
        ast.parse(text)
    for stored in facts["formulas"].values():
        stored["origin"] = ""
    assert "--optimizers formulas.py:catalogs_adam" in command(facts)
