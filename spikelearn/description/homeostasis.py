"""Homeostasis of a projection: normalisation, scaling and rewiring, checked against the projection."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.description.projection import Projection
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.plasticity import Normalisation, Rewiring, SynapticScaling
from spikelearn.steps import whole_steps
from spikelearn.units import plain
from spikelearn.values import flag, one_number, word


@dataclass(frozen=True, eq=False)
class Homeostasis:
    """Normalisation, SynapticScaling or Rewiring of a projection, every `every` steps.

    values: one number per target or source, for Normalisation and SynapticScaling. numbers: the other parameters.
    """

    projection: Projection
    rule: Any
    every: int
    values: np.ndarray
    numbers: dict[str, float]


def homeostasis(projection: Projection, rule: Any, dt: float) -> Homeostasis:
    """Check a rule against its projection; dt: ms. Raises DescriptionError, ParameterError or UnitError."""
    where = f"{type(rule).__name__} of projection {projection.name!r}"
    if type(rule) not in _CHECKS:
        raise DescriptionError(
            f"homeostasis {projection.name!r}: expected Normalisation, SynapticScaling or Rewiring, got {rule!r}"
        )
    if projection.receiver is None:
        raise DescriptionError(f"{where}: a projection to a modulator cannot be regulated")
    if projection.procedural:
        raise DescriptionError(f"{where}: its synapses are procedural, so their weights cannot change")
    every = whole_steps(rule.every, dt, f"every of {where}", least=1)
    return Homeostasis(projection, rule, every, *_CHECKS[type(rule)](projection, rule, where))


def _normalisation(projection: Projection, rule: Normalisation, where: str) -> tuple[np.ndarray, dict[str, float]]:
    word(rule.per, ("target", "source"), f"per of {where}")
    flag(rule.subtractive, f"subtractive of {where}")
    size = projection.target_size if rule.per == "target" else projection.source_size
    values = _values(rule.total, projection.unit, size, f"total of {where}")
    if not rule.subtractive and np.any(values == 0.0):
        raise ParameterError(f"total of {where}: expected a sum other than 0, to which no weights can be scaled")
    return values, {}


def _scaling(projection: Projection, rule: SynapticScaling, where: str) -> tuple[np.ndarray, dict[str, float]]:
    assert projection.receiver is not None
    projection.receiver.check_kind("spike", f"{where}, which follows the rate of the target")
    values = _values(rule.target_rate, "Hz", projection.target_size, f"target_rate of {where}")
    tau = one_number(rule.tau, "ms", f"tau of {where}", above=0.0)
    beta = one_number(rule.beta, "1", f"beta of {where}", above=0.0)
    if np.any(values < 0.0):
        raise ParameterError(f"target_rate of {where}: expected at least 0 Hz, got {values.min():g} Hz")
    return values, {"tau": tau, "beta": beta}


def _rewiring(projection: Projection, rule: Rewiring, where: str) -> tuple[np.ndarray, dict[str, float]]:
    low, high = projection.limits
    below = plain(rule.below, projection.unit, f"below of {where}")
    if not isinstance(below, float) or math.isnan(below):
        raise ParameterError(f"below of {where}: expected one number, got {rule.below!r}")
    weight = one_number(rule.weight, projection.unit, f"weight of {where}")
    probability = one_number(rule.probability, "1", f"probability of {where}", above=0.0, most=1.0)
    flag(rule.multapses, f"multapses of {where}")
    if not low <= weight <= high:
        raise ParameterError(f"weight of {where}: expected {low:g} to {high:g}, its W_min and W_max, got {weight:g}")
    return np.zeros(0), {"below": below, "weight": weight, "probability": probability}


def _values(given: Any, unit: str, size: int, what: str) -> np.ndarray:
    values = np.asarray(plain(given, unit, what))
    if values.shape not in ((), (size,)):
        raise DescriptionError(f"{what}: expected one number or {size}, one per neuron, got shape {values.shape}")
    if not np.all(np.isfinite(values)):
        raise ParameterError(f"{what}: expected finite numbers, got {given!r}")
    return np.broadcast_to(values, size).astype(np.float64)


_CHECKS: Mapping[type, Callable[[Projection, Any, str], tuple[np.ndarray, dict[str, float]]]] = {
    Normalisation: _normalisation,
    SynapticScaling: _scaling,
    Rewiring: _rewiring,
}
"""Kind of homeostasis -> function that checks it and returns the values and numbers of a Homeostasis."""
