"""The loops of a SignalRule: signals (once a target and step), begin, take_signal and deliver.

The names are defined in plasticity/signal_rule.py: w = q + X H, or with an eligibility
c exp((t - base)/tau_c) = C + X H and w = q + C N + X M. `weights` holds q and `eligibilities` C, both as of the last
arrival; slot_x is X, slot_epoch the epoch it is scaled to. An epoch lasts from one base to the next; H, M and N at the
ends of the last epochs are in the rings end_H, end_M and end_N, which a synapse applies at its next arrival:

    q <- q + C N + X M,   C <- (C + X H) exp(-T/tau_c),   X <- X exp(-T/tau_x),   T the length of an epoch.

An eligibility that rises is that less a part with tau_rise in place of tau_c, of which `risings` has D, in place of C;
K is in place of H and R in place of N, while M belongs to the difference: w = q + C N - D R + X M.

pre: the traces; `added` those to which 1 is added at an arrival, the others are set to 1; `amplitudes` are part of X.
state: of the rule, for each target. delayed: variables that act later. reads: state variables of the target. seen:
variables that `on_pre` takes as seen by the synapse. payload: events carry values; traces jump by them, or to them, and
they multiply the weights that are sent. signal_arguments, advance_arguments, arrival_arguments: what the functions of
the rule take; step_timed, arrival_timed: whether the time is among it. short_term: what is sent is multiplied by the
fraction that a slot releases, which has its own state (release_state) and depends on the source's earlier spikes.
hidden: the limits apply to the weight that is sent, not to the one that learns. also: further kinds of event that the
rule learns from. dense: the targets of a slot are neighbours, so that a row of synapses needs no list of them and its
loop vectorises. by_target: each has its own third factor, and N. rises: the eligibility does. templates/third_factor.py
has what acts on N and M in each step.
"""

import math

import numpy as np

from spikelearn.codegen.jit import Written, kernel, kernel_apart
from spikelearn.kernels.control import STOP
from spikelearn.kernels.learning_factor import scaled_change
from spikelearn.kernels.signal_rule import BASE, EPOCH, EPOCHS, SWEPT
from spikelearn.kernels.trial_clock import PHASE, STARTS

# if payload:
from spikelearn.kernels.events import count_in_row, first_in_row, source_in_row, value_in_row

# else:
from spikelearn.kernels.events import count_in_row, first_in_row, source_in_row
# end

