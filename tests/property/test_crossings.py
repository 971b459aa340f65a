"""Any LIF neuron with any currents crosses its threshold first where a close look finds it, or never."""

import math

import numpy as np
from examples import number_of_examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tolerances import ULP

import spikelearn as sl

LOOK = np.concatenate([np.linspace(0.0, 5.0, 4_001), np.linspace(5.0, 400.0, 4_001)[1:]])
taus = st.sampled_from([0.5, 2.0, 2.0000001, 5.0, 10.0, 10.001, 30.0])
cells = st.tuples(
    st.fixed_dictionaries({"tau_m": taus, "tau_syn_exc": taus, "tau_syn_inh": taus, "I_e": st.floats(-300.0, 700.0)}),
    st.tuples(st.floats(-90.0, -55.001), st.floats(-3000.0, 3000.0), st.floats(-3000.0, 3000.0)),
)
currents = st.one_of(st.sampled_from([-1000.0, 0.0, 1000.0]), st.floats(-3000.0, 3000.0))
alpha_cells = st.tuples(
    cells.map(lambda both: both[0]), st.tuples(st.floats(-90.0, -55.001), currents, currents, currents, currents)
)


def potential(p, state, t):
    """V_m at times t: the membrane's own decay, the constant current, and each exponential current's response."""
    V_m, I_exc, I_inh = state if len(state) == 3 else (state[0], state[1], state[3])
    V_inf = p.E_L + p.tau_m / p.C_m * p.I_e
    V = V_inf + (V_m - V_inf) * np.exp(-t / p.tau_m)
    for current, tau in ((I_exc, p.tau_syn_exc), (I_inh, p.tau_syn_inh)):
        rate, slow = abs(1.0 / tau - 1.0 / p.tau_m), max(tau, p.tau_m)
        V = V + current / p.C_m * np.exp(-t / slow) * (-np.expm1(-t * rate) / rate if rate > 0 else t)
    if len(state) == 3:
        return V
    for D, tau in ((state[2], p.tau_syn_exc), (state[4], p.tau_syn_inh)):
        V = V + D / p.C_m * response_to_a_rise(t, tau, p.tau_m)
    return V


def response_to_a_rise(t, tau, tau_m):
    """What a current t exp(-t / tau) of 1 pA/ms adds to the charge of a membrane."""
    rate = 1.0 / tau - 1.0 / tau_m
    terms = [1.0 / (math.factorial(k) * (k + 2)) for k in range(25)]
    near = np.exp(-t / tau_m) * t**2 * np.polynomial.polynomial.polyval(-rate * t, terms)
    if rate == 0.0:
        return near
    far = (np.exp(-t / tau_m) - np.exp(-t / tau) * (1.0 + rate * t)) / rate**2
    return np.where(np.abs(rate * t) < 2.0, near, far)


def form(state):
    return (sl.LIF if len(state) == 3 else sl.LIFAlpha).closed_form


def crossing(p, state):
    return form(state).crossing(*state, 0.0, *(float(value) for value in form(state).constants(p).values()))


def soonest(p, state):
    return form(state).soonest(*state, 0.0, *(float(value) for value in form(state).constants(p).values()))


def size(state):
    """The largest number that is added to the potential, in mV, or more; a current may rise for 30 ms."""
    return max(map(abs, state[1:])) * (1.0 if len(state) == 3 else 30.0)


def check(p, state):
    noise = 1e-12 * (200.0 + size(state))
    seen = potential(p, state, LOOK)
    time = crossing(p, state)
    assert 0.0 <= soonest(p, state) <= time
    before = LOOK < time * (1.0 - 1e-12)
    assert seen[before].max(initial=-np.inf) < p.V_th + noise
    if time < np.inf:
        # as well as the potential is known: up to 3,000 pA are added and taken away on the way
        ULP(200, 100.0 + size(state)).check(potential(p, state, np.float64(time)), p.V_th)
    return time, seen


@number_of_examples(80, 300)
def test_the_first_crossing_is_found_and_no_other(examples):
    @settings(max_examples=examples, deadline=None, derandomize=True)
    @given(given=cells)
    @example(({"tau_m": 10.0, "tau_syn_exc": 0.5, "tau_syn_inh": 2.0, "I_e": 0.0}, (-56.0, 3000.0, -3000.0)))
    @example(({"tau_m": 10.0, "tau_syn_exc": 10.0, "tau_syn_inh": 10.0, "I_e": 375.0}, (-70.0, 0.0, 0.0)))
    def with_them(given):
        values, state = given
        check(sl.LIF(**values).parameters, state)

    with_them()


ALPHA = [
    ({"tau_m": 10.0, "tau_syn_exc": 0.5, "tau_syn_inh": 2.0, "I_e": 0.0}, (-56.0, 3000.0, 0.0, 0.0, -3000.0)),
    ({"tau_m": 10.0, "tau_syn_exc": 10.0, "tau_syn_inh": 10.0, "I_e": 375.0}, (-70.0, 0.0, 0.0, 0.0, 0.0)),
    ({"tau_m": 5.0, "tau_syn_exc": 2.0, "tau_syn_inh": 30.0, "I_e": 300.0}, (-70.0, 900.0, -900.0, -300.0, 90.0)),
]


@number_of_examples(40, 150)
def test_the_first_crossing_under_alpha_currents_is_found_and_no_other(examples):
    @settings(max_examples=examples, deadline=None, derandomize=True)
    @given(given=alpha_cells)
    @example(ALPHA[0])
    @example(ALPHA[1])
    @example(ALPHA[2])
    def with_them(given):
        values, state = given
        check(sl.LIFAlpha(**values).parameters, state)

    with_them()


@number_of_examples(60, 200)
def test_a_potential_that_only_just_reaches_the_threshold_crosses_it(examples):
    """The threshold is put just below, then just above the highest potential: between two looks, or at the end."""

    @settings(max_examples=examples, deadline=None, derandomize=True)
    @given(given=st.one_of(cells, alpha_cells), distance=st.sampled_from([1e-9, 1e-6, 1e-3]))
    def with_them(given, distance):
        values, state = given
        p = sl.LIF(**values).parameters
        seen = potential(p, state, LOOK)
        k = int(np.argmax(seen))
        near = np.linspace(LOOK[max(k - 1, 0)], LOOK[min(k + 1, len(LOOK) - 1)], 4_001)
        top = potential(p, state, near).max()
        if top <= state[0] + 2 * distance or 2 + k > len(LOOK):
            return
        within, _ = check(p._replace(V_th=top - distance), state)
        assert within <= near[-1]
        if top > potential(p, state, np.float64(1e6)) + 1e-3:
            above, _ = check(p._replace(V_th=top + distance), state)
            assert above == np.inf

    with_them()
