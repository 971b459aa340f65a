"""The loop of one share with each call timed: where the time of a step goes."""

from spikelearn.codegen.jit import clock, invoke, kernel
from spikelearn.kernels.control import STOP


@kernel
def run_steps_timed(first, last, addresses, arguments, control, ticks):
    """Run the steps first to last - 1 and add to `ticks` how long each call took; returns the step after the last one.

    ticks: (calls + 1,) int64; the last is the cost of reading the clock, once per step.
    """
    n = len(addresses)
    for now in range(first, last):
        before: int = clock()
        for call in range(n):
            invoke(addresses[call], now, arguments[call])
            after = clock()
            ticks[call] += after - before
            before = after
        after = clock()
        ticks[n] += after - before
        if control[STOP] != 0:
            return now + 1
    return last
