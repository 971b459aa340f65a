"""What a network becomes: for each thread a Plan (arrays, and an ordered list of Calls); together, a Program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from spikelearn.codegen import jit
from spikelearn.codegen.modules import Kernel, load, pack
from spikelearn.description.population import Modulator, Population
from spikelearn.description.projection import Projection
from spikelearn.description.recording import Recording
from spikelearn.engine.blocks import Block, Ends, Share
from spikelearn.engine.thread_tuner import ThreadTuner

STAGES = ("begin", "start", "integrate", "arrive", "modulate", "drive", "advance", "post", "record")
"""The order within a step, explained in docs/design/engine.md. A last one, "end", is the Program's: its Calls
read and write all neurons, so one share makes them while the others wait."""


class Call:
    """A kernel with its arguments, called once a step as kernel(step, *arguments).

    The arguments are given by the names that the kernel has for them; their order is that of its signature, which also
    says which of them it writes to.
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
        """Calls that its kernel makes by their addresses; they must live as long."""
        self.raised: np.ndarray | None = None
        """Of a user's callback: (1,), the step in which it raised an exception, 0 while it has not."""

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays among its arguments, by the names that its kernel has for them."""
        named = zip(self.kernel.parameters, self.arguments, strict=True)
        return {name: argument for name, argument in named if isinstance(argument, np.ndarray)}

    @property
    def written(self) -> dict[str, np.ndarray]:
        """Those that it writes to."""
        written = self.kernel.parameters
        return {name: array for name, array in self.arrays.items() if written[name]}

    @property
    def address(self) -> int:
        assert self.entry is not None
        return self.entry.address

    def __call__(self, step: int) -> None:
        """Call it from Python: the stepper's way."""
        if self.entry is None:
            self.function(step, *self.arguments)
        else:
            self.entry.call(step, self.packed.ctypes.data)


def call_table(calls: Sequence[Call | None]) -> tuple[np.ndarray, np.ndarray]:
    """Addresses and arguments of Calls for a loop; without the compiler, functions and tuples. None: no Call, 0."""
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

    index: (n_sources * n_delays + 1,), where the synapses of each slot begin; slot = source * n_delays + delay number.
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
    """The neuron of the block that target 0 is."""
    sizes: dict[Projection, int] = field(default_factory=dict)
    regulated: bool = False
    """Whether homeostasis or rewiring changes its weights."""
    rewired: bool = False
    """Whether its synapses move from target to target: its rule then no longer tells where they are."""

    @property
    def n_synapses(self) -> int:
        return len(self.targets)

    @property
    def fixed(self) -> list[np.ndarray]:
        """The arrays that no run changes."""
        change = self.regulated or any(projection.learns for projection in self.projections)
        may_change = [*([] if change else [self.weights]), *([] if self.rewired else [self.targets])]
        return [self.delays, self.delay_index, self.index, self.slot_weight, *may_change]


class Learning(Protocol):
    """How the synapses of one projection learn, in one share: what a kind of rule is to the rest of the engine."""

    @property
    def enabled(self) -> np.ndarray:
        """(1,), 1 while they learn, 0 while a phase of trials keeps their weights as they are."""

    @property
    def sweeps(self) -> np.ndarray:
        """What asks for a sweep, in its first place: SOME or ALL of kernels/event_rule.py."""

    def deliver(self) -> None:
        """Add to the plan what delivers arrivals, and what makes synapses learn."""

    def read(
        self, variable: str, every: int, start: int, slots: np.ndarray, positions: np.ndarray, to: Mapping[str, Any]
    ) -> Call:
        """A Call that writes "weight" or "c" of synapses, as they are now, into rows.

        slots, positions: of the synapses in their Table. to: room, steps, values, used and control of a recorder.
        """

    def reset(self, clock: np.ndarray, phase: int) -> list[Call]:
        """Calls that keep the weights and forget all else at the start of a phase."""

    def sweep(self) -> list[Call]:
        """Calls that bring all synapses up to now, if a sweep is asked for."""

    def materialize(self, due: np.ndarray) -> list[Call]:
        """Calls that put weights as they are now into the table, where a rule keeps something else there."""

    def dematerialize(self, due: np.ndarray) -> list[Call]:
        """Calls that put back what the rule keeps there instead."""

    def forget(self, label: str, moved: np.ndarray, n_moved: np.ndarray) -> list[Call]:
        """Calls that let synapses begin anew which were moved to another target. moved: their positions."""


