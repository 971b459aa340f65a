"""The compiled loop: calls a table of entries step after step, with no Python inside."""

from spikelearn._jit import add_one, first_of, give_way, invoke, kernel

_SPINS = 4000


@kernel
def meet(arrived, expected):
    """Wait until so many threads have arrived here, counted from the first meeting on; a long wait gives way."""
    add_one(arrived)
    spins = 0
    while first_of(arrived) < expected:
        spins += 1
        if spins > _SPINS:
            give_way()


@kernel
def wants_to_stop(controls):
    """Whether any share wants to."""
    for share in range(len(controls)):
        if controls[share, 0] != 0:
            return True
    return False


@kernel
def run_steps(first, last, addresses, arguments, controls, stops, arrived, n_shares, interval):
    """Run the steps first to last - 1; returns the step after the last one that was run.

    controls[:, 0]: set by a kernel to stop (a buffer is full, or a state is not finite). n_shares: how many run beside
    each other; the calls may be those of several shares that run in turn. Shares that run beside each other meet every
    `interval` steps, and stop only there, all of them at once: a share writes its wish to stop into `stops` before a
    meeting and all read it after; two places are used in turn, so that none is read and written at once.
    """
    step = first
    rounds = 0
    while step < last:
        until = min(step + interval, last)
        for now in range(step, until):
            for call in range(len(addresses)):
                invoke(addresses[call], now, arguments[call])
            if n_shares == 1 and wants_to_stop(controls):
                return now + 1
        step = until
        if n_shares > 1:
            rounds += 1
            if wants_to_stop(controls):
                stops[rounds & 1] = rounds
            meet(arrived, rounds * n_shares)
            if stops[rounds & 1] == rounds:
                return step
    return last
