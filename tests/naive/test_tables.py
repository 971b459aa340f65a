"""Tables of synapses against a list of all synapses, sorted by source and delay.

They are sorted in buckets of sources, which here are small, and of which sources of several projections are parts.
"""

import numpy as np
import pytest
from given_spikes import steps_of

import spikelearn as sl
from spikelearn.engine.listed_synapses import list_synapses
from spikelearn.engine.lowering import synapse_tables

DT = 0.1
RULES = {
    "by source": sl.FixedProbability(0.2),
    "by target": sl.FixedInDegree(12),
    "in any order": sl.Pairs([3, 1, 1, 5, 0, 9, 3], [2, 2, 0, 7, 1, 30, 2]),
    "every pair": sl.AllToAll(),
}
DELAYS = {"one delay": 0.7, "delays": sl.Uniform(0.1, 3.0)}


def network(rule, delay, threads):
    net = sl.Network(dt=DT, seed=4, threads=threads)
    a, b = net.population(40, sl.LIF(), "a"), net.population(35, sl.LIF(), "b")
    for source, target in ((b, a), (a, b), (a[10:40], b), (a[:12], a), (a, a)):
        net.connect(source, target, rule=rule, weight=sl.Normal(5.0, 1.0), delay=delay)
    return net


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("bucket", [1, 50, 1 << 17])
@pytest.mark.parametrize("delay", DELAYS.values(), ids=DELAYS)
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_synapses_of_a_source_and_delay_lie_together_in_the_order_in_which_they_are_made(
    rule, delay, bucket, threads, monkeypatch
):
    monkeypatch.setattr(synapse_tables, "_BUCKET", bucket)
    net, total = network(rule, delay, threads), 0
    for plan in net.build().program.plans:
        table, *same = plan.tables.values()
        assert all(each is table for each in same)
        slots, targets, weights = [], [], []
        for projection in table.projections:
            ends, made = plan.ends[projection], list_synapses(projection, plan.seed, DT)
            post = made.post - projection.target_first + ends.first_target
            own = (post >= ends.low) & (post < ends.high)
            source = made.pre[own] - projection.source_first + ends.first_source
            numbers = np.searchsorted(table.delays, steps_of(made.delay[own], DT))
            slots += (source * len(table.delays) + numbers).tolist()
            targets += (post[own] - table.first_target).tolist()
            weights += made.weight[own].tolist()
        order = np.argsort(slots, kind="stable")
        total += len(order)
        np.testing.assert_array_equal(table.targets, np.array(targets)[order])
        np.testing.assert_array_equal(table.weights, np.array(weights)[order])
        counts = np.bincount(slots, minlength=len(table.index) - 1)
        np.testing.assert_array_equal(table.index, np.concatenate([[0], np.cumsum(counts)]))
    assert total == sum(list_synapses(projection, 4, DT).pre.size for projection in plan.tables) > 30
