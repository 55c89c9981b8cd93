"""What Numba is spared: a function is compiled once whatever literals it is given, and a busy one is not optimised."""

import ctypes

import pytest

from osolgil.engines.cpu import cache, intermediate

TEXT = """
from numba import cfunc
from .kernels.intrinsics import njit

@njit
def scaled(number, factor, turned):
    return -number * factor if turned else number * factor
{functions}
@njit
def busy(number):
    return scaled(number, 3, True){calls}

@cfunc("float64(float64)")
def run(number):
    return busy(number) + scaled(number, 5, False) + scaled(number, int(number), number > 1.0)
"""
FUNCTION = """
@njit
def part_{0}(number):
    return number + {0}.0
"""


def text(parts):
    functions = "".join(FUNCTION.format(part) for part in range(parts))
    return TEXT.format(functions=functions, calls="".join(f" + part_{part}(number)" for part in range(parts)))


def library_of(function):
    (compiled,) = function.overloads.values()
    return compiled.library


def run(function, number):
    return ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(function.address)(number)


@pytest.mark.parametrize("parts", [0, intermediate._MANY])
def test_a_literal_is_a_number_like_any_other(parts):
    with intermediate.linked_only():
        made = cache.module("literals", text(parts))
    assert len(made.scaled.overloads) == 1
    assert run(made.run, 2.0) == -6.0 + 10.0 - 4.0 + sum(2.0 + part for part in range(parts))


def test_a_function_that_calls_many_others_is_left_to_its_caller():
    with intermediate.linked_only():
        busy = cache.module("busy", text(intermediate._MANY)).busy
        idle = cache.module("idle", text(2)).busy
    calls = [str(library_of(function)._final_module).count("call ") for function in (busy, idle)]
    assert calls[0] >= intermediate._MANY
    assert calls[1] == 0
