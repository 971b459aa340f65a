"""The kernel that sets rates (Hz) to a function of time, `value`, at the middle of each step.

of_each: whether neurons differ. A rate that is negative, more than `most` or not a number stops the run.
"""

import math

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.control import STOP


@kernel
def function(step, dt, first_id, size, factor, most, rates: Written, control: Written, raised: Written):
    time = (step - 0.5) * dt
    # if of_each:
    for k in range(len(rates)):
        try:
            rate = factor * value(time, first_id + k, size)
        except Exception:
            rate = math.nan
        if not (0.0 <= rate and rate <= most):
            control[STOP] = 1
            raised[0] = step
            rate = 0.0
        rates[k] = rate
    # else:
    try:
        rate = factor * value(time, 0, size)
    except Exception:
        rate = math.nan
    if not (0.0 <= rate and rate <= most):
        control[STOP] = 1
        raised[0] = step
        rate = 0.0
    for k in range(len(rates)):
        rates[k] = rate
    # end
