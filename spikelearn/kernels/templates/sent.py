"""What graded synapses send that depends on variables of their source and target, synapse by synapse.

The gates of the projection begin at slot `first_slot` of its table, `n_delays` for each source. pre, post: variables of
the sources, counted from the first, and of all neurons of the block of the targets.
"""

from spikelearn.codegen.jit import Written, kernel


@kernel
def function(
    step, first_slot, n_delays, n_gates, index, targets, weights, all__STATE, of_source__PRE, of_target__POST,
    summed: Written, FIXED
):  # fmt: skip
    for gate in range(n_gates):
        # for name in pre:
        value__name = of_source__name[gate // n_delays]
        # end
        for p in range(index[first_slot + gate], index[first_slot + gate + 1]):
            target = targets[p]
            summed[target] += weights[p] * send(all__STATE[gate], value__PRE, of_target__POST[target], FIXED)
