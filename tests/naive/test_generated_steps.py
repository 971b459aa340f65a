"""Steps that are generated from equations compared with textbook code, in plain Python, for the same numbers."""

import math

import numpy as np
from tolerances import EXACT, ULP

import spikelearn as sl

P = {"C": 100.0, "g_L": 5.0, "E_L": -60.0, "D": 3.0, "V_T": -50.0, "a": 2.0, "tau_w": 40.0, "V_reset": -58.0, "b": 30.0}
UNITS = {
    "C": "pF",
    "g_L": "nS",
    "E_L": "mV",
    "D": "mV",
    "V_T": "mV",
    "a": "nS",
    "tau_w": "ms",
    "V_reset": "mV",
    "b": "pA",
}
STEPS, DT, T_REF, CURRENT = 600, 0.1, 1.0, 160.0


def slope(V, w):
    dV = (P["g_L"] * (P["E_L"] - V) + P["g_L"] * P["D"] * math.exp((V - P["V_T"]) / P["D"]) - w + CURRENT) / P["C"]
    return dV, (P["a"] * (V - P["E_L"]) - w) / P["tau_w"]


def classical_runge_kutta():
    """The exponential neuron with adaptation, one stage after the other; refractory steps by a counter."""
    V, w, left, trace, spikes = P["E_L"], 0.0, 0, [], []
    for step in range(1, STEPS + 1):
        stages, point = [], (V, w)
        for share in (0.5, 0.5, 1.0, None):
            dV, dw = slope(*point)
            stages.append((0.0 if left else dV, dw))
            if share is not None:
                point = V + share * DT * stages[-1][0], w + share * DT * stages[-1][1]
        (a, p), (b, q), (c, r), (d, s) = stages
        V, w = V + DT / 6 * (a + 2 * b + 2 * c + d), w + DT / 6 * (p + 2 * q + 2 * r + s)
        if left:
            left -= 1
        elif V > -40.0:
            V, w, left = P["V_reset"], w + P["b"], round(T_REF / DT)
            spikes.append(step)
        trace.append(V)
    return trace, spikes


def test_a_step_generated_from_equations_is_classical_runge_kutta():
    model = sl.NeuronModel.from_equations(
        "dV_m/dt = (g_L*(E_L - V_m) + g_L*D*exp((V_m - V_T)/D) - w + I)/C : volt (unless refractory)\n"
        "dw/dt = (a*(V_m - E_L) - w)/tau_w : amp",
        threshold="V_m > -40*mV", reset="V_m = V_reset; w += b", refractory=T_REF, currents={"exc": "I"},
        parameters={name: (value, UNITS[name]) for name, value in P.items()}, method="rk4",
    )  # fmt: skip
    net = sl.Network(dt=DT)
    cell = net.population(1, model())
    net.drive(cell, sl.StepCurrent([0.0], [CURRENT]), port="exc")
    net.record(cell, ["spikes", "V_m"])
    run = net.run(STEPS * DT)
    trace, spikes = classical_runge_kutta()
    assert len(spikes) > 2
    EXACT.check(np.round(run.spikes(cell).times / DT), spikes)
    # the upstroke of a spike multiplies what is rounded, by a thousand or so
    ULP(20_000 * STEPS, 100.0).check(run.trace(cell, "V_m").values[:, 0], trace)
