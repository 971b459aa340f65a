"""Probabilities in closed form, and the deviation of counts from them."""

from __future__ import annotations

from fractions import Fraction
from math import comb
from typing import NamedTuple

import numpy as np

from spikelearn.analysis.arguments import checks_arguments


@checks_arguments
def overlap_probability(population: int, marked: int, drawn: int, at_least: int) -> float:
    """Probability that at least `at_least` of `drawn` are marked: hypergeometric, exact, rounded once.

    >>> overlap_probability(200_000, 10, 2000, 10)  # Hawkins & Ahmad 2016
    9.779...e-21
    """
    ways = sum(comb(marked, b) * comb(population - marked, drawn - b) for b in range(at_least, min(marked, drawn) + 1))
    return float(Fraction(ways, comb(population, drawn)))


class Shares(NamedTuple):
    """Observed shares and their expected probabilities, arrays of the same shape.

    cases: the number of cases, the same for all.
    """

    share: np.ndarray
    expected: np.ndarray
    cases: int

    @property
    def deviations(self) -> np.ndarray:
        """Deviations of shares from their probabilities, in standard errors of a binomial, (k,).

        Only of those for which at least 20 cases, and as many of the opposite, are expected.
        """
        p = self.expected
        enough = self.cases * np.minimum(p, 1.0 - p) >= 20.0
        return np.asarray((self.share - p)[enough] / np.sqrt(p * (1.0 - p) / self.cases)[enough])
