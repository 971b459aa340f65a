"""The loop that advances gates of graded synapses, which projections may share. Their sources begin at `first`.

arrived: scratch, 0 everywhere before and after. fan_out: (projections, gates), synapses behind each gate, for the
event_counts, (projections, 2).
"""

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.events import count_in_row, source_in_row


@kernel
def function(
    step, rows, counts, delays, first, fan_out, event_counts: Written, arrived: Written, output: Written,
    all__STATE: Written, FIXED
):  # fmt: skip
    depth = counts.shape[1]
    n_delays = len(delays)
    n_gates = len(output)
    for d in range(n_delays):
        row = (step - delays[d]) % depth
        for k in range(count_in_row(counts, row)):
            gate = (source_in_row(rows, counts, row, k) - first) * n_delays + d
            if 0 <= gate < n_gates:
                arrived[gate] += 1.0
                for projection in range(len(fan_out)):
                    event_counts[projection, 0] += fan_out[projection, gate]
    for gate in range(n_gates):
        new__STATE, output[gate] = advance(all__STATE[gate], arrived[gate], FIXED)
        # for name in state:
        all__name[gate] = new__name
        # end
        arrived[gate] = 0.0
