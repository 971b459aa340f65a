"""Pairs of neurons with the same index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.connectivity.rule import ConnectionRule, Endpoints, Rows
from spikelearn.errors import DescriptionError
from spikelearn.nest_mapping import NestRule


@scalar
def equal_partner(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners):
    if row == own:
        return 0
    partners[0] = row
    return 1


@scalar
def rank_of_the_only_one(row, partner, own):
    return 0


@dataclass(frozen=True)
class OneToOne(ConnectionRule):
    """Source i to target i; both have the same size.

    autapses: whether a neuron may be connected to itself.

    >>> net = Network(seed=1)
    >>> inputs, cells = net.population(20, Poisson(10.0)), net.population(20, LIF())
    >>> made = net.connect(inputs, cells, rule=OneToOne(), weight=50.0)
    >>> len(net.synapses(made).pre)
    20
    """

    autapses: bool = True
    arrays = "rows"
    row = staticmethod(equal_partner)
    rank = staticmethod(rank_of_the_only_one)
    nest = NestRule("one_to_one")

    def rows(self, ends: Endpoints) -> Rows:
        if ends.n_source != ends.n_target:
            raise DescriptionError(
                f"{ends.where}: OneToOne needs populations of the same size, got {ends.n_source} sources and "
                f"{ends.n_target} targets"
            )
        if ends.own is not None and not self.autapses:
            return Rows(degrees=np.where(ends.own == np.arange(ends.n_target), 0, 1))
        with_itself = ends.shared == range(ends.n_target)
        return Rows(degrees=np.array([0 if with_itself and not self.autapses else 1]))
