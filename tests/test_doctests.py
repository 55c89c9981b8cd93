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
    "osolgil", "osolgil.answering", "osolgil.calibration",
    "osolgil.command_line.folders", "osolgil.command_line.values", "osolgil.equations",
    "osolgil.equations.notation", "osolgil.equations.symbols", "osolgil.equations.terms",
    "osolgil.estimators", "osolgil.estimators.classifier",
    "osolgil.estimators.preparation", "osolgil.estimators.regressor",
    "osolgil.estimators.searching", "osolgil.estimators.workers",
    "osolgil.exports",
    "osolgil.exports.c", "osolgil.exports.c.formulas", "osolgil.exports.c.text", "osolgil.exports.columns",
    "osolgil.exports.formulas", "osolgil.exports.onnx", "osolgil.exports.onnx.graph", "osolgil.exports.plan",
    "osolgil.exports.python", "osolgil.exports.python.formulas", "osolgil.exports.steps", "osolgil.landscapes",
    "osolgil.lookup.curves", "osolgil.lookup.rows", "osolgil.mean_answers", "osolgil.network", "osolgil.paths",
    "osolgil.perceptron", "osolgil.pictures.ground", "osolgil.pictures.tree_layout", "osolgil.problems",
    "osolgil.race.entry", "osolgil.records", "osolgil.schema", "osolgil.sealing", "osolgil.spelling",
    "osolgil.terminal.braille", "osolgil.terminal.drawing",
    "osolgil.training",
)  # fmt: skip


@pytest.mark.parametrize("name", [*NAMES, *OTHERS])
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
