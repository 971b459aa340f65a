"""The weights of all synapses of a projection in one array, which callbacks and users read and write.

Each share reads its own: synapse k is at positions[k] of its table and has place places[k] in `weights`, the array, and
in `before`, the same as it was read. `stored` is what the table holds, and after `materialize` these are weights.
"""

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.control import STOP
from spikelearn.kernels.event_rule import ALL, WANTED


@kernel
def gather(step, found, used: Written, places, weights: Written, before: Written):
    """Put the weights that a share has read, (1, n), into their places."""
    used[0] = 0
    for k in range(len(places)):
        weights[places[k]] = found[0, k]
        before[places[k]] = found[0, k]


@kernel
def compare(step, weights, before, W_min, W_max, due: Written, control: Written, raised: Written):
    """Set `due` to 1 if a weight was changed. Stop, with all as before, if one has become what it may not be."""
    due[0] = 0
    for k in range(len(weights)):
        new = weights[k]
        if new != before[k]:
            due[0] = 1
            if not (W_min <= new <= W_max and new - new == 0.0):
                control[STOP] = 1
                raised[0] = step
    if raised[0] != 0:
        due[0] = 0


@kernel
def catch_up(step, due, sweeps: Written):
    """Request that all synapses of a share be updated."""
    if due[0] != 0:
        sweeps[WANTED] = ALL


@kernel
def keep(step, due, positions, stored, kept: Written):
    """Keep what is stored now."""
    if due[0] != 0:
        for k in range(len(positions)):
            kept[k] = stored[positions[k]]


@kernel
def put(
    step, due, unchanged, relative, positions, places, weights, before, W_min, W_max, stored: Written
):  # fmt: skip
    """Store the changed weights, and if `unchanged` is 1 the others too.

    relative: whether to add the change to what is stored, which differs from the weight that was read by what is still
    on its way through a dendrite.
    """
    if due[0] != 0:
        for k in range(len(positions)):
            new = weights[places[k]]
            old = before[places[k]]
            if new != old or unchanged != 0:
                if relative != 0:
                    new = min(max(stored[positions[k]] + (new - old), W_min), W_max)
                stored[positions[k]] = new


@kernel
def put_back(step, due, positions, places, weights, before, kept, stored: Written):
    """Restore, bit for bit, what is stored for the weights that were not changed."""
    if due[0] != 0:
        for k in range(len(positions)):
            if weights[places[k]] == before[places[k]]:
                stored[positions[k]] = kept[k]
