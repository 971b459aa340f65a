"""Modulators: a global concentration that decays, is released, and is integrated once for all synapses that read it."""

import math

from spikelearn.codegen.jit import Written, kernel, scalar
from spikelearn.kernels.control import STOP
from spikelearn.kernels.event_rule import ALL, LATEST, SOME, WANTED


@kernel
def advance_modulator(step, concentration: Written, decay, pending: Written):
    """n' = -n/tau_n, plus releases that arrive now."""
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
    step, concentration, baseline, tau_n, tau_c, gain, dt, base, learning_factor, integrals: Written, scales: Written
):
    """Advance N(t) = integral of (n - b) exp(-(s - base)/tau_c) ds over the step that ends now.

    Closed form of a segment in specs: c0 n0 (1 - exp(-s D))/s - c0 b tau_c (1 - exp(-D/tau_c)), s = 1/tau_c + 1/tau_n.
    integrals: a ring of N at the last steps, for pending post events; scales: the same for gain exp((s - base)/tau_c).
    """
    depth = len(integrals)
    before = integrals[(step - 1) % depth]
    if learning_factor[0] != 0.0:
        before += segment(step, concentration[0], baseline, tau_n, tau_c, dt, base[0], dt)
    integrals[step % depth] = before
    scales[step % depth] = gain * math.exp((step - base[0]) * dt / tau_c)


@scalar
def segment(step, n0, baseline, tau_n, tau_c, dt, base, duration):
    """The integral of (n - b) exp(-(s - base)/tau_c) ds over the first `duration` ms of the step that ends now."""
    c0 = math.exp(-(step - 1 - base) * dt / tau_c)
    rate = 1.0 / tau_c + 1.0 / tau_n
    return c0 * (-n0 * math.expm1(-duration * rate) / rate + baseline * tau_c * math.expm1(-duration / tau_c))


@kernel
def note_extremes(
    step, concentration, baseline, tau_n, tau_c, dt, decay_n, base, learning_factor, side: Written, integrals,
    extreme_N: Written, extreme_times: Written, extreme_counts: Written, swept, sweeps: Written
):  # fmt: skip
    """Store N where n - b has changed its sign: at the previous step, or where n decays to b within this one.

    Between them N rises or falls throughout, as `within_limits` needs. side: (1,), the last sign of n - b. extreme_N: a
    ring of N at the last extremes; extreme_times: of their times in steps. extreme_counts: a ring of the number of
    extremes before each of the last steps. swept: number of extremes applied to all synapses. Requests a sweep before a
    ring is full.
    """
    depth = len(extreme_counts)
    mask = len(extreme_N) - 1
    before = integrals[(step - 1) % depth]
    total = extreme_counts[(step - 1) % depth]
    known = total
    n0 = concentration[0]
    above = n0 - baseline
    if above == 0.0 and decay_n < 1.0:
        above = -baseline  # from b it decays on towards 0
    if above * side[0] < 0.0:
        extreme_N[total & mask] = before
        extreme_times[total & mask] = step - 1
        total += 1
    if above != 0.0:
        side[0] = 1.0 if above > 0.0 else -1.0
    if baseline != 0.0 and learning_factor[0] != 0.0 and n0 / baseline > 1.0 and n0 * decay_n / baseline <= 1.0:
        duration = min(tau_n * math.log(n0 / baseline), dt)
        extreme_N[total & mask] = before + segment(step, n0, baseline, tau_n, tau_c, dt, base[0], duration)
        extreme_times[total & mask] = step - 1 + duration / dt
        total += 1
        side[0] = -side[0]
    if total > known and total - swept[0] >= len(extreme_N) // 2:
        sweeps[WANTED] = ALL
    extreme_counts[step % depth] = total
    if step - sweeps[LATEST] >= depth // 2 - 1:
        sweeps[WANTED] = max(sweeps[WANTED], SOME)


@kernel
def note_rising(
    step, concentration, baseline, tau_n, tau_rise, dt, base, integrals_rise, extreme_counts, extreme_times,
    extreme_R: Written
):  # fmt: skip
    """The integral with tau_rise in place of tau_c at the extremes that were stored in this step."""
    depth = len(extreme_counts)
    for k in range(extreme_counts[(step - 1) % depth], extreme_counts[step % depth]):
        at = k & (len(extreme_R) - 1)
        duration = (extreme_times[at] - (step - 1)) * dt
        extreme_R[at] = integrals_rise[(step - 1) % depth]
        if duration > 0.0:
            extreme_R[at] += segment(step, concentration[0], baseline, tau_n, tau_rise, dt, base[0], duration)


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


