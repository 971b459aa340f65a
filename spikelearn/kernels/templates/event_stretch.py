"""Where the stretch before an event begins, for templates that follow.

state, currents: as in event_replay.py, whose arrays these are.
"""

from spikelearn.codegen.jit import scalar


@scalar
def beginning(previous, i, time, start__STATE, after__STATE, after_I__CURRENTS):
    """The time of neuron i's event before, and the state and currents after it; at 0 ms, those at the start."""
    since = 0.0
    # for name in state:
    name = start__name[i]
    # end
    # for name in currents:
    I__name = 0.0
    # end
    if previous >= 0:
        since = time[previous]
        # for name in state:
        name = after__name[previous]
        # end
        # for name in currents:
        I__name = after_I__name[previous]
        # end
    return since, STATE, I__CURRENTS
