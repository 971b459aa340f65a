"""What a SignalRule's synapses hold at a time: reading, resetting, and plain weights for homeostasis.

The names are those of signal_rule.py, after which this is rendered.
"""

import math

import numpy as np

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.control import STOP
from spikelearn.kernels.signal_rule import BASE, EPOCH, EPOCHS, SWEPT
from spikelearn.kernels.trial_clock import PHASE, STARTS

# SETTLED = X__PRE
# LIMITS = W_min, W_max
# if hidden:
# LIMITS = -math.inf, math.inf
# end
# WHOLE = c
# if rises:
# WHOLE = c - rising
# end
# if eligibility and not by_target:
# SETTLED = X__PRE, N_now
# end
# if rises and not by_target:
# SETTLED = X__PRE, N_now, R_now
# end
# if eligibility:
# AS_IT_IS = weight + c * N_now
# SCALED = c
# for x in pre:
# AS_IT_IS = AS_IT_IS + X__x * M__x__now
# SCALED = SCALED + X__x * H__x__now
# end
# OF_NOW = (SCALED) * math.exp(-(step - clock[BASE]) * c_rate)
# if rises:
# AS_IT_IS = AS_IT_IS - rising * R_now
# RISING_SCALED = rising
# for x in pre:
# RISING_SCALED = RISING_SCALED + X__x * K__x__now
# end
# OF_NOW = OF_NOW, (RISING_SCALED) * math.exp(-(step - clock[BASE]) * rise_rate)
# end
# else:
# AS_IT_IS = weight
# OF_NOW = 0.0
# for x in pre:
# AS_IT_IS = AS_IT_IS + X__x * H__x__now
# end
# end


@kernel
def look(step, slot, p, EVERYTHING):
    """(weight, parts of the eligibility) of one synapse, with the signals that reach it up to this step."""
    j = targets[p]
    weight = weights[p]
    # if eligibility:
    c = eligibilities[p]
    # end
    # if rises:
    rising = risings[p]
    # end
    # for x in pre:
    X__x = slot__x[slot]
    # end
    SYNAPSE = catch_up(SYNAPSE, j, slot_epoch[slot], clock[EPOCH], X__PRE, ENDS, FACTORS)
    for _ in range(slot_epoch[slot], clock[EPOCH]):
        # for x in pre:
        X__x *= factor__x
        # end
    # for x in pre:
    H__x__now = H__x[j]
    # end
    # if eligibility:
    # for x in pre:
    M__x__now = M__x[j]
    # end
    # if by_target:
    N_now = N[j]
    # else:
    N_now = N[0]
    # end
    # end
    # if rises:
    # for x in pre:
    K__x__now = K__x[j]
    # end
    # if by_target:
    R_now = R[j]
    # else:
    R_now = R[0]
    # end
    # end
    for at in range(max(step - dendritic, 0) + 1, step + 1):
        # if eligibility and not by_target:
        increment = released[at % len(released)] * math.exp(-(at - 1 - clock[BASE]) * c_rate)
        N_now += increment
        # for x in pre:
        M__x__now += H__x__now * increment
        # end
        # end
        # if rises and not by_target:
        rise_increment = released_rise[at % len(released)] * math.exp(-(at - 1 - clock[BASE]) * rise_rate)
        R_now += rise_increment
        # for x in pre:
        M__x__now -= K__x__now * rise_increment
        # end
        # end
        g = gain[(at - dendritic) % len(gain), j]
        # for x in pre:
        H__x__now += g * math.exp(-(at - clock[BASE]) * rate__x)
        # end
        # if rises:
        # for x in pre:
        K__x__now += g * math.exp(-(at - clock[BASE]) * rising_rate__x)
        # end
        # end
        # if by_target:
        increment = third[(at - dendritic) % len(third), j] * math.exp(-(at - clock[BASE]) * c_rate)
        N_now += increment
        # for x in pre:
        M__x__now += H__x__now * increment
        # end
        # end
        # if rises and by_target:
        rise_increment = third[(at - dendritic) % len(third), j] * math.exp(-(at - clock[BASE]) * rise_rate)
        R_now += rise_increment
        # for x in pre:
        M__x__now -= K__x__now * rise_increment
        # end
        # end
    return min(max(AS_IT_IS, W_min), W_max), OF_NOW


