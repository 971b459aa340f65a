"""The exact engine compared with a reference that scans for crossings; its synapses compared with the grid's."""

import numpy as np
import pytest
from naive import exact_engine
from tolerances import EXACT, ULP

import spikelearn as sl

CHAIN = ULP(20_000, 100.0)
"""A potential of up to 100 mV, rounded, meets the threshold, mostly at more than .1 mV/ms: 10 ulp or so each time. That
shift is passed on from spike to spike, through up to a hundred of them, and a weak slope multiplies it."""


def build(seed, n, **parameters):
    """(network, its neurons, arguments of the reference): n recurrent LIF neurons and spikes from outside."""
    generator = np.random.default_rng(seed)
    starts = generator.uniform(-70.0, -56.0, n)
    n_in, n_syn, duration = 25 * n, 3 * n, 30.0
    times = np.sort(generator.uniform(1.0, duration - 2.0, n_in))
    targets, weights = generator.integers(0, n, n_in), generator.normal(800.0, 600.0, n_in)
    pre, post = generator.integers(0, n, (2, n_syn))
    recurrent, delays = generator.normal(0.0, 400.0, n_syn), generator.uniform(0.2, 4.0, n_syn)
    net = sl.Network(dt=0.1)
    cells = net.population(n, sl.LIF(**parameters), initial={"V_m": starts}, name="cells")
    source = net.population(n_in, sl.SpikeList(times, np.arange(n_in)))
    for port, sign in (("exc", 1), ("inh", -1)):
        k, m = np.flatnonzero(weights * sign > 0), np.flatnonzero(recurrent * sign > 0)
        net.connect(source, cells, port, sl.Pairs(k, targets[k]), weight=weights[k], delay=1.0)
        net.connect(cells, cells, port, sl.Pairs(pre[m], post[m]), weight=recurrent[m], delay=delays[m])
    net.record(cells)
    synapses = list(zip(pre, post, (recurrent < 0).astype(int), recurrent, delays, strict=True))
    inputs = list(zip(times + 1.0, targets, (weights < 0).astype(int), weights, strict=True))
    return net, cells, (cells.model.parameters, starts, synapses, inputs, duration)


@pytest.mark.parametrize(
    "parameters",
    [
        {"tau_syn_exc": 2.0, "tau_syn_inh": 5.0},
        {"tau_syn_exc": 3.0, "tau_syn_inh": 3.0, "t_ref": 0.33},
        {"tau_m": 4.0, "tau_syn_exc": 4.0, "tau_syn_inh": 9.0, "I_e": 300.0, "t_ref": 0.0},
        {"tau_m": 6.0, "tau_syn_exc": 7.0, "tau_syn_inh": 1.0, "I_e": 700.0},
    ],
)
def test_a_small_network_fires_when_its_reference_does(parameters):
    net, cells, described = build(1, 3, **parameters)
    times, ids = exact_engine.spikes(*described)
    found = net.run(described[-1], engine="events").spikes(cells)
    assert len(times) > 10
    EXACT.check(found.ids, ids)
    CHAIN.check(found.times, times)


RULES = {
    "all to all": (sl.AllToAll(autapses=False), 6, 6),
    "one to one": (sl.OneToOne(), 6, 6),
    "probability": (sl.FixedProbability(0.3), 6, 9),
    "in-degree": (sl.FixedInDegree(4), 6, 9),
    "out-degree": (sl.FixedOutDegree(4, multapses=False), 6, 9),
    "total number": (sl.FixedTotalNumber(20), 6, 9),
    "pairs": (sl.Pairs([0, 3, 3], [1, 8, 2]), 6, 9),
}


@pytest.mark.parametrize("name", RULES)
def test_synapses_are_those_of_the_grid_but_for_the_rounding_of_delays(name):
    rule, n_source, n_target = RULES[name]

    def synapses(engine):
        net = sl.Network(dt=0.5, seed=3)
        source = net.population(n_source + 2, sl.LIF())
        target = source if n_source == n_target else net.population(n_target, sl.LIF())
        ends = (source[1 : 1 + n_source], target[1 : 1 + n_target] if target is source else target)
        made = net.connect(*ends, "exc", rule, weight=sl.Normal(0, 1), delay=sl.Uniform(0.5, 9.0))
        return net.run(0.0, engine=engine).synapses(made)

    exact, grid = synapses("events"), synapses("compiled")
    assert len(exact.pre) > 2
    for part in ("pre", "post", "weight"):
        EXACT.check(getattr(exact, part), getattr(grid, part))
    assert np.all(np.abs(exact.delay - grid.delay) <= 0.25)
    assert np.abs(exact.delay - grid.delay).max() > 0.01
