"""All events of the neurons of one population once more, in order of time, keeping the state after each.

before: the event before of the same neuron, -1 for the first, which starts from start_<variable>. change: the weight of
an arrival, the change of a current. port: of an arrival, or the number of the current. held: 1 if the neuron was
refractory before the event, 2 if only at the event. pinned: whether a spike is at the time of the event before.
until: ms, the end of the refractory period of each neuron. in_ports: (number, port), in_currents: (number, current).
"""

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.event_tape import ARRIVAL, CURRENT, SPIKE


@kernel
def function(
    step, kind, time, neuron, before, port, change, t_ref, until: Written, held: Written, pinned: Written,
    start__STATE, after__STATE: Written, after_I__CURRENTS: Written, FIXED
):  # fmt: skip
    for e in range(len(time)):
        i = neuron[e]
        previous = before[e]
        (since, STATE, I__CURRENTS) = beginning(previous, i, time, start__STATE, after__STATE, after_I__CURRENTS)
        held[e] = 1 if since < until[i] else 2 if time[e] <= until[i] else 0
        if time[e] > since:
            # if refractory:
            if held[e] == 1:
                STATE = hold(STATE, time[e] - since, I__CURRENTS, HELD)
            else:
                STATE = flow(STATE, time[e] - since, I__CURRENTS, HELD)
            # else:
            STATE = flow(STATE, time[e] - since, I__CURRENTS, HELD)
            # end
        if kind[e] == ARRIVAL:
            # for number, name in in_ports:
            in__name = change[e] if port[e] == number else 0.0
            # end
            STATE = receive(STATE, in__PORTS, 1.0 if held[e] > 0 else 0.0, HELD)
        elif kind[e] == CURRENT:
            # for number, name in in_currents:
            I__name += change[e] if port[e] == number else 0.0
            # end
            pass
        elif kind[e] == SPIKE:
            pinned[e] = 1 if time[e] == since else 0
            STATE = reset(STATE, HELD)
            until[i] = time[e] + t_ref[i]
        # for name in state:
        after__name[e] = name
        # end
        # for name in currents:
        after_I__name[e] = I__name
        # end
