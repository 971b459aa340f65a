"""Membranes with receptors against Brian2 running the equations that they show; and GABA_B on AdEx.

Against NEST: tests/cases/receptors.py. Every receptor with every membrane: tests/unit/test_composition.py.
"""

import os
import subprocess
import sys

import numpy as np
import pytest
from cases import receptors
from cases.neurons import simulate
from oracles import brian2_oracle
from tolerances import METHOD, ULP

import spikelearn as sl
from spikelearn.codegen.jit import JIT_DISABLED
from spikelearn.neurons import MODELS

DT = 0.05


def beta(rise, decay):
    """The jump of the rising variable that makes 1 the peak of a beta function."""
    t = np.log(decay / rise) * rise * decay / (decay - rise)
    return (1 / rise - 1 / decay) / (np.exp(-t / decay) - np.exp(-t / rise))


RECEPTORS = {
    "fast": (sl.ExponentialConductance(E=0, tau_syn=1.5), 1.0),
    "alpha": (sl.AlphaConductance(E=-95, tau_syn=12), np.e / 12),
    "beta": (sl.BetaConductance(E=10, tau_rise=3, tau_decay=30), beta(3.0, 30.0)),
    "nmda": (sl.NMDAConductance(conc_Mg2=0.7), beta(2.0, 100.0)),
    "current": (sl.ExponentialCurrent(tau_syn=9), 1.0),
    "slow": (sl.BetaCurrent(tau_rise=1, tau_decay=5), beta(1.0, 5.0)),
}
"""Of all kinds, and the jump that a weight of 1 makes in the last variable of each."""


def in_brian2(model, neuron, inputs, duration):
    rates = {name: unit for name, unit in model.state.items() if unit != "1"}
    parameters = neuron.parameters._asdict()
    start = {**dict.fromkeys(model.state, 0.0), **model.initial(neuron.parameters)}
    variables = [name for name in model.state if f"d{name}/dt" in model.equations]
    return brian2_oracle.integrate(
        model.equations, parameters=parameters, units={**model.units, **rates},
        initial={name: float(start[name]) for name in variables}, inputs=inputs, threshold=model.threshold,
        reset=model.reset, refractory=parameters.get("t_ref"), method="rk4", dt=DT, duration=duration,
        record=variables,
    )  # fmt: skip


MEMBRANES = [
    (model, compartment)
    for model in MODELS
    if model.membrane is not None
    for compartment in model.membrane.compartments
]
BELOW = [(sl.LIF, "soma"), (sl.AdEx, "soma"), (sl.Pyramidal, "apical")]
"""Membranes that are compared below threshold by default: one that is linear, one with two variables, and a dendrite.

The others are by default compared above it: each membrane, and both compartments of the pyramidal cell, with Brian2
once. That a membrane has the potential of second order with every receptor: tests/unit/test_composition.py.
"""


def membranes(quick):
    """All, of which `quick` are tested by default."""
    return [
        pytest.param(*each, id=f"{each[0].name}, {each[1]}", marks=[] if each in quick else pytest.mark.slow)
        for each in MEMBRANES
    ]


AMOUNT = {"pA": 30.0, "nS": 0.7, "mV/ms": 0.3, "1/ms": 0.01}


@pytest.mark.parametrize(("model", "compartment"), membranes(BELOW))
def test_below_threshold_a_mixture_integrates_the_equations_that_it_shows(model, compartment):
    composed = model.with_receptors(**{name: receptor.at(compartment) for name, (receptor, _) in RECEPTORS.items()})
    neuron = composed()
    inputs = [(port, 1.0 + 1.7 * k, AMOUNT[composed.ports[port]]) for k, port in enumerate([*RECEPTORS] * 2)]
    jumps = [(t, variable_of(composed, port), weight * RECEPTORS[port][1]) for port, t, weight in inputs]
    brian2 = in_brian2(composed, neuron, jumps, 30.0)
    ours, spikes = simulate(
        neuron, [(port, t - DT, weight) for port, t, weight in inputs], duration=30.0, dt=DT, delay=DT,
        record=list(brian2.recorded),
    )  # fmt: skip
    assert len(spikes) == len(brian2.spike_times) == 0
    for name, expected in brian2.recorded.items():
        moved = np.abs(expected).max() + 1.0
        # what only a spike moves does not
        assert np.ptp(ours[name]) > 0 or name in ("w_s", "threshold"), name
        METHOD(2, DT, moved).check(ours[name], expected[1:], name)


def variable_of(model, port):
    """What an arrival at a port adds to."""
    return model.arrival(port).split(" ")[0]


