"""Graded synapses: one gate for each source and delay moves in every step; targets are given the sum of all outputs.

The loop over gates is printed for each model, as the loops of kernels/printed.py are. What the gates give is handed on
by one sum for all targets, or synapse by synapse.
"""

from __future__ import annotations

from collections.abc import Sequence

from spikelearn.codegen.jit import kernel
from spikelearn.kernels.templates.neurons import names


def render_gates(state: Sequence[str], constants: Sequence[str]) -> str:
    """The loop that advances all gates of a projection by one step. Its sources are those from `first` on.

    arrived: scratch, 0 everywhere before and after. fan_out: synapses behind each gate, for the event_count.
    """
    arrays = names(state, "all_{}")
    return f"""\
from spikelearn.codegen.jit import kernel
from spikelearn.kernels.events import count_in_row, source_in_row


@kernel
def function(
    step, rows, counts, delays, first, fan_out, event_count, arrived, output, {arrays}{names(constants)}
):
    depth = counts.shape[1]
    n_delays = len(delays)
    n_gates = len(output)
    for d in range(n_delays):
        row = (step - delays[d]) % depth
        for k in range(count_in_row(counts, row)):
            gate = (source_in_row(rows, counts, row, k) - first) * n_delays + d
            if 0 <= gate < n_gates:
                arrived[gate] += 1.0
                event_count[0] += fan_out[gate]
    for gate in range(n_gates):
        {names(state)}output[gate] = advance({names(state, "all_{}[gate]")}arrived[gate], {names(constants)})
        {"; ".join(f"all_{name}[gate] = {name}" for name in state)}
        arrived[gate] = 0.0
"""


@kernel
def broadcast(step, output, weight, shift, inputs):
    """All to all with one weight: one sum for all targets, less a target's own output where there are no autapses.

    shift: the autapse of target j is source j + shift, if there is such a source.
    """
    total = 0.0
    for i in range(len(output)):
        total += output[i]
    total *= weight
    for j in range(len(inputs)):
        inputs[j] += total
    for j in range(max(0, -shift), min(len(inputs), len(output) - shift)):
        inputs[j] -= weight * output[j + shift]


@kernel
def deliver_graded(step, output, first_slot, index, targets, weights, inputs):
    """Synapse by synapse, behind the gates that are not closed."""
    for gate in range(len(output)):
        value = output[gate]
        if value != 0.0:
            slot = first_slot + gate
            for p in range(index[slot], index[slot + 1]):
                inputs[targets[p]] += weights[p] * value
