"""Models that are written for the receptors asked for: their text, their equations under Brian2, their order.

NEST is held against them in tests/validation/receptors.py.
"""

import inspect
import os
import subprocess
import sys

import numpy as np
import pytest
from oracles import brian2_oracle
from tolerances import METHOD, ULP
from validation import receptors
from validation.neurons import simulate

import spikelearn as sl
from spikelearn.codegen.jit import JIT_DISABLED
from spikelearn.errors import DescriptionError, ParameterError

MIXED = {"ampa": "exponential", "gaba_b": "alpha", "slow": "beta"}
REVERSALS = {"E_ampa": 0.0, "E_gaba_b": -95.0, "E_slow": 10.0}


@pytest.mark.parametrize("kinetics", ["exponential", "alpha", "beta"])
def test_conductances_give_a_potential_of_second_order(kinetics):
    nest = receptors.conductance_in_nest(kinetics, 5).V_m
    errors = [np.abs(receptors.conductance_based(kinetics, 5, dt)["V_m"] - nest).max() for dt in (0.1, 0.05)]
    METHOD(2, 0.05, 1.0).check(errors[1], 0.0)
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.2)


def test_two_exponential_receptors_are_the_lif():
    inputs = [("exc", 1.0 + 2.0 * k, 900.0 - 3.0 * k) for k in range(40)]
    inputs += [("inh", 2.3 + 7.0 * k, -200.0) for k in range(10)]
    model = sl.lif_with_receptors({"exc": "exponential", "inh": "exponential"})
    (one, spikes), (other, expected) = (
        simulate(m(tau_syn_exc=3.0, tau_syn_inh=8.0), inputs, duration=100.0, dt=0.1, delay=1.0)
        for m in (model, sl.LIF)
    )
    assert len(expected) > 3 and np.array_equal(spikes, expected)
    # a thousand steps that add the same terms in another order
    ULP(10_000).check(one["V_m"], other["V_m"])


@pytest.mark.parametrize("conductance", [False, True])
def test_a_mixture_integrates_the_equations_that_it_shows(conductance):
    kinetics = MIXED if conductance else {"ampa": "exponential", "gaba_b": "alpha", "third": "exponential"}
    model = sl.lif_with_receptors(kinetics, conductance=conductance)
    own = {**REVERSALS, "tau_rise_slow": 3.0, "tau_decay_slow": 30.0} if conductance else {"tau_syn_third": 9.0}
    neuron = model(V_th=100.0, tau_syn_ampa=1.5, tau_syn_gaba_b=12.0, **own)
    p = neuron.parameters._asdict()
    weight = 4.0 if conductance else 200.0
    inputs = [(port, 1.0 + 1.7 * k, weight) for k, port in enumerate([*kinetics] * 4)]
    ours, _ = simulate(neuron, inputs, duration=30.0, dt=0.05, delay=1.0, record=list(model.state))
    jump = {"alpha": lambda r: np.e / p[f"tau_syn_{r}"], "exponential": lambda r: 1.0, "beta": beta_jump(p)}
    rates = {name: f"{unit}/ms" for name, unit in model.state.items() if name.startswith("d")}
    variables = [name for name in model.state if f"d{name}/dt" in model.equations]
    brian2 = brian2_oracle.integrate(
        model.equations, parameters=p,
        units={**model.units, **model.state, **rates},
        initial={"V_m": p["E_L"]},
        inputs=[
            (t + 1.0, model.arrivals[port].split(" ")[0], w * jump[kinetics[port]](port)) for port, t, w in inputs
        ],
        threshold=model.threshold, reset=model.reset, refractory=p["t_ref"], method="rk4", dt=0.05, duration=30.0,
        record=variables,
    ).recorded  # fmt: skip
    for name in variables:
        moved = np.abs(brian2[name]).max() + 1.0
        assert np.ptp(ours[name]) > 0, name
        # second order: a g/C_m of .1/ms and a few receptors at a time; currents are exact, Brian2's fourth order is not
        METHOD(2 if conductance else 4, 0.05, moved).check(ours[name], brian2[name][1:], name)


