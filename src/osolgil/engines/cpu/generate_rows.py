"""Write the Python text of what looks at rows: losses, and activations whose values depend on a whole row.

Rows are gone through side by side, a block at a time (see `kernels/rows.py`), in loops that write one array
each: LLVM gives up on loops it would have to check for too many overlaps. A statistic's words over rows are
computed for all of the rows first; what is left of its formula is a function of numbers like any other.

>>> from osolgil.formulas import catalog
>>> "logsumexp_above(x_block, outputs, lanes, reduced1)" in loss_text(catalog.loss("softmax_cross_entropy"), "float32")
True
"""

import ast
from collections.abc import Sequence

from osolgil.engines._binding import BindingError, source, words_used
from osolgil.engines.cpu.generate import COMPILED, formulas_text, head_text
from osolgil.engines.cpu.kernels.layout import BLOCKS_OF_ROWS, FIND_THE_LARGEST, LANE_NUMBERS
from osolgil.formulas._vocabulary import ROW_WORDS
from osolgil.formulas.catalog import Activation, Formula, Loss

_HEAD = """
from .kernels.rows import lanes_of, {precision} as row_words, {precision}_moves as moves

fill, spill = moves.fill, moves.spill
"""

_LOSS = """
@cfunc("float64(int64, int64, int64, int64, int64, int64, int64, float64, int64)", **OPTIONS)
def run(output, target, delta, weight, hyper, rows, outputs, scale, blocks):
    x = carray(pointer(output), rows * outputs)
    y = carray(pointer(target), rows * outputs)
    d = carray(pointer(delta), rows * outputs)
    w = carray(pointer(weight), rows)
    h = carray(float64_pointer(hyper), {hypers})
    {hyper}
    {views}
    total = 0.0
    for first in range(0, rows, lanes):
        count = min(lanes, rows - first)
        fill(x, first, count, outputs, x_block, lanes)
        fill(y, first, count, outputs, y_block, lanes)
        for lane in range(lanes):
            shares[lane] = w[first + min(lane, count - 1)] if weight != 0 else F(1.0)
            parts[lane] = F(0.0)
        {statistic}
        for j in range(outputs):
            xs, ys = x_block[j * lanes : (j + 1) * lanes], y_block[j * lanes : (j + 1) * lanes]
            for lane in range(lanes):
                parts[lane] += {value}(xs[lane], ys[lane]{extra})
            for lane in range(lanes):
                change = {slope}(xs[lane], ys[lane]{extra}) * (F(scale) * shares[lane])
                xs[lane] = change if shares[lane] != F(0.0) else F(0.0)
        spill(x_block, lanes, count, outputs, d, first)
        for lane in range(count):
            total += parts[lane] * shares[lane] if shares[lane] != F(0.0) else F(0.0)
    return total
"""

_ROW_WISE = """
@cfunc("float64(int64, int64, int64, int64, int64)", **OPTIONS)
def run(input_and_value, value, rows, outputs, blocks):
    x = carray(pointer(input_and_value), rows * outputs)
    values = carray(pointer(value), rows * outputs)
    {views}
    for first in range(0, rows, lanes):
        count = min(lanes, rows - first)
        fill(x, first, count, outputs, x_block, lanes)
        {statistic}
        for j in range(outputs):
            xs = x_block[j * lanes : (j + 1) * lanes]
            for lane in range(lanes):
                xs[lane] = F({value}(xs[lane]{extra}))
        spill(x_block, lanes, count, outputs, values, first)
        spill(x_block, lanes, count, outputs, x, first)
    return 0.0
"""

