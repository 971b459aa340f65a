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
    step, concentration, baseline, tau_n, tau_c, dt, base, enabled, integrals: Written, scales: Written
):
    """Advance N(t) = integral of (n - b) exp(-(s - base)/tau_c) ds over the step that ends now.

    Closed form of a segment in specs: c0 n0 (1 - exp(-s D))/s - c0 b tau_c (1 - exp(-D/tau_c)), s = 1/tau_c + 1/tau_n.
    integrals: a ring of N at the last steps, for pending post events; scales: the same for exp((s - base)/tau_c).
    """
    depth = len(integrals)
    before = integrals[(step - 1) % depth]
    if enabled[0] != 0:
        c0 = math.exp(-(step - 1 - base[0]) * dt / tau_c)
        rate = 1.0 / tau_c + 1.0 / tau_n
        n0 = concentration[0]
        before += c0 * (-n0 * math.expm1(-dt * rate) / rate + baseline * tau_c * math.expm1(-dt / tau_c))
    integrals[step % depth] = before
    scales[step % depth] = math.exp((step - base[0]) * dt / tau_c)


@kernel
def note_release(step, releases, integrals, release_N: Written, release_counts: Written, swept, sweeps: Written):
    """Store N at a release in the previous step, for `within_limits`.

    release_N: a ring of the last releases. release_counts: a ring of the number of releases before each of the last
    steps. swept: number of releases applied to all synapses. Requests a sweep before a ring is full.
    """
    depth = len(release_counts)
    total = release_counts[(step - 1) % depth]
    if releases[0] > total:
        release_N[total & (len(release_N) - 1)] = integrals[(step - 1) % depth]
        total += 1
        if total - swept[0] >= len(release_N) // 2:
            sweeps[WANTED] = ALL
    release_counts[step % depth] = total
    if step - sweeps[LATEST] >= depth // 2 - 1:
        sweeps[WANTED] = max(sweeps[WANTED], SOME)


@kernel
def extremes(release_N, seen, until):
    """The smallest and the largest N of releases number `seen` to `until` - 1; 0 if there was none."""
    low = 0.0
    high = 0.0
    for k in range(seen, until):
        N = release_N[k & (len(release_N) - 1)]
        if k == seen:
            low = N
            high = N
        low = min(low, N)
        high = max(high, N)
    return low, high


@scalar
def within_limits(weight, eligibility, seen, until, N_low, N_high, release_N, W_min, W_max):
    """Keep w = weight + eligibility N within its limits at releases number `seen` to `until` - 1, one after another.

    NEST ends a segment at every dopamine spike and clips the weight there. This matters only for a weight that exceeds
    its limits at one of the releases; N_low and N_high, which bound N at all of them, rule this out for most synapses.
    """
    first = weight + eligibility * N_low
    second = weight + eligibility * N_high
    if min(first, second) < W_min or max(first, second) > W_max:
        for k in range(seen, until):
            now = weight + eligibility * release_N[k & (len(release_N) - 1)]
            weight += min(max(now, W_min), W_max) - now
    return weight


@kernel
def hand_on(step, pending: Written, of_first):
    """Copy the pending release of the first share's modulator to another share's."""
    pending[0] = of_first[0]