# KINDS = event, also__ALSO
# ALSO_ROWS = also__kind__rows, also__kind__counts for kind in also
# READ = READS, STATE
# OWN = own__STATE
# DELAYS = delay__DELAYED
# SEEN_RINGS = seen__SEEN
# SYNAPSE = weight
# SUMS = H__PRE
# RATES = rate__PRE
# INCREMENTS =
# ELIGIBILITIES =
# ENDS = end_H__PRE
# FACTORS = factor__PRE
# TAUGHT = weight
# PARTS =
# RISE =
# TAKEN = H__PRE
# TAKEN_RATES = rate__PRE
# if eligibility:
# TAUGHT = c
# PARTS = c
# SYNAPSE = weight, c
# SUMS = H__PRE, N, M__PRE
# RATES = rate__PRE, c_rate
# INCREMENTS = released
# ENDS = end_H__PRE, end_N, end_M__PRE
# FACTORS = factor__PRE, c_factor
# ELIGIBILITIES = eligibilities
# end
# if rises:
# PARTS = c, rising
# SYNAPSE = weight, c, rising
# SUMS = H__PRE, K__PRE, N, R, M__PRE
# RATES = rate__PRE, rising_rate__PRE, c_rate, rise_rate, rise_gain
# INCREMENTS = released, released_rise
# ENDS = end_H__PRE, end_K__PRE, end_N, end_R, end_M__PRE
# FACTORS = factor__PRE, c_factor, rise_factor
# ELIGIBILITIES = eligibilities, risings
# RISE = rise_gain
# TAKEN = H__PRE, K__PRE
# TAKEN_RATES = rate__PRE, rising_rate__PRE
# end
# if by_target:
# INCREMENTS = third
# end
# INDEX = index, targets
# SYNAPSES = weights, ELIGIBILITIES, slot_epoch, slot__PRE
# INTEGRALS = SUMS, RATES, INCREMENTS, ENDS, FACTORS, INDEX
# GIVEN = dendritic, INTEGRALS
# UNLIMITED = GIVEN, clock, gain, SYNAPSES, -math.inf, math.inf
# AT_SYNAPSE = 0, INTEGRALS, clock, gain, SYNAPSES, -math.inf, math.inf
# EVERYTHING = GIVEN, clock, gain, SYNAPSES, W_min, W_max
# LEARNED = EVERYTHING
# LEARNING = now
# VALUES =
# CARRIED =
# SENT = now
# RELEASE =
# RELEASE_OF =
# OF_SYNAPSES = weights, ELIGIBILITIES
# OF_TARGETS = H__PRE
# OF_ARRIVAL = W_min, W_max, plastic, jump__PRE, now__PRE, new__PRE, constant__ARRIVAL_CONSTANTS
# if eligibility:
# OF_TARGETS = H__PRE, M__PRE
# OF_ARRIVAL = OF_ARRIVAL, N_now, c_scale
# TOTAL = N_now
# TOTAL_AT_END = end_N[r]
# RISEN = R_now
# RISEN_AT_END = end_R[r]
# end
# if by_target:
# OF_TARGETS = OF_TARGETS, N
# OF_ARRIVAL = W_min, W_max, plastic, jump__PRE, now__PRE, new__PRE, constant__ARRIVAL_CONSTANTS, c_scale
# TOTAL = N[j]
# TOTAL_AT_END = end_N[r, j]
# RISEN = R[j]
# RISEN_AT_END = end_R[r, j]
# end
# if rises:
# OF_TARGETS = OF_TARGETS, K__PRE
# OF_ARRIVAL = OF_ARRIVAL, rise_scale
# end
# if rises and by_target:
# OF_TARGETS = OF_TARGETS, R
# end
# if rises and not by_target:
# OF_ARRIVAL = OF_ARRIVAL, R_now
# end
# TIME =
# if step_timed or arrival_timed:
# TIME = ms_per_step
# end
# if arrival_timed:
# OF_ARRIVAL = OF_ARRIVAL, arrival_time
# end
# if seen:
# OF_ARRIVAL = OF_ARRIVAL, row, seen__SEEN
# end
# if hidden:
# LEARNED = UNLIMITED
# LEARNING = learned
# end
# if payload:
# VALUES = values
# CARRIED = carried
# SENT = SENT * value
# OF_ARRIVAL = OF_ARRIVAL, value
# end
# if short_term:
# SENT = SENT * released_share
# OF_ARRIVAL = OF_ARRIVAL, released_share
# RELEASE = release_last, release__RELEASE_STATE
# RELEASE_OF = release_dt, release_of__RELEASE_CONSTANTS
# end


