"""The compiled loop: calls a table of entries step after step, with no Python inside."""

from spikelearn.codegen.jit import add_one, first_of, give_way, invoke, kernel
from spikelearn.kernels.control import STOP

_SPINS = 4000


@kernel
def barrier(arrived, expected):
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

    controls: (shares, 4), see kernels/control.py. share, n_shares: which it is
    of how many that run beside each other; the calls may be those of several shares that run in turn. Shares that run
    beside each other meet every `interval` steps and where a phase of a trial ends (see `end_of_phase`; no trials: no
    ends). If there is anything to be done at the end of a step for all neurons, the first share does it there while
    the others wait. They stop only there, all of them at once: a share writes its wish to stop into `stops` before a
    meeting and all read it after; two places are used in turn, so that none is read and written at once.
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
