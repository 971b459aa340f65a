"""Lowering of recordings, and flushing their buffers to a sink."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spikelearn.codegen.modules import kernel_of
from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.recording import Recording
from spikelearn.description.signal import Signal
from spikelearn.engine.lowering.synapse_tables import locate
from spikelearn.engine.plan import Call, Plan, Program, Recorder
from spikelearn.kernels import events, record
from spikelearn.results.sink import Sink
from spikelearn.steps import times_of

_BUFFER_EVENTS = 1 << 18
_BUFFER_VALUES = 1 << 17
_BUFFER_RATES = 1 << 12
_MOST_EVENTS = 1 << 62
_EMPTY = np.zeros(0, np.int64)
_STAGES = {"end": "record", "beginning": "begin", "start": "start", "input": "advance"}
"""The stage of a step in which something is recorded, after what changes it."""


def reads_all_sources(recording: Recording) -> bool:
    """Whether samples depend on what all sources have emitted in the same step: on its way through a dendrite."""
    of = recording.of
    return isinstance(of, Projection) and of.learns and of.dendritic_steps > 0


def waits_for_all_shares(recording: Recording) -> bool:
    """Whether samples can be taken only when all shares have run a step."""
    return isinstance(recording.of, Signal) or reads_all_sources(recording)


def recorder_calls(recordings: Sequence[Recording], plan: Plan, interval: int) -> list[Call]:
    """Add a buffer and a Call for each recording but those of signals.

    interval: maximum steps until a request to stop takes effect. Returns those Calls that have to wait until all shares
    have run the step, which are not added.
    """
    sent = [(p.receiver, p.port) for p in plan.ends if p.reads_ends and p.receiver is not None]
    summed = {(of, of.model.model.set_by(port)) for of, port in sent}
    at_end: list[Call] = []
    for recording in recordings:
        if isinstance(recording.of, Signal):
            continue
        if recording.events:
            _record_events(recording, plan, interval)
            continue
        if recording.at:
            (_record_at_events if recording.sampled else _record_rate)(recording, plan, interval)
            continue
        # What waits is made while other shares wait, which see its request to stop one meeting later.
        waits = (plan.share.of > 1 and reads_all_sources(recording)) or (recording.of, recording.variable) in summed
        call = _sampling(recording, plan, interval + int(waits))
        (at_end if waits else plan.stages[_STAGES[recording.when]]).append(call)
        if recording.include_start:
            plan.at_start.append(call)
    return at_end


def signal_recorder_calls(recordings: Sequence[Recording], program: Program) -> None:
    """Add the buffers and Calls that record signals. The first share samples when the others have run the step too."""
    room = program.interval + int(len(program.plans) > 1)
    for recording in (r for r in recordings if isinstance(r.of, Signal)):
        for plan in program.plans:
            call = _sampling(recording, plan, room)
            if plan.share.index == 0:
                program.last.append(call)
                if recording.include_start:
                    plan.at_start.append(call)


def _record_events(recording: Recording, plan: Plan, interval: int) -> None:
    population = recording.of
    block = plan.block_of[population]
    ring, first = block.rings[recording.variable], block.first[population]
    wanted = np.zeros(population.size, np.uint8)
    wanted[recording.ids] = 1
    room = interval * plan.share.part(block, first, population.size)[1]
    capacity, used = max(_BUFFER_EVENTS, 2 * room), np.zeros(1, np.int64)
    ids = np.zeros(capacity, np.int32)
    recorder = Recorder(recording, np.zeros(capacity, np.int64), ids, used, population.name, _EMPTY)
    plan.recorders.append(recorder)
    call = Call(
        f"record {recording.variable}s of {population.name}", kernel_of(events.record_events), start=recording.start,
        rows=ring.rows, counts=ring.counts, first=first, wanted=wanted, room=room, steps=recorder.steps, ids=ids,
        used=used, control=plan.control,
    )  # fmt: skip
    call.part = recording
    plan.stages["record"].append(call)
    plan.at_start.append(call)


def _record_at_events(recording: Recording, plan: Plan, interval: int) -> None:
    """Values at events: a row of the buffer has the neuron, and its value at the end of the step."""
    population = recording.of
    block = plan.block_of[population]
    room = interval * plan.share.part(block, block.first[population], population.size)[1]
    rows = max(_BUFFER_VALUES, 2 * room)
    recorder = _recorder(recording, plan, np.zeros((rows, 2)), _EMPTY)
    call = Call(
        f"record {recording.key} of {population.name}", kernel_of(events.record_at_events),
        start=recording.start, variable=block.state[recording.sampled][block.span(population)], room=room,
        values=recorder.values, **_counted_events(recording, plan), **_into(recorder, plan),
    )  # fmt: skip
    call.part = recording
    plan.stages[_STAGES[recording.when]].append(call)


def _record_rate(recording: Recording, plan: Plan, interval: int) -> None:
    """The number of events in a bin, which becomes a rate when those of all shares are added.

    Events are counted while the recording is switched off, too, so that the bin in which it is switched on is whole.
    """
    name, number = f"{recording.key} of {recording.of.name}", np.full(1, -_MOST_EVENTS, np.int64)
    recorder = _recorder(recording, plan, np.zeros((interval + _BUFFER_RATES, 1)), recording.columns)
    count = Call(
        f"count for {name}", kernel_of(events.count_in_bins), every=recording.every, number=number,
        **_counted_events(recording, plan),
    )  # fmt: skip
    call = Call(
        f"record {name}", kernel_of(events.record_number), every=recording.every, start=recording.start,
        room=interval, number=number, values=recorder.values, **_into(recorder, plan),
    )  # fmt: skip
    call.part = recording
    plan.stages["record"] += [count, call]
    plan.at_start.append(count)


def _recorder(recording: Recording, plan: Plan, values: np.ndarray, columns: np.ndarray) -> Recorder:
    """A new buffer with room for these values, added to the plan."""
    steps, used = np.zeros(len(values), np.int64), np.zeros(1, np.int64)
    recorder = Recorder(recording, steps, values, used, recording.of.name, columns)
    plan.recorders.append(recorder)
    return recorder


def _into(recorder: Recorder, plan: Plan) -> dict[str, np.ndarray]:
    return {"steps": recorder.steps, "used": recorder.used, "control": plan.control}


def _counted_events(recording: Recording, plan: Plan) -> dict[str, Any]:
    """The events of the kind `at`, and which neurons are wanted."""
    population = recording.of
    block = plan.block_of[population]
    ring, wanted = block.rings[recording.at], np.zeros(population.size, np.uint8)
    wanted[recording.ids] = 1
    return {"rows": ring.rows, "counts": ring.counts, "first": block.first[population], "wanted": wanted}


def _sampling(recording: Recording, plan: Plan, interval: int) -> Call:
    """A Call that samples into a new buffer.

    Each share samples its own neurons; share 0 samples signals, and the modulators, of which each share has a copy.
    """
    of, ids = recording.of, recording.ids.astype(np.int64)
    found: dict[str, np.ndarray] = {}
    columns = np.arange(len(ids))
    if isinstance(of, Population):
        block = plan.block_of[of]
        offset, size = plan.share.part(block, block.first[of], of.size)
        columns = np.flatnonzero((ids >= offset) & (ids < offset + size))
    elif isinstance(of, Projection):
        found = locate(of, plan)
        columns = np.flatnonzero(np.isin(ids, found["numbers"]))
    elif plan.share.index > 0:
        columns = columns[:0]
    rows = interval + max(16, _BUFFER_VALUES // max(1, len(columns)))
    values, used = np.zeros((rows, len(columns))), np.zeros(1, np.int64)
    recorder = Recorder(recording, np.zeros(rows, np.int64), values, used, of.name, columns)
    plan.recorders.append(recorder)
    call = _sample_call(recording, ids[columns], recorder, plan, found, interval)
    call.part = recording
    return call


def _sample_call(
    recording: Recording, ids: np.ndarray, recorder: Recorder, plan: Plan, found: dict[str, np.ndarray], room: int
) -> Call:
    of = recording.of
    label = f"record {recording.variable} of {of.name}"
    when = {"every": recording.every, "start": recording.start}
    to: dict[str, Any] = {
        "room": room, "steps": recorder.steps, "values": recorder.values, "used": recorder.used, "control": plan.control
    }  # fmt: skip
    copy = kernel_of(record.record_at_start if recording.at_start else record.record_state)
    if isinstance(of, Signal):
        source = plan.signals[of][recording.variable].reshape(-1)
        return Call(label, copy, ids=ids, source=source, **when, **to)
    if of in plan.modulators:
        return Call(label, copy, ids=ids, source=plan.modulators[of]["n"], **when, **to)
    if isinstance(of, Population):
        block = plan.block_of[of]
        source = block.state[recording.variable][block.span(of)]
        return Call(label, copy, ids=ids, source=source, **when, **to)
    assert isinstance(of, Projection)
    here = np.searchsorted(found["numbers"], ids)
    slots = np.ascontiguousarray(found["slots"][here])
    positions = np.ascontiguousarray(found["positions"][here])
    if of in plan.statements:
        statements = plan.statements[of]
        ids = statements.places(recording.variable, positions)
        return Call(label, copy, ids=ids, source=statements.values, **when, **to)
    return synapse_call(of, recording.variable, plan, slots, positions, **when, to=to)


def synapse_call(
    projection: Projection, variable: str, plan: Plan, slots: np.ndarray, positions: np.ndarray, every: int, start: int,
    to: Mapping[str, Any],
) -> Call:  # fmt: skip
    """A Call that samples a variable of synapses; arguments as for Learning.read."""
    if variable in projection.of_release:
        label = f"record {variable} of {projection.name}"
        return plan.releases[projection].read(variable, label, every, start, slots, positions, to)
    if projection.learns:
        return plan.learning[projection].read(variable, every, start, slots, positions, to)
    table = plan.tables[projection]
    ids, source = (positions, table.weights) if len(table.weights) else (slots, table.slot_weight)
    return Call(
        f"record {variable} of {projection.name}", kernel_of(record.record_state), ids=ids, source=source, every=every,
        start=start, **to,
    )  # fmt: skip


def empty(program: Program, sink: Sink) -> None:
    """Pass the contents of the buffers of all shares to the sink."""
    dt = program.plans[0].dt
    for parts in zip(*(plan.recorders for plan in program.plans), strict=True):
        recording, name = parts[0].recording, parts[0].name
        in_any_step = recording.events or recording.sampled
        steps, values = _merged_events(parts) if in_any_step else _merged_samples(parts, dt)
        if len(steps) and recording.sampled:
            sink.spikes(name, recording.key, times_of(steps, dt), values[:, 0].astype(np.int32))
            sink.trace(name, recording.key, times_of(steps, dt), values[:, 1:])
        elif len(steps):
            (sink.spikes if recording.events else sink.trace)(name, recording.key, times_of(steps, dt), values)
        for part in parts:
            part.used[0] = 0
    sink.flush(times_of(program.step, dt))


def discard(program: Program) -> None:
    """Empty the buffers, in which a run that ended with an exception, such as one of its sink, may have left events."""
    for plan in program.plans:
        for recorder in plan.recorders:
            recorder.used[0] = 0


def _merged_events(parts: Sequence[Recorder]) -> tuple[np.ndarray, np.ndarray]:
    if len(parts) == 1:
        n = int(parts[0].used[0])
        return parts[0].steps[:n], parts[0].values[:n]
    steps = np.concatenate([part.steps[: part.used[0]] for part in parts])
    ids = np.concatenate([part.values[: part.used[0]] for part in parts])
    order = np.argsort(steps, kind="stable")
    return steps[order], ids[order]


def _merged_samples(parts: Sequence[Recorder], dt: float) -> tuple[np.ndarray, np.ndarray]:
    n = int(parts[0].used[0])
    steps = parts[0].steps[:n]
    if (recording := parts[0].recording).is_rate:
        seconds = 1e-3 * times_of(recording.every, dt) * len(recording.ids)
        return steps, sum(part.values[:n] for part in parts) / seconds
    if len(parts) == 1:
        return steps, parts[0].values[:n]
    values = np.empty((n, sum(len(part.columns) for part in parts)))
    for part in parts:
        values[:, part.columns] = part.values[:n]
    return steps, values
