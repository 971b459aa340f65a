"""The parameters of a model from equations: each has a default and a unit, which appear in the generated module."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.codegen.source_text import is_identifier, quoted
from spikelearn.equations.dimensions import coherent_name, per_si
from spikelearn.equations.python import reserved, units
from spikelearn.equations.vocabulary import dimensionless, shown
from spikelearn.errors import DescriptionError, ParameterError, UnitError
from spikelearn.timed import Timed
from spikelearn.units import UNITS, dimension_of, is_quantity, plain, power_of_ten, unit_named

_OF_THE_PROJECT = ("ms", "mV", "pA", "pF", "nS", "Hz", "1")


@dataclass(frozen=True)
class Constant:
    """name: default, in `unit`, and its meaning. factor: converts it to a unit coherent with ms, mV, pA."""

    name: str
    default: float
    unit: str
    dimension: Any
    meaning: str = ""

    @property
    def factor(self) -> float:
        if self.unit == "port":
            return 1.0
        exponent = math.log10(per_si(self.dimension)) - math.log10(unit_named(self.unit).per_si)
        return power_of_ten(round(exponent, 9))

    @property
    def unit_annotation(self) -> str:
        own = {"1": "number", "port": "weight"}
        return own.get(self.unit, self.unit if self.unit in UNITS else f"unit({quoted(self.unit)})")

    @property
    def annotation(self) -> str:
        return f"Annotated[{self.unit_annotation}, {quoted(self.meaning)}]" if self.meaning else self.unit_annotation

    @property
    def read(self) -> str:
        """The number used in equations, in terms of the parameters p."""
        return f"p.{self.name}" if self.factor == 1.0 else f"({self.factor!r} * p.{self.name})"


def declared(
    parameters: Mapping[str, Any], dimensions: Mapping[str, Any], owner: str, taken: tuple[str, ...]
) -> dict[str, Constant]:
    """The `parameters=` of a model. dimensions: of those that the equations declare (`I_e : amp`).
    taken: reserved names.

    Raises UnitError or ParameterError.
    """
    if not isinstance(parameters, Mapping):
        raise ParameterError(f"parameters of {owner}: expected a dict of names and values, got {parameters!r}")
    return {name: _constant(name, value, dimensions.get(name), owner, taken) for name, value in parameters.items()}


def _constant(name: str, given: Any, dimension: Any, owner: str, taken: tuple[str, ...]) -> Constant:
    what = f"parameter {name} of {owner}"
    if isinstance(given, Timed) or isinstance(given, tuple) and given and isinstance(given[0], Timed):
        raise ParameterError(f"{what}: a table of time is given in a call: Model({name}=Timed(...))")
    if not is_identifier(name) or reserved(name, taken) or name.startswith("_"):
        raise ParameterError(f"{what}: {name!r} cannot be the name of a parameter")
    value, name_of_unit, meaning = given, None, ""
    if isinstance(given, tuple) and len(given) in (2, 3):
        value, name_of_unit, meaning = (*given, "")[:3]
        if not isinstance(name_of_unit, str) or not isinstance(meaning, str):
            raise UnitError(
                f"{what}: expected (value, unit name) such as (10.0, 'ms'), or with its meaning, "
                f"(10.0, 'ms', 'time constant'), got {given!r}"
            )
        try:
            unit_named(name_of_unit)
        except UnitError as error:
            raise UnitError(f"{what}: {error}") from None
        found = dimension_of(name_of_unit)
    elif is_quantity(value):
        found, name_of_unit = value.dim, _unit_of(value)
    else:
        found = dimension if dimension is not None else dimensionless()
        name_of_unit = _own_name(found)
    if dimension is not None and found != dimension:
        raise UnitError(f"{what}: the equations declare it {shown(dimension)}, but {given!r} is {shown(found)}")
    number = plain(value, name_of_unit, what)
    if np.ndim(number):
        raise ParameterError(
            f"{what}: expected one number as the default; pass values per neuron when calling the model"
        )
    if not math.isfinite(number):
        raise ParameterError(f"{what}: expected a finite number, got {number}")
    return Constant(name, float(f"{number:.15g}"), name_of_unit, found, meaning)


def _own_name(dimension: Any) -> str:
    """The project's unit with this dimension, or the coherent one."""
    return next((name for name in _OF_THE_PROJECT if dimension_of(name) == dimension), coherent_name(dimension))


def _unit_of(quantity: Any) -> str:
    """The unit in which a quantity is shown: the project's; else Brian2's best, such as Mohm; else a coherent one."""
    name = _own_name(quantity.dim)
    if name in UNITS or np.ndim(quantity):
        return name
    best = repr(quantity.get_best_unit())
    try:
        unit_named(best)
    except UnitError:
        return name
    return best if best.isidentifier() else name


def time(given: Any, constants: Mapping[str, Constant], what: str) -> str | float:
    """The name of a parameter that is a time, or a number of ms. Raises UnitError or DescriptionError."""
    if not isinstance(given, str):
        value, name = given if isinstance(given, tuple) and len(given) == 2 else (given, "ms")
        if dimension_of(unit_named(name).name) != units()["second"].dim:
            raise UnitError(f"{what}: expected a time, got {given!r}")
        number = plain(value, name, what)
        if np.ndim(number) or not number >= 0:
            raise ParameterError(f"{what}: expected one time, at least 0 ms, got {given!r}")
        return float(number) * unit_named("ms").per_si / unit_named(name).per_si
    if given not in constants:
        raise DescriptionError(f"{what}: expected a time or the name of a parameter, got {given!r}")
    if constants[given].dimension != units()["second"].dim:
        raise UnitError(f"{what}: expected a time, but parameter {given} is {shown(constants[given].dimension)}")
    return given
