"""An entry and all that it calls, optimised and emitted as one module.

Numba optimises each function and makes machine code of it when it is compiled, and does so again with each that calls
it, into which it is inlined. Here a function stays as it was lowered until an entry is complete. Everything but the
entry is internal then, so nothing is emitted that is only inlined.

Of Numba's internals this needs that a library of code gathers modules and the libraries that it links, that a compiler
takes the library that it is to fill, and the names of passes. With a Numba that lacks these, each function is compiled
by itself, and so is the whole: slower, but the same.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numba
from numba.core import types
from numba.core.codegen import JITCodeLibrary, JITCPUCodegen
from numba.core.compiler import Compiler
from numba.core.compiler_lock import global_compiler_lock
from numba.core.compiler_machinery import PassManager
from numba.core.registry import cpu_target

from spikelearn.codegen.optimised import optimised

_ENVIRONMENT = "NumbaEnv"
"""Occurs in names of variables that Numba sets per process: Python objects used by a function, e.g. to print."""
_ADDRESS = "numba.dynamic.globals"
"""Begins names of variables that hold addresses of this process."""
_OF_NO_USE = frozenset({
    "with_lifting", "inline_closure_likes", "Rewrite dynamic raises", "make_function_op_code_to_jit_function",
    "inline_inlinables", "find_literally", "literal_unroll", "LiteralPropagation", "inline_overloads",
    "nopython_rewrites", "dump_parfor_diagnostics",
})  # fmt: skip
"""Passes for `with`, closures, dynamic exceptions, `literally`, `literal_unroll`, and expressions of whole arrays."""
_UNSWITCHED = "instructions_unswitched"
"""What the module of a kernel may set: see `optimised`."""


def is_possible() -> bool:
    """Whether this version of Numba has what is needed, as far as its classes show it."""
    of_libraries = ("_get_module_for_linking", "add_llvm_module", "add_linking_library",
                    "finalize", "get_pointer_to_function")  # fmt: skip
    return all(hasattr(JITCodeLibrary, name) for name in of_libraries) and all(
        hasattr(JITCPUCodegen, name) for name in ("_library_class", "create_library", "set_env")
    )


class Lowered(JITCodeLibrary):
    """The code of a function as it was lowered.

    If its address is asked for, or if Numba links it into other code, it becomes what it would have been without us.
    """

    def add_llvm_module(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout
        self._final_module.link_in(ll_module)

    def add_linking_library(self, library: Any) -> None:
        if isinstance(library, Lowered):
            self._linking_libraries.append(library)
        else:
            super().add_linking_library(library)

    def get_pointer_to_function(self, name: str) -> int:
        return super().get_pointer_to_function(name) if self._finalized or self._defines(name) else 0

    def finalize(self) -> None:
        super().finalize()
        _codegen().set_environments()

    def _defines(self, name: str) -> bool:
        try:
            return not self._final_module.get_function(name).is_declaration
        except NameError:
            return False

    def all_modules(self) -> Iterator[Any]:
        """The modules of this function and of all that it calls, each once.

        Those that Numba has compiled come last: LLVM takes of them only what was called before.
        """
        seen: dict[Any, None] = {}
        waiting = [self]
        while waiting:
            library = waiting.pop()
            if library not in seen:
                seen[library] = None
                waiting += library._linking_libraries if _is_as_lowered(library) else ()
        for library in sorted(seen, key=_is_as_lowered, reverse=True):
            yield library._final_module if _is_as_lowered(library) else library._get_module_for_linking()


def _is_as_lowered(library: Any) -> bool:
    return isinstance(library, Lowered) and not library._finalized


class _Codegen(JITCPUCodegen):
    """Numba's own, of which it shares everything, with libraries of another class."""

    _library_class = Lowered

    def __init__(self, shared: JITCPUCodegen) -> None:
        vars(self).update(vars(shared))
        self._waiting: dict[str, Any] = {}

    def set_env(self, env_name: str, env: Any) -> None:
        self._waiting[env_name] = env

    def set_environments(self) -> None:
        """Set the variables of functions that are in memory now."""
        for name in [name for name in self._waiting if self._engine.is_symbol_defined(name)]:
            super().set_env(name, self._waiting.pop(name))


@functools.cache
def _codegen() -> _Codegen:
    return _Codegen(cpu_target.target_context.codegen())


class Pipeline(Compiler):
    """Numba's compiler, whose code stays as it was lowered."""

    def __init__(self, typingctx: Any, targetctx: Any, library: Any, *others: Any) -> None:
        super().__init__(typingctx, targetctx, library or _codegen().create_library("spikelearn"), *others)


class OwnPipeline(Pipeline):
    """The same without what rewrites, of functions, things that none of spikelearn has.

    Numba analyses a function anew after each rewriting, whether or not it changed anything.
    """

    def define_pipelines(self) -> list[PassManager]:
        (whole,) = super().define_pipelines()
        own = PassManager(f"{whole.pipeline_name}, for spikelearn")
        for each, description in whole.passes:
            if each.name() not in _OF_NO_USE:
                own.add_pass(each, description)
        own.finalize()
        return [own]


class ApartPipeline(OwnPipeline):
    """The same for a function whose arrays do not overlap."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.state.flags.noalias = True


class WholeEntry:
    """A compiled `function(step, address)`, for C. native_name: that of its function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        options: Any = {"error_model": "numpy", "no_cpython_wrapper": True, "pipeline_class": OwnPipeline}
        dispatcher = numba.njit(**options)(function)
        dispatcher.compile((types.int64, types.int64))
        (result,) = dispatcher.overloads.values()
        self._library = result.library
        self.unswitched: int | None = function.__globals__.get(_UNSWITCHED)
        called = function.__globals__.get("function")
        self.wide = bool(getattr(called, "targetoptions", {}).get("wide"))
        self.native_name: str = result.fndesc.llvm_cfunc_wrapper_name

    @property
    def address(self) -> int:
        """Its address, after Numba has compiled it: of what can only be used in this process."""
        with global_compiler_lock:
            return int(self._library.get_pointer_to_function(self.native_name))

    def inspect_llvm(self) -> str:
        """Its code as optimised, for tests."""
        return str(self._module)

    def module(self) -> Any:
        """Its code, optimised; None if it can only be used in this process."""
        return None if any(_is_of_process(variable) for variable in self._module.global_variables) else self._module

    @functools.cached_property
    def bitcode(self) -> bytes:
        """Its code as it was lowered, with all that it calls."""
        whole = _codegen().create_library("entry")._final_module
        for part in self._library.all_modules():
            whole.link_in(part, preserve=True)
        for symbol in (*whole.functions, *whole.global_variables):
            if not symbol.is_declaration and symbol.name != self.native_name:
                symbol.linkage = "linkonce_any" if _is_of_process(symbol) else "internal"
        return bytes(whole.as_bitcode())

    @functools.cached_property
    def _module(self) -> Any:
        return optimised(self.bitcode, self.unswitched, self.wide)


def _is_of_process(symbol: Any) -> bool:
    """Whether a variable holds an address or a Python object of this process: it stays, unless nothing uses it."""
    return _ENVIRONMENT in symbol.name or symbol.name.startswith(_ADDRESS)
