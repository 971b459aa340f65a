"""The one place that names Numba options.

`kernel` marks scalar functions and loops that run compiled; `entry` gives one a machine address that the
compiled loop can call; `invoke` makes that call. With NUMBA_DISABLE_JIT=1 kernels are plain Python.
`add_one`, `first_of` and `give_way` are what threads need to meet; `prefetch` asks for memory ahead of its use.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

JIT_DISABLED: bool = bool(getattr(numba.config, "DISABLE_JIT", 0))


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a scalar function or loop that other kernels call.

    Division by zero gives inf or NaN, as in numpy: an exception path would stop loops from vectorising.
    """
    return numba.njit(error_model="numpy", nogil=True)(function)


def scalar(function: Callable[..., Any]) -> Any:
    """Compile a function from scalars to scalars so that it is always inlined into the loop that calls it.

    One that is compiled already is given back as it is.
    """
    if hasattr(function, "py_func"):
        return function
    return numba.njit(error_model="numpy", forceinline=True)(function)


def cached(function: Callable[..., Any]) -> Any:
    """Compile a function that Python calls, and keep it on disk."""
    return numba.njit(error_model="numpy", nogil=True, cache=True)(function)


def entry(function: Callable[..., Any]) -> Any:
    """Compile `function(step, address)` to a C function with an address of its own, kept on disk."""
    if JIT_DISABLED:
        return function
    return numba.cfunc(types.void(types.int64, types.int64), error_model="numpy", cache=True)(function)


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


def _invoke_plain(function, step, arguments):
    """What `invoke` is without the compiler."""
    function(step, *arguments)


if JIT_DISABLED:
    invoke = _invoke_plain  # type: ignore[assignment]


@intrinsic
def pointer(typing_context, address):
    """A void pointer from an integer address, for numba.carray."""
    signature = types.voidptr(types.int64)

    def generate(context, builder, signature, values):
        return builder.inttoptr(values[0], cgutils.voidptr_t)

    return signature, generate


@intrinsic
def bits_to_float(typing_context, bits):
    """The float64 that has these 64 bits."""
    signature = types.float64(types.int64)

    def generate(context, builder, signature, values):
        return builder.bitcast(values[0], ir.DoubleType())

    return signature, generate


@intrinsic
def prefetch(typing_context, array, place):
    """Ask for the cache line of element `place` of an array (any place: nothing is read, nothing can fail)."""
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


def _prefetch_nothing(array, place):
    """What `prefetch` is without the compiler."""


if JIT_DISABLED:
    prefetch = _prefetch_nothing  # type: ignore[assignment]


@intrinsic
def add_one(typing_context, counters):
    """Add 1 to the first of some counters that threads share."""
    signature = types.void(counters)

    def generate(context, builder, signature, values):
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        builder.atomic_rmw("add", data, ir.Constant(ir.IntType(64), 1), "seq_cst")
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def first_of(typing_context, counters):
    """The first of some counters that threads share, as it is in memory now."""
    signature = types.int64(counters)

    def generate(context, builder, signature, values):
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        return builder.load_atomic(data, "seq_cst", 8)

    return signature, generate


give_way = types.ExternalFunction("sched_yield", types.int32())
"""Let another thread or process have the processor (POSIX)."""


@intrinsic
def float_to_bits(typing_context, number):
    """The 64 bits of a float64, as an integer."""
    signature = types.int64(types.float64)

    def generate(context, builder, signature, values):
        return builder.bitcast(values[0], ir.IntType(64))

    return signature, generate


@intrinsic
def clock(typing_context) -> Any:
    """The processor's counter of time (x86-64), as int64. How long a tick is must be measured."""
    signature = types.int64()

    def generate(context, builder, signature, values):
        counter = ir.FunctionType(ir.IntType(64), [])
        return builder.call(cgutils.get_or_insert_function(builder.module, counter, "llvm.readcyclecounter"), [])

    return signature, generate


if JIT_DISABLED:
    clock = time.perf_counter_ns  # type: ignore[assignment]
