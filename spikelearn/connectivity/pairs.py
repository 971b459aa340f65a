"""An explicit list of pairs of neurons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.connectivity.rule import ConnectionRule, Endpoints, Rows
from spikelearn.errors import DescriptionError
from spikelearn.values import whole_numbers


@scalar
def listed_partner(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners):
    partners[0] = numbers[row]
    return 1


@dataclass(frozen=True)
class Pairs(ConnectionRule):
    """Exactly these synapses, in this order.

    pre, post: (n,) index within the source and within the target of each synapse; int32 takes half the memory.
    autapses: whether a neuron may be connected to itself.

    >>> net = Network(seed=1)
    >>> inputs, cells = net.population(20, Poisson(10.0)), net.population(20, LIF())
    >>> made = net.connect(inputs, cells, rule=Pairs(pre=[0, 0, 7], post=[1, 2, 7]), weight=50.0)
    >>> len(net.synapses(made).pre)
    3
    """

    pre: Any
    post: Any
    autapses: bool = True
    arrays = "rows"
    row = staticmethod(listed_partner)
    example = {"pre": (3, 1, 1, 5, 0), "post": (2, 2, 0, 7, 1)}

    def rows(self, ends: Endpoints) -> Rows:
        arrays = []
        for name, given, n in (("pre", self.pre, ends.n_source), ("post", self.post, ends.n_target)):
            narrow = type(given) is np.ndarray and given.dtype == np.int32 and given.ndim == 1
            array = given if narrow else whole_numbers(given, f"{ends.where}: {name} of Pairs")
            if len(array) and (array.min() < 0 or array.max() >= n):
                wrong = np.flatnonzero((array < 0) | (array >= n))
                raise DescriptionError(
                    f"{ends.where}: {name} of Pairs: index {array[wrong[0]]} at index {wrong[0]} is out of range "
                    f"0..{n - 1}"
                )
            arrays.append(array)
        if len(arrays[0]) != len(arrays[1]):
            raise DescriptionError(
                f"{ends.where}: Pairs: expected one post for each pre, got {len(arrays[0])} and {len(arrays[1])}"
            )
        return Rows(arrays[0], degrees=np.array([1]), owners=arrays[1], width=1)
