"""What post events and arrivals do to the synapses of a plasticity rule that learns at events.

Rendered together with event_rule.py, which has the loops and knows the lists that are made here.

pre, post: the traces, and `added` those to which 1 is added at an event; the others are set to 1. state: of the
synapse; varying: constants that each synapse has for itself, which are carried along with its state and never change.
reads: state variables of the target, whose values post events carry. on_pre, on_post: arguments of the
handlers. transmits: what arrives is a function of the weight. short_term: it is multiplied by the fraction that a slot
releases, which has its own state (release_state). mean_pre: post events carry the mean of the traces of all sources.
state_goes_on: handlers are also called while nothing is learned, and the change of the weight is discarded.
gathers: changes of the weight are summed, without limits, and applied later (kernels/gathering.py).

The row past[j] is what arrivals see of target j: each of its post traces, divided by its decay since step `origin`, so
that one factor for all targets makes of it what it is now.

summed: the pre trace x, if any, in which `on_post` is linear at any weight (PlasticityRule.additive_in). An event in
step T then adds x(last) exp(-(T - last)/tau) times a number of the target alone, and all events since the last arrival
add x(last) exp(-(origin - last)/tau) times a sum over these numbers times exp(-(T - origin)/tau). The row past[j] goes
on with that sum over all events, and with what it was before the last event, before the last two, and so on. If all
these numbers have one sign, limiting the weight once is as good as after each event; in `mixed` targets they have not,
and events are applied one after the other.

So are they if there are `FEW` or more since the last arrival (or sweep of all). When histories are nearly full depends
on the other neurons of a share; a sweep that is needed for that reason therefore takes up only what would be applied
one after the other anyway, which has the same bits at any time, and a sum is never parted.

A modulated rule keeps weight = w - c N and eligibility c scaled by exp((t - base)/tau_c), so that
w(t) = weight + eligibility N(t) holds between events (N: kernels.modulators.integrate_modulator). Its limits are also
enforced at every extreme of N, and so at all times: kernels.modulators.within_limits. If its eligibility rises, it is
the difference of two parts, eligibility exp(-(t - base)/tau_c) - rising exp(-(t - base)/tau_rise), and
w(t) = weight + eligibility N(t) - rising R(t), R the integral of the modulator with tau_rise in place of tau_c.
"""

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.deliver import ROWS_AHEAD, TOGETHER, fetch, fetch_item
from spikelearn.kernels.event_rule import FEW
from spikelearn.kernels.learning_factor import scaled_change
from spikelearn.kernels.traces import decay

# if modulated:
from spikelearn.kernels.modulators import held_until, within_limits

# end
# if rises:
from spikelearn.kernels.modulators import latest_event, within_limits_rising

# end


