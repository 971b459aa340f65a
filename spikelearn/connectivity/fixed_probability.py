"""Each pair of neurons with the same probability."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.connectivity.rule import ConnectionRule, Endpoints, Rows
from spikelearn.kernels.random import uniform
from spikelearn.nest_mapping import NestRule


@scalar
def partners_by_chance(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners):
    """The gaps between chosen partners are geometric (Fan, Muller & Rezucha 1962)."""
    p = numbers[0]
    scale = 0.0 if p >= 1.0 or p <= 0.0 else 1.0 / math.log1p(-p)
    count = 0
    i = -1
    k = np.int64(0)
    while p > 0.0:
        i += 1
        if p < 1.0:
            gap = math.log(uniform(start, increment, k)) * scale
            # As a float: with a small p it can be larger than any integer, or not a number.
            if not gap < n_partners - i:
                break
            i += int(gap)
        k += 1
        if i >= n_partners:
            break
        if i != own:
            partners[count] = i
            count += 1
    return count


@dataclass(frozen=True)
class FixedProbability(ConnectionRule):
    """Each pair with the same probability, independently.

    p: the probability, from 0 to 1.
    autapses: whether a neuron may be connected to itself.
    """

    p: float
    autapses: bool = True
    row = staticmethod(partners_by_chance)
    limits = {"p": (0.0, 1.0)}
    example = {"p": 0.3}
    nest = NestRule("pairwise_bernoulli", {"p": "p"})

    def rows(self, ends: Endpoints) -> Rows:
        return Rows(np.array([self.p]), expected=self.p * ends.n_target * ends.n_source)
