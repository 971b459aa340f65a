"""All pairs of neurons for which a condition holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from spikelearn.codegen.jit import scalar
from spikelearn.connectivity.pair_functions import SIZES, pair_function
from spikelearn.connectivity.rule import ConnectionRule, Endpoints, Rows


@scalar
def partners_where(
    value, row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners
):  # fmt: skip
    count = 0
    for i in range(n_partners):
        if i != own and value(i, row, numbers, numbers[SIZES:], start, increment, i) != 0.0:
            partners[count] = i
            count += 1
    return count


@dataclass(frozen=True)
class Where(ConnectionRule):
    """Every pair of neurons for which a condition holds, as `condition=` of Brian2's `Synapses.connect`.

    condition: text in the syntax of equations, with i and j, the numbers of the source and the target, counted from 0
        within the two ends of the projection; N_pre and N_post, how many there are; and, if they have positions, x_pre,
        y_pre, z_pre, x_post, y_post, z_post and the distance d. rand() and randn() draw for each pair.
    autapses: whether a neuron may be connected to itself.

    Every pair is looked at. It is parsed, never run by Python; an unknown name is an error that names it.

    >>> rule = Where("i != j and abs(i - j) < 5")
    """

    condition: Any
    autapses: bool = True
    row = staticmethod(partners_where)
    example = {"condition": "(i + 2*j) % 3 == 0"}
    complaint = "found no value of its condition for a pair of neurons"

    def rows(self, ends: Endpoints) -> Rows:
        what = f"{ends.where}: condition of Where"
        found = pair_function(self.condition, what, ends, condition=True)
        return found.rows(found.sample(what))
