"""Running a network on another simulator: what all of them have in common."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from spikelearn.backends.options import NEST, Brian2
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.projection import Projection
from spikelearn.description.recording import Recording
from spikelearn.errors import DescriptionError
from spikelearn.neurons import Neuron
from spikelearn.results.run import Run, Synapses
from spikelearn.results.sink import RunHeader, Sink


class Simulator(Protocol):
    """A network as another simulator holds it. Steps are spikelearn's: step k ends at k dt."""

    def advance(self, step: int) -> None:
        """Simulate up to the end of this step."""

    def collect(self, step: int) -> None:
        """Make sure that all that was recorded up to this step can be had; called when time stops there."""

    def spikes(self, recording: Recording, step: int) -> tuple[np.ndarray, np.ndarray]:
        """(steps, ids) of recorded events up to this step that have not been given yet, in any order."""

    def samples(self, recording: Recording, step: int) -> tuple[np.ndarray, np.ndarray]:
        """(steps (T,), values (T, k)) of a variable up to this step that have not been given yet, in order."""

    def synapses(self, projection: Projection) -> Synapses:
        """The synapses of a projection as they are now."""

    def count(self, projection: Projection) -> int | None:
        """How many synapses a projection has, where the simulator drew them itself."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Name and version of the simulator."""


def refuse_unsupported(options: NEST | Brian2, trials: Any, checkpoint: Any, after: Any) -> None:
    """Raise DescriptionError for what `Network.run` can be asked for but no other simulator can do."""
    name = type(options).__name__
    if trials is not None:
        raise DescriptionError(f'trials cannot run on {name}; engine="compiled" can')
    if checkpoint is not None or after is not None:
        raise DescriptionError(f"checkpoints cannot hold what {name} runs; run without checkpoint= and after=")


def begin_external(description: NetworkDescription, options: NEST | Brian2, time: float) -> ExternalRun:
    """Translate a network that has run for `time` ms here. Raises DescriptionError for what cannot be translated."""
    if time > 0:
        raise DescriptionError(
            f"{type(options).__name__} starts from the description, but this network has run to {time:g} ms already; "
            "make it again"
        )
    _refuse_what_nobody_else_has(description, type(options).__name__)
    if isinstance(options, NEST):
        from spikelearn.backends.nest.simulator import OnNEST

        return ExternalRun(description, options, OnNEST(description, options))
    from spikelearn.backends.brian2.simulator import OnBrian2

    return ExternalRun(description, options, OnBrian2(description, options))


class ExternalRun:
    """A network on another simulator, and how far it has run."""

    def __init__(self, description: NetworkDescription, options: NEST | Brian2, simulator: Simulator) -> None:
        self.description, self.options, self.step = description, options, 0
        self._simulator = simulator
        self.learned: dict[Projection, Synapses] = {}

    @property
    def versions(self) -> Mapping[str, str]:
        return {"engine": type(self.options).__name__, **self._simulator.versions}

    def run(self, options: NEST | Brian2, n_steps: int, header: RunHeader, sink: Sink) -> Run:
        """Run from where the network stopped."""
        if options != self.options:
            raise DescriptionError(f"this network runs on {self.options}; make it again for {options}")
        sink.begin(header)
        wall = self.advance(n_steps, sink)
        dt, t_stop = self.description.dt, self.step * self.description.dt
        sink.end(t_stop, False, wall, 0)
        found = {p.name: self.synapses_later(p) for p in self.description.projections}
        return Run(
            dt, header.t_start, t_stop, header.seed, dict(header.populations), dict(header.projections),
            sink.spike_data(), sink.trace_data(), found, dict(header.versions), False, wall, 0,
        )  # fmt: skip

    def count(self, projection: Projection) -> int | None:
        """How many synapses a projection has, where the simulator drew them itself."""
        return self._simulator.count(projection)

    def advance(self, n_steps: int, sink: Sink) -> float:
        """Run n_steps, hand what was recorded to the sink, and give the wall seconds that it took."""
        begun, d, until = time.perf_counter(), self.description, self.step + n_steps
        weights = [r for r in d.recordings if isinstance(r.of, Projection)]
        sampled: dict[Recording, tuple[list[int], list[np.ndarray]]] = {r: ([], []) for r in weights}
        for stop in _stops(weights, self.step, until):
            self._simulator.advance(stop)
            for recording in weights:
                if stop >= recording.start and stop % recording.every == 0:
                    sampled[recording][0].append(stop)
                    sampled[recording][1].append(self._simulator.synapses(recording.of).weight[recording.ids])
        self.learned = {p: self._simulator.synapses(p) for p in d.projections if p.learns}
        self._simulator.collect(until)
        self.step = until
        for recording in d.recordings:
            name, variable = recording.of.name, recording.variable
            if recording.events:
                steps, ids = self._simulator.spikes(recording, until)
                order = np.lexsort((ids, steps))
                sink.spikes(name, variable, steps[order] * d.dt, ids[order].astype(np.int32))
                continue
            if recording in sampled:
                at, rows = np.array(sampled[recording][0], np.int64), sampled[recording][1]
                values = np.array(rows).reshape(len(at), len(recording.ids))
            else:
                at, values = self._simulator.samples(recording, until)
            sink.trace(name, variable, at * d.dt, values)
        sink.flush(until * d.dt)
        return time.perf_counter() - begun

    def synapses_later(self, projection: Projection) -> Synapses | Callable[[], Synapses]:
        """The synapses of a projection as they were when this network stopped last, or a function that reads them."""
        return self.learned.get(projection) or (lambda: self._simulator.synapses(projection))


def _stops(recordings: Sequence[Recording], step: int, until: int) -> list[int]:
    """The steps at which weights are sampled, and the last."""
    wanted = {until}
    for recording in recordings:
        first = max(step + 1, recording.start)
        wanted.update(range(-(-first // recording.every) * recording.every, until + 1, recording.every))
    return sorted(wanted)


def _refuse_what_nobody_else_has(d: NetworkDescription, simulator: str) -> None:
    ours = 'engine="compiled" and engine="stepper" can'
    if d.callbacks:
        function = d.callbacks[0].function
        name = getattr(function, "__name__", repr(function))
        raise DescriptionError(f"callback {name!r} (on_step) cannot run on {simulator}; {ours}")
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
        if not isinstance(population.model, Neuron):
            continue
        held = [name for name in ("refractory",) if name in population.initial]
        if held:
            raise DescriptionError(
                f"initial {held[0]} of population {population.name!r}: {simulator} cannot start a neuron in its "
                f"refractory period; {ours}"
            )
    for recording in d.recordings:
        if isinstance(recording.of, Projection) and recording.variable != "weight":
            raise DescriptionError(
                f"recording of {recording.of.name!r}: {recording.variable!r} cannot be recorded on {simulator}; {ours}"
            )
