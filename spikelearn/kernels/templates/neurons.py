"""The loop that advances one population, or a share of one that begins with its neuron `first_id`, by one step.

state, ports, currents: of the model, `membrane` the first of its state. given: the ports whose input is in arrays;
nothing arrives at others, or it is added to the state after this loop. noisy: the currents that also have noise.
fixed: constants, all_<name> where there is one per neuron, the_<name> otherwise; `held`: what they are for neuron i.
draws: "uniform" or "normal" for each random number that a neuron gets in a step, with its number. at_event: they are
for `at_event`, which is called for the neurons that emitted something. kinds: those reported by the step, each with
its bit of the mask. ahead: the ports with a ring of inputs that were delivered ahead, (steps, neurons), in which this
population begins at neuron `first_ahead`. reads: what the step takes among t, i and N: the time at which it begins, and
the neuron and the size of its whole population. wide: whether there are enough neurons for vectors of 512 bits.
"""

import numpy as np

from spikelearn.codegen.jit import Written, kernel_apart, wide
from spikelearn.kernels.control import NEURON, POPULATION, STEP, STOP
from spikelearn.kernels.events import EVENTS, WRONG, collect, gathered

# if draws:
from spikelearn.kernels.random import normal, stream, uniform
# end

# OTHERS =
# DRAWN =
# if draws:
# OTHERS = seed, key, first_id
# DRAWN = kind(start, increment, PER_NEURON * (first_id + i) + k) for kind, k in draws
# end
# READ =
# if "t" in reads:
# OTHERS = OTHERS, dt
# READ = READ, t
# end
# if "i" in reads:
# if not draws:
# OTHERS = OTHERS, first_id
# end
# READ = READ, 1.0 * (first_id + i)
# end
# if "N" in reads:
# OTHERS = OTHERS, population_size
# READ = READ, population_size
# end
# RINGS = kind__rows, kind__counts for kind, bit in kinds
# FIRST =
# if ahead:
# FIRST = first_ahead
# end
# RECEIVED =
# for name in ports:
# if name in given:
# if name in ahead:
# RECEIVED = RECEIVED, all_in__name[i] + row__name[i]
# else:
# RECEIVED = RECEIVED, all_in__name[i]
# end
# else:
# if name in ahead:
# RECEIVED = RECEIVED, row__name[i]
# else:
# RECEIVED = RECEIVED, 0.0
# end
# end
# end
# INTO =
# for name in currents:
# if name in noisy:
# INTO = INTO, all_I__name[i] + all_noise__name[i]
# else:
# INTO = INTO, all_I__name[i]
# end
# end


# if wide:
@wide
# end
@kernel_apart
def function(
    step, first, population, emitted: Written, control: Written, OTHERS, RINGS: Written, all__STATE: Written,
    all_in__GIVEN: Written, ahead__AHEAD: Written, FIRST, all_I__CURRENTS, all_noise__NOISY, FIXED
):  # fmt: skip
    # if draws:
    start, increment = stream(seed, key, step)
    # end
    # if "t" in reads:
    t = dt * (step - 1)
    # end
    n = len(all__MEMBRANE)
    # for name in ahead:
    row__name = ahead__name[step & (len(ahead__name) - 1), first_ahead : first_ahead + n]
    # end
    for i in range(n):
        # if at_event:
        new__STATE, mask = advance(all__STATE[i], RECEIVED, INTO, READ, HELD)
        # else:
        new__STATE, mask = advance(all__STATE[i], RECEIVED, INTO, DRAWN, READ, HELD)
        # end
        # for name in state:
        all__name[i] = new__name
        # end
        # for name in given:
        all_in__name[i] = 0.0
        # end
        # for name in ahead:
        row__name[i] = 0.0
        # end
        emitted[i] = np.uint8(mask) | WRONG * np.uint8(not (new__MEMBRANE - new__MEMBRANE == 0.0))
    found = gathered(emitted)
    if found & EVENTS:
        # if at_event:
        for i in range(n):
            if emitted[i] & EVENTS:
                (new__STATE,) = at_event(all__STATE[i], DRAWN, READ, HELD)
                # for name in state:
                all__name[i] = new__name
                # end
        # end
        # for kind, bit in kinds:
        if found & bit:
            collect(step, emitted, first, bit, kind__rows, kind__counts)
        # end
    if found & WRONG and control[POPULATION] < 0:
        for i in range(n):
            if not (all__MEMBRANE[i] - all__MEMBRANE[i] == 0.0) and control[POPULATION] < 0:
                control[STOP] = 1
                control[POPULATION] = population
                control[NEURON] = first + i
                control[STEP] = step
