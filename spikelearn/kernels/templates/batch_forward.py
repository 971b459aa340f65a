"""A step of one population in all trials of a batch. Neuron i of the loop is one neuron in one trial.

state, ports, currents: of the model, `membrane` the first of its state. connected, driven: the ports and currents that
are not always 0. draws: the random numbers of a step. fixed: constants, all_<name> where there is one per neuron,
the_<name> otherwise; `held`: what they are for neuron i. plain: outlets, each a kind of event with its bit of the mask;
carried: those whose events carry a state variable.

State has a row for each step; row 0 is before the first. rows: of each step, the row it begins from. of_phase: of each
step, the row of the currents.
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
    step, rows, of_phase, all__STATE: Written, all_in__CONNECTED, all_I__DRIVEN, all_drawn__DRAWS, FIXED,
    sent__PLAIN: Written, sent__CARRIED: Written,
):  # fmt: skip
    before = rows[step]
    phase = of_phase[step]
    for i in range(all__MEMBRANE.shape[1]):
        new__STATE, mask = advance(all__STATE[before, i], INTO, DRAWN, HELD)
        # if at_event:
        if mask != 0:
            (new__STATE,) = at_event(new__STATE, all_drawn__DRAWS[step, i], HELD)
        # end
        # for name in state:
        all__name[step, i] = new__name
        # end
        # for name, bit in plain_bits:
        sent__name[step, i] = 1.0 if mask & bit else 0.0
        # end
        # for name, bit, variable in carried_bits:
        sent__name[step, i] = new__variable if mask & bit else 0.0
        # end
