"""Sources: Poisson spikes, spike lists, Poisson input, noise and stepped currents."""

import math

import numpy as np

from spikelearn.codegen.jit import Written, kernel, scalar
from spikelearn.kernels.control import STOP
from spikelearn.kernels.random import bits, normal, stream, uniform

GUIDE_BITS = 12
UNDECIDED = -1.0
_S16 = np.uint64(16)
_S32 = np.uint64(32)
_S48 = np.uint64(48)
_S52 = np.uint64(64 - GUIDE_BITS)
_SECOND_DRAW = 1 << 40
_MORE_PLACES = 1 << 41
_GROUPS = 1 << 42
GROUP = 64
"""Number of neurons that share one Poisson number if arrivals are rare."""
_S6 = np.uint64(6)
_PLACE = np.uint64(GROUP - 1)


@kernel
def emit_poisson(step, seed, key, first_id, first, rates, dt, rows: Written, counts: Written):
    """Each neuron fires in a step with probability rate * dt. rates: Hz, one for each neuron.

    first_id: the first of these neurons within its population; first: within its block.
    """
    start, increment = stream(seed, key, step)
    row = step % len(counts)
    count = counts[row]
    scale = dt * 1e-3
    for i in range(len(rates)):
        if uniform(start, increment, first_id + i) < rates[i] * scale:
            rows[row, count] = first + i
            count += 1
    counts[row] = count


@kernel
def emit_correlated_poisson(step, seed, key, first_id, first, rates, group, copied, dt, rows: Written, counts: Written):
    """Each neuron fires with probability rate * dt, by the random number of its group or by one of its own.

    group: of each neuron. copied: the probability of taking the group's, of each neuron. All else as in emit_poisson.
    """
    start, increment = stream(seed, key, step)
    row = step % len(counts)
    count = counts[row]
    for i in range(len(rates)):
        p = rates[i] * dt * 1e-3
        u = uniform(start, increment, first_id + i)
        if u < copied[i]:
            fires = uniform(start, increment, _GROUPS + group[i]) < p
        else:
            fires = u < copied[i] + (1.0 - copied[i]) * p
        if fires:
            rows[row, count] = first + i
            count += 1
    counts[row] = count


@scalar
def row_at(starts, time):
    """The last row that starts before or at a time; starts: ascending, from 0 on."""
    low = 0
    high = len(starts)
    while high - low > 1:
        middle = (low + high) // 2
        if starts[middle] <= time:
            low = middle
        else:
            high = middle
    return low


@kernel
def check_rates(step, rates, most, control: Written, raised: Written):
    """Stop if a callback has written a rate (Hz) that no Poisson neuron can have."""
    for i in range(len(rates)):
        if not 0.0 <= rates[i] <= most:
            control[STOP] = 1
            raised[0] = step


@kernel
def set_timed(step, values, starts, target: Written):
    """At the steps in which they change, set `target` to the mean over the step of values that change in time.

    starts: in steps; row k of `values` applies from starts[k] on, and the last one is kept.
    """
    row = row_at(starts, step - 1.0)
    if starts[row] <= step - 2.0 and (row + 1 == len(starts) or starts[row + 1] >= step):
        return
    begin = step - 1.0
    for i in range(len(target)):
        target[i] = 0.0
    while begin < step:
        end = step * 1.0
        if row + 1 < len(starts):
            end = min(end, starts[row + 1])
        for i in range(len(target)):
            target[i] += (end - begin) * values[row, i % values.shape[1]]
        begin = end
        row += 1


@kernel
def emit_spike_list(step, steps, ids, cursor: Written, first, rows: Written, counts: Written):
    """Emit the spikes of a list that is sorted by step."""
    row = step % len(counts)
    count = counts[row]
    k = cursor[0]
    while k < len(steps) and steps[k] < step:
        k += 1
    while k < len(steps) and steps[k] == step:
        rows[row, count] = first + ids[k]
        count += 1
        k += 1
    cursor[0] = k
    counts[row] = count


@kernel
def poisson_numbers(begin, end, first_id, start, increment, weight, guide, cumulative, inputs):
    """Add weight times a Poisson number to each of neurons begin to end - 1; returns the sum of the numbers."""
    total = 0.0
    for i in range(begin, end):
        z = bits(start, increment, i >> 2) << (_S16 * np.uint64(i & 3))
        number = np.float64(guide[z >> _S52])
        if number == UNDECIDED:
            u = (np.float64(z >> _S52) + uniform(start, increment, _SECOND_DRAW + i)) / len(guide)
            k = 0
            while u > cumulative[k]:
                k += 1
            number = np.float64(k)
        inputs[i - first_id] += weight * number
        total += number
    return total


