"""Connection rules as rows of partners, and the loop that counts, places and finds synapses.

Rows are generated from counter-based random numbers, so they can be generated again: once to count, once to place, and
once more to locate the synapses of a projection. Nothing is stored in between. Each rule has a small kernel that makes
a row (templates/row.py), which all loops call by its address, so the loops are compiled only once.
"""

import math

import numpy as np

from spikelearn.codegen.jit import invoke, kernel, prefetch, scalar
from spikelearn.kernels.random import (
    DELAY_STREAM,
    PARTNERS_STREAM,
    STREAMS,
    WEIGHT_STREAM,
    normal,
    normal_at_once,
    stream,
    uniform,
)

CONSTANT, UNIFORM, NORMAL, LOG_NORMAL, EXPONENTIAL, ARRAY, BY_DISTANCE = range(7)
LIMITS = 2
VALUES = 4
"""Indices into the numbers of a distribution, after its two parameters: the limits, and explicitly given values."""

MARK, COUNT, PLACE, LOCATE = range(4)

NO_AUTAPSE = -(1 << 40)
LONGEST_DELAY = (1 << 16) - 1
"""Steps."""
WRONG_ROW = -1
"""Synapse count that signals an invalid row."""
_MOST_REDRAWS = 1000


@kernel
def draw(code, numbers, flat, start, increment, counter):
    """One value of a distribution; a value outside its limits is drawn again."""
    a, b = numbers[0], numbers[1]
    if code == CONSTANT:
        return a
    if code == ARRAY:
        return numbers[VALUES + flat]
    low, high = numbers[LIMITS], numbers[LIMITS + 1]
    value = a
    for attempt in range(_MOST_REDRAWS):
        number = counter * _MOST_REDRAWS + attempt
        if code == UNIFORM:
            value = a + (b - a) * uniform(start, increment, number)
        elif code == EXPONENTIAL:
            value = -a * math.log(uniform(start, increment, number))
        else:
            value = a + b * normal(start, increment, number)
            if code == LOG_NORMAL:
                value = math.exp(value)
        if low <= value <= high:
            return value
    return min(max(value, low), high)


@scalar
def begin_row(row, n_partners, own_offset, seed, uid):
    """The stream of random numbers of a row, and the partner to leave out as an autapse, or -1."""
    start, increment = stream(seed, uid * STREAMS + PARTNERS_STREAM, row)
    own = row + own_offset
    if own < 0 or own >= n_partners:
        own = -1
    return start, increment, own


@scalar
def checked_row(count, row, n_partners, width, degrees, partners):
    """The number of partners in a row, or WRONG_ROW if they violate what the rule declares."""
    if count < 0 or count > width or (len(degrees) > 0 and count != degree_of(degrees, row)):
        return WRONG_ROW
    for k in range(count):
        if partners[k] < 0 or partners[k] >= n_partners:
            return WRONG_ROW
    return count


@scalar
def degree_of(degrees, row):
    """The number of synapses of a row: one for all rows, or one for each."""
    return degrees[row] if len(degrees) > 1 else degrees[0]


def scratch(row_width: int) -> tuple[np.ndarray, np.ndarray]:
    """Arrays for the synapses of a row: sources followed by targets, and weights followed by delays.

    They are allocated here because code that allocates no arrays is loaded from disk without Numba.
    """
    return np.empty((6, row_width), np.int64), np.empty((2, row_width))


@scalar
def ends(by_source, owners, pairs, row, k, partners):
    """Source and target of synapse k of a row, and its index in arrays of weights or delays.

    pairs: the number of targets, if arrays hold one value per pair; 0 if they hold one per row.
    """
    owner = owners[row] if len(owners) > 0 else row
    if by_source:
        i, j = owner, partners[k]
    else:
        i, j = partners[k], owner
    return i, j, (i * pairs + j if pairs > 0 else row)


