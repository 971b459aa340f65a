"""Network: what a user holds. It gathers a description and hands it to an engine."""

from __future__ import annotations

import functools
import os
import platform
import weakref
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spikelearn import backends
from spikelearn.backends.exact import EventPlan
from spikelearn.description.builder import NetworkBuilder
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Trials
from spikelearn.engine.lowering.callbacks import restore_inputs, save_inputs, trial_calls
from spikelearn.engine.lowering.network import lower, shares_by_default
from spikelearn.engine.plan import Program
from spikelearn.engine.simulate import ENGINES, Pause, simulate, steps_to_take
from spikelearn.engine.snapshot import count_synapses, put_synapses, synapses_of
from spikelearn.engine.thread_tuner import ThreadTuner
from spikelearn.errors import CheckpointError, DescriptionError, ParameterError, SimulationError
from spikelearn.neurons import Neuron
from spikelearn.results.run import PopulationInfo, ProjectionInfo, Run
from spikelearn.results.sink import MemorySink, RunHeader, Sink, TraceHeader
from spikelearn.units import plain

if TYPE_CHECKING:
    from spikelearn.backends.external import ExternalRun

VERSION = "0.1.0"

_installed = functools.cache(version)
"""Every run tells versions, and asking takes a quarter of a millisecond."""


