"""The largest value, and the integral, of variables of each neuron of one population over all of its events.

maxima, integrals: variables. Each stretch between two events is looked through in panels of at most `panel` ms: a
maximum within one shows by the sign of the slope at its ends. maximum_event: the event that ends the stretch where it
is, maximum_at: ms since the start of that stretch, or -1 for its end.
"""

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.event_tape import NODES, SHARES, panels


@kernel
def function(
    step, time, neuron, before, held, start__STATE, after__STATE, after_I__CURRENTS, FIXED, panel,
    maximum__MAXIMA: Written, maximum_event__MAXIMA: Written, maximum_at__MAXIMA: Written, integral__INTEGRALS: Written
):  # fmt: skip
    for e in range(len(time)):
        i = neuron[e]
        previous = before[e]
        (since, STATE, I__CURRENTS) = beginning(previous, i, time, start__STATE, after__STATE, after_I__CURRENTS)
        holds = 1.0 if held[e] == 1 else 0.0
        span = time[e] - since
        n = panels(span, panel)
        # for name, slope in maxima_slopes:
        if name > maximum__name[i]:
            maximum__name[i] = name
            maximum_event__name[i] = e
            maximum_at__name[i] = 0.0
        low = 0.0
        new__STATE, PARTIALS = moved(STATE, low, holds, I__CURRENTS, HELD)
        rising = slope >= 0.0
        for k in range(n):
            high = span if k == n - 1 else span * (k + 1) / n
            new__STATE, PARTIALS = moved(STATE, high, holds, I__CURRENTS, HELD)
            last = slope
            if rising and last < 0.0:
                left, right = low, high
                while True:
                    middle = left + 0.5 * (right - left)
                    if not left < middle < right:
                        break
                    new__STATE, PARTIALS = moved(STATE, middle, holds, I__CURRENTS, HELD)
                    if slope > 0.0:
                        left = middle
                    else:
                        right = middle
                new__STATE, PARTIALS = moved(STATE, right, holds, I__CURRENTS, HELD)
                if new__name > maximum__name[i]:
                    maximum__name[i] = new__name
                    maximum_event__name[i] = e
                    maximum_at__name[i] = right
            elif k == n - 1 and new__name > maximum__name[i]:
                maximum__name[i] = new__name
                maximum_event__name[i] = e
                maximum_at__name[i] = -1.0
            rising = last >= 0.0
            low = high
        # end
        # for name, slope in integrals_slopes:
        for k in range(n):
            for node in range(3):
                new__STATE, PARTIALS = moved(STATE, span * (k + NODES[node]) / n, holds, I__CURRENTS, HELD)
                integral__name[i] += SHARES[node] * span / n * new__name
        # end
