"""Recording of state variables and weights into buffers emptied by Python."""

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.control import STOP


@kernel
def record_state(
    step, every, start, ids, source, room, steps: Written, values: Written, used: Written, control: Written
):
    """Copy source[ids] every `every` steps, from step `start` on; request a stop when less than `room` is left."""
    if step >= start and step % every == 0:
        k = used[0]
        steps[k] = step
        for i in range(len(ids)):
            values[k, i] = source[ids[i]]
        used[0] = k + 1
        if k + 1 + room > len(steps):
            control[STOP] = 1


@kernel
def record_at_start(
    step, every, start, ids, source, room, steps: Written, values: Written, used: Written, control: Written
):
    """As record_state, but at the start of a step, which is the end of the one before."""
    record_state(step - 1, every, start, ids, source, room, steps, values, used, control)
