"""Rates that are functions of time: text, or a function in Python, which is compiled."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.codegen.functions import arguments_of
from spikelearn.codegen.jit import scalar
from spikelearn.codegen.pickling import HoldsFunctions
from spikelearn.errors import DescriptionError, ParameterError

_ARGUMENTS = ("time", "neuron", "size")
_BEFORE = (("t", "time"), ("i", "float(neuron)"), ("N", "float(size)"))


@dataclass(frozen=True, eq=False)
class RateFunction(HoldsFunctions):
    """A rate in Hz as a function of the time t in ms, and perhaps of the neuron i.

    given: text, an expression of t, i and N, the size of the population; or function(t) or function(t, i) -> Hz.
    of_each: whether neurons differ.
    """

    given: Any
    of_each: bool

    @classmethod
    def of(cls, given: Any, what: str) -> RateFunction | None:
        """Text or a function as a RateFunction, checked at 0 ms; None for anything else."""
        if isinstance(given, str):
            made = cls(given, "i" in _expression(given, what).names)
        elif inspect.isfunction(getattr(given, "py_func", given)):
            arguments = arguments_of(given)
            if len(arguments) not in (1, 2):
                raise ParameterError(
                    f"{what}: expected function(t) or function(t, i) of the time in ms and the number of the neuron, "
                    f"got one of ({', '.join(arguments)})"
                )
            made = cls(given, len(arguments) == 2)
        else:
            return None
        try:
            with np.errstate(all="ignore"):
                at_once = float(made.in_python(0.0, 0, 1))
        except Exception as error:  # of the user's function
            raise DescriptionError(f"{what}: expected a rate in Hz at each time, got {error!r} at 0 ms") from error
        if not 0.0 <= at_once < math.inf:
            raise ParameterError(f"{what}: expected a finite rate of at least 0 Hz, got {at_once:g} Hz at 0 ms")
        return made

    @functools.cached_property
    def value(self) -> Callable[..., Any]:
        """function(time, neuron, size), compiled: the rate in Hz. time: ms."""
        if isinstance(self.given, str):
            from spikelearn.equations.scalar_function import function_of

            return function_of(_expression(self.given, "rate"), _ARGUMENTS, _BEFORE, ())
        function, of_each = scalar(self.given), self.of_each

        def rate_of_each(time, neuron, size):  # type: ignore[no-untyped-def]
            return function(time, neuron)

        def rate_of_all(time, neuron, size):  # type: ignore[no-untyped-def]
            return function(time)

        return scalar(rate_of_each if of_each else rate_of_all)

    def in_python(self, time: float, neuron: int, size: int) -> Any:
        """Its value, without compiling it."""
        if isinstance(self.given, str):
            from spikelearn.equations.scalar_function import in_python

            return in_python(self.value)(time, neuron, size)
        return getattr(self.given, "py_func", self.given)(*((time, neuron) if self.of_each else (time,)))

    def at_start(self, size: int) -> np.ndarray:
        """(size,): the rates of all neurons at 0 ms."""
        with np.errstate(all="ignore"):
            found = [float(self.in_python(0.0, i, size)) for i in range(size if self.of_each else 1)]
        return np.broadcast_to(found, size)

    def __repr__(self) -> str:
        return repr(self.given) if isinstance(self.given, str) else getattr(self.given, "__name__", "function")


def _expression(text: str, what: str) -> Any:
    from spikelearn.equations.scalar_function import checked_expression

    found = checked_expression(text, what, ("t", "i", "N"), "Hz", timed=("t",))
    if found.draws:
        raise DescriptionError(f"{what}: a rate is no random number: expected no rand() or randn() in {text!r}")
    return found
