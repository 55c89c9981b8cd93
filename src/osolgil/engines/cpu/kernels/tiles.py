"""The two vector instructions sequences no loop of Numba's becomes: a tile of a matrix product, a transpose.

A tile of C = S + A·B is held in registers, a few rows by one or two vectors: each step of the common axis
loads one line of B, multiplies it by one number of A per row, and adds in a single rounding. Every entry of C
is therefore one chain of fused multiply-adds in the order of the common axis, whatever the tile, the number
of threads or the width of the machine's vectors (K. Goto, R. van de Geijn, "Anatomy of High-Performance
Matrix Multiplication", ACM TOMS 34, 2008, for why tiles live in registers).
"""

from types import SimpleNamespace

import llvmlite.binding
from llvmlite import ir
from numba import types
from numba.core import cgutils, config
from numba.extending import intrinsic

_WORD, _INDEX, _BIT = ir.IntType(64), ir.IntType(32), ir.IntType(1)


def _vector_bytes():
    """Width of the vectors that Numba compiles for, and whether 32 of them fit in registers."""
    features = config.CPU_FEATURES or llvmlite.binding.get_host_cpu_features().flatten()
    if "+avx512f" in features.split(","):
        return 64, True
    if "+avx" in features.split(","):
        return 32, False
    return 16, llvmlite.binding.get_process_triple().startswith(("aarch64", "arm64"))


VECTOR_BYTES, MANY_REGISTERS = _vector_bytes()
TALLEST = 8 if MANY_REGISTERS else 6


