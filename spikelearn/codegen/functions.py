"""Functions defined from text when a model is created. The text can be inspected, and caches are keyed by it."""

from __future__ import annotations

import hashlib
import inspect
import linecache
from collections.abc import Callable, Mapping
from typing import Any

_MADE_FROM = "__made_from__"


def source_of(function: Any) -> str:
    """The text of the file, or the generated text, in which a function is defined."""
    plain = getattr(function, "py_func", function)
    return "".join(linecache.getlines(plain.__code__.co_filename, plain.__globals__))


def arguments_of(function: Any) -> tuple[str, ...]:
    """The names of the arguments of a function, compiled or not. Reads its code: inspect takes fifty times longer."""
    plain = getattr(function, "py_func", function)
    if not inspect.isfunction(plain):
        return tuple(inspect.signature(plain).parameters)
    return plain.__code__.co_varnames[: plain.__code__.co_argcount]


def plain(function: Any) -> Callable[..., Any]:
    """A scalar function, compiled or not, as Python, together with the functions that it calls."""
    function = getattr(function, "py_func", function)
    if not inspect.isfunction(function):
        return function
    known = {
        name: plain(value) if hasattr(value, "py_func") else value
        for name in function.__code__.co_names
        if (value := function.__globals__.get(name)) is not None
    }
    return type(function)(
        function.__code__, {**function.__globals__, **known}, None, function.__defaults__, function.__closure__
    )


def function_from(text: str, name: str, known: Mapping[str, Any]) -> Callable[..., Any]:
    """The function `name` that a text defines.

    known: globals of the text, such as {"np": numpy}. inspect.getsource and tracebacks show the text. Once compiled,
    the function is cached across processes like one from a file: its fingerprint is its code and what it refers to.
    """
    place = f"<{name}, generated: {hashlib.sha256(text.encode()).hexdigest()[:16]}>"
    linecache.cache[place] = (len(text), None, text.splitlines(keepends=True), place)
    namespace: dict[str, Any] = {"__name__": "spikelearn.codegen.functions", **known, _MADE_FROM: (text, name, known)}
    exec(compile(text, place, "exec", dont_inherit=True), namespace)
    return namespace[name]


def made_from(obj: Any) -> tuple[Any, ...] | None:
    """(function_from, its arguments) if an object, or the model that it is, was defined from text."""
    for value in (obj, *getattr(obj, "__dict__", {}).values()):
        namespace = getattr(getattr(value, "py_func", value), "__globals__", {})
        arguments = namespace.get(_MADE_FROM)
        if arguments is not None and namespace[arguments[1]] is obj:
            return function_from, arguments
    return None