# OF_EACH = STATE, VARYING
# SYNAPSE = weight, eligibility, OF_EACH
# KEPT_IN = weights, eligibilities, synapse__OF_EACH
# CHANGED = change, STATE
# MODULATOR = integrals, scales, extreme_counts, base, tau_c, dt
# SLOT_EXTREMES = slot_extremes
# EXTREME_N = extreme_N
# SWEPT = swept
# AT_ARRIVAL = N, E
# SEGMENT = after, before, until, N_low, N_high, integrals, scales, extreme_counts, extreme_N
# OWED = weight + eligibility * N
# LIMITED = within_limits(weight, eligibility, since, until, N_low, N_high, extreme_N, W_min, W_max)
# if rises:
# SYNAPSE = weight, eligibility, rising, OF_EACH
# KEPT_IN = weights, eligibilities, risings, synapse__OF_EACH
# MODULATOR = MODULATOR, integrals_rise, scales_rise, tau_rise
# EXTREME_N = extreme_N, extreme_R, extreme_times
# AT_ARRIVAL = N, E, R, F
# SEGMENT = SEGMENT, span_end, R_low, R_high, extreme_R, extreme_times, integrals_rise, scales_rise
# SEGMENT = SEGMENT, base, tau_c, tau_rise, dt
# OWED = weight + eligibility * N - rising * R
# RANGES = N_low, N_high, R_low, R_high
# OF_EXTREMES = extreme_N, extreme_R, extreme_times, integrals, integrals_rise, base, tau_c, tau_rise, dt
# SPAN = since, until, span_start, span_end
# LIMITED = within_limits_rising(weight, eligibility, rising, SPAN, RANGES, OF_EXTREMES, W_min, W_max)
# end
# SENT = min(max(OWED, W_min), W_max)
# MAY_EXCEED = until > before
# if rises:
# MAY_EXCEED = True
# end
# if not modulated:
# SYNAPSE = weight, OF_EACH
# KEPT_IN = weights, synapse__OF_EACH
# CHANGED = weight, STATE
# MODULATOR =
# SLOT_EXTREMES =
# EXTREME_N =
# SWEPT =
# AT_ARRIVAL =
# SEGMENT =
# SENT = weight
# end
# UPDATE =
# if gathers:
# SYNAPSE = weight, gathered, OF_EACH
# KEPT_IN = weights, gathered_changes, synapse__OF_EACH
# UPDATE = update_every
# end
# if transmits:
# SENT = transmits(SENT, CONSTANTS)
# end
# RELEASE =
# RELEASE_OF =
# RELEASED =
# if short_term:
# SENT = SENT * released_share
# RELEASED = released_share
# RELEASE = release_last, release__RELEASE_STATE
# RELEASE_OF = release_dt, release_of__RELEASE_CONSTANTS
# end
# RUNS = run__KEPT_IN, run_unread
# AVERAGED =
# HISTORIES = event_end, due_end, event_step
# EVENT_VALUES = event_factor, any_scaled, event__POST, event__READS
# if mean_pre:
# AVERAGED = PRE
# EVENT_VALUES = EVENT_VALUES, event_mean__PRE
# end
# RUNNING = running__AVERAGED
# DECAYS = decay__AVERAGED
# EVENTS = HISTORIES, EVENT_VALUES
# PAST = past_end, past
# NOW = x__factor for x in post
# PRE_TABLES = x__coarse, x__fine for x in pre
# POST_TABLES = x__coarse, x__fine for x in post
# LIMITS = W_min, W_max, OWN_CONSTANTS
# if timed:
# LIMITS = LIMITS, ms_per_step
# end
# SIGNS =
# SUMS =
# WAITING =
# SWEEPS =
# SWEPT_ALL =
# SINCE =
# ORIGIN =
# SUMMED_TABLES =
# SUM_LIMITS =
# OF_SUM =
# if summed:
# SIGNS = mixed, any_mixed
# SUMS = past
# WAITING = longest_wait
# SWEEPS = sweeps
# SWEPT_ALL = waited_since
# SINCE = after
# ORIGIN = origin
# SUMMED_TABLES = x__coarse, x__fine for x in summed
# SUM_LIMITS = LIMITS
# OF_SUM = sum_gain, mask
# end
# SHARED = SEGMENT, EVENTS, SIGNS, PRE_TABLES, LIMITS
# HELD = SEGMENT, event_step, W_min, W_max
# ARRIVING = LIMITS
# if summed:
# ARRIVING = SHARED
# end
# ARRIVAL = ahead, s, last, PRE__now, past, NOW, OF_SUM, AT_ARRIVAL
# SUMMED_UP = SIGNS, SUMS, ORIGIN
# ARRIVED = last_arrival, slot__PRE
# TAKEN_UP = consumed, queue, KEPT_IN, unread, SLOT_EXTREMES
# GIVEN = index, targets, EXTREME_N, PRE_TABLES, LIMITS
# FETCHED = targets, unread, KEPT_IN
# LEARNS = plastic != 0.0
# if state_goes_on or summed:
# LEARNS = True
# end
# if modulated:
@scalar
def limited(SYNAPSE, j, h, last, HELD):
    """The weight within its limits from the synapse's last event on, before it applies event h, up to `until`."""
    since = held_until(j, h, after, before, event_step, extreme_counts)
    # if rises:
    span_start = latest_event(j, h, max(after, last), event_step)
    # end
    return LIMITED


