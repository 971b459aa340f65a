"""The same number of synapses from every source."""

from __future__ import annotations

from dataclasses import dataclass

from spikelearn.connectivity.degree import FixedDegree, checked_degree, rows_of_degree
from spikelearn.connectivity.rule import Endpoints, Rows
from spikelearn.nest_mapping import NestRule


@dataclass(frozen=True)
class FixedOutDegree(FixedDegree):
    """The same number of synapses from every source, to random targets.

    k: number of synapses.
    autapses: whether a neuron may be connected to itself.
    multapses: whether there may be several synapses between the same two neurons.

    >>> net = Network(seed=1)
    >>> inputs, cells = net.population(20, Poisson(10.0)), net.population(20, LIF())
    >>> made = net.connect(inputs, cells, rule=FixedOutDegree(5, multapses=False), weight=50.0)
    >>> len(net.synapses(made).pre)
    100
    """

    by_source = True
    example = {"k": 4}
    nest = NestRule("fixed_outdegree", {"k": "outdegree"})

    def rows(self, ends: Endpoints) -> Rows:
        k = checked_degree(self, ends.n_target, ends.shared, "target", ends.where)
        return rows_of_degree(k, self.multapses)
