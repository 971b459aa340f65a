"""Connection rules as rows of partners, and the loop that counts, places and finds synapses.

A rule is made row by row from counter-based random numbers, so that it can be made again: once to count, once to
place, once more to find where the synapses of a projection lie. Nothing is kept in between.
"""

import math

import numpy as np

from spikelearn.codegen.jit import kernel, prefetch, scalar
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

ALL_TO_ALL, ONE_TO_ONE, PROBABILITY, IN_DEGREE, OUT_DEGREE, EXPLICIT = range(6)
CONSTANT, UNIFORM, NORMAL, LOG_NORMAL, EXPONENTIAL, ARRAY = range(6)
MARK, COUNT, PLACE, LOCATE = range(4)

NO_AUTAPSE = -(1 << 40)
LONGEST_DELAY = (1 << 16) - 1
"""Steps."""
_MOST_REDRAWS = 1000


@kernel
def draw(code, a, b, low, high, values, flat, start, increment, counter):
    """One value of a distribution; a value outside [low, high] is drawn again."""
    if code == CONSTANT:
        return a
    if code == ARRAY:
        return values[flat]
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
def candidate(start, increment, counter, n_partners):
    """A partner, each as likely as any other."""
    return int(uniform(start, increment, counter) * n_partners)


@kernel
def fill_row(rule, row, n_partners, probability, degree, multapses, own, seen, start, increment, partners):
    """The partners of one row, written to `partners`; returns how many.

    own: the partner that would be an autapse and is left out, or -1. seen: scratch, one stamp per partner.
    """
    count = 0
    if rule == ALL_TO_ALL:
        for i in range(n_partners):
            if i != own:
                partners[count] = i
                count += 1
    elif rule == ONE_TO_ONE:
        if row != own:
            partners[0] = row
            count = 1
    elif rule == PROBABILITY:
        # The gaps between chosen partners are geometric (Fan, Muller & Rezucha 1962).
        if probability >= 1.0 or probability <= 0.0:
            scale = 0.0
        else:
            scale = 1.0 / math.log1p(-probability)
        i = -1
        k = np.int64(0)
        while probability > 0.0:
            i += 1
            if probability < 1.0:
                i += int(math.log(uniform(start, increment, k)) * scale)
            k += 1
            if i >= n_partners:
                break
            if i != own:
                partners[count] = i
                count += 1
    else:
        k = np.int64(0)
        while count < degree:
            i = candidate(start, increment, k, n_partners)
            k += 1
            if i == own or (not multapses and seen[i] == row):
                continue
            seen[i] = row
            partners[count] = i
            count += 1
    return count


