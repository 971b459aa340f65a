"""Static synapses: add each arriving event to the input of its targets, in the step in which it arrives.

Synapses are sorted by (source, delay), so those of one source that arrive together are contiguous. `rows` holds a ring
of spike lists for each share of the sources, one row per step; delays are at least one step, so the rows that are read
are complete. Shares are read in order, so each target sums its inputs in the same order for any number of shares.

Runs of synapses are scattered in memory, so the runs that are due are listed first, and each is prefetched while
earlier ones are added. `due` is the list, of any length; it is processed whenever it is full.

Where every pair is connected, the targets of a source are neighbours, in ascending order. Rows of synapses then need
neither their list of targets nor one of what is due, and their loops vectorise: deliver_rows, deliver_values_in_rows.
"""

import numpy as np

from spikelearn.codegen.jit import Written, kernel, prefetch, scalar

_AHEAD = 4
_FETCHED = 512
"""Synapses of a run that are prefetched; the hardware prefetches the rest of a longer run."""
_LINE = 64


@scalar
def fetch_run(index, values, slot):
    """Prefetch the beginning of a run of values."""
    last = min(index[slot + 1], index[slot] + _FETCHED)
    for p in range(index[slot], last, _LINE // values.itemsize):
        prefetch(values, p)


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
                inputs[run[p]] += weights_of_run[p]
        else:
            weight = slot_weight[slot]
            for target in run:
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
