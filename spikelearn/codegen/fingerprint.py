"""What a user's function is, for caches: a hash of its code and of all that the compiler freezes into it.

Numba takes closed-over and global values for constants. Two closures of one source text, or one script run with another
global value, are therefore two functions, and source text alone cannot tell them apart.
"""

from __future__ import annotations

import hashlib
import inspect
import pickle
import sys
import uuid
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

_KNOWN = {*sys.stdlib_module_names, "numpy", "numba", "llvmlite", "spikelearn"} - {"__main__"}
"""Packages whose functions are named only: the caches are keyed by their versions or sources already."""


def identity(function: Any) -> str:
    """A hash that differs if the compiled function could. What cannot be hashed makes it differ every time."""
    digest = hashlib.sha256()
    _feed(digest, getattr(function, "py_func", function), set())
    return digest.hexdigest()


def _feed(digest: Any, thing: Any, seen: set[int]) -> None:
    digest.update(f"|{type(thing).__name__}:".encode())
    if isinstance(thing, np.ndarray) and not thing.dtype.hasobject:
        digest.update(f"{thing.dtype} {thing.shape}".encode() + thing.tobytes())
    elif thing is None or isinstance(thing, bool | int | float | complex | str | bytes | np.generic):
        digest.update(repr(thing).encode())
    elif isinstance(thing, tuple | list):
        digest.update(str(len(thing)).encode())
        for each in thing:
            _feed(digest, each, seen)
    elif isinstance(thing, CodeType):
        digest.update(thing.co_code)
        counts = thing.co_argcount, thing.co_posonlyargcount, thing.co_kwonlyargcount, thing.co_flags
        _feed(digest, [*counts, thing.co_names, thing.co_varnames, thing.co_freevars, thing.co_cellvars], seen)
        _feed(digest, thing.co_consts, seen)
    elif id(thing) in seen:
        digest.update(b"seen")
    elif isinstance(thing, FunctionType):
        seen.add(id(thing))
        _feed_function(digest, thing, seen)
    elif hasattr(thing, "py_func"):
        _feed(digest, sorted((k, repr(v)) for k, v in getattr(thing, "targetoptions", {}).items()), seen)
        _feed_global(digest, thing.py_func, set(), seen)
    elif isinstance(thing, type | BuiltinFunctionType | np.ufunc):
        digest.update(f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', thing.__name__)}".encode())
        digest.update(_source(thing))
    elif type(thing).__module__.partition(".")[0] == "numba" and hasattr(thing, "_defn"):
        _feed_global(digest, thing._defn, set(), seen)
    else:
        try:
            digest.update(pickle.dumps(thing))
        except Exception:
            digest.update(uuid.uuid4().bytes)


def _feed_function(digest: Any, function: FunctionType, seen: set[int]) -> None:
    _feed(digest, function.__code__, seen)
    _feed(digest, [function.__defaults__, sorted((function.__kwdefaults__ or {}).items())], seen)
    names = _names(function.__code__)
    for cell in function.__closure__ or ():
        try:
            _feed_global(digest, cell.cell_contents, names, seen)
        except ValueError:
            digest.update(b"empty cell")
    for name in sorted(names & function.__globals__.keys()):
        digest.update(name.encode())
        _feed_global(digest, function.__globals__[name], names, seen)


def _feed_global(digest: Any, thing: Any, names: set[str], seen: set[int]) -> None:
    """Something that code refers to by name. Of a module, those of its parts count that may be meant by `names`."""
    if isinstance(thing, ModuleType):
        digest.update(thing.__name__.encode())
        if id(thing) in seen or _is_known(thing.__name__):
            return
        seen.add(id(thing))
        digest.update(repr(getattr(thing, "__version__", "")).encode())
        for name in sorted(names & vars(thing).keys()):
            digest.update(name.encode())
            _feed_global(digest, vars(thing)[name], names, seen)
        return
    plain = getattr(thing, "py_func", thing)
    module, name = getattr(plain, "__module__", None), getattr(plain, "__qualname__", "")
    if isinstance(module, str) and _is_known(module) and getattr(sys.modules.get(module), name, None) is thing:
        digest.update(f"{module}.{name}".encode())
        return
    _feed(digest, thing, seen)


def _is_known(module: str) -> bool:
    return module.partition(".")[0] in _KNOWN


def _names(code: CodeType) -> set[str]:
    """All names that code refers to, those of the functions inside it too."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names(constant)
    return names


def _source(thing: Any) -> bytes:
    try:
        return inspect.getsource(thing).encode()
    except (OSError, TypeError):
        return b""
