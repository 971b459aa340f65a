"""A call to a user's function: at the end of a phase of trials (`of_phase`), in every step, or some steps (`spaced`).

An exception cannot leave the compiled loop: it stops the run, and `simulate` raises a new one. fixed: the arguments
that may not be written. passed: all of them, these with `_fixed` at the end.
"""

from spikelearn.codegen.jit import Written, kernel, read_only
from spikelearn.kernels.control import STOP

# if of_phase:
from spikelearn.kernels.trial_clock import ENDS, PHASE, TRIAL

# end
# if of_phase:


@kernel
def function(step, control: Written, raised: Written, clock, phase_of_callback, ARGUMENTS: Written):
    # for x in fixed:
    x__fixed = read_only(x)
    # end
    if clock[ENDS] == 1 and clock[PHASE] == phase_of_callback:
        try:
            user(clock[TRIAL], clock[PHASE], PASSED)
        except Exception:
            control[STOP] = 1
            raised[0] = step


# else:
# if spaced:


@kernel
def function(step, control: Written, raised: Written, every, ARGUMENTS: Written):
    # for x in fixed:
    x__fixed = read_only(x)
    # end
    if step % every == 0:
        try:
            user(step, PASSED)
        except Exception:
            control[STOP] = 1
            raised[0] = step


# else:


@kernel
def function(step, control: Written, raised: Written, ARGUMENTS: Written):
    # for x in fixed:
    x__fixed = read_only(x)
    # end
    try:
        user(step, PASSED)
    except Exception:
        control[STOP] = 1
        raised[0] = step


# end
# end
