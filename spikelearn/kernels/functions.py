"""Functions that equations use and math does not have."""

import math

from spikelearn._jit import scalar


@scalar
def exprel(x):
    """(exp(x) - 1) / x, and 1 at 0."""
    return 1.0 if x == 0.0 else math.expm1(x) / x
