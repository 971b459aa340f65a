"""Rings of event lists: which neuron emitted an event in which step.

There is one ring for each block of neurons, kind of event and share: a share's kernels write its own, `rows` (depth, n)
and `counts` (depth,); delivery reads those of all shares, `rows` (shares, depth, n) and `counts` (shares, depth).
If events carry a value, `values` has the same layout as `rows`.
"""

import numpy as np

from spikelearn.codegen.jit import Written, kernel, scalar
from spikelearn.kernels.control import STOP

WRONG = np.uint8(64)
"""The bit of a mask that says that a state is not finite."""
EVENTS = np.uint8(63)
"""The bits of a mask that are kinds of event."""
_STRIDE = 128


@scalar
def count_in_row(counts, row):
    """The number of events of all shares in a row."""
    total = 0
    for share in range(len(counts)):
        total += counts[share, row]
    return total


@scalar
def source_in_row(rows, counts, row, k):
    """The source of the k-th event of all shares in a row."""
    share = 0
    while k >= counts[share, row]:
        k -= counts[share, row]
        share += 1
    return rows[share, row, k]


@scalar
def first_in_row(rows, counts, share, row, source):
    """Where the events of a source begin, or would begin, among those of one share, which are in ascending order."""
    low = 0
    high = counts[share, row]
    while low < high:
        middle = (low + high) // 2
        if rows[share, row, middle] < source:
            low = middle + 1
        else:
            high = middle
    return low


@scalar
def times_in_row(rows, counts, row, source):
    """How often a source is in a row."""
    times = 0
    for share in range(len(counts)):
        k = first_in_row(rows, counts, share, row, source)
        while k < counts[share, row] and rows[share, row, k] == source:
            times += 1
            k += 1
    return times


@scalar
def value_in_row(values, counts, row, k):
    """The payload of the k-th event of all shares in a row."""
    share = 0
    while k >= counts[share, row]:
        k -= counts[share, row]
        share += 1
    return values[share, row, k]


@kernel
def begin_rows(step, share, counts: Written):
    """Empty this step's row of a share in all rings. counts: (rings, shares, depth)."""
    row = step % counts.shape[2]
    for ring in range(len(counts)):
        counts[ring, share, row] = 0


@kernel
def keep_count(step, counts, later: Written):
    """Copy the number of events of this step, for projections that came later than the ring."""
    row = step % len(counts)
    later[row] = counts[row]


@kernel
def gathered(emitted):
    """The bits that are in any of these masks."""
    found = np.uint8(0)
    for i in range(len(emitted)):
        found = np.uint8(found | emitted[i])
    return found


@kernel
def collect(step, emitted, first, bit, rows, counts):
    """Append the neurons whose `emitted` mask has `bit` to this step's row. Most have none: `_STRIDE` at a time."""
    row = step % len(counts)
    count = counts[row]
    for begin in range(0, len(emitted), _STRIDE):
        masks = emitted[begin : begin + _STRIDE]
        if gathered(masks) & bit:
            for i in range(len(masks)):
                if masks[i] & bit:
                    rows[row, count] = first + begin + i
                    count += 1
    counts[row] = count


@kernel
def keep_values(step, rows, counts, variable, values: Written):
    """Store with each event of this step's row the current value of a state variable of its source."""
    row = step % len(counts)
    for k in range(counts[row]):
        values[row, k] = variable[rows[row, k]]


@kernel
def classify_bursts(
    step, rows, counts, first, last, windows, last_spike: Written, spikes_in_burst: Written, event_rows: Written,
    event_counts: Written, burst_rows: Written, burst_counts: Written,
):  # fmt: skip
    """Detect events (a spike after more than a window of silence) and bursts (the second spike of such a group)."""
    row = step % len(counts)
    for k in range(counts[row]):
        neuron = rows[row, k]
        if first <= neuron < last:
            i = neuron - first
            window = windows[i] if len(windows) > 1 else windows[0]
            if step - last_spike[i] > window:
                spikes_in_burst[i] = 1
                event_rows[row, event_counts[row]] = neuron
                event_counts[row] += 1
            else:
                spikes_in_burst[i] += 1
                if spikes_in_burst[i] == 2:
                    burst_rows[row, burst_counts[row]] = neuron
                    burst_counts[row] += 1
            last_spike[i] = step


@kernel
def count_events(step, rows, counts, first, n_events: Written):
    """Count this step's events for each neuron of one population, for callbacks to read."""
    row = step % len(counts)
    for k in range(counts[row]):
        i = rows[row, k] - first
        if 0 <= i < len(n_events):
            n_events[i] += 1


@kernel
def mark_events(step, rows, counts, first, fired: Written):
    """1 for the neurons of one population that emitted an event in this step, 0 for all others."""
    before = (step - 1) % len(counts)
    for k in range(counts[before]):
        i = rows[before, k] - first
        if 0 <= i < len(fired):
            fired[i] = 0
    row = step % len(counts)
    for k in range(counts[row]):
        i = rows[row, k] - first
        if 0 <= i < len(fired):
            fired[i] = 1


@kernel
def record_events(
    step, start, rows, counts, first, wanted, room, steps: Written, ids: Written, used: Written, control: Written
):
    """From step `start` on, append this step's events to a buffer; request a stop when `room` more might not fit."""
    if step < start:
        return
    row = step % len(counts)
    count = used[0]
    for k in range(counts[row]):
        i = rows[row, k] - first
        if 0 <= i < len(wanted) and wanted[i]:
            steps[count] = step
            ids[count] = i
            count += 1
    used[0] = count
    if count + room > len(steps):
        control[STOP] = 1


@kernel
def record_at_events(
    step, start, rows, counts, first, wanted, variable, room, steps: Written, values: Written, used: Written,
    control: Written,
):  # fmt: skip
    """From step `start` on, append the neuron of each event of this step and the value of its variable to a buffer."""
    if step < start:
        return
    row = step % len(counts)
    count = used[0]
    for k in range(counts[row]):
        i = rows[row, k] - first
        if 0 <= i < len(wanted) and wanted[i]:
            steps[count] = step
            values[count, 0] = i
            values[count, 1] = variable[i]
            count += 1
    used[0] = count
    if count + room > len(steps):
        control[STOP] = 1


@kernel
def count_in_bins(step, every, rows, counts, first, wanted, number: Written):
    """Count the events of wanted neurons since the last multiple of `every`; those of step 0 are in the first bin.

    number: (1,), negative until a bin begins, so that the part of one is never taken for a whole.
    """
    if step == 0 or (step == 1 and number[0] < 0) or (step > 1 and (step - 1) % every == 0):
        number[0] = 0
    row = step % len(counts)
    for k in range(counts[row]):
        i = rows[row, k] - first
        if 0 <= i < len(wanted) and wanted[i]:
            number[0] += 1


@kernel
def record_number(
    step, every, start, number, room, steps: Written, values: Written, used: Written, control: Written
):  # fmt: skip
    """After step `start`, append the number of events of each whole bin to a buffer."""
    if step > start and step % every == 0 and number[0] >= 0:
        count = used[0]
        steps[count] = step
        values[count, 0] = number[0]
        used[0] = count + 1
        if count + 1 + room > len(steps):
            control[STOP] = 1
