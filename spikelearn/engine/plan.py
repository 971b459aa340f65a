"""The lowered form of a network: a Plan for each thread (arrays, and an ordered list of Calls); together, a Program."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from spikelearn.codegen import jit
from spikelearn.codegen.modules import Kernel, load, pack
from spikelearn.description.population import Modulator, Population
from spikelearn.description.projection import Projection
from spikelearn.description.recording import Recording
from spikelearn.description.shared_array import owner
from spikelearn.description.signal import Signal
from spikelearn.engine.blocks import Block, Ends, Share
from spikelearn.engine.thread_tuner import ThreadTuner
from spikelearn.results.run import SynapticEvents

DENSE_FROM = 4
"""Targets of a source, on average, from which on loops over slices are faster than those over a list of targets."""

STAGES = ("begin", "start", "integrate", "arrive", "modulate", "drive", "advance", "receive", "post", "record")
"""The order of stages within a step, explained in docs/design/engine.md. A last stage, "end", belongs to the Program:
its Calls read and write all neurons, so one share makes them while the others wait."""


class Call:
    """A kernel with its arguments, called once per step as kernel(step, *arguments).

    Arguments are given by the kernel's names for them; the signature determines their order, and which of them the
    kernel writes to.
    """

    def __init__(self, label: str, kernel: Kernel, /, **arguments: Any) -> None:
        expected = kernel.parameters
        if arguments.keys() != expected.keys():
            missing, unknown = sorted(expected.keys() - arguments.keys()), sorted(arguments.keys() - expected.keys())
            raise TypeError(f"{label}: {kernel.of}, {kernel.name}: missing arguments {missing}, unknown {unknown}")
        self.label = label
        self.uid = 0
        """That of the part of the network that it belongs to, if its label does not tell those apart; else 0."""
        self.kernel = kernel
        self.arguments = tuple(arguments[name] for name in expected)
        self.entry, self.function = load(kernel, self.arguments)
        self.packed = np.zeros(0, np.int64) if self.entry is None else pack(self.arguments)
        self.calls: Sequence[Call] = ()
        """Calls that its kernel makes by address; kept alive with it."""
        self.raised: np.ndarray | None = None
        """For a user's callback: (1,), the step in which it raised an exception, else 0."""
        self.repeated: Callable[[int], Exception | None] = lambda step: None
        """For a user's callback: what it raises in Python in a step, with the line that raised it."""
        self.complaint = ""
        """What `raised` means, if not an exception."""
        self.part: Any = None
        """The projection, drive or recording with which it is switched off."""
        self.instead: Callable[[Call], list[Call]] = _nothing
        """Takes it and returns the Calls that are made in its place while that is off."""

    @property
    def named(self) -> dict[str, Any]:
        """Its arguments by the kernel's names for them."""
        return dict(zip(self.kernel.parameters, self.arguments, strict=True))

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays among its arguments, by the kernel's names for them."""
        return {name: argument for name, argument in self.named.items() if isinstance(argument, np.ndarray)}

    def with_others(self, arguments: Mapping[str, Any]) -> Call:
        """The same with other values of the same types for some of its arguments, made in a fraction of the time."""
        changed = Call.__new__(Call)
        vars(changed).update(vars(self))
        found, place, changed.packed = list(self.arguments), 0, self.packed.copy()
        for k, (name, argument) in enumerate(zip(self.kernel.parameters, self.arguments, strict=True)):
            size = 1 + argument.ndim if isinstance(argument, np.ndarray) else 1
            if name in arguments:
                found[k] = arguments[name]
                same = isinstance(argument, float) and found[k] == argument != 0.0
                if self.entry is not None and not same:
                    changed.packed[place : place + size] = pack((found[k],))
            place += size
        changed.arguments = tuple(found)
        return changed

    def with_arrays(self, arrays: Mapping[str, np.ndarray]) -> Call:
        """The same with other arrays for some of its arguments."""
        call = Call(self.label, self.kernel, **{**self.named, **arrays})
        call.calls = self.calls
        return call

    @property
    def written(self) -> dict[str, np.ndarray]:
        """The arrays that it writes to."""
        written = self.kernel.parameters
        return {name: array for name, array in self.arrays.items() if written[name]}

    @property
    def address(self) -> int:
        assert self.entry is not None
        return self.entry.address

    def __call__(self, step: int) -> None:
        """Call it from Python, as the stepper does."""
        if self.entry is None:
            self.function(step, *self.arguments)
        else:
            self.entry.call(step, self.packed.ctypes.data)


