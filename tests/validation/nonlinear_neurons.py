"""Neurons with a spike mechanism of their own beside closed forms, NEST's adaptive solver and Brian2."""

from __future__ import annotations

import numpy as np
from oracles import brian2_oracle
from tolerances import EXACT, METHOD

import spikelearn as sl
from validation.case import Case
from validation.neurons import CURRENT, random_inputs, simulate


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
        first, interval = (int(np.ceil(scale / q * (peak - start) / dt)) for start in (rest, reset))
        n = int((600.0 / dt - first) // interval)
        measured += [spikes[1], spikes[-1]]
        expected += [first + interval, first + n * interval]
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
)  # fmt: skip
