"""Running a network on another simulator: the code shared by NEST and Brian2."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Protocol

import numpy as np

from spikelearn.backends.backend import Backend, Choice, Shares
from spikelearn.backends.presampled import initial_state
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.recording import Recording
from spikelearn.engine.lowering.synapse_tables import count_alone
from spikelearn.engine.simulate import Pause
from spikelearn.errors import DescriptionError
from spikelearn.neurons import Neuron
from spikelearn.results.run import Synapses
from spikelearn.results.sink import Sink
from spikelearn.sources import SpikeList
from spikelearn.steps import nearest_steps, times_of


class Simulator(Protocol):
    """A network inside another simulator. Steps are spikelearn's: step k ends at k dt."""

    def advance(self, step: int) -> None:
        """Simulate up to the end of this step."""

    def collect(self, step: int) -> None:
        """Make everything recorded up to this step available; called when simulation stops there."""

    def spikes(self, recording: Recording, step: int) -> tuple[np.ndarray, np.ndarray]:
        """(steps, ids) of recorded events up to this step that were not yet returned, in any order."""

    def samples(self, recording: Recording, step: int) -> tuple[np.ndarray, np.ndarray]:
        """(steps (T,), values (T, k)) of a variable up to this step that were not yet returned, in order."""

    def synapses(self, projection: Projection) -> Synapses:
        """The current synapses of a projection."""

    def count(self, projection: Projection) -> int | None:
        """The number of synapses of a projection, if the simulator drew them itself."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Name and version of the simulator."""


