"""Procedural synapses: the row of a source is made again from counter-based random numbers whenever it has an event.

What is made is what kernels/connect.py puts into a table, synapse by synapse: candidates from the same counters, and
the weight and the delay of the same number. Each share makes the whole row and keeps what goes to its own targets.
"""

from spikelearn.codegen.jit import kernel
from spikelearn.kernels.connect import (
    ALL_TO_ALL,
    CONSTANT,
    OUT_DEGREE,
    candidate,
    draw_row,
    in_steps,
)
from spikelearn.kernels.random import DELAY_STREAM, PARTNERS_STREAM, STREAMS, WEIGHT_STREAM, stream

CHUNK = 256
"""Synapses that are made at a time: few enough to stay in the first-level cache."""


@kernel
def listed_part(rule, source, begin, end, n_targets, shift, width, targets, numbers, flats):
    """List the synapses of a source onto targets `begin` to `end` - 1, where the rule draws nothing.

    shift: the target of source i's autapse is i + shift, if it is left out. Returns how many there are.
    """
    n = 0
    for j in range(begin, end):
        own = j - shift
        if own == source:
            continue
        targets[n] = j
        if rule == ALL_TO_ALL:
            numbers[n] = j * width + (source - 1 if 0 <= own < source else source)
            flats[n] = source * n_targets + j
        else:
            numbers[n] = j * width
            flats[n] = j
        n += 1
    return n


@kernel
def drawn_part(
    n_draws, wanted, count, n_targets, multapses, own, start, increment, seen, stamp, first, last, number, candidates,
    targets, numbers,
):  # fmt: skip
    """Make synapses from so many more candidates, and list those whose targets are `first` to `last` - 1.

    count: how many the row has had; number: of its first. seen: one stamp for each target, where none may occur
    twice. Returns how many the row has now, and how many are listed.
    """
    for c in range(wanted):
        candidates[c] = candidate(start, increment, n_draws + c, n_targets)
    n = 0
    for c in range(wanted):
        j = candidates[c]
        made = j != own
        if not multapses:
            made = made and seen[j] != stamp
            seen[j] = stamp
        # Written in any case and counted if it is one: a branch that is taken at random costs more.
        targets[n] = j
        numbers[n] = number + count
        n += made and first <= j < last
        count += made
    return count, n


@kernel
def scatter(n, targets, weights, delays, extra_delay, dt, now, shortest, first, pending, arriving, rows):
    """Add the weights of n synapses to what is on its way to their targets. now: the row that arrives in this step."""
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
    step, rows, counts, shortest, rule, first_source, n_sources, first_target, n_targets, low, high, degree, multapses,
    shift, width, seed, uid, weight_code, weight_a, weight_b, weight_low, weight_high, weight_values,
    delay_code, delay_a, delay_b, delay_low, delay_high, delay_values, extra_delay, dt,
    integers, floats, seen, stamp, pending, arriving, inputs, event_count,
):  # fmt: skip
    """Make the rows of all sources whose events are `shortest` steps old, and give targets what arrives now.

    Where there is one delay (`arriving` is empty) a row arrives at once, in the order of a table. Otherwise it waits
    in a ring: pending (depth, targets of the share), arriving (depth,) synaptic events. Targets of the block from
    `low` to `high` - 1 belong to the share. integers, floats: scratch, (4, CHUNK) and (2, CHUNK).
    """
    n_shares, depth = counts.shape
    first = max(low - first_target, 0)
    last = min(high - first_target, n_targets)
    event = (step - shortest) % depth
    now = step % max(1, len(arriving))
    candidates, targets, numbers, flats = integers[0], integers[1], integers[2], integers[3]
    weights, delays = floats[0], floats[1]
    weight_start, weight_increment = stream(seed, uid * STREAMS + WEIGHT_STREAM, 0)
    delay_start, delay_increment = stream(seed, uid * STREAMS + DELAY_STREAM, 0)
    if weight_code == CONSTANT:
        weights[:] = weight_a
    for share in range(n_shares):
        for e in range(counts[share, event]):
            source = int(rows[share, event, e]) - first_source
            if source < 0 or source >= n_sources:
                continue
            start, increment = stream(seed, uid * STREAMS + PARTNERS_STREAM, source)
            stamp[0] += 1
            n_draws = 0
            count = 0
            begin = first if rule == ALL_TO_ALL else max(first, source)
            end = last if rule == ALL_TO_ALL else min(last, source + 1)
            more = True
            while more:
                if rule == OUT_DEGREE:
                    wanted = min(CHUNK, degree - count)
                    count, n = drawn_part(
                        n_draws, wanted, count, n_targets, multapses, source + shift, start, increment, seen, stamp[0],
                        first, last, source * width, candidates, targets, numbers,
                    )  # fmt: skip
                    n_draws += wanted
                    more = count < degree
                else:
                    until = min(begin + CHUNK, end)
                    n = listed_part(rule, source, begin, until, n_targets, shift, width, targets, numbers, flats)
                    begin = until
                    more = begin < end
                if weight_code != CONSTANT:
                    draw_row(
                        weight_code, weight_a, weight_b, weight_low, weight_high, weight_values, flats, weight_start,
                        weight_increment, numbers, n, weights,
                    )  # fmt: skip
                if len(arriving) == 0:
                    event_count[0] += n
                    for p in range(n):
                        inputs[first_target + targets[p]] += weights[p]
                else:
                    draw_row(
                        delay_code, delay_a, delay_b, delay_low, delay_high, delay_values, flats, delay_start,
                        delay_increment, numbers, n, delays,
                    )  # fmt: skip
                    scatter(
                        n, targets, weights, delays, extra_delay, dt, now, shortest, first, pending, arriving, numbers
                    )
    if len(arriving) > 0 and arriving[now] > 0:
        event_count[0] += arriving[now]
        arriving[now] = 0
        for j in range(last - first):
            inputs[first_target + first + j] += pending[now, j]
            pending[now, j] = 0.0
