"""One event of one population, backwards: the adjoint of what event_replay.py did there and in the stretch before.

adjoint_<variable>: of each neuron, the derivative of the loss by its state after the event, and then by that after the
event before. by_moment: of each event, by the time at which the stretch after it begins. by_time: of each spike of the
network, by its time. origin: the spike from which the time of an event follows, -1 for none. spike: the number of a
spike itself. synapse: of an arrival.

A spike is where the margin g rises through 0, so dT/ds = -(dg/ds) / (dg/dt), the jump of EventProp (Wunderlich & Pehle
2021, Eqs. 2 and 5). flaws[e] is 1 where the margin is not 0 at a spike: something else happened at the same time.

by_maximum_<variable>, by_integral_<variable>: derivatives of the loss by what event_watch.py found.
"""

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.event_tape import ARRIVAL, NODES, SHARES, SPIKE, panels


@kernel
def function(
    step, kind, time, neuron, before, port, change, held, pinned, origin, spike, synapse, start__STATE, after__STATE,
    after_I__CURRENTS, FIXED, panel, by_maximum__MAXIMA, maximum_event__MAXIMA, maximum_at__MAXIMA,
    by_integral__INTEGRALS, adjoint__STATE: Written, by_moment: Written, by_time: Written, by_weight: Written,
    by_delay: Written, flaws: Written
):  # fmt: skip
    e = step
    i = neuron[e]
    previous = before[e]
    (since, STATE, I__CURRENTS) = beginning(previous, i, time, start__STATE, after__STATE, after_I__CURRENTS)
    holds = 1.0 if held[e] == 1 else 0.0
    span = time[e] - since
    new__STATE, PARTIALS = moved(STATE, span, holds, I__CURRENTS, HELD)
    # for name in state:
    after__name__event = adjoint__name[i]
    at__name = after__name__event
    # end
    if kind[e] == ARRIVAL:
        # for number, name in in_ports:
        in__name = change[e] if port[e] == number else 0.0
        # end
        (received__STATE, RECEIVE_PARTS) = receive_derivative(new__STATE, in__PORTS, 1.0 if held[e] > 0 else 0.0, HELD)
        # for name in state:
        at__name = 0.0
        # end
        # for part, of, by in receive_pairs:
        at__by += part * after__of__event
        # end
        # for part, of, number in input_pairs:
        if port[e] == number:
            by_weight[synapse[e]] += part * after__of__event
        # end
    elif kind[e] == SPIKE:
        (reset__STATE, RESET_PARTS) = reset_derivative(new__STATE, HELD)
        # for name in state:
        at__name = 0.0
        # end
        # for part, of, by in reset_pairs:
        at__by += part * after__of__event
        # end
    # for name in maxima:
    if maximum_event__name[i] == e and maximum_at__name[i] < 0.0:
        at__name += by_maximum__name[i]
    # end
    moment = 0.0
    # for name, slope in slopes:
    moment += slope * at__name
    # end
    # for name in integrals:
    moment += by_integral__name[i] * new__name
    # end
    if kind[e] == SPIKE:
        own = by_time[spike[e]] + by_moment[e]
        by_time[spike[e]] = own
        # if has_margin:
        if pinned[e] == 0:
            (margin, MARGIN_PARTS) = margin_derivative(new__STATE, HELD)
            rise = 0.0
            # for part, by, slope in margin_slopes:
            rise += part * slope
            # end
            flaws[e] = 1 if abs(margin) > 1e-6 * abs(rise) else 0
            # for part, by in margin_pairs:
            at__by -= (own + moment) * part / rise
            # end
        # end
        if previous >= 0:
            by_moment[previous] += own
    else:
        own = by_moment[e] + moment
        if origin[e] >= 0:
            by_time[origin[e]] += own
        if kind[e] == ARRIVAL:
            by_delay[synapse[e]] += own
        if previous >= 0:
            by_moment[previous] -= moment
    # for name in state:
    adjoint__name[i] = 0.0
    # end
    # for partial, of, by in motion:
    adjoint__by[i] += partial * at__of
    # end
    # for name in maxima:
    if maximum_event__name[i] == e and maximum_at__name[i] >= 0.0:
        new__STATE, PARTIALS = moved(STATE, maximum_at__name[i], holds, I__CURRENTS, HELD)
        # for partial, of, by in motion:
        # if of == name:
        adjoint__by[i] += partial * by_maximum__name[i]
        # end
        # end
    # end
    # for name in integrals:
    if by_integral__name[i] != 0.0:
        n = panels(span, panel)
        for k in range(n):
            for node in range(3):
                new__STATE, PARTIALS = moved(STATE, span * (k + NODES[node]) / n, holds, I__CURRENTS, HELD)
                share = by_integral__name[i] * SHARES[node] * span / n
                # for partial, of, by in motion:
                # if of == name:
                adjoint__by[i] += partial * share
                # end
                # end
    # end
