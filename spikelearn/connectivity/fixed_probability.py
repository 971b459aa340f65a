"""Each pair of neurons with the same probability."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

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


def _is_array(given: Any) -> bool:
    try:
        return bool(getattr(given, "ndim", int(isinstance(given, list | tuple))) != 0)
    except Exception:  # of the object itself
        return False


@dataclass(frozen=True)
class FixedProbability(ConnectionRule):
    """Each pair independently, with the same probability, or with one of its own.

    p: the probability, from 0 to 1; a matrix (sources, targets) of probabilities; or text, an expression of i, j and so
        on as in `Where`, such as "0.3*exp(-d/0.2)". With the latter two every pair is looked at.
    autapses: whether a neuron may be connected to itself.

    >>> near = FixedProbability("0.3*exp(-abs(i - j)/10.)", autapses=False)
    >>> blocks = FixedProbability(np.kron([[0.8, 0.1], [0.1, 0.8]], np.ones((50, 50))))
    """

    p: float
    autapses: bool = True
    row = staticmethod(partners_by_chance)
    limits = {"p": (0.0, 1.0)}
    example = {"p": 0.3}
    nest: ClassVar[NestRule | None] = NestRule("pairwise_bernoulli", {"p": "p"})

    def __new__(cls, p: Any, autapses: bool = True) -> FixedProbability:
        """The rule; for a text or a matrix that of another loop, which looks at every pair."""
        kind = cls
        if cls is FixedProbability and (isinstance(p, str) or _is_array(p)):
            from spikelearn.connectivity.pair_probability import ProbabilityFromText, ProbabilityMatrix

            kind = ProbabilityFromText if isinstance(p, str) else ProbabilityMatrix
        return super().__new__(kind)

    def __getnewargs__(self) -> tuple[Any, ...]:
        """What copies and pickles are made from."""
        return self.p, self.autapses

    @property
    def name(self) -> str:
        return "FixedProbability"

    def rows(self, ends: Endpoints) -> Rows:
        return Rows(np.array([self.p]), expected=self.p * ends.n_target * ends.n_source)
