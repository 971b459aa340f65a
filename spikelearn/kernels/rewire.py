"""Rewiring: weak synapses get new targets, each drawn independently."""

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.random import stream, uniform

_ATTEMPTS = 1000


@kernel
def rewire(
    step, due, seed, key, probability, below, weight, multapses, first, n_sources, n_delays, first_target, n_targets,
    own, index, targets: Written, weights: Written, moved: Written, n_moved: Written,
):  # fmt: skip
    """Move synapses at or below `below`. own: the autapse of source i is target i + own, if there is such a target.

    moved: the places of those that moved; n_moved: how many did.
    """
    n_moved[0] = 0
    if due[0] == 0:
        return
    start, increment = stream(seed, key, step)
    for i in range(n_sources):
        begin = index[(first + i) * n_delays]
        end = index[(first + i + 1) * n_delays]
        left = n_targets - (1 if 0 <= i + own < n_targets else 0)
        if left < 2 or (not multapses and end - begin >= left):
            continue
        for p in range(begin, end):
            number = p * _ATTEMPTS
            if weights[p] > below or uniform(start, increment, number) >= probability:
                continue
            for attempt in range(1, _ATTEMPTS):
                j = int(uniform(start, increment, number + attempt) * n_targets)
                taken = j == i + own or first_target + j == targets[p]
                if not multapses and not taken:
                    for q in range(begin, end):
                        if targets[q] == first_target + j:
                            taken = True
                            break
                if not taken:
                    targets[p] = first_target + j
                    weights[p] = weight
                    moved[n_moved[0]] = p
                    n_moved[0] += 1
                    break


@kernel
def move_to_histories(step, n_moved, moved, targets, due_end, unread: Written):
    """Synapses that moved see only later events of their new targets."""
    for k in range(n_moved[0]):
        unread[moved[k]] = due_end[targets[moved[k]]]


@kernel
def forget(step, n_moved, moved, value, values: Written):
    """Synapses that moved start with `value`."""
    for k in range(n_moved[0]):
        values[moved[k]] = value