# end
@scalar
def learn(SYNAPSE, j, h, last, PRE__at, plastic, SHARED):
    """The effect on a synapse of event h in the history of its target j."""
    at = event_step[j, h]
    # for x in pre:
    x = x__at * decay(at - last, x__coarse, x__fine)
    # end
    # for x in averaged:
    mean__x = event_mean__x[j, h]
    # end
    # for y in post:
    y = event__y[j, h]
    # end
    # for y in reads:
    y = event__y[j, h]
    # end
    # if modulated:
    ring = len(integrals) - 1
    N = integrals[at & ring]
    # if rises:
    R = integrals_rise[at & ring]
    span_end = at
    # end
    if MAY_EXCEED:
        until = extreme_counts[at & ring]
        weight = limited(SYNAPSE, j, h, last, HELD)
    now = OWED
    weight += min(max(now, W_min), W_max) - now
    # end
    # if not state_goes_on:
    if plastic == 0.0:
        return SYNAPSE
    # end
    # if not modulated:
    before_change = weight
    # end
    CHANGED = on_post(ON_POST)
    # if modulated:
    # if rises:
    rising_change = change * plastic * scales_rise[at & ring]
    rising += rising_change
    weight += rising_change * R
    # end
    change *= plastic * scales[at & ring]
    eligibility += change
    weight -= change * N
    # else:
    # if gathers:
    gathered += plastic * (weight - before_change)
    weight = before_change
    # else:
    weight = min(max(scaled_change(before_change, weight, plastic), W_min), W_max)
    # end
    # end
    return SYNAPSE


@scalar
def meet(SYNAPSE, s, last, PRE__now, POST, AT_ARRIVAL, plastic, LIMITS):
    """The effect on a synapse of an arrival in step s."""
    # if modulated:
    now = OWED
    weight += min(max(now, W_min), W_max) - now
    # end
    # if not modulated:
    before_change = weight
    # end
    CHANGED = on_pre(ON_PRE)
    # if modulated:
    # if rises:
    rising_change = change * plastic * F
    rising += rising_change
    weight += rising_change * R
    # end
    change *= plastic * E
    eligibility += change
    weight -= change * N
    # else:
    # if gathers:
    gathered += plastic * (weight - before_change)
    weight = before_change
    # else:
    weight = min(max(scaled_change(before_change, weight, plastic), W_min), W_max)
    # end
    # end
    return SYNAPSE


# if summed:
@scalar
def enter_sum(j, h, ORIGIN, past, event_step, EVENT_VALUES, SIGNS, SUMMED_TABLES, SUM_LIMITS):
    """Add event h of target j, which is due from now on, to its sum."""
    weight, at = 0.0, event_step[j, h]
    # for x in pre:
    # if x in summed:
    x = 1.0
    # else:
    x = 0.0
    # end
    # end
    # for x in averaged:
    mean__x = event_mean__x[j, h]
    # end
    # for y in post:
    y = event__y[j, h]
    # end
    # for y in reads:
    y = event__y[j, h]
    # end
    added = event_factor[j, h] * on_post(ON_POST)
    mixed[j] |= (1 if added > 0.0 else 0) | (2 if added < 0.0 else 0)
    if mixed[j] == 3:
        any_mixed[0] = 1
    for k in range(FIRST_SUM + FEW - 1, FIRST_SUM, -1):
        past[j, k] = past[j, k - 1]
    # for x in summed:
    past[j, FIRST_SUM] += added * decay(at - origin[0], x__coarse, x__fine)
    # end