def _nothing(call: Call) -> list[Call]:
    return []


def made(calls: Iterable[Call], off: Collection[Any]) -> Iterator[Call]:
    """The Calls that are made. off: parts that are switched off, whose Calls are left out or replaced."""
    for call in calls:
        if call.part is None or call.part not in off:
            yield call
        else:
            yield from call.instead(call)


def call_table(calls: Sequence[Call | None]) -> tuple[np.ndarray, np.ndarray]:
    """Addresses and arguments of Calls for a loop; without the compiler, functions and tuples. None: 0, no Call."""
    if jit.JIT_DISABLED:
        functions, arguments = np.empty(len(calls), object), np.empty(len(calls), object)
        for k, call in enumerate(calls):
            functions[k], arguments[k] = (None, ()) if call is None else (call.function, call.arguments)
        return functions, arguments
    addresses = np.array([0 if call is None else call.address for call in calls], np.int64)
    return addresses, np.array([0 if call is None else call.packed.ctypes.data for call in calls], np.int64)


@dataclass
class Table:
    """Synapses sorted by (source, delay).

    index: (n_sources * n_delays + 1,), the start of each slot's synapses; slot = source * n_delays + delay number.
    event_count: (2,), events that arrived at synapses, and those from which synapses learned, as in SynapticEvents.
    """

    projections: list[Projection]
    delays: np.ndarray
    delay_index: np.ndarray
    index: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    slot_weight: np.ndarray
    event_count: np.ndarray
    first_target: int = 0
    """The index in the block of target 0."""
    sizes: dict[Projection, int] = field(default_factory=dict)
    regulated: bool = False
    """Whether homeostasis or rewiring changes weights."""
    ahead: bool = False
    """Whether its input is delivered ahead, into an InputRing."""
    rewired: bool = False
    """Whether its synapses move between targets, so that its rule no longer determines where they are."""

    @property
    def n_synapses(self) -> int:
        return len(self.targets)

    @functools.cached_property
    def dense(self) -> bool:
        """Whether the targets of each slot are neighbours, in ascending order, and enough for loops over slices to pay.

        Only projections that connect every pair, with one delay, are looked at.
        """
        every_pair = all(p.rule.every_pair and p.axonal.constant for p in self.projections)
        slots = np.flatnonzero(np.diff(self.index)) if every_pair and not self.rewired else np.zeros(0, np.int64)
        if len(slots) == 0 or self.n_synapses < DENSE_FROM * len(slots):
            return False
        first, last = self.index[slots], self.index[slots + 1] - 1
        if np.any(self.targets[last].astype(np.int64) - self.targets[first] != last - first):
            return False
        follows = self.targets[1:] == self.targets[:-1] + 1
        follows[first[1:] - 1] = True
        return bool(follows.all())

    @property
    def fixed(self) -> list[np.ndarray]:
        """The arrays that runs never change."""
        change = self.regulated or any(projection.learns for projection in self.projections)
        may_change = [*([] if change else [self.weights]), *([] if self.rewired else [self.targets])]
        return [self.delays, self.delay_index, self.index, self.slot_weight, *may_change]


