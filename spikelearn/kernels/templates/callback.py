"""A call of a user's function: at the end of a phase of trials (`of_phase`), or in every step.

An exception cannot leave the compiled loop: it stops the run, and `simulate` raises another.
"""

from spikelearn.codegen.jit import kernel
# if of_phase:


@kernel
def function(step, control, raised, clock, phase_of_callback, ARGUMENTS):
    if clock[5] == 1 and clock[2] == phase_of_callback:
        try:
            user(clock[1], clock[2], ARGUMENTS)
        except Exception:
            control[0] = 1
            raised[0] = step


# else:


@kernel
def function(step, control, raised, ARGUMENTS):
    try:
        user(step, ARGUMENTS)
    except Exception:
        control[0] = 1
        raised[0] = step


# end
