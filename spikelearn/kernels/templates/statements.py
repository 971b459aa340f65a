"""What an action of synapses that run statements does in a step; see spikelearn/synapses/statements.py.

own: variables of the synapses, each with its place among the `width` numbers of a synapse, which lie together in the
order of their table; pre, post: variables of neurons, in the order of their blocks. own_set, pre_set, post_set: those
that the function returns, in this order; pre_read, post_read: the others. draws: random numbers with their numbers.
more: what it takes of t, dt, i, j, N_pre and N_post. constants: (name, its place in `numbers`). events: it acts at
events, in `rows` and `counts`, of the neurons from `first` on; their synapses by neuron and delay are in the order of
the table, or if `listed` in `members`, which is `ahead` longer: as many are fetched in advance. sums: its result is
added to `into`, that of a synapse's target or, without to_target, of its source; copies: it is what `into` becomes.
"""

import numpy as np

# if listed and own:
from spikelearn.codegen.jit import Written, kernel, prefetch, scalar

# else:
from spikelearn.codegen.jit import Written, kernel, scalar

# end

# if events:
from spikelearn.kernels.events import count_in_row, source_in_row

# end
# if draws:
from spikelearn.kernels.random import normal, stream, uniform
# end

# READ =
# SET =
# if own_set:
# SET = own
# end
# if own and not own_set:
# READ = own
# end
# VALUES = own[p * WIDTH + place] for name, place in own
# OF_SYNAPSES = READ, SET, pre__PRE, post__POST
# TAKEN =
# KNOWN =
# if "t" in more or "dt" in more:
# TAKEN = dt
# end
# if "t" in more:
# KNOWN = t
# end
# if "dt" in more:
# KNOWN = KNOWN, dt
# end
# if "i" in more:
# TAKEN = TAKEN, first_source
# KNOWN = KNOWN, first_source
# end
# if "j" in more:
# TAKEN = TAKEN, first_target
# KNOWN = KNOWN, first_target
# end
# if "N_pre" in more:
# TAKEN = TAKEN, N_pre
# KNOWN = KNOWN, N_pre
# end
# if "N_post" in more:
# TAKEN = TAKEN, N_post
# KNOWN = KNOWN, N_post
# end
# if draws:
# TAKEN = TAKEN, seed, key, number
# KNOWN = KNOWN, number, start, increment
# end
# FIXED = the__name for name, place in constants
# AT_EVENTS =
# MEMBERS =
# INTO =
# COUNTED =
# if events:
# AT_EVENTS = rows, counts, delays, index, first
# COUNTED = event_count
# end
# if listed:
# MEMBERS = members
# end
# if sums or copies:
# INTO = into
# end
# if sums:
# TAKEN = TAKEN, begin_into, end_into
# end
# DRAWN = kind(start, increment, number + PER_SYNAPSE * np.int64(p) + k) for kind, k in draws
# ALSO =
# if "t" in more:
# ALSO = t
# end
# if "dt" in more:
# ALSO = ALSO, dt
# end
# if "i" in more:
# ALSO = ALSO, 1.0 * (np.int64(source) - first_source)
# end
# if "j" in more:
# ALSO = ALSO, 1.0 * (np.int64(target) - first_target)
# end
# if "N_pre" in more:
# ALSO = ALSO, N_pre
# end
# if "N_post" in more:
# ALSO = ALSO, N_post
# end
# CHANGED = new_own__name for name, place in own_set
# CHANGED = CHANGED, new_pre__PRE_SET, new_post__POST_SET


@scalar
def act(p, source, target, OF_SYNAPSES, INTO, KNOWN, FIXED):
    # if sums or copies:
    found = action(VALUES, pre__PRE[source], post__POST[target], DRAWN, ALSO, FIXED)
    # if to_target:
    # if sums:
    into[target] += found
    # else:
    into[target] = found
    # end
    # else:
    into[source] += found
    # end
    # else:
    (CHANGED,) = action(VALUES, pre__PRE[source], post__POST[target], DRAWN, ALSO, FIXED)
    # for name, place in own_set:
    own[p * WIDTH + place] = new_own__name
    # end
    # for name in pre_set:
    pre__name[source] = new_pre__name
    # end
    # for name in post_set:
    post__name[target] = new_post__name
    # end
    # end


@kernel
def function(
    step, AT_EVENTS, MEMBERS, sources, targets, numbers, TAKEN, READ, pre__PRE_READ, post__POST_READ,
    SET: Written, pre__PRE_SET: Written, post__POST_SET: Written, INTO: Written, COUNTED: Written
):  # fmt: skip
    # for name, place in constants:
    the__name = numbers[place]
    # end
    # if draws:
    start, increment = stream(seed, key, step)
    # end
    # if "t" in more:
    t = dt * (step - 1)
    # end
    # if sums:
    for n in range(begin_into, end_into):
        into[n] = 0.0
    # end
    # if events:
    for d in range(len(delays)):
        row = (step - delays[d]) % counts.shape[1]
        for k in range(count_in_row(counts, row)):
            neuron = source_in_row(rows, counts, row, k) - first
            slot = neuron * len(delays) + d
            if neuron < 0 or slot + 1 >= len(index):
                continue
            event_count[0] += index[slot + 1] - index[slot]
            for q in range(index[slot], index[slot + 1]):
                # if listed:
                p = members[q]
                # if own:
                prefetch(own, members[q + AHEAD] * WIDTH)
                # end
                # else:
                p = q
                # end
                act(p, sources[p], targets[p], OF_SYNAPSES, INTO, KNOWN, FIXED)
    # else:
    for p in range(len(sources)):
        act(p, sources[p], targets[p], OF_SYNAPSES, INTO, KNOWN, FIXED)
    # end