class Learning(Protocol):
    """How the synapses of one projection learn, in one share: the interface of all kinds of rule to the engine."""

    @property
    def values(self) -> Mapping[str, Any]:
        """Arrays and numbers by the names that kernels use."""

    @property
    def factor(self) -> np.ndarray:
        """(1,), the factor of what they learn: 1, or that of a phase of trials; 0 while it freezes their weights."""

    @property
    def sweeps(self) -> np.ndarray:
        """Requests a sweep by its element WANTED: SOME or ALL of kernels/event_rule.py."""

    @property
    def waits_for_events(self) -> bool:
        """Whether events of its targets reach it later than they are emitted, if there is a dendritic delay."""

    def see_last_events(self) -> list[Call]:
        """Calls for the next step that take the events of this step into the post traces, if that is yet to be done."""

    def deliver(self) -> None:
        """Add the Calls that deliver arrivals and update synapses to the plan."""

    def read(
        self, variable: str, every: int, start: int, slots: np.ndarray, positions: np.ndarray, to: Mapping[str, Any]
    ) -> Call:
        """A Call that writes the current values of a variable of synapses into rows.

        slots, positions: of the synapses in their Table. to: room, steps, values, used and control of a recorder.
        """

    def reset(self, clock: np.ndarray, phase: int) -> list[Call]:
        """Calls that reset all state but the weights at the start of a phase."""

    def sweep(self) -> list[Call]:
        """Calls that bring all synapses up to date, if a sweep is requested."""

    def settle(self, step: int) -> None:
        """Bring all synapses up to date at the end of `step`, so that other parameters may hold from then on."""

    def resume(self, step: int) -> None:
        """Make what depends on parameters anew, once all other state has been taken over from a Learning that settled.

        These are the arrays that kernels call as in `made_anew`.
        """

    @property
    def made_anew(self) -> tuple[str, ...]:
        """The names of arrays that `resume` makes anew."""

    def materialize(self, due: np.ndarray) -> list[Call]:
        """Calls that write the current weights into the table, if the rule stores something else there."""

    def dematerialize(self, due: np.ndarray) -> list[Call]:
        """Calls that restore what the rule stores there instead."""

    def forget(self, label: str, moved: np.ndarray, n_moved: np.ndarray) -> list[Call]:
        """Calls that reset synapses moved to another target. moved: their positions."""


@dataclass
class Recorder:
    """A recording and its buffer in one share. values: ids of events, or (rows, k) samples of these `columns`."""

    recording: Recording
    steps: np.ndarray
    values: np.ndarray
    used: np.ndarray
    name: str
    columns: np.ndarray

    @property
    def buffers(self) -> tuple[np.ndarray, np.ndarray]:
        return self.steps, self.values


