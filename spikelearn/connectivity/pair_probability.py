"""Each pair of neurons with a probability of its own: from text, or from a matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.connectivity.fixed_probability import FixedProbability
from spikelearn.connectivity.pair_functions import SIZES, pair_function
from spikelearn.connectivity.rule import Endpoints, Rows
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.kernels.connect import WRONG_ROW
from spikelearn.kernels.random import uniform
from spikelearn.units import plain


@scalar
def partners_by_text(
    value, row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners
):  # fmt: skip
    """The numbers of a row are those with which pairs are compared, then those that `value` draws."""
    count = 0
    for i in range(n_partners):
        if i == own:
            continue
        p = value(i, row, numbers, numbers[SIZES:], start, increment, n_partners + i)
        if not (0.0 <= p and p <= 1.0):
            return WRONG_ROW
        if uniform(start, increment, i) < p:
            partners[count] = i
            count += 1
    return count


@scalar
def partners_by_matrix(row, n_partners, own, numbers, start, increment, seen, stamp, scratch, partners):
    count = 0
    for i in range(n_partners):
        if i != own and uniform(start, increment, i) < numbers[row * n_partners + i]:
            partners[count] = i
            count += 1
    return count


@dataclass(frozen=True, repr=False)
class ProbabilityFromText(FixedProbability):
    """Each pair independently, with a probability that is an expression; made by FixedProbability("...")."""

    p: Any = None
    autapses: bool = True
    row = staticmethod(partners_by_text)
    nest = None
    complaint = "found a probability outside 0..1 for a pair of neurons"

    def __repr__(self) -> str:
        return f"FixedProbability({self.p!r}, autapses={self.autapses})"

    def rows(self, ends: Endpoints) -> Rows:
        what = f"{ends.where}: p of FixedProbability"
        found = pair_function(self.p, what, ends)
        some = found.sample(what)
        wrong = some[~((some >= 0.0) & (some <= 1.0))]
        if len(wrong):
            raise DescriptionError(f"{what}: expected probabilities from 0 to 1, {self.p!r} is {wrong[0]:g} for a pair")
        return found.rows(some)


@dataclass(frozen=True, eq=False, repr=False)
class ProbabilityMatrix(FixedProbability):
    """Each pair independently, with a probability from a matrix; made by FixedProbability(matrix)."""

    p: Any = None
    autapses: bool = True
    row = staticmethod(partners_by_matrix)
    nest = None

    def __repr__(self) -> str:
        return f"FixedProbability(array of shape {self.p.shape}, autapses={self.autapses})"

    def __post_init__(self) -> None:
        matrix = np.asarray(plain(self.p, "1", "p of FixedProbability"))
        if matrix.ndim != 2 or matrix.size == 0:
            raise DescriptionError(
                "p of FixedProbability: expected a number, a text, or a matrix (sources, targets), got an array of "
                f"shape {matrix.shape}"
            )
        if not np.all((matrix >= 0.0) & (matrix <= 1.0)):
            i, j = np.argwhere(~((matrix >= 0.0) & (matrix <= 1.0)))[0]
            raise ParameterError(
                f"p of FixedProbability: expected probabilities from 0 to 1, got {matrix[i, j]:g} from source {i} to "
                f"target {j}"
            )
        super().__post_init__()
        object.__setattr__(self, "p", matrix)

    def rows(self, ends: Endpoints) -> Rows:
        if self.p.shape != (ends.n_source, ends.n_target):
            raise DescriptionError(
                f"{ends.where}: p of FixedProbability: expected a matrix (sources, targets), "
                f"{(ends.n_source, ends.n_target)}, got shape {self.p.shape}"
            )
        return Rows(np.ascontiguousarray(self.p.T).ravel(), expected=float(self.p.sum()))
