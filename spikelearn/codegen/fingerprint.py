"""Fingerprints of a user's functions, for caches: a hash of the code and of all values that it is compiled with.

Numba treats closed-over and global values as constants. Two closures with the same source text, or one script run with
different global values, are therefore different functions that source text alone cannot distinguish. A fingerprint
covers every function, in whatever module, that a function can reach through globals, closures, defaults and attributes
of modules. It is incomplete if it meets something that it cannot look into: such code is kept by no cache.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import hashlib
import inspect
import os
import pickle
import sys
import weakref
from pathlib import Path
from types import BuiltinFunctionType, CodeType, EllipsisType, FunctionType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from spikelearn.codegen.reached_sources import digest_of, is_in_keys

_VERSIONED = {"numpy", "numba", "llvmlite"}
"""Packages whose functions are identified by name: every key has their versions."""
_PLAIN = (bool, int, float, complex, str, bytes, type(None), EllipsisType)


_met_first: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
"""Compiled functions and their first digests."""


class Fingerprint(NamedTuple):
    """digest: a hash that differs if the compiled function could. complete: whether all that it reaches is in it."""

    digest: str
    complete: bool


def fingerprint(function: Any) -> Fingerprint:
    """The fingerprint of a function, compiled or not."""
    reached = _Reached()
    reached.feed(getattr(function, "py_func", function))
    return Fingerprint(reached.digest.hexdigest(), reached.complete)


class _Reached:
    """A walk over all that a function reaches.

    seen: keys of mutable objects, functions and modules that it was at. done: the fingerprints of compiled functions,
    by id; they have walks of their own, so that each has the same fingerprint wherever it is met.
    """

    def __init__(self, done: dict[int, Fingerprint] | None = None) -> None:
        self.digest = hashlib.sha256()
        self.complete = True
        self._seen: set[Any] = set()
        self._done: dict[int, Fingerprint] = {} if done is None else done

    def feed(self, value: Any) -> None:
        self.note(type(value).__qualname__)
        if type(value) in _PLAIN:
            self.note(repr(value))
        elif isinstance(value, enum.Enum):
            self.note(value.name)
            self.feed(value.value)
        elif isinstance(value, np.ndarray | np.generic):
            self._array(value)
        elif isinstance(value, tuple):
            self.sequence([*value, *getattr(value, "_fields", ())])
        elif isinstance(value, list | dict):
            if self._is_new(id(value)):
                self.sequence(value if isinstance(value, list) else [part for item in value.items() for part in item])
        elif isinstance(value, set | frozenset):
            self.sequence(sorted(value, key=repr))
        elif isinstance(value, slice):
            self.sequence([value.start, value.stop, value.step])
        elif isinstance(value, CodeType):
            self._code(value)
        elif isinstance(value, FunctionType):
            if self._is_new(id(value)):
                self._function(value)
        elif hasattr(value, "py_func"):
            self._compiled(value)
        elif isinstance(value, np.ufunc | BuiltinFunctionType):
            self.note(f"{getattr(value, '__module__', '')}.{value.__name__}")
            self.complete &= getattr(np, value.__name__, None) is value
        elif isinstance(value, type):
            self._class(value)
        elif type(value).__module__.startswith("numba.") and hasattr(value, "_defn"):
            self.named(value._defn, set())
        elif type(value).__module__.startswith("numba.core.types.") or isinstance(value, np.dtype):
            self.note(repr(value))
        elif dataclasses.is_dataclass(value):
            self.named(type(value), set())
            self.sequence([getattr(value, field.name) for field in dataclasses.fields(value)])
        else:
            self._unknown(value)

    def note(self, text: str | bytes) -> None:
        content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        self.digest.update(f"{len(content)}:".encode() + content)

    def sequence(self, values: Any) -> None:
        self.note(str(len(values)))
        for each in values:
            self.feed(each)

    def named(self, value: Any, names: set[str]) -> None:
        """Feed an object that code refers to by name. Of a module, only the members in `names` count."""
        if isinstance(value, ModuleType):
            self.note(value.__name__)
            if _is_known(value.__name__):
                self._sources_of(value.__name__)
                return
            # Two functions may use different members of one module.
            if self._is_new((id(value), frozenset(names))):
                self.note(repr(getattr(value, "__version__", "")))
                for name in sorted(names & vars(value).keys()):
                    self.note(name)
                    self.named(vars(value)[name], names)
            return
        plain = getattr(value, "py_func", value)
        module, name = getattr(plain, "__module__", None), getattr(plain, "__qualname__", "")
        if isinstance(module, str) and _is_known(module) and getattr(sys.modules.get(module), name, None) is value:
            self.note(f"{module}.{name}")
            self._sources_of(module)
            return
        self.feed(value)
        for overload in _overloads(value) if isinstance(value, FunctionType) else ():
            self.feed(overload)

    def _sources_of(self, module: str) -> None:
        """Feed what functions of a module of spikelearn can reach, which are known by their names."""
        if is_in_keys(module) and self._is_new(module):
            self.note(digest_of(module))

    def _compiled(self, value: Any) -> None:
        """A compiled function. Numba keeps the values it was compiled with first, whatever becomes of them."""
        if id(value) not in self._done:
            own = _Reached(self._done)
            self._done[id(value)] = Fingerprint("of itself", True)
            options = {**getattr(value, "targetoptions", {}), "locals": getattr(value, "locals", {})}
            own.note(str(sorted((name, repr(option)) for name, option in options.items())))
            own.named(value.py_func, set())
            self._done[id(value)] = Fingerprint(own.digest.hexdigest(), own.complete)
        digest, complete = self._done[id(value)]
        self.note(digest)
        self.complete &= complete and (digest == "of itself" or _met_first.setdefault(value, digest) == digest)

    def _array(self, value: Any) -> None:
        self.note(f"{value.dtype!r} {value.shape} {getattr(value, 'strides', ())}")
        self.note(b"" if value.dtype.hasobject else value.tobytes())
        self.complete &= not value.dtype.hasobject

    def _code(self, code: CodeType) -> None:
        counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
        self.feed(code.co_code + code.co_exceptiontable)
        self.sequence([*counts, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars])
        self.sequence(code.co_consts)

    def _function(self, function: FunctionType) -> None:
        self.feed(function.__code__)
        names = _names(function.__code__)
        for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            self.named(value, names)
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            self.note(name)
            try:
                self.named(cell.cell_contents, names)
            except ValueError:
                self.note("empty cell")
        for name in sorted(names & function.__globals__.keys()):
            self.note(name)
            self.named(function.__globals__[name], names)

    def _class(self, value: type) -> None:
        """A class by its source; complete if compiled code gets no more from it than is fed here."""
        self.note(f"{value.__module__}.{value.__qualname__}")
        if not self._is_new(id(value)):
            return
        self._sources_of(value.__module__)
        try:
            self.note(inspect.getsource(value))
        except (OSError, TypeError):
            self.complete &= _is_known(value.__module__)
        if issubclass(value, enum.Enum):
            self.sequence([part for member in value for part in (member.name, member.value)])
        elif issubclass(value, tuple) and hasattr(value, "_fields"):
            self.sequence([value._fields, getattr(value, "_field_defaults", {})])
        elif not (issubclass(value, BaseException) or dataclasses.is_dataclass(value) or _is_known(value.__module__)):
            self.complete = False

    def _unknown(self, value: Any) -> None:
        self.complete = False
        try:
            self.note(pickle.dumps(value).hex())
        except Exception:
            self.note(type(value).__module__)

    def _is_new(self, key: Any) -> bool:
        if key in self._seen:
            self.note("seen")
            return False
        self._seen.add(key)
        return True


@functools.cache
def _is_known(module: str) -> bool:
    """Whether keys cover a module: by the source, by a version, or by that of Python."""
    top = module.partition(".")[0]
    if top in _VERSIONED or is_in_keys(module):
        return True
    if top not in sys.stdlib_module_names or top == "__main__":
        return False
    # A user may have a module of the same name as one of the standard library, such as test or code.
    file = getattr(sys.modules.get(top), "__file__", None)
    library = Path(os.__file__).parent
    return file is None or (library in Path(file).parents and "-packages" not in file)


def _overloads(function: FunctionType) -> list[FunctionType]:
    """What Numba compiles in place of a Python function: functions registered with numba.extending.overload."""
    templates = sys.modules.get("numba.core.typing.templates")
    if templates is None:
        return []
    found = []
    for value, type_ in templates.builtin_registry.globals:
        if value is function:
            found += [getattr(each, "_overload_func", None) for each in getattr(type_, "templates", ())]
    return [each for each in found if isinstance(each, FunctionType)]


def _names(code: CodeType) -> set[str]:
    """All names that code refers to, including those in nested functions."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names(constant)
    return names
