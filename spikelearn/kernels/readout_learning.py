"""How readouts learn. Names are those of kernels/readout.py; e is the error, z - target.

Recursive least squares: P <- P - c P r (P r)' with c = 1/(1 + r' P r), then w <- w - P r e' = w - c (P_before r) e'. P
is kept as a full symmetric matrix, less what the last few times have subtracted, which is kept as their vectors u = P r
and factors c: P r = P_full r - sum_m u_m c_m (u_m' r). When `vectors` is full, all are subtracted at once, in blocks
that stay in the cache: a time reads the matrix once and writes it rarely. This is the same sum in another order.
"""

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.readout import dot, is_due

BLOCK = 128
"""Columns at a time: those of all vectors fit into the first-level cache."""
TILE = 32


@kernel
def delta_rule(step, every, start, stop, eta, rates, error, plastic, weights: Written):
    """w <- w - eta r e'. plastic: (n, k), 1 for weights that learn; (0, 0) if all do."""
    if not is_due(step, every, start, stop, error):
        return
    for i in range(len(rates)):
        change = eta * rates[i]
        if len(plastic) == 0:
            for k in range(len(error)):
                weights[i, k] -= change * error[k]
        else:
            for k in range(len(error)):
                if plastic[i, k] != 0:
                    weights[i, k] -= change * error[k]


@kernel
def least_squares(
    step, every, start, stop, rates, error, P: Written, vectors: Written, factors: Written, used: Written,
    gain: Written, weights: Written,
):  # fmt: skip
    """All weights learn, so all numbers share P, (n, n). vectors: (m, n). factors: (m,). used: (1,). gain: (n,)."""
    if not is_due(step, every, start, stop, error):
        return
    n = len(rates)
    for i in range(n):
        gain[i] = 0.0
    for j in range(n):
        rate = rates[j]
        if rate != 0.0:
            row = P[j]
            for i in range(n):
                gain[i] += rate * row[i]
    for m in range(used[0]):
        vector = vectors[m]
        part = factors[m] * dot(vector, rates)
        for i in range(n):
            gain[i] -= part * vector[i]
    factor = 1.0 / (1.0 + dot(rates, gain))
    for i in range(n):
        for k in range(len(error)):
            weights[i, k] -= factor * gain[i] * error[k]
    vector = vectors[used[0]]
    for i in range(n):
        vector[i] = gain[i]
    factors[used[0]] = factor
    used[0] += 1
    if used[0] == len(factors):
        subtract(P, vectors, factors, used[0])
        mirror(P)
        used[0] = 0


@kernel
def subtract(P, vectors, factors, count):
    """P <- P - sum_m factors_m vectors_m vectors_m', of the lower triangle only; eight at a time, block by block."""
    n = len(P)
    for low in range(0, n, BLOCK):
        high = min(low + BLOCK, n)
        for i in range(low, n):
            row = P[i]
            end = min(high, i + 1)
            m = 0
            while m + 8 <= count:
                v0, v1, v2, v3 = vectors[m], vectors[m + 1], vectors[m + 2], vectors[m + 3]
                v4, v5, v6, v7 = vectors[m + 4], vectors[m + 5], vectors[m + 6], vectors[m + 7]
                a0, a1, a2, a3 = (
                    factors[m] * v0[i], factors[m + 1] * v1[i], factors[m + 2] * v2[i], factors[m + 3] * v3[i],
                )  # fmt: skip
                a4, a5, a6, a7 = (
                    factors[m + 4] * v4[i], factors[m + 5] * v5[i], factors[m + 6] * v6[i], factors[m + 7] * v7[i],
                )  # fmt: skip
                for j in range(low, end):
                    row[j] -= (
                        a0 * v0[j] + a1 * v1[j] + a2 * v2[j] + a3 * v3[j]
                        + a4 * v4[j] + a5 * v5[j] + a6 * v6[j] + a7 * v7[j]
                    )  # fmt: skip
                m += 8
            while m < count:
                vector = vectors[m]
                part = factors[m] * vector[i]
                for j in range(low, end):
                    row[j] -= part * vector[j]
                m += 1


@kernel
def mirror(P):
    """Copy the lower triangle to the upper one, tile by tile."""
    n = len(P)
    for low in range(0, n, TILE):
        high = min(low + TILE, n)
        for left in range(0, low + 1, TILE):
            for j in range(left, min(left + TILE, n)):
                for i in range(max(low, j + 1), high):
                    P[j, i] = P[i, j]


@kernel
def least_squares_each(
    step, every, start, stop, rates, error, starts, neurons, places, P: Written, own: Written, gain: Written,
    weights: Written,
):  # fmt: skip
    """Each number learns weights from other neurons, so each has its own P, (n_k, n_k).

    starts: (k + 1,), where those of each number begin among `neurons`, the indices of its n_k neurons. places: (k,),
    where its P begins among all, one after the other. own, gain: (largest n_k,), its rates, and P times them.
    """
    if not is_due(step, every, start, stop, error):
        return
    for k in range(len(error)):
        begin = starts[k]
        size = starts[k + 1] - begin
        at = places[k]
        for i in range(size):
            own[i] = rates[neurons[begin + i]]
            gain[i] = 0.0
        for j in range(size):
            row = P[at + j * size : at + (j + 1) * size]
            for i in range(size):
                gain[i] += own[j] * row[i]
        product = 0.0
        for i in range(size):
            product += own[i] * gain[i]
        factor = 1.0 / (1.0 + product)
        for i in range(size):
            part = factor * gain[i]
            weights[neurons[begin + i], k] -= part * error[k]
            row = P[at + i * size : at + (i + 1) * size]
            for j in range(size):
                row[j] -= part * gain[j]


@kernel
def collect_samples(
    step, every, start, stop, rates, target, error, samples: Written, signs: Written, used: Written, gram: Written,
    moments: Written,
):  # fmt: skip
    """Add a sample to the sums of ridge regression: gram, (n, n), sum of r r', and moments, (n, k), sum of r target'.

    samples: (m, n), those that are not in gram yet, `used` of them. signs: (m,), -1 for each, as `subtract` subtracts.
    """
    if not is_due(step, every, start, stop, error):
        return
    sample = samples[used[0]]
    for i in range(len(rates)):
        sample[i] = rates[i]
        for k in range(len(target)):
            moments[i, k] += rates[i] * target[k]
    signs[used[0]] = -1.0
    used[0] += 1
    if used[0] == len(samples):
        subtract(gram, samples, signs, used[0])
        used[0] = 0
