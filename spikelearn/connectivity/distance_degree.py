"""The same number of synapses for every neuron, with partner probabilities given by a profile of distance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.connectivity.degree import checked_degree
from spikelearn.connectivity.distance_rule import SPACE, rows_by_distance
from spikelearn.connectivity.profiles import GaussianProfile
from spikelearn.connectivity.rule import MOST_IN_A_ROW, ConnectionRule, Endpoints, Rows
from spikelearn.kernels.connect import WRONG_ROW
from spikelearn.kernels.random import uniform
from spikelearn.kernels.space import distance

_DEGREE, _KIND = 2, 3
_BY_SOURCE, _MULTAPSES = 1, 2


@scalar
def likeliness(value, row, i, own, numbers):
    """Relative probability of partner i."""
    n_profile, by_source = int(numbers[0]), int(numbers[_KIND]) & _BY_SOURCE
    space = numbers[SPACE + n_profile :]
    apart = distance(space, row, i) if by_source else distance(space, i, row)
    if i == own or apart > numbers[1]:
        return 0.0
    return value(apart, numbers[SPACE : SPACE + n_profile])


@scalar
def drawn_with_repeats(value, row, n_partners, own, numbers, start, increment, sums, partners):
    """By inversion of the cumulative relative probabilities."""
    total = 0.0
    last = -1
    for i in range(n_partners):
        each = likeliness(value, row, i, own, numbers)
        if not 0.0 <= each < math.inf:
            return WRONG_ROW
        if each > 0.0:
            last = i
        total += each
        sums[i] = total
    degree = int(numbers[_DEGREE])
    if degree > 0 and last < 0:
        return WRONG_ROW
    for k in range(degree):
        wanted = uniform(start, increment, k) * total
        low, high = 0, last
        while low < high:
            middle = (low + high) // 2
            if sums[middle] > wanted:
                high = middle
            else:
                low = middle + 1
        partners[k] = low
    return degree


@scalar
def drawn_without_repeats(value, row, n_partners, own, numbers, start, increment, seen, stamp, keys, partners):
    """The partners with the smallest exponential keys -log(u) / likeliness (Efraimidis & Spirakis 2006).

    Equivalent to drawing one after another without replacement. The `degree` smallest are kept in a heap with the
    largest on top.
    """
    degree = int(numbers[_DEGREE])
    n = 0
    for i in range(n_partners):
        each = likeliness(value, row, i, own, numbers)
        if not 0.0 <= each < math.inf:
            return WRONG_ROW
        if each == 0.0 or degree == 0:
            continue
        key = -math.log(uniform(start, increment, i)) / each
        if n < degree:
            k = n
            n += 1
            while k > 0 and keys[(k - 1) // 2] < key:
                keys[k], partners[k] = keys[(k - 1) // 2], partners[(k - 1) // 2]
                k = (k - 1) // 2
            keys[k], partners[k] = key, i
        elif key < keys[0]:
            k = 0
            while 2 * k + 1 < n:
                child = 2 * k + 1
                if child + 1 < n and keys[child + 1] > keys[child]:
                    child += 1
                if keys[child] <= key:
                    break
                keys[k], partners[k] = keys[child], partners[child]
                k = child
            keys[k], partners[k] = key, i
    if n < degree:
        return WRONG_ROW
    for k in range(n):
        seen[partners[k]] = stamp
    count = 0
    for i in range(n_partners):
        if count < degree and seen[i] == stamp:
            partners[count] = i
            count += 1
    return count


@scalar
def partners_in_proportion(
    value, row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners
):  # fmt: skip
    if int(numbers[_KIND]) & _MULTAPSES:
        return drawn_with_repeats(value, row, n_partners, own, numbers, start, increment, scratch, partners)
    return drawn_without_repeats(value, row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners)


@dataclass(frozen=True)
class _DistanceDegree(ConnectionRule):
    k: int
    profile: Any
    radius: float = np.inf
    autapses: bool = True
    multapses: bool = True
    limits = {"k": (0, MOST_IN_A_ROW)}
    row = staticmethod(partners_in_proportion)
    example = {"k": 4, "profile": GaussianProfile(1.0, 0.3)}
    complaint = (
        "found no partner, or too few different ones, where its profile is larger than 0, or a profile that is "
        "negative or not finite"
    )

    def rows(self, ends: Endpoints) -> Rows:
        n, partner = (ends.n_target, "target") if self.by_source else (ends.n_source, "source")
        k = checked_degree(self, n, ends.shared, partner, ends.where)
        kind = _BY_SOURCE * self.by_source + _MULTAPSES * bool(self.multapses)
        return rows_by_distance(self, ends, [k, kind], degrees=np.array([k]))


@dataclass(frozen=True)
class DistanceInDegree(_DistanceDegree):
    """The same number of synapses onto every target, from sources chosen in proportion to `profile` at their distance.

    k: number of synapses.
    profile: relative probability of a source: a Profile, or a function of the distance.
    radius: largest distance of a source.
    autapses: whether a neuron may be connected to itself.
    multapses: whether there may be several synapses between the same two neurons. If not, sources are drawn one after
        another, without replacement.

    >>> rule = DistanceInDegree(100, GaussianProfile(1.0, sigma=0.2), multapses=False)
    """


@dataclass(frozen=True)
class DistanceOutDegree(_DistanceDegree):
    """The same number of synapses from every source, to targets chosen in proportion to `profile` at their distance.

    k: number of synapses.
    profile: relative probability of a target: a Profile, or a function of the distance.
    radius: largest distance of a target.
    autapses: whether a neuron may be connected to itself.
    multapses: whether there may be several synapses between the same two neurons. If not, targets are drawn one after
        another, without replacement.

    >>> rule = DistanceOutDegree(100, ExponentialProfile(1.0, scale=0.3))
    """

    by_source = True
