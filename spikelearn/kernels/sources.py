"""Sources: Poisson spikes and other renewal processes, spike lists, noise and stepped currents."""

import math

from spikelearn.codegen.jit import Written, kernel, scalar
from spikelearn.kernels.control import STOP
from spikelearn.kernels.random import normal, stream, uniform

_GROUPS = 1 << 42


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
def give_values(step, steps, ids, cursor: Written, given, values: Written):
    """Let the neurons that emit spikes of a list in this step have the values that these carry."""
    k = cursor[0]
    while k < len(steps) and steps[k] < step:
        k += 1
    while k < len(steps) and steps[k] == step:
        values[ids[k]] = given[k]
        k += 1
    cursor[0] = k


@kernel
def emit_after_dead_time(
    step, seed, key, first_id, first, rates, dead_steps, dt, left: Written, rows: Written, counts: Written
):  # fmt: skip
    """Each neuron fires with the probability that gives its rate (Hz), but not in the `dead_steps` after a spike.

    left: the steps for which each is still silent.
    """
    start, increment = stream(seed, key, step)
    row = step % len(counts)
    count = counts[row]
    scale = dt * 1e-3
    for i in range(len(rates)):
        if left[i] > 0:
            left[i] -= 1
            continue
        often = rates[i] * scale
        if uniform(start, increment, first_id + i) * (1.0 - often * dead_steps) < often:
            rows[row, count] = first + i
            count += 1
            left[i] = dead_steps
    counts[row] = count


@kernel
def emit_gamma(
    step, seed, key, first_id, first, rates, orders, stride, dt, left: Written, rows: Written, counts: Written
):  # fmt: skip
    """Each neuron fires when as many exponential times as its order are over, which run as fast as its rate (Hz).

    left: what is left of them. stride: the random numbers of each neuron and step, at least the largest order.
    """
    start, increment = stream(seed, key, step)
    row = step % len(counts)
    count = counts[row]
    scale = dt * 1e-3
    for i in range(len(rates)):
        left[i] -= orders[i] * rates[i] * scale
        if left[i] <= 0.0:
            rows[row, count] = first + i
            count += 1
            for k in range(orders[i]):
                left[i] -= math.log(uniform(start, increment, (first_id + i) * stride + k))
    counts[row] = count


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
def add_among(step, ids, added, noise: Written):
    """Add noise (pA) to these neurons only."""
    for k in range(len(ids)):
        noise[ids[k]] += added[ids[k]]


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
