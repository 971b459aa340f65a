"""A network on NEST: NEST's global kernel, simulated piece by piece, and its recordings.

NEST's clock is `lead` steps ahead of the network's: arrivals in step 1 would have to be emitted in step 0, which NEST
does not have. Neurons stay at rest during these steps and are then set to their initial state.
"""

from __future__ import annotations

import hashlib
import math
import os
import sys
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from spikelearn.backends.nest import sources as nest_sources
from spikelearn.backends.nest.neurons import (
    check_neurons,
    check_sign,
    constant_currents,
    is_neuron,
    mapping_of,
    neuron_parameters,
    put,
    settings,
    starting_values,
)
from spikelearn.backends.nest.ranks import Ranks
from spikelearn.backends.nest.synapses import NestSynapses, settling_time
from spikelearn.backends.options import NEST
from spikelearn.backends.presampled import Driven, SourceSpikes, initial_state
from spikelearn.backends.simulator import SimulatorBackend
from spikelearn.backends.unsupported import unsupported
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.recording import Recording
from spikelearn.errors import DescriptionError, SimulationError
from spikelearn.neurons import Parrot
from spikelearn.results.run import Synapses
from spikelearn.sources import PoissonInput

_MOST_NUMBERS = 20_000_000
"""How many values of drives are generated before they are passed on."""


def import_nest() -> Any:
    """The nest module, imported without its banner, which goes to file descriptor 1 on first import."""
    if sys.modules.get("nest") is not None:
        return sys.modules["nest"]
    sys.stdout.flush()
    standard_output = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        import nest
    except ImportError as error:
        raise DescriptionError(
            'engine="nest" needs NEST, which is not installed: pip install nest-simulator'
        ) from error
    finally:
        sys.stdout.flush()
        os.dup2(standard_output, 1)
        os.close(standard_output)
        os.close(nowhere)
    return nest