@kernel
def draw_row(code, numbers, by_distance, its_arguments, flats, start, increment, counters, n, drawn):
    """`draw` for each of n synapses, with these counters and indices `flats` into arrays.

    First the values from the first random number of each, in loops that vectorise; then the redraws.
    by_distance, its_arguments: the address of a kernel that writes `drawn` from the synapses, and of its arguments.
    """
    if code == BY_DISTANCE:
        invoke(by_distance, n, its_arguments)
        return
    a, b, low, high = numbers[0], numbers[1], numbers[LIMITS], numbers[LIMITS + 1]
    if code == CONSTANT:
        for k in range(n):
            drawn[k] = a
        return
    if code == ARRAY:
        for k in range(n):
            drawn[k] = numbers[VALUES + flats[k]]
        return
    if code == UNIFORM:
        for k in range(n):
            drawn[k] = a + (b - a) * uniform(start, increment, counters[k] * _MOST_REDRAWS)
    elif code == EXPONENTIAL:
        for k in range(n):
            drawn[k] = uniform(start, increment, counters[k] * _MOST_REDRAWS)
    else:
        for k in range(n):
            drawn[k] = a + b * normal_at_once(start, increment, counters[k] * _MOST_REDRAWS)
    for k in range(n):
        if code == EXPONENTIAL:
            drawn[k] = -a * math.log(drawn[k])
        elif code == LOG_NORMAL:
            drawn[k] = math.exp(drawn[k])
        if not low <= drawn[k] <= high:
            drawn[k] = draw(code, numbers, 0, start, increment, counters[k])


@scalar
def in_steps(delay, extra_delay, dt):
    """The steps nearest to a delay, at least one and at most LONGEST_DELAY."""
    steps = math.floor(delay / dt + 0.5) + extra_delay
    if not steps < LONGEST_DELAY:
        return LONGEST_DELAY
    return max(1, int(steps))


@kernel
def count_synapses(make_row, row_arguments, made, n_rows):
    """The number of synapses that a rule makes."""
    total = 0
    for row in range(n_rows):
        invoke(make_row, row, row_arguments)
        if made[0] == WRONG_ROW:
            return WRONG_ROW
        total += made[0]
    return total