def scratch(n_partners: int, row_width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What kernels need to make a row: room for partners, a stamp for each, and room for what is known of its synapses.

    It is made here, since code that makes no arrays is loaded from disk without Numba.
    """
    n = max(1, n_partners)
    return (
        np.empty(n + row_width, np.int64),
        np.empty(n, np.int64),
        np.empty((7, row_width), np.int64),
        np.empty(row_width),
    )


@kernel
def row_of_rule(rule, row, n_partners, probability, degrees, multapses, own_offset, seed, uid, seen, partners):
    """Make one row of a rule: its partners are written to `partners`, unless they are listed; returns how many."""
    if rule == EXPLICIT:
        return 1
    start, increment = stream(seed, uid * STREAMS + PARTNERS_STREAM, row)
    own = row + own_offset
    if own < 0 or own >= n_partners:
        own = -1
    degree = degrees[row] if len(degrees) > 1 else degrees[0]
    return fill_row(rule, row, n_partners, probability, degree, multapses, own, seen, start, increment, partners)


@scalar
def ends(rule, by_source, n_rows, row, k, total, partners, pre, post):
    """Source and target of synapse k of a row, and its place in arrays that give one value for each synapse."""
    if rule == EXPLICIT:
        i = pre[row]
        j = post[row]
        flat = row
    elif by_source:
        i = row
        j = partners[k]
        flat = total
    else:
        i = partners[k]
        j = row
        flat = i * n_rows + j if rule == ALL_TO_ALL else row
    return i, j, flat


@kernel
def draw_row(code, a, b, low, high, values, flats, start, increment, numbers, n, drawn):
    """What `draw` gives for each of n synapses: `numbers` are their counters, `flats` their places in `values`.

    First what the first random number of each makes, in loops that vectorise; then what must be drawn again.
    """
    if code == CONSTANT:
        for k in range(n):
            drawn[k] = a
        return
    if code == ARRAY:
        for k in range(n):
            drawn[k] = values[flats[k]]
        return
    if code == UNIFORM:
        for k in range(n):
            drawn[k] = a + (b - a) * uniform(start, increment, numbers[k] * _MOST_REDRAWS)
    elif code == EXPONENTIAL:
        for k in range(n):
            drawn[k] = uniform(start, increment, numbers[k] * _MOST_REDRAWS)
    else:
        for k in range(n):
            drawn[k] = a + b * normal_at_once(start, increment, numbers[k] * _MOST_REDRAWS)
    for k in range(n):
        if code == EXPONENTIAL:
            drawn[k] = -a * math.log(drawn[k])
        elif code == LOG_NORMAL:
            drawn[k] = math.exp(drawn[k])
        if not low <= drawn[k] <= high:
            drawn[k] = draw(code, a, b, low, high, values, 0, start, increment, numbers[k])


@scalar
def in_steps(delay, extra_delay, dt):
    """A delay in steps, at least one."""
    return min(max(1, int(math.floor(delay / dt + 0.5)) + extra_delay), LONGEST_DELAY)


@kernel
def count_synapses(rule, n_rows, n_partners, probability, degrees, multapses, own_offset, seed, uid, partners, seen):
    """How many synapses a rule makes. partners, seen: see `scratch`."""
    seen[:] = -1
    total = 0
    for row in range(n_rows):
        total += row_of_rule(
            rule, row, n_partners, probability, degrees, multapses, own_offset, seed, uid, seen, partners
        )
    return total


@kernel
def scan(
    mode, rule, by_source, n_rows, n_partners, probability, degrees, multapses, own_offset, pre, post,
    seed, uid, weight_code, weight_a, weight_b, weight_low, weight_high, weight_values,
    delay_code, delay_a, delay_b, delay_low, delay_high, delay_values, extra_delay, dt,
    first_source, first_target, n_delays, delay_index,
    cursor, targets, weights, positions, out_pre, out_post, out_delay, row_width, low, high, origin,
    partners, seen, rows, drawn,
):  # fmt: skip
    """One pass over the synapses of a projection, in the order in which its rule makes them.

    MARK writes 1 to `cursor[delay]`, in steps; COUNT adds to `cursor[slot + 1]`; PLACE writes targets, less `origin`,
    and weights at `cursor[slot]`, which it moves; LOCATE writes where PLACE put each synapse. slot = source * n_delays
    + delay number. Synapses whose target lies outside [low, high) are passed over. Returns the number of all others.

    A row is made first and then dealt out in turns, so that the memory that each turn wants is fetched in the one
    before: it is all over the table. partners, seen, rows, drawn: see `scratch`. Counters start as np.int64(0), since
    Numba compiles what is given a plain 0 twice.
    """
    seen[:] = -1
    sources, posts, numbers, flats = rows[0], rows[1], rows[2], rows[3]
    orders, slots, places = rows[4], rows[5], rows[6]
    weight_start, weight_increment = stream(seed, uid * STREAMS + WEIGHT_STREAM, 0)
    delay_start, delay_increment = stream(seed, uid * STREAMS + DELAY_STREAM, 0)
    total = np.int64(0)
    n_kept = 0
    for row in range(n_rows):
        one_target = not by_source and rule != EXPLICIT
        if one_target and (mode == COUNT or mode == PLACE) and not low <= first_target + row < high:
            continue
        if mode == MARK and (rule == IN_DEGREE or rule == OUT_DEGREE):
            count = degrees[row] if len(degrees) > 1 else degrees[0]
        else:
            count = row_of_rule(
                rule, row, n_partners, probability, degrees, multapses, own_offset, seed, uid, seen, partners
            )
        n = np.int64(0)
        for k in range(count):
            i, j, flat = ends(rule, by_source, n_rows, row, k, total, partners, pre, post)
            if low <= first_target + j < high or mode == MARK:
                sources[n] = i
                posts[n] = j
                numbers[n] = row * row_width + k
                flats[n] = flat
                orders[n] = total
                n += 1
            total += 1
        n_kept += n
        draw_row(
            delay_code, delay_a, delay_b, delay_low, delay_high, delay_values, flats,
            delay_start, delay_increment, numbers, n, drawn,
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
                weight_code, weight_a, weight_b, weight_low, weight_high, weight_values, flats,
                weight_start, weight_increment, numbers, n, drawn,
            )  # fmt: skip
            for k in range(n):
                weights[places[k]] = drawn[k]
    return n_kept
