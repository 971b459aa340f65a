"""Probabilities in closed form, and how far counts are from them."""

from __future__ import annotations

from fractions import Fraction
from math import comb
from typing import NamedTuple

import numpy as np


def overlap_probability(population: int, marked: int, drawn: int, at_least: int) -> float:
    """That of `drawn` out of a population at least so many are marked: hypergeometric, exact, rounded once.

    >>> overlap_probability(200_000, 10, 2000, 10)  # Hawkins & Ahmad 2016
    9.779...e-21
    """
    ways = sum(comb(marked, b) * comb(population - marked, drawn - b) for b in range(at_least, min(marked, drawn) + 1))
    return float(Fraction(ways, comb(population, drawn)))


class Shares(NamedTuple):
    """Shares that were counted, and the probabilities that they should be, arrays of one shape.

    cases: of how many, the same for all.
    """

    share: np.ndarray
    expected: np.ndarray
    cases: int

    @property
    def deviations(self) -> np.ndarray:
        """Of shares from their probabilities, in standard errors of a binomial, (k,).

        Only of those of which at least 20 cases, and as many of their opposite, are expected.
        """
        p = self.expected
        enough = self.cases * np.minimum(p, 1.0 - p) >= 20.0
        return np.asarray((self.share - p)[enough] / np.sqrt(p * (1.0 - p) / self.cases)[enough])
