"""What PyNN asks for and does not look at itself: the signs of weights, and assemblies as targets of connectors."""

import numpy as np
import pytest

pytest.importorskip("pyNN", reason="needs PyNN: pip install 'spikelearn[pynn]'")

from pyNN import errors

import spikelearn.pynn as sim


@pytest.fixture(autouse=True)
def new_simulation():
    sim.setup(timestep=0.1)
    yield
    sim.end()


def connected(cell, kind, weight, **connector):
    cells, source = sim.Population(2, cell), sim.Population(1, sim.SpikeSourceArray(spike_times=[5.0]))
    cells.record("v")
    pairs = sim.FromListConnector([(0, 0, weight, 1.0)], column_names=["weight", "delay"], **connector)
    return cells, sim.Projection(source, cells, pairs, sim.StaticSynapse(), receptor_type=kind, label="listed")


@pytest.mark.parametrize(
    ("cell", "kind", "right", "asked"),
    [
        ("IF_curr_exp", "excitatory", 1.0, "expected positive ones for excitatory currents, got -1"),
        ("IF_curr_exp", "inhibitory", -1.0, "expected negative ones for inhibitory currents, got 1"),
        ("IF_cond_exp", "inhibitory", 1.0, "expected positive ones for conductances, got -1"),
    ],
)
def test_a_listed_or_set_weight_has_the_sign_of_its_receptor(cell, kind, right, asked):
    cell = getattr(sim, cell)()
    with pytest.raises(errors.ConnectionError, match=f"weights of listed: {asked}"):
        connected(cell, kind, -right)
    _, synapses = connected(cell, kind, right)
    synapses.set(weight=0.0)
    for change in (lambda: synapses.set(weight=-right), lambda: setattr(synapses[0], "weight", -right)):
        with pytest.raises(errors.ConnectionError, match=asked):
            change()
    assert synapses.get("weight", format="list")[0][2] == 0.0


def test_a_connector_that_is_not_safe_takes_any_sign():
    cells, _ = connected(sim.IF_curr_exp(), "inhibitory", 1.0, safe=False)
    sim.run(10.0)
    assert cells.get_data().segments[0].filter(name="v")[0].magnitude[-1, 0] > -65.0


def test_a_connector_with_a_callback_takes_an_assembly():
    a, b = sim.Population(2, sim.IF_curr_exp()), sim.Population(3, sim.IF_curr_exp())
    told = []
    connector = sim.AllToAllConnector(allow_self_connections=False, callback=told.append)
    synapses = sim.Projection(a, a + b, connector, sim.StaticSynapse(weight=0.1), receptor_type="excitatory")
    assert len(synapses) == 8 and np.allclose(told, np.arange(5) / 5)
