"""What acts on the eligibilities of a SignalRule (plasticity/signal_rule.py): a modulator, or a state of each target.

In each step the increment of all targets, or that of each, is added to N, and times H to M. If eligibilities rise, that
with tau_rise in place of tau_c is added to R, and taken from M times K. pre: the traces.
"""

import math

from spikelearn.codegen.jit import Written, kernel
from spikelearn.kernels.signal_rule import BASE
from spikelearn.kernels.trial_clock import PHASE, STARTS

# RELEASED = released
# RATES = c_rate
# OF_TARGETS = H__PRE
# INTEGRALS = N, M__PRE
# if rises:
# RELEASED = released, released_rise
# RATES = c_rate, rise_rate
# OF_TARGETS = H__PRE, K__PRE
# INTEGRALS = N, R, M__PRE
# end


@kernel
def modulate(
    step, first, last, learning_factor, concentration, b, n_rate, RATES, dt, dendritic, clock, RELEASED: Written,
    OF_TARGETS, INTEGRALS: Written
):  # fmt: skip
    """Integrate eligibility times (n - b) over this step, in closed form."""
    n0 = concentration[0]
    w_rate = c_rate + n_rate
    increment = -n0 * math.expm1(-w_rate) / w_rate * dt + b * math.expm1(-c_rate) / c_rate * dt
    released[step % len(released)] = increment if learning_factor[0] != 0.0 else 0.0
    at = max(step - dendritic, 0)
    increment = released[at % len(released)] * math.exp(-max(at - 1 - clock[BASE], 0) * c_rate)
    N[0] += increment
    # for x in pre:
    for j in range(first, last):
        M__x[j] += H__x[j] * increment
    # end
    # if rises:
    w_rate = rise_rate + n_rate
    increment = -n0 * math.expm1(-w_rate) / w_rate * dt + b * math.expm1(-rise_rate) / rise_rate * dt
    released_rise[step % len(released)] = increment if learning_factor[0] != 0.0 else 0.0
    increment = released_rise[at % len(released)] * math.exp(-max(at - 1 - clock[BASE], 0) * rise_rate)
    R[0] += increment
    # for x in pre:
    for j in range(first, last):
        M__x[j] -= K__x[j] * increment
    # end
    # end


@kernel
def keep_third(step, first, last, learning_factor, dt, of_targets, third: Written):
    """Keep the third factor of each target at the end of this step, times dt, until it is at the synapses."""
    row = step % len(third)
    for j in range(first, last):
        third[row, j] = of_targets[j] * dt if learning_factor[0] != 0.0 else 0.0


@kernel
def teach(step, first, last, RATES, dendritic, clock, third, OF_TARGETS, INTEGRALS: Written):
    """The third factor of each target acts at the synapses, after the signal of the same step."""
    at = max(step - dendritic, 0)
    third_now = third[(at - dendritic) % len(third)]
    E = math.exp(-(at - clock[BASE]) * c_rate)
    # if rises:
    F = math.exp(-(at - clock[BASE]) * rise_rate)
    # end
    for j in range(first, last):
        increment = third_now[j] * E
        N[j] += increment
        # for x in pre:
        M__x[j] += H__x[j] * increment
        # end
        # if rises:
        increment = third_now[j] * F
        R[j] += increment
        # for x in pre:
        M__x[j] -= K__x[j] * increment
        # end
        # end


@kernel
def forget_third(step, clock_of_trials, phase, first, last, third: Written):
    """At the start of a phase that resets the rule: third factors on their way to the synapses are lost."""
    if clock_of_trials[STARTS] == 1 and clock_of_trials[PHASE] == phase:
        for row in range(len(third)):
            for j in range(first, last):
                third[row, j] = 0.0