class _Vectors:
    """Writes loads, stores and multiply-adds of one vector type into a function under construction."""

    def __init__(self, builder, bits, width=None):
        self.builder, self.size = builder, bits // 8
        self.lanes = VECTOR_BYTES // self.size
        self.element = ir.FloatType() if bits == 32 else ir.DoubleType()
        self.type = ir.VectorType(self.element, self.lanes)
        self.suffix = f"v{self.lanes}f{bits}"
        self.mask = None if width is None else self.first(width)

    def first(self, width):
        """A mask of the first `width` lanes."""
        wide = ir.VectorType(_WORD, self.lanes)
        numbers = ir.Constant(wide, list(range(self.lanes)))
        return self.builder.icmp_signed("<", numbers, self.spread(width, wide))

    def spread(self, value, wide):
        empty = ir.Constant(wide, ir.Undefined)
        single = self.builder.insert_element(empty, value, ir.Constant(_INDEX, 0))
        zeros = ir.Constant(ir.VectorType(_INDEX, self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(single, empty, zeros)

    def _call(self, name, result, *arguments):
        function = ir.FunctionType(result, [argument.type for argument in arguments])
        return self.builder.call(
            cgutils.get_or_insert_function(self.builder.module, function, name), arguments
        )

    def at(self, address, kind=None):
        return self.builder.inttoptr(address, (kind or self.type).as_pointer())

    def load(self, address, mask=None):
        mask = mask or self.mask
        if mask is None:
            return self.builder.load(self.at(address), align=self.size)
        alignment = ir.Constant(_INDEX, self.size)
        nothing = ir.Constant(self.type, [0.0] * self.lanes)
        name = f"llvm.masked.load.{self.suffix}.p0"
        return self._call(name, self.type, self.at(address), alignment, mask, nothing)

    def store(self, value, address, mask=None):
        mask = mask or self.mask
        if mask is None:
            return self.builder.store(value, self.at(address), align=self.size)
        alignment = ir.Constant(_INDEX, self.size)
        name = f"llvm.masked.store.{self.suffix}.p0"
        return self._call(name, ir.VoidType(), value, self.at(address), alignment, mask)

    def load_spread(self, address):
        return self.spread(self.builder.load(self.at(address, self.element)), self.type)

    def multiply_add(self, factor, line, total):
        return self._call(f"llvm.fmuladd.{self.suffix}", self.type, factor, line, total)


def _word(value):
    return ir.Constant(_WORD, value)


def _tile(bits, rows, vectors, masked):
    """Compile S + A·B for `rows` rows and `vectors` vectors of columns, the last one cut to `width`."""

    @intrinsic
    def tile(typing_context, a, a_row, a_step, b, b_step, s, s_row, c, c_row, steps, width):
        signature = types.void(*[types.int64] * 11)

        def generate(context, builder, signature, arguments):
            a, a_row, a_step, b, b_step, s, s_row, c, c_row, steps, width = arguments
            unit = _Vectors(builder, bits, width if masked else None)
            apart = unit.lanes * unit.size
            columns = [_word(column * apart) for column in range(vectors)]

            def places(base, stride):
                lines = [builder.add(base, builder.mul(stride, _word(row))) for row in range(rows)]
                return [builder.add(line, column) for line in lines for column in columns]

            totals = [unit.load(place) for place in places(s, s_row)]
            lines = [builder.add(a, builder.mul(a_row, _word(row))) for row in range(rows)]
            before = builder.block
            loop, after = builder.append_basic_block("step"), builder.append_basic_block("done")
            builder.cbranch(builder.icmp_signed(">", steps, _word(0)), loop, after)

            builder.position_at_end(loop)
            moving = [builder.phi(_WORD) for _ in range(3)]
            running = [builder.phi(unit.type) for _ in totals]
            left, offset, b_line = moving
            b_values = [unit.load(builder.add(b_line, column)) for column in columns]
            grown = []
            for row in range(rows):
                factor = unit.load_spread(builder.add(lines[row], offset))
                for column in range(vectors):
                    grown.append(unit.multiply_add(factor, b_values[column], running[row * vectors + column]))
            moved = [
                builder.sub(left, _word(1)),
                builder.add(offset, a_step),
                builder.add(b_line, b_step),
            ]
            firsts = [steps, _word(0), b, *totals]
            for phi, first, following in zip([*moving, *running], firsts, [*moved, *grown], strict=True):
                phi.add_incoming(first, before)
                phi.add_incoming(following, loop)
            builder.cbranch(builder.icmp_signed(">", moved[0], _word(0)), loop, after)

            builder.position_at_end(after)
            results = [builder.phi(unit.type) for _ in totals]
            for result, first, following in zip(results, totals, grown, strict=True):
                result.add_incoming(first, before)
                result.add_incoming(following, loop)
            for result, place in zip(results, places(c, c_row), strict=True):
                unit.store(result, place)
            return context.get_dummy_value()

        return signature, generate

    return tile


def _interleaved(builder, lines):
    """A square block's lines transposed: line i is interleaved with line i + lanes/2 once per bit of `lanes`."""
    lanes = len(lines)
    pairs = [place for lane in range(lanes) for place in (lane, lanes + lane)]
    halves = [ir.Constant(ir.VectorType(_INDEX, lanes), half) for half in (pairs[:lanes], pairs[lanes:])]
    for _ in range(lanes.bit_length() - 1):
        lines = [
            builder.shuffle_vector(lines[row], lines[row + lanes // 2], half)
            for row in range(lanes // 2)
            for half in halves
        ]
    return lines


def _transpose(bits):
    """Compile the transpose of a square block as wide as a vector."""

    @intrinsic
    def transpose(typing_context, source, source_row, target, target_row):
        signature = types.void(*[types.int64] * 4)

        def generate(context, builder, signature, arguments):
            source, source_row, target, target_row = arguments
            unit = _Vectors(builder, bits)
            places = [builder.add(source, builder.mul(source_row, _word(row))) for row in range(unit.lanes)]
            for row, line in enumerate(_interleaved(builder, [unit.load(place) for place in places])):
                unit.store(line, builder.add(target, builder.mul(target_row, _word(row))))
            return context.get_dummy_value()

        return signature, generate

    return transpose


def _transpose_cut(bits):
    """Compile the transpose of a part of such a block: its first `rows` rows and `columns` columns.

    Of each of `columns` lines of the target `width` entries are written; those past `rows` repeat the last row.
    """

    @intrinsic
    def transpose_cut(typing_context, source, source_row, target, target_row, rows, columns, width):
        signature = types.void(*[types.int64] * 7)

        def generate(context, builder, signature, arguments):
            source, source_row, target, target_row, rows, columns, width = arguments
            unit = _Vectors(builder, bits)
            read, written = unit.first(columns), unit.first(width)
            last, lines = builder.sub(rows, _word(1)), []
            for row in range(unit.lanes):
                there = builder.icmp_signed("<", _word(row), rows)
                chosen = builder.select(there, _word(row), last)
                lines.append(unit.load(builder.add(source, builder.mul(source_row, chosen)), read))
            for row, line in enumerate(_interleaved(builder, lines)):
                with builder.if_then(builder.icmp_signed("<", _word(row), columns)):
                    unit.store(line, builder.add(target, builder.mul(target_row, _word(row))), written)
            return context.get_dummy_value()

        return signature, generate

    return transpose_cut


def _copy(bits):
    """Compile the copy of `size` numbers that lie one after the other."""

    @intrinsic
    def copy(typing_context, source, target, size):
        signature = types.void(*[types.int64] * 3)

        def generate(context, builder, signature, arguments):
            source, target, size = arguments
            unit = _Vectors(builder, bits)

            def move(start, mask=None):
                offset = builder.mul(start, _word(unit.size))
                unit.store(unit.load(builder.add(source, offset), mask), builder.add(target, offset), mask)

            whole = builder.and_(size, _word(-unit.lanes))
            with cgutils.for_range_slice(builder, _word(0), whole, _word(unit.lanes)) as (start, _):
                move(start)
            left = builder.sub(size, whole)
            with builder.if_then(builder.icmp_signed(">", left, _word(0))):
                move(whole, unit.first(left))
            return context.get_dummy_value()

        return signature, generate

    return copy


def _of(bits):
    heights = {"tallest": TALLEST, "four": 4, "two": 2, "one": 1}
    return SimpleNamespace(
        lanes=VECTOR_BYTES * 8 // bits,
        whole=SimpleNamespace(**{name: _tile(bits, rows, 2, False) for name, rows in heights.items()}),
        cut=SimpleNamespace(**{name: _tile(bits, rows, 1, True) for name, rows in heights.items()}),
        transpose=_transpose(bits),
        transpose_cut=_transpose_cut(bits),
        copy=_copy(bits),
    )


float32, float64 = _of(32), _of(64)
