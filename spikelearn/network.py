"""Network: what a user holds. It gathers a description and hands it to an engine."""

from __future__ import annotations

import os
import platform
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from spikelearn.description.checks import (
    check_array,
    check_delays,
    check_drive,
    check_initial,
    check_plasticity,
    check_release,
    check_sizes,
)
from spikelearn.description.distributions import drawn
from spikelearn.description.population import Modulator, Population, View, segment, whole
from spikelearn.description.projection import Drive, Projection, Release
from spikelearn.description.recording import Recording, first_step, recording, sampling_steps
from spikelearn.description.regulation import Regulation, regulation
from spikelearn.description.rules import AllToAll, Rule
from spikelearn.description.trials import Callback, Trials
from spikelearn.engine import checkpoint as checkpoint_file
from spikelearn.engine import elsewhere, events
from spikelearn.engine.callbacks import after_trials, standing, trial_calls
from spikelearn.engine.events import EventPlan
from spikelearn.engine.lower import Description, lower
from spikelearn.engine.plan import Program
from spikelearn.engine.run import PopulationInfo, ProjectionInfo, Run
from spikelearn.engine.simulate import ENGINES, Pause, simulate
from spikelearn.engine.sink import MemorySink, RunHeader, Sink, TraceHeader
from spikelearn.engine.snapshot import count_synapses, put_synapses, synapses_of
from spikelearn.errors import CheckpointError, DescriptionError, ParameterError, SimulationError
from spikelearn.neurons import Neuron, NeuronModel
from spikelearn.plasticity import Plasticity
from spikelearn.sources import Poisson, SpikeList
from spikelearn.synapses import Synapse
from spikelearn.units import plain

VERSION = "0.1.0"


