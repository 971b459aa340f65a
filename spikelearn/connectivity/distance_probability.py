"""Each pair of neurons with a probability that depends on their distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.connectivity.distance_rule import SPACE, checked_profile, rows_by_distance
from spikelearn.connectivity.profiles import GaussianProfile
from spikelearn.connectivity.rule import ConnectionRule, Endpoints, Rows
from spikelearn.errors import DescriptionError
from spikelearn.kernels.connect import WRONG_ROW
from spikelearn.kernels.random import uniform
from spikelearn.kernels.space import distance


@scalar
def partners_by_distance(
    value, row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners
):  # fmt: skip
    profile, space = numbers[SPACE : SPACE + int(numbers[0])], numbers[SPACE + int(numbers[0]) :]
    count = 0
    for i in range(n_partners):
        apart = distance(space, i, row)
        if i == own or apart > numbers[1]:
            continue
        p = value(apart, profile)
        if not 0.0 <= p <= 1.0:
            return WRONG_ROW
        if uniform(start, increment, i) < p:
            partners[count] = i
            count += 1
    return count


@dataclass(frozen=True)
class DistanceProbability(ConnectionRule):
    """Each pair independently, with a probability that depends on its distance.

    profile: the probability: a Profile, or a function of the distance.
    radius: largest distance of a connected pair.
    autapses: whether a neuron may be connected to itself.

    >>> rule = DistanceProbability(GaussianProfile(0.8, sigma=0.2), radius=0.6)
    """

    profile: Any
    radius: float = np.inf
    autapses: bool = True
    row = staticmethod(partners_by_distance)
    example = {"profile": GaussianProfile(0.9, 0.3)}
    complaint = "found a probability outside 0..1 at the distance of two neurons"

    def rows(self, ends: Endpoints) -> Rows:
        profile = checked_profile(self, ends.where)
        at_once = profile(0.0)
        if not 0.0 <= at_once <= 1.0:
            raise DescriptionError(
                f"{ends.where}: {self.name} needs a probability from 0 to 1, the profile is {at_once:g} at distance 0"
            )
        # Estimated from a few sources and targets, evenly spaced among all.
        sources = np.unique(np.linspace(0, ends.n_source - 1, min(ends.n_source, 64)).astype(int))
        targets = np.unique(np.linspace(0, ends.n_target - 1, min(ends.n_target, 32)).astype(int))
        apart = ends.distances(sources, targets)
        mean = float(np.mean(np.where(apart <= self.radius, profile(apart), 0.0)))
        return rows_by_distance(self, ends, [], expected=mean * ends.n_source * ends.n_target)
