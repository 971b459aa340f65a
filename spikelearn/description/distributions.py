"""Distributions from which weights, delays and initial values are drawn."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from spikelearn.connectivity.pair_functions import PairFunction, pair_function
from spikelearn.connectivity.profiles import Profile, profile_of
from spikelearn.connectivity.rule import Endpoints
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.kernels import connect
from spikelearn.units import Quantity, own, plain

_NOTHING = np.zeros(0)
_SMALLEST_SHARE = 0.05
"""Of a distribution within its limits: 1,000 redraws then all fail once in 10^22 values."""
_FEW = 4
"""Sources and targets for which values from text are computed when they are given."""
_FARTHEST = 9.0
"""Standard deviations from the mean beyond which no value is drawn."""


@dataclass(frozen=True, repr=False)
class Distribution:
    """Base of distributions. Values outside [low, high] are redrawn; at least 5 % must lie within."""

    low: Quantity = -np.inf
    high: Quantity = np.inf

    def __post_init__(self) -> None:
        _set(self, low=self.low, high=self.high)

    def __repr__(self) -> str:
        own = [f"{getattr(self, each.name)!r}" for each in fields(self) if each.name not in ("low", "high")]
        limits = {name: getattr(self, name) for name in ("low", "high")}
        own += [f"{n}={v!r}" for n, v in limits.items() if not (isinstance(v, float) and math.isinf(v))]
        return f"{type(self).__name__}({', '.join(own)})"

    def numbers(self, unit: str, what: str) -> Drawn:
        """Checked numbers in `unit`, for the kernels."""
        raise NotImplementedError


@dataclass(frozen=True)
class Drawn:
    """A distribution in the form used by kernels: code, two parameters, limits, and values if given explicitly.

    profile: of the distance between source and target, if values depend on it; they are clipped to the limits.
    function: a PairFunction, if values come from text; values outside the limits are errors.
    nearest: whether explicit values are delays that take the nearest step, as drawn ones do.
    """

    code: int
    a: float
    b: float = 0.0
    low: float = -np.inf
    high: float = np.inf
    values: Any = None
    profile: Profile | None = None
    function: PairFunction | None = None
    nearest: bool = False

    @property
    def array(self) -> np.ndarray:
        return _NOTHING if self.values is None else self.values

    @property
    def arguments(self) -> tuple[Any, ...]:
        """The kernel arguments to draw from it: its code, and its numbers in the order of connect.LIMITS and VALUES."""
        return self.code, np.append([self.a, self.b, self.low, self.high], self.array)

    @property
    def constant(self) -> bool:
        return self.code == connect.CONSTANT

    def within(self, low: float, high: float, what: str) -> Drawn:
        """The same with these limits. Raises ParameterError if most values would have to be redrawn many times."""
        share = _share(self.code, self.a, self.b, low, high)
        if share < _SMALLEST_SHARE:
            raise ParameterError(
                f"{what}: expected a distribution with at least {_SMALLEST_SHARE:.0%} of its values from {low:g} to "
                f"{high:g}, got {share:.1%}"
            )
        return replace(self, low=low, high=high)


def _share(code: int, a: float, b: float, low: float, high: float) -> float:
    """The share of a distribution from low to high."""
    if code == connect.EXPONENTIAL:
        low, high = max(low, 0.0), max(high, 0.0)
        return math.exp(-low / a) - math.exp(-high / a) if a > 0 else float(low == 0.0)
    if code == connect.LOG_NORMAL:
        low, high = (math.log(limit) if limit > 0 else -math.inf for limit in (low, high))
    if code not in (connect.NORMAL, connect.LOG_NORMAL):
        return 1.0
    if b == 0:
        return float(low <= a <= high)
    below, above = (math.erfc(x / b / math.sqrt(2.0)) / 2.0 for x in (a - low, high - a))
    return 1.0 - below - above


def _one(value: Any, unit: str, what: str) -> float:
    number = plain(value, unit, what)
    if not isinstance(number, float) or np.isnan(number):
        raise ParameterError(f"{what}: expected one number in {unit}, got {reprlib.repr(value)}")
    return number


@dataclass(frozen=True, repr=False)
class Uniform(Distribution):
    """Uniform from `low` to `high`.

    low, high: in the unit of the drawn values.

    >>> net = Network(seed=1)
    >>> inputs, cells = net.population(10, Poisson(10.0)), net.population(10, LIF())
    >>> made = net.connect(inputs, cells, weight=Uniform(20.0, 80.0))
    """

    low: Quantity = 0.0
    high: Quantity = 1.0

    def numbers(self, unit: str, what: str) -> Drawn:
        low, high = _one(self.low, unit, f"low of {what}"), _one(self.high, unit, f"high of {what}")
        if not (np.isfinite(high - low) and low <= high):
            raise ParameterError(f"{what}: Uniform needs finite low <= high, got {self.low!r} and {self.high!r}")
        return Drawn(connect.UNIFORM, low, high, low, high)


@dataclass(frozen=True, repr=False)
class Normal(Distribution):
    """Normal, truncated to the limits: values outside are redrawn; at least 5 % must lie within.

    mean, std: in the unit of the drawn values. low, high: limits, in that unit.

    >>> net = Network(seed=1)
    >>> inputs, cells = net.population(10, Poisson(10.0)), net.population(10, LIF())
    >>> made = net.connect(inputs, cells, weight=Normal(50.0, 10.0, low=0.0))
    """

    mean: Quantity = 0.0
    std: Quantity = 1.0

    def __init__(self, mean: Quantity, std: Quantity, low: Quantity = -np.inf, high: Quantity = np.inf) -> None:
        _set(self, mean=mean, std=std, low=low, high=high)

    def numbers(self, unit: str, what: str) -> Drawn:
        return _spread(
            connect.NORMAL, self, _one(self.mean, unit, f"mean of {what}"), _one(self.std, unit, what), unit, what
        )


@dataclass(frozen=True, repr=False)
class LogNormal(Distribution):
    """Log-normal, truncated to the limits: values outside are redrawn; at least 5 % must lie within.

    mu, sigma: mean and standard deviation of the logarithm, without a unit. low, high: limits, in the unit of the drawn
    values.

    >>> net = Network(seed=1)
    >>> inputs, cells = net.population(10, Poisson(10.0)), net.population(10, LIF())
    >>> made = net.connect(inputs, cells, weight=LogNormal(math.log(50.0), 0.5))
    """

    mu: float = 0.0
    sigma: float = 1.0

    def __init__(self, mu: float, sigma: float, low: Quantity = -np.inf, high: Quantity = np.inf) -> None:
        _set(self, mu=mu, sigma=sigma, low=low, high=high)

    def numbers(self, unit: str, what: str) -> Drawn:
        mu, sigma = _one(self.mu, "1", f"mu of {what}"), _one(self.sigma, "1", f"sigma of {what}")
        return _spread(connect.LOG_NORMAL, self, mu, sigma, unit, what)


@dataclass(frozen=True, repr=False)
class Exponential(Distribution):
    """Exponential, truncated to the limits: values outside are redrawn; at least 5 % must lie within.

    mean: at least 0, in the unit of the drawn values. low, high: limits, in that unit.

    >>> net = Network(seed=1)
    >>> inputs, cells = net.population(10, Poisson(10.0)), net.population(10, LIF())
    >>> made = net.connect(inputs, cells, weight=Exponential(50.0, high=200.0))
    """

    mean: Quantity = 1.0

    def __init__(self, mean: Quantity, low: Quantity = -np.inf, high: Quantity = np.inf) -> None:
        _set(self, mean=mean, low=low, high=high)

    def numbers(self, unit: str, what: str) -> Drawn:
        return _spread(connect.EXPONENTIAL, self, _one(self.mean, unit, f"mean of {what}"), 0.0, unit, what)


def _set(instance: Any, **values: Any) -> None:
    for name, value in values.items():
        object.__setattr__(instance, name, own(value))


def _spread(code: int, given: Distribution, a: float, b: float, unit: str, what: str) -> Drawn:
    low, high = _one(given.low, unit, f"low of {what}"), _one(given.high, unit, f"high of {what}")
    if not (np.isfinite(a) and np.isfinite(b) and b >= 0 and low < high):
        raise ParameterError(f"{what}: expected finite parameters, a spread of at least 0 and low < high; got {given}")
    if code == connect.EXPONENTIAL and a < 0:
        raise ParameterError(f"mean of {what}: expected at least 0, got {a:g}")
    largest = a * math.log(2.0) * 60 if code == connect.EXPONENTIAL else a + _FARTHEST * b
    bound = math.log(np.finfo(float).max) if code == connect.LOG_NORMAL else math.inf
    if largest >= bound and high == math.inf:
        raise ParameterError(f"{what}: expected a distribution of finite values, got {given}; give a limit, high=...")
    return Drawn(code, a, b).within(low, high, what)


def drawn(value: Any, unit: str, what: str) -> Drawn:
    """Convert a number, array, distribution or profile to the form used by kernels; raises if it is not finite."""
    if isinstance(value, Drawn):
        return value
    if isinstance(value, Distribution):
        return value.numbers(unit, what)
    if (profile := profile_of(value)) is not None:
        return Drawn(connect.BY_DISTANCE, 0.0, profile=profile)
    numbers = plain(value, unit, what)
    if isinstance(numbers, float):
        if not np.isfinite(numbers):
            raise ParameterError(f"{what}: expected a finite number in {unit}, got {numbers:g}")
        return Drawn(connect.CONSTANT, numbers)
    wrong = ~np.isfinite(numbers)
    if np.any(wrong):
        index = tuple(int(k) for k in np.argwhere(wrong)[0])
        raise ParameterError(f"{what}: expected finite numbers in {unit}, got {numbers[index]} at index {index}")
    if numbers.size == 0:
        raise DescriptionError(f"{what}: expected at least one value, got an empty array")
    return Drawn(connect.ARRAY, 0.0, values=numbers)


def from_text(given: Any, unit: str, what: str, ends: Endpoints) -> Any:
    """A text as the function of pairs that it is between two ends, checked for some pairs; all else as it is."""
    if not isinstance(given, str):
        return given
    function = pair_function(given, what, ends, unit)
    some = function.sample(what, _FEW)
    if not np.all(np.isfinite(some)):
        raise DescriptionError(f"{what}: expected finite numbers in {unit}, {given!r} is not for some pairs")
    return Drawn(connect.BY_DISTANCE, 0.0, function=function)


def sample(value: Drawn, n: int, generator: np.random.Generator) -> np.ndarray:
    """A new array of n values for a population, drawn with NumPy. Arrays must have n values."""
    if value.code == connect.CONSTANT:
        return np.full(n, value.a)
    if value.code == connect.ARRAY:
        return np.array(value.array, float)
    result = _draw(value, n, generator)
    for _ in range(1000):
        outside = (result < value.low) | (result > value.high)
        if not np.any(outside):
            return result
        result[outside] = _draw(value, int(outside.sum()), generator)
    return np.clip(result, value.low, value.high)


def sample_each(values: Mapping[str, Drawn], n: int, seed: Sequence[int]) -> dict[str, np.ndarray]:
    """n values of each variable for a population, drawn in this order; constants need no generator."""
    if all(value.constant for value in values.values()):
        return {name: np.full(n, value.a) for name, value in values.items()}
    generator = np.random.default_rng(seed)
    return {name: sample(value, n, generator) for name, value in values.items()}


def _draw(value: Drawn, n: int, generator: np.random.Generator) -> np.ndarray:
    if value.code == connect.UNIFORM:
        return generator.uniform(value.a, value.b, n)
    if value.code == connect.NORMAL:
        return generator.normal(value.a, value.b, n)
    if value.code == connect.LOG_NORMAL:
        return generator.lognormal(value.a, value.b, n)
    return generator.exponential(value.a, n)
