"""Run an EventPlan: the compiled event loop in chunks; between chunks, buffers are emptied and Ctrl-C is handled."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from spikelearn.backends.exact.plan import EventPlan
from spikelearn.codegen.interruptible import interrupts
from spikelearn.codegen.modules import Kernel
from spikelearn.codegen.raised import caught, described
from spikelearn.engine.plan import Call, call_table
from spikelearn.engine.simulate import Pause, next_chunk, progress_bar
from spikelearn.errors import SimulationError
from spikelearn.kernels.control import NEURON, POPULATION, STOP
from spikelearn.kernels.exact_neurons import render_loop
from spikelearn.results.sink import Sink
from spikelearn.steps import fraction_of, times_of


def simulate(
    plan: EventPlan, n_steps: int, sink: Sink, progress: bool | None = None, pauses: Sequence[Pause] = ()
) -> tuple[bool, float]:
    """Run for n_steps * dt; returns whether it was interrupted, and its wall time in seconds.

    progress: None shows a bar if standard error is a terminal. Ctrl-C stops after the current chunk. Raises
    SimulationError when a state stops being finite; what was recorded until then is in the sink.
    """
    discard(plan)
    run = _loop(plan)
    last = plan.step + n_steps
    bar = progress_bar(n_steps * plan.dt, progress)
    chunk, started = 1, time.perf_counter()
    plan.control[[STOP, POPULATION]] = 1, -1
    found: list[BaseException] = []
    with interrupts() as interrupted, caught(found), np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        while plan.step < last and not interrupted:
            begun = time.perf_counter()
            before, until = plan.step, min(last, plan.step + chunk)
            for pause in pauses:
                until = min(until, (before // pause.every + 1) * pause.every)
            full = True
            while full and plan.control[POPULATION] < 0:
                if _made_room(plan):
                    run = _loop(plan)
                run(until)
                if found:
                    raise SimulationError(
                        f"a function of a model raised {described(found[0])} before {until * plan.dt:g} ms; the run "
                        "stopped there"
                    ) from found[0]
                full = plan.control[STOP] != 0
                empty(plan, sink)
            finite = plan.control[POPULATION] < 0
            plan.step = until if finite else int(np.ceil(plan.now[0] / plan.dt))
            chunk = next_chunk(chunk, time.perf_counter() - begun)
            sink.flush(times_of(plan.step, plan.dt))
            if bar is not None:
                bar.update((plan.step - before) * plan.dt)
            if not finite:
                population, neuron = plan.populations[int(plan.control[POPULATION])], int(plan.control[NEURON])
                raise SimulationError(
                    f"population {population.name!r}, neuron {neuron}: state is not finite (NaN or infinity) at "
                    f"{plan.now[0]:g} ms; the run stopped there"
                )
            for pause in pauses:
                if until % pause.every == 0 and (until < last or pause.at_end):
                    pause.act(time.perf_counter() - started)
    if bar is not None:
        bar.close()
    return bool(interrupted), time.perf_counter() - started


def _loop(plan: EventPlan) -> Call:
    numerator, denominator = fraction_of(plan.dt)
    values: dict[str, Any] = {
        "numerator": numerator, "denominator": denominator, "seed": plan.seed, "now": plan.now, "control": plan.control,
        "event_count": plan.event_count,
    }  # fmt: skip
    called = {}
    for prefix, calls in (("", plan.calls), ("release_", plan.releases), ("sample_", plan.samples)):
        called[f"{prefix}addresses"], called[f"{prefix}arguments"] = call_table(calls)
    for table in plan.tables:
        values |= {f"{type(table).__name__.lower()}_{name}": array for name, array in table._asdict().items()}
    kernel = Kernel(render_loop([type(table) for table in plan.tables]), "Event loop")
    return Call("event loop", kernel, **values, **called)


def empty(plan: EventPlan, sink: Sink) -> None:
    """Pass the contents of the buffers to the sink."""
    n = int(plan.watched.used[0])
    times, cells = plan.watched.times[:n], plan.watched.cells[:n]
    for recording in plan.spike_recordings if n else ():
        first = plan.cells.first[plan.populations.index(recording.of)]
        mine = (cells >= first) & (cells < first + recording.of.size) & (times >= times_of(recording.start, plan.dt))
        if len(recording.ids) < recording.of.size:
            mine[mine] = np.isin(cells[mine] - first, recording.ids)
        if np.any(mine):
            sink.spikes(recording.of.name, recording.key, times[mine], cells[mine] - first)
    plan.watched.used[0] = 0
    for buffer in plan.buffers:
        n = int(buffer.used[0])
        if n:
            name, key = buffer.recording.of.name, buffer.recording.key
            sink.trace(name, key, times_of(buffer.steps[:n], plan.dt), buffer.values[:n])
            buffer.used[0] = 0


def discard(plan: EventPlan) -> None:
    """Empty the buffers, in which a run that ended with an exception, such as one of its sink, may have left events."""
    plan.watched.used[0] = 0
    for buffer in plan.buffers:
        buffer.used[0] = 0


def _made_room(plan: EventPlan) -> bool:
    """Enlarge the queue of spikes in transit if it might fill up within one batch of events."""
    capacity = len(plan.flights.due)
    if int(plan.flights.size[0]) + 2 * len(plan.cells.marked) <= capacity:
        return False
    plan.flights = plan.flights.longer(capacity)
    return True
