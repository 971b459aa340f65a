"""A run of the exact engine, event by event, forwards and backwards in time: EventProp.

Wunderlich & Pehle 2021, Sci. Rep. 11:12829. The engine gives the spikes. All events of each neuron (arrivals, spikes,
ends of refractoriness, currents that change) are gone through once more with the closed form of its model, and then
back, from the last to the first, with its derivatives (spikelearn.codegen.derivative).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from spikelearn.backends.exact.backend import ExactBackend
from spikelearn.codegen.modules import kernel_of
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.recording import Recording
from spikelearn.engine.plan import Call, call_table
from spikelearn.errors import DescriptionError
from spikelearn.kernels import event_tape
from spikelearn.kernels.event_tape import ARRIVAL, CURRENT, END, RELEASE, SPIKE
from spikelearn.learning.event_cells import EventCells
from spikelearn.results.run import Spikes, Synapses
from spikelearn.results.sink import MemorySink, RunHeader
from spikelearn.sources import NoiseCurrent, PoissonInput


class EventAdjoint:
    """What happened in `duration` ms from time 0, and the way back. Raises DescriptionError for what is not supported.

    spikes: population -> its spikes, in order of time. synapses: of each projection. by_time: population -> the
    derivatives of a loss by the times of its spikes; by_weight, by_delay: by those of synapses; after `backward`.
    """

    def __init__(self, description: NetworkDescription, n_steps: int, duration: float) -> None:
        _check(description)
        d = replace(description, recordings=[_of_all_spikes(p) for p in description.populations])
        self.duration = duration
        backend, sink = ExactBackend(d), MemorySink()
        initial = {p: (_copied(n.state), n.until.copy()) for p, n in backend.plan.neurons.items()}
        sink.begin(RunHeader(d.dt, 0.0, d.seed, {}, {}, tuple((p.name, "spike") for p in d.populations)))
        if backend.advance(n_steps, sink, progress=False)[0]:
            raise KeyboardInterrupt
        spikes = sink.spike_data()
        self.spikes = {p: spikes[p.name, "spike"] for p in d.populations}
        self.synapses = {p: backend.synapses(p)() for p in d.projections}
        self._first_spike = _starts(d.populations, [len(self.spikes[p].times) for p in d.populations])
        self._first_synapse = _starts(d.projections, [len(self.synapses[p].pre) for p in d.projections])
        n_synapses = sum(len(each.pre) for each in self.synapses.values())
        self._by = {"by_time": np.zeros(sum(len(each.times) for each in self.spikes.values()))}
        self._by |= {name: np.zeros(n_synapses) for name in ("by_weight", "by_delay")}
        self._cells: dict[Population, EventCells] = {}
        for population, (start, until) in initial.items():
            events = self._events_of(population, d, until).in_order()
            self._cells[population] = EventCells(population, events, start, until, d.dt, self._by)
        self._order = _in_order(list(self._cells.values()))

    def __contains__(self, population: object) -> bool:
        return population in self.spikes

    def watched(self, population: Population, how: str, variable: str) -> np.ndarray:
        """The maximum or the integral of a state variable of each neuron of a population, (size,)."""
        return self._cells[population].watched(how, variable)

    def variables(self, population: Population) -> Sequence[str]:
        """Its state variables; none of a source."""
        return self._cells[population].state if population in self._cells else ()

    def backward(self, by: Mapping[Any, np.ndarray]) -> None:
        """Take derivatives back. by: (population, "spike"), or (population, how, variable) -> the derivatives by it."""
        for array in self._by.values():
            array[:] = 0.0
        for cells in self._cells.values():
            cells.begin_backward()
        for (population, *what), values in by.items():
            if what == ["spike"]:
                self.by_time(population)[:] += values
            else:
                self._cells[population].look_back(what[0], what[1], values)
        calls = [cells.adjoint_call() for cells in self._cells.values()]
        addresses, arguments = call_table(calls)
        population, number = self._order
        sweep = Call(
            "events backwards", kernel_of(event_tape.sweep_back), population=population, number=number,
            addresses=addresses, arguments=arguments,
        )  # fmt: skip
        with np.errstate(all="ignore"):
            sweep(0)
        for cells in self._cells.values():
            cells.check()

    def by_time(self, population: Population) -> np.ndarray:
        first = self._first_spike[population]
        return self._by["by_time"][first : first + len(self.spikes[population].times)]

    def by_weight(self, projection: Projection) -> np.ndarray:
        return self._by["by_weight"][self._of(projection)]

    def by_delay(self, projection: Projection) -> np.ndarray:
        return self._by["by_delay"][self._of(projection)]

    def by_initial(self, population: Population) -> dict[str, np.ndarray]:
        """State variable -> the derivatives by it at time 0, (size,)."""
        return self._cells[population].adjoint if population in self._cells else {}

    def _of(self, projection: Projection) -> slice:
        first = self._first_synapse[projection]
        return slice(first, first + len(self.synapses[projection].pre))

    def _events_of(self, population: Population, d: NetworkDescription, until: np.ndarray) -> _Events:
        """until: ms, the end of a refractory period that neurons begin with."""
        events, model = _Events(), population.model.model
        ports, currents = list(model.ports), list(model.currents)
        for projection in d.projections:
            if projection.target is population:
                synapses, sent = self.synapses[projection], self.spikes[projection.source]
                spike, synapse = _deliveries(synapses, sent, projection.source.size)
                time = sent.times[spike] + synapses.delay[synapse]
                there = time <= self.duration
                spike, synapse, time = spike[there], synapse[there], time[there]
                events.add(
                    ARRIVAL, time, synapses.post[synapse], port=ports.index(projection.port),
                    change=synapses.weight[synapse], origin=spike + self._first_spike[projection.source],
                    synapse=synapse + self._first_synapse[projection],
                )  # fmt: skip
        for drive in d.drives:
            if drive.target is population:
                values = np.broadcast_to(drive.source.values, (len(drive.source.times), drive.size))
                changes = np.diff(values, axis=0, prepend=0.0)
                row, column = np.nonzero(changes)
                there = drive.source.times[row] <= self.duration
                row, column = row[there], column[there]
                events.add(
                    CURRENT, drive.source.times[row], drive.first + column, port=currents.index(drive.port),
                    change=changes[row, column],
                )  # fmt: skip
        own = self.spikes[population]
        number = np.arange(len(own.times)) + self._first_spike[population]
        events.add(SPIKE, own.times, own.ids, spike=number)
        if model.closed_form.hold is not None:
            t_ref = np.broadcast_to(np.asarray(population.model.parameters.t_ref, np.float64), population.size)
            ends = own.times + t_ref[own.ids]
            there = (ends <= self.duration) & (ends > own.times)
            events.add(RELEASE, ends[there], own.ids[there], origin=number[there])
            ids = np.flatnonzero((until > 0.0) & (until <= self.duration))
            events.add(RELEASE, until[ids], ids)
        events.add(END, np.full(population.size, self.duration), np.arange(population.size))
        return events


class _Events:
    """Events of a population, gathered in parts, then in order of time."""

    def __init__(self) -> None:
        self._parts: list[dict[str, np.ndarray]] = []

    def add(self, kind: int, time: np.ndarray, neuron: np.ndarray, **more: Any) -> None:
        n = len(time)
        part = {"port": 0, "change": 0.0, "origin": -1, "spike": -1, "synapse": -1} | more
        self._parts.append({"kind": np.full(n, kind), "time": time, "neuron": neuron} | {
            name: np.broadcast_to(np.asarray(value), n) for name, value in part.items()
        })  # fmt: skip

    def in_order(self) -> dict[str, np.ndarray]:
        """Arrays by name. Of those at one time, arrivals come first, the end last. before: of the same neuron."""
        found = {name: np.concatenate([part[name] for part in self._parts]) for name in self._parts[0]}
        order = np.lexsort((found["kind"], found["time"]))
        kinds = {"time": np.float64, "change": np.float64}
        found = {name: array[order].astype(kinds.get(name, np.int64)) for name, array in found.items()}
        by_neuron = np.argsort(found["neuron"], kind="stable")
        same = np.diff(found["neuron"][by_neuron]) == 0
        found["before"] = np.full(len(order), -1)
        found["before"][by_neuron[1:][same]] = by_neuron[:-1][same]
        return found


def _check(d: NetworkDescription) -> None:
    """Raise DescriptionError for what the exact engine runs, but cannot be differentiated."""
    for drive in d.drives:
        if isinstance(drive.source, PoissonInput | NoiseCurrent):
            raise DescriptionError(
                f"event_gradient: drive of {drive.target.name!r}: {type(drive.source).__name__} is random and leaves "
                "no record; a population of Poisson neurons, or a SpikeList, gives spikes that are known"
            )
    for projection in d.projections:
        if projection.synapse is not None:
            raise DescriptionError(
                f"event_gradient: projection {projection.name!r}: synapses with a state are not supported, got "
                f"{projection.synapse.model.name}"
            )


def _copied(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: array.copy() for name, array in arrays.items()}


def _of_all_spikes(population: Population) -> Recording:
    return Recording(population, "spike", True, np.arange(population.size), 1, 0, "")


def _starts(parts: Sequence[Any], sizes: Sequence[int]) -> dict[Any, int]:
    """Where each part begins if they lie one after the other."""
    return dict(zip(parts, np.cumsum([0, *sizes[:-1]]).tolist(), strict=True)) if parts else {}


def _deliveries(synapses: Synapses, sent: Spikes, n_sources: int) -> tuple[np.ndarray, np.ndarray]:
    """(spike, synapse) of all that spikes of a source make arrive."""
    of_source = np.argsort(synapses.pre, kind="stable")
    counts = np.bincount(synapses.pre, minlength=n_sources)
    first, n = (np.cumsum(counts) - counts)[sent.ids], counts[sent.ids]
    spike = np.repeat(np.arange(len(sent.ids)), n)
    within = np.arange(len(spike)) - np.repeat(np.cumsum(n) - n, n)
    return spike, of_source[np.repeat(first, n) + within]


def _in_order(cells: Sequence[EventCells]) -> tuple[np.ndarray, np.ndarray]:
    """(population, number of the event in it) of all events, in order of time, as within each population."""
    n = [len(each.events["time"]) for each in cells]
    population = np.repeat(np.arange(len(cells)), n)
    number = np.concatenate([np.zeros(0, np.int64), *map(np.arange, n)])
    time, kind = (np.concatenate([np.zeros(0), *(each.events[name] for each in cells)]) for name in ("time", "kind"))
    order = np.lexsort((kind, time))
    return population[order], number[order]
