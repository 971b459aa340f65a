"""The kernel that gives n synapses of a projection what `value`, a function of pairs of neurons, is for each.

counters: the counter of each synapse in the stream (seed, key), from which `value` draws. The first synapse whose value
is not a number from low to high is noted: 1, its source and its target in `wrong`.
"""

import math

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.random import stream


@kernel
def function(
    n, numbers, low, high, space, seed, key, sources, targets, counters, drawn: Written, wrong: Written
):  # fmt: skip
    start, increment = stream(seed, key, 0)
    for k in range(n):
        try:
            found = value(sources[k], targets[k], numbers, space, start, increment, counters[k])
        except Exception:
            found = math.nan
        if wrong[0] == 0 and not (low <= found and found <= high and found - found == 0.0):
            wrong[0] = 1
            wrong[1] = sources[k]
            wrong[2] = targets[k]
        drawn[k] = found
