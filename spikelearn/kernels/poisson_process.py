"""Poisson processes in continuous time: one random number per interval, keyed by object, neuron and count."""

import math

import numpy as np

from spikelearn.codegen.jit import kernel
from spikelearn.kernels.random import stream, uniform
from spikelearn.kernels.sources import row_at


@kernel
def next_arrival(seed, key, neuron, count, since, rates, rows, width, starts):
    """Time (ms) of arrival number `count` of a neuron's process, if the previous one was at `since`.

    rates: Hz, consecutive rows of `width` values; row k applies from starts[k] (ms) on, and the last one is kept. The
    integral of the rate is exponentially distributed, so the rate may change at any time.
    """
    start, increment = stream(seed, key, neuron)
    left = -math.log(uniform(start, increment, count)) * 1e3
    column = neuron if width > 1 else 0
    row = row_at(starts[:rows], since)
    while row < rows - 1:
        rate = rates[row * width + column]
        end = starts[row + 1]
        if left <= rate * (end - since):
            return since + left / rate
        left -= max(0.0, rate * (end - since))
        since = max(since, end)
        row += 1
    rate = rates[(rows - 1) * width + column]
    return since + left / rate if rate > 0.0 else np.inf