@kernel
def poisson_input(step, seed, key, first_id, weight, guide, cumulative, inputs: Written, event_count: Written):
    """Add weight times a Poisson number to each neuron: many independent sources for each.

    cumulative: P(number <= k). guide: the number for each value of 12 random bits, if they determine it, else
    UNDECIDED; then more bits are drawn and `cumulative` is searched. 64 bits serve four neurons: four at a time if all
    four are here and determined.
    """
    start, increment = stream(seed, key, step)
    last_id = first_id + len(inputs)
    begin = min((first_id + 3) & -4, last_id)
    end = max(last_id & -4, begin)
    total = poisson_numbers(first_id, begin, first_id, start, increment, weight, guide, cumulative, inputs)
    for i in range(begin, end, 4):
        z = bits(start, increment, i >> 2)
        a, b = guide[z >> _S52], guide[(z << _S16) >> _S52]
        c, d = guide[(z << _S32) >> _S52], guide[(z << _S48) >> _S52]
        if min(min(a, b), min(c, d)) > UNDECIDED:
            inputs[i - first_id] += weight * a
            inputs[i - first_id + 1] += weight * b
            inputs[i - first_id + 2] += weight * c
            inputs[i - first_id + 3] += weight * d
            total += (a + b) + (c + d)
        else:
            total += poisson_numbers(i, i + 4, first_id, start, increment, weight, guide, cumulative, inputs)
    total += poisson_numbers(end, last_id, first_id, start, increment, weight, guide, cumulative, inputs)
    event_count[0] += int(total)


@kernel
def poisson_input_rare(step, seed, key, first_id, weight, guide, cumulative, inputs: Written, event_count: Written):
    """The same if most neurons get nothing: 64 neurons share one Poisson number, and each arrival goes to a random one
    of them, so the number of each neuron is again Poisson and all are independent.

    guide, cumulative: for the sum over all 64. 12 of 64 random bits give the number, 48 the targets of eight arrivals.
    """
    start, increment = stream(seed, key, step)
    last_id = first_id + len(inputs)
    total = 0
    for group in range(first_id // GROUP, (last_id + GROUP - 1) // GROUP):
        z = bits(start, increment, group)
        number = int(guide[z >> _S52])
        if number == UNDECIDED:
            u = (np.float64(z >> _S52) + uniform(start, increment, _SECOND_DRAW + group)) / len(guide)
            number = 0
            while u > cumulative[number]:
                number += 1
        for k in range(number):
            if k > 0 and k % 8 == 0:
                z = bits(start, increment, _MORE_PLACES + group * GROUP + k // 8)
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


@kernel
def noise_current(
    step, seed, key, first_id, every, decay, kick, flat, mean, state: Written, first_here, noise: Written
):
    """Noise (pA), new every `every` steps; with decay > 0 an Ornstein-Uhlenbeck process, exact in time.

    kick: its standard deviation, or half its width if it is `flat` (uniform, not Gaussian). state: the deviation from
    the mean. first_here: 1 if this is the first noise on `noise`, which is then overwritten.
    """
    if (step - 1) % every == 0 and flat:
        start, increment = stream(seed, key, step)
        for i in range(len(state)):
            state[i] = kick * (2.0 * uniform(start, increment, first_id + i) - 1.0)
    elif (step - 1) % every == 0:
        start, increment = stream(seed, key, step)
        for i in range(len(state)):
            state[i] = decay * state[i] + kick * normal(start, increment, first_id + i)
    if first_here:
        for i in range(len(noise)):
            noise[i] = mean + state[i]
    else:
        for i in range(len(noise)):
            noise[i] += mean + state[i]


@kernel
def step_current(step, steps, rows, cursor: Written, values, previous: Written, current: Written):
    """At each listed step, change a current by the difference between the new value and the previous one."""
    k = cursor[0]
    while k < len(steps) and steps[k] <= step:
        for i in range(len(current)):
            new = values[rows[k], i % values.shape[1]]
            current[i] += new - previous[i]
            previous[i] = new
        k += 1
    cursor[0] = k
