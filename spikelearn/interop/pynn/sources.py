"""The standard spike sources: given times, and random processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pyNN.errors import InvalidParameterValueError
from pyNN.standardmodels import cells

from spikelearn.errors import DescriptionError
from spikelearn.interop.pynn import simulator
from spikelearn.interop.pynn.cells import Cell, Values, whole_steps
from spikelearn.interop.pynn.source_models import CountedPoissonSource, GammaSource, PoissonSource, RefractorySource
from spikelearn.interop.pynn.thinning import ThinnedGamma
from spikelearn.interop.pynn.values import unchanged
from spikelearn.network import Network
from spikelearn.sources import SpikeList
from spikelearn.steps import times_of

if TYPE_CHECKING:
    from spikelearn.interop.pynn.populations import Population

__all__ = [
    "SpikeSourceArray", "SpikeSourceGamma", "SpikeSourceInhGamma", "SpikeSourcePoisson", "SpikeSourcePoissonRefractory",
]  # fmt: skip

_MOST_SHARE = 0.1
"""Spikes a step up to which a Poisson source has one spike a step at most."""

_MOST_EXPECTED = 500.0


class Source(Cell):
    """A random process that runs within the network."""

    variables, ports = {}, {}
    given = {"start": "start", "stop": lambda p: p["start"] + p["duration"]}

    def check(self, parameters: Values) -> None:
        for name in ("rate", "beta", "tau_refrac"):
            if np.any(parameters.get(name, np.zeros(1)) < 0):
                raise InvalidParameterValueError(
                    f"{name} of {type(self).__name__}: expected at least 0, got {np.min(parameters[name]):g}"
                )


class SpikeSourcePoisson(Source, cells.SpikeSourcePoisson):
    """Spike source, generating spikes according to a Poisson process.

    Up to 0.1 spikes a time step, each step has one spike at most, with a probability of rate times step. Beyond, a step
    has a Poisson number of spikes, if the rate is that high before the first run.
    """

    translations = unchanged(cells.SpikeSourcePoisson)
    given = {"rate": "rate", **Source.given}

    def of(self, population: Population) -> Any:
        own = self.own(population.parameters)
        most = _spikes_a_step(own)
        if most > _MOST_EXPECTED:
            raise InvalidParameterValueError(
                f"rate of SpikeSourcePoisson: expected {_MOST_EXPECTED:g} spikes a time step at most, got {most:g}"
            )
        population.counted = most > _MOST_SHARE
        return (CountedPoissonSource if population.counted else PoissonSource)(**own)

    def set(self, net: Network, neurons: Any, population: Population, changed: dict[str, Any]) -> None:
        most, limit = _spikes_a_step(changed), _MOST_EXPECTED if population.counted else _MOST_SHARE
        if most > limit:
            raise NotImplementedError(
                f"rate of SpikeSourcePoisson {population.label}: {most:g} spikes a time step; it can have {limit:g} at "
                "most now: give it the highest rate before the first run, or use a shorter time step"
            )
        net.set(neurons, **changed)


def _spikes_a_step(own: dict[str, Any]) -> float:
    return float(np.max(own.get("rate", 0.0))) * 1e-3 * simulator.state.dt


class SpikeSourcePoissonRefractory(Source, cells.SpikeSourcePoissonRefractory):
    """Spike source, generating spikes according to a Poisson process with dead time.

    rate is that of the spikes, with the dead time, which lasts for whole time steps. The first interval has none.
    """

    translations = unchanged(cells.SpikeSourcePoissonRefractory)
    given = {"rate": "rate", "t_ref": whole_steps("tau_refrac"), **Source.given}

    def of(self, population: Population) -> Any:
        own = self.own(population.parameters)
        self._check_rate(own)
        return RefractorySource(**own)

    def set(self, net: Network, neurons: Any, population: Population, changed: dict[str, Any]) -> None:
        self._check_rate(self.own(population.parameters))
        net.set(neurons, **changed)

    @staticmethod
    def _check_rate(own: dict[str, Any]) -> None:
        shortest = np.broadcast_to(np.asarray(own["t_ref"]) + simulator.state.dt, np.broadcast_shapes(
            np.shape(own["t_ref"]), np.shape(own["rate"]))) * 1e-3 * own["rate"]  # fmt: skip
        if np.any(shortest > 1.0 + 1e-9):
            raise InvalidParameterValueError(
                "rate of SpikeSourcePoissonRefractory: expected mean intervals of tau_refrac and one time step at least"
            )


class SpikeSourceGamma(Source, cells.SpikeSourceGamma):
    """Spike source, generating spikes according to a gamma process.

    The mean inter-spike interval is given by alpha/beta; alpha is a whole number. The first interval begins at `start`.
    A source that would fire more often than once a time step fires in the steps that follow.
    """

    translations = unchanged(cells.SpikeSourceGamma)
    given = {"alpha": "alpha", "beta": "beta", **Source.given}

    def of(self, population: Population) -> Any:
        return GammaSource(**self.own(population.parameters))

    def check(self, parameters: Values) -> None:
        super().check(parameters)
        alpha = parameters.get("alpha", np.ones(1))
        if np.any(alpha < 1) or np.any(alpha != np.floor(alpha)):
            raise InvalidParameterValueError(
                f"alpha of SpikeSourceGamma: expected whole numbers from 1 on, got {alpha}; SpikeSourceInhGamma takes "
                "others"
            )


class Listed(Cell):
    """A source whose spikes are known before a run."""

    variables, ports = {}, {}
    listed = True

    def of(self, population: Population) -> Any:
        own = self.own(population.parameters)
        if simulator.state.exact:
            population.counted = False
            return SpikeList(own["times"], own["ids"])
        found = in_steps(own["times"], own["ids"])
        population.counted = bool(np.any(found["counts"] > 1))
        return SpikeList(**_spike_list(found, population.counted))

    def own(self, parameters: Values) -> dict[str, Any]:
        """times in ms, as they were given, and ids of all spikes."""
        raise NotImplementedError

    def emitted(self, population: Population, own: dict[str, Any], first: int, last: int) -> Any:
        """Times and indices of the spikes from after step `first`, or from 0 ms on, up to step `last`."""
        steps = _steps(own["times"])
        keep = ((steps > first) | ((steps == 0) & (first == 0))) & (steps <= last)
        return own["times"][keep], own["ids"][keep]

    def set(self, net: Network, neurons: Any, population: Population, changed: dict[str, Any]) -> None:
        own = self.own(population.parameters)
        left = _steps(own["times"]) > simulator.state.step
        set_spikes(net, neurons, population, own["times"][left], own["ids"][left])


def _steps(times: np.ndarray) -> np.ndarray:
    """The steps in which these times, in ms, fall: a step has that of its end, but not that of its beginning."""
    return np.ceil(times / simulator.state.dt - 1e-6).astype(np.int64)


def in_steps(times: np.ndarray, ids: np.ndarray) -> dict[str, np.ndarray]:
    """The steps and neurons at which there are spikes, and how many there are at each."""
    found, counts = np.unique(np.stack([_steps(times), ids]), axis=1, return_counts=True)
    return {"steps": found[0], "ids": found[1], "counts": counts}


def _spike_list(found: dict[str, np.ndarray], counted: bool) -> dict[str, Any]:
    values = {"values": {"count": found["counts"].astype(float)}} if counted else {}
    return {"times": times_of(found["steps"], simulator.state.dt), "ids": found["ids"]} | values


def set_spikes(net: Network, neurons: Any, population: Population, times: np.ndarray, ids: np.ndarray) -> None:
    """Let a population of a network have these spikes from now on."""
    found = in_steps(times, ids)
    if not population.counted and np.any(found["counts"] > 1):
        raise NotImplementedError(
            f"{population.label}: two spikes of a neuron in one time step, which a source that begins without such "
            "cannot have: use a shorter time step, or let it begin with some"
        )
    net.set(neurons, **_spike_list(found, population.counted))


class SpikeSourceArray(Listed, cells.SpikeSourceArray):
    """Spike source generating spikes at the times given in the spike_times array.

    A time that is no multiple of the time step belongs to the step in which it falls, and counts as that of its end;
    recorded times are those that were given. Times that are set during a simulation replace those that are left; those
    before the current time have no effect.
    """

    translations = unchanged(cells.SpikeSourceArray)

    def own(self, parameters: Values) -> dict[str, Any]:
        each = [np.asarray(times.value, float) for times in parameters["spike_times"]]
        times = np.concatenate([*each, np.zeros(0)])
        return {"times": times, "ids": np.repeat(np.arange(len(each)), [len(times) for times in each])}

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


def apart(times: np.ndarray, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Spikes at the ends of their steps, in the order of neurons and times; the second of a neuron in one time step is
    in the next.
    """
    order = np.lexsort((times, ids))
    steps, ids = _steps(times[order]), ids[order]
    for one in np.unique(ids[1:][(np.diff(ids) == 0) & (np.diff(steps) == 0)]):
        own = np.flatnonzero(ids == one)
        steps[own] = np.maximum.accumulate(steps[own] - np.arange(len(own))) + np.arange(len(own))
    return np.asarray(times_of(steps, simulator.state.dt)), ids


