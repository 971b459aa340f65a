"""Every pair of neurons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.connectivity.rule import ConnectionRule, Endpoints, Rows
from spikelearn.nest_mapping import NestRule


@scalar
def every_partner(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners):
    count = 0
    for i in range(n_partners):
        if i != own:
            partners[count] = i
            count += 1
    return count


@scalar
def rank_among_all(row, partner, own):
    return partner - 1 if 0 <= own < partner else partner


@dataclass(frozen=True)
class AllToAll(ConnectionRule):
    """Every source to every target.

    autapses: whether a neuron may be connected to itself.
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
            degrees[ends.shared.start : ends.shared.stop] -= 1
        return Rows(degrees=degrees)
