"""Machine operations that kernels need and Numba lacks. Importing this imports Numba; kernels use it through `jit`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed
from numba.core.typing.typeof import typeof
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array
from numba.np.numpy_support import from_dtype


@intrinsic
def invoke(typing_context, address, step, arguments):
    """Call the compiled entry at `address` with (step, arguments)."""
    signature = types.void(types.int64, types.int64, types.int64)

    def generate(context, builder, signature, values):
        integer = ir.IntType(64)
        function_type = ir.FunctionType(ir.VoidType(), [integer, integer])
        function = builder.inttoptr(values[0], function_type.as_pointer())
        builder.call(function, [values[1], values[2]])
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def pointer(typing_context, address):
    """A void pointer from an integer address, for numba.carray."""
    signature = types.voidptr(types.int64)

    def generate(context, builder, signature, values):
        return builder.inttoptr(values[0], cgutils.voidptr_t)

    return signature, generate


@intrinsic
def read_only(typing_context, array):
    """An array as one that may not be written: code that would does not compile."""
    signature = array.copy(readonly=True)(array)

    def generate(context, builder, signature, values):
        return impl_ret_borrowed(context, builder, signature.return_type, values[0])

    return signature, generate


@intrinsic
def bits_to_float(typing_context, bits):
    """The float64 that has these 64 bits."""
    signature = types.float64(types.int64)

    def generate(context, builder, signature, values):
        return builder.bitcast(values[0], ir.DoubleType())

    return signature, generate


@intrinsic
def float_to_bits(typing_context, number):
    """The 64 bits of a float64, as an integer."""
    signature = types.int64(types.float64)

    def generate(context, builder, signature, values):
        return builder.bitcast(values[0], ir.IntType(64))

    return signature, generate


@intrinsic
def prefetch(typing_context, array, place):
    """Prefetch the cache line of element `place` of an array (any index: nothing is read, nothing can fail)."""
    signature = types.void(array, place)

    def generate(context, builder, signature, values):
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        flag = ir.IntType(32)
        address = builder.bitcast(builder.gep(data, [values[1]]), cgutils.voidptr_t)
        function_type = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, flag, flag, flag])
        function = cgutils.get_or_insert_function(builder.module, function_type, "llvm.prefetch.p0i8")
        for_reading, keep, data_cache = flag(0), flag(3), flag(1)
        builder.call(function, [address, for_reading, keep, data_cache])
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def not_unrolled(typing_context):
    """In a loop: LLVM does not unroll it, as it would not one with a call, though this is no instruction."""
    signature = types.void()

    def generate(context, builder, signature, values):
        builder.asm(ir.FunctionType(ir.VoidType(), []), "", "", [], True)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def add_one(typing_context, counters):
    """Atomically add 1 to the first element of counters shared by threads."""
    signature = types.void(counters)

    def generate(context, builder, signature, values):
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        builder.atomic_rmw("add", data, ir.Constant(ir.IntType(64), 1), "seq_cst")
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def first_of(typing_context, counters):
    """The first element of counters shared by threads, read from memory now."""
    signature = types.int64(counters)

    def generate(context, builder, signature, values):
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        return builder.load_atomic(data, "seq_cst", 8)

    return signature, generate


@intrinsic
def clock(typing_context) -> Any:
    """The processor's time stamp counter (x86-64), as int64. The length of a tick must be measured."""
    signature = types.int64()

    def generate(context, builder, signature, values):
        counter = ir.FunctionType(ir.IntType(64), [])
        return builder.call(cgutils.get_or_insert_function(builder.module, counter, "llvm.readcyclecounter"), [])

    return signature, generate


give_way = types.ExternalFunction("sched_yield", types.int32())
"""Yield the processor to another thread or process (POSIX)."""


def unpacked(function: Any, kinds: Sequence[str], returns: bool) -> Any:
    """See `jit.unpacked`. Numba compiled `carray` for each argument, which took longer than most kernels."""
    arguments = [_type_of(kind) for kind in kinds]
    callee = typeof(function)
    called_with = tuple(arguments if returns else [types.int64, *arguments])
    callee.dispatcher.compile(called_with)

    @intrinsic
    def call(typing_context, step, address):
        signature = typing_context.resolve_function_type(callee, called_with, {})

        def generate(context, builder, _, values):
            words = builder.inttoptr(values[1], ir.IntType(64).as_pointer())
            place = 0

            def word():
                nonlocal place
                place += 1
                return builder.load(builder.gep(words, [ir.IntType(32)(place - 1)]))

            given = [_argument(context, builder, argument, word) for argument in arguments]
            result = context.get_function(callee, signature)(builder, given if returns else [values[0], *given])
            if returns:
                result = context.cast(builder, result, signature.return_type, types.int64)
                builder.store(result, builder.inttoptr(values[0], ir.IntType(64).as_pointer()))
            return context.get_dummy_value()

        return types.void(types.int64, types.int64), generate

    return call


def _type_of(kind: str) -> Any:
    dtype, _, dimensions = kind.partition("*")
    scalar = from_dtype(np.dtype(dtype))
    return types.Array(scalar, int(dimensions), "C") if dimensions else scalar


def _argument(context: Any, builder: Any, argument: Any, word: Callable[[], Any]) -> Any:
    """An argument from the next words."""
    if argument == types.float64:
        return builder.bitcast(word(), ir.DoubleType())
    if not isinstance(argument, types.Array):
        return word()
    array = context.make_array(argument)(context, builder)
    scalar = context.get_data_type(argument.dtype)
    data = builder.inttoptr(word(), scalar.as_pointer())
    shape = [word() for _ in range(argument.ndim)]
    strides = [cgutils.intp_t(context.get_abi_sizeof(scalar))]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    populate_array(array, data, shape, strides, cgutils.intp_t(context.get_abi_sizeof(scalar)), meminfo=None)
    return array._getvalue()
