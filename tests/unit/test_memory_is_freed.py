"""Networks are freed when nobody holds them, not when the garbage collector comes: the next may be as large."""

import gc

import pytest

import spikelearn as sl
from spikelearn.engine.plan import Call


def left_in_cycles(used):
    """The Calls that only the garbage collector finds after a function was called. Arrays are their arguments."""
    used()  # what is made once for all networks
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        used()
        gc.collect()
        return [kept.label for kept in gc.garbage if isinstance(kept, Call)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def run(threads=1, change=lambda net: None, plasticity=None):
    net = sl.Network(dt=0.1, seed=1, threads=threads)
    source = net.population(20, sl.Poisson(50.0), name="source")
    cells = net.population(30, sl.LIF(), name="cells")
    net.connect(source, cells, "exc", weight=sl.Uniform(10.0, 90.0), delay=1.0, name="made", plasticity=plasticity)
    net.connect(cells, cells, "inh", weight=-5.0, delay=1.5, synapse=sl.TsodyksMarkram())
    net.drive(cells, sl.NoiseCurrent(std=50.0, tau=2.0))
    net.record(cells)
    net.run(5.0)
    change(net)
    net.run(5.0)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_network_that_has_run_leaves_nothing_to_the_garbage_collector(threads):
    assert left_in_cycles(lambda: run(threads)) == []


def test_nor_does_one_that_was_changed():
    def change(net):
        net.set(net.populations["cells"], V_th=-54.0)
        net.switch_off(net.projections["made"])
        net.record(net.populations["cells"], "V_m")
        net.every(1.0, lambda net: None)

    assert left_in_cycles(lambda: run(change=change)) == []


@pytest.mark.parametrize("rule", [sl.STDP(), sl.Clopath()], ids=repr)
def test_nor_does_one_that_learns(rule):
    assert left_in_cycles(lambda: run(plasticity=rule)) == []