@kernel
def signals(
    step, event_rows, event_counts, first, last, learning_factor, event: Written, ALSO_ROWS, also__ALSO: Written,
    post__READS, OWN: Written, DELAYS: Written, SEEN_RINGS: Written, gain: Written, constant__CONSTANTS, TIME, RISE
):  # fmt: skip
    """The signal of each target at the end of this step."""
    emitted = step % len(event_counts)
    # for kind in kinds:
    for k in range(kind__counts[emitted]):
        kind[kind__rows[emitted, k]] = 1.0
    # end
    # Loops over slices vectorise, not those from `first`.
    # for kind in kinds:
    now__kind = kind[first:last]
    # end
    # for v in reads:
    now__v = post__v[first:last]
    # end
    # for v in state:
    now__v = own__v[first:last]
    # end
    # for v in delayed:
    in__v = delay__v[step % len(delay__v)][first:last]
    out__v = delay__v[(step + 1) % len(delay__v)][first:last]
    # end
    # for v in seen:
    kept__v = seen__v[step % len(seen__v)][first:last]
    # end
    gain_now = gain[step % len(gain)][first:last]
    plastic = learning_factor[0]
    # if step_timed:
    time_now = step * ms_per_step
    # end
    for i in range(len(gain_now)):
        # for v in read:
        u__v = now__v[i]
        # end
        # if state:
        (now__STATE[i],) = advance(ADVANCE_ARGUMENTS)
        # end
        # for v in delayed:
        in__v[i] = u__v
        u__v = out__v[i]
        # end
        # for v in seen:
        kept__v[i] = u__v
        # end
        gain_now[i] = plastic * signal(SIGNAL_ARGUMENTS)
        # if rises:
        gain_now[i] *= rise_gain
        # end
    # for kind in kinds:
    for k in range(kind__counts[emitted]):
        kind[kind__rows[emitted, k]] = 0.0
    # end


@kernel
def take_signal(step, first, last, dendritic, clock, gain, TAKEN: Written, TAKEN_RATES):
    """The signal that is at the synapses in this step acts there: with a dendritic delay, one of an earlier step."""
    at = max(step - dendritic, 0)
    gain_now = gain[(at - dendritic) % len(gain)][first:last]
    # for x in pre:
    E__x = math.exp(-(at - clock[BASE]) * rate__x)
    now__x = H__x[first:last]
    for i in range(len(now__x)):
        now__x[i] += gain_now[i] * E__x
    # end
    # if rises:
    # for x in pre:
    E__x = math.exp(-(at - clock[BASE]) * rising_rate__x)
    now__x = K__x[first:last]
    for i in range(len(now__x)):
        now__x[i] += gain_now[i] * E__x
    # end
    # end


@kernel
def begin(
    step, first, last, every, dendritic, clock: Written, SUMS: Written, ENDS: Written, FACTORS, INDEX, SYNAPSES: Written
):  # fmt: skip
    """Advance base if it is time; when the ring of ends is full, update every synapse."""
    if max(step - dendritic, 0) - 1 - clock[BASE] < every:
        return
    r = clock[EPOCH] % EPOCHS
    # for x in pre:
    for j in range(first, last):
        end_H__x[r, j] = H__x[j]
        H__x[j] = 0.0
        # if eligibility:
        end_M__x[r, j] = M__x[j]
        M__x[j] = 0.0
        # end
        # if rises:
        end_K__x[r, j] = K__x[j]
        K__x[j] = 0.0
        # end
    # end
    # if by_target:
    for j in range(first, last):
        end_N[r, j] = N[j]
        N[j] = 0.0
        # if rises:
        end_R[r, j] = R[j]
        R[j] = 0.0
        # end
    # end
    # if eligibility and not by_target:
    end_N[r] = N[0]
    N[0] = 0.0
    # end
    # if rises and not by_target:
    end_R[r] = R[0]
    R[0] = 0.0
    # end
    clock[EPOCH] += 1
    clock[BASE] += every
    if clock[EPOCH] - clock[SWEPT] == EPOCHS:
        sweep(clock, ENDS, FACTORS, INDEX, SYNAPSES)


@kernel
def catch_up(SYNAPSE, j, since, epoch, X__PRE, ENDS, FACTORS):
    """Apply the ends of epochs since, ..., epoch - 1."""
    for m in range(since, epoch):
        r = m % EPOCHS
        # if eligibility:
        weight += c * TOTAL_AT_END
        # for x in pre:
        weight += X__x * end_M__x[r, j]
        # end
        # for x in pre:
        c += X__x * end_H__x[r, j]
        # end
        c *= c_factor
        # if rises:
        weight -= rising * RISEN_AT_END
        # for x in pre:
        rising += X__x * end_K__x[r, j]
        # end
        rising *= rise_factor
        # end
        # else:
        # for x in pre:
        weight += X__x * end_H__x[r, j]
        # end
        # end
        # for x in pre:
        X__x *= factor__x
        # end
    return SYNAPSE


