"""The kernel that gives n synapses of a projection what `value`, a function of distance, is for each.

wrong[0] is set to 1 if one is not a finite number. guarded: also if `value` raises an exception.
"""

import math

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.space import distance


@kernel
def function(n, numbers, low, high, space, sources, targets, drawn: Written, wrong: Written):
    for k in range(n):
        # if guarded:
        try:
            found = value(distance(space, sources[k], targets[k]), numbers)
        except Exception:
            found = math.nan
        # else:
        found = value(distance(space, sources[k], targets[k]), numbers)
        # end
        if not -math.inf < found < math.inf:
            wrong[0] = 1
            found = low
        drawn[k] = min(max(found, low), high)
