"""Random processes as neurons without inputs, so that all their parameters can be set for some of them at any time.

Each is active in the steps that begin at `start` or later and before `stop`; a spike belongs to the step in which it
falls.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons import NeuronModel
from spikelearn.units import Hz, duration, ms, number

_NEVER = 1e10


class PoissonParameters(NamedTuple):
    rate: Annotated[Hz, "mean rate"] = 1.0
    start: Annotated[ms, "when it begins"] = 0.0
    stop: Annotated[ms, "when it ends"] = _NEVER


class RefractoryParameters(NamedTuple):
    rate: Annotated[Hz, "mean rate"] = 1.0
    t_ref: Annotated[duration, "time after a spike in which there is no other"] = 0.0
    start: Annotated[ms, "when it begins"] = 0.0
    stop: Annotated[ms, "when it ends"] = _NEVER


class GammaParameters(NamedTuple):
    beta: Annotated[Hz, "rate of the stages of an interval"] = 1.0
    alpha: Annotated[number, "stages of an interval"] = 2.0
    start: Annotated[ms, "when it begins"] = 0.0
    stop: Annotated[ms, "when it ends"] = _NEVER


def _window(p: Any, dt: float) -> dict[str, Any]:
    return {"start": p.start - 0.5 * dt, "stop": p.stop - 0.5 * dt}


def _refractory_constants(p: RefractoryParameters, dt: float) -> dict[str, Any]:
    """A step after the silent ones has a spike with a chance that makes the mean interval 1 / rate."""
    n_ref = np.rint(np.asarray(p.t_ref) / dt) + 0.0
    per_step = np.asarray(p.rate) * 1e-3 * dt
    return {"chance": per_step / (1.0 - n_ref * per_step), "n_ref": n_ref, **_window(p, dt)}


@scalar
def _poisson_step(fired, uniform, t, expected, start, stop):  # type: ignore[no-untyped-def]
    return 0.0, np.uint8((uniform < expected) & (t > start) & (t < stop))


@scalar
def poisson_number(uniform, expected):  # type: ignore[no-untyped-def]
    """A Poisson number with a mean of up to 500, by inversion."""
    count = 0.0
    probability = math.exp(-expected)
    total = probability
    most = expected + 40.0 * math.sqrt(expected) + 40.0
    while uniform > total and count < most:
        count += 1.0
        probability *= expected / count
        total += probability
    return count


@scalar
def _counted_step(count, uniform, t, expected, start, stop):  # type: ignore[no-untyped-def]
    count = poisson_number(uniform, expected) if (t > start) & (t < stop) else 0.0
    return count, np.uint8(count > 0.0)


@scalar
def _refractory_step(left, uniform, t, chance, n_ref, start, stop):  # type: ignore[no-untyped-def]
    fires = (uniform < chance) & (left <= 0.0) & (t > start) & (t < stop)
    left = n_ref if fires else max(left - 1.0, 0.0)
    return left, np.uint8(fires)


@scalar
def _gamma_step(left, uniform, t, expected, alpha, start, stop):  # type: ignore[no-untyped-def]
    """left: the stages of the current interval that have not passed."""
    active = (t > start) & (t < stop)
    left = left - poisson_number(uniform, expected) if active else left
    fires = active & (left <= 0.0)
    left = left + alpha if fires else left
    return left, np.uint8(fires)


_COMMON: dict[str, Any] = {"ports": {}, "random": ("uniform",), "reads": ("t",)}

PoissonSource = NeuronModel(
    "PoissonSource",
    PoissonParameters,
    lambda p, dt: {"expected": np.asarray(p.rate) * 1e-3 * dt, **_window(p, dt)},
    _poisson_step,
    state={"fired": "1"},
    initial=lambda p: {},
    **_COMMON,
)

CountedPoissonSource = NeuronModel(
    "CountedPoissonSource",
    PoissonParameters,
    lambda p, dt: {"expected": np.asarray(p.rate) * 1e-3 * dt, **_window(p, dt)},
    _counted_step,
    state={"count": "1"},
    initial=lambda p: {},
    **_COMMON,
)

RefractorySource = NeuronModel(
    "RefractorySource",
    RefractoryParameters,
    _refractory_constants,
    _refractory_step,
    state={"left": "1"},
    initial=lambda p: {},
    **_COMMON,
)

GammaSource = NeuronModel(
    "GammaSource",
    GammaParameters,
    lambda p, dt: {"expected": np.asarray(p.beta) * 1e-3 * dt, "alpha": p.alpha, **_window(p, dt)},
    _gamma_step,
    state={"left": "1"},
    initial=lambda p: {"left": p.alpha},
    **_COMMON,
)
