"""Static synapses: add each arriving event to the input of its targets, in the step in which it arrives.

Synapses are sorted by (source, delay), so those of one source that arrive together are contiguous. `rows` holds a ring
of spike lists for each share of the sources, one row per step; delays are at least one step, so the rows that are read
are complete. Shares are read in order, so each target sums its inputs in the same order for any number of shares.

Runs of synapses are scattered in memory, so the runs that are due are listed first, and each is prefetched while
earlier ones are added. `due` is the list, of any length; it is processed whenever it is full.

In large networks with several delays, a ring has the input of the next steps, and what arrives in a block of steps is
added together: deliver_ahead.

Where every pair is connected, the targets of a source are neighbours, in ascending order. Rows of synapses then need
neither their list of targets nor one of what is due, and their loops vectorise: deliver_rows, deliver_values_in_rows.
"""

import numpy as np

from spikelearn.codegen.jit import Written, kernel, not_unrolled, prefetch, scalar

_AHEAD = 4
_FETCHED = 512
"""Synapses of a run that are prefetched; the hardware prefetches the rest of a longer run."""
_LINE = 64
TOGETHER = 64
"""Synapses between which as many of the next run are prefetched, if what is done at each takes longer than to fetch."""
ROWS_AHEAD = 24
"""How many synapses ahead rows of their targets are prefetched."""


@scalar
def fetch_runs(index, values, slot, end):
    """Prefetch the beginning of the values of slots [slot, end).

    A division, also that of a range with a step which is no constant, would take as long as ten events.
    """
    size = values.itemsize
    line = 8 if size == 8 else 16 if size == 4 else 32 if size == 2 else 64
    place = np.int64(index[slot])
    last = min(np.int64(index[end]), place + _FETCHED)
    while place < last:
        not_unrolled()
        prefetch(values, place)
        place += line


@scalar
def fetch_run(index, values, slot):
    """Prefetch the beginning of a run of values."""
    fetch_runs(index, values, slot, slot + 1)