# ARRIVED = rows, counts, CARRIED, delays, past_factors, SEEN_RINGS
# HANDLED = tau_rate__PRE, constant__ARRIVAL_CONSTANTS, TIME
# LOOKED = PARTS
# if not eligibility:
# LOOKED = c
# end


@kernel
def reached(step, slot, p, ARRIVED, EVERYTHING, HANDLED):
    """The same with arrivals that are still on their way through the dendrite, each in its step.

    Not in closed form, for which X would grow too far.
    """
    j, source, delay, depth = targets[p], slot // len(delays), delays[slot % len(delays)], counts.shape[1]
    start = max(step - dendritic, 0)
    weight, LOOKED = look(start, slot, p, AT_SYNAPSE)
    if dendritic == 0:
        return min(max(weight, W_min), W_max), WHOLE
    # for x in pre:
    x__now = slot__x[slot] * math.exp(-(start - clock[BASE]) * tau_rate__x)
    # end
    for _ in range(slot_epoch[slot], clock[EPOCH]):
        # for x in pre:
        x__now *= factor__x
        # end
    # for x in pre:
    decay__x = math.exp(-tau_rate__x)
    # end
    # if eligibility:
    c_decay = math.exp(-c_rate)
    # end
    # if rises:
    rise_decay = math.exp(-rise_rate)
    # end
    for s in range(step - dendritic + 1, step + 1):
        row, plastic = (s - dendritic) % len(gain), past_factors[s % len(past_factors)]
        # if eligibility and not by_target:
        weight += c * released[s % len(released)]
        # end
        # if rises and not by_target:
        weight -= rising * released_rise[s % len(released)]
        # end
        # if eligibility:
        c *= c_decay
        # end
        # if rises:
        rising *= rise_decay
        # end
        # for x in pre:
        x__now *= decay__x
        TAUGHT += x__now * gain[row, j]
        # if rises:
        rising += x__now * gain[row, j]
        # end
        # end
        # if by_target:
        weight += (WHOLE) * third[row, j]
        # end
        # if arrival_timed:
        arrival_time = s * ms_per_step
        # end
        emitted = (s + dendritic - delay) % depth
        for share in range(len(counts)):
            k = first_in_row(rows, counts, share, emitted, source)
            while k < counts[share, emitted] and rows[share, emitted, k] == source:
                # if not hidden:
                weight = min(max(weight, W_min), W_max)
                # end
                # if on_pre:
                if plastic != 0.0:
                    # for x, amplitude in amplitudes:
                    given__x = x__now / amplitude
                    # end
                    # for v in seen:
                    given__v = seen__v[row, j]
                    # end
                    # if eligibility:
                    change = plastic * on_pre(ARRIVAL_ARGUMENTS)
                    # if rises:
                    change *= rise_gain
                    rising += change
                    # end
                    c += change
                    # else:
                    weight = scaled_change(weight, on_pre(weight, ARRIVAL_ARGUMENTS), plastic)
                    # if not hidden:
                    weight = min(max(weight, W_min), W_max)
                    # end
                    # end
                # end
                # for x, amplitude in amplitudes:
                # JUMP = amplitude
                # if payload:
                # JUMP = amplitude * carried[share, emitted, k]
                # end
                # if x in added:
                x__now += JUMP
                # else:
                x__now = JUMP
                # end
                # end
                k += 1
    return min(max(weight, W_min), W_max), WHOLE


@kernel
def read(
    step, every, start, what, slots, positions, room, steps: Written, values: Written, used: Written, control: Written,
    ARRIVED, EVERYTHING, HANDLED
):  # fmt: skip
    """Write the current weights (what = 0) or eligibilities (1), from step `start` on, without changing them."""
    if step >= start and step % every == 0:
        row = used[0]
        steps[row] = step
        for k in range(len(positions)):
            now, c_now = reached(step, slots[k], positions[k], ARRIVED, EVERYTHING, HANDLED)
            values[row, k] = now if what == 0 else c_now
        used[0] = row + 1
        if row + 1 + room > len(steps):
            control[STOP] = 1


