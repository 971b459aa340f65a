"""A call to a user's function: at the end of a phase of trials (`of_phase`), or in every step.

An exception cannot leave the compiled loop: it stops the run, and `simulate` raises a new one.
"""

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.control import STOP

# if of_phase:
from spikelearn.kernels.trial_clock import ENDS, PHASE, TRIAL

# end
# if of_phase:


@kernel
def function(step, control: Written, raised: Written, clock, phase_of_callback, ARGUMENTS: Written):
    if clock[ENDS] == 1 and clock[PHASE] == phase_of_callback:
        try:
            user(clock[TRIAL], clock[PHASE], ARGUMENTS)
        except Exception:
            control[STOP] = 1
            raised[0] = step


# else:


@kernel
def function(step, control: Written, raised: Written, ARGUMENTS: Written):
    try:
        user(step, ARGUMENTS)
    except Exception:
        control[STOP] = 1
        raised[0] = step


# end
