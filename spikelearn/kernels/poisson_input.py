"""Poisson input: to each neuron, in each step, a weight times a Poisson number."""

import math

import numpy as np

from spikelearn.codegen.jit import Written, kernel, wide
from spikelearn.kernels.random import bits, mix, stream, uniform

AT_ONCE = 256
"""How many numbers are drawn at a time."""
SIDE_BY_SIDE = 8
"""Thresholds that are compared at a time: their number is a multiple of it."""
GROUP = 64
"""Number of neurons that share one Poisson number if arrivals are rare."""
_FEW = 16
"""Up to so many are drawn one by one."""
_SECOND_DRAW = 1 << 40
_PLACES = 1 << 41
_PLACES_AT_ONCE = 10
_S6 = np.uint64(6)
_PLACE = np.uint64(GROUP - 1)


@kernel
def draw_numbers(start, increment, base, n, thresholds, residual, words, halves, numbers):
    """Make the Poisson numbers base to base + n - 1 of a stream. base: a multiple of 4.

    A number is that of the thresholds which its 16 random bits reach; if they reach all, it is drawn with 53 more bits
    from the distribution `residual`, cumulative, which is what the thresholds leave of each probability. words: (64,)
    uint64, room for random bits; halves: the same as (256,) uint16. numbers: (256,) uint16.
    """
    z = start + np.uint64(base // 4) * increment
    for j in range((n + 3) // 4):
        words[j] = mix(z)
        z += increment
    for j in range(n):
        numbers[j] = 0
    for k in range(0, len(thresholds), SIDE_BY_SIDE):
        t_0, t_1, t_2, t_3 = thresholds[k], thresholds[k + 1], thresholds[k + 2], thresholds[k + 3]
        t_4, t_5, t_6, t_7 = thresholds[k + 4], thresholds[k + 5], thresholds[k + 6], thresholds[k + 7]
        for j in range(n):
            u = halves[j]
            reached = int(u >= t_0) + int(u >= t_1) + int(u >= t_2) + int(u >= t_3)
            numbers[j] += reached + int(u >= t_4) + int(u >= t_5) + int(u >= t_6) + int(u >= t_7)
    most = np.uint16(0)
    for j in range(n):
        most = max(most, numbers[j])
    if most == len(thresholds):
        for j in range(n):
            if numbers[j] == len(thresholds):
                u = uniform(start, increment, _SECOND_DRAW + base + j)
                number = 0
                while u > residual[number]:
                    number += 1
                numbers[j] = number


@wide
@kernel
def poisson_input(
    step, seed, key, first_id, weight, thresholds, residual, words: Written, halves, numbers: Written,
    inputs: Written, event_count: Written,
):  # fmt: skip
    """Add weight times a Poisson number to each neuron: many independent sources for each. All else: draw_numbers."""
    start, increment = stream(seed, key, step)
    last_id = first_id + len(inputs)
    for base in range(first_id - first_id % AT_ONCE, last_id, AT_ONCE):
        low, high = max(first_id - base, 0), min(last_id - base, AT_ONCE)
        n = AT_ONCE if high > _FEW else high
        draw_numbers(start, increment, base, n, thresholds, residual, words, halves, numbers)
        own, targets = numbers[low:high], inputs[base + low - first_id : base + high - first_id]
        total = np.uint16(0)
        for j in range(len(own)):
            targets[j] += weight * own[j]
        for j in range(len(own)):
            total = np.uint16(total + own[j])
        event_count[0] += total


@wide
@kernel
def poisson_input_rare(
    step, seed, key, first_id, weight, thresholds, residual, words: Written, halves, numbers: Written,
    inputs: Written, event_count: Written,
):  # fmt: skip
    """The same if most neurons get nothing: 64 neurons share one Poisson number, and each arrival goes to a random one
    of them, so the number of each neuron is again Poisson and all are independent.

    thresholds, residual: for the sum over all 64. 64 random bits give the targets of ten arrivals.
    """
    start, increment = stream(seed, key, step)
    last_id = first_id + len(inputs)
    first_group, last_group = first_id // GROUP, (last_id + GROUP - 1) // GROUP
    total = 0
    for base in range(first_group - first_group % AT_ONCE, last_group, AT_ONCE):
        low, high = max(first_group - base, 0), min(last_group - base, AT_ONCE)
        n = AT_ONCE if high > _FEW else high
        draw_numbers(start, increment, base, n, thresholds, residual, words, halves, numbers)
        for group in range(base + low, base + high):
            z = np.uint64(0)
            for k in range(numbers[group - base]):
                if k % _PLACES_AT_ONCE == 0:
                    z = bits(start, increment, _PLACES + group * GROUP + k // _PLACES_AT_ONCE)
                i = group * GROUP + int(z & _PLACE)
                z >>= _S6
                if first_id <= i and i < last_id:
                    inputs[i - first_id] += weight
                    total += 1
    event_count[0] += total


@kernel
def poisson_input_timed(step, seed, key, first_id, weight, rates, dt, inputs: Written, event_count: Written):
    """Poisson input whose rate (Hz) varies between neurons or in time, by inversion (Devroye 1986)."""
    start, increment = stream(seed, key, step)
    total = 0
    for i in range(len(inputs)):
        mean = rates[i] * dt * 1e-3
        term = math.exp(-mean)
        u = uniform(start, increment, first_id + i)
        k = 0
        below = term
        while u > below and (k < mean or term > 1e-18):
            k += 1
            term *= mean / k
            below += term
        inputs[i] += weight * k
        total += k
    event_count[0] += total
