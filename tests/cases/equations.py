"""Models from equations beside the models that are written by hand, and beside Brian2 running the same method."""

from __future__ import annotations

import functools

import numpy as np
from oracles import brian2_oracle
from tolerances import EXACT, METHOD, NINE_DIGITS, ULP

import spikelearn as sl
from cases.case import Case
from cases.neurons import on_ports, random_inputs, simulate

DT, DURATION, DELAY = 0.1, 100.0, 1.5

HODGKIN_HUXLEY = """
dV_m/dt = (g_L*(E_L - V_m) + g_Na*m**3*h*(E_Na - V_m) + g_K*n**4*(E_K - V_m) + I_syn + I_e)/C_m : volt
dm/dt = alpha_m*(1 - m) - beta_m*m : 1
dh/dt = alpha_h*(1 - h) - beta_h*h : 1
dn/dt = alpha_n*(1 - n) - beta_n*n : 1
alpha_m = 1/exprel(-(V_m + 40*mV)/(10*mV))/ms : Hz
beta_m = 4*exp(-(V_m + 65*mV)/(18*mV))/ms : Hz
alpha_h = 0.07*exp(-(V_m + 65*mV)/(20*mV))/ms : Hz
beta_h = 1/(1 + exp(-(V_m + 35*mV)/(10*mV)))/ms : Hz
alpha_n = 0.1/exprel(-(V_m + 55*mV)/(10*mV))/ms : Hz
beta_n = 0.125*exp(-(V_m + 65*mV)/(80*mV))/ms : Hz
dI_syn/dt = -I_syn/tau_syn : amp
"""
HODGKIN_HUXLEY_PARAMETERS = {
    "C_m": (100.0, "pF"), "g_L": (30.0, "nS"), "g_Na": (12.0, "uS"), "g_K": (3.6, "uS"), "E_L": (-54.4, "mV"),
    "E_Na": (50.0, "mV"), "E_K": (-77.0, "mV"), "tau_syn": (2.0, "ms"), "I_e": (1000.0, "pA"), "t_ref": (3.0, "ms"),
}  # fmt: skip
HODGKIN_HUXLEY_START = {"V_m": -65.0, "m": 0.05, "h": 0.6, "n": 0.32}

RESONATOR = """
dV_m/dt = (E_L - V_m)/tau_m - w/C_m + (I_syn + I_e)/C_m : volt
dw/dt = (a*(V_m - E_L) - w)/tau_w : amp
dI_syn/dt = -I_syn/tau_syn : amp
"""
RESONATOR_PARAMETERS = {
    "E_L": (-65.0, "mV"), "tau_m": (20.0, "ms"), "C_m": (200.0, "pF"), "a": (2.0, "nS"), "tau_w": (300.0, "ms"),
    "tau_syn": (3.0, "ms"), "I_e": (100.0, "pA"), "b": (20.0, "pA"), "V_th": (-55.0, "mV"), "V_reset": (-62.0, "mV"),
}  # fmt: skip


@functools.cache
def rebuilt(model, method=None):
    """A model of the package once more, from the equations that it shows."""
    fields = model.Parameters._field_defaults
    return sl.NeuronModel.from_equations(
        model.equations,
        threshold=model.threshold,
        reset=model.reset,
        refractory="t_ref" if "t_ref" in fields else None,
        ports=model.arrivals,
        parameters={name: (default, model.units[name]) for name, default in fields.items()},
        initial={"V_m": -65.0, "u": "b * -65 * mV"} if model.name == "Izhikevich" else None,
        method=method,
        name=f"{model.name} from its equations",
    )


@functools.cache
def custom(name, method):
    """A model that is not in the package."""
    if name == "HodgkinHuxley":
        return sl.NeuronModel.from_equations(
            HODGKIN_HUXLEY, threshold="V_m > -20*mV", refractory="t_ref", ports={"exc": "I_syn"},
            parameters=HODGKIN_HUXLEY_PARAMETERS, initial=HODGKIN_HUXLEY_START, method=method, name=name,
        )  # fmt: skip
    return sl.NeuronModel.from_equations(
        RESONATOR, threshold="V_m > V_th", reset="V_m = V_reset; w += b", ports={"exc": "I_syn"},
        parameters=RESONATOR_PARAMETERS, method=method, name=name,
    )  # fmt: skip


def _inputs(scale, ports, duration, seed=3):
    times, weights = random_inputs(scale, seed, n=60)
    kept = times < duration - 2 * DELAY
    times, weights = times[kept], weights[kept]
    if "inh" not in ports:
        return [("exc", t, w) for t, w in zip(times, weights, strict=True)]
    return on_ports(times, weights)


SCALES = {"pA": 150.0, "mV": 2.0, "nS": 3.0}


@functools.cache
def _both(model, method, parameters):
    """(V_m, spikes) of the model from equations and of the one that is written by hand."""
    inputs = _inputs(SCALES[model.ports["exc"]], model.ports, DURATION)
    if model.ports["exc"] == "nS":
        inputs = [(port, t, abs(w)) for port, t, w in inputs]
    results = []
    for each in (rebuilt(model, method), model):
        traces, spikes = simulate(each(**dict(parameters)), inputs, duration=DURATION, dt=DT, delay=DELAY)
        results.append((traces["V_m"], spikes))
    return results