_PULLBACK = """
@cfunc("float64(int64, int64, int64, int64, int64, int64)", **OPTIONS)
def pullback(value_and_gradient, delta, share, rows, outputs, blocks):
    v = carray(pointer(value_and_gradient), rows * outputs)
    d = carray(pointer(delta), rows * outputs)
    s = carray(pointer(share), rows * outputs)
    {views}
    for first in range(0, rows, lanes):
        count = min(lanes, rows - first)
        fill(v, first, count, outputs, v_block, lanes)
        fill(d, first, count, outputs, d_block, lanes)
        fill(s, first, count, outputs, s_block, lanes)
        for lane in range(lanes):
            {totals} = {zeros}
        for i in range(size):
            d_block[i] *= s_block[i]
        for j in range(outputs):
            vs, ds = v_block[j * lanes : (j + 1) * lanes], d_block[j * lanes : (j + 1) * lanes]
            for lane in range(lanes):
                {parts} = {terms}(vs[lane], ds[lane])
                {add}
        for j in range(outputs):
            vs, ds = v_block[j * lanes : (j + 1) * lanes], d_block[j * lanes : (j + 1) * lanes]
            for lane in range(lanes):
                vs[lane] = F({slope}(vs[lane], ds[lane], {totals}))
        spill(v_block, lanes, count, outputs, v, first)
    return 0.0
"""


def loss_text(row: Loss, precision: str) -> str:
    """Source of a compiled loss: sum over rows, each times its weight, and the gradient at the outputs."""
    hypers = [f"h{k}" for k in range(len(row.settings))]
    text, statistic = _head(row.name, precision, row.formula, row.slope), _Statistic(row.statistic, "xy")
    found = [f"statistic{k}" for k in range(len(row.statistic_names))]
    return (
        text
        + statistic.text
        + _LOSS.format(
            value=row.formula.__name__,
            slope=row.slope.__name__,
            hypers=max(len(hypers), 1),
            hyper="; ".join(f"{name} = F(h[{k}])" for k, name in enumerate(hypers)) or "pass",
            views=_views(
                ["x", "y", *statistic.blocks], {"shares": 1, "parts": 1, **statistic.numbers(found)}
            ),
            statistic=statistic.lines(found),
            extra="".join(f", {name}" for name in (*(f"{name}[lane]" for name in found), *hypers)),
        )
    )


def row_wise_text(row: Activation, precision: str) -> str:
    """Source of a compiled row-wise activation: its values, and its product with the row's Jacobian."""
    assert row.terms is not None
    text, statistic = (
        _head(row.name, precision, row.formula, row.slope, row.terms),
        _Statistic(row.statistic, "x"),
    )
    found = ["statistic0", "statistic1"]
    totals, parts = ([f"{name}{k}" for k in range(row.term_count)] for name in ("total", "part"))
    places = [f"{name}[lane]" for name in totals]
    run = _ROW_WISE.format(
        value=row.formula.__name__,
        views=_views(["x", *statistic.blocks], statistic.numbers(found)),
        statistic=statistic.lines(found),
        extra="".join(f", {name}[lane]" for name in found),
    )
    pullback = _PULLBACK.format(
        slope=row.slope.__name__,
        views=_views(["v", "d", "s"], dict.fromkeys(totals, 1)),
        terms=row.terms.__name__,
        totals=", ".join(places),
        zeros=", ".join(["F(0.0)"] * len(totals)),
        parts=", ".join(parts),
        add="; ".join(f"{total} += {part}" for total, part in zip(places, parts, strict=True)),
    )
    return text + statistic.text + run + pullback


def _head(name: str, precision: str, *formulas: Formula) -> str:
    return head_text(name, precision) + _HEAD.format(precision=precision) + formulas_text(*formulas)


def _views(blocks: Sequence[str], numbers: dict[str, int]) -> str:
    """Name the parts of the room a thread has: blocks of rows, then numbers, so many per row."""
    if len(blocks) > BLOCKS_OF_ROWS or sum(numbers.values()) > LANE_NUMBERS:
        raise BindingError(
            f"no room for {len(blocks)} blocks of rows and {sum(numbers.values())} numbers a row"
        )
    total = f"{len(blocks)} * size + {max(sum(numbers.values()), 1)} * lanes"
    lines = [
        "lanes = lanes_of(rows, outputs)",
        "size = outputs * lanes",
        f"room = carray(pointer(blocks), {total})",
    ]
    lines += [f"{name}_block = room[{k} * size : {k + 1} * size]" for k, name in enumerate(blocks)]
    first = 0
    for name, count in numbers.items():
        start = f"{len(blocks)} * size + {first} * lanes"
        lines.append(f"{name} = room[{start} : {start} + {count} * lanes]")
        first += count
    return "\n    ".join(lines)