@kernel
def settle_row(begin, end, targets, weights: Written, ELIGIBILITIES, OF_TARGETS, SETTLED, W_min, W_max):
    """Put what `look` finds in place of q, at the synapses of a slot that no signal has yet to reach."""
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
        # for x in pre:
        H__x__now = H__x[j]
        # end
        # if eligibility:
        # for x in pre:
        M__x__now = M__x[j]
        # end
        # end
        # if by_target:
        N_now = N[j]
        # end
        # if rises:
        rising = risings[p]
        # end
        # if rises and by_target:
        R_now = R[j]
        # end
        weights[p] = min(max(AS_IT_IS, W_min), W_max)


@kernel
def reset(
    step, clock_of_trials, phase, first, last, OWN: Written, DELAYS: Written, SEEN_RINGS: Written, start__STARTS, GIVEN,
    clock, gain: Written, SYNAPSES: Written, W_min, W_max
):  # fmt: skip
    """At the start of a phase: keep the weights; reset traces, eligibilities and the rule's own variables."""
    if clock_of_trials[STARTS] == 0 or clock_of_trials[PHASE] != phase:
        return
    epoch = clock[EPOCH]
    # if eligibility and not by_target:
    N_now = N[0]
    # end
    # if rises and not by_target:
    R_now = R[0]
    # end
    for slot in range(len(slot_epoch)):
        begin = index[slot]
        end = index[slot + 1]
        since = slot_epoch[slot]
        if dendritic > 0:
            for p in range(begin, end):
                weights[p] = look(step - 1, slot, p, LEARNED)[0]
        elif begin < end:
            # for x in pre:
            X__x = slot__x[slot]
            # end
            if since < epoch:
                catch_up_slot(slot, since, epoch, X__PRE, ENDS, FACTORS, INDEX, OF_SYNAPSES)
            for _ in range(since, epoch):
                # for x in pre:
                X__x *= factor__x
                # end
            settle_row(begin, end, targets, OF_SYNAPSES, OF_TARGETS, SETTLED, LIMITS)
        # if eligibility:
        for p in range(begin, end):
            eligibilities[p] = 0.0
            # if rises:
            risings[p] = 0.0
            # end
        # end
        slot_epoch[slot] = epoch
        # for x in pre:
        slot__x[slot] = 0.0
        # end
    for j in range(first, last):
        # for v in state:
        own__v[j] = start__v[j]
        # end
        # for v in delayed:
        for r in range(len(delay__v)):
            delay__v[r, j] = start__v[j]
        # end
        # for v in seen:
        for r in range(len(seen__v)):
            seen__v[r, j] = start__v[j]
        # end
        for r in range(len(gain)):
            gain[r, j] = 0.0


@kernel
def materialize(step, due, GIVEN, clock: Written, gain, SYNAPSES: Written, W_min, W_max):
    """For homeostasis and rewiring: replace q in weights[p] by the current weight."""
    if due[0] != 0:
        sweep(clock, ENDS, FACTORS, INDEX, SYNAPSES)
        for slot in range(len(slot_epoch)):
            for p in range(index[slot], index[slot + 1]):
                weights[p] = look(step, slot, p, LEARNED)[0]


@kernel
def dematerialize(step, due, GIVEN, clock, gain, weights: Written, ELIGIBILITIES, slot_epoch, slot__PRE):
    """Back to q: subtract what `look` adds to it."""
    if due[0] != 0:
        for slot in range(len(slot_epoch)):
            for p in range(index[slot], index[slot + 1]):
                now = look(step, slot, p, UNLIMITED)[0]
                weights[p] -= now - weights[p]


# if eligibility:


@kernel
def forget(
    step, n_moved, moved, GIVEN, clock, gain, weights, ELIGIBILITIES: Written, slot_epoch, slot__PRE, W_min, W_max
):  # fmt: skip
    """Reset the eligibility of synapses with new targets, given by their indices in ascending order."""
    k = 0
    for slot in range(len(slot_epoch)):
        for p in range(index[slot], index[slot + 1]):
            if k < n_moved[0] and moved[k] == p:
                k += 1
                eligibilities[p] = 0.0
                # if rises:
                risings[p] = 0.0
                # end
                weight, PARTS = look(step, slot, p, EVERYTHING)
                eligibilities[p] = -c * math.exp((step - clock[BASE]) * c_rate)
                # if rises:
                risings[p] = -rising * math.exp((step - clock[BASE]) * rise_rate)
                # end


# end
