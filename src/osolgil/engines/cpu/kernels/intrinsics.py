"""The few operations Python has no words for: bit casts, raw addresses, atomics."""

import functools
import os

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def njit(function=None, **options):
    """Numba's own, for what only compiled code calls: a way in from Python would have to be compiled as well.

    A literal argument is a number like any other; Numba would compile the function anew for it.
    """
    if function is None:
        return functools.partial(njit, **options)
    made = numba.njit(function, no_cpython_wrapper=True, no_cfunc_wrapper=True, **options)
    as_numba_has_it = made.get_call_template

    def without_literals(arguments, named):
        plain = [types.unliteral(argument) for argument in arguments]
        return as_numba_has_it(plain, {name: types.unliteral(kind) for name, kind in named.items()})

    made.get_call_template = without_literals
    return made


_yield_processor = types.ExternalFunction(
    "SwitchToThread" if os.name == "nt" else "sched_yield", types.int32()
)


def _bit_cast(source, target):
    @intrinsic
    def cast(typing_context, value):
        if value != source:
            return None

        def generate(context, builder, signature, arguments):
            return builder.bitcast(arguments[0], context.get_value_type(target))

        return target(source), generate

    return cast


bits_of_float32 = _bit_cast(types.float32, types.int32)
float32_of_bits = _bit_cast(types.int32, types.float32)
bits_of_float64 = _bit_cast(types.float64, types.int64)
float64_of_bits = _bit_cast(types.int64, types.float64)


def _pointer(target):
    @intrinsic
    def cast(typing_context, address):
        result = types.CPointer(target)

        def generate(context, builder, signature, arguments):
            return builder.inttoptr(arguments[0], context.get_value_type(result))

        return result(types.int64), generate

    return cast


float32_pointer = _pointer(types.float32)
float64_pointer = _pointer(types.float64)
int64_pointer = _pointer(types.int64)

_WORD = ir.IntType(64)


def _as_word(context, builder, value, kind):
    """Pass integers as they are and floats as doubles; nothing else crosses a function address."""
    return value if isinstance(kind, types.Integer) else context.cast(builder, value, kind, types.float64)


@intrinsic
def call_address(typing_context, address, arguments):
    """Call the function at `address` with a tuple of int64 and float64 values; it returns a float64."""
    result = types.float64(types.int64, arguments)

    def generate(context, builder, signature, values):
        kinds = signature.args[1].types
        unpacked = cgutils.unpack_tuple(builder, values[1])
        words = [_as_word(context, builder, value, kind) for value, kind in zip(unpacked, kinds, strict=True)]
        function = ir.FunctionType(ir.DoubleType(), [word.type for word in words])
        return builder.call(builder.inttoptr(values[0], function.as_pointer()), words)

    return result, generate


def _element(context, builder, array_type, array, index):
    view = context.make_array(array_type)(context, builder, array)
    return builder.gep(view.data, [index])


@intrinsic
def atomic_add(typing_context, array, index, amount):
    """Add to an int64 array element as one indivisible step and return its former value."""

    def generate(context, builder, signature, values):
        place = _element(context, builder, signature.args[0], values[0], values[1])
        return builder.atomic_rmw("add", place, values[2], "seq_cst")

    return types.int64(array, types.int64, types.int64), generate


@intrinsic
def atomic_load(typing_context, array, index):
    """Read an int64 array element as other threads last wrote it."""

    def generate(context, builder, signature, values):
        place = _element(context, builder, signature.args[0], values[0], values[1])
        return builder.load_atomic(place, "seq_cst", 8)

    return types.int64(array, types.int64), generate


@intrinsic
def atomic_store(typing_context, array, index, value):
    """Write an int64 array element so that other threads see it."""

    def generate(context, builder, signature, values):
        place = _element(context, builder, signature.args[0], values[0], values[1])
        builder.store_atomic(values[2], place, "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), generate


@njit
def barrier(sync, size):
    """Wait until `size` threads have arrived; sync[0] counts arrivals, sync[1] completed meetings."""
    if size == 1:
        return
    meeting = atomic_load(sync, 1)
    if atomic_add(sync, 0, 1) == size - 1:
        atomic_store(sync, 0, 0)
        atomic_add(sync, 1, 1)
        return
    waited = 0
    while atomic_load(sync, 1) == meeting:
        waited += 1
        if waited > 4000:
            _yield_processor()


@intrinsic
def shifted(typing_context, array, offset):
    """An array whose element at `offset` is the given one's first; it owns nothing, and its length is a promise."""

    def generate(context, builder, signature, values):
        view = context.make_array(signature.args[0])(context, builder, values[0])
        view.data = builder.gep(view.data, [builder.neg(values[1])])
        view.meminfo = cgutils.get_null_value(view.meminfo.type)
        return view._getvalue()

    return array(array, types.int64), generate
