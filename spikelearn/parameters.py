"""Parameters with units: declared once as NamedTuple lines, checked when a user gives values."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar, get_type_hints

import numpy as np

from spikelearn.errors import DescriptionError, ParameterError, UnitError
from spikelearn.units import UNITS, Unit, plain

T = TypeVar("T")

POSITIVE_PREFIXES = ("tau_", "C_", "g_L", "D_", "Delta_")
NOT_NEGATIVE_PREFIXES = ("t_ref", "rate", "Delta_T")
NOT_NEGATIVE = ("tau_rise", "tau_fac")
"""Times that may be 0: an eligibility then rises at once, and a synapse is not facilitated."""

KINDS = ("spike", "plateau", "event", "burst", "rate", "instruction")
"""Kinds of event that neurons can emit and rules can learn from, in the order of the bits of a step's mask."""


READS = ("t", "i", "N")
"""What the step of a neuron may read besides its state, its input and its constants: see NeuronModel."""


class Parametrized:
    """Base of a model or rule with its `parameters`, a NamedTuple that may have been made from text.

    Such a class cannot be pickled, so the values are, and the model has the class. Two are equal if their models and
    all values are.
    """

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._compared() == other._compared()

    def __hash__(self) -> int:
        return hash(self._compared())

    def _compared(self) -> tuple[Any, ...]:
        """All attributes, and all values, arrays as (shape, values)."""
        others = [value for name, value in vars(self).items() if name != "parameters"]
        values = (
            (value.shape, *value.ravel().tolist()) if isinstance(value, np.ndarray) else value
            for value in vars(self)["parameters"]
        )
        return *others, *values

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "parameters": vars(self)["parameters"]._asdict()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        declaration = (state["model"] if "model" in state else state["rule"]).Parameters
        vars(self).update(state, parameters=declaration(**state["parameters"]))


@functools.cache
def declared_units(declaration: type) -> Mapping[str, Unit]:
    """name -> Unit for each line of a parameter NamedTuple, such as `tau_m: Annotated[ms, "time constant"] = 10.0`."""
    return MappingProxyType({name: _among(found, Unit, UNITS["1"]) for name, found in _metadata(declaration).items()})


def meanings(declaration: type) -> dict[str, str]:
    """name -> meaning, "" if the declaration gives none, for each line of a parameter NamedTuple."""
    return {name: _among(found, str, "") for name, found in _metadata(declaration).items()}


def _metadata(declaration: type) -> dict[str, tuple[Any, ...]]:
    hints = get_type_hints(declaration, include_extras=True)
    return {name: getattr(hint, "__metadata__", ()) for name, hint in hints.items()}


def _among(found: tuple[Any, ...], kind: type[T], otherwise: T) -> T:
    return next((each for each in found if isinstance(each, kind)), otherwise)


def suggest(name: str, known: Any) -> str:
    """' (did you mean ...?)' if something close to `name` is known, else ''."""
    import difflib

    known = list(known)
    same = [each for each in known if str(each).lower() == str(name).lower()]
    close = same or difflib.get_close_matches(str(name), known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def check_kinds(kinds: Any, owner: str) -> None:
    """Raise DescriptionError if a model or rule has no kind of event, or an unknown one."""
    wrong = [kind for kind in kinds if kind not in KINDS]
    if wrong or not kinds:
        got = f"{wrong[0]!r}{suggest(wrong[0], KINDS)}" if wrong else "none"
        raise DescriptionError(f"{owner}: expected kinds among {', '.join(KINDS)}; got {got}")


def checked(declaration: type, given: Mapping[str, Any], owner: str) -> Any:
    """Fill a parameter NamedTuple from `given`: units converted, names and ranges checked.

    Values are floats, or float64 arrays with one value per neuron. Raises ParameterError or UnitError.
    """
    fields = declaration._fields  # type: ignore[attr-defined]
    for name in given:
        if name not in fields:
            raise ParameterError(
                f"{owner} has no parameter {name!r}{suggest(name, fields)}; it has: {', '.join(fields)}"
            )
    units = declared_units(declaration)
    missing = [f for f in fields if f not in given and f not in declaration._field_defaults]  # type: ignore[attr-defined]
    if missing:
        raise ParameterError(f"{owner} needs a value for {', '.join(missing)}")
    values = {**declaration._field_defaults, **given}  # type: ignore[attr-defined]
    return declaration(**{name: _check(name, values[name], units[name], owner) for name in fields})


def is_distribution(value: Any) -> bool:
    """Whether it is a Distribution, which this floor cannot import."""
    return callable(getattr(value, "numbers", None)) and not isinstance(value, type)


def sign(name: str) -> tuple[bool, bool]:
    """Whether a parameter of this name must be more than 0, and whether it must be at least 0."""
    not_negative = name.startswith(NOT_NEGATIVE_PREFIXES) or name in NOT_NEGATIVE
    return not not_negative and name.startswith(POSITIVE_PREFIXES), not_negative


def _check(name: str, value: Any, unit: Unit, owner: str) -> Any:
    what = f"{name} of {owner}"
    converted = plain(value, unit, what)
    positive, not_negative = sign(name)
    if isinstance(converted, float) and math.isfinite(converted) and (converted > 0 or not (positive or not_negative)):
        return converted  # most are numbers; reductions of NumPy take ten times longer
    array = np.asarray(converted)
    if array.ndim > 1:
        raise UnitError(f"{what}: expected a number or one value per neuron, got an array of shape {array.shape}")
    suffix = "" if unit.name in ("1", "port") else f" {unit}"
    if not np.all(np.isfinite(array)):
        wanted = f"a finite number in{suffix}" if suffix else "a finite number"
        raise ParameterError(f"{what}: expected {wanted}, got {_offending(array, ~np.isfinite(array))}")
    if positive and not np.all(array > 0):
        raise ParameterError(f"{what}: expected more than 0{suffix}, got {_offending(array, array <= 0)}")
    if not_negative and not np.all(array >= 0):
        raise ParameterError(f"{what}: expected at least 0{suffix}, got {_offending(array, array < 0)}")
    return converted


def checked_with_varying(declaration: type, given: Mapping[str, Any], owner: str) -> tuple[Any, tuple[str, ...]]:
    """The same for values that may differ among synapses, and the names of those that do.

    Each value is a number, an array of any shape, or a distribution as it was given, to be drawn for each synapse.
    """
    units = declared_units(declaration)
    varying: dict[str, Any] = {}
    for name in given.keys() & units.keys():
        if is_distribution(given[name]):
            varying[name] = given[name]
        elif isinstance(values := plain(given[name], units[name], f"{name} of {owner}"), np.ndarray):
            varying[name] = values
    arrays = {name: values.ravel() for name, values in varying.items() if isinstance(values, np.ndarray)}
    values = checked(declaration, {**given, **dict.fromkeys(varying, 1.0), **arrays}, owner)
    return values._replace(**varying), tuple(name for name in units if name in varying)


def _offending(array: np.ndarray, wrong: np.ndarray) -> str:
    if array.ndim == 0:
        return f"{float(array):g}"
    first = int(np.flatnonzero(wrong)[0])
    return f"{array[first]:g} at index {first}"
