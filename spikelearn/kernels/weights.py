"""The weights of all synapses of a projection in one array, which callbacks and users read and write.

Each share reads its own: synapse k is at positions[k] of its table, and at places[k] of `weights`, the array, and of
`before`, the same as it was read. `stored` is what the table holds, which after `materialize` are weights. `due` says
which of them are to be put back: 0 for none, CHANGED or EVERY.
"""

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.control import STOP
from spikelearn.kernels.event_rule import ALL, WANTED

CHANGED, EVERY = 1, 2


@kernel
def gather(step, found, used: Written, places, weights: Written, before: Written):
    """Put the weights that a share has read, (1, n), into their places."""
    used[0] = 0
    for k in range(len(places)):
        weights[places[k]] = found[0, k]
        before[places[k]] = found[0, k]


@kernel
def compare(step, weights, before, W_min, W_max, due: Written, control: Written, raised: Written):
    """Find out whether weights were changed. If one has become what it may not be, stop, and none is put back."""
    due[0] = 0
    for k in range(len(weights)):
        new = weights[k]
        if new != before[k]:
            due[0] = CHANGED
            if not (W_min <= new and new <= W_max and new - new == 0.0):
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
    if due[0] == CHANGED:
        for k in range(len(positions)):
            kept[k] = stored[positions[k]]


@kernel
def put(step, due, relative, positions, places, weights, before, W_min, W_max, stored: Written):
    """Store weights.

    relative: whether what is stored may differ from the weight that was read by what is still on its way through a
    dendrite; it then still does.
    """
    if due[0] != 0:
        for k in range(len(positions)):
            new = weights[places[k]]
            old = before[places[k]]
            if new != old or due[0] == EVERY:
                if relative != 0:
                    now = min(max(stored[positions[k]], W_min), W_max)
                    new = min(max(new + (now - old), W_min), W_max)
                stored[positions[k]] = new


@kernel
def put_back(step, due, positions, places, weights, before, kept, stored: Written):
    """Restore bit for bit what is stored for the weights that were not changed."""
    if due[0] == CHANGED:
        for k in range(len(positions)):
            if weights[places[k]] == before[places[k]]:
                stored[positions[k]] = kept[k]


@kernel
def forget(step, due, values: Written):
    """Empty an array of what was delivered ahead with the weights before, if any are put back."""
    if due[0] != 0:
        for k in range(len(values)):
            values[k] = 0


@kernel
def deliver_again(step, due, restart: Written):
    """Let the next step deliver it again."""
    if due[0] != 0:
        restart[0] = step + 1
