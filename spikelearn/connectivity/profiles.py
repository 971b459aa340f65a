"""Profiles: functions of the distance between two neurons, for probabilities, weights and delays."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from spikelearn.codegen.functions import arguments_of
from spikelearn.codegen.jit import scalar
from spikelearn.codegen.pickling import HoldsFunctions
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.values import one_number


@dataclass(frozen=True)
class Profile(HoldsFunctions):
    """Base: a function of the distance d between source and target, in the unit of length of their positions.

    A profile is a frozen dataclass whose fields are numbers, with

    value: static function(distance, numbers), compiled; numbers are its fields, in order.

    `FunctionProfile` makes one from any function.
    """

    value: ClassVar[Callable[..., Any] | None] = None
    positive: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        function = cls.__dict__.get("value")
        if isinstance(function, staticmethod):
            given = tuple(inspect.signature(getattr(function.__func__, "py_func", function.__func__)).parameters)
            if given != ("distance", "numbers"):
                raise DescriptionError(
                    f"value of profile {cls.__name__!r} takes ({', '.join(given)}), expected (distance, numbers)"
                )
            cls.value = staticmethod(scalar(function.__func__))

    def __post_init__(self) -> None:
        for field in fields(self):
            above = 0.0 if field.name in self.positive else -np.inf
            number = one_number(getattr(self, field.name), "1", f"{field.name} of {type(self).__name__}", above=above)
            object.__setattr__(self, field.name, number)

    @property
    def numbers(self) -> np.ndarray:
        """Arguments of `value`."""
        return np.array([float(getattr(self, field.name)) for field in fields(self)])

    def __call__(self, distance: Any) -> Any:
        """The profile at a distance, or at an array of distances."""
        function: Any = self.value
        plain, numbers = getattr(function, "py_func", function), self.numbers
        result = np.array([plain(float(d), numbers) for d in np.ravel(distance)], float).reshape(np.shape(distance))
        return float(result) if result.ndim == 0 else result


@scalar
def gaussian(distance, numbers):
    return numbers[0] * math.exp(-0.5 * (distance / numbers[1]) * (distance / numbers[1]))


@scalar
def exponential_decay(distance, numbers):
    return numbers[0] * math.exp(-distance / numbers[1])


@scalar
def boxcar(distance, numbers):
    return numbers[0] if distance <= numbers[1] else 0.0


@scalar
def linear(distance, numbers):
    return numbers[0] + numbers[1] * distance


@dataclass(frozen=True)
class GaussianProfile(Profile):
    """peak * exp(-d^2 / (2 sigma^2)).

    peak: its value at distance 0.
    sigma: its standard deviation.

    >>> GaussianProfile(peak=0.8, sigma=0.2)(np.array([0.0, 0.2])).round(3).tolist()
    [0.8, 0.485]
    """

    peak: float
    sigma: float
    positive = ("sigma",)
    value = staticmethod(gaussian)


@dataclass(frozen=True)
class ExponentialProfile(Profile):
    """peak * exp(-d / scale).

    peak: its value at distance 0.
    scale: the distance over which it falls to 1/e.

    >>> ExponentialProfile(peak=0.8, scale=0.2)(np.array([0.0, 0.2])).round(3).tolist()
    [0.8, 0.294]
    """

    peak: float
    scale: float
    positive = ("scale",)
    value = staticmethod(exponential_decay)


@dataclass(frozen=True)
class BoxcarProfile(Profile):
    """A constant value up to a distance, 0 beyond.

    height: the value.
    radius: the distance.

    >>> BoxcarProfile(height=0.8, radius=0.1)(np.array([0.0, 0.2])).round(3).tolist()
    [0.8, 0.0]
    """

    height: float
    radius: float
    positive = ("radius",)
    value = staticmethod(boxcar)


@dataclass(frozen=True)
class LinearProfile(Profile):
    """start + slope * d.

    start: its value at distance 0.
    slope: its increase per unit of distance.

    >>> LinearProfile(start=1.5, slope=2.0)(np.array([0.0, 0.2])).round(3).tolist()
    [1.5, 1.9]
    """

    start: float
    slope: float
    value = staticmethod(linear)


@dataclass(frozen=True)
class FunctionProfile(Profile):
    """Any function of the distance; it is compiled.

    function: function(distance) -> value.

    >>> FunctionProfile(lambda d: 1.0 / (1.0 + d * d))(1.0)
    0.5
    """

    function: Callable[[float], float]

    def __post_init__(self) -> None:
        if not _is_function(self.function) or len(arguments_of(self.function)) != 1:
            raise ParameterError(
                f"FunctionProfile: expected a function of the distance, with one argument, got {self.function!r:.200}"
            )

    @functools.cached_property
    def value(self) -> Any:  # type: ignore[override]
        function = scalar(self.function)

        def value_of_function(distance, numbers):
            return function(distance)

        return scalar(value_of_function)

    @property
    def numbers(self) -> np.ndarray:
        return np.zeros(1)

    def __call__(self, distance: Any) -> Any:
        plain = getattr(self.function, "py_func", self.function)
        try:
            with np.errstate(all="ignore"):  # divisions by zero give inf or NaN, as they do once it is compiled
                found = [plain(np.float64(d)) for d in np.ravel(distance)]
            if None in found:
                raise ValueError("it returns nothing")
            result = np.array(found, float).reshape(np.shape(distance))
        except Exception as error:  # of the user's function
            raise DescriptionError(
                f"function {plain.__name__} of the distance: expected a number at each distance, got {error!r}"
            ) from error
        return float(result) if result.ndim == 0 else result


def profile_of(given: Any) -> Profile | None:
    """A profile, or one made from a function of the distance; None for anything else."""
    if isinstance(given, Profile):
        return given
    return FunctionProfile(given) if _is_function(given) else None


def _is_function(given: Any) -> bool:
    return inspect.isfunction(getattr(given, "py_func", given))
