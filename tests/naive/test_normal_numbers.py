"""Standard normal numbers have the distribution that they should have, in its tails and between the layers, too."""

import numpy as np
from examples import many_numbers
from scipy.stats import norm
from tolerances import STAT

from spikelearn.codegen.jit import kernel
from spikelearn.kernels.random import normal, stream

N = 4_000_000


@kernel
def numbers(n):
    start, increment = stream(1, 2, 3)
    found = np.empty(n)
    for k in range(n):
        found[k] = normal(start, increment, k)
    return found


@many_numbers
def test_as_many_fall_into_each_of_400_intervals_as_should():
    inner = np.linspace(-4.5, 4.5, 399)
    counts = np.histogram(numbers(N), np.concatenate([[-np.inf], inner, [np.inf]]))[0]
    share = np.diff(norm.cdf(np.concatenate([[-np.inf], inner, [np.inf]])))
    # chi-square over 399 degrees of freedom: mean 399, standard deviation sqrt(2 * 399)
    STAT(1, np.sqrt(2 * 399)).check(np.sum((counts - N * share) ** 2 / (N * share)), 399.0)