@scalar
def catch_up(weight, j, unread_here, OF_SUM, due_end, past, W_min, W_max):
    """The weight of a synapse after all events of its target j that are due."""
    then = np.uint64(FIRST_SUM) + np.uint64((int(due_end[j]) - int(unread_here)) & mask)
    return min(max(weight + sum_gain * (past[j, FIRST_SUM] - past[j, then]), W_min), W_max)


# end
@scalar
def arrive(run, RUNS, ARRIVAL, plastic, ARRIVING, RELEASED, inputs):
    """An arrival at all synapses of a slot, and what it sends; meanwhile those that come next are fetched.

    ahead: how far behind the first of this slot the first of the next is.
    """
    for first in range(0, len(run), TOGETHER):
        fetch(run, ahead + first)
        fetch(run_unread, ahead + first)
        # for v, array in kept:
        fetch(run__array, ahead + first)
        # end
        for k in range(first, min(first + TOGETHER, len(run))):
            i = np.uint64(k)
            j = run[i]
            # for v, array in kept:
            v = run__array[i]
            # end
            # if summed:
            fetch_item(past, run[min(i + np.uint64(ROWS_AHEAD), np.uint64(len(run) - 1))], 0)
            weight = catch_up(weight, j, run_unread[i], OF_SUM, due_end, past, W_min, W_max)
            run_unread[i] = due_end[j]
            # end
            # for column, y in seen:
            y = past[j, column] * y__factor
            # end
            SYNAPSE = meet(SYNAPSE, s, last, PRE__now, POST, AT_ARRIVAL, plastic, LIMITS)
            # for v, array in kept:
            run__array[i] = v
            # end
            inputs[j] += SENT


@scalar
def take_up_oldest(n, run, queue, RUNS, last, PRE__at, scaled, SHARED):
    """Apply one post event to each of n synapses, whose places are in `queue`; returns how many have more."""
    mask = event_step.shape[1] - 1
    left = 0
    for k in range(n):
        i = queue[k]
        j = run[i]
        h = run_unread[i]
        # for v, array in kept:
        v = run__array[i]
        # end
        plastic = event_factor[j, h] if scaled else 1.0
        SYNAPSE = learn(SYNAPSE, j, h, last, PRE__at, plastic, SHARED)
        # for v, array in kept:
        run__array[i] = v
        # end
        place = (int(h) + 1) & mask
        run_unread[i] = place
        queue[left] = i
        left += place != due_end[j]
    return left


@scalar
def take_up(run, queue, RUNS, last, PRE__at, SINCE, SHARED):
    """Apply the post events that are due to the synapses of a slot, if there is a sum to those of mixed targets.

    All apply their oldest event, then those that have more apply their next, and so on: this avoids a branch per
    synapse that the processor would mispredict half of the time.
    """
    n = 0
    for i in range(len(run)):
        queue[n] = i
        # if summed:
        j = run[i]
        many = event_step[j, (int(due_end[j]) - FEW) & (event_step.shape[1] - 1)] > after
        n += run_unread[i] != due_end[j] and (many or mixed[j] == 3)
        # else:
        fetch_item(event_step, run[i], run_unread[i])
        n += run_unread[i] != due_end[run[i]]
        # end
    while n > 0:
        # if summed:
        n = take_up_oldest(n, run, queue, RUNS, last, PRE__at, True, SHARED)
        # else:
        # Compiled twice, since one loop with a condition takes a third longer.
        if any_scaled[0] == 0:
            n = take_up_oldest(n, run, queue, RUNS, last, PRE__at, False, SHARED)
        else:
            n = take_up_oldest(n, run, queue, RUNS, last, PRE__at, True, SHARED)
        # end
    # if modulated:
    if MAY_EXCEED:
        for i in range(len(run)):
            j = run[i]
            # for v, array in kept:
            v = run__array[i]
            # end
            weight = limited(SYNAPSE, j, run_unread[i], last, HELD)
            # for v, array in kept:
            run__array[i] = v
            # end
    # end