@dataclass
class Plan:
    """What one thread does in each step. `step` is the last step run so far; the time is step * dt.

    signals: their arrays by variable, the same in all shares. at_start: Calls that record what there is before the
    first step, made once, as for step 0. gates: those of graded synapses. sent: the Calls that sum what synapses send
    of the state of all neurons, at the beginning of stage "end"; again: those that make these sums anew, as the state
    may have been set since; afresh: those that make them of the initial state; see lowering/graded_synapses.py for all.
    releases: of synapses with short-term plasticity, see lowering/short_term_synapses.py. statements: of synapses that
    have them, see lowering/statement_synapses.py. copies: of a population, those of their Calls that set its variables
    just before it advances.
    resets: functions(clock, phase) of Calls that reset, at the start of a phase, states of synapses that no Learning
    resets. factors: those of what a projection learns and of what regulates it. off: parts that are switched off, the
    same set in all shares.
    """

    dt: float
    seed: int
    share: Share
    blocks: dict[Any, Block]
    ends: dict[Projection, Ends]
    tables: dict[Projection, Table]
    learning: dict[Projection, Learning]
    modulators: dict[Modulator, dict[str, np.ndarray]]
    signals: dict[Signal, dict[str, np.ndarray]]
    stages: dict[str, list[Call]]
    recorders: list[Recorder]
    event_counts: list[np.ndarray]
    control: np.ndarray
    block_of: dict[Population, Block]
    at_start: list[Call] = field(default_factory=list)
    gates: dict[Any, Any] = field(default_factory=dict)
    sent: list[Call] = field(default_factory=list)
    again: list[Call] = field(default_factory=list)
    afresh: list[Call] = field(default_factory=list)
    releases: dict[Projection, Any] = field(default_factory=dict)
    resets: list[Callable[[np.ndarray, int], list[Call]]] = field(default_factory=list)
    factors: dict[Projection, list[np.ndarray]] = field(default_factory=dict)
    statements: dict[Projection, Any] = field(default_factory=dict)
    copies: dict[Any, list[Call]] = field(default_factory=dict)
    off: set[Any] = field(default_factory=set)
    step: int = 0

    def calls(self, added: Added | None = None) -> Iterator[Call]:
        """All calls in order, including those added for a single run."""
        for stage in STAGES:
            yield from self.stages[stage]
            yield from added.stages[self.share.index].get(stage, ()) if added is not None else ()

    @property
    def distinct_tables(self) -> list[Table]:
        """All tables, in the order of their first projections."""
        return list({id(table): table for table in self.tables.values()}.values())

    def of_parts(self) -> Iterator[tuple[str, np.ndarray]]:
        """The arrays of parts of the network that Calls of several parts may write, named by the part."""
        for number, block in enumerate(self.blocks.values()):
            for kind, ring in block.rings.items():
                yield f"block {number}, rows of {kind}s", ring.rows
                yield f"block {number}, counts of {kind}s", ring.counts
                for variable, values in ring.values.items():
                    yield f"block {number}, {variable} of {kind}s", values
            for port, inputs in block.inputs.items():
                yield f"block {number}, input to {port}", inputs
            for name, values in block.unsent.items():
                yield f"block {number}, {name} without what is sent", values
            for port, inputs in block.later.items():
                yield f"block {number}, later input to {port}", inputs
            for (population, port), noise in block.noise.items():
                yield f"noise into {population.name}.{port}", noise
            for port, ahead in block.ahead.items():
                for k, array in enumerate(ahead.arrays):
                    yield f"block {number}, ahead of {port} {k}", array
        for table in self.distinct_tables:
            names = ", ".join(projection.name for projection in table.projections)
            for what in ("weights", "targets", "event_count"):
                yield f"{what} of {names}", getattr(table, what)
        for projection, learning in self.learning.items():
            for name, value in learning.values.items():
                if isinstance(value, np.ndarray):
                    yield f"synapses of {projection.name}, {name}", value
        for modulator, arrays in self.modulators.items():
            yield f"n of {modulator.name}", arrays["n"]
        yield "control", self.control

    def set_by_trials(self) -> Iterator[tuple[str, np.ndarray]]:
        """Named arrays that trials and their callbacks write to, in addition to those written by Calls."""
        for number, block in enumerate(self.blocks.values()):
            for population, rates in block.rates.items():
                yield f"rates of {population.name}", rates
            for port, current in block.currents.items():
                yield f"block {number}, current {port}", current
            for name, state in block.state.items():
                yield f"block {number}, state {name}", state
            for port, ring in block.ahead.items():
                yield f"block {number}, restart of {port}", ring.restart
        for modulator, arrays in self.modulators.items():
            yield f"pending of {modulator.name}", arrays["pending"]
        for signal, arrays in self.signals.items():
            for name, values in arrays.items():
                yield f"{name} of signal {signal.name}", values
        for projection, learning in self.learning.items():
            yield f"factor of {projection.name}", learning.factor


@dataclass
class Added:
    """What a schedule of trials adds to a Program for one run: Calls of each share by stage, and of stage "end".

    The phases of a trial end after `ends` of its steps; trials start at step `origin`. The end of a phase is a barrier.
    before: Calls made once before the first step, for that step. after: of stage "end", after signals are recorded.
    """

    stages: list[dict[str, list[Call]]]
    end: list[Call]
    origin: int
    ends: np.ndarray
    before: list[Call] = field(default_factory=list)
    after: list[Call] = field(default_factory=list)


@dataclass
class Interaction:
    """What an environment in Python does between two steps, whenever their number is a multiple of `every`.

    begin: shows its first observation, if it has not begun yet. act: takes a step of the environment.
    """

    name: str
    every: int
    begin: Callable[[], None]
    act: Callable[[], None]


