"""The adjoint of a step of one population in all trials of a batch: what batch_forward.py made, backwards.

As there, and: by_<variable>: the derivative of the loss by a state variable, of step `step` before the call and of the
row that it began from after it; of variables in `live`, the others have none. first_<variable>: the same for row 0,
from steps that begin there. by_in_<port>, by_I_<current>: by what arrived, and by the current of each phase.
watched: the variables on which the loss depends directly. pairs: (partial derivative, value after, argument before) of
a step, event_pairs of `at_event`, margin_pairs of the margin, whose surrogate stands for the derivative of spikes.
"""

from spikelearn.codegen.jit import Written, kernel

# INTO =
# for name in ports:
# if name in connected:
# INTO = INTO, all_in__name[step, i]
# else:
# INTO = INTO, 0.0
# end
# end
# for name in currents:
# if name in driven:
# INTO = INTO, all_I__name[phase, i]
# else:
# INTO = INTO, 0.0
# end
# end
# DRAWN =
# if draws and not at_event:
# DRAWN = all_drawn__DRAWS[step, i]
# end


@kernel
def function(
    step, rows, of_phase, all__STATE, all_in__CONNECTED, all_I__DRIVEN, all_drawn__DRAWS, FIXED, loss__WATCHED,
    by_sent__PLAIN, by_sent__CARRIED, by__LIVE: Written, first__LIVE: Written, by_in__ARRIVING: Written,
    by_I__FREE: Written, shape__SHAPE
):  # fmt: skip
    before = rows[step]
    phase = of_phase[step]
    goes_on = before == step - 1
    for i in range(all__MEMBRANE.shape[1]):
        new__STATE, mask, PARTS = derivative(all__STATE[before, i], INTO, DRAWN, HELD)
        # for name in live:
        after__name = by__name[i]
        # end
        # for name in watched:
        after__name += loss__name[step, i]
        # end
        # for name, bit, variable in carried_bits:
        after__variable += by_sent__name[step, i] if mask & bit else 0.0
        # end
        # if at_event:
        if mask != 0:
            last__STATE, EVENT_PARTS = event_derivative(new__STATE, all_drawn__DRAWS[step, i], HELD)
            # for name in live:
            middle__name = 0.0
            # end
            # for part, of, by in event_pairs:
            middle__by += part * after__of
            # end
            # for name in live:
            after__name = middle__name
            # end
        # end
        # for name in wanted:
        at__name = 0.0
        # end
        # for part, of, by in pairs:
        at__by += part * after__of
        # end
        # if margin_pairs:
        spikes = 0.0
        # for name in spiking:
        spikes += by_sent__name[step, i]
        # end
        # for name, variable in spiking_carried:
        spikes += by_sent__name[step, i] * all__variable[step, i]
        # end
        margin, MARGIN_PARTS = margin_derivative(all__STATE[before, i], INTO, DRAWN, HELD)
        slope = spikes * surrogate(margin, shape__SHAPE)
        # for part, by in margin_pairs:
        at__by += part * slope
        # end
        # end
        # for name in live:
        by__name[i] = at__name if goes_on else 0.0
        first__name[i] += 0.0 if goes_on else at__name
        # end
        # for name in arriving:
        by_in__name[step, i] = at_in__name
        # end
        # for name in free:
        by_I__name[phase, i] += at_I__name
        # end
