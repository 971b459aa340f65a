"""The loops of a plasticity rule that learns at events: deliver, push (post events), sweep, read and reset.

Rendered after event_synapse.py: the lists and the functions of synapses are those made there.

Post events wait in a history of each neuron, a ring that ends before index `event_end`, until a synapse's next
arrival, its weight is read, or the history is nearly full; then their effect is computed in closed form. `unread` is,
for each synapse, the index of the first event that it has not applied; those before `due_end` are due, which equals
`event_end` unless there is a dendritic delay. Arrivals see those before `past_end`, in the rows of `past`, which are
explained in event_synapse.py. `event_factor` is the factor of what each event changes; `any_scaled` is 1 as soon as one
of them was not 1.
"""

import math

from spikelearn.codegen.jit import Written, kernel, scalar
from spikelearn.kernels.control import STOP
from spikelearn.kernels.deliver import fetch_run
from spikelearn.kernels.event_rule import ALL, FEW, LATEST, LONG_AGO, NEVER, SOME, WANTED
from spikelearn.kernels.events import count_in_row, source_in_row, times_in_row
from spikelearn.kernels.traces import LARGEST, LEAST, decay, later
from spikelearn.kernels.trial_clock import PHASE, STARTS

# if modulated:
from spikelearn.kernels.modulators import extremes

# end
# if rises:
from spikelearn.kernels.modulators import range_of

# end

instructions_unswitched = 400
"""Exponents of rules are looked at before loops over synapses, not in them (codegen/whole_entries.py)."""


@kernel
def advance_post_traces(
    step, rows, counts, dendritic, moves_every, WAITING, SWEEPS: Written, SWEPT_ALL: Written,
    origin: Written, due_end: Written, event_end,
    event_step, EVENT_VALUES, SIGNS: Written, PAST: Written, POST_TABLES, SUMMED_TABLES, SUM_LIMITS
):  # fmt: skip
    """From this step on, let arrivals apply or see the events that are old enough."""
    mask = event_step.shape[1] - 1
    s = step - dendritic
    row = (step - 2 * dendritic - 1) % len(counts)
    for k in range(counts[row]):
        j = rows[row, k]
        h = int(past_end[j])
        while h != event_end[j] and event_step[j, h] < s:
            # for column, y in seen:
            grown = 1.0 / decay(event_step[j, h] - origin[0], y__coarse, y__fine)
            # if y in added:
            past[j, column] = (event__y[j, h] + 1.0) * grown
            # else:
            past[j, column] = grown
            # end
            # end
            h = (h + 1) & mask
        past_end[j] = h
    row = (step - 2 * dendritic) % len(counts)
    if dendritic > 0:
        for k in range(counts[row]):
            j = rows[row, k]
            h = int(due_end[j])
            while h != event_end[j] and event_step[j, h] <= s:
                # if summed:
                enter_sum(j, h, ORIGIN, past, event_step, EVENT_VALUES, SIGNS, SUMMED_TABLES, SUM_LIMITS)
                # end
                h = (h + 1) & mask
            due_end[j] = h
    if s - origin[0] >= moves_every:
        move_origin_of_past(s - origin[0], past, POST_TABLES, SUMMED_TABLES)
        origin[0] = s
        # if summed:
        if step - waited_since[0] >= longest_wait:
            waited_since[0] = step
            sweeps[WANTED] = ALL
        # end


@scalar
def move_origin_of_past(steps, past, POST_TABLES, SUMMED_TABLES):
    """Refer the rows of all targets to an origin that is so many steps later."""
    # for column, y in seen:
    y__factor = decay(steps, y__coarse, y__fine)
    for j in range(len(past)):
        kept = past[j, column] * y__factor
        past[j, column] = kept if kept > LEAST else 0.0
    # end
    # for x in summed:
    left = decay(steps, x__coarse, x__fine)
    grown = 1.0 / left if left > 0.0 else 0.0
    for j in range(len(past)):
        now = past[j, FIRST_SUM]
        for k in range(FIRST_SUM, FIRST_SUM + FEW):
            past[j, k] = min(max((past[j, k] - now) * grown, -LARGEST), LARGEST)
    # end