@dataclass
class Recorder:
    """A recording and the buffer of one share. values: ids of events, or (rows, k) samples of these `columns`."""

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
    """What one thread does in each step. `step` is the last step that has been run; the time is step * dt."""

    dt: float
    seed: int
    share: Share
    blocks: dict[Any, Block]
    ends: dict[Projection, Ends]
    tables: dict[Projection, Table]
    learning: dict[Projection, Learning]
    modulators: dict[Modulator, dict[str, np.ndarray]]
    stages: dict[str, list[Call]]
    recorders: list[Recorder]
    event_counts: list[np.ndarray]
    control: np.ndarray
    block_of: dict[Population, Block]
    step: int = 0

    def calls(self, added: Added | None = None) -> Iterator[Call]:
        """All calls in order, with those that a run adds for itself."""
        for stage in STAGES:
            yield from self.stages[stage]
            yield from added.stages[self.share.index].get(stage, ()) if added is not None else ()

    def set_by_trials(self) -> Iterator[tuple[str, np.ndarray]]:
        """What trials, and callbacks at the end of their phases, write to besides what Calls do; with names."""
        for number, block in enumerate(self.blocks.values()):
            for population, rates in block.rates.items():
                yield f"rates of {population.name}", rates
            for port, current in block.currents.items():
                yield f"block {number}, current {port}", current
            for name, state in block.state.items():
                yield f"block {number}, state {name}", state
        for modulator, arrays in self.modulators.items():
            yield f"pending of {modulator.name}", arrays["pending"]
        for projection, learning in self.learning.items():
            yield f"enabled of {projection.name}", learning.enabled


@dataclass
class Added:
    """What a schedule of trials adds to a Program for one run: Calls of each share by stage, and of stage "end".

    The phases of a trial end after `ends` steps of it; trials begin with step `origin`. Shares meet where a phase ends.
    """

    stages: list[dict[str, list[Call]]]
    end: list[Call]
    origin: int
    ends: np.ndarray


@dataclass
class Program:
    """A network ready to run: the Plans of all shares. They may run for `interval` steps before they must meet.

    controls: (shares, 4) int64, a row for each Plan (see kernels/loop.py). thread_tuner: decides
    whether they run in parallel; None: they always do. end: the Calls of stage "end", made whenever the shares meet.
    """

    plans: Sequence[Plan]
    interval: int
    controls: np.ndarray
    thread_tuner: ThreadTuner | None = None
    end: list[Call] = field(default_factory=list)

    @property
    def step(self) -> int:
        """The last step that has been run."""
        return self.plans[0].step

    @step.setter
    def step(self, step: int) -> None:
        for plan in self.plans:
            plan.step = step

    @property
    def synaptic_events(self) -> int:
        return int(sum(event_count[0] for plan in self.plans for event_count in plan.event_counts))

    def arrays(self, built: bool = False) -> dict[str, np.ndarray]:
        """All that a run changes, by the first Call that writes to it: what a checkpoint keeps besides `step`.

        Tables that no run changes are built again, and the buffers of recorders are empty between two runs. Views stand
        for what they are of. built: all that Calls are given, buffers apart, whether they change or not.
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
        """Arrays with names: those that Calls write to, and those that trials and callbacks of phases may."""
        stages = [(plan.share.index, stage, plan.stages[stage]) for plan in self.plans for stage in STAGES]
        for share, stage, calls in [*stages, (0, "end", self.end)]:
            for n, call in enumerate(calls):
                for name, array in (call.arrays if built else call.written).items():
                    yield f"share {share}, {stage} {n}, {call.label}, {name}", array
        for plan in self.plans:
            for name, array in plan.set_by_trials():
                yield f"share {plan.share.index}, {name}", array


def owner(array: np.ndarray) -> np.ndarray:
    """The array that an array is a view of; itself if it is a view of none."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
