"""The loops of a StepRule (plasticity/step_rule.py): arrivals, function, remember and reset.

pre: traces of the source, one for each slot, a source and a delay; `added` grow at an arrival, others are set by it.
arriving: what `learn` also gets of the source. read: what it gets of the target; before: variables of which it gets the
values of the step before. draws: (name, "uniform" or "normal", its number) of each random number. takes: all arguments
of `learn`, in order. It returns the weight and the state.

in_runs: synapses lie in runs of one slot, whose targets are consecutive, and whose numbers if there are draws are
`stride` apart: their loop works on vectors. Else each looks up its slot and its target.
"""

from spikelearn.codegen.jit import Written, kernel, scalar
from spikelearn.kernels.events import count_in_row, source_in_row
from spikelearn.kernels.learning_factor import scaled_change
from spikelearn.kernels.step_rule import FIRST_DRAW
from spikelearn.kernels.trial_clock import PHASE, STARTS

# if payload:
from spikelearn.kernels.events import value_in_row

# end
# if draws:
from spikelearn.kernels.random import normal, stream, uniform

# end
# OF_SLOT = PRE, ARRIVING
# VALUES =
# if payload:
# VALUES = values
# end
# PLACES = slot_of, targets
# if in_runs:
# PLACES = run_slot, run_begin, run_target
# end
# RANDOM =
# if draws:
# RANDOM = seed, key, numbers
# if in_runs:
# RANDOM = seed, key, numbers, stride
# end
# end
# MODULATOR =
# if modulated:
# MODULATOR = concentration
# end
# TIME =
# if timed:
# TIME = ms_per_step
# end
# INTERVAL =
# if spaced:
# INTERVAL = every
# end


@kernel
def arrivals(
    step, rows, counts, VALUES, delays, first_slot, last_slot, slot__PRE: Written, decay__PRE, slot__ARRIVING: Written
):  # fmt: skip
    """Traces of the source decay over this step, and take up what arrives in it."""
    # for x in pre:
    now__x = slot__x[first_slot:last_slot]
    for i in range(len(now__x)):
        now__x[i] *= decay__x
    # end
    # for name in arriving:
    now__name = slot__name[first_slot:last_slot]
    for i in range(len(now__name)):
        now__name[i] = 0.0
    # end
    depth = counts.shape[-1]
    n_delays = len(delays)
    for d in range(n_delays):
        row = (step - delays[d]) % depth
        for k in range(count_in_row(counts, row)):
            slot = source_in_row(rows, counts, row, k) * n_delays + d
            if first_slot <= slot and slot < last_slot:
                # if payload:
                value = value_in_row(values, counts, row, k)
                # else:
                value = 1.0
                # end
                # for x in pre:
                # if x in added:
                slot__x[slot] += value
                # else:
                slot__x[slot] = value
                # end
                # end
                # for name in arriving:
                # if name == "arrives":
                slot__name[slot] = 1.0
                # else:
                slot__name[slot] = value
                # end
                # end


@scalar
def changed(factor, W_min, W_max, u__TAKES):
    """The weight and the state of a synapse after this step."""
    # if state:
    new_weight, new__STATE = learn(u__TAKES)
    # else:
    new_weight = learn(u__TAKES)
    # end
    new_weight = min(max(scaled_change(u_weight, new_weight, factor), W_min), W_max)
    return new_weight if factor != 0.0 else u_weight, new__STATE


@kernel
def function(
    step, learning_factor, INTERVAL, TIME, PLACES, RANDOM, MODULATOR, slot__OF_SLOT, read__READ, weights: Written,
    state__STATE: Written, event_count: Written, W_min, W_max, constant__CONSTANTS
):  # fmt: skip
    """Evaluate the rule for each synapse."""
    # if spaced:
    if step % every != 0:
        return
    # end
    factor = learning_factor[0]
    # if not state_goes_on:
    if factor == 0.0:
        return
    # end
    event_count[1] += len(weights) if factor != 0.0 else 0
    # if draws:
    start, increment = stream(seed, key, step)
    # end
    # if modulated:
    u_n = concentration[0]
    # end
    # if timed:
    u_t = step * ms_per_step
    # end
    # for name in constants:
    u__name = constant__name
    # end
    # if in_runs:
    for r in range(len(run_slot)):
        slot = run_slot[r]
        begin = run_begin[r]
        end = run_begin[r + 1]
        first = run_target[r]
        # for x in of_slot:
        u__x = slot__x[slot]
        # end
        # for v in read:
        now__v = read__v[first : first + end - begin]
        # end
        weights_now = weights[begin:end]
        # for v in state:
        now__v = state__v[begin:end]
        # end
        for i in range(len(weights_now)):
            u_weight = weights_now[i]
            # for v in state:
            u__v = now__v[i]
            # end
            # for v in read:
            u__v = now__v[i]
            # end
            # for name, kind, k in draws:
            u__name = kind(start, increment, FIRST_DRAW + PER_SYNAPSE * (numbers[r] + i * stride) + k)
            # end
            # if state:
            weights_now[i], now__STATE[i] = changed(factor, W_min, W_max, u__TAKES)
            # else:
            weights_now[i] = changed(factor, W_min, W_max, u__TAKES)
            # end
    # else:
    for i in range(len(weights)):
        slot = slot_of[i]
        target = targets[i]
        # for x in of_slot:
        u__x = slot__x[slot]
        # end
        u_weight = weights[i]
        # for v in state:
        u__v = state__v[i]
        # end
        # for v in read:
        u__v = read__v[target]
        # end
        # for name, kind, k in draws:
        u__name = kind(start, increment, FIRST_DRAW + PER_SYNAPSE * numbers[i] + k)
        # end
        # if state:
        weights[i], state__STATE[i] = changed(factor, W_min, W_max, u__TAKES)
        # else:
        weights[i] = changed(factor, W_min, W_max, u__TAKES)
        # end
    # end


@kernel
def remember(step, first, last, post__BEFORE, before__BEFORE: Written):
    """Keep the state of the targets for the next step."""
    # for v in before:
    for j in range(first, last):
        before__v[j] = post__v[j]
    # end


@kernel
def reset(
    step, clock, phase, first_slot, last_slot, slot__PRE: Written, state__STATE: Written, initial__STATE, first, last,
    before__BEFORE: Written, start__BEFORE
):  # fmt: skip
    """At the start of a phase: keep the weights; state, traces and what is remembered begin anew."""
    if clock[STARTS] == 0 or clock[PHASE] != phase:
        return
    # for x in pre:
    for slot in range(first_slot, last_slot):
        slot__x[slot] = 0.0
    # end
    # for v in state:
    for p in range(len(state__v)):
        state__v[p] = initial__v
    # end
    # for v in before:
    for j in range(first, last):
        before__v[j] = start__v[j]
    # end