@kernel
def range_of(extreme_N, seen, until, first, last):
    """The smallest and the largest of N from one time to another, at which it is `first` and `last`."""
    low, high = extremes(extreme_N, seen, until)
    if seen == until:
        low = high = first
    return min(low, first, last), max(high, first, last)


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
def within_limits_rising(
    weight, eligibility, rising, seen, until, start, end, N_low, N_high, R_low, R_high, extreme_N, extreme_R,
    extreme_times, integrals, integrals_rise, base, tau_c, tau_rise, dt, W_min, W_max
):  # fmt: skip
    """The same for w = weight + eligibility N - rising R, from step `start` to `end`.

    It also turns where the eligibility changes its sign, once at most: limited at the steps just before and after.
    """
    low = weight + min(eligibility * N_low, eligibility * N_high) - max(rising * R_low, rising * R_high)
    high = weight + max(eligibility * N_low, eligibility * N_high) - min(rising * R_low, rising * R_high)
    if low >= W_min and high <= W_max:
        return weight
    mask, ring = len(extreme_N) - 1, len(integrals) - 1
    turn = -1.0
    if eligibility * rising > 0.0:
        turn = base[0] + math.log(rising / eligibility) / (1.0 / tau_rise - 1.0 / tau_c) / dt
    k = seen
    for after in range(2):
        at = math.floor(turn) + after
        if at >= start and at <= end:
            while k < until and extreme_times[k & mask] <= at:
                now = weight + eligibility * extreme_N[k & mask] - rising * extreme_R[k & mask]
                weight += min(max(now, W_min), W_max) - now
                k += 1
            now = weight + eligibility * integrals[int(at) & ring] - rising * integrals_rise[int(at) & ring]
            weight += min(max(now, W_min), W_max) - now
    while k < until:
        now = weight + eligibility * extreme_N[k & mask] - rising * extreme_R[k & mask]
        weight += min(max(now, W_min), W_max) - now
        k += 1
    return weight


@scalar
def latest_event(j, h, start, event_step):
    """The step of the last event of a synapse that applies event h next; start: that of its last arrival or update."""
    return max(start, event_step[j, (int(h) - 1) & (event_step.shape[1] - 1)])


@scalar
def held_until(j, h, after, before, event_step, extreme_counts):
    """Number of extremes of N at which a synapse that applies event h next has already been limited."""
    at = event_step[j, (int(h) - 1) & (event_step.shape[1] - 1)]
    if at > after:
        return max(before, extreme_counts[at & (len(extreme_counts) - 1)])
    return before


@kernel
def move_origin(
    step, every, dendritic, base, tau, dt, integrals: Written, scales: Written, weights: Written, sign,
    eligibilities: Written, extreme_counts, extreme_N: Written, swept
):  # fmt: skip
    """If it is time, move the origin of exp((t - base)/tau) from base to now; w(t) and c(t) stay what they are."""
    if step - base[0] < every:
        return
    f = math.exp(-(step - base[0]) * dt / tau)
    ring = len(integrals) - 1
    N0 = integrals[step & ring]
    for p in range(len(weights)):
        weights[p] += sign * eligibilities[p] * N0
        eligibilities[p] *= f
    for at in range(max(base[0] - dendritic, step - ring), step + 1):
        integrals[at & ring] = (integrals[at & ring] - N0) / f
        scales[at & ring] *= f
    for k in range(swept[0], extreme_counts[step & ring]):
        extreme_N[k & (len(extreme_N) - 1)] = (extreme_N[k & (len(extreme_N) - 1)] - N0) / f


@kernel
def rebase(
    step, every, dendritic, sweeps: Written, base: Written, tau_c, dt, integrals: Written, scales: Written,
    weights: Written, eligibilities: Written, extreme_counts, extreme_N: Written, swept
):  # fmt: skip
    """Move the origin of exp((t - base)/tau_c) before it grows large, after that of a part that rises, and base.

    All post events that are due are applied in the step before: some shares may have applied theirs already, and with
    another origin they would have other last bits.
    """
    if step + 1 - base[0] >= every:
        sweeps[WANTED] = ALL
    if step - base[0] >= every:
        move_origin(
            step, every, dendritic, base, tau_c, dt, integrals, scales, weights, 1.0, eligibilities, extreme_counts,
            extreme_N, swept,
        )  # fmt: skip
        base[0] = step


@kernel
def follow(step, signal, weights, derivatives, offset, dt, previous: Written, first_here, concentration: Written):
    """Set the level to a linear function of a signal and of its change in this step, or add it to what others set."""
    level = offset
    for k in range(len(signal)):
        level += weights[k] * signal[k] + derivatives[k] * (signal[k] - previous[k]) / dt
        previous[k] = signal[k]
    if first_here != 0:
        concentration[0] = level
    else:
        concentration[0] += level


@kernel
def hand_on(step, values: Written, of_first):
    """Copy what belongs to the first share's modulator to another share's."""
    values[0] = of_first[0]


@kernel
def check_finite(step, values, control: Written, raised: Written):
    """Stop the run if a value is infinite or NaN."""
    for k in range(len(values)):
        if not math.isfinite(values[k]) and raised[0] == 0:
            raised[0] = step
            control[STOP] = 1