@kernel
def function(
    step, rows, counts, delays, inputs: Written, event_count: Written, past_factors, dendritic, MODULATOR,
    RUNNING: Written, DECAYS, SWEEPS, ARRIVED: Written, TAKEN_UP: Written, EVENTS, SIGNS,
    origin, past, POST_TABLES, GIVEN,
    RELEASE: Written, RELEASE_OF
):  # fmt: skip
    """Deliver what arrives in this step; the weight sent includes the change due to this arrival."""
    depth = counts.shape[1]
    n_delays = len(delays)
    # for x in averaged:
    running__x[0] *= decay__x
    # end
    for d in range(n_delays):
        row = (step - delays[d]) % depth
        n_due = count_in_row(counts, row)
        for k in range(n_due):
            slot = source_in_row(rows, counts, row, k) * n_delays + d
            begin = index[slot]
            end = index[slot + 1]
            ahead = index[source_in_row(rows, counts, row, min(k + 1, n_due - 1)) * n_delays + d] - begin
            if begin == end:
                continue
            event_count[0] += end - begin
            if k == 0:
                # for array in fetched:
                fetch_run(index, array, slot)
                # end
            s = step - dendritic
            last = last_arrival[slot]
            after = consumed[slot]
            through = s if dendritic > 0 else s - 1
            plastic = past_factors[s % len(past_factors)]
            event_count[1] += end - begin if plastic != 0.0 else 0
            run = targets[begin:end]
            # for v, array in kept:
            run__array = array[begin:end]
            # end
            run_unread = unread[begin:end]
            # if modulated:
            before = slot_extremes[slot]
            until = extreme_counts[s & (len(extreme_counts) - 1)]
            N = integrals[s & (len(integrals) - 1)]
            E = scales[s & (len(scales) - 1)]
            # end
            # if modulated and not rises:
            N_low, N_high = extremes(extreme_N, before, until)
            # end
            # if rises:
            R = integrals_rise[s & (len(integrals) - 1)]
            F = scales_rise[s & (len(scales) - 1)]
            begun = max(after, last) & (len(integrals) - 1)
            span_end = s
            N_low, N_high = range_of(extreme_N, before, until, integrals[begun], N)
            R_low, R_high = range_of(extreme_R, before, until, integrals_rise[begun], R)
            # end
            # if summed:
            if any_mixed[0] != 0 or dendritic > 0 or after < sweeps[LATEST]:
                take_up(run, queue, RUNS, last, slot__PRE[slot], SINCE, SHARED)
            # else:
            take_up(run, queue, RUNS, last, slot__PRE[slot], SHARED)
            # end
            # for x in pre:
            x__now = slot__x[slot] * decay(s - last, x__coarse, x__fine)
            # end
            # for y in post:
            y__factor = decay(s - origin[0], y__coarse, y__fine)
            # end
            # for x in summed:
            mask = event_step.shape[1] - 1
            sum_gain = later(slot__x[slot], origin[0] - last, x__coarse, x__fine)
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
            # Compiled twice, since the multiplication takes a tenth longer.
            if plastic == 1.0:
                arrive(run, RUNS, ARRIVAL, 1.0, ARRIVING, RELEASED, inputs)
            elif LEARNS:
                arrive(run, RUNS, ARRIVAL, plastic, ARRIVING, RELEASED, inputs)
            # if not state_goes_on and not summed:
            else:
                for i in range(len(run)):
                    # for v, array in kept:
                    v = run__array[i]
                    # end
                    inputs[run[i]] += SENT
            # end
            # for x in pre:
            # if x in added:
            slot__x[slot] = x__now + 1.0
            # else:
            slot__x[slot] = 1.0
            # end
            # end
            last_arrival[slot] = s
            consumed[slot] = through
            # if modulated:
            slot_extremes[slot] = until
            # end
            # for x in averaged:
            running__x[0] += (end - begin) / len(weights)
            # end


