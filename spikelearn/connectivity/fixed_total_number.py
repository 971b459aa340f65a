"""A given total number of synapses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikelearn.connectivity.degree import drawn_partners, rows_of_degree
from spikelearn.connectivity.rule import ConnectionRule, Endpoints, Rows, whole_number
from spikelearn.errors import DescriptionError
from spikelearn.nest_mapping import NestRule


@dataclass(frozen=True)
class FixedTotalNumber(ConnectionRule):
    """A given total number of synapses between random pairs.

    n: number of synapses.
    autapses: whether a neuron may be connected to itself.
    multapses: whether there may be several synapses between the same two neurons.
    """

    n: int
    autapses: bool = True
    multapses: bool = True
    row = staticmethod(drawn_partners)
    example = {"n": 40}
    nest = NestRule("fixed_total_number", {"n": "N"})

    def rows(self, ends: Endpoints) -> Rows:
        n = whole_number(self, self.n, ends.where)
        pairs = ends.n_source * ends.n_target - (0 if self.autapses else len(ends.shared))
        if (pairs == 0 and n > 0) or (not self.multapses and n > pairs):
            raise DescriptionError(
                f"{ends.where}: FixedTotalNumber({self.n}) needs {self.n} different pairs, there are {pairs}"
            )
        places = np.full(ends.n_target, ends.n_source, np.int64)
        if not self.autapses:
            places[ends.shared.start : ends.shared.stop] -= 1
        if self.multapses:
            degrees = ends.random.multinomial(n, places / places.sum())
        else:
            degrees = ends.random.multivariate_hypergeometric(places, n, method="marginals")
        if ends.n_target == 1:
            degrees = np.array([n])
        return rows_of_degree(degrees, self.multapses)
