"""Where the time of a step goes: each Call of a Program timed, with its memory traffic and operations."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numba import types

from spikelearn.codegen import jit
from spikelearn.codegen.modules import callable_of
from spikelearn.description.shared_array import owner
from spikelearn.engine.blocks import Block
from spikelearn.engine.plan import STAGES, Call, Plan, Program, Table, call_table, made
from spikelearn.errors import DescriptionError
from spikelearn.kernels.control import POPULATION, STOP
from spikelearn.kernels.timed_loop import run_steps_timed
from spikelearn.neurons import Neuron

_FEWEST_NEURONS = 16


@dataclass(frozen=True)
class Work:
    """The work of a Call over some steps. n: how many `unit`s ("neuron" or "event"), in all steps.

    streamed: bytes accessed in order per unit, counting written ones twice; written: whether there are any.
    footprint: total bytes of streamed arrays. scattered: bytes of the inputs that are added to out of order, 0 if none.
    operations: float64 operations per unit.
    """

    unit: str
    n: int
    streamed: float
    written: bool
    footprint: int
    scattered: int = 0
    operations: int = 0


@dataclass(frozen=True)
class Timed:
    """One Call of a step. seconds: total over all steps. work: None if it depends on neither neurons nor events."""

    label: str
    stage: str
    seconds: float
    work: Work | None = None


@dataclass(frozen=True)
class Profile:
    """calls: in the order of a step. busy: the share of the time in which the thread had a processor; if it is much
    less than 1, other work ran during the calls."""

    calls: list[Timed]
    busy: float

    @property
    def seconds(self) -> float:
        return sum(call.seconds for call in self.calls)


def profile(program: Program, n_steps: int) -> Profile:
    """Run n_steps, timing each Call; recordings are discarded.

    Results are those of an ordinary run, which can continue from there. Raises DescriptionError for several threads.
    """
    if len(program.plans) != 1:
        raise DescriptionError(f"profiling needs a single thread: expected threads=1, got {len(program.plans)} threads")
    plan = program.plans[0]
    calls = [(stage, call) for stage in STAGES for call in made(plan.stages[stage], plan.off)]
    calls += [("end", call) for call in made((*program.end, *program.last), plan.off)]
    delivered = {id(table.event_count): table for table in plan.tables.values()}
    before = {key: int(table.event_count[0]) for key, table in delivered.items()}
    ticks = np.zeros(len(calls) + 1, np.int64)
    wall, busy = _run(program, plan, [call for _, call in calls], n_steps, ticks)
    seconds = np.maximum(ticks[:-1] - ticks[-1], 0.0) * wall / max(1, ticks.sum())
    found = []
    for (stage, call), spent in zip(calls, seconds, strict=True):
        table = next((delivered[id(a)] for a in call.arguments if id(a) in delivered), None)
        if table is not None and stage in ("arrive", "receive"):
            work = _of_events(call, table, int(table.event_count[0]) - before[id(table.event_count)], plan)
        else:
            work = _of_neurons(call, plan, n_steps)
        found.append(Timed(call.label, stage, float(spent), work))
    return Profile(found, busy)


def _run(program: Program, plan: Plan, calls: list[Call], n_steps: int, ticks: np.ndarray) -> tuple[float, float]:
    """The wall time of the steps in seconds, and the share in which the thread ran; ticks are added to `ticks`."""
    addresses, arguments = call_table(calls)
    run, last, wall, own = callable_of(run_steps_timed), program.step + n_steps, 0.0, 0.0
    run(1, 1, addresses, arguments, plan.control, ticks)
    while program.step < last:
        plan.control[[STOP, POPULATION]] = 0, -1
        begun, begun_thread = time.perf_counter(), time.thread_time()
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            program.step = int(run(program.step + 1, last + 1, addresses, arguments, plan.control, ticks)) - 1
        wall += time.perf_counter() - begun
        own += time.thread_time() - begun_thread
        for recorder in plan.recorders:
            recorder.used[0] = 0
    plan.control[STOP] = 0
    return wall, min(1.0, own / max(wall, 1e-12))


def _of_events(call: Call, table: Table, n: int, plan: Plan) -> Work | None:
    """Targets are read; other arrays of a synapse are read, and also written if it learns."""
    learns = any(projection in plan.learning for projection in table.projections)
    own = [a for a in call.arguments if isinstance(a, np.ndarray) and a.ndim == 1 and len(a) == table.n_synapses]
    streamed = sum(a.itemsize * (2 if learns and a is not table.targets else 1) for a in own)
    blocks = plan.blocks.values()
    inputs = {id(owner(a)) for block in blocks for a in block.inputs.values()}
    inputs |= {id(owner(ring.values)) for block in blocks for ring in block.ahead.values()}
    scattered = sum(a.nbytes for a in call.arguments if isinstance(a, np.ndarray) and id(owner(a)) in inputs)
    return Work("event", n, streamed, learns, sum(a.nbytes for a in own), scattered) if n else None


def _of_neurons(call: Call, plan: Plan, n_steps: int) -> Work | None:
    """The work of calls that go through the arrays of a population once per step."""
    found = list(_populations(call, plan))
    if not found:
        return None
    block, size, model = found[0]
    written = {id(owner(a)) for a in (*block.state.values(), *block.inputs.values(), *block.noise.values())}
    arrays = [a for a in call.arguments if isinstance(a, np.ndarray) and a.shape == (size,)]
    streamed = sum(a.itemsize * (2 if id(owner(a)) in written else 1) for a in arrays)
    operations = operations_of(model.model.step) if call.label.startswith("advance ") else 0
    return Work("neuron", size * n_steps, streamed, True, sum(a.nbytes for a in arrays), 0, operations)


def _populations(call: Call, plan: Plan) -> Iterator[tuple[Block, int, Neuron]]:
    """The block, size and model of the population whose arrays are arguments of a call."""
    own = {id(owner(a)): len(a) for a in call.arguments if isinstance(a, np.ndarray) and a.ndim == 1}
    for block in plan.blocks.values():
        model = block.populations[0].model
        arrays = [*block.state.values(), *block.inputs.values(), *block.noise.values()]
        sizes = [own[id(owner(a))] for a in arrays if id(owner(a)) in own]
        if sizes and isinstance(model, Neuron) and min(sizes) >= _FEWEST_NEURONS:
            yield block, min(sizes), model


def operations_of(step: Any) -> int:
    """The number of float64 additions, subtractions, products, divisions and roots in a compiled scalar function."""
    if jit.JIT_DISABLED:
        return 0
    signature = (types.float64,) * step.py_func.__code__.co_argcount
    compiled = numba.njit(signature, error_model="numpy")(step.py_func)
    [text] = compiled.inspect_llvm().values()
    body = text[text.index("\ndefine ") :].split("\n}")[0]
    lanes = re.findall(r" = (?:f(?:add|sub|mul|div) |[^\n]*@llvm\.sqrt\.)[^\n]*?(?:<(\d+) x double>|double)", body)
    return sum(int(width or 1) for width in lanes)