@dataclass
class Program:
    """A network ready to run: the Plans of all shares. They run for up to `interval` steps between barriers.

    controls: (shares, 4) int64, one row per Plan (see kernels/loop.py). thread_tuner: decides whether they run in
    parallel; None: always. end: the Calls of stage "end", made at each barrier. last: those that record signals, after
    all others of a step. at_stop: called at the end of a run. forgotten: arrays of readouts, and counts of events, that
    are 0 when a fresh phase begins. interactions: with environments in Python. failure: why it cannot run on, "" if it
    can. chunk: the number of steps to run next before Python looks around, from the time that the last ones took.
    version: changes whenever parts are switched off or on. within_trials: whether a schedule of trials is running.
    parameters: those that callbacks read, (size,) each.
    """

    plans: Sequence[Plan]
    interval: int
    controls: np.ndarray
    thread_tuner: ThreadTuner | None = None
    end: list[Call] = field(default_factory=list)
    last: list[Call] = field(default_factory=list)
    at_stop: list[Callable[[], None]] = field(default_factory=list)
    forgotten: list[np.ndarray] = field(default_factory=list)
    interactions: list[Interaction] = field(default_factory=list)
    failure: str = ""
    chunk: int = 1
    version: int = 0
    within_trials: bool = False
    parameters: dict[tuple[Population, str], np.ndarray] = field(default_factory=dict)

    @property
    def step(self) -> int:
        """The last step run so far."""
        return self.plans[0].step

    @step.setter
    def step(self, step: int) -> None:
        for plan in self.plans:
            plan.step = step

    def parameter(self, population: Population, name: str) -> np.ndarray:
        """(size,), read-only: a parameter of its neurons, also when it has been changed."""
        key = population, name
        if key not in self.parameters:
            self.parameters[key] = np.zeros(population.size)
            self.refresh_parameters(population)
        return self.parameters[key]

    def refresh_parameters(self, population: Population) -> None:
        for (of, name), array in self.parameters.items():
            if of is population:
                array.flags.writeable = True
                array[:] = getattr(population.model.parameters, name)
                array.flags.writeable = False

    @property
    def off(self) -> set[Any]:
        """Parts that are switched off."""
        return self.plans[0].off

    @property
    def synaptic_events(self) -> int:
        return int(sum(event_count[0] for plan in self.plans for event_count in plan.event_counts))

    def events_of(self, projection: Projection) -> SynapticEvents:
        """Of a projection with a table of its own, since step 0."""
        counts = [plan.tables[projection].event_count for plan in self.plans if plan.ends[projection].counted]
        return SynapticEvents(sum(int(each[0]) for each in counts), sum(int(each[1]) for each in counts))

    def arrays(self, built: bool = False) -> dict[str, np.ndarray]:
        """All state that runs change, by names that do not depend on other parts of the network: a checkpoint's
        contents besides `step`.

        An array is named by the part of the network that it belongs to, or by the first Call that writes it. Constant
        tables are rebuilt, and the buffers of recorders are empty between two runs. Views stand for their base.
        built: all arguments of Calls except buffers, whether they change or not.
        """
        found: dict[str, np.ndarray] = {}
        buffers = [(*recorder.buffers, recorder.used) for plan in self.plans for recorder in plan.recorders]
        seen = {id(owner(array)) for of_recorder in buffers for array in of_recorder}
        if not built:
            seen |= {id(owner(a)) for plan in self.plans for table in plan.tables.values() for a in table.fixed}
        for name, array in self._arrays(built):
            if id(owner(array)) not in seen:
                seen.add(id(owner(array)))
                found[name] = owner(array)
        return found

    def _arrays(self, built: bool) -> Iterator[tuple[str, np.ndarray]]:
        """Named arrays: those written by Calls, and those that trials and callbacks of phases may write."""
        stages = [(plan.share.index, stage, plan.stages[stage]) for plan in self.plans for stage in STAGES]
        calls = [
            (f"share {share}, {stage}", call, call.arrays if built else call.written)
            for share, stage, of_stage in [*stages, (0, "end", self.end), (0, "last", self.last)]
            for call in of_stage
        ]
        changed = {id(owner(array)) for _, _, arrays in calls for array in arrays.values()}
        for plan in self.plans:
            for name, array in plan.set_by_trials():
                yield f"share {plan.share.index}, {name}", array
            for name, array in plan.of_parts():
                if id(owner(array)) in changed:
                    yield f"share {plan.share.index}, {name}", array
        alike: dict[tuple[str, str, int], int] = {}
        for where, call, arrays in calls:
            key = (where, call.label, call.uid)
            alike[key] = alike.get(key, 0) + 1
            uid, number = f" #{call.uid}" if call.uid else "", f", {alike[key]}" if alike[key] > 1 else ""
            for name, array in arrays.items():
                yield f"{where}, {call.label}{uid}{number}, {name}", array
