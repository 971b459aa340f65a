"""Recording of the state of synapses with short-term plasticity, as it is now: see SynapseModel.between."""

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.control import STOP


@kernel
def function(
    step, every, start, slots, positions, release_last, release_dt, release__STATE, release_of__CONSTANTS, room,
    steps: Written, values: Written, used: Written, control: Written
):  # fmt: skip
    if step >= start and step % every == 0:
        count = used[0]
        steps[count] = step
        for i in range(len(slots)):
            slot = slots[i]
            interval = (step - release_last[slot]) * release_dt
            # if each:
            k = positions[i]
            now__STATE = between(release__STATE[k], interval, HELD)
            # else:
            now__STATE = between(release__STATE[slot], interval, release_of__CONSTANTS)
            # end
            # for name in recorded:
            values[count, i] = now__name
            # end
        used[0] = count + 1
        if count + 1 + room > len(steps):
            control[STOP] = 1