class SimulatorBackend(Backend):
    """A network on another simulator, and how far it has run. Subclasses define the simulator."""

    any_thread = False
    simulator: ClassVar[type]
    """Makes a Simulator from a description and options; raises DescriptionError if something cannot be translated."""

    def __init__(self, description: NetworkDescription, choice: Choice) -> None:
        _check_supported(description, choice.name)
        self.description, self._name, self._step = description, choice.name, 0
        self._simulator: Simulator = self.simulator(description.switched_on, choice.options)
        self._learned: dict[Projection, Synapses] = {}

    @classmethod
    def begin(
        cls, description: NetworkDescription, choice: Choice, threads: int | None = None, shares: Shares | None = None
    ) -> SimulatorBackend:
        return cls(description, choice)

    @property
    def step(self) -> int:
        return self._step

    @property
    def versions(self) -> Mapping[str, str]:
        return {"engine": self._name, **self._simulator.versions}

    def advance(
        self, n_steps: int, sink: Sink, progress: bool | None = None, pauses: Sequence[Pause] = (), trials: Any = None
    ) -> tuple[bool, float]:
        """As in Backend, except that no progress is shown and Ctrl-C is handled by the simulator."""
        wall, last = 0.0, self._step + n_steps
        while True:
            begun = time.perf_counter()
            self._advance_to(min([last, *((self._step // pause.every + 1) * pause.every for pause in pauses)]), sink)
            wall += time.perf_counter() - begun
            for pause in pauses if n_steps > 0 else ():
                if self._step % pause.every == 0 and (self._step < last or pause.at_end):
                    pause.act(wall)
            if self._step == last:
                return False, wall

    def _advance_to(self, until: int, sink: Sink) -> None:
        d = self.description.switched_on
        weights = [r for r in d.recordings if isinstance(r.of, Projection)]
        sampled: dict[Recording, tuple[list[int], list[np.ndarray]]] = {r: ([], []) for r in weights}
        before = self._at_start() if self._step == 0 and until > 0 else {}
        for stop in _stops(weights, self._step, until):
            self._simulator.advance(stop)
            for recording in weights:
                if stop >= recording.start and stop % recording.every == 0:
                    sampled[recording][0].append(stop)
                    sampled[recording][1].append(self._simulator.synapses(recording.of).weight[recording.ids])
        self._learned = {p: self._simulator.synapses(p) for p in d.projections if p.learns}
        self._simulator.collect(until)
        self._step = until
        for recording in d.recordings:
            name, key = recording.of.name, recording.key
            if recording.events:
                steps, ids = self._simulator.spikes(recording, until)
                order = np.lexsort((ids, steps))
                sink.spikes(name, key, times_of(steps[order], d.dt), ids[order].astype(np.int32))
                continue
            if recording in sampled:
                at, rows = np.array(sampled[recording][0], np.int64), sampled[recording][1]
                values = np.array(rows).reshape(len(at), len(recording.ids))
            else:
                at, values = self._simulator.samples(recording, until)
            if recording in before:
                at, values = np.append(0, at), np.concatenate([before[recording], values])
            sink.trace(name, key, times_of(at, d.dt), values)
        sink.flush(times_of(until, d.dt))

    def _at_start(self) -> dict[Recording, np.ndarray]:
        """The samples at 0 ms, (1, k), which a simulator does not take."""
        wanted = [recording for recording in self.description.switched_on.recordings if recording.include_start]
        state = initial_state(self.description) if any(isinstance(r.of, Population) for r in wanted) else {}
        found = {}
        for recording in wanted:
            of, values = recording.of, np.zeros(1)
            if isinstance(of, Population):
                values = state[of][recording.variable]
            elif isinstance(of, Projection):
                values = self._simulator.synapses(of).weight
            found[recording] = values[recording.ids][None, :]
        return found

    def synapses(self, projection: Projection) -> Synapses | Callable[[], Synapses]:
        """As in Backend. Plastic synapses are read whenever a run stops, while the simulator still holds them."""
        return self._learned.get(projection) or partial(self._simulator.synapses, projection)

    def count(self, projection: Projection) -> int:
        counted = self._simulator.count(projection)
        return count_alone(projection, self.description.seed) if counted is None else counted


def _stops(recordings: Sequence[Recording], step: int, until: int) -> list[int]:
    """The steps at which weights are sampled, and the last step."""
    wanted = {until}
    for recording in recordings:
        first = max(step + 1, recording.start)
        wanted.update(range(-(-first // recording.every) * recording.every, until + 1, recording.every))
    return sorted(wanted)


def _check_supported(d: NetworkDescription, simulator: str) -> None:
    """Raise DescriptionError for the first feature that only spikelearn has."""
    ours = 'engine="compiled" and engine="stepper" can'
    for part in d.off:
        if isinstance(part, Projection):
            raise DescriptionError(
                f"projection {part.name!r}, which is switched off, cannot run on {simulator}; {ours}"
            )
    if d.callbacks:
        function = d.callbacks[0].function
        name = getattr(function, "__name__", repr(function))
        raise DescriptionError(f"callback {name!r} (on_step) cannot run on {simulator}; {ours}")
    for signal in d.signals:
        raise DescriptionError(f"signal {signal.name!r} cannot run on {simulator}; {ours}")
    for homeostasis in d.homeostases:
        what = f"{type(homeostasis.rule).__name__} of projection {homeostasis.projection.name!r}"
        raise DescriptionError(f"{what} cannot run on {simulator}; {ours}")
    for projection in d.projections:
        if projection.payload:
            raise DescriptionError(
                f"projection {projection.name!r}: events that carry a value ({projection.payload}) cannot run on "
                f"{simulator}; {ours}"
            )
    for population in d.populations:
        if isinstance(population.model, SpikeList) and np.any(nearest_steps(population.model.times, d.dt)[0] == 0):
            what = f"population {population.name!r}: spikes at 0 ms, before the first step,"
            raise DescriptionError(f"{what} cannot run on {simulator}; {ours}")
        if not isinstance(population.model, Neuron):
            continue
        held = [name for name in ("refractory",) if name in population.initial]
        if held:
            raise DescriptionError(
                f"initial {held[0]} of population {population.name!r}: {simulator} cannot start a neuron in its "
                f"refractory period; {ours}"
            )
    for recording in d.recordings:
        if recording.at or (isinstance(recording.of, Projection) and recording.variable != "weight"):
            raise DescriptionError(
                f"recording of {recording.of.name!r}: {recording.variable!r} cannot be recorded on {simulator}; {ours}"
            )