@pytest.mark.parametrize(("model", "compartment"), membranes([each for each in MEMBRANES if each not in BELOW]))
def test_above_threshold_spikes_are_those_of_the_equations_with_their_reset(model, compartment):
    composed = model.with_receptors(a=sl.NMDAConductance().at(compartment), b=sl.ExponentialCurrent().at(compartment))
    current = next(name for name in composed.units if name.startswith("I_e"))
    neuron = composed(**{current: 800.0 if composed.units[current] == "pA" else 10.0})
    brian2 = in_brian2(composed, neuron, [], 60.0)
    _, spikes = simulate(neuron, duration=60.0, dt=DT, record=())
    assert len(spikes) == len(brian2.spike_times) > 1
    # either finds a spike at the end of a step, and what this is late by adds up from spike to spike
    METHOD(1, DT, 2.0 * len(spikes)).check(spikes * DT, brian2.spike_times)


def test_gaba_b_on_adex_hyperpolarises_for_longer_than_gaba_a():
    model = sl.AdEx.with_receptors(
        gaba_a=sl.ExponentialConductance(E=-80, tau_syn=5), gaba_b=sl.AlphaConductance(E=-95, tau_syn=80)
    )
    net = sl.Network(dt=0.1)
    source, cells = net.population(1, sl.SpikeList([10.0])), net.population(2, model(a=0.0), name="cells")
    net.connect(source, cells[:1], "gaba_a", weight=5.0, delay=1.0)
    net.connect(source, cells[1:], "gaba_b", weight=5.0, delay=1.0)
    net.record(cells, "V_m")
    V = net.run(400.0).trace(cells, "V_m").values
    lowest = V.argmin(axis=0) * 0.1
    assert 11.0 < lowest[0] < 40.0 < 70.0 < lowest[1] < 130.0
    # the smaller conductance of a quasi-static membrane: V = (g_L E_L + g E) / (g_L + g)
    METHOD(1, 0.1, 3.0).check(V[:, 1].min(), (30.0 * -70.6 + 5.0 * -95.0) / 35.0)


@pytest.mark.parametrize("kinetics", ["exponential", "alpha", "beta"])
def test_conductances_give_a_potential_of_second_order(kinetics):
    nest = receptors.conductance_in_nest(kinetics, 5).V_m
    errors = [np.abs(receptors.conductance_based(kinetics, 5, dt)["V_m"] - nest).max() for dt in (0.1, 0.05)]
    METHOD(2, 0.05, 1.0).check(errors[1], 0.0)
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.2)


def test_two_exponential_receptors_are_the_lif():
    inputs = [("exc", 1.0 + 2.0 * k, 900.0 - 3.0 * k) for k in range(40)]
    inputs += [("inh", 2.3 + 7.0 * k, -200.0) for k in range(10)]
    model = sl.LIF.with_receptors(exc=sl.ExponentialCurrent, inh=sl.ExponentialCurrent)
    (one, spikes), (other, expected) = (
        simulate(m(tau_syn_exc=3.0, tau_syn_inh=8.0), inputs, duration=100.0, dt=0.1, delay=1.0)
        for m in (model, sl.LIF)
    )
    assert len(expected) > 3 and np.array_equal(spikes, expected)
    # a thousand steps that add the same terms in another order
    ULP(10_000).check(one["V_m"], other["V_m"])


@pytest.mark.parametrize("taus", [(0.5, 3.0), (5.0, 5.0), (5.0, 5.0 + 1e-7), (6.0, 2.0)])
def test_the_weight_is_the_peak_of_a_beta_conductance(taus):
    model = sl.LIFConductance.with_receptors(r=sl.BetaConductance(E=0, tau_rise=taus[0], tau_decay=taus[1]))
    g = simulate(model(V_th=1000.0), [("r", 1.0, 2.5)], duration=60.0, dt=0.01, delay=1.0, record=("g_r",))[0]["g_r"]
    # sampled next to the peak, where g is flat: g'' is g over the product of both time constants
    METHOD(2, 0.01, 2.5).check(g.max(), 2.5)


@pytest.mark.skipif(JIT_DISABLED, reason="nothing is compiled")
def test_a_second_process_compiles_nothing(tmp_path):
    script = """
import spikelearn as sl
net = sl.Network()
model = sl.LIF.with_receptors(a=sl.ExponentialCurrent(), b=sl.AlphaConductance(E=0))
cells = net.population(2, model(tau_syn_b=5.0, I_e=500.0))
net.record(cells, "V_m")
print(net.run(5.0, engine="stepper").trace(cells, "V_m").values[-1, 0])
"""
    printed = []
    files = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script], env=os.environ | {"SPIKELEARN_CACHE": str(tmp_path)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        printed.append(done.stdout)
        files.append({path.name: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()})
    assert printed[0] == printed[1] and files[0] == files[1]
    assert any(name.endswith(".code") for name in files[0])
