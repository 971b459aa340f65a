"""Delivery through synapses whose release depends on the source's earlier spikes (short-term plasticity).

All synapses of a slot share one source and one delay, so they share one state; unless their parameters differ, or their
release is random (`each`). draws: "uniform" for each random number of a synapse and arrival, with its number; a synapse
draws with its number among all of the projection, so that threads do not matter. held: the constants of synapse p.
"""

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.events import count_in_row, source_in_row

# if draws:
from spikelearn.kernels.random import stream, uniform
# end

# RANDOM =
# DRAWN =
# if draws:
# RANDOM = release_seed, release_key, release_number
# DRAWN = kind(start, increment, PER_SYNAPSE * release_number[p] + k) for kind, k in draws
# end


@kernel
def function(
    step, rows, counts, delays, index, targets, weights, inputs: Written, event_count: Written, release_last: Written,
    release_dt, RANDOM, release__STATE: Written, release_of__CONSTANTS
):  # fmt: skip
    depth = counts.shape[1]
    n_delays = len(delays)
    # if draws:
    start, increment = stream(release_seed, release_key, step)
    # end
    for d in range(n_delays):
        row = (step - delays[d]) % depth
        for k in range(count_in_row(counts, row)):
            slot = source_in_row(rows, counts, row, k) * n_delays + d
            interval = (step - release_last[slot]) * release_dt
            # if not each:
            new__STATE, released = release(release__STATE[slot], interval, release_of__CONSTANTS)
            # for name in state:
            release__name[slot] = new__name
            # end
            # end
            release_last[slot] = step
            first = index[slot]
            last = index[slot + 1]
            event_count[0] += last - first
            for p in range(first, last):
                # if each:
                new__STATE, released = release(release__STATE[p], interval, DRAWN, HELD)
                # for name in state:
                release__name[p] = new__name
                # end
                # end
                inputs[targets[p]] += weights[p] * released
