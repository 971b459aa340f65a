"""The synapses of a projection, listed: what kernels/connect.py makes, with delays in ms rather than in steps."""

import numpy as np

from spikelearn._jit import kernel
from spikelearn.kernels.connect import (
    ALL_TO_ALL,
    DELAY_STREAM,
    EXPLICIT,
    PARTNERS_STREAM,
    WEIGHT_STREAM,
    draw,
    fill_row,
)
from spikelearn.kernels.random import stream


@kernel
def list_synapses(
    rule, by_source, n_rows, n_partners, probability, degrees, multapses, own_offset, pre, post, seed, thing,
    weight_code, weight_a, weight_b, weight_low, weight_high, weight_values,
    delay_code, delay_a, delay_b, delay_low, delay_high, delay_values, extra_delay, row_width,
    out_pre, out_post, out_weight, out_delay,
):  # fmt: skip
    """One pass over the synapses of a projection, in the order in which its rule makes them.

    With outputs of no length they are only counted. Returns their number.
    """
    partners = np.empty(max(1, n_partners) + row_width, np.int64)
    seen = np.full(max(1, n_partners), -1, np.int64)
    weight_start, weight_increment = stream(seed, thing * 4 + WEIGHT_STREAM, 0)
    delay_start, delay_increment = stream(seed, thing * 4 + DELAY_STREAM, 0)
    total = 0
    for row in range(n_rows):
        count = 1
        if rule != EXPLICIT:
            start, increment = stream(seed, thing * 4 + PARTNERS_STREAM, row)
            own = row + own_offset
            if own < 0 or own >= n_partners:
                own = -1
            degree = degrees[row] if len(degrees) > 1 else degrees[0]
            count = fill_row(
                rule, row, n_partners, probability, degree, multapses, own, seen, start, increment, partners
            )
        if len(out_pre) == 0:
            total += count
            continue
        for k in range(count):
            if rule == EXPLICIT:
                i, j, flat = pre[row], post[row], row
            elif by_source:
                i, j, flat = row, partners[k], total
            else:
                i, j = partners[k], row
                flat = i * n_rows + j if rule == ALL_TO_ALL else row
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
