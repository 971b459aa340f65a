"""The standard spike sources: given times, and random processes that run within the network.

A source is active in the steps that begin at `start` or later and before start + duration; its spikes are stamped with
the ends of steps.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
from pyNN.errors import InvalidParameterValueError
from pyNN.standardmodels import cells

from spikelearn.codegen.jit import scalar
from spikelearn.interop.pynn import simulator
from spikelearn.interop.pynn.cells import Cell, Values, unchanged
from spikelearn.network import Network
from spikelearn.neurons import NeuronModel
from spikelearn.sources import SpikeList
from spikelearn.steps import times_of
from spikelearn.units import Hz, ms

__all__ = ["SpikeSourceArray", "SpikeSourcePoisson"]

_MOST_SHARE = 0.1
"""Spikes a step up to which a Poisson source has one spike a step at most."""


class _PoissonParameters(NamedTuple):
    rate: Annotated[Hz, "mean rate"] = 1.0
    start: Annotated[ms, "when it begins"] = 0.0
    stop: Annotated[ms, "when it ends"] = 1e10


def _poisson_constants(p: _PoissonParameters, dt: float) -> dict[str, Any]:
    return {"expected": np.asarray(p.rate) * 1e-3 * dt, "start": p.start - 0.5 * dt, "stop": p.stop - 0.5 * dt}


@scalar
def poisson_step(fired, uniform, t, expected, start, stop):  # type: ignore[no-untyped-def]
    fires = (uniform < expected) & (t > start) & (t < stop)
    return 0.0, np.uint8(fires)


@scalar
def poisson_count(uniform, expected):  # type: ignore[no-untyped-def]
    """A Poisson number, by inversion."""
    count = 0.0
    probability = np.exp(-expected)
    total = probability
    while uniform > total and probability > 1e-20:
        count += 1.0
        probability *= expected / count
        total += probability
    return count


@scalar
def counted_poisson_step(count, uniform, t, expected, start, stop):  # type: ignore[no-untyped-def]
    active = (t > start) & (t < stop)
    count = poisson_count(uniform, expected) if active else 0.0
    return count, np.uint8(count > 0.0)


_MODEL: dict[str, Any] = {"ports": {}, "random": ("uniform",), "reads": ("t",), "initial": lambda p: {}}

PoissonSource = NeuronModel(
    "PoissonSource", _PoissonParameters, _poisson_constants, poisson_step, state={"fired": "1"}, **_MODEL
)
CountedPoissonSource = NeuronModel(
    "CountedPoissonSource", _PoissonParameters, _poisson_constants, counted_poisson_step, state={"count": "1"}, **_MODEL
)


class Source(Cell):
    """A random process. begins, ends: parameters of all."""

    variables, ports = {}, {}
    given = {"start": "start", "stop": lambda p: p["start"] + p["duration"]}


class SpikeSourcePoisson(Source, cells.SpikeSourcePoisson):
    """Spike source, generating spikes according to a Poisson process.

    Up to 0.1 spikes a time step, each step has one spike at most, with a probability of rate times step. Beyond, a step
    has a Poisson number of spikes, if the rate is that high before the first run.
    """

    translations = unchanged(cells.SpikeSourcePoisson)
    given = {"rate": "rate", **Source.given}

    def of(self, parameters: Values) -> Any:
        self.counted = self._most(parameters) > _MOST_SHARE
        return (CountedPoissonSource if self.counted else PoissonSource)(**self.own(parameters))

    def set(self, net: Network, neurons: Any, own: dict[str, Any], changed: dict[str, Any], now: float) -> None:
        most = float(np.max(own["rate"])) * 1e-3 * simulator.state.dt
        if not self.counted and most > _MOST_SHARE:
            raise NotImplementedError(
                f"rate of SpikeSourcePoisson: {most:g} spikes a time step; a source that begins with less can have "
                f"{_MOST_SHARE:g} at most: give it the highest rate before the first run, or use a shorter time step"
            )
        net.set(neurons, **changed)

    def check(self, parameters: Values) -> None:
        if "rate" in parameters and np.any(parameters["rate"] < 0):
            raise InvalidParameterValueError(f"rate: expected at least 0 Hz, got {np.min(parameters['rate']):g}")

    @staticmethod
    def _most(parameters: Values) -> float:
        return float(np.max(parameters["rate"])) * 1e-3 * simulator.state.dt


class SpikeSourceArray(Cell, cells.SpikeSourceArray):
    """Spike source generating spikes at the times given in the spike_times array.

    A time that is no multiple of the time step belongs to the step in which it falls, and counts as that of its end;
    recorded times are those that were given. Times that are set during a simulation replace those that are left; those
    before the current time have no effect.
    """

    translations = unchanged(cells.SpikeSourceArray)
    variables, ports = {}, {}
    listed = True

    def own(self, parameters: Values) -> dict[str, Any]:
        """The steps and neurons of all spikes, how many there are at each, and all times as they were given."""
        dt, each = simulator.state.dt, [np.asarray(times.value, float) for times in parameters["spike_times"]]
        times = np.concatenate([*each, np.zeros(0)])
        ids = np.repeat(np.arange(len(each)), [len(times) for times in each])
        steps = np.ceil(times / dt - 1e-6).astype(np.int64)
        order = np.lexsort((ids, steps))
        found, counts = np.unique(np.stack([steps, ids])[:, order], axis=1, return_counts=True)
        return {"steps": found[0], "ids": found[1], "counts": counts, "given": (steps, ids, times)}

    def of(self, parameters: Values) -> SpikeList:
        own = self.own(parameters)
        self.counted = bool(np.any(own["counts"] > 1))
        return SpikeList(**self._listed(own))

    def set(self, net: Network, neurons: Any, own: dict[str, Any], changed: dict[str, Any], now: float) -> None:
        left = own["steps"] > simulator.state.step
        own = {name: values[left] for name, values in own.items() if name != "given"}
        if not self.counted and np.any(own["counts"] > 1):
            raise NotImplementedError(
                "spike_times of SpikeSourceArray: two spikes of a neuron in one time step, which a source that begins "
                "without such cannot have: use a shorter time step, or give some before the first run"
            )
        net.set(neurons, **self._listed(own))

    def _listed(self, own: dict[str, Any]) -> dict[str, Any]:
        found = {"times": times_of(own["steps"], simulator.state.dt), "ids": own["ids"]}
        return found | ({"values": {"count": own["counts"].astype(float)}} if self.counted else {})

    def check(self, parameters: Values) -> None:
        for k, times in enumerate(parameters.get("spike_times", ())):
            values = np.asarray(times.value, float)
            if np.any(np.diff(values) < 0):
                raise InvalidParameterValueError(
                    f"Spike times given to SpikeSourceArray must be in increasing order; those of neuron {k} are not"
                )
            if len(values) and not (np.all(np.isfinite(values)) and values[0] >= 0):
                raise InvalidParameterValueError(
                    f"spike_times of SpikeSourceArray: expected finite times from 0 ms on, got {values[0]}"
                )
