"""Write the Python text of optimizers whose update moves a layer or the whole network at once.

The kernel hands over the table of blocks (start, rows, columns, whether it is a matrix). A layer's update is
called for every block, the blocks dealt out to the threads of a team; a network's once, by the first thread.
Places in the state are counted as `osolgil.formulas.states` counts them.
"""

from collections.abc import Sequence

from osolgil.engines._binding import arguments, tree, words_used
from osolgil.engines.cpu.loops import Shape, procedure
from osolgil.formulas._vocabulary import ARRAY_WORDS
from osolgil.formulas.catalog import Formula
from osolgil.formulas.part import Part
from osolgil.formulas.stages import Stage

Moving = Part | Stage

_SIZES = {"rows": "n", "columns": "m", "size": "m"}

HEADER = """from .kernels.arrays import {words}
from .kernels.intrinsics import int64_pointer
"""

_RUN = """
@cfunc("float64(int64, int64, int64, int64, int64, int64, int64, int64, int64, int64, float64)", **OPTIONS)
def run(parameters, gradients, states, length, start, stop, scalars, blocks, count, product, loss_value):
    thetas = carray(pointer(parameters), length)
    slopes = carray(pointer(gradients), length)
    scalar = carray(float64_pointer(scalars), {results})
    {scalars}
    loss = F(loss_value)
"""

_NETWORK = """\
    if start > 0:
        return 0.0
    every = carray(pointer(states), {total})
    place = {alike} * length
{call}
    return 0.0
"""

_LAYER = """\
    table = carray(int64_pointer(blocks), (count, 4))
    total = {alike} * length
    for block in range(count):
        n, m = table[block, 1], table[block, 2]
        total += {matrix_size} if table[block, 3] == 1 else {vector_size}
    every = carray(pointer(states), total)
    place = {alike} * length
    for block in range(count):
        first, n, m = table[block, 0], table[block, 1], table[block, 2]
        last = first + n * m
        mine = block % stop == start
        if table[block, 3] == 1:
            if mine:
{matrix}
            place += {matrix_size}
        else:
            if mine:
{vector}
            place += {vector_size}
    return 0.0
"""


def update_text(row: Moving) -> str:
    """The updates as loops, and the function the kernel calls."""
    text = HEADER.format(words=", ".join(sorted(_array_words(row))) or "sum")
    text += "".join(_procedure(row, formula) for formula in row.updates)
    names = row.coefficient_names
    alike = sum(state not in row.shapes for state in row.state)
    text += _RUN.format(
        results=max(len(names), 1),
        scalars="\n    ".join(f"{name} = F(scalar[{k}])" for k, name in enumerate(names)) or "pass",
    )
    if row.scope == "network":
        total = f"{alike} * length + {_size(row, row.formula, 'size')}"
        return text + _NETWORK.format(total=total, alike=alike, call=_call(row, row.formula, 4))
    vectors = row.vectors or row.formula
    return text + _LAYER.format(
        alike=alike,
        matrix=_call(row, row.formula, 16),
        vector=_call(row, vectors, 16),
        matrix_size=_size(row, row.formula, "rows"),
        vector_size=_size(row, vectors, "rows"),
    )


def _array_words(row: Moving) -> set[str]:
    used = set().union(*(words_used(formula, engine="CPU") for formula in row.updates))
    return used & set(ARRAY_WORDS) - {"rows", "columns"}


def _procedure(row: Moving, formula: Formula) -> str:
    shapes: dict[str, Shape | None] = {
        name: _shape(row, name) if name in ("theta", "gradient", *row.state) else None
        for name in arguments(formula)
    }
    results = row.results(formula)
    words = sorted(words_used(formula, engine="CPU") - set(ARRAY_WORDS))
    bound = "".join(f'{word} = words["{word}"]\n' for word in words)
    text = procedure(tree(formula), shapes, results, "n, m, product")
    return bound + '@njit(error_model="numpy", fastmath={"contract"})\n' + text + "\n"


def _shape(row: Moving, name: str) -> Shape:
    """Rows and columns as the procedure names them: n and m; a network's vectors are one row of m."""
    alike = ("n", "m") if row.scope == "layer" else ("1", "m")
    if name not in row.shapes:
        return alike
    parts = [_SIZES[part] if isinstance(part, str) else str(part) for part in row.shapes[name]]
    if not parts:
        return "", ""
    return (parts[0], parts[1]) if len(parts) == 2 else ("1", parts[0])


def _extent(row: Moving, state: str) -> str:
    sizes = {"rows": "n", "columns": "m", "size": "length"}
    return " * ".join(sizes[p] if isinstance(p, str) else str(p) for p in row.shapes[state]) or "1"


def _size(row: Moving, formula: Formula, kind: str) -> str:
    return " + ".join(_extent(row, state) for state in row.state_of(formula) if state in row.shapes) or "0"


def _call(row: Moving, formula: Formula, depth: int) -> str:
    """The call of one update: views of parameters, gradient and state, then the scalars."""
    alike = [state for state in row.state if state not in row.shapes]
    first, last = ("first", "last") if row.scope == "layer" else ("0", "length")
    views, following = {"theta": f"thetas[{first}:{last}]", "gradient": f"slopes[{first}:{last}]"}, "place"
    for state in row.state_of(formula):
        if state in row.shapes:
            after = f"{following} + {_extent(row, state)}"
            views[state], following = f"every[{following}:{after}]", after
        else:
            base = alike.index(state)
            views[state] = f"every[{base} * length + {first}:{base} * length + {last}]"
    given: Sequence[str] = [views.get(name, name) for name in arguments(formula)]
    sizes = "n, m, product" if row.scope == "layer" else "1, length, product"
    return " " * depth + f"{formula.__name__}({', '.join(given)}, {sizes})"
