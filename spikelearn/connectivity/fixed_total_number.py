"""A given total number of synapses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikelearn.connectivity.degree import drawn_partners, rows_of_degree
from spikelearn.connectivity.rule import MOST_IN_A_ROW, ConnectionRule, Endpoints, Rows
from spikelearn.errors import DescriptionError
from spikelearn.nest_mapping import NestRule

_MOST_OF_NUMPY = 10**9
"""Pairs below which NumPy draws their numbers without repeats."""


def _different_pairs(n: int, places: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """How many of n different pairs, drawn uniformly, each target has; places: (n_target,) pairs of each."""
    total = int(places.sum())
    drawn = min(n, total - n)
    chosen = np.zeros(0, np.int64)
    while len(chosen) < drawn:
        chosen = np.union1d(chosen, random.integers(0, total, drawn - len(chosen)))
    counts = np.bincount(np.searchsorted(np.cumsum(places), chosen, side="right"), minlength=len(places))
    return counts if drawn == n else places - counts


@dataclass(frozen=True)
class FixedTotalNumber(ConnectionRule):
    """A given total number of synapses between random pairs.

    n: number of synapses.
    autapses: whether a neuron may be connected to itself.
    multapses: whether there may be several synapses between the same two neurons.

    >>> net = Network(seed=1)
    >>> inputs, cells = net.population(20, Poisson(10.0)), net.population(20, LIF())
    >>> made = net.connect(inputs, cells, rule=FixedTotalNumber(30), weight=50.0)
    >>> len(net.synapses(made).pre)
    30
    """

    n: int
    autapses: bool = True
    multapses: bool = True
    row = staticmethod(drawn_partners)
    limits = {"n": (0, 1 << 40)}
    example = {"n": 40}
    nest = NestRule("fixed_total_number", {"n": "N"})

    def rows(self, ends: Endpoints) -> Rows:
        n = self.n
        pairs = ends.n_source * ends.n_target - (0 if self.autapses else len(ends.shared))
        if (pairs == 0 and n > 0) or (not self.multapses and n > pairs):
            raise DescriptionError(
                f"{ends.where}: FixedTotalNumber({self.n}) needs {self.n} different pairs, there are {pairs}"
            )
        places = np.full(ends.n_target, ends.n_source, np.int64)
        if ends.shared and not self.autapses:
            places[np.asarray(ends.shared)] -= 1
        if n == 0 or ends.n_target == 1:
            degrees = np.full(ends.n_target, n)
        elif self.multapses:
            degrees = ends.random.multinomial(n, places / places.sum())
        elif pairs < _MOST_OF_NUMPY:
            degrees = ends.random.multivariate_hypergeometric(places, n, method="marginals")
        else:
            degrees = _different_pairs(n, places, ends.random)
        if degrees.max() > MOST_IN_A_ROW:
            raise DescriptionError(
                f"{ends.where}: FixedTotalNumber({n}) has more than {MOST_IN_A_ROW:,} for one target"
            )
        return rows_of_degree(degrees, self.multapses)