class Network(NetworkBuilder):
    """A network of spiking neurons: describe it, then run it.

    dt: step in ms. seed: the root of all random numbers; the same description and seed give the same spikes.
    threads: how many run it, each its share of the neurons; any number of them gives the same spikes and weights. None:
    one for networks below 2,000 neurons, else as many as there are cores (or SPIKELEARN_THREADS, if that is set), while
    they take less time than one does; this is measured as the network runs.

    >>> net = Network(dt=0.1, seed=1)
    >>> source = net.population(100, Poisson(rate=20), name="source")
    """

    def __init__(self, dt: Any = 0.1, seed: int = 0, threads: int | None = None) -> None:
        super().__init__(dt, seed)
        whole = isinstance(threads, int | np.integer) and not isinstance(threads, bool)
        if threads is not None and not (whole and threads >= 1):
            raise ParameterError(f"threads of Network: expected a whole number from 1 on, got {threads!r}")
        self.threads = None if threads is None else int(threads)
        self._shares = self.threads
        self._engine = "compiled"
        self._program: Program | EventPlan | None = None
        self._external: ExternalRun | None = None
        self._runs: list[weakref.ref[Run]] = []
        self.recorded: Run | None = None

    @property
    def time(self) -> float:
        """How far the network has run, in ms."""
        runs = self._external or self._program
        return 0.0 if runs is None else runs.step * self.dt

    def run(
        self,
        duration: Any = None,
        trials: Trials | None = None,
        engine: str | backends.NEST | backends.Brian2 | None = None,
        sink: Sink | None = None,
        progress: bool | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_every: Any = None,
        after: Run | None = None,
    ) -> Run:
        """Run for `duration` ms, or for a schedule of trials, and give back what was recorded.

        Called again, it continues where it stopped. engine: "compiled"; "stepper", the same in Python, for debugging;
        "events", exact in continuous time, from one event to the next, for models that have a closed form; "nest" or
        "brian2", or NEST(...) or Brian2(...) with options: the same network there, from its beginning. None is
        "compiled", or how the network has run so far. sink: where recordings go (memory by default;
        spikelearn.io.RunWriter streams them to a file). progress: a bar on standard error; by default only on a
        terminal. Ctrl-C gives back what has been simulated so far. checkpoint: a file that is written at the end (see
        Run.checkpoint), and each `checkpoint_every` ms before, so that a process that is killed loses no more than
        that. after: the run that this one continues; what comes back, and is in checkpoints, is then both as one (see
        Run.joined).
        """
        if (duration is None) == (trials is None):
            raise DescriptionError("run: give either a duration in ms or trials")
        if trials is not None:
            if not isinstance(trials, Trials):
                raise DescriptionError(f"run: expected Trials, got {trials!r}")
            for k, phase in enumerate(trials.phases):
                self._check_owned((f"{where} of phase {k}", thing) for where, thing in phase.things())
            n_steps = int(trials.phase_steps(self.dt).sum()) * int(trials.n)
        else:
            length = plain(duration, "ms", "duration of run")
            if not isinstance(length, float) or not np.isfinite(length) or length < 0:
                raise ParameterError(f"duration of run: expected at least 0 ms, got {duration!r}")
            n_steps = round(length / self.dt)
        every = self._steps_between_checkpoints(checkpoint, checkpoint_every, trials)
        if engine is None and self._external is not None:
            engine = self._external.options
        elif engine is None:
            engine = "events" if isinstance(self._program, EventPlan) else "compiled"
        if (options := backends.options_of(engine)) is not None:
            from spikelearn.backends.external import refuse_unsupported

            refuse_unsupported(options, trials, checkpoint, after)
            return self._run_external(options, n_steps, MemorySink() if sink is None else sink)
        if trials is not None and engine == "events":
            raise DescriptionError("run: engine='events' runs no trials, which are made of steps")
        if not isinstance(engine, str):
            raise DescriptionError(f"engine: expected a name such as 'compiled', or NEST() or Brian2(), got {engine!r}")
        program, n_steps = self.build(engine), steps_to_take(n_steps)
        self._settle_earlier_runs()
        sink = MemorySink() if sink is None else sink
        t_start, events_before = program.step * self.dt, program.synaptic_events
        header = self._header(t_start)
        added, found = None, []
        if trials is not None and isinstance(program, Program):
            added, found = trial_calls(trials, program), save_inputs(trials, program)
        sink.begin(header)

        def so_far(interrupted: bool, wall: float) -> Run:
            n_events = program.synaptic_events - events_before
            run = self._run(header, sink, program, interrupted, wall, n_events)
            return run if after is None else after.joined(run)

        pause = None
        if checkpoint is not None and every:
            path = Path(checkpoint)
            pause = Pause(every, lambda wall: self._write(so_far(False, wall), path, program, program.step))
        interrupted, wall, error = True, 0.0, None
        try:
            if isinstance(program, EventPlan):
                from spikelearn.backends.exact.simulate import simulate as simulate_events

                interrupted, wall = simulate_events(program, n_steps, sink, progress, pause)
            else:
                interrupted, wall = simulate(program, n_steps, sink, engine, progress, added, pause)
        except (SimulationError, CheckpointError) as raised:
            error = raised
        n_events = program.synaptic_events - events_before
        sink.end(program.step * self.dt, interrupted, wall, n_events)
        if added is not None and isinstance(program, Program):
            restore_inputs(found, program)
        run = so_far(interrupted, wall)
        if checkpoint is not None and error is None:
            try:
                run.checkpoint(checkpoint)
            except CheckpointError as raised:
                error = raised
        if error is not None:
            error.run = run
            raise error
        return run

    @classmethod
    def restore(cls, path: str | os.PathLike[str]) -> Network:
        """The network that a checkpoint holds, ready to go on: see Run.checkpoint.

        Its populations, projections and modulators are found by name, `net.populations["pyramidal"]`; `net.recorded` is
        the run that was checkpointed. The weights, the state and all random numbers are those that would have followed,
        with the same code on the same kind of processor. A checkpoint holds code, which runs when it is read: restore
        none from people whose programs you would not run. Raises CheckpointError if the file is missing, damaged,
        truncated, no checkpoint, of another format, or of models that have changed since.

        >>> net = Network.restore("state.ckpt")  # doctest: +SKIP
        >>> run = net.run(500, after=net.recorded)  # doctest: +SKIP
        """
        from spikelearn.engine import checkpoint as checkpoint_file

        content = checkpoint_file.read(Path(path))
        net = cls.__new__(cls)
        vars(net).update(content["network"], _program=None, _runs=[], recorded=None)
        program = net.build()
        if isinstance(program, EventPlan):
            program.make_room_for(content["arrays"])
        checkpoint_file.put_back(program, content["arrays"], content["step"], Path(path))
        net.recorded = net._known(content["run"], program)
        return net

    def reset(self, keep_weights: bool = True) -> None:
        """Back to time 0: states, traces, spikes on their way, eligibilities and modulators as they were at the start.

        keep_weights: projections that learn or are regulated keep the synapses that they have now. Random numbers,
        drawn by step, are those of the first time. Arrays that callbacks were given are theirs, and stay as they are.
        """
        if self._external is not None:
            raise DescriptionError(f"reset: this network runs on {self._external.options}; make it again instead")
        if self._program is None:
            return
        self._settle_earlier_runs()
        changing = [p for p in self._projections.values() if self._changes(p) and keep_weights]
        synapses = [synapses_of(projection, self._program)() for projection in changing]
        self._program, self.recorded = None, None
        program = self.build()
        for projection, found in zip(changing, synapses, strict=True):
            assert isinstance(program, Program)
            put_synapses(projection, program, found)

    def _run(
        self, header: RunHeader, sink: Sink, program: Program | EventPlan, interrupted: bool, wall: float, n_events: int
    ) -> Run:
        """What a sink has, as a run that ends now."""
        return self._known(
            Run(
                self.dt, header.t_start, program.step * self.dt, self.seed, dict(header.populations),
                dict(header.projections), sink.spike_data(), sink.trace_data(), {}, dict(header.versions), interrupted,
                wall, n_events,
            ),
            program,
        )  # fmt: skip

    def _known(self, run: Run, program: Program | EventPlan) -> Run:
        """A run that ends now, with synapses as they are now and a way to make a checkpoint while they are."""
        step = program.step
        run.synapse_data = {name: synapses_of(p, program) for name, p in self._projections.items()}
        run.checkpoint_writer = lambda which, path: self._write(which, path, program, step)
        self._runs.append(weakref.ref(run))
        return run

    def _write(self, run: Run, path: Path, program: Program | EventPlan, step: int) -> None:
        if program is not self._program or program.step != step:
            raise CheckpointError(
                f"{path}: this run ended at {run.t_stop:g} ms and the network has gone on since, to {self.time:g} ms; "
                "make the checkpoint before it does"
            )
        from spikelearn.engine import checkpoint as checkpoint_file

        described = {k: v for k, v in vars(self).items() if k not in ("_program", "_runs", "recorded")}
        plain_run = replace(run, synapse_data={}, checkpoint_writer=None)
        content = {"network": described, "arrays": program.arrays(), "step": step, "run": plain_run}
        checkpoint_file.write(path, content, versions(), self.time)

    def _steps_between_checkpoints(self, checkpoint: Any, every: Any, trials: Trials | None) -> int:
        if every is None:
            return 0
        interval = plain(every, "ms", "checkpoint_every of run")
        if not isinstance(interval, float) or not np.isfinite(interval) or interval < self.dt * (1 - 1e-9):
            raise ParameterError(f"checkpoint_every of run: expected at least dt = {self.dt:g} ms, got {every!r}")
        if checkpoint is None:
            raise DescriptionError("checkpoint_every of run: expected a file too, checkpoint=path")
        if trials is not None:
            raise DescriptionError(
                "checkpoint_every of run: a schedule of trials has no checkpoints inside it; run it in several parts"
            )
        return round(interval / self.dt)

    def _run_external(self, options: backends.NEST | backends.Brian2, n_steps: int, sink: Sink) -> Run:
        """Run on another simulator, from the beginning or from where it stopped there."""
        from spikelearn.backends.external import begin_external

        if self._external is None:
            self._external = begin_external(self.description(), options, self.time)
        header = self._header(self.time, {**versions(), **self._external.versions})
        return self._external.run(options, n_steps, header, sink)

    def build(self, engine: str | None = None) -> Program | EventPlan:
        """Build the network now rather than at the first run; from then on it cannot be extended.

        engine: as in `run`; None: the one that it was built for before, or "compiled". A network that was built for
        "events" stays with it, and one that was built for "compiled" or "stepper" with these two.
        """
        engine = engine or self._engine
        if engine not in ENGINES:
            raise DescriptionError(f"engine: expected one of {', '.join(ENGINES)}, got {engine!r}")
        if self._external is not None:
            raise DescriptionError(f"this network runs on {self._external.options}; make it again to run it here")
        if self._program is None:
            description = self.description()
            self._engine = engine
            if engine == "events":
                from spikelearn.backends.exact.lowering import lower as lower_events

                self._program = lower_events(description)
            else:
                self._program = self._lowered(description)
        if isinstance(self._program, EventPlan) != (engine == "events"):
            raise DescriptionError(
                f"engine: this network was built for {self._engine!r} and cannot change to {engine!r}; "
                "make it anew for that"
            )
        return self._program

    def _lowered(self, description: NetworkDescription) -> Program:
        if self._shares is None:
            self._shares = shares_by_default(description)
        program = lower(description, self._shares)
        if self.threads is None and self._shares > 1:
            program.thread_tuner = ThreadTuner()
        return program

    def _changes(self, projection: Projection) -> bool:
        """Whether what a run does changes its synapses."""
        return projection.learns or any(r.projection is projection for r in self._homeostases)

    def _is_built(self) -> bool:
        return self._program is not None or self._external is not None

    def _settle_earlier_runs(self) -> None:
        """Weights that earlier runs have not looked at yet are read now, before they change."""
        for reference in self._runs:
            run = reference()
            if run is not None:
                for name, projection in self._projections.items():
                    if self._changes(projection):
                        run.synapses(name)
        self._runs = []

    def _count(self, projection: Projection) -> int:
        counted = None if self._external is None else self._external.count(projection)
        return count_synapses(projection, self.seed, self.dt, self._program) if counted is None else counted

    def _header(self, t_start: float, made_by: Mapping[str, str] | None = None) -> RunHeader:
        populations = {
            name: PopulationInfo(name, p.size, p.model_name, _parameters(p), p.kinds)
            for name, p in self._populations.items()
        }
        projections = {
            name: ProjectionInfo(
                name,
                p.source.name,
                p.target.name,
                p.port,
                p.on,
                self._count(p),
                p.describe(),
                "" if p.unit == "1" else p.unit,
            )
            for name, p in self._projections.items()
        }
        return RunHeader(
            self.dt, t_start, self.seed, populations, projections,
            tuple((r.of.name, r.variable) for r in self._recordings if r.events),
            tuple(TraceHeader(r.of.name, r.variable, r.unit, r.ids) for r in self._recordings if not r.events),
            versions() if made_by is None else made_by,
        )  # fmt: skip


def _parameters(population: Population) -> dict[str, Any]:
    if isinstance(population.model, Neuron):
        return population.model.parameters._asdict()
    return population.model.parameters


def versions() -> dict[str, str]:
    """Versions that a run depends on."""
    return {
        "spikelearn": VERSION,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": _installed("numba"),
        "llvmlite": _installed("llvmlite"),
    }
