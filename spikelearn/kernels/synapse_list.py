"""The synapses of a projection, listed: what kernels/connect.py makes, with delays in ms rather than in steps."""

from spikelearn.codegen.jit import invoke, kernel
from spikelearn.kernels.connect import WRONG_ROW, draw, ends
from spikelearn.kernels.random import DELAY_STREAM, STREAMS, WEIGHT_STREAM, stream


@kernel
def list_synapses(
    make_row, row_arguments, made, partners, by_source, n_rows, owners, row_width, pairs,
    seed, uid, weight_code, weight_numbers, delay_code, delay_numbers, extra_delay,
    out_pre, out_post, out_weight, out_delay,
):  # fmt: skip
    """One pass over the synapses of a projection, in the order in which its rule makes them.

    Arguments are those of connect.scan. Returns the number of synapses, or WRONG_ROW.
    """
    weight_start, weight_increment = stream(seed, uid * STREAMS + WEIGHT_STREAM, 0)
    delay_start, delay_increment = stream(seed, uid * STREAMS + DELAY_STREAM, 0)
    total = 0
    for row in range(n_rows):
        invoke(make_row, row, row_arguments)
        if made[0] == WRONG_ROW:
            return WRONG_ROW
        for k in range(made[0]):
            i, j, flat = ends(by_source, owners, pairs, row, k, partners)
            counter = row * row_width + k
            out_pre[total] = i
            out_post[total] = j
            out_weight[total] = draw(weight_code, weight_numbers, flat, weight_start, weight_increment, counter)
            out_delay[total] = extra_delay + draw(
                delay_code, delay_numbers, flat, delay_start, delay_increment, counter
            )
            total += 1
    return total