@functools.cache
def _beside_brian2(model, method, parameters, record):
    """({variable: trace}, spikes) of a model from equations here and in Brian2, with the same method."""
    made = rebuilt(model, method) if isinstance(model, sl.NeuronModel) else custom(model, method)
    # classical Runge-Kutta is not stable at 0.1 ms in the spike of Hodgkin and Huxley
    dt, duration = (0.02, 25.0) if (model, method) == ("HodgkinHuxley", "rk4") else (DT, DURATION)
    neuron = made(**dict(parameters))
    inputs = _inputs(SCALES[made.ports["exc"]], made.ports, duration)
    traces, spikes = simulate(neuron, inputs, duration=duration, dt=dt, delay=DELAY, record=record)
    values = neuron.parameters._asdict()
    fields = {**made.units, **made.state}
    start = {**dict.fromkeys(made.state, 0.0), **made.initial(neuron.parameters)}
    brian2 = brian2_oracle.integrate(
        made.equations,
        parameters={name: float(value) for name, value in values.items()},
        units={name: unit for name, unit in fields.items() if unit != "1"},
        initial={name: float(value) for name, value in start.items() if name != "refractory"},
        inputs=[(t + DELAY, made.arrivals[port], w) for port, t, w in inputs],
        threshold=made.threshold,
        reset=made.reset or None,
        refractory=values.get("t_ref"),
        method=method,
        dt=dt,
        duration=duration,
        record=record,
    )
    expected = {name: brian2.recorded[name][1:] for name in record}
    return (traces, spikes), (expected, np.round(brian2.spike_times / dt).astype(int))


LIF_NEAR = (("I_e", 450.0), ("tau_syn_exc", 3.0), ("tau_syn_inh", 7.0))
EQUAL = (("I_e", 300.0), ("tau_syn_exc", 10.0), ("tau_syn_inh", 2.0))
STEPS = round(DURATION / DT)

# rounding: some 20 operations in each of 1000 steps, on potentials of tens of mV
AS_ROUNDED = ULP(20 * STEPS, 100.0)


def _allowed(name):
    """The upstroke of a spike multiplies rounding errors, by a thousand or so."""
    return (NINE_DIGITS, "1e-9 relative") if name in ("Izhikevich", "AdEx", "HodgkinHuxley") else (AS_ROUNDED, "ULP")


def _hand_written():
    cases = []
    for model, parameters, what in (
        (sl.LIF, LIF_NEAR, "tau_syn 3 and 7 ms"),
        (sl.LIF, EQUAL, "tau_syn = tau_m"),
        (sl.LIFAlpha, LIF_NEAR, "tau_syn 3 and 7 ms"),
        (sl.LIFAlpha, EQUAL, "tau_syn = tau_m"),
        (sl.LIFDelta, (("I_e", 300.0),), "delta synapses"),
        (sl.Izhikevich, (("I_e", 10.0),), "Euler"),
    ):
        method = "euler" if model is sl.Izhikevich else "exact"
        tolerance, name = _allowed(model.name)
        for k, quantity in enumerate(("V_m", "spikes")):
            cases.append(
                Case(
                    "NeuronModel.from_equations",
                    f"{quantity} of {model.name} from its own equations ({method}), {what}",
                    f"{model.name}, written by hand",
                    tolerance if k == 0 else EXACT,
                    name if k == 0 else "EXACT",
                    lambda args=(model, method, parameters), k=k: tuple(found[k] for found in _both(*args)),
                )
            )
    # Heun's local error of the built-in goes with V''' and that of exponential Euler with the change of conductance in
    # a step: tens of nS on 200 pF within milliseconds
    for model, method, parameters, tolerance, name in (
        (sl.AdEx, "rk4", (("I_e", 200.0),), METHOD(2, DT, 5.0), "METHOD(2, dt)"),
        (sl.LIFConductance, "exponential_euler", (("V_th", 0.0),), METHOD(1, DT, 5.0), "METHOD(1, dt)"),
    ):
        cases.append(
            Case(
                "NeuronModel.from_equations",
                f"V_m of {model.name} from its own equations ({method}) below threshold",
                f"{model.name}, written by hand with another method",
                tolerance,
                name,
                lambda args=(model, method, parameters): tuple(found[0] for found in _both(*args)),
            )
        )
    return cases


def _brian2():
    """By default each method once, and the model with named expressions."""
    cases = []
    for model, method, parameters, record, slow in (
        (sl.LIF, "exact", LIF_NEAR, ("V_m",), False),
        ("Resonator", "rk4", (), ("V_m", "w"), False),
        ("HodgkinHuxley", "exponential_euler", (), ("V_m", "m", "h", "n"), False),
        ("HodgkinHuxley", "rk4", (), ("V_m", "n"), True),
        ("Resonator", "rk2", (), ("V_m", "w"), False),
        (sl.AdEx, "rk4", (("I_e", 800.0), ("t_ref", 2.0)), ("V_m", "w"), True),
        (sl.AdEx, "euler", (("I_e", 800.0), ("t_ref", 2.0)), ("V_m", "w"), False),
        (sl.LIFConductance, "exponential_euler", (("I_e", 300.0),), ("V_m", "g_exc"), True),
    ):
        title = model if isinstance(model, str) else model.name
        for quantity in (*record, "spikes"):
            spikes = quantity == "spikes"
            cases.append(
                Case(
                    "NeuronModel.from_equations",
                    f"{quantity} of {title}, {method}, random inputs",
                    "Brian2 live, the same method",
                    *((EXACT, "EXACT") if spikes else _allowed(title)),
                    lambda args=(model, method, parameters, record), q=quantity: tuple(
                        spikes if q == "spikes" else traces[q] for traces, spikes in _beside_brian2(*args)
                    ),
                    slow=slow,
                )
            )
    return cases


CASES: tuple[Case, ...] = (*_hand_written(), *_brian2())
