"""Neurons with a spike mechanism of their own beside closed forms, NEST's adaptive solver and Brian2."""

from __future__ import annotations

import numpy as np
from given_spikes import steps_of
from oracles import brian2_oracle, nest_oracle
from tolerances import EXACT, METHOD, NINE_DIGITS, ULP

import spikelearn as sl
from cases.case import Case
from cases.neurons import CURRENT, nest_names, on_ports, random_inputs, simulate


def _qif_spikes():
    """The step of the second and of the last spike under constant currents, from rheobase to a spike in each step."""
    measured, expected = [], []
    for current, dt in ((100.0, 0.1), (126.0, 0.1), (800.0, 0.1), (8000.0, 0.5), (80_000.0, 1.0)):
        neuron = sl.QIF(I_e=current)
        p = neuron.parameters
        _, spikes = simulate(neuron, duration=600.0, dt=dt, record=())
        scale, half = p.tau_m * (p.V_c - p.E_L), 0.5 * (p.V_c - p.E_L)
        q = np.sqrt(scale * current / p.C_m - half**2)
        peak, reset, rest = (np.arctan((V - p.V_c + half) / q) for V in (p.V_peak, p.V_reset, p.E_L))
        first, interval = (scale / q * (peak - start) for start in (rest, reset))
        interval = max(interval, dt)
        n = int((600.0 - first) // interval)
        measured += [len(spikes) - 1, spikes[1], spikes[-1]]
        expected += [n, np.ceil((first + interval) / dt), np.ceil((first + n * interval) / dt)]
    return measured, expected


def _qif_potential():
    times, weights = random_inputs(1.0, seed=1)
    jumps = [("exc", t, w) for t, w in zip(times, weights, strict=True)]
    neuron = sl.QIF()
    traces, _ = simulate(neuron, jumps, duration=200.0, dt=0.1, delay=1.5, current=CURRENT)
    p = neuron.parameters
    equations = neuron.model.equations + "\nI_e : amp (constant)"
    brian2 = brian2_oracle.integrate(
        equations, parameters=p._asdict(), units=neuron.model.units | {"V_m": "mV"}, initial={"V_m": p.E_L},
        inputs=[(t + 1.5, "V_m", w) for _, t, w in jumps],
        settings=brian2_oracle.current_settings(*CURRENT), method="rk4", dt=0.1, duration=200.0, record=("V_m",),
    )  # fmt: skip
    return traces["V_m"], brian2.recorded["V_m"][1:]


ADEX = {
    "C_m": 281.0, "g_L": 30.0, "E_L": -70.6, "V_th": -50.4, "Delta_T": 2.0, "V_reset": -60.0, "tau_w": 144.0,
    "t_ref": 2.0, "a": 4.0, "b": 80.5, "V_peak": 0.0, "I_e": 800.0,
}  # fmt: skip
EIF = {
    "C_m": 200.0, "g_L": 20.0, "E_L": -65.0, "V_th": -59.9, "Delta_T": 3.48, "V_reset": -68.0, "t_ref": 1.7,
    "V_peak": -30.0, "I_e": 300.0,
}  # fmt: skip
NO_ADAPTATION = {"a": 0.0, "b": 0.0}


def _exponential_spikes(model, shared, nest_only, dt):
    """Times of spikes under a constant current, and those of NEST's adaptive solver on a grid of 0.01 ms."""
    params = shared | nest_only | {"V_m": shared["E_L"]}
    nest = nest_oracle.lif("aeif_psc_exp", [], [], params=params, duration=60.0, resolution=0.01)
    _, spikes = simulate(model(**shared), duration=60.0, dt=dt, record=())
    return spikes * dt, nest.spike_times


def _eif_potential(dt):
    """V_m under random currents that stay below threshold, every 0.1 ms."""
    params = EIF | {"I_e": 0.0, "tau_syn_exc": 3.0, "tau_syn_inh": 7.0}
    times, weights = random_inputs(20.0, seed=1)
    nest = nest_oracle.lif(
        "aeif_psc_exp", times, weights, delay=1.5, duration=200.0,
        params=nest_names(params) | NO_ADAPTATION | {"V_m": -65.0, "gsl_error_tol": 1e-12},
    )  # fmt: skip
    traces, _ = simulate(sl.EIF(**params), on_ports(times, weights), duration=200.0, dt=dt, delay=1.5)
    return traces["V_m"][round(0.1 / dt) - 1 :: round(0.1 / dt)], nest.V_m


def _conductance_potential(dt):
    """V_m under random conductances without threshold, every 0.1 ms."""
    times, weights = random_inputs(4.0, seed=1, n=60)
    params = {"C_m": 200.0, "E_L": -65.0, "V_th": 0.0, "V_reset": -66.0, "g_L": 10.0}
    params |= {"tau_syn_exc": 3.0, "tau_syn_inh": 7.0, "E_exc": 0.0, "E_inh": -80.0}
    nest = nest_oracle.lif(
        "iaf_cond_exp", times, weights, delay=1.0, duration=200.0, params=nest_names(params) | {"V_m": -65.0}
    )
    inputs = [(port, t, abs(w)) for port, t, w in on_ports(times, weights)]
    traces, _ = simulate(sl.LIFConductance(**params), inputs, duration=200.0, dt=dt, delay=1.0)
    return traces["V_m"][round(0.1 / dt) - 1 :: round(0.1 / dt)], nest.V_m


def _adex_solution(duration):
    """Times of spikes of AdEx under 1 nA, and a function of time to (V_m, w): LSODA, restarted at each reset."""
    from scipy.integrate import solve_ivp

    p = sl.AdEx(I_e=1000.0).parameters

    def slopes(t, state):
        V_m, w = state
        exponential = p.g_L * p.Delta_T * np.exp((V_m - p.V_th) / p.Delta_T)
        return [(p.g_L * (p.E_L - V_m) + exponential - w + p.I_e) / p.C_m, (p.a * (V_m - p.E_L) - w) / p.tau_w]

    def above_peak(t, state):
        return state[0] - p.V_peak

    above_peak.terminal = True
    spikes, pieces, state, t = [], [], [p.E_L, 0.0], 0.0
    while t < duration:
        found = solve_ivp(
            slopes, (t, duration), state, "LSODA", events=above_peak, rtol=1e-11, atol=1e-11, dense_output=True
        )
        pieces.append((t, found.sol))
        t = found.t[-1]
        if t < duration:
            spikes.append(t)
            state = [p.V_reset, found.y[1, -1] + p.b]

    return np.array(spikes), lambda t: next(solution(t) for begun, solution in reversed(pieces) if begun <= t)


def _adex_spikes(dt):
    """Steps of the first eight spikes."""
    _, spikes = simulate(sl.AdEx(I_e=1000.0), duration=150.0, dt=dt, record=())
    return spikes, np.ceil(_adex_solution(150.0)[0] / dt)


def _adex_states(dt):
    """V_m and w every ms, but for the last ms before a spike, where V_m goes to infinity."""
    traces, _ = simulate(sl.AdEx(I_e=1000.0), duration=150.0, dt=dt, record=("V_m", "w"))
    spikes, solution = _adex_solution(150.0)
    times = np.array([t for t in np.arange(1.0, 150.0) if not np.any((spikes > t) & (spikes < t + 1.0))])
    at = np.round(times / dt).astype(int) - 1
    return np.array([traces["V_m"][at], traces["w"][at]]), np.transpose([solution(t) for t in times])


def order_of(potential):
    """The order of convergence that the errors at 0.1 and 0.05 ms show."""
    errors = [np.abs(np.subtract(*potential(dt))).max() for dt in (0.1, 0.05)]
    return np.log2(errors[0] / errors[1])


JUMPS = [(30.0, 4.0), (31.5, 3.0), (150.0, -2.0)]


def _izhikevich(oracle, k):
    """Spikes, V_m or u under three jumps and a stepped current."""
    traces, spikes = simulate(
        sl.Izhikevich(), [("exc", t - 1.0, w) for t, w in JUMPS], duration=300.0, dt=0.1, delay=1.0,
        current=([20.0], [10.0]), record=("V_m", "u"),
    )  # fmt: skip
    if oracle == "NEST":
        found = nest_oracle.lif(
            "izhikevich", [t - 1.0 for t, _ in JUMPS], [w for _, w in JUMPS], duration=300.0,
            params={"V_m": -65.0, "U_m": -13.0}, record=("U_m",), current_times=[20.0], current_amplitudes=[10.0],
        )  # fmt: skip
        V_m, u = found.V_m, found.recorded["U_m"]
    else:
        found = brian2_oracle.izhikevich([20.0], [10.0], inputs=JUMPS, duration=300.0)
        V_m, u = (found.recorded[name][1:] for name in ("V_m", "U_m"))
    return (spikes, traces["V_m"], traces["u"])[k], (steps_of(found.spike_times, 0.1), V_m, u)[k]


def _izhikevich_script(k):
    """Spikes or V_m of Izhikevich's own lines (2003), for one neuron."""
    v, u, fired, trace = -65.0, -13.0, [], []
    for step in range(1, 301):
        I_input = 10.0 if step > 20 else 0.0
        u_before = u
        v += 0.5 * (0.04 * v**2 + 5 * v + 140 - u_before + I_input)
        v += 0.5 * (0.04 * v**2 + 5 * v + 140 - u_before + I_input)
        u += 0.02 * (0.2 * v - u)
        if v >= 30:
            fired.append(step)
            v, u = -65.0, u + 8
        trace.append(v)
    traces, spikes = simulate(sl.IzhikevichHalfSteps(), duration=300.0, dt=1.0, current=([20.0], [10.0]))
    return (spikes, traces["V_m"])[k], (fired, trace)[k]


def _gates_at_rest():
    """NEST starts with the gates of another potential (it forgets V_T), so it is given those of E_L."""
    start = sl.HodgkinHuxley.initial(sl.HodgkinHuxley().parameters)
    return {name: float(start[gate]) for name, gate in (("Act_m", "m"), ("Inact_h", "h"), ("Act_n", "n"))}


GATES_AT_REST = _gates_at_rest()


def _hodgkin_huxley_spikes(dt):
    """Times of spikes under 300 pA and random conductances, and those of NEST on a grid of 0.005 ms."""
    times, weights = random_inputs(10.0, seed=1, n=20)
    inputs = [(port, t, abs(w)) for port, t, w in on_ports(times, weights)]
    _, spikes = simulate(sl.HodgkinHuxley(I_e=300.0), inputs, duration=100.0, dt=dt, delay=1.0, record=())
    nest = nest_oracle.lif(
        "hh_cond_exp_traub", times, weights, delay=1.0, duration=100.0, resolution=0.005,
        params=GATES_AT_REST | {"I_e": 300.0},
    )  # fmt: skip
    return spikes * dt, nest.spike_times


def _hodgkin_huxley_potential(dt):
    """V_m under random conductances below threshold, every 0.1 ms."""
    times, weights = random_inputs(2.0, seed=1, n=60)
    inputs = [(port, t, abs(w)) for port, t, w in on_ports(times, weights)]
    traces, spikes = simulate(sl.HodgkinHuxley(I_e=-300.0), inputs, duration=200.0, dt=dt, delay=1.0)
    assert len(spikes) == 0
    params = GATES_AT_REST | {"I_e": -300.0}
    nest = nest_oracle.lif("hh_cond_exp_traub", times, weights, delay=1.0, duration=200.0, params=params)
    return traces["V_m"][round(0.1 / dt) - 1 :: round(0.1 / dt)], nest.V_m


EACH = (("spikes", EXACT, "EXACT"), ("V_m", NINE_DIGITS, "1e-9 relative"), ("u", NINE_DIGITS, "1e-9 relative"))
WITHOUT_ADAPTATION = "NEST live: aeif_psc_exp with a = b = 0"

CASES: tuple[Case, ...] = (
    Case(
        "QIF", "steps of spikes under constant currents", "closed form: intervals are differences of two arctangents",
        EXACT, "EXACT", _qif_spikes,
    ),
    # the fifth derivative is about 10 mV over (10 ms)^5 between inputs
    Case(
        "QIF", "V_m below threshold, 150 random jumps and a stepped current", "Brian2 live: rk4", METHOD(4, 0.1, 1e-4),
        "METHOD(4, dt)", _qif_potential,
    ),
    # a spike is reported at the end of a step, and so does each of n refractory periods end
    *(
        Case(
            model.name, f"times of spikes under a constant current, dt = {dt} ms", oracle, METHOD(1, dt, 1.0 + n),
            "METHOD(1, dt)", lambda args=(model, params, more, dt): _exponential_spikes(*args),
        )
        for model, oracle, params, more, n in (
            (sl.AdEx, "NEST live: aeif_psc_exp", ADEX, {}, 2),
            (sl.EIF, WITHOUT_ADAPTATION, EIF, NO_ADAPTATION, 5),
        )
        for dt in (0.1, 0.05, 0.02)
    ),
    *(
        Case(
            "AdEx", f"steps of eight spikes under 1 nA, dt = {dt} ms", "scipy's LSODA to 1e-11, restarted at resets",
            EXACT, "EXACT", lambda dt=dt: _adex_spikes(dt),
        )
        for dt in (0.05, 0.01)
    ),
    # the third derivative: V_m rises by 1 mV/ms and, near the upstroke, e-fold within 2 ms; 8 resets add to the error
    *(
        Case(
            "AdEx", f"V_m and w across eight spikes under 1 nA, dt = {dt} ms",
            "scipy's LSODA to 1e-11, restarted at resets", METHOD(2, dt, 10.0), "METHOD(2, dt)",
            lambda dt=dt: _adex_states(dt),
        )
        for dt in (0.1, 0.05, 0.01)
    ),
    # the third derivative: several currents of 20 pA on 200 pF that decay in 3 ms make 0.5 mV/ms over (3 ms)^2
    *(
        Case(
            "EIF", f"V_m below threshold, 150 random inputs, dt = {dt} ms", WITHOUT_ADAPTATION, METHOD(2, dt, 0.05),
            "METHOD(2, dt)", lambda dt=dt: _eif_potential(dt),
        )
        for dt in (0.1, 0.05)
    ),
    # the third derivative: about g/C (V_m - E_exc) / tau_syn^2 <= 1 mV/ms^3 for tens of nS on 200 pF, 65 mV, 3 ms
    *(
        Case(
            "LIFConductance", f"V_m without threshold, 60 random inputs, dt = {dt} ms", "NEST live: iaf_cond_exp",
            METHOD(2, dt), "METHOD(2, dt)", lambda dt=dt: _conductance_potential(dt),
        )
        for dt in (0.1, 0.05)
    ),
    # the order that two errors show is wrong by the ratio of the next term to the first, which goes as dt
    *(
        Case(
            name, "order of convergence of V_m", oracle, METHOD(1, 0.1, 2.0), "METHOD(1, dt)",
            lambda potential=potential: (order_of(potential), 2.0),
        )
        for name, oracle, potential in (
            ("EIF", WITHOUT_ADAPTATION, _eif_potential),
            ("LIFConductance", "NEST live: iaf_cond_exp", _conductance_potential),
            ("HodgkinHuxley", "NEST live: hh_cond_exp_traub", _hodgkin_huxley_potential),
        )
    ),
    # found at the end of its step, and 1 % of an interval late at 0.1 ms for each of five intervals (second order)
    *(
        Case(
            "HodgkinHuxley", f"times of spikes, 300 pA and 20 random inputs, dt = {dt} ms",
            "NEST live: hh_cond_exp_traub", METHOD(1, dt, 10.0), "METHOD(1, dt)",
            lambda dt=dt: _hodgkin_huxley_spikes(dt),
        )
        for dt in (0.1, 0.05, 0.02, 0.01)
    ),
    # as for LIFConductance, with conductances half as large
    *(
        Case(
            "HodgkinHuxley", f"V_m below threshold, 60 random inputs, dt = {dt} ms", "NEST live: hh_cond_exp_traub",
            METHOD(2, dt, 0.5), "METHOD(2, dt)", lambda dt=dt: _hodgkin_huxley_potential(dt),
        )
        for dt in (0.1, 0.05)
    ),
    # the upstroke of each spike multiplies rounding errors, by a thousand or so
    *(
        Case(
            "Izhikevich", f"{what}, three jumps and a stepped current", f"{oracle} live", tolerance, tolerance_name,
            lambda args=(oracle, k): _izhikevich(*args),
        )
        for oracle in ("NEST", "Brian2")
        for k, (what, tolerance, tolerance_name) in enumerate(EACH)
    ),
    Case(
        "IzhikevichHalfSteps", "spikes, a stepped current", "Izhikevich's published script", EXACT, "EXACT",
        lambda: _izhikevich_script(0),
    ),
    Case(
        "IzhikevichHalfSteps", "V_m, a stepped current", "Izhikevich's published script", ULP(4_500_000, 100.0),
        "1e-9 relative", lambda: _izhikevich_script(1),
    ),
)  # fmt: skip