class SpikeSourceInhGamma(Listed, cells.SpikeSourceInhGamma):
    """Spike source, generating realizations of an inhomogeneous gamma process, employing the thinning method.

    a (no unit, at least 1) and b (s) are the shape and the scale of the distribution of intervals from the times tbins
    (ms) on. Its spikes are made before each run. The first interval begins at `start`. A spike that would be the second
    of a neuron in one time step comes in the next.
    """

    translations = unchanged(cells.SpikeSourceInhGamma)

    def own(self, parameters: Values) -> dict[str, Any]:
        return {name: parameters[name] for name in ("a", "b", "tbins", "start", "duration")}

    def of(self, population: Population) -> Any:
        state = simulator.state
        if state.exact:
            raise DescriptionError(f"{population.label}: SpikeSourceInhGamma makes its spikes from run to run")
        number = state.populations.index(population)
        population.process = ThinnedGamma((state.seed, state.segment_counter, number, 7), population.size)
        population.made = np.zeros(0), np.zeros(0, np.int64)
        population.counted = False
        return SpikeList([], [])

    def before_run(self, net: Network, neurons: Any, population: Population, last: int) -> None:
        """Make its spikes up to a step."""
        p, state = population.parameters, simulator.state
        bins, a, b = ([np.asarray(each.value, float) for each in p[name]] for name in ("tbins", "a", "b"))
        left = _steps(population.made[0]) > state.step
        times, ids = population.process.until(
            state.t, float(times_of(last, state.dt)), bins, a, [1e3 * each for each in b], p["start"],
            p["start"] + p["duration"],
        )  # fmt: skip
        times, ids = (
            np.concatenate([kept[left], new]) for kept, new in zip(population.made, (times, ids), strict=True)
        )
        population.made = apart(times, ids)
        set_spikes(net, neurons, population, *population.made)

    def emitted(self, population: Population, own: dict[str, Any], first: int, last: int) -> Any:
        times, ids = population.made
        keep = _steps(times) <= last
        return times[keep], ids[keep]

    def set(self, net: Network, neurons: Any, population: Population, changed: dict[str, Any]) -> None:
        population.process.forget_candidates()

    def check(self, parameters: Values) -> None:
        if not {"a", "b", "tbins"} <= set(parameters):
            return
        for each in zip(parameters["a"], parameters["b"], parameters["tbins"], strict=True):
            a, b, bins = (np.asarray(sequence.value, float) for sequence in each)
            if not len(a) == len(b) == len(bins) or not len(a) or np.any(np.diff(bins) <= 0):
                raise InvalidParameterValueError(
                    "SpikeSourceInhGamma: expected as many values of a and b as of tbins, which ascend, got "
                    f"{len(a)}, {len(b)} and {len(bins)}"
                )
            if np.any(a < 1) or np.any(b <= 0):
                raise InvalidParameterValueError("SpikeSourceInhGamma: expected a of at least 1 and b of more than 0")
