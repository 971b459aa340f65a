"""Exceptions in compiled code: where they can be caught, and which line of a user's function raised them.

Compiled loops cannot pass an exception on. Numba's entry of a kernel hands it to `sys.unraisablehook` and returns.
"""

from __future__ import annotations

import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FunctionType
from typing import Any

import numpy as np

from spikelearn.codegen.bounds import with_helpers

_local = threading.local()
_installed: list[Any] = []
"""The hook that was there before, while ours is installed, once for each block that needs it."""
_lock = threading.Lock()
_DIVISION = ".* in scalar (divide|floor_divide|remainder|divmod)"
"""What NumPy warns of where compiled callbacks, as Python's own numbers, raise ZeroDivisionError."""


@contextmanager
def caught(found: list[BaseException], then: Callable[[], object] = lambda: None) -> Iterator[None]:
    """A block whose compiled code, in this thread, appends its exceptions to `found`, and calls `then` at each."""
    with _lock:
        if not _installed:
            _installed.append(sys.unraisablehook)
            sys.unraisablehook = _hook
        else:
            _installed.append(_installed[0])
    before = getattr(_local, "collecting", None)
    _local.collecting = found, then
    try:
        yield
    finally:
        _local.collecting = before
        with _lock:
            first = _installed.pop()
            if not _installed and sys.unraisablehook is _hook:
                sys.unraisablehook = first


def _hook(unraisable: sys.UnraisableHookArgs) -> None:
    collecting = getattr(_local, "collecting", None)
    # Numba names its entry by a text; other objects are of code that has nothing to do with us, such as a destructor.
    if collecting is None or not isinstance(unraisable.object, str) or unraisable.exc_value is None:
        (_installed[0] if _installed else sys.__unraisablehook__)(unraisable)
        return
    found, then = collecting
    found.append(unraisable.exc_value)
    then()


def in_python(function: Any, arguments: Sequence[Any], divisions: bool = True) -> Exception | None:
    """The exception that a callback, or a kernel that calls a user's functions, raises in Python; None if none.

    It is called with copies of these arguments. divisions: whether a number divided by zero is one.
    """
    plain = getattr(function, "py_func", function)
    if not isinstance(plain, FunctionType):
        return None
    plain = with_helpers(plain, _plain, _not_of_spikelearn)
    copies: dict[int, Any] = {}  # of an array that is given twice there is one
    for argument in arguments:
        if isinstance(argument, np.ndarray) and id(argument) not in copies:
            copies[id(argument)] = argument.copy()
            copies[id(argument)].flags.writeable = argument.flags.writeable
    try:
        with np.errstate(all="ignore", divide="warn", invalid="warn"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if divisions:
                warnings.filterwarnings("error", _DIVISION, RuntimeWarning)
            plain(*(copies.get(id(argument), argument) for argument in arguments))
    except RuntimeWarning as error:
        return ZeroDivisionError("division by zero").with_traceback(error.__traceback__)
    except Exception as error:
        return error
    return None


def _plain(function: Any) -> Any:
    """A compiled function as one in Python, made when it is called, as it may call itself."""
    return lambda *arguments: with_helpers(function.py_func, _plain, _not_of_spikelearn)(*arguments)


def _not_of_spikelearn(function: Any) -> bool:
    """Whether a function is of the user or of a rendered module."""
    return not str(getattr(function, "__module__", "")).startswith("spikelearn.")


def described(error: BaseException) -> str:
    """An exception with the last line of a file that is in its traceback: 'IndexError: ... (file.py, line 3, in f)'."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if "spikelearn/codegen" not in frame.filename
    ]
    if not frames:
        return text
    last = frames[-1]
    line = f": {last.line}" if last.line else ""
    return f"{text} ({last.filename}, line {last.lineno}, in {last.name}{line})"
