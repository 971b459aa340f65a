"""Each projection is delivered in one way, and learns in one way; each is a file and an entry in a list."""

import sys

import numpy as np
import pytest
from tolerances import EXACT

import spikelearn as sl
from spikelearn.engine.lowering import (
    delivery,
    graded_synapses,
    payload_synapses,
    plastic_synapses,
    procedural_synapses,
    short_term_synapses,
    static_synapses,
)
from spikelearn.plasticity import RATE_RULES, RULES, SIGNAL_RULES, STEP_RULES

KINDS = {
    "procedural": ({"procedural": True}, procedural_synapses),
    "learned at events": ({"plasticity": sl.STDP()}, plastic_synapses),
    "learned from a signal": ({"plasticity": sl.Clopath()}, plastic_synapses),
    "learned and released": ({"plasticity": sl.STDP(), "synapse": sl.TsodyksMarkram()}, plastic_synapses),
    "frozen and released": (
        {"plasticity": sl.STDP(), "plastic": False, "synapse": sl.TsodyksMarkram()},
        short_term_synapses,
    ),
    "released": ({"synapse": sl.TsodyksMarkram()}, short_term_synapses),
    "with a value": ({"payload": "V_m"}, payload_synapses),
    "frozen": ({"plasticity": sl.STDP(), "plastic": False}, static_synapses),
    "static": ({}, static_synapses),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_of_a_projection_decides_how_it_is_delivered(kind):
    how, expected = KINDS[kind]
    net = sl.Network()
    cells = net.population(2, sl.AdExClopath())
    assert delivery.delivery_of(net.connect(cells, cells, weight=1.0, **how)) is expected


def test_a_graded_port_is_given_a_value_in_every_step():
    net = sl.Network()
    cells = net.population(2, sl.LIFNMDA())
    projection = net.connect(cells, cells, "nmda", weight=1.0, synapse=sl.NMDA())
    assert delivery.delivery_of(projection) is graded_synapses


@pytest.mark.parametrize("rule", [*RULES, *SIGNAL_RULES, *RATE_RULES, *STEP_RULES], ids=lambda rule: rule.name)
def test_every_rule_names_how_it_is_lowered(rule):
    assert rule.learns_by in plastic_synapses.LEARNING


class Twice:
    """A way of delivery that did not exist: what arrives counts twice."""

    table = staticmethod(static_synapses.table)

    def deliver(self, table, plan):
        static_synapses.deliver(table, plan)
        static_synapses.deliver(table, plan)


def test_a_new_way_of_delivery_joins_by_one_entry(monkeypatch):
    def received():
        net = sl.Network(dt=0.1)
        source = net.population(3, sl.SpikeList([1.0, 1.5, 2.0], [0, 1, 2]))
        target = net.population(2, sl.Parrot())
        for name, weight in (("doubled", 1.5), ("once", 4.0)):
            net.connect(source, target, "ignored", weight=weight, delay=0.5, name=name)
        net.record(target, "ignored")
        return net.run(5.0).trace(target, "ignored").values

    EXACT.check(np.unique(received()), [0.0, 5.5])
    monkeypatch.setitem(sys.modules, "twice", Twice())
    entry = {"twice": delivery.Way(lambda projection: projection.name == "doubled")}
    monkeypatch.setattr(delivery, "DELIVERIES", entry | delivery.DELIVERIES)
    EXACT.check(np.unique(received()), [0.0, 7.0])
