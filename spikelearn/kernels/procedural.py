"""Procedural synapses: the row of a source is regenerated from counter-based random numbers at each of its events.

The synapses are the same as those that kernels/connect.py puts into a table: partners from the same function of the
rule, and the same weights and delays. Each share makes the whole row and keeps the synapses onto its own targets.
"""

import numpy as np

from spikelearn.codegen.jit import Written, invoke, kernel
from spikelearn.kernels.connect import CONSTANT, draw_row, in_steps
from spikelearn.kernels.random import DELAY_STREAM, STREAMS, WEIGHT_STREAM, stream

CHUNK = 256
"""Number of synapses whose weights and delays are drawn together: few enough to stay in the first-level cache."""


@kernel
def part_of_row(
    begin, end, first, last, n_targets, counted, first_counter, partners, counters, flats,
    targets, own_counters, own_flats, places,
):  # fmt: skip
    """List those of the synapses `begin` to `end` - 1 of a row whose targets are `first` to `last` - 1.

    counted: whether counters and indices are needed, for values that differ. first_counter: of the row, if its counters
    are consecutive from there rather than given by `counters`. places: scratch. Returns their number.
    """
    # A slice, since Numba would ask of each index whether it is negative, and the loops would not vectorise.
    row = partners[begin:end]
    n = len(row)
    outside = 0
    if first > 0 or last < n_targets:
        for k in range(len(row)):
            outside += (row[k] < first) | (row[k] >= last)
    if outside == n:
        return 0
    if outside == 0:
        for k in range(len(row)):
            targets[k] = row[k]
        if not counted:
            return n
        for k in range(len(row)):
            places[k] = begin + k
    else:
        # Written in any case and counted if it belongs to the share: a randomly taken branch costs more. Unsigned, what
        # lies before `first` is large: one comparison does for both ends.
        n = 0
        size = np.uint64(max(0, last - first))
        if not counted:
            for k in range(len(row)):
                targets[n] = row[k]
                n += np.uint64(row[k] - first) < size
            return n
        for k in range(len(row)):
            targets[n] = row[k]
            places[n] = begin + k
            n += np.uint64(row[k] - first) < size
    if len(counters) > 0:
        for p in range(n):
            own_counters[p] = counters[places[p]]
    else:
        for p in range(n):
            own_counters[p] = first_counter + places[p]
    if len(flats) > 0:
        for p in range(n):
            own_flats[p] = flats[places[p]]
    return n


@kernel
def scatter(n, targets, weights, delays, extra_delay, dt, now, shortest, first, pending, arriving, rows):
    """Add the weights of n synapses to the pending input of their targets. now: the row that arrives in this step."""
    depth = len(arriving)
    for p in range(n):
        row = now + in_steps(delays[p], extra_delay, dt) - shortest
        rows[p] = row if row < depth else row - depth
    for p in range(n):
        pending[rows[p], targets[p] - first] += weights[p]
    for p in range(n):
        arriving[rows[p]] += 1


@kernel
def deliver_procedural(
    step, rows, counts, shortest, make_row, row_arguments, made: Written, partners: Written, row_width,
    all_counters: Written, all_flats: Written,
    first_source, n_sources, first_target, n_targets, low, high,
    seed, uid, weight_code, weight_numbers, weight_by_distance, weight_arguments,
    delay_code, delay_numbers, delay_by_distance, delay_arguments, extra_delay, dt,
    sources: Written, targets: Written, integers: Written, floats: Written, pending: Written, arriving: Written,
    inputs: Written, event_count: Written,
):  # fmt: skip
    """Make the rows of all sources whose events are `shortest` steps old, and deliver what arrives now.

    With a single delay (`arriving` is empty) a row arrives at once, in the order of a table. Otherwise it waits in a
    ring: pending (depth, targets of the share), arriving (depth,) synaptic events. Targets of the block from
    `low` to `high` - 1 belong to the share. make_row and its output: see templates/row.py. sources, targets,
    integers, floats: scratch, (CHUNK,), (CHUNK,), (3, CHUNK) and (2, CHUNK).
    """
    n_shares, depth = counts.shape
    first = max(low - first_target, 0)
    last = min(high - first_target, n_targets)
    event = (step - shortest) % depth
    now = step % max(1, len(arriving))
    counters, flats, places = integers[0], integers[1], integers[2]
    weights, delays = floats[0], floats[1]
    weight_start, weight_increment = stream(seed, uid * STREAMS + WEIGHT_STREAM, 0)
    delay_start, delay_increment = stream(seed, uid * STREAMS + DELAY_STREAM, 0)
    counted = weight_code != CONSTANT or len(arriving) > 0
    if weight_code == CONSTANT:
        weights[:] = weight_numbers[0]
    for share in range(n_shares):
        for e in range(counts[share, event]):
            source = int(rows[share, event, e]) - first_source
            if source < 0 or source >= n_sources:
                continue
            sources[:] = source
            invoke(make_row, source, row_arguments)
            count = made[0]
            for begin in range(0, count, CHUNK):
                n = part_of_row(
                    begin, min(begin + CHUNK, count), first, last, n_targets, counted, source * row_width, partners,
                    all_counters, all_flats, targets, counters, flats, places,
                )  # fmt: skip
                if weight_code != CONSTANT:
                    draw_row(
                        weight_code, weight_numbers, weight_by_distance, weight_arguments, flats, weight_start,
                        weight_increment, counters, n, weights,
                    )  # fmt: skip
                if len(arriving) == 0:
                    event_count[0] += n
                    for p in range(n):
                        inputs[first_target + targets[p]] += weights[p]
                else:
                    draw_row(
                        delay_code, delay_numbers, delay_by_distance, delay_arguments, flats, delay_start,
                        delay_increment, counters, n, delays,
                    )  # fmt: skip
                    scatter(
                        n, targets, weights, delays, extra_delay, dt, now, shortest, first, pending, arriving, counters
                    )
    if len(arriving) > 0 and arriving[now] > 0:
        event_count[0] += arriving[now]
        arriving[now] = 0
        for j in range(last - first):
            inputs[first_target + first + j] += pending[now, j]
            pending[now, j] = 0.0
