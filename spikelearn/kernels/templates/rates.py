"""The kernel that sets rates (Hz) to a function of time, `value`, at the middle of each step.

n: the number of neurons whose rates are computed; the others have that of the first. A rate that is negative, more than
`most` or not a number stops the run.
"""

import math

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.control import STOP


@kernel
def function(step, dt, n, first_id, size, factor, most, rates: Written, control: Written, raised: Written):
    time = (step - 0.5) * dt
    for k in range(n):
        try:
            rate = factor * value(time, first_id + k, size)
        except Exception:
            rate = math.nan
        if not (0.0 <= rate and rate <= most):
            control[STOP] = 1
            raised[0] = step
            rate = 0.0
        rates[k] = rate
    for k in range(n, len(rates)):
        rates[k] = rates[0]
