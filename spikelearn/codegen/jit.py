"""The one place that names Numba options.

`kernel` and `scalar` mark functions that run compiled; `entry` gives one a machine address that the compiled loop can
call; `invoke` makes that call. `add_one`, `first_of` and `give_way` implement barriers between threads; `prefetch`
requests memory ahead of its use. Numba itself is imported only when something is compiled: a process that finds all its
machine code on disk does not need it.
With NUMBA_DISABLE_JIT=1 kernels are plain Python.
"""

from __future__ import annotations

import functools
import os
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import FunctionType
from typing import Annotated, Any, TypeAlias

from spikelearn.codegen import bounds, object_cache
from spikelearn.codegen.optimised import set_limits
from spikelearn.codegen.pickling import PickledByName
from spikelearn.codegen.random_state import check_seeded

Written: TypeAlias = Annotated[Any, "written"]
"""Marks, in the signature of a kernel, an array that the kernel, or another that it passes it to, writes to."""

JIT_DISABLED: bool = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


_KEPT = ("error_model", "fastmath", "nogil", "forceinline", "inline")
"""Options of a user's function that hold when it is compiled again."""


def compiler() -> Any:
    """Numba, with LLVM's limits as they should be."""
    import numba

    set_limits()
    return numba


class Compiled(PickledByName):
    """A function that Numba compiles when compiled code or Python first calls it.

    py_func: the function itself, as in Numba. targetoptions: options of numba.njit, "apart" and "wide". A user's
    function is compiled with bounds checks, and so are those that it calls.
    """

    def __init__(self, function: Callable[..., Any], targetoptions: Mapping[str, Any]) -> None:
        functools.update_wrapper(self, function)
        self.py_func = function
        self.targetoptions = dict(targetoptions)
        if bounds.CHECKED and bounds.is_of_user(function):
            bounds.check_indexing(function)
            self.targetoptions["boundscheck"] = True

    def __call__(self, *arguments: Any) -> Any:
        return self.for_python(*arguments)

    def contents(self) -> tuple[Any, ...]:
        return Compiled, (self.py_func, self.targetoptions)

    @functools.cached_property
    def dispatcher(self) -> Any:
        """Numba's dispatcher for compiled code; without the Python wrapper, which takes a fifth of the compile time.

        Functions of spikelearn make no arrays, so theirs are not counted. A user's function may return one.
        """
        options: Any = {**self._options, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        of_user = bounds.is_of_user(self.py_func)
        options["_nrt"] = of_user or bounds.calls_users(self.py_func)
        njit = compiler().njit
        if whole := _whole_entries():
            own = whole.ApartPipeline if self.targetoptions.get("apart") else whole.OwnPipeline
            options["pipeline_class"] = whole.Pipeline if of_user else own
        return njit(**options)(self._checked)

    @functools.cached_property
    def for_python(self) -> Any:
        """Numba's dispatcher for Python."""
        return compiler().njit(**self._options)(self._checked)

    @property
    def _options(self) -> dict[str, Any]:
        """Those of Numba."""
        return {name: option for name, option in self.targetoptions.items() if name not in ("apart", "wide")}

    @property
    def _checked(self) -> Callable[..., Any]:
        if "boundscheck" not in self.targetoptions or not isinstance(self.py_func, FunctionType):
            return self.py_func
        return bounds.with_helpers(self.py_func, checked)

    @property
    def _numba_type_(self) -> Any:
        """Called by Numba if compiled code uses the function."""
        return self.dispatcher._numba_type_


class Intrinsic(PickledByName):
    """A member of `intrinsics`, which needs Numba, by name."""

    def __init__(self, name: str) -> None:
        self.__module__, self.__name__, self.__qualname__ = __name__, name, name

    @property
    def _numba_type_(self) -> Any:
        """Called by Numba if compiled code uses the intrinsic."""
        from numba.core.registry import cpu_target

        from spikelearn.codegen import intrinsics

        cpu_target.typing_context.refresh()
        return cpu_target.typing_context.resolve_value_type(getattr(intrinsics, self.__name__))


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a scalar function or loop that other kernels call.

    Division by zero returns inf or NaN, as in NumPy: an exception path would prevent vectorisation.
    """
    return function if JIT_DISABLED else Compiled(function, {"error_model": "numpy", "nogil": True})


def kernel_apart(function: Callable[..., Any]) -> Any:
    """`kernel` for one whose arrays never overlap, if it writes to them.

    LLVM need not compare their addresses before each loop, which takes longer than the neurons of a small population.
    """
    options = {"error_model": "numpy", "nogil": True, "apart": True}
    return function if JIT_DISABLED else Compiled(function, options)


def wide(compiled: Any) -> Any:
    """A kernel, with vectors of 512 bits in its loops where there are any.

    LLVM prefers 256 for many of the processors that have them, since the first became slower by them. Loops that only
    wait for memory, or are short, gain nothing.
    """
    if not JIT_DISABLED:
        compiled.targetoptions["wide"] = True
    return compiled


def callback(function: Callable[..., Any]) -> Any:
    """Compile a user's callback, in which a number divided by zero raises ZeroDivisionError, as in Python.

    Of loops only those that divide by each element of an array become slower, by 1 ns an element.
    """
    return function if JIT_DISABLED else Compiled(function, {"error_model": "python", "nogil": True})


def scalar(function: Callable[..., Any]) -> Any:
    """Compile a function from scalars to scalars so that it is always inlined into the loop that calls it.

    Of an already compiled function see `checked`. Raises DescriptionError for a user's function that draws from the
    random numbers of Python or NumPy.
    """
    if not str(getattr(function, "__module__", "")).startswith("spikelearn."):
        check_seeded(function, f"function {getattr(function, '__name__', function)}")
    if JIT_DISABLED:
        return function
    if hasattr(function, "py_func"):
        return checked(function)
    return Compiled(function, {"error_model": "numpy", "forceinline": True})


def checked(function: Any) -> Any:
    """A compiled function; one that a user compiled with Numba is compiled again, with bounds checks."""
    if isinstance(function, Compiled) or not (bounds.CHECKED and bounds.is_of_user(function.py_func)):
        return function
    known = vars(function).get("_spikelearn_checked")
    if known is None:
        options = {name: value for name, value in function.targetoptions.items() if name in _KEPT}
        known = function._spikelearn_checked = Compiled(function.py_func, options)
    return known


def unpacked(function: Any, kinds: str, returns: bool = False) -> Any:
    """`function` as one of (step, address of its other arguments), as `modules.pack` puts them.

    kinds: 'float64', 'int64', or of arrays dtype and dimensions, 'int32*2'. returns: `step` is no argument, but the
    address of what the function returns, a whole number.
    """
    compiler()
    from spikelearn.codegen.intrinsics import unpacked as made

    return made(function, kinds.split(), returns)


def _whole_entries() -> Any:
    """The module whole_entries; None where objects are not used, or if Numba lacks what it needs."""
    if not object_cache.is_used():
        return None
    try:
        from spikelearn.codegen import whole_entries
    except ImportError:
        return None
    return whole_entries if whole_entries.is_possible() else None


def entry(function: Callable[..., Any]) -> Any:
    """Compile `function(step, address)` to a C function with its own address.

    Where `object_cache` is not used, Numba's own cache is: it is beside the file of a generated module, whose name is
    the hash of all that its code depends on.
    """
    numba = compiler()
    if whole := _whole_entries():
        return whole.WholeEntry(function)
    compiled = functools.partial(
        numba.cfunc, numba.types.void(numba.types.int64, numba.types.int64), error_model="numpy"
    )
    # Fails if there is no file, or the cache is damaged; warns if the code contains addresses of this process.
    with warnings.catch_warnings(), suppress(Exception):
        warnings.simplefilter("ignore", numba.NumbaWarning)
        return compiled(cache=True)(function)
    return compiled()(function)


def _invoke_plain(function, step, arguments):
    """`invoke` without the compiler."""
    function(step, *arguments)


def _prefetch_nothing(array, place):
    """`prefetch` without the compiler."""


def _do_nothing():
    """`not_unrolled` without the compiler."""


invoke: Any = _invoke_plain if JIT_DISABLED else Intrinsic("invoke")
prefetch: Any = _prefetch_nothing if JIT_DISABLED else Intrinsic("prefetch")
not_unrolled: Any = _do_nothing if JIT_DISABLED else Intrinsic("not_unrolled")
pointer = Intrinsic("pointer")
read_only: Any = (lambda array: array) if JIT_DISABLED else Intrinsic("read_only")
bits_to_float: Any = Intrinsic("bits_to_float")
float_to_bits: Any = Intrinsic("float_to_bits")
add_one: Any = Intrinsic("add_one")
first_of: Any = Intrinsic("first_of")
give_way: Any = Intrinsic("give_way")
clock: Any = time.perf_counter_ns if JIT_DISABLED else Intrinsic("clock")
