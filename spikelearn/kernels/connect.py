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
    """Arrays for the synapses of a row: sources followed by targets, and values.

    They are allocated here because code that allocates no arrays is loaded from disk without Numba.
    """
    return np.empty((7, row_width), np.int64), np.empty(row_width)


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
    cursor, targets, weights, positions, out_pre, out_post, out_delay, low, high, origin,
    rows, drawn,
):  # fmt: skip
    """One pass over the synapses of a projection, in the order in which its rule makes them.

    MARK writes 1 to `cursor[delay]`, in steps; COUNT adds to `cursor[slot + 1]`; PLACE writes targets, less `origin`,
    and weights at `cursor[slot]`, which it advances; LOCATE writes where PLACE put each synapse. slot = source *
    n_delays + delay number. Synapses whose target is outside [low, high) are skipped. Returns the number of the others,
    or WRONG_ROW.

    A row is made first and then processed in chunks, so that the scattered memory each chunk needs is prefetched during
    the one before. make_row, row_arguments: the address of the kernel that makes a row and of its arguments; it writes
    `partners` and made[0], their number. owners, degrees: see Rows, empty for None. pairs: see `ends`. rows, drawn: see
    `scratch`. Counters start as np.int64(0), since with a plain 0 Numba would compile the function twice.
    """
    sources, posts, counters, flats = rows[0], rows[1], rows[2], rows[3]
    orders, slots, places = rows[4], rows[5], rows[6]
    weight_start, weight_increment = stream(seed, uid * STREAMS + WEIGHT_STREAM, 0)
    delay_start, delay_increment = stream(seed, uid * STREAMS + DELAY_STREAM, 0)
    total = np.int64(0)
    n_kept = 0
    for row in range(n_rows):
        if not by_source and (mode == COUNT or mode == PLACE):
            target = owners[row] if len(owners) > 0 else row
            if not low <= first_target + target < high:
                continue
        if mode == MARK and len(degrees) > 0 and delay_code != BY_DISTANCE:
            count = degree_of(degrees, row)
        else:
            invoke(make_row, row, row_arguments)
            count = made[0]
            if count == WRONG_ROW:
                return WRONG_ROW
        n = np.int64(0)
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
        draw_row(
            delay_code, delay_numbers, delay_by_distance, delay_arguments, flats, delay_start, delay_increment,
            counters, n, drawn,
        )  # fmt: skip
        for k in range(n):
            delay_steps = in_steps(drawn[k], extra_delay, dt)
            if mode == MARK:
                cursor[delay_steps] = 1
                continue
            slots[k] = (first_source + sources[k]) * n_delays + delay_index[delay_steps]
            prefetch(cursor, slots[k])
            if mode == LOCATE:
                out_delay[orders[k]] = delay_steps
        if mode == MARK:
            continue
        if mode == COUNT:
            for k in range(n):
                cursor[slots[k] + 1] += 1
            continue
        for k in range(n):
            place = cursor[slots[k]]
            cursor[slots[k]] = place + 1
            places[k] = place
            if mode == PLACE:
                prefetch(targets, place)
                prefetch(weights, place)
        if mode == LOCATE:
            for k in range(n):
                positions[orders[k]] = places[k]
                out_pre[orders[k]] = sources[k]
                out_post[orders[k]] = posts[k]
            continue
        for k in range(n):
            targets[places[k]] = first_target + posts[k] - origin
        if len(weights) > 0:
            draw_row(
                weight_code, weight_numbers, weight_by_distance, weight_arguments, flats, weight_start,
                weight_increment, counters, n, drawn,
            )  # fmt: skip
            for k in range(n):
                weights[places[k]] = drawn[k]
    return n_kept
