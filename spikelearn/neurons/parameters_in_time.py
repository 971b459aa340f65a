"""Parameters of neurons that change in time: what they are in each stretch in which none of them changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.timed import Timed
from spikelearn.units import unit_named


def split(model: Any, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Timed]]:
    """What is given for the parameters of a model, at time 0, and those that change in time.

    Raises DescriptionError, ParameterError or UnitError.
    """
    timed = {name: value for name, value in given.items() if isinstance(value, Timed)}
    first = dict(given)
    for name in timed.keys() & model.units.keys():
        if name in model.durations:
            raise ParameterError(
                f"{name} of {model.name} is a number of steps and cannot change in time, got {timed[name]!r:.100}"
            )
        values, _ = _checked(model, name, timed[name])
        first[name] = float(values[0, 0]) if values.shape[1] == 1 else values[0]
    return first, timed


def in_time(model: Any, parameters: Any, timed: Mapping[str, Timed]) -> tuple[np.ndarray, Any, int]:
    """The parameters in each stretch of time in which none of them changes.

    Returns the (T,) times in ms at which stretches begin; the parameters, where those that differ in time or between
    neurons are arrays (T * n,), all neurons of one stretch after another; and n, 1 if no parameter differs between
    neurons.
    """
    tables = {name: _checked(model, name, each) for name, each in timed.items()}
    starts = np.unique(np.concatenate([np.zeros(1), *(starts for _, starts in tables.values())]))
    arrays = {name: value for name, value in parameters._asdict().items() if np.ndim(value) and name not in tables}
    widths = {len(value) for value in arrays.values()} | {values.shape[1] for values, _ in tables.values()}
    widths.discard(1)
    if len(widths) > 1:
        raise DescriptionError(
            f"parameters of {model.name}: expected one value, or one per neuron in all of them, got "
            f"{' and '.join(map(str, sorted(widths)))} values"
        )
    n = max(widths, default=1)
    found = {name: np.tile(np.broadcast_to(value, n), len(starts)) for name, value in arrays.items()}
    for name, (values, own) in tables.items():
        rows = values[np.searchsorted(own, starts, side="right") - 1]
        found[name] = np.broadcast_to(rows, (len(starts), n)).ravel()
    return starts, parameters._replace(**found), n


def constants_in_time(
    neuron: Any, dt: float, size: int
) -> tuple[dict[str, Any], dict[str, tuple[np.ndarray, np.ndarray]]]:
    """The constants of a model's step: their values at first, and those that change in time, as (times, values).

    Values are numbers or arrays (size,), those in time (T, 1 or size).
    """
    if not neuron.timed:
        return neuron.model.constants(neuron.parameters, dt), {}
    starts, parameters, n = in_time(neuron.model, neuron.parameters, dict(neuron.timed))
    fixed: dict[str, Any] = {}
    changing: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for name, value in neuron.model.constants(parameters, dt).items():
        array = np.asarray(value, np.float64)
        if array.ndim == 0:
            fixed[name] = float(array)
            continue
        rows = np.ascontiguousarray(np.broadcast_to(array, len(starts) * n)).reshape(len(starts), n)
        fixed[name] = np.broadcast_to(rows[0], size).copy() if n > 1 else float(rows[0, 0])
        if np.any(rows != rows[0]):
            changing[name] = starts, rows
            fixed[name] = np.broadcast_to(rows[0], size).copy()
    return fixed, changing


def _checked(model: Any, name: str, timed: Timed) -> tuple[np.ndarray, np.ndarray]:
    return timed.checked(unit_named(model.units[name]).name, f"{name} of {model.name}")
