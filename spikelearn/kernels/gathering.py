"""Changes of weights that a rule gathers, and that are applied at multiples of a time."""

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.event_rule import ALL, WANTED


@kernel
def request(step, update_every, dendritic, past_factors, due: Written, sweeps: Written):
    """Set `due` to 1 if weights change now, which needs all events that have been at the synapses until then.

    What the target gets in this step left the synapse, whose time it is, a dendritic delay before.
    """
    s = step - dendritic
    due[0] = 1 if s > 0 and s % update_every == 0 and past_factors[s % len(past_factors)] != 0.0 else 0
    if due[0] != 0:
        sweeps[WANTED] = ALL


@kernel
def apply(step, due, weights: Written, gathered_changes: Written, W_min, W_max):
    """Add to each weight what has been gathered, within the limits."""
    if due[0] != 0:
        for p in range(len(weights)):
            weights[p] = min(max(weights[p] + gathered_changes[p], W_min), W_max)
            gathered_changes[p] = 0.0