@kernel
def catch_up_slot(slot, since, epoch, X__PRE, ENDS, FACTORS, INDEX, weights, ELIGIBILITIES):
    """The same for all synapses of a slot."""
    for p in range(index[slot], index[slot + 1]):
        weight = weights[p]
        # if eligibility:
        c = eligibilities[p]
        # end
        # if rises:
        rising = risings[p]
        # end
        SYNAPSE = catch_up(SYNAPSE, targets[p], since, epoch, X__PRE, ENDS, FACTORS)
        weights[p] = weight
        # if eligibility:
        eligibilities[p] = c
        # end
        # if rises:
        risings[p] = rising
        # end


@kernel
def sweep(clock, ENDS, FACTORS, INDEX, SYNAPSES):
    """Advance every synapse to this epoch."""
    epoch = clock[EPOCH]
    clock[SWEPT] = epoch
    for slot in range(len(slot_epoch)):
        since = slot_epoch[slot]
        if since < epoch:
            # for x in pre:
            X__x = slot__x[slot]
            # end
            catch_up_slot(slot, since, epoch, X__PRE, ENDS, FACTORS, INDEX, weights, ELIGIBILITIES)
            for _ in range(since, epoch):
                # for x in pre:
                slot__x[slot] *= factor__x
                # end
            slot_epoch[slot] = epoch


@kernel
def settle(step, clock: Written, ENDS, FACTORS, INDEX, SYNAPSES: Written):
    """The same between two steps."""
    sweep(clock, ENDS, FACTORS, INDEX, SYNAPSES)


# if eligibility:
# OWED = weight + c * TOTAL
# LEARNT = c
# REST = c
# KEPT = LEARNING - c * TOTAL
# if rises:
# OWED = OWED - rising * RISEN
# RISING_LEARNT = rising
# RISING_REST = rising
# KEPT = KEPT + rising * RISEN
# for x in pre:
# RISING_LEARNT = RISING_LEARNT + now__x * K__x[j]
# RISING_REST = RISING_REST - new__x * K__x[j]
# end
# end
# for x in pre:
# OWED = OWED + now__x * M__x[j]
# LEARNT = LEARNT + now__x * H__x[j]
# REST = REST - new__x * H__x[j]
# KEPT = KEPT - new__x * M__x[j]
# end
# else:
# OWED = weight
# KEPT = LEARNING
# for x in pre:
# OWED = OWED + now__x * H__x[j]
# KEPT = KEPT - new__x * H__x[j]
# end
# end


@kernel
def deliver_row(begin, end, targets, OF_SYNAPSES: Written, inputs: Written, OF_TARGETS, OF_ARRIVAL):
    """One arrival at the synapses of a slot. Of an unsigned index Numba does not ask whether it is negative."""
    first_synapse = np.uint64(begin)
    first_target = np.uint64(targets[begin])
    for i in range(end - begin):
        p = first_synapse + np.uint64(i)
        # if dense:
        j = first_target + np.uint64(i)
        # else:
        j = np.uint64(targets[p])
        # end
        weight = weights[p]
        # if eligibility:
        c = eligibilities[p]
        # end
        # if rises:
        rising = risings[p]
        # end
        # if on_pre:
        # for x in pre:
        given__x = now__x / jump__x
        # end
        # for v in seen:
        given__v = seen__v[row, j]
        # end
        # end
        # if hidden:
        learned = OWED
        now = min(max(learned, W_min), W_max)
        # else:
        now = min(max(OWED, W_min), W_max)
        # end
        # if eligibility:
        c = LEARNT
        # if rises:
        rising = RISING_LEARNT
        # end
        # if on_pre:
        if plastic != 0.0:
            change = plastic * on_pre(ARRIVAL_ARGUMENTS)
            c += change * c_scale
            # if rises:
            rising += change * rise_scale
            # end
        # end
        c = REST
        # if rises:
        rising = RISING_REST
        # end
        # else:
        # if on_pre:
        if plastic != 0.0:
            # if hidden:
            learned = scaled_change(learned, on_pre(learned, ARRIVAL_ARGUMENTS), plastic)
            now = min(max(learned, W_min), W_max)
            # else:
            now = min(max(scaled_change(now, on_pre(now, ARRIVAL_ARGUMENTS), plastic), W_min), W_max)
            # end
        # end
        # end
        weight = KEPT
        weights[p] = weight
        # if eligibility:
        eligibilities[p] = c
        # end
        # if rises:
        risings[p] = rising
        # end
        inputs[j] += SENT


