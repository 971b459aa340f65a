"""Quantities of other libraries: converted by the library that made them, from the unit they have.

None is imported here. They are recognised by what they can do: pint's have `m_as`, those of quantities and Neo
`rescale`, those of astropy and unyt `to_value`; pandas and polars give times as numpy.timedelta64. Whatever else
carries a unit is refused.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from spikelearn.errors import UnitError

_MARKS = ("magnitude", "units", "unit", "dimensionality", "to_value")
"""Attributes of objects that carry a unit."""

_TICKS = {
    "as": (1, 10**18), "fs": (1, 10**15), "ps": (1, 10**12), "ns": (1, 10**9), "us": (1, 10**6), "ms": (1, 10**3),
    "s": (1, 1), "m": (60, 1), "h": (3600, 1), "D": (86_400, 1), "W": (604_800, 1),
}  # fmt: skip
"""Unit of numpy.timedelta64 -> its length in s, as a fraction. Months and years have no fixed length."""

_PER_SECOND = {"s": 1, "second": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def is_foreign(value: Any) -> bool:
    """Whether `value` carries a unit of another library. Brian2's quantities and arrays of numpy times do not."""
    if isinstance(value, datetime.timedelta):
        return True
    kind = type(value)
    if kind in (np.ndarray, list, tuple, str) or getattr(getattr(value, "dtype", None), "kind", None) in ("m", "M"):
        return False
    own = getattr(value, "__dict__", {})
    if any(hasattr(kind, mark) or mark in own for mark in _MARKS) or _described_unit(value) is not None:
        return True
    return _is_labelled(value) and is_foreign(value.data)


def in_unit(value: Any, units: tuple[str, ...], what: str) -> Any:
    """The number or array that a foreign quantity is in the first of `units` that fits it; units: names in Brian2.

    Raises UnitError, naming `what`, if none fits or it cannot be converted.
    """
    if isinstance(value, datetime.timedelta):
        exact = value.to_timedelta64() if hasattr(value, "to_timedelta64") else np.timedelta64(value)
        return from_times(np.asarray(exact), units, what)
    if _is_labelled(value) and _described_unit(value) is None:
        return in_unit(value.data, units, what)
    reason: object = "it cannot be converted; give a number, an array or a Brian2 quantity"
    for unit in units:
        for convert in _conversions(value, unit):
            try:
                return convert()
            except Exception as error:  # each library has its own
                reason = error
    expected = " or ".join("no unit" if unit == "1" else unit for unit in units)
    raise UnitError(f"{what}: expected {expected}, got {value!r:.200}: {reason}")


def from_times(times: np.ndarray, units: tuple[str, ...], what: str) -> np.ndarray:
    """float64 of an array of numpy.timedelta64, NaN for NaT. Raises UnitError if it is no time, or none is expected."""
    expected = " or ".join("no unit" if unit == "1" else unit for unit in units)
    if times.dtype.kind == "M":
        raise UnitError(f"{what}: expected {expected}, got points in time ({times.dtype})")
    name, count = np.datetime_data(times.dtype)
    unit = next((each for each in units if each in _PER_SECOND), None)
    if unit is None or name not in _TICKS:
        raise UnitError(f"{what}: expected {expected}, got {times!r:.200}")
    seconds, parts = _TICKS[name]
    number = times.astype(np.int64).astype(np.float64) * count
    scale = seconds * _PER_SECOND[unit]
    number = number * (scale // parts) if scale >= parts else number / (parts // scale)
    return np.where(np.isnat(times), np.nan, number)


def _conversions(value: Any, unit: str) -> Iterator[Callable[[], Any]]:
    """The ways in which the libraries that `value` may be of convert it."""
    kind, name = type(value), unit.replace("metre", "meter")
    if _described_unit(value) is not None:
        return
    if hasattr(kind, "m_as"):
        yield lambda: value.m_as("" if unit == "1" else name)
    elif hasattr(kind, "rescale"):
        yield lambda: value.rescale("dimensionless" if unit == "1" else name).magnitude
    elif hasattr(kind, "to_value"):
        yield lambda: value.to_value("" if unit == "1" else name)


def _is_labelled(value: Any) -> bool:
    """Whether it is an array of xarray, which may hold a quantity."""
    return type(value).__module__.startswith("xarray.")


def _described_unit(value: Any) -> Any:
    """The unit that xarray and HDF5 keep among the attributes of an array, or None."""
    attributes = getattr(value, "attrs", None)
    if not isinstance(attributes, Mapping):
        return None
    return attributes.get("units", attributes.get("unit"))
