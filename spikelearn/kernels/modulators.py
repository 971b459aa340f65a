"""Modulators: a global concentration that decays, is released, and is integrated once for all synapses that read it."""

import math

from spikelearn.codegen.jit import Written, kernel, scalar
from spikelearn.kernels.event_rule import ALL, LATEST, SOME, WANTED


@kernel
def advance_modulator(step, concentration: Written, decay, pending: Written, releases: Written):
    """n' = -n/tau_n, plus releases that arrive now. releases: number of steps with a release."""
    releases[0] += pending[0] != 0.0
    concentration[0] = concentration[0] * decay + pending[0]
    pending[0] = 0.0


@kernel
def release_list(step, steps, amounts, cursor: Written, pending: Written):
    """Release listed amounts at listed steps."""
    k = cursor[0]
    while k < len(steps) and steps[k] <= step:
        if steps[k] == step:
            pending[0] += amounts[k]
        k += 1
    cursor[0] = k


@kernel
def integrate_modulator(
    step, concentration, baseline, tau_n, tau_c, dt, base, learning_factor, integrals: Written, scales: Written
):
    """Advance N(t) = integral of (n - b) exp(-(s - base)/tau_c) ds over the step that ends now.

    Closed form of a segment in specs: c0 n0 (1 - exp(-s D))/s - c0 b tau_c (1 - exp(-D/tau_c)), s = 1/tau_c + 1/tau_n.
    integrals: a ring of N at the last steps, for pending post events; scales: the same for exp((s - base)/tau_c).
    """
    depth = len(integrals)
    before = integrals[(step - 1) % depth]
    if learning_factor[0] != 0.0:
        before += segment(step, concentration[0], baseline, tau_n, tau_c, dt, base[0], dt)
    integrals[step % depth] = before
    scales[step % depth] = math.exp((step - base[0]) * dt / tau_c)


@scalar
def segment(step, n0, baseline, tau_n, tau_c, dt, base, duration):
    """The integral of (n - b) exp(-(s - base)/tau_c) ds over the first `duration` ms of the step that ends now."""
    c0 = math.exp(-(step - 1 - base) * dt / tau_c)
    rate = 1.0 / tau_c + 1.0 / tau_n
    return c0 * (-n0 * math.expm1(-duration * rate) / rate + baseline * tau_c * math.expm1(-duration / tau_c))


@kernel
def note_extremes(
    step, concentration, baseline, tau_n, tau_c, dt, decay_n, base, learning_factor, releases, integrals,
    extreme_N: Written, extreme_counts: Written, noted: Written, swept, sweeps: Written
):  # fmt: skip
    """Store N at a release in the previous step, and where n decays to b within this one, for `within_limits`.

    Between them N rises or falls throughout. extreme_N: a ring of N at the last extremes. extreme_counts: a ring of
    the number of extremes before each of the last steps. noted: number of releases stored. swept: number of extremes
    applied to all synapses. Requests a sweep before a ring is full.
    """
    depth = len(extreme_counts)
    mask = len(extreme_N) - 1
    before = integrals[(step - 1) % depth]
    total = extreme_counts[(step - 1) % depth]
    known = total
    if releases[0] > noted[0]:
        noted[0] = releases[0]
        extreme_N[total & mask] = before
        total += 1
    n0 = concentration[0]
    if baseline != 0.0 and learning_factor[0] != 0.0 and n0 / baseline > 1.0 and n0 * decay_n / baseline <= 1.0:
        duration = min(tau_n * math.log(n0 / baseline), dt)
        extreme_N[total & mask] = before + segment(step, n0, baseline, tau_n, tau_c, dt, base[0], duration)
        total += 1
    if total > known and total - swept[0] >= len(extreme_N) // 2:
        sweeps[WANTED] = ALL
    extreme_counts[step % depth] = total
    if step - sweeps[LATEST] >= depth // 2 - 1:
        sweeps[WANTED] = max(sweeps[WANTED], SOME)


@kernel
def extremes(extreme_N, seen, until):
    """The smallest and the largest of the extremes of N number `seen` to `until` - 1; 0 if there was none."""
    low = 0.0
    high = 0.0
    for k in range(seen, until):
        N = extreme_N[k & (len(extreme_N) - 1)]
        if k == seen:
            low = N
            high = N
        low = min(low, N)
        high = max(high, N)
    return low, high


@scalar
def within_limits(weight, eligibility, seen, until, N_low, N_high, extreme_N, W_min, W_max):
    """Keep w = weight + eligibility N within its limits at extremes of N number `seen` to `until` - 1, in turn.

    Between two of them w rises or falls throughout, so this keeps it within its limits at all times. It matters only
    for a weight that exceeds them; N_low and N_high, which bound N, rule this out for most synapses.
    """
    first = weight + eligibility * N_low
    second = weight + eligibility * N_high
    if min(first, second) < W_min or max(first, second) > W_max:
        for k in range(seen, until):
            now = weight + eligibility * extreme_N[k & (len(extreme_N) - 1)]
            weight += min(max(now, W_min), W_max) - now
    return weight


@scalar
def held_until(j, h, after, before, event_step, extreme_counts):
    """Number of extremes of N at which a synapse that applies event h next has already been limited."""
    at = event_step[j, (int(h) - 1) & (event_step.shape[1] - 1)]
    if at > after:
        return max(before, extreme_counts[at & (len(extreme_counts) - 1)])
    return before


@kernel
def rebase(
    step, every, dendritic, sweeps: Written, base: Written, tau_c, dt, integrals: Written, scales: Written,
    weights: Written, eligibilities: Written, extreme_counts, extreme_N: Written, swept
):  # fmt: skip
    """Move the origin of exp((t - base)/tau_c) to now before it grows large; w(t) and c(t) stay what they are.

    A sweep later in this step applies the pending post events, since the factors of older steps are no longer valid.
    """
    if step - base[0] < every:
        return
    sweeps[WANTED] = ALL
    f = math.exp(-(step - base[0]) * dt / tau_c)
    ring = len(integrals) - 1
    N0 = integrals[step & ring]
    for p in range(len(weights)):
        weights[p] += eligibilities[p] * N0
        eligibilities[p] *= f
    for at in range(max(base[0] - dendritic, step - ring), step + 1):
        integrals[at & ring] = (integrals[at & ring] - N0) / f
        scales[at & ring] *= f
    for k in range(swept[0], extreme_counts[step & ring]):
        extreme_N[k & (len(extreme_N) - 1)] = (extreme_N[k & (len(extreme_N) - 1)] - N0) / f
    base[0] = step


@kernel
def hand_on(step, pending: Written, of_first):
    """Copy the pending release of the first share's modulator to another share's."""
    pending[0] = of_first[0]
