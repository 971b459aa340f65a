"""One run on a backend, from the header to the Run, with intermediate checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from spikelearn.backends.backend import Backend
from spikelearn.backends.request import RunRequest
from spikelearn.codegen.interruptible import interruptible
from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.recording import Recording
from spikelearn.engine.simulate import Pause, steps_to_take
from spikelearn.errors import CheckpointError, RunFileError, SimulationError
from spikelearn.neurons import Neuron
from spikelearn.results.recent import Listening, RecentEvents
from spikelearn.results.recorded_data import TrialTimes
from spikelearn.results.run import PopulationInfo, ProjectionInfo, Run, SynapticEvents
from spikelearn.results.sink import RunHeader, Sink, TraceHeader
from spikelearn.steps import times_of
from spikelearn.units import plain

if TYPE_CHECKING:
    from spikelearn.description.trials import Trials


def execute(
    now: Callable[[], Backend], request: RunRequest, versions: Mapping[str, str], finish: Callable[[Run], Run],
    pauses: Sequence[Pause] = (), recent: RecentEvents | None = None,
) -> Run:  # fmt: skip
    """Run a request and return what was recorded.

    now: the backend that runs the network at present, which may be another after an action. versions: those of
    spikelearn. pauses: actions between steps. recent: takes the events, for these actions. finish:
    adds what only the network can provide to a run that ends now: synapses and a way to write a checkpoint. A
    SimulationError, CheckpointError or RunFileError that stops the run has the Run so far as `run`.
    """
    backend, sink, after = now(), request.sink, request.after
    header = _header(backend, versions)
    if after is not None:
        traces = {(trace.name, trace.variable): trace.ids for trace in header.traces}
        after.check_joins(header, set(header.spikes), traces)
    wanted = request.trials
    trials = None if wanted is None else interruptible(lambda: backend.lower_trials(wanted))
    events_before = backend.synaptic_events
    counted = {p.name: p for p in backend.description.counted}
    counts_before = {name: backend.events_of(p) for name, p in counted.items()}
    sink.begin(header)

    def counts() -> dict[str, SynapticEvents]:
        since = {name: np.subtract(now().events_of(p), counts_before[name]) for name, p in counted.items()}
        return {name: SynapticEvents(*found.tolist()) for name, found in since.items()}

    def so_far(interrupted: bool, wall: float) -> Run:
        run = Run(
            dt=header.dt,
            t_start=header.t_start,
            t_stop=times_of(now().step, header.dt),
            seed=header.seed,
            populations=dict(header.populations),
            projections=dict(header.projections),
            spike_data=sink.spike_data(),
            trace_data=sink.trace_data(),
            versions=dict(header.versions),
            interrupted=interrupted,
            wall_s=wall,
            synaptic_events=now().synaptic_events - events_before,
            projection_events=counts(),
            trials=() if wanted is None else (_trial_times(wanted, header),),
        )
        run = finish(run)
        return run if after is None else after.joined(run)

    path, receiver = request.checkpoint, sink if recent is None else cast(Sink, Listening(sink, recent))
    if path is not None and request.checkpoint_steps:
        pauses = [*pauses, Pause(request.checkpoint_steps, lambda wall: so_far(False, wall).checkpoint(path))]
    interrupted, wall, begun = True, 0.0, time.perf_counter()
    last = backend.step + steps_to_take(request.n_steps)
    error: SimulationError | CheckpointError | RunFileError | None = None
    try:
        while True:
            backend = now()
            interrupted, spent = backend.advance(last - backend.step, receiver, request.progress, pauses, trials)
            wall += spent
            if interrupted or now() is backend or now().step == last:
                break
    except (SimulationError, CheckpointError, RunFileError) as raised:
        error, wall = raised, time.perf_counter() - begun
    if not isinstance(error, RunFileError):
        try:
            apart = [counts()] if counted else []
            n_events = now().synaptic_events - events_before
            sink.end(times_of(now().step, header.dt), interrupted, wall, n_events, *apart)
        except RunFileError as raised:
            error = error or raised
    run = so_far(interrupted, wall)
    if path is not None and error is None:
        try:
            run.checkpoint(path)
        except CheckpointError as raised:
            error = raised
    if error is not None:
        error.run = run
        raise error
    return run


def _header(backend: Backend, versions: Mapping[str, str]) -> RunHeader:
    d = backend.description
    if backend.infos is None:
        backend.infos = _infos(backend)
    populations, projections = backend.infos
    return RunHeader(
        dt=d.dt,
        t_start=times_of(backend.step, d.dt),
        seed=d.seed,
        populations=populations,
        projections=projections,
        spikes=tuple((r.of.name, r.key) for r in d.recordings if r.events or r.sampled),
        traces=tuple(TraceHeader(r.of.name, r.key, r.unit, r.columns) for r in d.recordings if not r.events),
        versions={**versions, **backend.versions},
    )


def _trial_times(trials: Trials, header: RunHeader) -> TrialTimes:
    """When the phases of trials that begin with a run are."""
    durations = tuple(times_of(int(steps), header.dt) for steps in trials.phase_steps(header.dt))
    begins = header.t_start + sum(durations) * np.arange(trials.n)
    found: dict[str, list[np.ndarray]] = {}
    for k, phase in enumerate(trials.phases):
        for modulator, amounts in phase.releases.items():
            released = np.broadcast_to(np.asarray(plain(amounts, "1", "releases")), trials.n) != 0
            found.setdefault(modulator.name, []).append(begins[released] + sum(durations[:k]))
    releases = {name: np.sort(np.concatenate(times)) for name, times in found.items()}
    names = tuple(phase.name for phase in trials.phases)
    return TrialTimes(header.t_start, durations, trials.n, names, tuple(trials.labels), releases)


def _infos(backend: Backend) -> tuple[dict[str, PopulationInfo], dict[str, ProjectionInfo]]:
    """What runs say of populations and projections, which stays the same."""
    d = backend.description
    populations = {
        p.name: PopulationInfo(
            p.name,
            p.size,
            p.model_name,
            _parameters(p),
            p.kinds,
            p.positions,
            p.period,
            _recorded(p, d.recordings),
        )  # fmt: skip
        for p in d.populations
    }
    return populations, {p.name: _projection_info(p, backend) for p in d.projections}


def _projection_info(projection: Projection, backend: Backend) -> ProjectionInfo:
    return ProjectionInfo(
        name=projection.name,
        source=projection.source.name,
        target=projection.target.name,
        port=projection.port,
        on=projection.on,
        n_synapses=backend.count(projection),
        description=projection.describe(),
        unit="" if projection.unit == "1" else projection.unit,
    )


def _recorded(population: Population, recordings: Sequence[Recording]) -> dict[str, np.ndarray]:
    """Recording of events -> the neurons from which they are recorded, if not from all; and those of a rate."""
    of_it = [r for r in recordings if r.of is population and (r.events or r.at)]
    return {r.key: r.ids for r in of_it if r.is_rate or len(r.ids) < population.size}


def _parameters(population: Population) -> dict[str, Any]:
    neuron = population.model
    if not isinstance(neuron, Neuron):
        return neuron.parameters
    found = neuron.parameters._asdict()
    for name, timed in neuron.timed:
        values, starts = timed.checked(neuron.model.units[name], name)
        found |= {f"{name}_in_time": values, f"{name}_begins": starts}
    return found
