"""The kernel that makes one row with `make_row`, the function of a connection rule.

It writes `partners`, their number to made[0], and where procedural synapses need them their counters and indices
in arrays (otherwise these are empty). checked: the row is validated. by_rank: the rule makes rows by target but these
are rows of sources: `rank` is a synapse's position in the row of its target. with_value: the rule takes a function,
`value`. owns: the autapse of each row, or -1, where no shift between sources and targets tells it.
"""

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.connect import begin_row, checked_row


@kernel
def function(
    row, n_rows, n_partners, own_offset, owns, seed, uid, width, degrees, pairs, numbers, seen: Written, stamp: Written,
    scratch: Written, partners: Written, made: Written, counters: Written, flats: Written
):  # fmt: skip
    start, increment, own = begin_row(row, n_partners, own_offset, seed, uid)
    if len(owns) > 0:
        own = owns[row]
    stamp[0] += 1
    # if with_value:
    count = make_row(value, row, n_partners, own, numbers, start, increment, seen, stamp[0], scratch, partners)
    # else:
    count = make_row(row, n_partners, own, numbers, start, increment, seen, stamp[0], scratch, partners)
    # end
    # if checked:
    made[0] = checked_row(count, row, n_partners, width, degrees, partners)
    # else:
    made[0] = count
    # end
    # if by_rank:
    for k in range(min(made[0], len(counters))):
        j = partners[k]
        counters[k] = j * width + rank(j, row, begin_row(j, n_rows, -own_offset, seed, uid)[2])
    # end
    for k in range(min(made[0], len(flats))):
        flats[k] = row * pairs + partners[k] if pairs > 0 else partners[k]
