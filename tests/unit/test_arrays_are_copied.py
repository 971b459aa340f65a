"""What is given is copied: changing it afterwards changes nothing that was described."""

import numpy as np
import pytest
from tolerances import EXACT

import spikelearn as sl

MASK = np.array([True, False, True, False])


def network():
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(4, sl.LIF(), name="cells")
    return net, cells, net.population(4, sl.Poisson(10.0), name="source")


def weights(net, cells, source, x):
    return net.connect(source, cells, "exc", weight=x).weight.values


def delays(net, cells, source, x):
    return net.connect(source, cells, "exc", delay=x).axonal.values


def pairs(net, cells, source, x):
    rule = sl.Pairs(x, [0, 1, 2, 3])
    return net.connect(source, cells, "exc", rule).rows.numbers, rule.pre


def normalised(net, cells, source, x):
    rule = sl.Normalisation(x, 1.0)
    net.homeostasis(net.connect(source, cells, "exc", name="p"), rule)
    return rule.total, net.description().homeostases[0].values


def of_phase(net, cells, source, x):
    phase = sl.Phase(1.0, rates={source: x}, currents={(cells, "exc"): x}, releases={net.modulator(): x})
    return *phase.rates.values(), *phase.currents.values(), *phase.releases.values()


def released(net, cells, source, x):
    net.release(net.modulator(), x, x)
    return net.description().releases[0].steps, net.description().releases[0].amounts


WAYS = {
    "weights": (np.ones((4, 4)), weights),
    "delays": (np.ones((4, 4)), delays),
    "pairs": (np.array([0, 1, 2, 3]), pairs),
    "parameters": (np.full(4, 20.0), lambda net, cells, source, x: sl.LIF(tau_m=x).parameters.tau_m),
    "initial": (
        np.full(4, -60.0),
        lambda n, c, s, x: n.population(4, sl.LIF(), initial={"V_m": x}).initial["V_m"].values,
    ),
    "positions": (np.zeros((4, 2)), lambda n, c, s, x: n.population(4, sl.LIF(), positions=x).positions),
    "Positions": (np.zeros((4, 2)), lambda n, c, s, x: sl.Positions(x).coordinates),
    "times": (np.array([1.0, 2.0]), lambda net, cells, source, x: sl.SpikeList(x).times),
    "ids": (np.array([0, 1]), lambda net, cells, source, x: sl.SpikeList([1.0, 2.0], x).ids),
    "rates": (np.ones(4), lambda net, cells, source, x: sl.Poisson(x).values),
    "timed": (np.ones((3, 4)), lambda n, c, s, x: (sl.Timed(x, 1.0).values, sl.Poisson(sl.Timed(x, 1.0)).values)),
    "input": (np.ones(4), lambda net, cells, source, x: sl.PoissonInput(x).rates),
    "matrix": (np.full((4, 4), 0.5), lambda net, cells, source, x: sl.FixedProbability(x).p),
    "carried": (
        np.array([1.0, 2.0]),
        lambda net, cells, source, x: sl.SpikeList([1.0, 2.0], values=x).payloads["value"],
    ),
    "orders": (np.array([1.0, 2.0]), lambda net, cells, source, x: sl.GammaProcess(5.0, x).order),
    "of a rule": (np.full((4, 4), 0.1), lambda net, cells, source, x: sl.STDP(lambda_=x).parameters.lambda_),
    "images": (np.full((2, 3), 0.5), lambda net, cells, source, x: sl.Images(x).values),
    "currents": (np.array([1.0, 2.0]), lambda n, c, s, x: (sl.StepCurrent(x, x).times, sl.StepCurrent(x, x).values)),
    "phases": (np.full(4, 5.0), of_phase),
    "total": (np.ones(4), normalised),
    "releases": (np.array([1.0, 2.0]), released),
    "masks": (MASK, lambda net, cells, source, x: cells[x].ids),
    "indices": (np.array([0, 2]), lambda net, cells, source, x: cells[x].ids),
    "limits": (np.array(0.5), lambda net, cells, source, x: sl.Normal(1.0, 1.0, low=x).low),
}


@pytest.mark.parametrize("way", WAYS)
def test_changes_of_what_was_given_change_nothing(way):
    given, describe = WAYS[way]
    changed = given.copy()
    kept = describe(*network(), changed)
    arrays = kept if isinstance(kept, tuple) else (kept,)
    before = [np.array(each) for each in arrays]
    changed[...] = 7 if changed.dtype != bool else ~changed
    for array, expected in zip(arrays, before, strict=True):
        assert not np.shares_memory(array, changed)
        EXACT.check(array, expected)


def test_a_run_is_that_of_what_was_given():
    def spikes(change):
        net, cells, source = network()
        weight, rates = np.full((4, 4), 500.0), np.full(4, 300.0)
        driven = net.population(4, sl.Poisson(rates))
        net.connect(driven, cells, "exc", weight=weight)
        net.record(cells)
        if change:
            weight[:], rates[:] = np.nan, np.nan
        return net.run(30.0).spikes(cells)

    given, changed = spikes(False), spikes(True)
    assert len(given.times) > 0
    EXACT.check(changed.times, given.times)
