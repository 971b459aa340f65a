"""The loop of what is done to some neurons of a population at the start of every `every`-th step.

begin, end: of these neurons, among those of the share. draws, reads, fixed, held_constants: as in settled.py.
number: that of the first random number of the population's neuron 0; those for all neurons come before it.
"""

import numpy as np

from spikelearn.codegen.jit import Written, kernel_apart

# if draws:
from spikelearn.kernels.random import normal, stream, uniform
# end

# OTHERS =
# DRAWN =
# if draws:
# OTHERS = seed, key, number
# DRAWN = kind(start, increment, number + whose + k) for kind, k, whose in draws
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


@kernel_apart
def function(step, every, begin, end, OTHERS, all__STATE: Written, FIXED):
    if (step - 1) % every != 0:
        return
    # if draws:
    start, increment = stream(seed, key, step)
    # end
    # if for_all:
    of_all = -PER_NEURON
    # end
    # if "t" in reads:
    t = dt * (step - 1)
    # end
    for i in range(begin, end):
        # if draws:
        of_each = PER_NEURON * (first_id + i)
        # end
        (new__STATE,) = regular(all__STATE[i], DRAWN, READ, HELD_CONSTANTS)
        # for name in state:
        all__name[i] = new__name
        # end
