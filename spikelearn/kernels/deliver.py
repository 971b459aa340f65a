"""Static synapses: add each arriving event to the input of its targets, in the step in which it arrives.

Synapses are sorted by (source, delay), so all that arrive together from one source lie together. `rows` holds a ring
of spike lists for each share of the sources, one row a step; delay is at least one step, so the rows that are read are
complete. Shares are read in their order, so that each target adds up its inputs in one order however many there are.
"""

from spikelearn._jit import kernel


@kernel
def deliver_shared(step, rows, counts, delays, index, targets, slot_weight, inputs, tally):
    """One weight for each (source, delay) slot."""
    n_shares, depth = counts.shape
    n_delays = len(delays)
    events = 0
    for d in range(n_delays):
        row = (step - delays[d]) % depth
        for share in range(n_shares):
            for k in range(counts[share, row]):
                slot = rows[share, row, k] * n_delays + d
                weight = slot_weight[slot]
                first = index[slot]
                last = index[slot + 1]
                events += last - first
                for target in targets[first:last]:
                    inputs[target] += weight
    tally[0] += events


@kernel
def deliver_weighted(step, rows, counts, delays, index, targets, weights, inputs, tally):
    """One weight for each synapse."""
    n_shares, depth = counts.shape
    n_delays = len(delays)
    events = 0
    for d in range(n_delays):
        row = (step - delays[d]) % depth
        for share in range(n_shares):
            for k in range(counts[share, row]):
                slot = rows[share, row, k] * n_delays + d
                first = index[slot]
                last = index[slot + 1]
                events += last - first
                run_targets = targets[first:last]
                run_weights = weights[first:last]
                for p in range(len(run_targets)):
                    inputs[run_targets[p]] += run_weights[p]
    tally[0] += events
