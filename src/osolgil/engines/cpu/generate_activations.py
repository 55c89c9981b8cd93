"""Write the Python text of compiled activations: one loop for each kind, described in `kernels/activating.py`.

>>> from osolgil.formulas import catalog
>>> "for i in range(size)" in activation_text(catalog.activation("relu"), "float32")
True
"""

from osolgil.engines.cpu.generate import formulas_text, head_text
from osolgil.engines.cpu.generate_rows import row_wise_text
from osolgil.formulas.catalog import Activation

_ELEMENTWISE = """
@cfunc("float64(int64, int64, int64)", **OPTIONS)
def run(input_and_slope, value, size):
    x_and_slope = carray(pointer(input_and_slope), size)
    values = carray(pointer(value), size)
    for i in range(size):
        x = x_and_slope[i]
        values[i] = F({value}(x))
        x_and_slope[i] = F({slope}(x))
    return 0.0
"""

_RANDOM = """
from .kernels.random import uniform

@cfunc("float64(int64, int64, int64, int64, int64, int64)", **OPTIONS)
def run(input_and_slope, value, size, first, key, training):
    x_and_slope = carray(pointer(input_and_slope), size)
    values = carray(pointer(value), size)
    for i in range(size):
        random = F(uniform(np.uint64(key), first + i)) if training else F(0.5)
        x = x_and_slope[i]
        values[i] = F({value}(x, random))
        x_and_slope[i] = F({slope}(x, random))
    return 0.0
"""

_LEARNING = """
@cfunc("float64(int64, int64, int64, int64, int64, int64)", **OPTIONS)
def run(input_and_slope, value, learned_slope, parameter, rows, outputs):
    x_and_slope = carray(pointer(input_and_slope), rows * outputs)
    values = carray(pointer(value), rows * outputs)
    learned_slopes = carray(pointer(learned_slope), rows * outputs)
    parameters = carray(pointer(parameter), outputs)
    for row in range(rows):
        for j in range(outputs):
            i = row * outputs + j
            x, p = x_and_slope[i], parameters[j]
            values[i] = F({value}(x, {learned}=p))
            learned_slopes[i] = F({learned_slope}(x, {learned}=p))
            x_and_slope[i] = F({slope}(x, {learned}=p))
    return 0.0
"""

_PIECES = """
@cfunc("float64(int64, int64, int64)", **OPTIONS)
def run(input_and_slope, value, size):
    x_and_slope = carray(pointer(input_and_slope), {pieces} * size)
    values = carray(pointer(value), size)
    for i in range(size):
        folded, slope0 = x_and_slope[{pieces} * i], F(1.0)
        {folds}
        values[i] = folded
        {slopes} = {found}
    return 0.0
"""

_FOLD = """x = x_and_slope[{pieces} * i + {place}]
        before, slope{place} = {slope}(folded, x)
        {earlier}
        folded = F({value}(folded, x))"""


def activation_text(row: Activation, precision: str) -> str:
    """Source of a compiled activation: value, and slope in place of the pre-activation."""
    if row.kind == "row-wise":
        return row_wise_text(row, precision)
    formulas = [formula for formula in (row.formula, row.slope, row.learned_slope) if formula]
    head = head_text(row.name, precision) + formulas_text(*formulas)
    names = {"value": row.formula.__name__, "slope": row.slope.__name__}
    if row.kind == "pieces":
        return head + _pieces_text(row, names)
    if row.random:
        return head + _RANDOM.format(**names)
    if row.learned_slope is not None:
        learned = {"learned": row.learned, "learned_slope": row.learned_slope.__name__}
        return head + _LEARNING.format(**names, **learned)
    return head + _ELEMENTWISE.format(**names)


def _pieces_text(row: Activation, names: dict[str, str]) -> str:
    folds = [
        _FOLD.format(
            **names,
            pieces=row.pieces,
            place=place,
            earlier="; ".join(f"slope{earlier} *= before" for earlier in range(place)),
        )
        for place in range(1, row.pieces)
    ]
    places = range(row.pieces)
    return _PIECES.format(
        pieces=row.pieces,
        folds="\n        ".join(folds),
        slopes=", ".join(f"x_and_slope[{row.pieces} * i + {place}]" for place in places),
        found=", ".join(f"F(slope{place})" for place in places),
    )
