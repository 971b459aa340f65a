"""Arguments of functions that take recordings: checked by their annotation, in one place."""

from __future__ import annotations

import functools
import inspect
import math
import reprlib
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np

from spikelearn.errors import ParameterError, SpikelearnError
from spikelearn.results.run import Run
from spikelearn.units import plain
from spikelearn.values import LARGEST, whole_number

P = ParamSpec("P")
R = TypeVar("R")

_IN_MS = (
    "times", "edges", "bursts", "events", "t_start", "t_stop", "bin", "window", "within", "last", "element_interval",
    "sequence_interval",
)  # fmt: skip
"""Names of arguments that are times; a quantity is converted."""


def checks_arguments(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function raise a SpikelearnError that names the argument, also where it is called with the wrong kind.

    Annotations say what is expected: `ArrayLike` an array of numbers, in ms if its name is that of a time; `np.ndarray`
    the same without conversion; `Sequence[np.ndarray]` a list of arrays of numbers; `float` one number; `int` a whole
    number; `SpikesLike` or `Spikes` what run.spikes(...) returns; `Run` a Run.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        bound = signature.bind(*args, **kwargs)
        for name, value in bound.arguments.items():
            kinds = str(signature.parameters[name].annotation).split(" | ")
            if value is not None or "None" not in kinds:
                bound.arguments[name] = _checked(value, kinds, name, f"{name} of {function.__name__}")
        try:
            with np.errstate(over="ignore"):
                return function(*bound.args, **bound.kwargs)
        except SpikelearnError:
            raise
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise ParameterError(f"{function.__name__}: its arguments do not fit together: {error}") from error
        except MemoryError as error:
            raise ParameterError(f"{function.__name__}: the result does not fit into memory: {error}") from error

    return checked


def _checked(value: Any, kinds: list[str], name: str, what: str) -> Any:
    unit = "ms" if name in _IN_MS else "Hz" if name == "resolution" else "1"
    if {"SpikesLike", "Spikes"} & set(kinds):
        if not hasattr(value, "times") or not hasattr(value, "ids"):
            raise ParameterError(f"{what}: expected spikes, as run.spikes(...) returns, got {reprlib.repr(value)}")
        return value
    if "Run" in kinds:
        if not isinstance(value, Run):
            raise ParameterError(f"{what}: expected a Run, as network.run(...) returns, got {reprlib.repr(value)}")
        return value
    if "float" in kinds:
        number = plain(value, unit, what)
        if not isinstance(number, float) or math.isnan(number):
            raise ParameterError(f"{what}: expected one number, got {reprlib.repr(value)}")
        return number
    if "Sequence[np.ndarray]" in kinds:
        try:
            parts = list(value)
        except Exception as error:  # of the object itself
            raise ParameterError(f"{what}: expected a list of arrays, got {reprlib.repr(value)}") from error
        return [np.asarray(plain(part, unit, what)) for part in parts]
    if "int" in kinds:
        return whole_number(value, what, least=-LARGEST)
    if "ArrayLike" in kinds or "np.ndarray" in kinds:
        if hasattr(value, "times") and hasattr(value, "ids"):
            raise ParameterError(f"{what}: expected an array, got spikes; give their times or ids: spikes.times")
        numbers = plain(value, unit, what)
        return numbers if "ArrayLike" in kinds and name != "ids" else np.asarray(value)
    return value