@kernel
def scan(
    mode, make_row, row_arguments, made, partners, by_source, n_rows, owners, degrees, row_width, pairs,
    seed, uid, weight_code, weight_numbers, weight_by_distance, weight_arguments,
    delay_code, delay_numbers, delay_by_distance, delay_arguments, extra_delay, dt,
    first_source, first_target, n_delays, delay_index,
    cursor, bits, slots, targets, weights, positions, out_pre, out_post, out_delay, low, high, origin,
    rows, drawn,
):  # fmt: skip
    """One pass over the synapses of a projection, in the order in which its rule makes them.

    MARK writes 1 to `cursor[delay]`, in steps; COUNT adds to `cursor[bucket + 1]`; PLACE writes targets, less `origin`,
    weights and slots at `cursor[bucket]`, which it advances; LOCATE writes where each synapse is once buckets are
    sorted, from `cursor[slot]`. slot = source * n_delays + delay number. A bucket has 2^bits sources, and `slots` are
    counted from the first of its bucket. Synapses whose target is outside [low, high) are skipped. Returns the number
    of the others, or WRONG_ROW.

    Buckets are filled in random order, so what comes next in each is prefetched.

    make_row, row_arguments: the address of the kernel that makes a row and of its arguments; it writes `partners` and
    made[0], their number. owners, degrees: see Rows, empty for None. pairs: see `ends`. rows, drawn: see `scratch`.
    Counters start as np.int64(0), since with a plain 0 Numba would compile the function twice.
    """
    sources, posts, counters, flats, orders, steps = rows[0], rows[1], rows[2], rows[3], rows[4], rows[5]
    drawn_weights, drawn_delays = drawn[0], drawn[1]
    weight_start, weight_increment = stream(seed, uid * STREAMS + WEIGHT_STREAM, 0)
    delay_start, delay_increment = stream(seed, uid * STREAMS + DELAY_STREAM, 0)
    total = np.int64(0)
    n_kept = 0
    for row in range(n_rows):
        if not by_source and (mode == COUNT or mode == PLACE):
            target = owners[row] if len(owners) > 0 else row
            if not low <= first_target + target < high:
                continue
        n = np.int64(0)
        if mode == MARK and len(degrees) > 0 and delay_code != BY_DISTANCE:
            count = np.int64(0)
            n = degree_of(degrees, row)
            for k in range(n):
                counters[k] = row * row_width + k
        else:
            invoke(make_row, row, row_arguments)
            count = made[0]
            if count == WRONG_ROW:
                return WRONG_ROW
        for k in range(count):
            i, j, flat = ends(by_source, owners, pairs, row, k, partners)
            if low <= first_target + j < high or mode == MARK:
                sources[n] = i
                posts[n] = j
                counters[n] = row * row_width + k
                flats[n] = flat
                orders[n] = total
                n += 1
            total += 1
        n_kept += n
        if mode == COUNT:
            for k in range(n):
                cursor[((first_source + sources[k]) >> bits) + 1] += 1
            continue
        draw_row(
            delay_code, delay_numbers, delay_by_distance, delay_arguments, flats, delay_start, delay_increment,
            counters, n, drawn_delays,
        )  # fmt: skip
        for k in range(n):
            steps[k] = in_steps(drawn_delays[k], extra_delay, dt)
        if mode == MARK:
            for k in range(n):
                cursor[steps[k]] = 1
            continue
        if mode == LOCATE:
            for k in range(n):
                slot = (first_source + sources[k]) * n_delays + delay_index[steps[k]]
                positions[orders[k]] = cursor[slot]
                cursor[slot] += 1
                out_pre[orders[k]] = sources[k]
                out_post[orders[k]] = posts[k]
                out_delay[orders[k]] = steps[k]
            continue
        if len(weights) > 0:
            draw_row(
                weight_code, weight_numbers, weight_by_distance, weight_arguments, flats, weight_start,
                weight_increment, counters, n, drawn_weights,
            )  # fmt: skip
        for k in range(n):
            source = first_source + sources[k]
            bucket = source >> bits
            place = cursor[bucket]
            cursor[bucket] = place + 1
            slots[place] = (source - (bucket << bits)) * n_delays + delay_index[steps[k]]
            targets[place] = first_target + posts[k] - origin
            if len(weights) > 0:
                weights[place] = drawn_weights[k]
            if place & 15 == 0:
                prefetch(slots, place + 48)
                prefetch(targets, place + 48)
                prefetch(weights, place + 40)
                prefetch(weights, place + 48)
    return n_kept


@kernel
def sort_buckets(edges, slots, targets, weights, index, n_slots, cursor, sorted_targets, sorted_weights):
    """Sort the synapses of each bucket by slot, those of one slot in the order in which they are, and fill the index.

    edges: (buckets + 1,), where buckets begin and end in the table. slots, targets, weights, index: those of these
    buckets. n_slots: of each bucket. cursor, sorted_targets, sorted_weights: for the slots and synapses of one.
    """
    for bucket in range(len(edges) - 1):
        begin, end = edges[bucket] - edges[0], edges[bucket + 1] - edges[0]
        first = bucket * n_slots
        own = min(n_slots, len(index) - 1 - first)
        for slot in range(own):
            cursor[slot] = 0
        for p in range(begin, end):
            cursor[slots[p]] += 1
        place = np.int64(0)
        for slot in range(own):
            n = cursor[slot]
            cursor[slot] = place
            place += n
            index[first + slot + 1] = edges[bucket] + place
        for p in range(begin, end):
            place = cursor[slots[p]]
            cursor[slots[p]] = place + 1
            sorted_targets[place] = targets[p]
            if len(weights) > 0:
                sorted_weights[place] = weights[p]
        for p in range(end - begin):
            targets[begin + p] = sorted_targets[p]
        if len(weights) > 0:
            for p in range(end - begin):
                weights[begin + p] = sorted_weights[p]
    return 0
