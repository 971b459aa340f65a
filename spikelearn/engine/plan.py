"""The lowered form of a network: a Plan for each thread (arrays, and an ordered list of Calls); together, a Program."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
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

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays among its arguments, by the kernel's names for them."""
        named = zip(self.kernel.parameters, self.arguments, strict=True)
        return {name: argument for name, argument in named if isinstance(argument, np.ndarray)}

    def with_arrays(self, arrays: Mapping[str, np.ndarray]) -> Call:
        """The same with other arrays for some of its arguments."""
        named = dict(zip(self.kernel.parameters, self.arguments, strict=True))
        return Call(self.label, self.kernel, **{**named, **arrays})

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
    first step, made once, as for step 0. gates: those of graded synapses, see lowering/graded_synapses.py. resets:
    functions(clock, phase) of Calls that reset, at the start of a phase, states of synapses that no Learning resets.
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
    resets: list[Callable[[np.ndarray, int], list[Call]]] = field(default_factory=list)
    step: int = 0

    def calls(self, added: Added | None = None) -> Iterator[Call]:
        """All calls in order, including those added for a single run."""
        for stage in STAGES:
            yield from self.stages[stage]
            yield from added.stages[self.share.index].get(stage, ()) if added is not None else ()

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

    @property
    def step(self) -> int:
        """The last step run so far."""
        return self.plans[0].step

    @step.setter
    def step(self, step: int) -> None:
        for plan in self.plans:
            plan.step = step

    @property
    def synaptic_events(self) -> int:
        return int(sum(event_count[0] for plan in self.plans for event_count in plan.event_counts))

    def events_of(self, projection: Projection) -> SynapticEvents:
        """Of a projection with a table of its own, since step 0."""
        counts = [plan.tables[projection].event_count for plan in self.plans if plan.ends[projection].counted]
        return SynapticEvents(sum(int(each[0]) for each in counts), sum(int(each[1]) for each in counts))

    def arrays(self, built: bool = False) -> dict[str, np.ndarray]:
        """All state that runs change, named by the first Call that writes it: a checkpoint's contents besides `step`.

        Constant tables are rebuilt, and the buffers of recorders are empty between two runs. Views stand for their
        base. built: all arguments of Calls except buffers, whether they change or not.
        """
        found: dict[str, np.ndarray] = {}
        seen = {id(owner(a)) for plan in self.plans for recorder in plan.recorders for a in recorder.buffers}
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
        for share, stage, calls in [*stages, (0, "end", self.end), (0, "last", self.last)]:
            for n, call in enumerate(calls):
                for name, array in (call.arrays if built else call.written).items():
                    yield f"share {share}, {stage} {n}, {call.label}, {name}", array
        for plan in self.plans:
            for name, array in plan.set_by_trials():
                yield f"share {plan.share.index}, {name}", array
