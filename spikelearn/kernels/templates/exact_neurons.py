"""The updates of the neurons of one population in the exact engine.

One function for each model; `what` is a neuron (0, 1, ...) whose clock is due, SETTLE: apply input that arrived now,
or SAMPLE: write a row of a recording.

refractory: whether there is a refractory period, from a spike to `until`, in which `hold` advances the state. bounded:
whether there is a `soonest`, cheaper than `crossing`. fixed: constants, all_<name> where there is one per neuron;
those are also in `varying`. A neuron's state is as of `last`. Its clock is never later than its next spike; where
`exact`, it is that spike.
"""

import numpy as np

from spikelearn.codegen.jit import Written, kernel, scalar
from spikelearn.kernels.control import NEURON, POPULATION, STEP, STOP
from spikelearn.kernels.event_queue import Clocks, set_clock
from spikelearn.kernels.exact_neurons import SETTLE

# GIVEN = I__CURRENTS, CONSTANTS
# READ = STATE, I__CURRENTS, VARYING


@scalar
def earliest(STATE, since, until, GIVEN):
    """Time at which it fires if nothing arrives, or a lower bound."""
    if until > since:
        # if refractory:
        STATE = hold(STATE, until - since, GIVEN)
        since = until
        # else:
        pass
        # end
    # if bounded:
    return since + soonest(STATE, GIVEN)
    # else:
    return since + crossing(STATE, GIVEN)
    # end


@scalar
def exactly(STATE, since, until, GIVEN):
    """Time at which it fires if nothing arrives."""
    if until > since:
        # if refractory:
        STATE = hold(STATE, until - since, GIVEN)
        since = until
        # else:
        pass
        # end
    return since + crossing(STATE, GIVEN)


@kernel
def function(
    what, clock_time, control: Written, due: Written, heap: Written, place: Written, size: Written, fired: Written,
    n_fired: Written, population, first, touched, n_touched: Written, marked: Written, last: Written,
    all_until: Written, exact: Written, t_ref, all__STATE: Written, all_in__PORTS: Written, all_I__CURRENTS: Written,
    change__CURRENTS: Written, FIXED, dt, variable, ids, steps: Written, values: Written, used: Written
):  # fmt: skip
    now = clock_time[0]
    clocks = Clocks(due, heap, place, size)
    if what == SETTLE:
        for k in range(n_touched[0]):
            i = touched[k]
            marked[i] = 0
            # for name in read:
            name = all__name[i]
            # end
            since = last[i]
            until = all_until[i]
            # if refractory:
            if until > since:
                STATE = hold(STATE, min(until, now) - since, GIVEN)
                since = until
            # end
            if now > since:
                STATE = flow(STATE, now - since, GIVEN)
            held = now <= until
            STATE = receive(STATE, all_in__PORTS[i], 1.0 if held else 0.0, CONSTANTS)
            # for name in ports:
            all_in__name[i] = 0.0
            # end
            # for name in currents:
            I__name += change__name[i]
            change__name[i] = 0.0
            all_I__name[i] = I__name
            # end
            if not (MEMBRANE - MEMBRANE == 0.0) and control[POPULATION] < 0:
                control[STOP] = 1
                control[POPULATION] = population
                control[NEURON] = i
            time = earliest(STATE, now, until, GIVEN)
            if time <= now and not held:
                STATE = reset(STATE, CONSTANTS)
                # if refractory:
                until = now + t_ref[i]
                # end
                all_until[i] = until
                fired[n_fired[0]] = first + i
                n_fired[0] += 1
                time = earliest(STATE, now, until, GIVEN)
            # for name in state:
            all__name[i] = name
            # end
            last[i] = now
            exact[i] = 0
            time = max(time, now + max(now * 2.3e-16, 1e-300))
            if time < due[first + i]:
                set_clock(clocks, first + i, time)
        n_touched[0] = 0
    elif what >= 0:
        i = what
        # for name in read:
        name = all__name[i]
        # end
        if exact[i] == 0:
            time = earliest(STATE, last[i], all_until[i], GIVEN)
            if time <= now:
                time = exactly(STATE, last[i], all_until[i], GIVEN)
                exact[i] = 1
            if time > now:
                set_clock(clocks, first + i, time)
                return
        since = last[i]
        until = all_until[i]
        # if refractory:
        if until > since:
            STATE = hold(STATE, min(until, now) - since, GIVEN)
            since = until
        # end
        if now > since:
            STATE = flow(STATE, now - since, GIVEN)
        STATE = reset(STATE, CONSTANTS)
        # if refractory:
        until = now + t_ref[i]
        # end
        all_until[i] = until
        fired[n_fired[0]] = first + i
        n_fired[0] += 1
        # for name in state:
        all__name[i] = name
        # end
        last[i] = now
        exact[i] = 0
        time = earliest(STATE, now, until, GIVEN)
        set_clock(clocks, first + i, max(time, now + max(now * 2.3e-16, 1e-300)))
    else:
        row = used[0]
        steps[row] = control[STEP]
        for k in range(len(ids)):
            i = ids[k]
            # for name in read:
            name = all__name[i]
            # end
            since = last[i]
            until = all_until[i]
            # if refractory:
            if until > since:
                STATE = hold(STATE, min(until, now) - since, GIVEN)
                since = until
            # end
            if now > since:
                STATE = flow(STATE, now - since, GIVEN)
            # for number, name in variables:
            if variable == number:
                values[row, k] = name
            # end
            if variable == CLOCK_NUMBER:
                values[row, k] = max(0.0, all_until[i] - now) / dt
        used[0] = row + 1
        if row + 1 >= len(steps):
            control[STOP] = 1
