"""Short-term plasticity in continuous time: the release at a spike of a run of synapses, which share one state."""

from spikelearn.codegen.jit import Written, kernel


@kernel
def function(run, clock_time, share: Written, last_arrival: Written, all__STATE: Written, CONSTANTS):
    STATE, released = release(all__STATE[run], clock_time[0] - last_arrival[run], CONSTANTS)
    # for name in state:
    all__name[run] = name
    # end
    last_arrival[run] = clock_time[0]
    share[0] = released
