"""Network: the user's main object. It collects a description and runs it on a backend."""

from __future__ import annotations

import copy
import functools
import os
import weakref
from _thread import get_ident
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spikelearn.backends.engines import backend_of, check_supported, choose
from spikelearn.backends.execution import execute
from spikelearn.backends.request import check_request
from spikelearn.changing import ChangingNetwork
from spikelearn.codegen.interruptible import interruptible
from spikelearn.codegen.raised import described
from spikelearn.description.changing import check_not_past
from spikelearn.description.following import check_nothing_else_sets
from spikelearn.description.given_weights import given_weights
from spikelearn.description.grid import check_grid, coarse_steps
from spikelearn.description.overview import overview, short
from spikelearn.description.population import Reference
from spikelearn.description.projection import Drive, Projection
from spikelearn.description.readout import Readout, matrix_of
from spikelearn.engine.lowering.synapse_tables import count_alone
from spikelearn.engine.simulate import Pause
from spikelearn.errors import CheckpointError, CoarseStepWarning, DescriptionError, SimulationError, SpikelearnError
from spikelearn.results.recent import RecentEvents
from spikelearn.results.recordings import found_key
from spikelearn.results.run import Run, Spikes, Synapses, read_only
from spikelearn.steps import times_of
from spikelearn.units import Quantity
from spikelearn.values import path as checked_path
from spikelearn.values import whole_number
from spikelearn.version import versions
from spikelearn.warn import warn

if TYPE_CHECKING:
    from collections.abc import Callable

    from spikelearn.backends.backend import Backend, Choice, Shares
    from spikelearn.backends.options import Options
    from spikelearn.description.interval import Regular
    from spikelearn.description.network_description import NetworkDescription
    from spikelearn.description.population import Population, View
    from spikelearn.description.recording import Recording
    from spikelearn.description.trials import Trials
    from spikelearn.results.sink import Sink

MOST_THREADS = 1024


