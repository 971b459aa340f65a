"""Every pair of neurons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.connectivity.rule import ConnectionRule, Endpoints, Rows
from spikelearn.nest_mapping import NestRule


@scalar
def every_partner(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners):
    before = own if own >= 0 else n_partners
    for i in range(before):
        partners[i] = i
    for i in range(before + 1, n_partners):
        partners[i - 1] = i
    return max(before, n_partners - 1)


@scalar
def rank_among_all(row, partner, own):
    return partner - 1 if 0 <= own < partner else partner


@dataclass(frozen=True)
class AllToAll(ConnectionRule):
    """Every source to every target.

    autapses: whether a neuron may be connected to itself.

    >>> net = Network(seed=1)
    >>> inputs, cells = net.population(20, Poisson(10.0)), net.population(20, LIF())
    >>> made = net.connect(inputs, cells, rule=AllToAll(), weight=50.0)
    >>> len(net.synapses(made).pre)
    400
    """

    autapses: bool = True
    arrays = "pairs"
    every_pair = True
    row = staticmethod(every_partner)
    rank = staticmethod(rank_among_all)
    nest = NestRule("all_to_all")

    def rows(self, ends: Endpoints) -> Rows:
        degrees = np.array([ends.n_source])
        if ends.shared and not self.autapses:
            degrees = np.full(ends.n_target, ends.n_source)
            degrees[np.asarray(ends.shared)] -= 1
        return Rows(degrees=degrees)