def beta_jump(p):
    def jump(r):
        rise, decay = p[f"tau_rise_{r}"], p[f"tau_decay_{r}"]
        t = np.log(decay / rise) * rise * decay / (decay - rise)
        return (1 / rise - 1 / decay) / (np.exp(-t / decay) - np.exp(-t / rise))

    return jump


@pytest.mark.parametrize("taus", [(0.5, 3.0), (5.0, 5.0), (5.0, 5.0 + 1e-7), (6.0, 2.0)])
def test_the_weight_is_the_peak_of_a_beta_conductance(taus):
    model = sl.lif_with_receptors({"r": "beta"}, conductance=True)
    neuron = model(E_r=0.0, V_th=1000.0, tau_rise_r=taus[0], tau_decay_r=taus[1])
    g = simulate(neuron, [("r", 1.0, 2.5)], duration=60.0, dt=0.01, delay=1.0, record=("g_r",))[0]["g_r"]
    # sampled next to the peak, where g is flat: g'' is g over the product of both time constants
    METHOD(2, 0.01, 2.5).check(g.max(), 2.5)


def test_the_same_receptors_are_the_same_model_with_one_loop():
    assert sl.lif_with_receptors(MIXED, conductance=True) is sl.lif_with_receptors(dict(MIXED), conductance=True)
    assert sl.lif_with_receptors(MIXED, conductance=True) is not sl.lif_with_receptors(
        {"ampa": "exponential"}, conductance=True
    )


def test_the_text_of_the_step_can_be_read():
    step = sl.lif_with_receptors({"ampa": "exponential", "gaba_b": "alpha"}).step
    text = inspect.getsource(getattr(step, "py_func", step))
    assert text.startswith(
        "def step(\n    V_m, refractory, I_syn_ampa, I_syn_gaba_b, dI_syn_gaba_b, in_ampa, in_gaba_b, "
    )
    assert "    I_syn_ampa = P_ampa * I_syn_ampa\n    I_syn_ampa += in_ampa\n" in text
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("conductance", [False, True])
def test_parameters_may_differ_from_neuron_to_neuron(conductance):
    model = sl.lif_with_receptors({"a": "alpha", "b": "exponential"}, conductance=conductance)
    taus = np.array([1.0, 4.0, 10.0])
    reversal = {"E_a": np.array([0.0, -80.0, 20.0]), "E_b": -70.0} if conductance else {}
    net = sl.Network(dt=0.1)
    source, cells = net.population(1, sl.SpikeList([1.0])), net.population(3, model(tau_syn_a=taus, **reversal))
    net.connect(source, cells, "a", weight=3.0, delay=1.0)
    net.record(cells, "V_m")
    together = net.run(20.0).trace(cells, "V_m").values
    for k in range(3):
        one = {name: float(np.broadcast_to(values, 3)[k]) for name, values in reversal.items()}
        alone = simulate(model(tau_syn_a=taus[k], **one), [("a", 1.0, 3.0)], duration=20.0, dt=0.1, delay=1.0)[0]
        ULP(0).check(together[:, k], alone["V_m"])
    assert np.ptp(together[-1]) > 1e-4


@pytest.mark.skipif(JIT_DISABLED, reason="nothing is compiled")
def test_a_second_process_compiles_nothing(tmp_path):
    script = """
import spikelearn as sl
net = sl.Network()
model = sl.lif_with_receptors({"a": "exponential", "b": "alpha"})
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


@pytest.mark.parametrize(
    ("given", "conductance", "said"),
    [
        ({}, False, "expected receptors such as"),
        ({"a b": "alpha"}, False, "'a b' cannot be the name of a receptor"),
        ({"a": "alpa"}, False, "did you mean 'alpha'"),
        ({"a": "beta"}, False, "exponential or alpha, where it is a current, got 'beta'"),
        ({"L": "alpha"}, True, "a receptor cannot be called 'L'"),
    ],
)
def test_receptors_that_cannot_be_are_refused(given, conductance, said):
    with pytest.raises(DescriptionError, match=said):
        sl.lif_with_receptors(given, conductance=conductance)


def test_a_conductance_needs_its_reversal_potential():
    with pytest.raises(ParameterError, match="E_gaba of LIFReceptors: expected a finite number in mV, got nan"):
        sl.lif_with_receptors({"gaba": "exponential"}, conductance=True)()
