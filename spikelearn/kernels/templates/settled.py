"""The loop that ends a step of one population whose input comes late: it takes up what has arrived, then resets.

lost: (port, variable, held) for the ports whose input is in arrays: it is added to the variable, unless `held`, another
variable, is positive. at_event: called for the neurons that emitted something. draws: the random numbers that it takes,
with their numbers, and whose these are. reads, fixed and `held_constants` are those of neurons.py, for the same model.
"""

import numpy as np

from spikelearn.codegen.jit import Written, kernel_apart
from spikelearn.kernels.events import EVENTS, gathered

# if draws:
from spikelearn.kernels.random import normal, stream, uniform
# end

# OTHERS =
# DRAWN =
# if draws:
# OTHERS = seed, key
# DRAWN = kind(start, increment, whose + k) for kind, k, whose in draws
# end
# READ =
# if "t" in reads:
# OTHERS = OTHERS, dt
# READ = READ, t
# end
# if "i" in reads:
# READ = READ, 1.0 * (first_id + i)
# end
# if "N" in reads:
# OTHERS = OTHERS, population_size
# READ = READ, population_size
# end
# if draws or "i" in reads:
# OTHERS = OTHERS, first_id
# end
# INPUTS = all_in__port for port, variable, held in lost


@kernel_apart
def function(step, emitted, OTHERS, all__STATE: Written, INPUTS: Written, FIXED):
    # if draws:
    start, increment = stream(seed, key, step)
    # end
    # if "t" in reads:
    t = dt * (step - 1)
    # end
    # if lost:
    for i in range(len(emitted)):
        # for port, variable, held in lost:
        all__variable[i] += all_in__port[i] if all__held[i] <= 0.0 else 0.0
        all_in__port[i] = 0.0
        # end
    # end
    # if at_event:
    if gathered(emitted) & EVENTS:
        for i in range(len(emitted)):
            if emitted[i] & EVENTS:
                # if draws:
                of_each = PER_NEURON * (first_id + i)
                # end
                (new__STATE,) = at_event(all__STATE[i], DRAWN, READ, HELD_CONSTANTS)
                # for name in state:
                all__name[i] = new__name
                # end
    # end
