"""Values of PyNN as arrays, and names that are kept."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyNN import errors
from pyNN.parameters import ArrayParameter
from pyNN.standardmodels import build_translations


def unchanged(model: Any) -> dict[str, Any]:
    """Translations of parameters that keep their names and values: units are changed when the network is built."""
    return build_translations(*((name, name) for name in model.default_parameters))


def each_value(lazy: Any, size: int) -> np.ndarray:
    """(size,), the values of a LazyArray, evaluated once: float64, int64, or objects that are sequences."""
    lazy.shape = (size,)
    try:
        values = lazy.evaluate(simplify=True)
    except (TypeError, ValueError) as error:
        raise errors.InvalidParameterValueError(f"expected {size} values: {error}") from error
    found = np.empty(size, object)
    if isinstance(values, ArrayParameter):
        found[:] = [values] * size
        return found
    if isinstance(values, np.ndarray) and values.dtype == object and isinstance(values.flat[0], ArrayParameter):
        found[:] = values
        return found
    numbers = np.broadcast_to(np.asarray(values), (size,))
    if numbers.dtype.kind not in "fiu":
        numbers = numbers.astype(float)
    return np.array(numbers)


def is_sequence(values: np.ndarray) -> bool:
    """Whether each value is a sequence of numbers."""
    return values.dtype == object


def alike(values: np.ndarray) -> Any:
    """One number if all are the same, else the array."""
    return float(values[0]) if len(values) and np.all(values == values[0]) else np.asarray(values, float)
