"""Linear readouts of filtered events: r, z = w' r, the error, and signals fed back as currents.

n neurons are read, k numbers are read out. rates: r, (n,), Hz. weights: (n, k). values, target, error: (k,).
"""

import math

from spikelearn.codegen.jit import Written, kernel


@kernel
def filter_events(step, rows, counts, first, place, decays, scales, traces: Written, rates: Written):
    """Sums of exponentials of the time since each event: r = sum_f scales_f traces_f. traces: (f, n).

    rows, counts: of all shares. place: (size of the population,), the index among those read, or -1. first: the
    population's first neuron in its block.
    """
    n = len(rates)
    for f in range(len(decays)):
        trace = traces[f]
        decay = decays[f]
        for i in range(n):
            trace[i] *= decay
    row = step % counts.shape[1]
    for share in range(len(counts)):
        for k in range(counts[share, row]):
            neuron = rows[share, row, k] - first
            if 0 <= neuron < len(place):
                i = place[neuron]
                if i >= 0:
                    for f in range(len(decays)):
                        traces[f, i] += 1.0
    trace = traces[0]
    scale = scales[0]
    for i in range(n):
        rates[i] = scale * trace[i]
    for f in range(1, len(decays)):
        trace = traces[f]
        scale = scales[f]
        for i in range(n):
            rates[i] += scale * trace[i]


@kernel
def read_state(step, ids, state, rates: Written):
    """A state variable, as it is."""
    for i in range(len(ids)):
        rates[i] = state[ids[i]]


@kernel
def linear_output(step, rates, weights, values: Written):
    """z = w' r."""
    n, size = weights.shape
    if size == 1:
        values[0] = dot(rates, weights.reshape(n))
        return
    for k in range(size):
        values[k] = 0.0
    for i in range(n):
        rate = rates[i]
        if rate != 0.0:
            row = weights[i]
            for k in range(size):
                values[k] += rate * row[k]


@kernel
def dot(x, y):
    """The sum of x_i y_i: eight partial sums, which are vectors, and then theirs."""
    n = len(x)
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
    whole = n - n % 8
    for i in range(0, whole, 8):
        s0 += x[i] * y[i]
        s1 += x[i + 1] * y[i + 1]
        s2 += x[i + 2] * y[i + 2]
        s3 += x[i + 3] * y[i + 3]
        s4 += x[i + 4] * y[i + 4]
        s5 += x[i + 5] * y[i + 5]
        s6 += x[i + 6] * y[i + 6]
        s7 += x[i + 7] * y[i + 7]
    rest = 0.0
    for i in range(whole, n):
        rest += x[i] * y[i]
    return ((s0 + s4) + (s1 + s5)) + ((s2 + s6) + (s3 + s7)) + rest


@kernel
def target_of_signal(step, values, signal, target: Written, error: Written):
    """The target is what the signal is now."""
    for k in range(len(values)):
        target[k] = signal[k]
        error[k] = values[k] - target[k]


@kernel
def target_of_samples(step, values, samples, target: Written, error: Written):
    """The target is the row of this step of samples, (T, k); NaN after the last."""
    for k in range(len(values)):
        target[k] = samples[step, k] if step < len(samples) else math.nan
        error[k] = values[k] - target[k]


@kernel
def is_due(step, every, start, stop, error):
    """Whether a readout learns in this step: one of its times, and there is a target."""
    if step <= start or step > stop or (step - start) % every != 0:
        return False
    for k in range(len(error)):
        if math.isnan(error[k]):
            return False
    return True


@kernel
def feed_current(step, signal, starts, numbers, weights, first_here, current: Written):
    """The current into each neuron is the sum of weights times numbers of a signal, listed by neuron.

    first_here: 1 if this is the first on `current`, which is then overwritten.
    """
    for i in range(len(current)):
        total = 0.0
        for j in range(starts[i], starts[i + 1]):
            total += weights[j] * signal[numbers[j]]
        current[i] = total if first_here != 0 else current[i] + total
