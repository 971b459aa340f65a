"""Graded synapses: one gate per source and delay advances in every step; targets receive the sum of all outputs.

The loop over gates is rendered for each model from templates/gates.py. The outputs of the gates are delivered by one
sum for all targets, or synapse by synapse; what depends on variables of source and target, as in gap junctions, is
rendered from templates/sent.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from spikelearn.codegen.jit import Written, kernel
from spikelearn.codegen.template import render


def render_gates(state: Sequence[str], constants: Sequence[str]) -> str:
    """The loop that advances all gates of a projection by one step."""
    return render("gates", state=tuple(state), fixed=fixed(constants))


def fixed(constants: Sequence[str]) -> tuple[str, ...]:
    """The names of constants in loops, different from all others there."""
    return tuple(f"the_{name}" for name in constants)


def render_sent(state: Sequence[str], pre: Sequence[str], post: Sequence[str], constants: Sequence[str]) -> str:
    """The loop that sums what all synapses of a projection send, if it depends on variables of source and target."""
    return render("sent", state=tuple(state), pre=tuple(pre), post=tuple(post), fixed=fixed(constants))


@kernel
def add_up(step, output, total: Written):
    """The sum of the outputs of gates."""
    total[0] = 0.0
    for i in range(len(output)):
        total[0] += output[i]


@kernel
def broadcast(step, total, output, weight, shift, inputs: Written):
    """All to all with one weight: one sum for all targets, less a target's own output where there are no autapses.

    shift: the autapse of target j is source j + shift, if there is such a source.
    """
    sent = total[0] * weight
    for j in range(len(inputs)):
        inputs[j] += sent
    for j in range(max(0, -shift), min(len(inputs), len(output) - shift)):
        inputs[j] -= weight * output[j + shift]


@kernel
def deliver_graded(step, output, first_slot, index, targets, weights, inputs: Written):
    """Synapse by synapse, for gates that are not closed."""
    for gate in range(len(output)):
        value = output[gate]
        if value != 0.0:
            slot = first_slot + gate
            for p in range(index[slot], index[slot + 1]):
                inputs[targets[p]] += weights[p] * value


@kernel
def keep(step, values, kept: Written):
    """Copy values."""
    for i in range(len(values)):
        kept[i] = values[i]