@kernel
def push(
    step, rows, counts, dendritic, sweeps: Written, since_sweep: Written, learning_factor, RUNNING, values__READS,
    event_end: Written, event_step: Written, EVENT_VALUES: Written, POST_TABLES, SIGNS: Written,
    SUMS: Written, ORIGIN, SUMMED_TABLES, SUM_LIMITS
):  # fmt: skip
    """Enter the post events that reach the synapses in this step into the histories of their neurons.

    A sweep updates the synapses that have had neither sweep nor arrival since the last sweep; hence the histories hold
    all pending events if at most half of each is filled between two sweeps.
    """
    row = (step - dendritic) % len(counts)
    mask = event_step.shape[1] - 1
    for k in range(counts[row]):
        j = rows[row, k]
        h = int(event_end[j])
        g = (h - 1) & mask
        # for y in post:
        # if y in added:
        event__y[j, h] = (
            (event__y[j, g] + 1.0) * decay(step - event_step[j, g], y__coarse, y__fine)
            if event_step[j, g] != LONG_AGO
            else 0.0
        )
        # else:
        event__y[j, h] = (
            1.0 * decay(step - event_step[j, g], y__coarse, y__fine) if event_step[j, g] != LONG_AGO else 0.0
        )
        # end
        # end
        # for x in averaged:
        event_mean__x[j, h] = running__x[0]
        # end
        # for y in reads:
        event__y[j, h] = values__y[row, k]
        # end
        event_factor[j, h] = learning_factor[0]
        if learning_factor[0] != 1.0:
            any_scaled[0] = 1
        event_step[j, h] = step
        # if summed:
        if dendritic == 0:
            enter_sum(j, h, ORIGIN, past, event_step, EVENT_VALUES, SIGNS, SUMMED_TABLES, SUM_LIMITS)
        # end
        event_end[j] = (h + 1) & mask
        since_sweep[j] += 1
        if since_sweep[j] >= (mask - dendritic) // 2:
            sweeps[WANTED] = max(sweeps[WANTED], SOME)


@kernel
def sweep(
    step, sweeps: Written, since_sweep: Written, dendritic, MODULATOR, SWEPT: Written, ARRIVED, TAKEN_UP: Written,
    EVENTS, SUMMED_UP, GIVEN
):  # fmt: skip
    """If requested, update all synapses, or those that have not been updated since the previous sweep."""
    wanted = sweeps[WANTED]
    if wanted == 0:
        return
    through = step - dendritic
    before_last = sweeps[LATEST]
    sweeps[WANTED] = 0
    sweeps[LATEST] = through
    for j in range(len(since_sweep)):
        since_sweep[j] = 0
    for slot in range(len(last_arrival)):
        begin = index[slot]
        end = index[slot + 1]
        last = last_arrival[slot]
        after = consumed[slot]
        if begin == end or (wanted == SOME and after >= before_last):
            continue
        run = targets[begin:end]
        # for v, array in kept:
        run__array = array[begin:end]
        # end
        run_unread = unread[begin:end]
        # if modulated:
        before = slot_extremes[slot]
        until = extreme_counts[through & (len(extreme_counts) - 1)]
        # end
        # if modulated and not rises:
        N_low, N_high = extremes(extreme_N, before, until)
        # end
        # if rises:
        begun = max(after, last) & (len(integrals) - 1)
        now = through & (len(integrals) - 1)
        span_end = through
        N_low, N_high = range_of(extreme_N, before, until, integrals[begun], integrals[now])
        R_low, R_high = range_of(extreme_R, before, until, integrals_rise[begun], integrals_rise[now])
        # end
        take_up(run, queue, RUNS, last, slot__PRE[slot], SINCE, SHARED)
        # if summed:
        if wanted == SOME:
            continue
        # end
        # for x in summed:
        mask = event_step.shape[1] - 1
        sum_gain = later(slot__x[slot], origin[0] - last, x__coarse, x__fine)
        for i in range(len(run)):
            run_weights[i] = catch_up(run_weights[i], run[i], run_unread[i], OF_SUM, due_end, past, W_min, W_max)
            run_unread[i] = due_end[run[i]]
        # end
        consumed[slot] = through
        # if modulated:
        slot_extremes[slot] = until
        # end
    # if modulated:
    if wanted == ALL:
        swept[0] = extreme_counts[through & (len(extreme_counts) - 1)]
    # end


