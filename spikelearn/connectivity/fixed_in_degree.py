"""The same number of synapses onto every target."""

from __future__ import annotations

from dataclasses import dataclass

from spikelearn.connectivity.degree import FixedDegree, checked_degree, rows_of_degree
from spikelearn.connectivity.rule import Endpoints, Rows
from spikelearn.nest_mapping import NestRule


@dataclass(frozen=True)
class FixedInDegree(FixedDegree):
    """The same number of synapses onto every target, from random sources.

    k: number of synapses.
    autapses: whether a neuron may be connected to itself.
    multapses: whether there may be several synapses between the same two neurons.

    >>> net = Network(seed=1)
    >>> inputs, cells = net.population(20, Poisson(10.0)), net.population(20, LIF())
    >>> made = net.connect(inputs, cells, rule=FixedInDegree(5), weight=50.0)
    >>> len(net.synapses(made).pre)
    100
    """

    example = {"k": 4}
    nest = NestRule("fixed_indegree", {"k": "indegree"})

    def rows(self, ends: Endpoints) -> Rows:
        k = checked_degree(self, ends.n_source, ends.shared, "source", ends.where)
        return rows_of_degree(k, self.multapses)
