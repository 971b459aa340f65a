"""The compiled loop: calls a table of entries in every step, without Python."""

from spikelearn.codegen.jit import add_one, first_of, give_way, invoke, kernel
from spikelearn.kernels.control import STOP

_SPINS = 4000


@kernel
def barrier(arrived, expected):
    """Wait until so many threads have arrived, counted from the first barrier on; yields the core in a long wait."""
    add_one(arrived)
    spins = 0
    while first_of(arrived) < expected:
        spins += 1
        if spins > _SPINS:
            give_way()


@kernel
def wants_to_stop(controls):
    """Whether any share requests a stop."""
    for share in range(len(controls)):
        if controls[share, STOP] != 0:
            return True
    return False


@kernel
def end_of_phase(step, origin, ends):
    """The first step after the phase of a trial that `step` is in. ends: of the phases, in steps of their trial."""
    in_trial = (step - origin) % ends[-1]
    phase = 0
    while ends[phase] <= in_trial:
        phase += 1
    return step - in_trial + ends[phase]


@kernel
def run_steps(
    first, last, addresses, arguments, end_addresses, end_arguments, origin, ends, controls, stops, arrived, share,
    n_shares, interval,
):  # fmt: skip
    """Run the steps first to last - 1; returns the step after the last one that was run.

    controls: (shares, 4), see kernels/control.py. share, n_shares: index of this share and number of shares that run
    in parallel; the calls may be those of several shares that run in turn. Parallel shares synchronise at a barrier
    every `interval` steps and at the end of each phase of a trial (see `end_of_phase`; empty `ends`: no trials). Work
    at the end of a step for all neurons is done there by the first share while the others wait. Shares stop only there,
    all at once: each writes its request into `stops` before a barrier and all read it after; two places are used in
    turn, so that none is read and written at the same time.
    """
    step = first
    meeting = 0
    while step < last:
        until = min(step + interval, last)
        if len(ends) > 0:
            until = min(until, end_of_phase(step, origin, ends))
        for now in range(step, until):
            for call in range(len(addresses)):
                invoke(addresses[call], now, arguments[call])
            if n_shares == 1:
                for call in range(len(end_addresses)):
                    invoke(end_addresses[call], now, end_arguments[call])
                if wants_to_stop(controls):
                    return now + 1
        step = until
        if n_shares > 1:
            if len(end_addresses) > 0:
                meeting += 1
                barrier(arrived, meeting * n_shares)
                if share == 0:
                    for call in range(len(end_addresses)):
                        invoke(end_addresses[call], step - 1, end_arguments[call])
            meeting += 1
            if wants_to_stop(controls):
                stops[meeting & 1] = meeting
            barrier(arrived, meeting * n_shares)
            if stops[meeting & 1] == meeting:
                return step
    return last
