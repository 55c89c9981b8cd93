"""Every example in a docstring runs, and gives what it says."""

import doctest
import importlib
import pkgutil

import pytest

import osolgil

NAMES = [
    found.name
    for found in pkgutil.walk_packages(osolgil.__path__, "osolgil.")
    if ".kernels" not in found.name and not found.name.startswith(("osolgil.torch", "osolgil.exports.torch"))
]


@pytest.mark.parametrize("name", ["osolgil", *NAMES])
def test_examples(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