class Network:
    """A network of spiking neurons: describe it, then run it.

    dt: step in ms. seed: the root of all random numbers; the same description and seed give the same spikes.
    threads: how many run it, each its share of the neurons; any number of them gives the same spikes and weights.

    >>> net = Network(dt=0.1, seed=1)
    >>> source = net.population(100, Poisson(rate=20), name="source")
    """

    def __init__(self, dt: Any = 0.1, seed: int = 0, threads: int = 1) -> None:
        step = plain(dt, "ms", "dt of Network")
        if not isinstance(step, float) or not np.isfinite(step) or step <= 0:
            raise ParameterError(f"dt of Network: expected more than 0 ms, got {dt!r}")
        if not isinstance(seed, int | np.integer) or isinstance(seed, bool) or not 0 <= seed < 1 << 63:
            raise ParameterError(f"seed of Network: expected a whole number from 0 to 2^63 - 1, got {seed!r}")
        if not isinstance(threads, int | np.integer) or isinstance(threads, bool) or threads < 1:
            raise ParameterError(f"threads of Network: expected a whole number from 1 on, got {threads!r}")
        self.dt = step
        self.seed = int(seed)
        self.threads = int(threads)
        self._populations: dict[str, Population] = {}
        self._projections: dict[str, Projection] = {}
        self._modulators: dict[str, Modulator] = {}
        self._drives: list[Drive] = []
        self._releases: list[Release] = []
        self._recordings: list[Recording] = []
        self._callbacks: list[Callback] = []
        self._regulations: list[Regulation] = []
        self._things = 0
        self._engine = "compiled"
        self._program: Program | EventPlan | None = None
        self._elsewhere: elsewhere.Elsewhere | None = None
        self._runs: list[weakref.ref[Run]] = []
        self.recorded: Run | None = None

    @property
    def time(self) -> float:
        """How far the network has run, in ms."""
        runs = self._elsewhere or self._program
        return 0.0 if runs is None else runs.step * self.dt

    @property
    def populations(self) -> Mapping[str, Population]:
        """All populations by name."""
        return MappingProxyType(self._populations)

    @property
    def projections(self) -> Mapping[str, Projection]:
        """All projections by name."""
        return MappingProxyType(self._projections)

    @property
    def modulators(self) -> Mapping[str, Modulator]:
        """All modulators by name."""
        return MappingProxyType(self._modulators)

    @property
    def callbacks(self) -> tuple[Callback, ...]:
        """What `on_step` added, in order; their arguments hold the arrays that they were given."""
        return tuple(self._callbacks)

    def population(
        self, size: int, model: Any, name: str | None = None, initial: Mapping[str, Any] | None = None
    ) -> Population:
        """Add `size` neurons of a model with parameters, `LIF(tau_m=20)`, or of a source, `Poisson(rate=20)`.

        initial: state variable -> number, array (size,) or distribution. Raises DescriptionError.
        """
        self._still_open("population")
        if not isinstance(size, int | np.integer) or isinstance(size, bool) or size < 1:
            called = "population" if name is None else f"population {name!r}"
            raise DescriptionError(f"{called}: expected a size of at least 1, a whole number, got {size!r}")
        if isinstance(model, NeuronModel):
            model = model()
        if not isinstance(model, Neuron | Poisson | SpikeList):
            raise DescriptionError(
                f"population {name!r}: expected a neuron model such as LIF() or a source such as Poisson(rate=20), "
                f"got {model!r}"
            )
        kind = model.model.name if isinstance(model, Neuron) else model.name
        name = self._name(name, kind.lower(), self._populations)
        size = int(size)
        check_sizes(name, size, model, self.dt)
        if not isinstance(initial, Mapping | None):
            raise DescriptionError(f"initial of population {name!r}: expected {{variable: value}}, got {initial!r}")
        added = Population(name, size, model, dict(initial or {}), self._thing())
        check_initial(added)
        self._populations[name] = added
        return added

    def modulator(self, name: str = "dopamine", tau: Any = 200.0) -> Modulator:
        """Add a modulator whose concentration decays with time constant `tau` (ms)."""
        self._still_open("modulator")
        tau_n = plain(tau, "ms", f"tau of modulator {name!r}")
        if not isinstance(tau_n, float) or not np.isfinite(tau_n) or tau_n <= 0:
            raise ParameterError(f"tau of modulator {name!r}: expected more than 0 ms, got {tau!r}")
        added = Modulator(self._name(name, name, {**self._modulators, **self._populations}), tau_n, self._thing())
        self._modulators[added.name] = added
        return added

    def connect(
        self,
        source: Population | View,
        target: Population | View | Modulator,
        port: str | None = None,
        rule: Rule | None = None,
        weight: Any = 1.0,
        delay: Any = None,
        axonal_delay: Any = None,
        dendritic_delay: Any = None,
        on: str = "spike",
        plasticity: Plasticity | None = None,
        plastic: bool = True,
        learns_from: str | None = None,
        synapse: Synapse | None = None,
        name: str | None = None,
    ) -> Projection:
        """Connect a population to a port of another, or to a modulator, of which each event then releases `weight`.

        rule: AllToAll() by default. weight: number, array or distribution, in the unit of the port; an array has shape
        (n_source, n_target) for AllToAll and one value for each synapse for OneToOne and Pairs. delay: ms, axonal;
        by default one step; one that would be drawn shorter is drawn again. axonal_delay may be a number, array or
        distribution, dendritic_delay is a number: it delays the input and, on their way back to the synapse, the post
        events that a plasticity rule learns from. on: kind of event that is carried. learns_from: kind of post event of
        the rule. plastic=False freezes the weights. synapse: short-term plasticity. Raises DescriptionError,
        ParameterError or UnitError.
        """
        self._still_open("projection")
        for what, end in (("source", source), ("target", target)):
            if not isinstance(end, Population | View | Modulator) or self._owner(end) is not True:
                raise DescriptionError(f"connect: {what} is not a population of this network: {end!r}")
        if isinstance(source, Modulator):
            raise DescriptionError(f"connect: source must be a population, got the modulator {source.name!r}")
        name = self._name(name, f"{source.name}->{target.name}", self._projections)
        where = f"projection {name!r}"
        sender = whole(source)
        sender.check_kind(on, where)
        source_first, source_size = segment(source, where)
        receiver: Population | Modulator
        if isinstance(target, Modulator):
            receiver, target_first, target_size, unit = target, 0, 1, "1"
            if port not in (None, "release"):
                raise DescriptionError(f"{where}: a modulator has no port {port!r}; leave it out")
            port = "release"
        else:
            receiver = whole(target)
            target_first, target_size = segment(target, where)
            if not isinstance(receiver.model, Neuron):
                raise DescriptionError(f"{where}: population {receiver.name!r} ({receiver.model_name}) takes no input")
            port = receiver.model.model.port(port, where)
            unit = receiver.model.model.ports[port]
        rule = AllToAll() if rule is None else rule
        if not isinstance(rule, Rule):
            raise DescriptionError(f"{where}: expected a rule such as FixedInDegree(100), got {rule!r}")
        shared = range(0)
        if sender is receiver:
            low = max(source_first, target_first) - target_first
            high = min(source_first + source_size, target_first + target_size) - target_first
            shared = range(low, max(low, high))
        thing = self._thing()
        generator = np.random.default_rng([self.seed, thing])
        rows = rule.rows(source_size, target_size, shared, generator, where)
        weights = drawn(weight, unit, f"weight of {where}")
        check_array(rule, weights.values, rows, source_size, target_size, f"weight of {where}")
        axonal, dendritic_steps = check_delays(delay, axonal_delay, dendritic_delay, self.dt, where)
        check_array(rule, axonal.values, rows, source_size, target_size, f"delay of {where}")
        back, modulators = dendritic_steps * self.dt, self._modulators.values()
        learned_kind = check_plasticity(
            receiver, port, plasticity, synapse, learns_from, weights, back, modulators, where
        )  # fmt: skip
        added = Projection(
            name, sender, source_first, source_size, receiver, target_first, target_size, port, unit, on, rule, rows,
            weights, axonal, dendritic_steps, plasticity, synapse, bool(plastic), learned_kind,
            bool(getattr(rule, "autapses", True)), thing,
        )  # fmt: skip
        self._projections[name] = added
        return added

    def drive(self, target: Population | View, source: Any, port: str | None = None, weight: Any = None) -> None:
        """Let a PoissonInput (with a weight), a StepCurrent or a NoiseCurrent act on every neuron of a population."""
        self._still_open("drive")
        if not isinstance(target, Population | View) or self._owner(target) is not True:
            raise DescriptionError(f"drive: target is not a population of this network: {target!r}")
        population, where = whole(target), f"drive of {target.name!r}"
        first, size = segment(target, where)
        port, number = check_drive(population, size, source, port, weight, where)
        self._drives.append(Drive(source, population, first, size, port, number, self._thing()))

    def regulate(self, projection: Projection, rule: Any) -> None:
        """Let Normalisation, SynapticScaling or Rewiring act on the synapses of a projection, besides what they learn.

        Each acts at the end of every `every`-th step, once all synapses have learned from what happened until then;
        several on one projection act in the order in which they were added. With a dendritic delay they act on weights
        as they were that long ago, as do arrivals. In phases of trials in which a projection is not plastic nothing
        regulates it, nor ever with plastic=False. Raises DescriptionError, ParameterError or UnitError.
        """
        self._still_open("regulation")
        if not isinstance(projection, Projection) or self._owner(projection) is not True:
            raise DescriptionError(f"regulate: not a projection of this network: {projection!r}")
        added = regulation(projection, rule, self.dt)
        if any(r.projection is projection and type(r.rule) is type(rule) for r in self._regulations):
            raise DescriptionError(f"projection {projection.name!r} is regulated by {type(rule).__name__} already")
        if projection.plasticity is None or projection.plastic:
            self._regulations.append(added)

    def release(self, modulator: Modulator, times: Any, amounts: Any = 1.0) -> None:
        """Release amounts (a number or one for each time) of a modulator at times in ms."""
        self._still_open("release")
        if self._owner(modulator) is not True:
            raise DescriptionError(f"release: not a modulator of this network: {modulator!r}")
        steps, amount_of_each = check_release(modulator, times, amounts, self.dt)
        self._releases.append(Release(modulator, steps, amount_of_each))

    def record(self, of: Any, variables: str | Sequence[str] = "spikes", every: Any = None, start: Any = 0.0) -> None:
        """Record "spikes" (or "events", "bursts", "plateaus") or state variables of a population or a view of it,
        "n" of a modulator, or "weight" and "c" of a projection (`net.record(ff, "weight", every=100)`).

        every: interval of samples in ms; by default each step, for projections 100 ms. start: ms; nothing is recorded
        before it.
        """
        self._still_open("recording")
        if self._owner(whole(of) if isinstance(of, View) else of) is not True:
            raise DescriptionError(f"record: not a population, modulator or projection of this network: {of!r}")
        steps, first = sampling_steps(of, every, self.dt), first_step(of, start, self.dt)
        for variable in [variables] if isinstance(variables, str) else variables:
            new = recording(
                of, variable, steps, first, lambda projection: count_synapses(projection, self.seed, self.dt)
            )
            if any(r.of is new.of and r.variable == new.variable for r in self._recordings):
                raise DescriptionError(f"recording of {of.name!r}: {variable!r} is recorded already")
            self._recordings.append(new)

    def on_step(self, function: Any, *arguments: Any) -> None:
        """Call function(step, *arguments) at the end of every step; it is compiled. See Callback."""
        self._still_open("callback")
        self._callbacks.append(Callback(function, arguments))

    def run(
        self,
        duration: Any = None,
        trials: Trials | None = None,
        engine: str | elsewhere.NEST | elsewhere.Brian2 | None = None,
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
            n_steps = int(trials.phase_steps(self.dt).sum()) * int(trials.n)
        else:
            length = plain(duration, "ms", "duration of run")
            if not isinstance(length, float) or not np.isfinite(length) or length < 0:
                raise ParameterError(f"duration of run: expected at least 0 ms, got {duration!r}")
            n_steps = round(length / self.dt)
        every = self._steps_between_checkpoints(checkpoint, checkpoint_every, trials)
        if trials is not None and self.threads > 1:
            raise DescriptionError("run: trials set what all neurons do, so they run on one thread: Network(threads=1)")
        if engine is None and self._elsewhere is not None:
            engine = self._elsewhere.options
        elif engine is None:
            engine = "events" if isinstance(self._program, EventPlan) else "compiled"
        if (options := elsewhere.options_of(engine)) is not None:
            elsewhere.refuse_what_is_not_elsewhere(options, trials, checkpoint, after)
            return self._run_elsewhere(options, n_steps, MemorySink() if sink is None else sink)
        if trials is not None and engine == "events":
            raise DescriptionError("run: engine='events' runs no trials, which are made of steps")
        if not isinstance(engine, str):
            raise DescriptionError(f"engine: expected a name such as 'compiled', or NEST() or Brian2(), got {engine!r}")
        program = self.build(engine)
        self._settle_earlier_runs()
        sink = MemorySink() if sink is None else sink
        t_start, events_before = program.step * self.dt, program.synaptic_events
        header = self._header(t_start)
        plan = program.plans[0] if isinstance(program, Program) else None
        extra = trial_calls(trials, plan) if trials is not None and plan is not None else None
        sink.begin(header)
        found = standing(trials, plan) if trials is not None and plan is not None else []

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
                interrupted, wall = events.simulate(program, n_steps, sink, progress, pause)
            else:
                interrupted, wall = simulate(program, n_steps, sink, engine, progress, extra, pause)
        except (SimulationError, CheckpointError) as raised:
            error = raised
        n_events = program.synaptic_events - events_before
        sink.end(program.step * self.dt, interrupted, wall, n_events)
        if plan is not None and trials is not None:
            after_trials(found, plan)
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
        if self._elsewhere is not None:
            raise DescriptionError(f"reset: this network runs on {self._elsewhere.options}; make it again instead")
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

    def _run_elsewhere(self, options: elsewhere.NEST | elsewhere.Brian2, n_steps: int, sink: Sink) -> Run:
        """Run on another simulator, from the beginning or from where it stopped there."""
        if self._elsewhere is None:
            self._elsewhere = elsewhere.begin_elsewhere(self._description(), options, self.time)
        header = self._header(self.time, {**versions(), **self._elsewhere.versions})
        return self._elsewhere.run(options, n_steps, header, sink)

    def _description(self) -> Description:
        if not self._populations:
            raise DescriptionError("this network has no populations")
        return Description(
            self.dt,
            self.seed,
            list(self._populations.values()),
            list(self._projections.values()),
            list(self._modulators.values()),
            self._drives,
            self._releases,
            self._recordings,
            self._callbacks,
            self._regulations,
        )

    def build(self, engine: str | None = None) -> Program | EventPlan:
        """Build the network now rather than at the first run; from then on it cannot be extended.

        engine: as in `run`; None: the one that it was built for before, or "compiled". A network that was built for
        "events" stays with it, and one that was built for "compiled" or "stepper" with these two.
        """
        engine = engine or self._engine
        if engine not in ENGINES:
            raise DescriptionError(f"engine: expected one of {', '.join(ENGINES)}, got {engine!r}")
        if self._elsewhere is not None:
            raise DescriptionError(f"this network runs on {self._elsewhere.options}; make it again to run it here")
        if self._program is None:
            description = self._description()
            self._engine = engine
            self._program = events.lower(description) if engine == "events" else lower(description, self.threads)
        if isinstance(self._program, EventPlan) != (engine == "events"):
            raise DescriptionError(
                f"engine: this network was built for {self._engine!r} and cannot change to {engine!r}; "
                "make it anew for that"
            )
        return self._program

    def _changes(self, projection: Projection) -> bool:
        """Whether what a run does changes its synapses."""
        return projection.learns or any(r.projection is projection for r in self._regulations)

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
        counted = None if self._elsewhere is None else self._elsewhere.count(projection)
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

    def _thing(self) -> int:
        self._things += 1
        return self._things

    def _name(self, wanted: str | None, default: str, taken: Iterable[str]) -> str:
        if wanted is None:
            wanted, k = default, 2
            while wanted in taken:
                wanted, k = f"{default}_{k}", k + 1
        if wanted in taken:
            raise DescriptionError(f"the name {wanted!r} is taken")
        return wanted

    def _owner(self, thing: Any) -> bool:
        thing = whole(thing) if isinstance(thing, View) else thing
        known: list[Any] = [*self._populations.values(), *self._modulators.values(), *self._projections.values()]
        return any(thing is k for k in known)

    def _still_open(self, what: str) -> None:
        if self._program is not None or self._elsewhere is not None:
            raise DescriptionError(f"the network is built already: a {what} must be added before the first run")


def _parameters(population: Population) -> dict[str, Any]:
    if isinstance(population.model, Neuron):
        return population.model.parameters._asdict()
    return population.model.parameters


def versions() -> dict[str, str]:
    """Versions that a run depends on."""
    import llvmlite
    import numba

    return {
        "spikelearn": VERSION,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
    }
