"""Homeostasis: weights are normalised to a sum, or scaled according to the rates of their targets.

It acts at the end of every `every`-th step, on up-to-date weights: `begin`, then a sweep that applies pending post
events, then, if the weights are stored as q of w = q + c N, `add_integral`, `limit`, and finally `add_integral` back.
"""

import math

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.event_rule import ALL, WANTED

_NOTHING = 1e-9
"""A sum below this fraction of its set point counts as 0: it may consist of rounding errors."""


@kernel
def begin(step, every, learning_factor, due: Written, sweeps: Written):
    """Every so many steps, set `due` to 1 for the kernels that follow and request that all synapses be updated."""
    due[0] = 1 if step % every == 0 and learning_factor[0] != 0.0 else 0
    if due[0] != 0:
        sweeps[WANTED] = ALL


@kernel
def add_integral(step, due, dendritic, sign, integrals, weights: Written, eligibilities):
    """From q to w = q + c N with sign 1, and back with sign -1."""
    if due[0] != 0:
        N = integrals[(step - dendritic) % len(integrals)]
        for p in range(len(weights)):
            weights[p] += sign * (eligibilities[p] * N)


@kernel
def limit(step, due, weights: Written, W_min, W_max):
    """Keep weights within their limits."""
    if due[0] != 0:
        for p in range(len(weights)):
            weights[p] = min(max(weights[p], W_min), W_max)


@kernel
def normalise_targets(
    step, due, totals, subtractive, targets, weights: Written, W_min, W_max, sums: Written, sizes: Written
):
    """sums, sizes: scratch, one for each neuron, overwritten with the factor and the term of each."""
    if due[0] == 0:
        return
    for j in range(len(sums)):
        sums[j] = 0.0
        sizes[j] = 0.0
    for p in range(len(weights)):
        sums[targets[p]] += weights[p]
        sizes[targets[p]] += 1.0
    for j in range(len(sums)):
        if subtractive != 0:
            sizes[j] = (totals[j] - sums[j]) / sizes[j] if sizes[j] > 0.0 else 0.0
            sums[j] = 1.0
        else:
            sums[j] = totals[j] / sums[j] if sums[j] / totals[j] > _NOTHING else 1.0
            sizes[j] = 0.0
    for p in range(len(weights)):
        weights[p] = min(max(weights[p] * sums[targets[p]] + sizes[targets[p]], W_min), W_max)


@kernel
def normalise_sources(step, due, totals, subtractive, first, n_delays, index, weights: Written, W_min, W_max):
    """The synapses of a source are contiguous."""
    if due[0] == 0:
        return
    for i in range(len(totals)):
        begin = index[(first + i) * n_delays]
        end = index[(first + i + 1) * n_delays]
        total = 0.0
        for p in range(begin, end):
            total += weights[p]
        factor = 1.0
        term = 0.0
        if subtractive != 0:
            term = (totals[i] - total) / max(1, end - begin)
        elif total / totals[i] > _NOTHING:
            factor = totals[i] / total
        for p in range(begin, end):
            weights[p] = min(max(weights[p] * factor + term, W_min), W_max)


@kernel
def follow_rates(step, rows, counts, first, tau, dt, rate: Written, at: Written, spikes: Written):
    """The low-pass filtered rate (Hz) of each neuron when it last fired, in step `at`: tau a' = -a + sum of delta."""
    row = step % len(counts)
    for k in range(counts[row]):
        j = rows[row, k] - first
        if 0 <= j < len(rate):
            rate[j] = rate[j] * math.exp((at[j] - step) * dt / tau) + 1000.0 / tau
            at[j] = step
            spikes[j] += 1.0


@kernel
def scale_targets(
    step,
    due,
    every,
    first,
    goals,
    beta,
    tau,
    dt,
    rate: Written,
    at: Written,
    spikes: Written,
    before: Written,
    targets,
    weights: Written,
    W_min,
    W_max,
    factors: Written,
):
    """ln w changes by beta times the integral of (goal - a), which is (goal T - tau (a before - a now) - spikes).

    factors: scratch, one for each neuron of the block.
    """
    if step % every != 0:
        return
    for j in range(len(rate)):
        now = rate[j] * math.exp((at[j] - step) * dt / tau)
        area = 0.001 * tau * (before[j] - now) + spikes[j]
        factors[first + j] = math.exp(beta * (0.001 * every * dt * goals[j] - area))
        rate[j] = now
        at[j] = step
        before[j] = now
        spikes[j] = 0.0
    if due[0] != 0:
        for p in range(len(weights)):
            weights[p] = min(max(weights[p] * factors[targets[p]], W_min), W_max)
