"""The synapses of a projection, listed: what kernels/connect.py makes, with delays in ms rather than in steps."""

from spikelearn.codegen.jit import invoke, kernel
from spikelearn.kernels.connect import WRONG_ROW, draw_row, ends
from spikelearn.kernels.random import DELAY_STREAM, STREAMS, WEIGHT_STREAM, stream


@kernel
def list_synapses(
    make_row, row_arguments, made, partners, by_source, n_rows, owners, row_width, pairs,
    seed, uid, weight_code, weight_numbers, weight_by_distance, weight_arguments,
    delay_code, delay_numbers, delay_by_distance, delay_arguments, extra_delay,
    out_pre, out_post, out_weight, out_delay, rows, drawn,
):  # fmt: skip
    """One pass over the synapses of a projection, in the order in which its rule makes them.

    Arguments are those of connect.scan. Returns the number of synapses, or WRONG_ROW.
    """
    sources, targets, counters, flats = rows[0], rows[1], rows[2], rows[3]
    weight_start, weight_increment = stream(seed, uid * STREAMS + WEIGHT_STREAM, 0)
    delay_start, delay_increment = stream(seed, uid * STREAMS + DELAY_STREAM, 0)
    total = 0
    for row in range(n_rows):
        invoke(make_row, row, row_arguments)
        n = made[0]
        if n == WRONG_ROW:
            return WRONG_ROW
        for k in range(n):
            sources[k], targets[k], flats[k] = ends(by_source, owners, pairs, row, k, partners)
            counters[k] = row * row_width + k
            out_pre[total + k] = sources[k]
            out_post[total + k] = targets[k]
        draw_row(
            weight_code, weight_numbers, weight_by_distance, weight_arguments, flats, weight_start, weight_increment,
            counters, n, drawn[0],
        )  # fmt: skip
        for k in range(n):
            out_weight[total + k] = drawn[0, k]
        draw_row(
            delay_code, delay_numbers, delay_by_distance, delay_arguments, flats, delay_start, delay_increment,
            counters, n, drawn[1],
        )  # fmt: skip
        for k in range(n):
            out_delay[total + k] = extra_delay + drawn[1, k]
        total += n
    return total
