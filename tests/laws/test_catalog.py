"""Laws that hold for every row of the catalog, whatever it is a formula of."""

import inspect
import itertools
from pathlib import Path

import pytest

from osolgil.errors import SettingsError
from osolgil.formulas import catalog

SHELVES = {
    "activation": (catalog.activation, catalog.activations()),
    "loss": (catalog.loss, catalog.losses()),
    "initial scale": (catalog.initial_scale, catalog.initial_scales()),
    "optimizer": (catalog.optimizer, catalog.optimizers()),
    "surface": (catalog.surface, catalog.surfaces()),
    "schedule": (catalog.schedule, catalog.schedules()),
    "wrapper": (catalog.wrapper, catalog.wrappers()),
}
ROWS = [(kind, row) for kind, (_, rows) in SHELVES.items() for row in rows.values()]

every_row = pytest.mark.parametrize(("kind", "row"), ROWS, ids=lambda part: getattr(part, "name", part))
every_optimizer = pytest.mark.parametrize("row", catalog.optimizers().values(), ids=lambda row: row.name)


@every_row
def test_docstring_has_a_summary_that_ends(kind, row):
    assert row.summary.endswith((".", "!"))
    assert len(row.summary) > 20


@every_row
def test_facts_are_complete(kind, row):
    assert row.title
    assert row.paper
    assert 1600 < row.year < 2100
    assert row.peers.keys() == (set() if kind == "surface" else {"pytorch", "keras", "optax"})
    assert all(row.peers.values())


@every_row
def test_location_is_the_line_of_the_formula(kind, row):
    path, line = row.location
    text = Path(path).read_text("utf-8").split("\n")
    assert any(f"def {row.formula.__name__}(" in written for written in text[line - 1 : line + 60])


@every_row
def test_parents_are_in_the_catalog_and_the_tree_has_no_circle(kind, row):
    _, rows = SHELVES[kind]
    ancestors, waiting = set(), list(row.parents)
    while waiting:
        parent = waiting.pop()
        assert parent in rows, f"{row.name} descends from {parent}, which is in no catalog"
        if parent not in ancestors:
            ancestors.add(parent)
            waiting += rows[parent].parents
    assert row.name not in ancestors


@every_row
def test_every_name_and_alias_finds_its_row(kind, row):
    find, _ = SHELVES[kind]
    for name in (row.name, *row.aliases):
        assert find(name) is row
        assert find(f" {name.upper().replace('_', '-')} ") is row


@pytest.mark.parametrize("kind", SHELVES)
def test_an_unknown_name_is_an_error_that_helps(kind):
    find, rows = SHELVES[kind]
    first = next(iter(rows))
    with pytest.raises(SettingsError, match=f"Did you mean '{first}'"):
        find(first + "_")
    with pytest.raises(SettingsError, match=f"There is no {kind} '한글'"):
        find("한글")


def test_names_are_unique_within_a_shelf():
    for _, rows in SHELVES.values():
        names = list(itertools.chain.from_iterable((row.name, *row.aliases) for row in rows.values()))
        assert len(names) == len(set(names))


def test_a_second_row_of_the_same_name_is_refused():
    shelf = catalog.Shelf("activation")
    relu = catalog.activation("relu")
    shelf.add(relu)
    with pytest.raises(ValueError, match="two activations are called 'relu'"):
        shelf.add(relu)


@every_optimizer
def test_learning_rate_is_the_first_hyperparameter(row):
    assert next(iter(row.defaults)) == "learning_rate"


@every_optimizer
def test_what_an_optimizer_generalises_is_an_optimizer(row):
    assert set(row.generalises) <= catalog.optimizers().keys() - {row.name}


@every_optimizer
def test_arguments_stand_in_the_one_order(row):
    names = tuple(inspect.signature(row.formula).parameters)
    assert names[:2] == ("theta", "gradient")
    for update in row.updates:
        names = tuple(inspect.signature(update).parameters)
        loss = names[2:3] == ("loss",)
        own = row.state_of(update)
        assert names[2 + loss : 2 + loss + len(own)] == own
        assert set(names[2 + loss + len(own) :]) <= set(row.coefficient_names)
    assert row.scope == "layer" or row.hooks or row.state_of(row.formula) == row.state
    if row.coefficients is None:
        assert row.coefficient_names == tuple(name for name in row.defaults if name in row.coefficient_names)
    else:
        given = tuple(inspect.signature(row.coefficients).parameters)
        assert given == ("t", *row.carried, *row.defaults)


@every_optimizer
def test_unknown_hyperparameters_are_refused_by_name(row):
    with pytest.raises(SettingsError, match="has no hyperparameter 'speed'"):
        row.hyperparameters(speed=1.0)
    assert row.hyperparameters(learning_rate=0.5)["learning_rate"] == 0.5
    with pytest.raises(TypeError):
        row.defaults["learning_rate"] = 1.0


def test_the_family_tree_of_the_lecture_stands():
    parents = {name: set(row.parents) for name, row in catalog.optimizers().items()}
    assert parents["sgd"] == {"gradient_descent"}
    assert parents["momentum"] == {"sgd"}
    assert parents["nesterov"] == {"momentum"}
    assert parents["nadam"] == {"adam", "nesterov"}
    assert parents["adadelta"] == parents["rmsprop"] == {"adagrad"}
    assert parents["adam"] == {"momentum", "rmsprop"}
