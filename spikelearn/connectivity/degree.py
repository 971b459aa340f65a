"""Rules with a given number of partners in each row, drawn uniformly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.connectivity.rule import MOST_IN_A_ROW, ConnectionRule, Rows
from spikelearn.errors import DescriptionError
from spikelearn.kernels.random import uniform


@scalar
def drawn_partners(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners):
    """numbers: whether a partner may occur more than once, then the degree of all rows or of each."""
    multapses = numbers[0] != 0
    degree = numbers[1 + row] if len(numbers) > 2 else numbers[1]
    if multapses and own < 0:
        for c in range(degree):
            partners[c] = int(uniform(start, increment, c) * n_partners)
        return degree
    count = np.int64(0)
    k = np.int64(0)
    while count < degree:
        # Draw as many candidates as are missing, in a loop that vectorises; then drop those that are rejected. They are
        # apart from `partners`, since reading what was just written there takes longer than drawing.
        missing = min(len(scratch), degree - count)
        for c in range(missing):
            scratch[c] = uniform(start, increment, k + c) * n_partners
        k += missing
        for c in range(missing):
            i = int(scratch[c])
            made = i != own
            if not multapses:
                made = made and seen[i] != stamp
                seen[i] = stamp
            partners[count] = i
            count += made
    return count


def checked_degree(rule: Any, n: int, shared: range | list[int], what: str, where: str) -> int:
    """The degree k of a rule whose rows draw from n partners. Raises DescriptionError."""
    k: int = rule.k
    free = n - (1 if shared and not rule.autapses else 0)
    if (not rule.multapses and k > free) or (free == 0 and k > 0):
        raise DescriptionError(
            f"{where}: {rule.name}({k}) needs {k} different {what}s, there are {free}"
            + ("" if rule.multapses else " (multapses=True would allow several synapses to one)")
        )
    return k


def rows_of_degree(degrees: Any, multapses: bool) -> Rows:
    """Rows with `degrees` partners: a number, or one for each row."""
    each = np.atleast_1d(np.asarray(degrees, np.int64))
    return Rows(np.append(np.int64(multapses), each), degrees=each)


@dataclass(frozen=True)
class FixedDegree(ConnectionRule):
    """Base of FixedInDegree and FixedOutDegree."""

    k: int
    autapses: bool = True
    multapses: bool = True
    limits = {"k": (0, MOST_IN_A_ROW)}
    row = staticmethod(drawn_partners)
