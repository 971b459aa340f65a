"""Any LIF neuron with any currents crosses its threshold first where a close look finds it, or never."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tolerances import ULP

import spikelearn as sl

LIF = sl.LIF.closed_form
LOOK = np.concatenate([np.linspace(0.0, 5.0, 20_001), np.linspace(5.0, 400.0, 20_001)[1:]])
taus = st.sampled_from([0.5, 2.0, 2.0000001, 5.0, 10.0, 10.001, 30.0])
cells = st.tuples(
    st.fixed_dictionaries({"tau_m": taus, "tau_syn_exc": taus, "tau_syn_inh": taus, "I_e": st.floats(-300.0, 700.0)}),
    st.tuples(st.floats(-90.0, -55.001), st.floats(-3000.0, 3000.0), st.floats(-3000.0, 3000.0)),
)


def potential(p, state, t):
    """V_m at times t: the membrane's own decay, the constant current, and each exponential current's response."""
    V_m, I_exc, I_inh = state
    V_inf = p.E_L + p.tau_m / p.C_m * p.I_e
    V = V_inf + (V_m - V_inf) * np.exp(-t / p.tau_m)
    for current, tau in ((I_exc, p.tau_syn_exc), (I_inh, p.tau_syn_inh)):
        rate, slow = abs(1.0 / tau - 1.0 / p.tau_m), max(tau, p.tau_m)
        V = V + current / p.C_m * np.exp(-t / slow) * (-np.expm1(-t * rate) / rate if rate > 0 else t)
    return V


def crossing(p, state):
    return LIF.crossing(*state, 0.0, *(float(value) for value in LIF.constants(p).values()))


def soonest(p, state):
    return LIF.soonest(*state, 0.0, *(float(value) for value in LIF.constants(p).values()))


def check(p, state):
    noise = 1e-12 * (200.0 + max(map(abs, state[1:])))
    seen = potential(p, state, LOOK)
    time = crossing(p, state)
    assert 0.0 <= soonest(p, state) <= time
    before = LOOK < time * (1.0 - 1e-12)
    assert seen[before].max(initial=-np.inf) < p.V_th + noise
    if time < np.inf:
        # as well as the potential is known: up to 3,000 pA are added and taken away on the way
        ULP(200, np.abs(state).max()).check(potential(p, state, np.float64(time)), p.V_th)
    return time, seen


@settings(max_examples=300, deadline=None, derandomize=True)
@given(given=cells)
@example(({"tau_m": 10.0, "tau_syn_exc": 0.5, "tau_syn_inh": 2.0, "I_e": 0.0}, (-56.0, 3000.0, -3000.0)))
@example(({"tau_m": 10.0, "tau_syn_exc": 10.0, "tau_syn_inh": 10.0, "I_e": 375.0}, (-70.0, 0.0, 0.0)))
def test_the_first_crossing_is_found_and_no_other(given):
    values, state = given
    check(sl.LIF(**values).parameters, state)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(given=cells, distance=st.sampled_from([1e-9, 1e-6, 1e-3]))
def test_a_potential_that_only_just_reaches_the_threshold_crosses_it(given, distance):
    """The threshold is put just below, then just above the highest potential: between two looks, or at the end."""
    values, state = given
    p = sl.LIF(**values).parameters
    seen = potential(p, state, LOOK)
    k = int(np.argmax(seen))
    near = np.linspace(LOOK[max(k - 1, 0)], LOOK[min(k + 1, len(LOOK) - 1)], 20_001)
    top = potential(p, state, near).max()
    if top <= state[0] + 2 * distance or 2 + k > len(LOOK):
        return
    within, _ = check(p._replace(V_th=top - distance), state)
    assert within <= near[-1]
    if top > potential(p, state, np.float64(1e6)) + 1e-3:
        above, _ = check(p._replace(V_th=top + distance), state)
        assert above == np.inf
