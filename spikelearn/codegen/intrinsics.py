"""Machine operations that kernels need and Numba lacks. Importing this imports Numba; kernels use it through `jit`."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic


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