class OnNEST:
    """A network in NEST's kernel. A process has only one kernel, so building another network in it ends this one.

    Under MPI all processes describe the same network, each holds its part of it in NEST, and all have all recordings.
    """

    _used: ClassVar[bool] = False
    """Whether NEST has held a network in this process."""

    def __init__(self, description: NetworkDescription, options: NEST) -> None:
        check_neurons(description)
        self._d, self._options, self._step = description, options, 0
        self._nest = nest = import_nest()
        self._ranks = Ranks(nest)
        self._threads = self._ranks.threads(options.threads, options.virtual_processes)
        self._ranks.check_alike(_summary(description), "the network")
        with self._ranks.together("building the network"):
            self._make()

    def _make(self) -> None:
        nest, description = self._nest, self._d
        nest.verbosity = nest.VerbosityLevel.ERROR
        used, OnNEST._used = OnNEST._used or nest.biological_time > 0.0, True
        nest.ResetKernel()
        nest.verbosity = nest.VerbosityLevel.ERROR
        if used and self._ranks.number > 1:
            # NEST 3.10 crashes or delivers spikes to others in the second network of a process (docs/design/engine.md).
            nest.use_compressed_spikes = False
        nest.local_num_threads = self._threads
        nest.resolution = description.dt
        nest.rng_seed = description.seed % ((1 << 32) - 2) + 1
        self._kernel = f"spikelearn_{uuid.uuid4().hex}"
        nest.CopyModel("static_synapse", self._kernel)
        try:
            self._build()
        except nest.NESTError as error:
            raise DescriptionError(f"NEST rejected the network: {error}") from error

    @property
    def versions(self) -> Mapping[str, str]:
        processes = self._ranks.number
        how = f"{self._threads} threads" + (f", {processes} MPI processes" if processes > 1 else "")
        return {"nest": str(self._nest.build_info["version"]), "nest_run": how}

    def advance(self, step: int) -> None:
        self._ranks.check_alike(step, "the step to which to run")
        with self._ranks.together("simulating"):
            self._check_kernel()
            while self._step < step:
                until = min(step, self._step + self._at_once)
                self._feed(until)
                self._simulate(until)
        self._check_parrots()

    def collect(self, step: int) -> None:
        """A multimeter delivers the sample of a step one step later."""
        if self._meters:
            self.advance(step + 1)

    def spikes(self, recording: Recording, step: int) -> tuple[np.ndarray, np.ndarray]:
        steps, ids = self._emitted(recording.of)
        keep = (steps > self._not_given(recording, step)) & (steps <= step) & np.isin(ids, recording.ids)
        return steps[keep], ids[keep]

    def samples(self, recording: Recording, step: int) -> tuple[np.ndarray, np.ndarray]:
        variable = mapping_of(recording.of).variables[recording.variable]
        events = self._events(self._meters[recording], variable.removeprefix("-"))
        steps = np.round(events["times"] / self._d.dt).astype(np.int64) - self._lead
        columns = np.searchsorted(recording.ids, events["senders"] - self._nodes[recording.of][0].global_id)
        first = self._not_given(recording, step)
        at = np.arange(first + 1, step + 1)
        at = at[at % recording.every == 0]
        keep = (steps > first) & (steps <= step)
        values = np.full((len(at), len(recording.ids)), np.nan)
        found = events[variable.removeprefix("-")][keep]
        values[np.searchsorted(at, steps[keep]), columns[keep]] = -found if variable.startswith("-") else found
        return at, values

    def count(self, projection: Projection) -> int | None:
        return self._synapses.count(projection)

    def synapses(self, projection: Projection) -> Synapses:
        self._check_kernel()
        return self._synapses.read(projection, self._nodes)

    def _build(self) -> None:
        nest, d = self._nest, self._d
        native = self._options.native_sources
        replayed = [drive for drive in d.drives if not native or not nest_sources.is_native(drive.source)]
        arriving = any(isinstance(drive.source, PoissonInput) for drive in replayed)
        self._lead = max(1 if arriving or d.releases else 0, math.ceil(settling_time(d) / d.dt))
        self._synapses = NestSynapses(nest, d, self._options.native_rules, self._lead, self._ranks)
        self._nodes: dict[Population, Any] = {}
        for population in d.populations:
            if is_neuron(population):
                parameters = neuron_parameters(population, d.dt) | self._synapses.of_target(population)
                given = settings(population, parameters)
                self._nodes[population] = nest.Create(mapping_of(population).model, population.size)
                put(self._nodes[population], given)
            else:
                self._nodes[population] = nest_sources.create_source(nest, population, d, self._lead, native)
        self._synapses.connect(self._nodes)
        delay = self._synapses.shortest_delay
        for drive in d.drives:
            if drive not in replayed:
                there = self._nodes[drive.target]
                nest_sources.connect_native_drive(nest, drive, there, d, self._lead, delay)
        self._prepare_feeding(replayed)
        self._add_recorders(delay)
        self._begin()

    def _prepare_feeding(self, replayed: list[Any]) -> None:
        nest, d, native = self._nest, self._d, self._options.native_sources
        sources = [p for p in d.populations if not is_neuron(p)]
        sources = [p for p in sources if not native or not nest_sources.is_native(p.model)]
        self._sources = SourceSpikes(d, sources) if sources else None
        self._driven = Driven(d, replayed) if replayed else None
        self._at_once = max(1, _MOST_NUMBERS // self._driven.size) if self._driven is not None else 1 << 40
        arrivals = self._driven.arrivals if self._driven is not None else []
        self._generators = {
            (p, port): nest_sources.connect_generators(nest, p, port, self._nodes[p], d.dt) for p, port in arrivals
        }
        currents = self._driven.currents if self._driven is not None else []
        self._constant = {p: constant_currents(p, d.dt) for p in dict.fromkeys(p for p, _ in currents)}
        self._felt = {key: np.zeros(key[0].size) for key in currents}
        self._changes: list[tuple[int, tuple[Population, str], np.ndarray]] = []

    def _add_recorders(self, delay: int) -> None:
        nest, d = self._nest, self._d
        self._recorders: dict[Population, Any] = {}
        self._meters: dict[Recording, Any] = {}
        self._given: dict[Recording, int] = {}
        for population, nodes in self._nodes.items():
            recorded = [recording.ids for recording in d.recordings if recording.events and recording.of is population]
            if not recorded and not _repeats(population):
                continue
            # Only those that are asked for: a neuron with a recorder takes 32 KB in NEST.
            ids = np.arange(population.size) if _repeats(population) else np.unique(np.concatenate(recorded))
            self._recorders[population] = nest.Create("spike_recorder")
            if len(ids):
                nest.Connect(nodes[ids.tolist()], self._recorders[population], syn_spec={"delay": delay * d.dt})
        for recording in d.recordings:
            if recording.events or not isinstance(recording.of, Population):
                continue
            self._meters[recording] = nest.Create(
                "multimeter",
                params={
                    "record_from": [mapping_of(recording.of).variables[recording.variable].removeprefix("-")],
                    "interval": recording.every * d.dt,
                    "offset": self._lead * d.dt,
                },
            )
            nodes = self._nodes[recording.of][recording.ids.tolist()]
            nest.Connect(self._meters[recording], nodes, syn_spec={"delay": d.dt})

    def _begin(self) -> None:
        """Simulate the lead steps, then set all neurons to their initial state."""
        d, start = self._d, initial_state(self._d)
        neurons = [p for p in self._nodes if is_neuron(p)]
        if self._lead:
            for population in neurons:
                silent = dict.fromkeys(mapping_of(population).currents.values(), 0.0)
                put(self._nodes[population], silent | dict(mapping_of(population).rest(population.model.parameters)))
            self._feed(0)
            self._nest.Simulate(self._lead * d.dt)
        for population in neurons:
            nodes = self._nodes[population]
            if self._lead and _has_fired(nodes):
                raise unsupported(
                    f"population {population.name!r} ({population.model_name})", "NEST",
                    f"its neurons fire before time 0, in the {self._lead} steps that NEST needs first",
                )  # fmt: skip
            standing = neuron_parameters(population, d.dt) if self._lead else {}
            put(nodes, settings(population, standing | starting_values(population, start[population])))

    def _feed(self, until: int) -> None:
        """Pass on what sources emit up to a step, what arrives up to the next, and the currents until then."""
        dt, lead = self._d.dt, self._lead
        if self._sources is not None and until > 0:
            for population, (steps, ids) in self._sources.until(until).items():
                nest_sources.feed(self._nodes[population], (steps + lead) * dt, ids)
        if self._driven is None:
            return
        arrived: dict[Any, list[np.ndarray]] = {key: [] for key in self._generators}
        first = self._driven.step
        while self._driven.step < until + 1:
            self._driven.advance()
            for key, amounts in arrived.items():
                amounts.append(self._driven.arriving(*key))
            for key, before in self._felt.items():
                now = self._driven.current(*key)
                if np.any(now != before):
                    self._changes.append((self._driven.step, key, now))
                    self._felt[key] = now
        for (population, port), amounts in arrived.items():
            values = np.array(amounts) * mapping_of(population).ports[port].scale(dt)
            check_sign(population, port, values[values != 0], f"drive of {population.name!r}")
            rows, ids = np.nonzero(values)
            # Arrivals in a step were emitted one step earlier.
            times = (first + rows + lead) * dt
            nest_sources.feed(self._generators[population, port], times, ids, values[rows, ids])

    def _simulate(self, until: int) -> None:
        """Simulate up to a step, changing currents on the way."""
        while self._step < until:
            while self._changes and self._changes[0][0] == self._step + 1:
                _, (population, port), values = self._changes.pop(0)
                name = mapping_of(population).currents[port]
                put(self._nodes[population], {name: self._constant[population][port] + values})
            stop = min(until, self._changes[0][0] - 1) if self._changes else until
            self._nest.Simulate((stop - self._step) * self._d.dt)
            self._step = stop

    def _not_given(self, recording: Recording, step: int) -> int:
        """The last step already recorded; from now on that is `step`."""
        first = max(self._given.get(recording, 0), recording.start - 1)
        self._given[recording] = step
        return first

    def _emitted(self, population: Population) -> tuple[np.ndarray, np.ndarray]:
        events = self._events(self._recorders[population])
        steps = np.round(events["times"] / self._d.dt).astype(np.int64) - self._lead
        return steps, events["senders"] - self._nodes[population][0].global_id

    def _events(self, recorder: Any, *variables: str) -> dict[str, np.ndarray]:
        """What all ranks have recorded: "times", "senders", and the variables of a multimeter."""
        mine, kinds = recorder.events, {"senders": np.int64}
        names = ("times", "senders", *variables)
        arrays = {name: np.asarray(mine[name], kinds.get(name, np.float64)) for name in names}
        return self._ranks.gathered(arrays, "gathering recordings")

    def _check_parrots(self) -> None:
        for population in self._recorders:
            if not _repeats(population):
                continue
            steps, ids = self._emitted(population)
            pairs, counts = np.unique(np.stack([steps, ids]), axis=1, return_counts=True)
            if np.any(counts > 1):
                step, neuron = pairs[:, np.argmax(counts > 1)]
                raise SimulationError(
                    f"population {population.name!r}, neuron {neuron}: {counts.max()} spikes reached it in the step to "
                    f"{step * self._d.dt:g} ms; NEST's parrot_neuron repeats each, spikelearn's Parrot fires once"
                )

    def _check_kernel(self) -> None:
        nest = self._nest
        expected = (self._step + self._lead) * self._d.dt
        if self._kernel not in nest.synapse_models or abs(nest.biological_time - expected) > 0.5 * self._d.dt:
            raise SimulationError(
                "NEST has one kernel per process, and it no longer holds this network: another network was built on "
                "NEST, or the kernel was reset or simulated from outside. Make the network again"
            )


class NESTBackend(SimulatorBackend):
    """The engine "nest"."""

    simulator = OnNEST


def _repeats(population: Population) -> bool:
    return is_neuron(population) and population.model.model is Parrot


def _has_fired(nodes: Any) -> bool:
    """Whether one of the nodes in this process has: the others have no t_spike here."""
    here = nodes[np.flatnonzero(np.atleast_1d(nodes.local)).tolist()]
    return len(here) > 0 and bool(np.any(np.asarray(here.get("t_spike")) > 0.0))


def _summary(d: NetworkDescription) -> str:
    """A hash of what makes a network: processes that run one together must have the same."""
    found = hashlib.sha256(repr((d.dt, d.seed, len(d.drives), len(d.releases))).encode())
    for population in d.populations:
        found.update(f"{population.name} {population.size} {population.model_name}".encode())
        for value in population.model.parameters if is_neuron(population) else ():
            found.update(np.asarray(value, float).tobytes())
    for projection in d.projections:
        found.update(f"{projection.name} {projection.source.name} {projection.target.name} {projection.port}".encode())
        found.update(repr(type(projection.rule)).encode())
        for drawn in (projection.weight, projection.axonal):
            found.update(repr((drawn.code, drawn.a, drawn.b, projection.dendritic_steps)).encode())
    for recording in d.recordings:
        found.update(repr((recording.key, recording.every, recording.start)).encode() + recording.ids.tobytes())
    return found.hexdigest()
