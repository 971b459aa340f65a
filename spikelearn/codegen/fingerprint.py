"""Fingerprints of a user's functions, for caches: a hash of the code and of all values that it is compiled with.

Numba treats closed-over and global values as constants. Two closures with the same source text, or one script run with
different global values, are therefore different functions that source text alone cannot distinguish.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import pickle
import sys
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

_KNOWN = {*sys.stdlib_module_names, "numpy", "numba", "llvmlite", "spikelearn"} - {"__main__"}
"""Packages whose functions are identified by name: the caches are already keyed by their versions or sources."""


def fingerprint(function: Any) -> str:
    """A hash that differs if the compiled function could differ. Unhashable values make it differ every time."""
    digest = hashlib.sha256()
    _feed(digest, getattr(function, "py_func", function), set())
    return digest.hexdigest()


def _feed(digest: Any, value: Any, seen: set[int]) -> None:
    digest.update(f"|{type(value).__name__}:".encode())
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        digest.update(f"{value.dtype} {value.shape}".encode() + value.tobytes())
    elif value is None or isinstance(value, bool | int | float | complex | str | bytes | np.generic):
        digest.update(repr(value).encode())
    elif isinstance(value, tuple | list):
        digest.update(str(len(value)).encode())
        for each in value:
            _feed(digest, each, seen)
    elif isinstance(value, CodeType):
        digest.update(value.co_code)
        counts = value.co_argcount, value.co_posonlyargcount, value.co_kwonlyargcount, value.co_flags
        _feed(digest, [*counts, value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars], seen)
        _feed(digest, value.co_consts, seen)
    elif id(value) in seen:
        digest.update(b"seen")
    elif isinstance(value, FunctionType):
        seen.add(id(value))
        _feed_function(digest, value, seen)
    elif hasattr(value, "py_func"):
        _feed(digest, sorted((k, repr(v)) for k, v in getattr(value, "targetoptions", {}).items()), seen)
        _feed_global(digest, value.py_func, set(), seen)
    elif isinstance(value, type | BuiltinFunctionType | np.ufunc):
        digest.update(f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', value.__name__)}".encode())
        digest.update(_source(value))
    elif type(value).__module__.partition(".")[0] == "numba" and hasattr(value, "_defn"):
        _feed_global(digest, value._defn, set(), seen)
    else:
        try:
            digest.update(pickle.dumps(value))
        except Exception:
            digest.update(os.urandom(16))


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


def _feed_global(digest: Any, value: Any, names: set[str], seen: set[int]) -> None:
    """Hash an object that code refers to by name. For a module, only the members in `names` count."""
    if isinstance(value, ModuleType):
        digest.update(value.__name__.encode())
        if id(value) in seen or _is_known(value.__name__):
            return
        seen.add(id(value))
        digest.update(repr(getattr(value, "__version__", "")).encode())
        for name in sorted(names & vars(value).keys()):
            digest.update(name.encode())
            _feed_global(digest, vars(value)[name], names, seen)
        return
    plain = getattr(value, "py_func", value)
    module, name = getattr(plain, "__module__", None), getattr(plain, "__qualname__", "")
    if isinstance(module, str) and _is_known(module) and getattr(sys.modules.get(module), name, None) is value:
        digest.update(f"{module}.{name}".encode())
        return
    _feed(digest, value, seen)


def _is_known(module: str) -> bool:
    return module.partition(".")[0] in _KNOWN


def _names(code: CodeType) -> set[str]:
    """All names that code refers to, including those in nested functions."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names(constant)
    return names


def _source(value: Any) -> bytes:
    try:
        return inspect.getsource(value).encode()
    except (OSError, TypeError):
        return b""
