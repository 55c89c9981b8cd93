"""The CPU engine's words as functions of arrays, each compiled into a loop and cached by content."""

from ctypes import CFUNCTYPE, c_double, c_int64

import numpy as np

from osolgil.engines.cpu import cache

NAMES = ("exp", "expm1", "log", "log1p", "tanh", "erf", "erfc", "sin", "cos", "arctan", "sqrt")

_TEXT = '''"""Loops over single words, for tests."""
from numba import carray, cfunc
from .kernels.elementary import {precision} as words
from .kernels.intrinsics import {precision}_pointer as pointer

OPTIONS = dict(cache=True, nopython=True, error_model="numpy", fastmath={{"contract"}})
'''

_LOOP = """
word_{name} = words["{name}"]


@cfunc("float64(int64, int64, int64)", **OPTIONS)
def {name}(inputs, outputs, size):
    x = carray(pointer(inputs), size)
    y = carray(pointer(outputs), size)
    for i in range(size):
        y[i] = word_{name}(x[i])
    return 0.0
"""


def loop(name: str, precision: str):
    """A function from an array to the array of word(x)."""
    text = _TEXT.format(precision=precision) + "".join(_LOOP.format(name=word) for word in NAMES)
    address = getattr(cache.module(f"test_words_{precision}", text), name).address
    run = CFUNCTYPE(c_double, *[c_int64] * 3)(address)

    def computed(inputs):
        inputs = np.ascontiguousarray(inputs, precision)
        outputs = np.full_like(inputs, np.nan)
        run(inputs.ctypes.data, outputs.ctypes.data, inputs.size)
        return outputs

    return computed