class _Statistic:
    """A statistic whose words over rows are computed beforehand, for the rows in blocks of the names given."""

    _PLACES = 5  # what a word over rows needs: its result and up to four numbers on the way

    def __init__(self, formula: Formula | None, rows: Sequence[str]) -> None:
        self.blocks: dict[str, str] = {}
        self.calls: dict[str, str] = {}
        self.text, self.name = "", ""
        if formula is None:
            return
        self.name = formula.__name__
        tree = ast.parse(source(formula, literal="F")).body[0]
        assert isinstance(tree, ast.FunctionDef)
        self._rows = {argument.arg: name for argument, name in zip(tree.args.args, rows, strict=False)}
        tree = _Hoist(self._reduced).visit(tree)
        tree.args.args = [ast.arg(f"reduced{k}") for k in range(len(self.calls))]
        used = words_used(formula, engine="CPU")
        self.text = "".join(f"{word} = row_words.{word}\n" for word in sorted(used & set(ROW_WORDS)))
        self.text += "".join(f'{word} = words["{word}"]\n' for word in sorted(used - set(ROW_WORDS)))
        self.text += COMPILED + ast.unparse(ast.fix_missing_locations(tree)) + "\n"

    def numbers(self, found: Sequence[str]) -> dict[str, int]:
        """How many numbers per row each name needs."""
        return {**dict.fromkeys(found, 1), **dict.fromkeys(self.calls.values(), self._PLACES)}

    def lines(self, found: Sequence[str]) -> str:
        """The statements that compute what is called `found` for every lane."""
        if not self.name:
            return "pass"
        lines = [
            f"for i in range(size): {block}_block[i] = {expression}"
            for block, expression in self.blocks.items()
        ]
        known = {call: place for call in self.calls if (place := self._left_behind(call))}
        lines += [call.format(result=name) for call, name in self.calls.items() if call not in known]
        given = ", ".join(known.get(call, f"{name}[lane]") for call, name in self.calls.items())
        places = ", ".join(f"{name}[lane]" for name in found)
        lines.append(f"for lane in range(lanes): {places} = {self.name}({given})")
        return "\n        ".join(lines)

    def _left_behind(self, call: str) -> str | None:
        """Where another word over the same rows leaves their largest entry on its way."""
        word, _, rest = call.partition("(")
        others = [f"{other}({rest}" for other in FIND_THE_LARGEST] if word == "row_maximum" else []
        return next((f"{self.calls[other]}[lanes + lane]" for other in others if other in self.calls), None)

    def _reduced(self, node: ast.Call) -> ast.expr:
        """A name for the number that a word over rows gives."""
        assert isinstance(node.func, ast.Name)
        given = ", ".join(f"{self._block(argument)}_block" for argument in node.args)
        call = f"{node.func.id}({given}, outputs, lanes, {{result}})"
        return ast.Name(self.calls.setdefault(call, f"reduced{len(self.calls)}"), ast.Load())

    def _block(self, node: ast.expr) -> str:
        """The block that holds an argument: the rows themselves, or what is computed of them, entry by entry."""
        if isinstance(node, ast.Name) and node.id in self._rows:
            return self._rows[node.id]
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        if not names & set(self._rows) or any(isinstance(part, ast.Call) for part in ast.walk(node)):
            raise BindingError(f"engine 'CPU' knows no row '{ast.unparse(node)}', which '{self.name}' uses")
        entries = {
            name: ast.parse(f"{block}_block[i]", mode="eval").body for name, block in self._rows.items()
        }
        expression = ast.unparse(_Replace(entries).visit(ast.parse(ast.unparse(node), mode="eval").body))
        for block, known in self.blocks.items():
            if known == expression:
                return block
        block = f"other{len(self.blocks)}"
        self.blocks[block] = expression
        return block


class _Hoist(ast.NodeTransformer):
    def __init__(self, replace) -> None:
        self._replace = replace

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if isinstance(node.func, ast.Name) and node.func.id in ROW_WORDS:
            return self._replace(node)
        self.generic_visit(node)
        return node


class _Replace(ast.NodeTransformer):
    def __init__(self, values: dict[str, ast.expr]) -> None:
        self._values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._values.get(node.id, node)
