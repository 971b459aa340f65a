"""Arguments of functions that take recordings: checked by their annotation, in one place."""

from __future__ import annotations

import functools
import inspect
import math
import reprlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from spikelearn.analysis.checks import spike_times
from spikelearn.errors import ParameterError, SpikelearnError
from spikelearn.results.recorded_data import Spikes
from spikelearn.results.run import Run
from spikelearn.units import plain
from spikelearn.values import LARGEST, whole_number

P = ParamSpec("P")
R = TypeVar("R")


class TimesAndIds(Protocol):
    """What `run.spikes(...)` returns: `times` (m,) float64, ms, ascending, and `ids` (m,) integers."""

    @property
    def times(self) -> np.ndarray: ...

    @property
    def ids(self) -> np.ndarray: ...


SpikesLike: TypeAlias = "TimesAndIds | Sequence[ArrayLike]"
"""Spikes with their neurons: what run.spikes(...) returns, or trains, a list with the times (ms) of each neuron."""
TimesLike: TypeAlias = "TimesAndIds | Sequence[ArrayLike] | ArrayLike"
"""The same, or an array of times (ms), where it does not matter which neuron fired."""

_IN_MS = (
    "times", "edges", "bursts", "events", "t_start", "t_stop", "bin", "window", "within", "last", "element_interval",
    "sequence_interval",
)  # fmt: skip
"""Names of arguments that are times; a quantity is converted."""


def checks_arguments(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function raise a SpikelearnError that names the argument, also where it is called with the wrong kind.

    Annotations say what is expected: `ArrayLike` an array of numbers, in ms if its name is that of a time; `np.ndarray`
    the same without conversion; `Sequence[np.ndarray]` a list of arrays of numbers; `float` one number; `int` a whole
    number; `SpikesLike` and `TimesLike` spikes in one of the forms that these names stand for; `Run` a Run.
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
    if {"SpikesLike", "TimesLike"} & set(kinds):
        return spikes_of(value, what, "TimesLike" in kinds)
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


def spikes_of(given: Any, what: str = "spikes", only_times: bool = False) -> TimesAndIds:
    """Spikes in order of time, from any of the forms that functions of analysis take; ids are 0 if there are none.

    only_times: whether an array of times will do. Trains need not be of the same length; neuron i has train i.
    """
    if hasattr(given, "times") and hasattr(given, "ids"):
        return given
    trains = _trains(given)
    if trains is None and only_times:
        times = np.asarray(plain(given, "ms", what))
        if times.ndim == 1:
            return Spikes(times, np.zeros(len(times), np.int32))
    if trains is None:
        either = "their times, " if only_times else ""
        raise ParameterError(
            f"{what}: expected spikes, as run.spikes(...) returns, {either}or trains, a list with the times of each "
            f"neuron, got {reprlib.repr(given)}"
        )
    parts = [np.asarray(plain(train, "ms", f"{what}, train {k}")) for k, train in enumerate(trains)]
    times = np.concatenate([np.zeros(0), *parts])
    ids = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part) for part in parts])
    order = np.argsort(times, kind="stable")
    return Spikes(times[order], ids[order])


def times_in(spikes: Any, what: str = "spikes") -> np.ndarray:
    """The times of spikes in any of these forms, (n,) ms. ParameterError unless finite and ascending."""
    return spike_times(spikes_of(spikes, what, only_times=True).times)


def _trains(given: Any) -> list[Any] | None:
    """The trains, if it is a list of arrays, one for each neuron."""
    if isinstance(given, np.ndarray | Mapping | str | bytes | type):
        return None
    try:
        parts = list(given)
        several = all(np.ndim(part) == 1 and not isinstance(part, str) for part in parts)
    except Exception:  # of the object itself
        return None
    return parts if several else None