@scalar
def fetch(values, first):
    """Prefetch the next `TOGETHER` values from number `first` on, of which there may be fewer."""
    for p in range(first, first + TOGETHER, _LINE // values.itemsize):
        prefetch(values, p)


@scalar
def fetch_item(values, row, column):
    """Prefetch an item of a table."""
    prefetch(values, int(row) * values.shape[1] + int(column))


@kernel
def add_runs(due, n_due, index, targets, slot_weight, weights, inputs):
    """Process a list of slots; returns the number of synaptic events.

    Weights are those of the slots, if given, else those of the synapses (of which a share may have none).
    """
    own_weights = len(slot_weight) == 0
    events = 0
    for i in range(-_AHEAD, n_due):
        if i + _AHEAD < n_due:
            fetch_run(index, targets, due[i + _AHEAD])
            if own_weights:
                fetch_run(index, weights, due[i + _AHEAD])
        if i < 0:
            continue
        slot = due[i]
        run = targets[index[slot] : index[slot + 1]]
        events += len(run)
        if own_weights:
            weights_of_run = weights[index[slot] : index[slot + 1]]
            for p in range(len(run)):
                not_unrolled()
                inputs[run[p]] += weights_of_run[p]
        else:
            weight = slot_weight[slot]
            for target in run:
                not_unrolled()
                inputs[target] += weight
    return events


@kernel
def deliver(
    step,
    rows,
    counts,
    delays,
    index,
    targets,
    slot_weight,
    weights,
    inputs: Written,
    event_count: Written,
    due: Written,
):
    """Add what arrives in this step to the inputs of all targets."""
    n_shares, depth = counts.shape
    n_delays = len(delays)
    n_due = np.int64(0)
    for d in range(n_delays):
        row = (step - delays[d]) % depth
        for share in range(n_shares):
            for k in range(counts[share, row]):
                slot = rows[share, row, k] * n_delays + d
                prefetch(index, slot)
                due[n_due] = slot
                n_due += 1
                if n_due == len(due):
                    event_count[0] += add_runs(due, n_due, index, targets, slot_weight, weights, inputs)
                    n_due = 0
    event_count[0] += add_runs(due, n_due, index, targets, slot_weight, weights, inputs)


@kernel
def add_parts(due, n_due, delays, index, targets, slot_weight, weights, ring, arriving):
    """Add the input of a list of parts: the slots due[i, 0] to due[i, 1], sent in step due[i, 2] by the source whose
    first slot is due[i, 3]."""
    own_weights = len(slot_weight) == 0
    mask, width, inputs = len(ring) - 1, ring.shape[1], ring.reshape(-1)
    for i in range(-_AHEAD, n_due):
        if i + _AHEAD < n_due:
            slot, end = due[i + _AHEAD, 0], due[i + _AHEAD, 1]
            fetch_runs(index, targets, slot, end)
            if own_weights:
                fetch_runs(index, weights, slot, end)
        if i < 0:
            continue
        begin = index[due[i, 0]]
        for slot in range(due[i, 0], due[i, 1]):
            end = index[slot + 1]
            row = (due[i, 2] + delays[slot - due[i, 3]]) & mask
            first = np.uint64(row * width)
            arriving[row] += end - begin
            if own_weights:
                for p in range(np.uint64(begin), np.uint64(end)):
                    not_unrolled()
                    inputs[first + np.uint64(targets[p])] += weights[p]
            else:
                weight = np.float32(slot_weight[slot])
                for p in range(np.uint64(begin), np.uint64(end)):
                    not_unrolled()
                    inputs[first + np.uint64(targets[p])] += weight
            begin = end


@kernel
def deliver_ahead(
    step,
    rows,
    counts,
    delays,
    numbers,
    index,
    targets,
    slot_weight,
    weights,
    ring: Written,
    arriving: Written,
    restart,
    event_count: Written,
    due: Written,
):
    """Add what arrives in this step and up to the end of its block to a ring of inputs, (steps, targets).

    A block is as many steps as the ring has rows, a power of 2. What was sent before a block is added when it begins,
    what is sent in it as soon as it is known. So each source is looked up, and its synapses are fetched, once a block
    and not once a step. numbers[d] is how many delays are shorter than d steps. arriving: events in each row.
    restart: (1,), a step in which the rest of its block is added again, since the ring was emptied.
    """
    n_shares, depth = counts.shape
    n_delays = len(delays)
    last = step | (len(ring) - 1)
    begins = step & (len(ring) - 1) == 0 or step == restart[0]
    n_due = np.int64(0)
    for age in range(delays[0], (delays[n_delays - 1] if begins else delays[0]) + 1):
        first, end = numbers[age], numbers[min(age + last - step + 1, len(numbers) - 1)]
        if first == end:
            continue
        row = (step - age) % depth
        for share in range(n_shares):
            for k in range(counts[share, row]):
                slot = rows[share, row, k] * n_delays
                prefetch(index, slot + first)
                due[n_due, 0] = slot + first
                due[n_due, 1] = slot + end
                due[n_due, 2] = step - age
                due[n_due, 3] = slot
                n_due += 1
                if n_due == len(due):
                    add_parts(due, n_due, delays, index, targets, slot_weight, weights, ring, arriving)
                    n_due = 0
    add_parts(due, n_due, delays, index, targets, slot_weight, weights, ring, arriving)
    now = step & (len(ring) - 1)
    event_count[0] += arriving[now]
    arriving[now] = 0


@kernel
def deliver_values(
    step, rows, counts, values, delays, index, targets, slot_weight, weights, inputs: Written, event_count: Written
):
    """The same for events that carry a value, which multiplies the weights."""
    n_shares, depth = counts.shape
    n_delays = len(delays)
    own_weights = len(slot_weight) == 0
    for d in range(n_delays):
        row = (step - delays[d]) % depth
        for share in range(n_shares):
            for k in range(counts[share, row]):
                slot = rows[share, row, k] * n_delays + d
                value = values[share, row, k]
                run = targets[index[slot] : index[slot + 1]]
                event_count[0] += len(run)
                if own_weights:
                    weights_of_run = weights[index[slot] : index[slot + 1]]
                    for p in range(len(run)):
                        inputs[run[p]] += weights_of_run[p] * value
                else:
                    sent = slot_weight[slot] * value
                    for target in run:
                        inputs[target] += sent


@kernel
def deliver_rows(step, rows, counts, delays, index, targets, weights, inputs: Written, event_count: Written):
    """`deliver` where the targets of each slot are neighbours and each synapse has its own weight.

    Of an unsigned index Numba does not ask whether it is negative, so that loops vectorise without slices.
    """
    n_shares, depth = counts.shape
    n_delays = len(delays)
    for d in range(n_delays):
        row = (step - delays[d]) % depth
        for share in range(n_shares):
            for k in range(counts[share, row]):
                slot = rows[share, row, k] * n_delays + d
                n = index[slot + 1] - index[slot]
                if n > 0:
                    event_count[0] += n
                    first_synapse = np.uint64(index[slot])
                    first_target = np.uint64(targets[first_synapse])
                    for i in range(n):
                        inputs[first_target + np.uint64(i)] += weights[first_synapse + np.uint64(i)]


@kernel
def deliver_values_in_rows(
    step, rows, counts, values, delays, index, targets, weights, inputs: Written, event_count: Written
):
    """The same for events that carry a value, which multiplies the weights."""
    n_shares, depth = counts.shape
    n_delays = len(delays)
    for d in range(n_delays):
        row = (step - delays[d]) % depth
        for share in range(n_shares):
            for k in range(counts[share, row]):
                slot = rows[share, row, k] * n_delays + d
                n = index[slot + 1] - index[slot]
                if n > 0:
                    event_count[0] += n
                    value = values[share, row, k]
                    first_synapse = np.uint64(index[slot])
                    first_target = np.uint64(targets[first_synapse])
                    for i in range(n):
                        inputs[first_target + np.uint64(i)] += weights[first_synapse + np.uint64(i)] * value
