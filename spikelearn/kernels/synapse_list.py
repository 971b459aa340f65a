"""The synapses of a projection, listed: what kernels/connect.py makes, with delays in ms rather than in steps."""

from spikelearn.codegen.jit import kernel
from spikelearn.kernels.connect import draw, ends, row_of_rule
from spikelearn.kernels.random import DELAY_STREAM, STREAMS, WEIGHT_STREAM, stream


@kernel
def list_synapses(
    rule, by_source, n_rows, n_partners, probability, degrees, multapses, own_offset, pre, post, seed, uid,
    weight_code, weight_a, weight_b, weight_low, weight_high, weight_values,
    delay_code, delay_a, delay_b, delay_low, delay_high, delay_values, extra_delay, row_width,
    partners, seen, out_pre, out_post, out_weight, out_delay,
):  # fmt: skip
    """One pass over the synapses of a projection, in the order in which its rule makes them.

    With outputs of no length they are only counted. Returns their number. partners, seen: connect.scratch.
    """
    seen[:] = -1
    weight_start, weight_increment = stream(seed, uid * STREAMS + WEIGHT_STREAM, 0)
    delay_start, delay_increment = stream(seed, uid * STREAMS + DELAY_STREAM, 0)
    total = 0
    for row in range(n_rows):
        count = row_of_rule(
            rule, row, n_partners, probability, degrees, multapses, own_offset, seed, uid, seen, partners
        )
        if len(out_pre) == 0:
            total += count
            continue
        for k in range(count):
            i, j, flat = ends(rule, by_source, n_rows, row, k, total, partners, pre, post)
            number = row * row_width + k
            out_pre[total] = i
            out_post[total] = j
            out_weight[total] = draw(
                weight_code, weight_a, weight_b, weight_low, weight_high, weight_values, flat,
                weight_start, weight_increment, number,
            )  # fmt: skip
            out_delay[total] = extra_delay + draw(
                delay_code, delay_a, delay_b, delay_low, delay_high, delay_values, flat,
                delay_start, delay_increment, number,
            )  # fmt: skip
            total += 1
    return total
