"""Write the Python text of compiled formulas: each formula inside the loop a kernel calls by address.

>>> from osolgil.formulas import catalog
>>> "for i in range(size)" in optimizer_text(catalog.optimizer("adam"), "float32")
True
"""

from osolgil.engines._binding import BindingError, arguments, source, words_used
from osolgil.engines.cpu.generate_arrays import update_text
from osolgil.formulas._vocabulary import ARRAY_WORDS
from osolgil.formulas.catalog import Formula, Schedule
from osolgil.formulas.part import Part
from osolgil.formulas.stages import Stage

Moving = Part | Stage

_HEADER = '''"""Generated from the formula '{name}' for {precision}."""
import numpy as np
from numba import carray, cfunc
from .kernels.elementary import {precision} as words, float64 as words64
from .kernels.intrinsics import {precision}_pointer as pointer, float64_pointer, njit

F = np.{precision}
OPTIONS = dict(nopython=True, error_model="numpy", fastmath={{"contract"}})
'''

COMPILED = '@njit(error_model="numpy", fastmath={"contract"}, forceinline=True)\n'

_COEFFICIENTS = """
@cfunc("float64(float64, int64, int64, int64)", **OPTIONS)
def coefficients(t, hyper, carried, result):
    h = carray(float64_pointer(hyper), {hypers})
    c = carray(float64_pointer(carried), {carried})
    out = carray(float64_pointer(result), {results})
    {assign}
    return 0.0
"""

_PLATEAU = """
@cfunc("float64(float64, int64)", **OPTIONS)
def run(loss, numbers):
    n = carray(float64_pointer(numbers), {count})
    {assign} = {rule}({arguments})
    return 0.0
"""

_UPDATE = """
@cfunc("float64(int64, int64, int64, int64, int64, int64, int64, int64, int64, int64, float64)", **OPTIONS)
def run(parameters, gradients, states, length, start, stop, scalars, blocks, count, product, loss):
    size = stop - start
    thetas = carray(pointer(parameters), length)[start:stop]
    slopes = carray(pointer(gradients), length)[start:stop]
    every = carray(pointer(states), length * {states})
    {views}
    scalar = carray(float64_pointer(scalars), {results})
    {scalars}
    for i in range(size):
        {assign} = {update}({arguments})
    return 0.0
"""

_PRODUCT = '''"""Generated: the product of matrices of {precision}."""
from numba import cfunc
from .kernels.products import {precision} as multiply

@cfunc("float64({types})", nopython=True)
def run({names}):
    multiply({names})
    return 0.0
'''
_PRODUCT_ARGUMENTS = (
    "panel", "transposed", "a", "a_row", "a_step", "b", "b_stride", "s", "s_row", "c", "c_row", "rows", "columns",
    "steps",
)  # fmt: skip


def product_text(precision: str) -> str:
    """Source of a compiled matrix product, described in `kernels/products.py`."""
    types = ", ".join(["int64"] * len(_PRODUCT_ARGUMENTS))
    return _PRODUCT.format(precision=precision, types=types, names=", ".join(_PRODUCT_ARGUMENTS))


def optimizer_text(row: Moving, precision: str) -> str:
    """Source of a compiled optimizer: coefficients in float64 once per step, then the update.

    The coefficients come first: they are compiled where they stand, before the update gives the same words
    the meaning of its own precision.
    """
    head = head_text(row.name.partition("(")[0], precision) + _coefficients(row)
    return head + (_element_update(row) if row.scope == "element" else update_text(row))


def _element_update(row: Moving) -> str:
    """The update as one loop over the elements, each of which every formula's argument has a name for."""
    names = row.coefficient_names
    states = [f"state{k}" for k in range(len(row.state))]
    views = [f"{s} = every[{k} * length + start:{k} * length + stop]" for k, s in enumerate(states)]
    scalars = [f"scalar{k} = F(scalar[{k}])" for k in range(len(names))]
    taken = arguments(row.formula)
    places = {"theta": "thetas[i]", "gradient": "slopes[i]"}
    places |= {name: f"state{k}[i]" for k, name in enumerate(row.state)}
    places |= {name: f"scalar{k}" for k, name in enumerate(names)}
    given = ["thetas[i]", "slopes[i]", *(places[name] for name in taken[2:])]
    return formulas_text(row.formula) + _UPDATE.format(
        states=len(states),
        views="\n    ".join(views) or "pass",
        results=max(len(names), 1),
        scalars="\n    ".join(scalars) or "pass",
        assign=", ".join(places[name] for name in row.results(row.formula)),
        update=row.formula.__name__,
        arguments=", ".join(given),
    )


def plateau_text(row: Schedule) -> str:
    """Source of a compiled rule that watches the validation loss: its state and its settings in one row of numbers."""
    numbers = [f"n[{place}]" for place in range(len(row.state) + len(row.defaults))]
    return _module(row.name, "float64", row.formula) + _PLATEAU.format(
        count=len(numbers),
        assign=", ".join(numbers[: len(row.state)]),
        rule=row.formula.__name__,
        arguments=", ".join(["loss", *numbers]),
    )


def _coefficients(row: Moving) -> str:
    hypers = [f"h[{k}]" for k in range(len(row.inputs))]
    results = [f"out[{k}]" for k in range(len(row.coefficient_names))]
    text = ""
    if row.coefficients is None:
        if not set(row.coefficient_names) <= set(row.inputs):
            raise BindingError(f"'{row.name}' has other scalars than its hyperparameters {row.inputs}")
        chosen = [hypers[row.inputs.index(name)] for name in row.coefficient_names]
        assign = ", ".join(results) + " = " + ", ".join(chosen) if results else "pass"
    else:
        text = (
            _words(row.coefficients, "words64")
            + '@njit(error_model="numpy")\n'
            + source(row.coefficients)
            + "\n"
        )
        carried = [f"c[{k}]" for k in range(len(row.carried))]
        call = ", ".join(["t", *carried, *hypers])
        assign = ", ".join([*carried, *results]) + f" = {row.coefficients.__name__}({call})"
    return text + _COEFFICIENTS.format(
        hypers=max(len(hypers), 1),
        carried=max(len(row.carried), 1),
        results=max(len(results), 1),
        assign=assign,
    )


def _module(name: str, precision: str, *formulas: Formula) -> str:
    return head_text(name, precision) + formulas_text(*formulas)


def head_text(name: str, precision: str) -> str:
    """What every generated module begins with: its words' libraries, and F, the type it computes in."""
    return _HEADER.format(name=name, precision=precision)


def formulas_text(*formulas: Formula) -> str:
    """Formulas as compiled functions, each after the words it uses."""
    text = ""
    for formula in formulas:
        text += _words(formula, "words") + COMPILED + source(formula, literal="F") + "\n"
    return text


def _words(formula: Formula, vocabulary: str) -> str:
    used = words_used(formula, engine="CPU")
    if used & set(ARRAY_WORDS):
        raise BindingError(
            f"formula '{formula.__name__}' uses '{min(used & set(ARRAY_WORDS))}', a word over whole arrays, "
            "but is given one number at a time; an optimizer may say scope='layer' or scope='network'"
        )
    return "".join(f'{word} = {vocabulary}["{word}"]\n' for word in sorted(used))
