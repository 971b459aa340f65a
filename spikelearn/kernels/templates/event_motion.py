"""How a neuron moves between two events, with derivatives, for templates that follow.

state: of the closed form. currents, constants: of the model. refractory: whether it has a `hold`. partials: a name for
the derivative of each variable by each variable and by the elapsed time. flow_parts, hold_parts: those that are not
always 0, and flow_pairs, hold_pairs: (part, its name among partials).
"""

from spikelearn.codegen.jit import scalar

# GIVEN = I__CURRENTS, CONSTANTS


@scalar
def moved(STATE, elapsed, held, GIVEN):
    """The state `elapsed` ms later, then PARTIALS."""
    # for name in partials:
    name = 0.0
    # end
    # if refractory:
    if held > 0.0:
        (new__STATE, HOLD_PARTS) = hold_derivative(STATE, elapsed, GIVEN)
        # for part, name in hold_pairs:
        name = part
        # end
    else:
        (new__STATE, FLOW_PARTS) = flow_derivative(STATE, elapsed, GIVEN)
        # for part, name in flow_pairs:
        name = part
        # end
    # else:
    (new__STATE, FLOW_PARTS) = flow_derivative(STATE, elapsed, GIVEN)
    # for part, name in flow_pairs:
    name = part
    # end
    # end
    return new__STATE, PARTIALS