@kernel_apart
def function(
    step, rows, counts, VALUES, delays, inputs: Written, event_count: Written, past_factors, SEEN_RINGS, dendritic,
    clock, SUMS, RATES, ENDS, FACTORS, INDEX, SYNAPSES: Written, W_min, W_max, tau_rate__PRE,
    constant__ARRIVAL_CONSTANTS, TIME, RELEASE: Written, RELEASE_OF
):  # fmt: skip
    """Deliver what arrives in this step; the weight sent includes the change due to this arrival."""
    depth = counts.shape[-1]
    n_delays = len(delays)
    s = step - dendritic
    epoch = clock[EPOCH]
    base = clock[BASE]
    plastic = past_factors[s % len(past_factors)]
    # if seen:
    row = (s - dendritic if dendritic > 0 else s - 1) % len(seen__FIRST_SEEN)
    # end
    # for x, amplitude in amplitudes:
    jump__x = amplitude * math.exp((s - base) * tau_rate__x)
    # end
    # if eligibility and not by_target:
    N_now = N[0]
    # end
    # if eligibility:
    c_scale = math.exp((s - base) * c_rate)
    # end
    # if rises:
    c_scale *= rise_gain
    rise_scale = rise_gain * math.exp((s - base) * rise_rate)
    # end
    # if rises and not by_target:
    R_now = R[0]
    # end
    # if arrival_timed:
    arrival_time = s * ms_per_step
    # end
    for d in range(n_delays):
        arriving = (step - delays[d]) % depth
        for k in range(count_in_row(counts, arriving)):
            slot = source_in_row(rows, counts, arriving, k) * n_delays + d
            begin = index[slot]
            end = index[slot + 1]
            if begin == end:
                continue
            event_count[0] += end - begin
            event_count[1] += end - begin if plastic != 0.0 else 0
            since = slot_epoch[slot]
            # if payload:
            value = value_in_row(values, counts, arriving, k)
            # end
            # for x in pre:
            X__x = slot__x[slot]
            now__x = X__x
            # end
            for _ in range(since, epoch):
                # for x in pre:
                now__x *= factor__x
                # end
            # for x in pre:
            # JUMP = jump__x
            # if payload:
            # JUMP = jump__x * value
            # end
            # if x in added:
            new__x = now__x + JUMP
            # else:
            new__x = JUMP
            # end
            # end
            # if short_term:
            after_release__RELEASE_STATE, released_share = release(
                release__RELEASE_STATE[slot], (step - release_last[slot]) * release_dt, release_of__RELEASE_CONSTANTS
            )
            # for v in release_state:
            release__v[slot] = after_release__v
            # end
            release_last[slot] = step
            # end
            if since < epoch:
                catch_up_slot(slot, since, epoch, X__PRE, ENDS, FACTORS, INDEX, OF_SYNAPSES)
            deliver_row(begin, end, targets, OF_SYNAPSES, inputs, OF_TARGETS, OF_ARRIVAL)
            # for x in pre:
            slot__x[slot] = new__x
            # end
            slot_epoch[slot] = epoch