class Network(ChangingNetwork):
    """A network of spiking neurons: describe it, then run it.

    dt: step in ms. seed: the root of all random numbers; the same description and seed give the same spikes.
    threads: number of threads, each running its share of the neurons; results do not depend on it. None: one for
    networks below 2,000 neurons, else as many as there are cores (or SPIKELEARN_THREADS, if set), as long as they are
    faster than one; this is measured during the run. precision: "mixed" or "double". All states are float64 in both.
    With "mixed", static synapses of tables of a million or more hold weights that differ in 4 bytes, and if they have
    several delays, their input is summed in float32; with "double" nothing is, in more time and memory.

    >>> net = Network(dt=0.1, seed=1)
    >>> source = net.population(100, Poisson(rate=20), name="source")
    """

    def __init__(self, dt: Quantity = 0.1, seed: int = 0, threads: int | None = None, precision: str = "mixed") -> None:
        super().__init__(dt, seed, precision)
        self.threads = None if threads is None else whole_number(threads, "threads of Network", 1, MOST_THREADS)
        self._choice = choose("compiled")
        self._shares: Shares | None = None
        self._warned_of_coarse_steps = False
        self._backend: Backend | None = None
        self._runs: list[weakref.ref[Run]] = []
        self._past_runs: weakref.WeakSet[Run] = weakref.WeakSet()
        self._given_weights: dict[str, np.ndarray] = {}
        self._written_by_callbacks: set[str] = set()
        self._recent = RecentEvents()
        self._acting: tuple[int, float] | None = None
        self._within_trials = False
        self._changed = False
        self._lineage: object = None
        self.recorded: Run | None = None

    def __repr__(self) -> str:
        return short(self._everything(), self.time)

    def __str__(self) -> str:
        """All parts, each kind in a table, with their sizes; once the network is built, also the memory of synapses."""
        memory = None if self._backend is None else self._backend.memory()
        return overview(self._everything(), self.time, memory)

    @property
    def time(self) -> float:
        """How far the network has run, in ms."""
        return 0.0 if self._backend is None else times_of(self._backend.step, self.dt)

    def run(
        self,
        duration: Quantity | None = None,
        trials: Trials | None = None,
        engine: str | Options | None = None,
        sink: Sink | None = None,
        progress: bool | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_every: Quantity | None = None,
        after: Run | None = None,
    ) -> Run:
        """Run for `duration` ms, or for a schedule of trials, and return what was recorded.

        Called again, it continues where it stopped. engine: "compiled"; "stepper", the same in Python, for debugging;
        "events", exact in continuous time, from one event to the next, for models that have a closed form; "nest" or
        "brian2", or NEST(...) or Brian2(...) with options: the same network on that simulator, from time 0. None is
        "compiled", or the engine used so far. sink: where recordings go (memory by default; spikelearn.io.RunWriter
        streams them to a file). progress: whether to show a progress bar on standard error; by default only on a
        terminal. Ctrl-C returns what has been simulated so far. checkpoint: a file that is written at the end (see
        Run.checkpoint) and every `checkpoint_every` ms, so that a killed process loses no more than that. after: the
        run that this one continues; the returned run, also in checkpoints, is then the two joined (see Run.joined). All
        arguments are checked before anything is simulated.
        """
        step = 0 if self._backend is None else self._backend.step
        request = check_request(self.dt, step, duration, trials, sink, progress, checkpoint, checkpoint_every, after)
        self._check_owned(request.named)
        for k, phase in enumerate(request.trials.phases if request.trials is not None else ()):
            callbacks = [phase.callback] if phase.callback is not None else []
            check_nothing_else_sets(self._followings, phase.releases, (), callbacks, f" of phase {k}")
        choice = self._choice if engine is None else choose(engine)
        check_supported(choice, request.needs)
        with self._used_alone("run"):
            backend = self._begin(choice)
            self._keep_synapses_of_earlier_runs()
            self._note_written_weights(backend, request.trials)
            pauses = [Pause(each.every, functools.partial(self._call, each), at_end=True) for each in self._regular]
            self._within_trials = request.trials is not None
            recent = self._recent if pauses else None
            return execute(self._now, request, versions(), self._finish, pauses, recent)

    @classmethod
    def restore(cls, path: str | os.PathLike[str]) -> Network:
        """Restore a network from a checkpoint, ready to continue: see Run.checkpoint.

        Its populations, projections and modulators are found by name, `net.populations["pyramidal"]`; `net.recorded` is
        the run that was checkpointed. A restored network continues with the same weights, state and random numbers as
        the original would have, given the same code and kind of processor. A checkpoint contains code that runs when it
        is read: restore only checkpoints from sources you trust. Raises CheckpointError if the file is missing,
        damaged, truncated, not a checkpoint, of another format version, or if its models have changed since.

        >>> net = Network(dt=1.0)
        >>> inputs = net.population(5, Poisson(50.0), name="inputs")
        >>> net.run(100.0).checkpoint("state.ckpt")
        >>> again = Network.restore("state.ckpt")
        >>> again.run(50.0, after=again.recorded).duration
        150.0
        """
        from spikelearn.engine import checkpoint

        content = checkpoint.read(checked_path(path, "path of restore"))
        Network.__init__(net := cls.__new__(cls))
        try:
            described = content["network"]
            vars(net).update(described, _populations=described["_populations"], **_of_a_new_process(), recorded=None)
            net.build().restore(content["arrays"], content["step"], str(path))
            net.recorded = net._finish(content["run"])
        except SpikelearnError:
            raise
        except Exception as error:
            raise CheckpointError(
                f"{path}: intact, but what it holds is no network with its state: {type(error).__name__}: {error}"
            ) from error
        return net

    def __getstate__(self) -> dict[str, Any]:
        """The description, and how far the network has run: a copy, also in another process, continues bit for bit."""
        state = self._described() | {"recorded": self.recorded}
        if self._backend is not None and "checkpoints" in self._backend.supports:
            self._take_up_changes()
            state["_progress"] = self._backend.arrays(), self._backend.step
        elif self.time > 0:
            raise DescriptionError(
                f"a network that has run on {self._choice} cannot be copied or pickled, as its state is in another "
                "simulator; its runs and a network that has not run can"
            )
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        progress = state.pop("_progress", None)
        vars(self).update(state, **_of_a_new_process())
        if progress is not None:
            arrays, step = progress
            self.build().restore(arrays, step, "copy of a network")

    def __copy__(self) -> Network:
        """A copy that shares nothing with this network, as by copy.deepcopy."""
        return copy.deepcopy(self)

    def _described(self) -> dict[str, Any]:
        """All attributes except those that belong to this process."""
        left_out = {*_of_a_new_process(), "_use", "recorded"}
        described = {name: value for name, value in vars(self).items() if name not in left_out}
        return described | {"_given_weights": self._weights_given_or_written()}

    def _weights_given_or_written(self) -> dict[str, np.ndarray]:
        """By name, weights of projections that differ from those that they were connected with, and do not learn."""
        written = sorted(self._written_by_callbacks) if self._backend is not None else []
        return self._given_weights | {name: self.weights(self._projections[name]) for name in written}

    def reset(self, keep_weights: bool = True) -> None:
        """Reset to time 0: states, traces, spikes in transit, eligibilities and modulators take their initial values.

        keep_weights: plastic and regulated projections keep their current synapses, and readouts their weights. Random
        numbers, drawn by step, are the same as the first time. Parameters stay as they were set last, and what was
        added stays, as if it had been there from the start. Arrays passed to callbacks by the user are left unchanged.
        """
        if self._backend is None:
            return
        if "reset" not in self._backend.supports:
            raise DescriptionError(f"reset: this network runs on {self._choice}; make a new network instead")
        with self._used_alone("reset"):
            self._take_up_changes()
            self._keep_synapses_of_earlier_runs()
            before = self._backend
            self._given_weights = self._weights_given_or_written() if keep_weights else {}
            self._backend, self.recorded, self._since, self._recent = None, None, {}, RecentEvents()
            backend = self.build()
            for readout in (each for each in self._signals.values() if keep_weights and isinstance(each, Readout)):
                backend.readout_weights(readout)[:] = before.readout_weights(readout)
            for projection in self._projections.values():
                if keep_weights and self._changes(projection):
                    synapses = before.synapses(projection)
                    backend.put_synapses(projection, synapses() if callable(synapses) else synapses)

    def weights(self, projection: Projection | Readout) -> np.ndarray:
        """The current weights of a projection, (n,) in the order of Run.synapses, or those of a readout, (n, size).

        They are read-only; before the first run, too. For a matrix of synapses, see Synapses.matrix:
        `run.synapses(projection).matrix((n_source, n_target))`.
        """
        if isinstance(projection, Readout):
            return self._readout_weights(projection, "weights").copy()
        found = np.array(self._synapses(projection, "weights").weight, np.float64)
        found.flags.writeable = False
        return found

    def synapses(self, projection: Projection) -> Synapses:
        """The current synapses of a projection, before the first run too: pre, post, weight and delay of each."""
        return read_only(self._synapses(projection, "synapses"))

    def set_weights(self, projection: Projection | Readout, weights: Quantity) -> None:
        """Set the weights of a projection, plastic or static, or of a readout, before the first run or between runs.

        weights: in the unit of the port; (n,), one for each synapse in the order of `weights`, or an array (sources,
        targets), with 0 or NaN where there is no synapse. Traces, eligibilities and all other state are kept; a network
        whose weights are set before its first run is the same as one that was connected with them. With a dendritic
        delay, changes that are still on their way to the soma are part of the weights that are set, as they are of
        those that are read. A static projection needs weights of its own: connect it with an array or a distribution.
        `reset(keep_weights=False)` goes back to the weights that `connect` was given. Those of a readout are (n, size),
        or what else `readout` takes; the P of recursive least squares stays. Raises ParameterError, DescriptionError or
        UnitError.

        >>> net = Network()
        >>> cells = net.population(3, LIF())
        >>> made = net.connect(cells, cells, weight=Uniform(0, 1))
        >>> net.set_weights(made, np.full((3, 3), 0.5))
        >>> net.weights(made)[:2].tolist()
        [0.5, 0.5]
        """
        with self._used_alone("set_weights", between_steps=True):
            if isinstance(projection, Readout):
                where, shape = f"weights of readout {projection.name!r}", projection.initial_weights.shape
                self._readout_weights(projection, "set_weights")[:] = matrix_of(weights, shape, where, single=1)
                return
            synapses = self._synapses(projection, "set_weights")
            backend, what = self.build(), f"weights of projection {projection.name!r}"
            if "weights" not in backend.supports:
                raise DescriptionError(f"set_weights: this network runs on {self._choice}; make a new network for that")
            values = given_weights(projection, weights, synapses.pre, synapses.post, what)
            self._read_earlier_runs(projection)
            backend.put_weights(projection, values)
            if backend.step == 0 or not self._changes(projection):
                self._given_weights[projection.name] = values

    @property
    def weights_were_set(self) -> bool:
        """Whether there are weights from `set_weights` that are not in its description."""
        return bool(self._given_weights)

    def _readout_weights(self, readout: Readout, where: str) -> np.ndarray:
        """The array of the current weights of a readout."""
        self._check_owned([(where, readout)])
        return self.build().readout_weights(readout)

    def _synapses(self, projection: Projection, where: str) -> Synapses:
        """The current synapses of a projection."""
        self._check_owned([(where, projection)])
        if not isinstance(projection, Projection):
            raise DescriptionError(f"{where}: expected a projection, got {projection!r}")
        found = self.build().synapses(projection)
        return found() if callable(found) else found

    def spikes(
        self, population: str | Population | View | Recording, kind: str | None = None,
        recording: str | Recording | None = None,
    ) -> Spikes:  # fmt: skip
        """In a function of `every`: the recorded events of its last interval. Arguments as for Run.spikes.

        Those after the time at which the function was last called, or would have been, up to now. Raises
        DescriptionError if they are not recorded, or outside such a function.
        """
        if self._acting is None or self._acting[0] != get_ident():
            raise DescriptionError("spikes: only functions of every read them here; a run has them, run.spikes(...)")
        recorded = {(each.of.name, each.key): each for each in self._recordings if each.events}
        key, ids = found_key(recorded, population, kind, recording, "spike", lambda key: recorded[key].ids)
        found = self._recent.since(key, self._acting[1])
        if ids is None:
            return found
        keep = np.isin(found.ids, ids)
        return Spikes(found.times[keep], found.ids[keep])

    def _call(self, regular: Regular, wall: float) -> bool:
        """Call a function of `every`; SimulationError if it raises. Returns whether the network was built anew."""
        assert self._backend is not None
        backend, step = self._backend, self._backend.step
        self._acting = get_ident(), times_of(step - regular.every, self.dt)
        try:
            regular.function(self)
        except Exception as error:
            raise SimulationError(
                f"function {regular.name} (every {times_of(regular.every, self.dt):g} ms) raised {described(error)} at "
                f"{times_of(step, self.dt):g} ms; the run stopped there"
            ) from error
        finally:
            self._acting = None
        longest = max(each.every for each in self._regular)
        self._recent.forget_until(times_of(step - longest, self.dt))
        return self._backend is not backend

    def _switched(self, parts: Sequence[Any], on: bool, what: str) -> None:
        with self._used_alone(what, between_steps=True):
            self._take_up_changes()
            if self._backend is None or not parts:
                return
            if "switches" not in self._backend.supports or not all(map(self._backend.can_switch, parts)):
                self._built_anew(f"{what}: {parts[0]!r}")
            for part in parts if not self._changed else ():
                self._now().switch(part, on)

    def _removed(self, parts: Sequence[Drive | Recording], on: Sequence[Drive | Recording]) -> None:
        backend = self._backend
        switched = on if backend is not None and backend.step > 0 and "switches" in backend.supports else ()
        for part in switched:
            self._now().switch(part, False)
        try:
            self._built_anew(f"remove: {parts[0]!r}" if parts else "remove", [p for p in parts if isinstance(p, Drive)])
        except BaseException:
            for part in switched:
                self._now().switch(part, True)
            raise

    def _built_anew(self, what: str, gone: Sequence[Drive] = ()) -> None:
        if self._backend is None or self._backend.step == 0:
            self._changed = True
        elif "changes" in self._backend.supports:
            self._change_backend(gone)
        else:
            raise DescriptionError(f"{what}: this network runs on {self._choice}, which cannot do so once it has run")

    @contextmanager
    def _used_alone(self, what: str, between_steps: bool = False) -> Iterator[None]:
        """Raise DescriptionError if a run of this network has not ended, in another thread or in a sink.

        between_steps: whether functions of `every` may do this.
        """
        if self._acting is not None and self._acting[0] == get_ident():
            if not between_steps:
                raise DescriptionError(f"{what}: a function of every cannot do this; it is for between two runs")
            yield
            return
        use = object()
        if vars(self).setdefault("_use", use) is not use:  # one step, also with threads
            raise DescriptionError(
                f"{what}: another run of this network has not ended yet; for runs at the same time, copy the network "
                "before: copy.deepcopy(net)"
            )
        try:
            yield
        finally:
            del vars(self)["_use"]

    def build(self, engine: str | Options | None = None) -> Backend:
        """Build the network now rather than at the first run, or with what was added since it ran.

        engine: as in `run`; None: the one that it was last built for, or "compiled". Once a network has started to run
        its engine is fixed, except that "compiled" and "stepper" are interchangeable.
        """
        return self._begin(self._choice if engine is None else choose(engine))

    def _begin(self, choice: Choice) -> Backend:
        """The backend of an engine with this network, built if necessary."""
        self._take_up_changes()
        if self._backend is not None and choice != self._choice and not self._backend.change_to(choice):
            if self._backend.step > 0:
                raise DescriptionError(
                    f"engine: this network runs on {self._choice} and has already run to {self.time:g} ms; it cannot "
                    f"change to {choice}: make a new network for that"
                )
            self._backend, self._shares = None, None
        if self._backend is None:
            self._backend, self._lineage = self._at_start(choice, self._shares), object()
            self._shares = self._backend.shares
        self._choice = choice
        return self._backend

    def _at_start(self, choice: Choice, shares: Shares | None) -> Backend:
        """A backend with this network at time 0, and the weights that were set."""
        backend, description = backend_of(choice.engine), self._checked_description(choice)
        begin = functools.partial(backend.begin, description, choice, self.threads, shares)
        made = _made(begin, backend.any_thread)
        for name, weights in self._given_weights.items():
            if "weights" not in made.supports:
                raise DescriptionError(f"weights of projection {name!r} were set, which {choice} does not take over")
            made.put_weights(self._projections[name], weights)
        return made

    def _take_up_changes(self) -> None:
        """Build the network again, with all the state that it has, if something was added since it was built.

        If that is not possible, the network is again what it was before.
        """
        before, changed = self._backend, self._changed
        self._changed = False
        if before is None or not changed:
            return
        try:
            if before.step == 0:
                self._backend = self._at_start(self._choice, None)
                for readout in (each for each in self._signals.values() if isinstance(each, Readout)):
                    if readout in before.description.signals:
                        self._backend.readout_weights(readout)[:] = before.readout_weights(readout)
            else:
                self._change_backend()
        except BaseException:
            self._backend = before
            self._take_back(before.description)
            raise
        self._shares = self._backend.shares if self._backend is not None else None

    def _change_backend(self, parts: Sequence[Any] = (), located: Mapping[Any, Any] | None = None) -> None:
        """Go on with a backend for the description that there is now; arguments as for Backend.changed."""
        before = self._now()
        if self._acting is not None and self._within_trials:
            raise DescriptionError("the network has to be built anew for this, which is not possible within trials")
        description = self._checked_description(self._choice)
        change = functools.partial(before.changed, description, parts, located)
        self._backend = _made(change, before.any_thread)

    def _read_earlier_runs(self, projection: Projection) -> None:
        self._keep_synapses_of_earlier_runs()
        self._read_synapses_of_past_runs(projection)

    def _checked_description(self, choice: Choice) -> NetworkDescription:
        """The description of this network, for an engine."""
        check_supported(choice, (description := self.description()).needs)
        if backend_of(choice.engine).on_grid:
            check_grid(description)
            self._warn_of_coarse_steps(description)
        return description

    def _warn_of_coarse_steps(self, description: NetworkDescription) -> None:
        """Warn once of populations for which dt is too coarse."""
        if not self._warned_of_coarse_steps:
            self._warned_of_coarse_steps = True
            for remark in coarse_steps(description):
                warn(remark, CoarseStepWarning)

    def _finish(self, run: Run) -> Run:
        """A run that ends now, with the current synapses and a way to write a checkpoint while they are current."""
        backend = self._backend
        assert backend is not None
        run.synapse_data = {name: backend.synapses(p) for name, p in self._projections.items()}
        run.state_data = backend.state()
        if "checkpoints" in backend.supports:
            run.checkpoint_writer = functools.partial(self._write_checkpoint, self._lineage, backend.step)
        self._runs.append(weakref.ref(run))
        self._past_runs.add(run)
        return run

    def _write_checkpoint(self, lineage: object, step: int, run: Run, path: Path) -> None:
        """Write a run that ended at `step`. Raises CheckpointError if the network has run on since, or was reset.

        lineage: of the backend that ran it, which it shares with those that a change has made of it.
        """
        backend = None if self._backend is None else self.build()
        if backend is None or lineage is not self._lineage or backend.step != step:
            raise CheckpointError(
                f"{path}: this run ended at {run.t_stop:g} ms and the network has since run on to {self.time:g} ms; "
                "write the checkpoint before that"
            )
        from spikelearn.engine import checkpoint

        plain_run = replace(run, synapse_data={}, checkpoint_writer=None)
        content = {"network": self._described(), "arrays": backend.arrays(), "step": step, "run": plain_run}
        checkpoint.write(path, content, versions(), self.time)

    def _note_written_weights(self, backend: Backend, trials: Trials | None) -> None:
        """Note static projections whose weights callbacks of this run may write; earlier runs read theirs before."""
        phases = () if trials is None else trials.phases
        callbacks = [*self._callbacks, *(phase.callback for phase in phases if phase.callback is not None)]
        taken = [a.owner for c in callbacks for a in c.arguments if isinstance(a, Reference) and a.what == "weights"]
        for projection in dict.fromkeys(taken):
            if not self._changes(projection) and backend.has_own_weights(projection):
                self._written_by_callbacks.add(projection.name)
                self._read_synapses_of_past_runs(projection)

    def _read_synapses_of_past_runs(self, projection: Projection) -> None:
        """Let the runs that this projection was part of read its synapses before they change."""
        for run in self._past_runs:
            if projection.name in run.synapse_data:
                run.synapses(projection)

    def _keep_synapses_of_earlier_runs(self) -> None:
        """Keep the weights that earlier runs have not read yet, before they change."""
        for reference in self._runs:
            run = reference()
            if run is not None:
                for name, projection in self._projections.items():
                    if self._changes(projection) and name in run.synapse_data:
                        run.keep_synapses(name)
        self._runs = []

    def _changes(self, projection: Projection) -> bool:
        """Whether a run changes synapses."""
        return projection.learns or any(r.projection is projection for r in self._homeostases)

    def _now(self) -> Backend:
        """The backend that runs this network at present."""
        assert self._backend is not None
        return self._backend

    def _is_built(self) -> bool:
        return self._backend is not None

    def _still_open(self, what: str) -> None:
        if self._acting is not None and self._acting[0] == get_ident():
            raise DescriptionError(f"a {what}: a function of every cannot add it; that is for between two runs")
        if "_use" in vars(self):
            raise DescriptionError(
                f"a run of this network has not ended yet: a {what} must be added before it or after"
            )
        backend = self._backend
        if backend is not None and backend.step > 0 and "changes" not in backend.supports:
            raise DescriptionError(
                f"the network is already built and has run on {self._choice}: a {what} must be added before its first "
                'run; it can be added later to a network on engine="compiled"'
            )

    def _note_additions(self, sizes: list[int]) -> None:
        if self._backend is None:
            return
        step = self._backend.step
        for part, size in zip(self._parts(), sizes, strict=True):
            for added in list(part.values() if isinstance(part, dict) else part)[size:]:
                check_not_past(added, step, self.dt)
                if step > 0 and part is self._projections:
                    self._since[added] = step
        self._changed = True

    def _counter(self) -> Callable[[Projection], int]:
        return functools.partial(count_alone, seed=self.seed)


def _of_a_new_process() -> dict[str, Any]:
    """Attributes of a network that are not copied, as they begin."""
    return {
        "_backend": None, "_runs": [], "_past_runs": weakref.WeakSet(), "_changed": False, "_lineage": None,
        "_acting": None,
    }  # fmt: skip


def _made(begin: Callable[[], Backend], any_thread: bool) -> Backend:
    """The backend that a function makes. Raises DescriptionError if it does not fit into memory."""
    try:
        return interruptible(begin) if any_thread else begin()
    except MemoryError as error:
        raise DescriptionError(f"this network does not fit into memory: {error}") from error
