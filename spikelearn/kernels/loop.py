"""The compiled loop: calls a table of entries step after step, with no Python inside."""

from spikelearn._jit import invoke, kernel


@kernel
def run_steps(first, last, addresses, arguments, control):
    """Run the steps first to last - 1; returns the step after the last one that was run.

    control[0]: set by a kernel to stop after this step (a buffer is full, or a state is not finite).
    """
    for step in range(first, last):
        for call in range(len(addresses)):
            invoke(addresses[call], step, arguments[call])
        if control[0] != 0:
            return step + 1
    return last
