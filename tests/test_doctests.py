"""Every example in a docstring runs, and gives what it says."""

import doctest
import importlib
import pkgutil

import pytest

import osolgil.engines
import osolgil.formulas

NAMES = [
    found.name
    for package in (osolgil.formulas, osolgil.engines)
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    if ".kernels" not in found.name
]
OTHERS = (
    "osolgil", "osolgil.command_line.folders", "osolgil.command_line.values", "osolgil.network",
    "osolgil.race.entry", "osolgil.records", "osolgil.terminal.drawing", "osolgil.training",
)  # fmt: skip


@pytest.mark.parametrize("name", [*NAMES, *OTHERS])
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
