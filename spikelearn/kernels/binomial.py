"""Binomial numbers from uniform ones."""

import math

from spikelearn.codegen.jit import scalar

MOST_TRIALS = 1000
"""With more, the probability that all fail could be less than any number."""


@scalar
def binomial(n, p, chance):
    """How many of n trials (a whole number, at most MOST_TRIALS) succeed with probability p each, as a float.

    By inversion: the number whose interval of the cumulative distribution contains `chance`, uniform from 0 to 1.
    """
    rarer = min(p, 1.0 - p)
    found = 0.0
    if rarer > 0.0:
        term = math.exp(n * math.log1p(-rarer))
        total = term
        odds = rarer / (1.0 - rarer)
        while chance > total and found < n:
            term *= odds * (n - found) / (found + 1.0)
            found += 1.0
            total += term
    return n - found if p > 0.5 else found
