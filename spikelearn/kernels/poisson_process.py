"""Poisson processes in continuous time: one random number per interval, keyed by object, neuron and count."""

import math

import numpy as np

from spikelearn.codegen.jit import kernel
from spikelearn.kernels.random import stream, uniform


@kernel
def next_arrival(seed, key, neuron, count, since, rates, rows, width, interval):
    """Time (ms) of arrival number `count` of a neuron's process, if the previous one was at `since`.

    rates: Hz, consecutive rows of `width` values; row k applies from k * interval on, the last one is kept, and with
    one row the rate is constant. The integral of the rate is exponentially distributed, so the rate may change at any
    time.
    """
    start, increment = stream(seed, key, neuron)
    left = -math.log(uniform(start, increment, count)) * 1e3
    column = neuron if width > 1 else 0
    row = 0 if rows == 1 else int(since / interval)
    while row < rows - 1:
        rate = rates[row * width + column]
        end = (row + 1) * interval
        if left <= rate * (end - since):
            return since + left / rate
        left -= max(0.0, rate * (end - since))
        since = max(since, end)
        row += 1
    rate = rates[(rows - 1) * width + column]
    return since + left / rate if rate > 0.0 else np.inf