@kernel
def read(
    step, every, start, what, slots, positions, room, steps: Written, values: Written, used: Written, control: Written,
    rows, counts, delays, past_factors, dendritic, UPDATE, MODULATOR, ARRIVED, TAKEN_UP, EVENTS, SIGNS, origin, PAST,
    POST_TABLES, GIVEN
):  # fmt: skip
    """Write the current values of a variable of the synapses, from step `start` on, without changing them.

    what: its number: 0 for the weight, 1 for the eligibility if there is one, then state and traces. Current is what
    has happened at the synapse, so arrivals count that are still on their way through the dendrite.
    """
    if step >= start and step % every == 0:
        mask, depth = event_step.shape[1] - 1, counts.shape[1]
        row = used[0]
        steps[row] = step
        for k in range(len(positions)):
            slot, p = slots[k], positions[k]
            last, after = last_arrival[slot], consumed[slot]
            j, h = targets[p], int(unread[p])
            # for v, array in kept:
            v = array[p]
            # end
            # for x in pre:
            x__at = slot__x[slot]
            # end
            # for column, y in seen:
            past__y__now = past[j, column]
            # end
            past_step_now, g = int(origin[0]), int(past_end[j])
            # if modulated:
            before = slot_extremes[slot]
            until = extreme_counts[step & (len(extreme_counts) - 1)]
            # end
            # if modulated and not rises:
            N_low, N_high = extremes(extreme_N, before, until)
            # end
            # if rises:
            begun = max(after, last) & (len(integrals) - 1)
            span_end = step
            N_low, N_high = range_of(extreme_N, before, until, integrals[begun], integrals[step & (len(integrals) - 1)])
            R_low, R_high = range_of(
                extreme_R, before, until, integrals_rise[begun], integrals_rise[step & (len(integrals) - 1)]
            )
            # end
            for s in range(step - dendritic + 1, step + 1):
                emitted = (s + dendritic - delays[slot % len(delays)]) % depth
                for _ in range(times_in_row(rows, counts, emitted, slot // len(delays))):
                    while h != event_end[j] and event_step[j, h] <= s:
                        SYNAPSE = learn(SYNAPSE, j, h, last, PRE__at, event_factor[j, h], SHARED)
                        h = (h + 1) & mask
                    while g != event_end[j] and event_step[j, g] < s:
                        past_step_now = int(event_step[j, g])
                        # for y in post:
                        # if y in added:
                        past__y__now = event__y[j, g] + 1.0
                        # else:
                        past__y__now = 1.0
                        # end
                        # end
                        g = (g + 1) & mask
                    # for x in pre:
                    x__now = x__at * decay(s - last, x__coarse, x__fine)
                    # end
                    # for y in post:
                    y = past__y__now * decay(s - past_step_now, y__coarse, y__fine)
                    # end
                    # if rises:
                    span_end = s
                    # end
                    # if modulated:
                    last_extreme, until = until, extreme_counts[s & (len(extreme_counts) - 1)]
                    weight = limited(SYNAPSE, j, h, last, HELD)
                    before, until = until, last_extreme
                    N, E = integrals[s & (len(integrals) - 1)], scales[s & (len(scales) - 1)]
                    # end
                    # if rises:
                    R, F = integrals_rise[s & (len(integrals) - 1)], scales_rise[s & (len(scales) - 1)]
                    # end
                    plastic = past_factors[s % len(past_factors)]
                    if LEARNS:
                        SYNAPSE = meet(SYNAPSE, s, last, PRE__now, POST, AT_ARRIVAL, plastic, LIMITS)
                    # for x in pre:
                    # if x in added:
                    x__at = x__now + 1.0
                    # else:
                    x__at = 1.0
                    # end
                    # end
                    last = s
                    after = s
                # if gathers:
                if s > 0 and s % update_every == 0 and past_factors[s % len(past_factors)] != 0.0:
                    while h != event_end[j] and event_step[j, h] <= s:
                        SYNAPSE = learn(SYNAPSE, j, h, last, PRE__at, event_factor[j, h], SHARED)
                        h = (h + 1) & mask
                    weight = min(max(weight + gathered, W_min), W_max)
                    gathered = 0.0
                # end
            while h != event_end[j]:
                SYNAPSE = learn(SYNAPSE, j, h, last, PRE__at, event_factor[j, h], SHARED)
                h = (h + 1) & mask
            # if modulated:
            N = integrals[step & (len(integrals) - 1)]
            # end
            # if rises:
            R = integrals_rise[step & (len(integrals) - 1)]
            span_end = step
            # end
            # if modulated:
            if MAY_EXCEED:
                weight = limited(SYNAPSE, j, h, last, HELD)
            now = OWED
            values[row, k] = min(max(now, W_min), W_max)
            if what == 1:
                values[row, k] = eligibility * math.exp(-(step - base[0]) * dt / tau_c)
                # if rises:
                values[row, k] -= rising * math.exp(-(step - base[0]) * dt / tau_rise)
                # end
            # else:
            values[row, k] = weight
            # end
            # for number, v in readable_state:
            if what == number:
                values[row, k] = v
            # end
            # for number, x in readable_pre:
            if what == number:
                values[row, k] = x__at * decay(step - last, x__coarse, x__fine)
            # end
            # for number, y in readable_post:
            if what == number:
                h = (int(event_end[j]) - 1) & mask
                values[row, k] = 0.0
                if event_step[j, h] != LONG_AGO:
                    # if y in added:
                    y = event__y[j, h] + 1.0
                    # else:
                    y = 1.0
                    # end
                    values[row, k] = y * decay(step - event_step[j, h], y__coarse, y__fine)
            # end
        used[0] = row + 1
        if row + 1 + room > len(steps):
            control[STOP] = 1


@kernel
def reset(
    step, clock, phase, sweeps: Written, since_sweep: Written, dendritic, initial__STATE, MODULATOR, RUNNING: Written,
    SWEPT: Written, ARRIVED: Written, TAKEN_UP: Written, HISTORIES: Written, EVENT_VALUES, SIGNS: Written, origin,
    PAST: Written, GIVEN
):  # fmt: skip
    """At the start of a phase: keep the weights; reset traces, state, pending events and eligibilities."""
    if clock[STARTS] == 0 or clock[PHASE] != phase:
        return
    sweeps[WANTED] = ALL
    sweep(step - 1, sweeps, since_sweep, dendritic, MODULATOR, SWEPT, ARRIVED, TAKEN_UP, EVENTS, SUMMED_UP, GIVEN)
    for slot in range(len(last_arrival)):
        # for x in pre:
        slot__x[slot] = 0.0
        # end
        last_arrival[slot] = NEVER
    for p in range(len(weights)):
        unread[p] = 0
        # if modulated:
        now = weights[p] + eligibilities[p] * integrals[(step - 1) & (len(integrals) - 1)]
        # if rises:
        now -= risings[p] * integrals_rise[(step - 1) & (len(integrals) - 1)]
        risings[p] = 0.0
        # end
        weights[p] = min(max(now, W_min), W_max)
        eligibilities[p] = 0.0
        # else:
        weights[p] = min(max(weights[p], W_min), W_max)
        # end
        # for v in state:
        synapse__v[p] = initial__v
        # end
    for j in range(len(event_end)):
        event_end[j] = due_end[j] = past_end[j] = 0
        for h in range(event_step.shape[1]):
            event_step[j, h] = LONG_AGO
        for column in range(past.shape[1]):
            past[j, column] = 0.0
        # if summed:
        mixed[j] = 0
        # end
    # if summed:
    any_mixed[0] = 0
    # end
    # for x in averaged:
    running__x[0] = 0.0
    # end
