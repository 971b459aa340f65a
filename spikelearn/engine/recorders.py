"""Lowering of recordings, and emptying their buffers into a sink."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikelearn.description.population import Modulator, Population
from spikelearn.description.projection import Projection
from spikelearn.description.recording import Recording
from spikelearn.engine.plan import Call, Plan, Recorder
from spikelearn.engine.plastic import read_call
from spikelearn.engine.printing import kernel_of
from spikelearn.engine.sink import Sink
from spikelearn.engine.tables import Places, locate
from spikelearn.kernels import events, record

_BUFFER_EVENTS = 1 << 18
_BUFFER_VALUES = 1 << 17


def recorder_calls(recordings: Sequence[Recording], plan: Plan, places: Places) -> None:
    """Add a buffer and a Call for each recording."""
    for recording in recordings:
        used = np.zeros(1, np.int64)
        if recording.events:
            population = recording.of
            block = plan.block_of[population]
            ring = block.rings[recording.variable]
            wanted = np.zeros(population.size, np.uint8)
            wanted[recording.ids] = 1
            capacity = max(_BUFFER_EVENTS, 2 * population.size)
            recorder = Recorder(
                recording, np.zeros(capacity, np.int64), np.zeros(capacity, np.int32), used, population.name
            )
            call = Call(
                f"record {recording.variable}s of {population.name}", kernel_of(events.record_events), recording.start,
                ring.rows, ring.counts, block.first[population], wanted, recorder.steps, recorder.values, used,
                plan.control,
            )  # fmt: skip
        else:
            rows = max(16, _BUFFER_VALUES // max(1, len(recording.ids)))
            values = np.zeros((rows, len(recording.ids)))
            recorder = Recorder(recording, np.zeros(rows, np.int64), values, used, recording.of.name)
            call = _sample_call(recording, recorder, plan, places)
        plan.recorders.append(recorder)
        plan.stages["record"].append(call)


def _sample_call(recording: Recording, recorder: Recorder, plan: Plan, places: Places) -> Call:
    of, ids = recording.of, recording.ids.astype(np.int64)
    label = f"record {recording.variable} of {of.name}"
    when = (recording.every, recording.start)
    end = (recorder.steps, recorder.values, recorder.used, plan.control)
    if isinstance(of, Modulator):
        return Call(label, kernel_of(record.record_state), *when, ids, plan.modulators[of]["n"], *end)
    if isinstance(of, Population):
        block = plan.block_of[of]
        source = block.state[recording.variable][block.span(of)]
        return Call(label, kernel_of(record.record_state), *when, ids, source, *end)
    assert isinstance(of, Projection)
    table = plan.tables[of]
    found = locate(of, table, places, plan.seed, plan.dt)
    slots = np.ascontiguousarray(found["slots"][ids])
    positions = np.ascontiguousarray(found["positions"][ids])
    if of.learns:
        what = 1 if recording.variable == "c" else 0
        return read_call(of, plan, plan.dt, *when, what, slots, positions, *end)
    if len(table.weights):
        return Call(label, kernel_of(record.record_state), *when, positions, table.weights, *end)
    return Call(label, kernel_of(record.record_state), *when, slots, table.slot_weight, *end)


def empty(plan: Plan, sink: Sink) -> None:
    """Hand what is in the buffers to the sink."""
    for recorder in plan.recorders:
        n = int(recorder.used[0])
        if n:
            times = recorder.steps[:n] * plan.dt
            if recorder.recording.events:
                sink.spikes(recorder.name, recorder.recording.variable, times, recorder.values[:n])
            else:
                sink.trace(recorder.name, recorder.recording.variable, times, recorder.values[:n])
            recorder.used[0] = 0
    sink.flush(plan.step * plan.dt)
