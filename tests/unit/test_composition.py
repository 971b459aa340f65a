"""Every receptor with every membrane: they join by being listed in spikelearn.neurons.receptors and by having one.

Each membrane is composed with all receptors at once, and each of its neurons is driven through one of them. Against
Brian2 and NEST: tests/reference/test_receptors.py.
"""

import importlib
import sys
from dataclasses import replace

import numpy as np
import pytest
from tolerances import EXACT, METHOD, ULP
from unit.test_vectorised import advance, vectors_stored

import spikelearn as sl
from spikelearn.codegen import jit
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.neurons import MODELS
from spikelearn.neurons.receptors import RECEPTORS

MEMBRANES = [
    pytest.param(model, compartment, id=f"{model.name}, {compartment}")
    for model in MODELS
    if model.membrane is not None
    for compartment in model.membrane.compartments
]
STRENGTH = {"pA": 300.0, "nS": 15.0, "mV/ms": 6.0, "1/ms": 0.2}
"""Weights that make a neuron fire when some arrive together, by the unit of the port."""


def given(kinetics, compartment, **parameters):
    """A receptor of this kind in a compartment; of a conductance, with a reversal potential of 0 mV."""
    reversal = {"E": 0.0} if "E" in kinetics.Parameters._fields else {}
    return kinetics(**reversal, **parameters).at(compartment)


def with_every_receptor(model, compartment):
    return model.with_receptors(**{kinetics.name: given(kinetics, compartment) for kinetics in RECEPTORS})


def run(model, factor, duration=100.0, dt=0.1, every=0.4, parameters=None):
    """One neuron for each receptor, driven through it alone; weights are `factor` times what makes a neuron fire."""
    net = sl.Network(dt=dt, seed=1)
    cells = net.population(len(model.ports), model(**parameters or {}), name="cells")
    source = net.population(1, sl.SpikeList(2.0 + 4.0 * np.arange(int(duration / 4.0) - 1)), name="source")
    for k, (port, unit) in enumerate(model.ports.items()):
        if factor:
            net.connect(source, cells[k : k + 1], port, weight=factor * STRENGTH[unit], delay=0.4)
    net.record(cells)
    net.record(cells, list(model.state), every=every)
    return net.run(duration)


@pytest.mark.parametrize(("model", "compartment"), MEMBRANES)
@pytest.mark.parametrize("kinetics", RECEPTORS, ids=lambda kinetics: kinetics.name)
def test_every_receptor_composes_with_every_membrane_and_can_be_read(model, compartment, kinetics):
    composed = model.with_receptors(ampa=given(kinetics, compartment))
    assert list(composed.ports) == ["ampa"] and composed.name == f"{model.name}Receptors"
    assert list(composed.state)[: len(model.membrane.state)] == list(model.membrane.state)
    assert composed.Parameters._fields[-1].endswith("_ampa")
    assert max(map(len, composed.source.splitlines())) <= 120
    for name in composed.state:
        if name.endswith("ampa"):
            assert f"d{name}/dt = " in composed.equations
    assert composed is model.with_receptors(ampa=given(kinetics, compartment))


@pytest.mark.parametrize(("model", "compartment"), MEMBRANES)
def test_a_neuron_without_input_stays_at_rest(model, compartment):
    found = run(with_every_receptor(model, compartment), 0.0, duration=5000.0, every=500.0)
    assert len(found.spikes("cells").times) == 0
    for name in model.membrane.state:
        if name != "steps_since_spike":
            values = found.trace("cells", name).values
            ULP(100, 100.0).check(values[-1], values[-2], name)


@pytest.mark.parametrize(("model", "compartment"), MEMBRANES)
def test_every_receptor_makes_every_membrane_fire(model, compartment):
    found = run(with_every_receptor(model, compartment), 5.0, duration=200.0)
    assert set(found.spikes("cells").ids) == set(range(len(RECEPTORS)))


NOT_LINEAR = sl.AdEx, sl.EIF, sl.QIF, sl.Izhikevich, sl.Pyramidal
POTENTIALS = [
    pytest.param(
        *membrane.values, kinds, id=f"{membrane.id}, {kinds}",
        # on these, currents alone are integrated as currents among all
        marks=pytest.mark.slow if kinds == "currents" and membrane.values[0] in NOT_LINEAR else [],
    )
    for membrane in MEMBRANES
    for kinds in ("all", "currents")
]  # fmt: skip


@pytest.mark.parametrize(("model", "compartment", "kinds"), POTENTIALS)
def test_the_potential_is_of_second_order_and_exact_where_all_is_linear(model, compartment, kinds):
    composed = with_every_receptor(model, compartment)
    if kinds == "currents":
        composed = model.with_receptors(
            **{kinetics.name: given(kinetics, compartment) for kinetics in RECEPTORS if not kinetics.conductance}
        )
    coarse, fine, finest = (_potentials(composed, dt) for dt in (0.1, 0.05, 0.0125))
    if composed.method == "exact":
        ULP(20_000).check(coarse, finest)
        return
    errors = [np.abs(values - finest).max(axis=0) for values in (coarse, fine)]
    assert np.all(errors[0] > 1e-8)
    # (1 - 1/64) / (1/4 - 1/64) is 4.2 against a reference of an eighth of the step
    np.testing.assert_array_less(errors[1] * 3.3, errors[0])
    METHOD(2, 0.05, 4.0).check(fine, finest)


def _potentials(composed, dt):
    found = run(composed, 0.02, duration=40.0, dt=dt)
    assert len(found.spikes("cells").times) == 0
    return found.trace("cells", next(iter(composed.state))).values


KINETICS = {"currents": RECEPTORS[:3], "conductances": RECEPTORS[3:6], "blocked": RECEPTORS[6:]}
# By default each membrane with receptors of one kind, one after the other.
LOOPS = [
    pytest.param(
        name, *membrane.values, id=f"{name}-{membrane.id}", marks=pytest.mark.slow if (k + m) % len(KINETICS) else []
    )
    for k, name in enumerate(KINETICS)
    for m, membrane in enumerate(MEMBRANES)
]


@pytest.mark.skipif(jit.JIT_DISABLED, reason="plain Python has no machine code")
@pytest.mark.parametrize(("kinetics", "model", "compartment"), LOOPS)
def test_loops_of_composed_models_calculate_with_vectors(kinetics, model, compartment):
    composed = model.with_receptors(**{each.name: given(each, compartment) for each in KINETICS[kinetics]})
    arrays = len(composed.state) + len(composed.ports) - len(composed.added_to)
    assert vectors_stored(advance(composed)) >= arrays


@pytest.mark.parametrize(
    ("model", "receptors"),
    [
        (
            sl.LIFConductance,
            {
                "exc": sl.ExponentialConductance(E=0, tau_syn=5),
                "inh": sl.ExponentialConductance(E=-80, tau_syn=10),
            },
        ),
        (sl.AdEx, {"exc": sl.ExponentialCurrent, "inh": sl.ExponentialCurrent}),
        (sl.EIF, {"exc": sl.ExponentialCurrent, "inh": sl.ExponentialCurrent}),
    ],
    ids=["LIFConductance", "AdEx", "EIF"],
)  # fmt: skip
def test_models_that_were_written_by_hand_have_the_same_bits_as_composed(model, receptors):
    composed = model.with_receptors(**receptors)
    one, other = run(model, 5.0), run(composed, 5.0)
    assert len(one.spikes("cells").times) > 3
    EXACT.check(one.spikes("cells").times, other.spikes("cells").times)
    for name in model.state:
        EXACT.check(one.trace("cells", name).values, other.trace("cells", name).values, name)


def test_parameters_may_differ_from_neuron_to_neuron():
    model = sl.AdEx.with_receptors(a=sl.AlphaConductance(E=0), n=sl.NMDAConductance())
    taus, magnesium = np.array([1.0, 4.0]), np.array([0.5, 2.0])
    together = run(model, 0.2, parameters={"tau_syn_a": taus, "conc_Mg2_n": magnesium})
    for k in range(2):
        alone = run(model, 0.2, parameters={"tau_syn_a": taus[k], "conc_Mg2_n": magnesium[k]})
        EXACT.check(together.trace("cells", "V_m").values[:, k], alone.trace("cells", "V_m").values[:, k])
    assert np.ptp(together.trace("cells", "V_m").values[-1]) > 0.1


def test_a_dendrite_that_is_driven_moves_the_soma_and_each_takes_a_current_of_its_own():
    model = sl.Pyramidal.with_receptors(
        ampa=sl.ExponentialConductance(E=0).at("soma"), nmda=sl.NMDAConductance().at("apical")
    )
    assert model.currents == ("soma", "apical")
    net = sl.Network()
    cells = net.population(2, model())
    net.drive(cells, sl.StepCurrent([0.0], [[100.0, 0.0]]), "soma")
    net.drive(cells, sl.StepCurrent([0.0], [[0.0, 100.0]]), "apical")
    net.record(cells, ["V_s", "V_d"])
    found = net.run(5.0)
    V_s, V_d = (found.trace(cells, name).values[-1] for name in ("V_s", "V_d"))
    assert V_s[0] > V_s[1] and V_d[1] > V_d[0]


SQUARED = """
from typing import NamedTuple

import numpy as np

import spikelearn as sl
from spikelearn.units import mV, ms


class SquaredConductanceParameters(NamedTuple):
    E: mV = 0.0  # reversal potential
    tau_syn: ms = 30.0  # time constant of the decay


def constants(p, dt):
    return {"P": np.exp(-dt / np.asarray(p.tau_syn)), "E": p.E}


def advance(x, P):
    return P * x


def receive(x, arriving):
    return x + arriving * arriving


SquaredConductance = sl.ReceptorModel(
    "SquaredConductance", SquaredConductanceParameters, state={"x": ""}, constants=constants, advance=advance,
    receive=receive, equations="dx/dt = -x / tau_syn : unit", arrival="x += weight**2 / nS", current="x * (E - V)",
    conductance=True,
)
"""


@pytest.fixture
def one_more(tmp_path, monkeypatch):
    """A receptor in a file of its own: its conductance jumps by the square of the weight."""
    (tmp_path / "squared_conductance.py").write_text(SQUARED)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("squared_conductance").SquaredConductance
    del sys.modules["squared_conductance"]


@pytest.mark.parametrize(("model", "compartment"), MEMBRANES)
def test_a_kinetics_of_ones_own_is_one_file(one_more, model, compartment):
    composed = model.with_receptors(own=one_more().at(compartment), ampa=given(sl.ExponentialConductance, compartment))
    assert "from squared_conductance import SquaredConductance, advance, receive" in composed.source
    assert "dg_own/dt = -g_own / tau_syn_own" in composed.equations
    if model is sl.AdEx:
        found = run(composed, 0.2).trace("cells", "g_own").values
        assert found[:, 1].max() == 0.0 and found[:, 0].max() > 9.0


def test_a_saved_model_is_the_same_model_and_its_step_may_be_edited(tmp_path, monkeypatch):
    model = sl.Pyramidal.with_receptors(
        ampa=sl.ExponentialConductance(E=-1.23456789).at("soma"), nmda=sl.NMDAConductance().at("apical"), name="Cell"
    )
    model.save(tmp_path / "saved_cell.py")
    (tmp_path / "quiet_cell.py").write_text(model.source.replace("g_nmda * unblocked(V_d", "0.0 * unblocked(V_d"))
    monkeypatch.syspath_prepend(tmp_path)
    saved, quiet = (importlib.import_module(name).Model for name in ("saved_cell", "quiet_cell"))
    assert saved.name == "Cell" and saved().parameters == model().parameters and saved.equations == model.equations
    one, other, third = (run(each, 4.0).trace("cells", "V_d").values for each in (model, saved, quiet))
    EXACT.check(one, other)
    assert np.abs(one - third).max() > 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sl.LIF.with_receptors(), "LIFReceptors: expected receptors such as ampa=Exp.*, got none"),
        (lambda: sl.LIF.with_receptors(name="my cell", a=sl.AlphaCurrent()), "with_receptors: expected a name of"),
        (lambda: sl.Parrot.with_receptors(a=sl.AlphaCurrent()), "Parrot cannot take receptors"),
        (lambda: sl.LIF.with_receptors(**{"a b": sl.AlphaCurrent()}), "receptor of LIFReceptors: .* 'a b'"),
        (lambda: sl.LIF.with_receptors(a="alpha"), "expected a receptor such as .* for 'a', got 'alpha'"),
        (lambda: sl.LIF.with_receptors(L=sl.AlphaConductance(E=0)), "cannot be called 'L': .* E_L is already"),
        (lambda: sl.AdEx.with_receptors(a=sl.AlphaCurrent().at("dendrite")), "'a' must be at soma, got 'dendrite'"),
        (lambda: sl.Pyramidal.with_receptors(a=sl.AlphaCurrent()), "at soma or apical, got none; write Alpha"),
        (lambda: sl.Pyramidal.with_receptors(soma=sl.AlphaCurrent().at("soma")), "cannot be called 'soma'"),
    ],
)  # fmt: skip
def test_receptors_that_cannot_be_are_refused(call, message):
    with pytest.raises(DescriptionError, match=message):
        call()


def test_a_receptor_may_be_called_as_what_the_composition_is_made_of():
    model = sl.LIF.with_receptors(model=sl.AlphaCurrent(), step=sl.AlphaCurrent(), self=sl.ExponentialCurrent())
    assert list(model.ports) == ["model", "step", "self"] and "I_syn_step" in model.state


def test_two_receptor_models_of_one_name_are_refused():
    other = replace(sl.AlphaCurrent, constants=sl.AlphaCurrent.constants)
    with pytest.raises(DescriptionError, match="names of receptor models must differ"):
        sl.LIF.with_receptors(a=sl.AlphaCurrent(), b=other())


def test_a_conductance_needs_its_reversal_potential_and_one_number_for_each_parameter():
    with pytest.raises(ParameterError, match="AlphaConductance needs a value for E"):
        sl.AlphaConductance()
    with pytest.raises(ParameterError, match="tau_syn of AlphaCurrent: expected one number"):
        sl.AlphaCurrent(tau_syn=np.array([1.0, 2.0]))


def test_a_receptor_says_what_its_functions_may_take():
    with pytest.raises(DescriptionError, match="advance of receptor 'Wrong' takes 'tau'; it may take x, P"):
        sl.ReceptorModel(
            "Wrong", sl.ExponentialCurrent.Parameters, state={"x": ""}, constants=lambda p, dt: {"P": 1.0},
            advance=lambda x, tau: x, receive=lambda x, arriving: x, equations="", arrival="",
        )  # fmt: skip


def test_parameters_of_receptors_are_lists_in_nest_one_for_each_neuron():
    model = sl.LIF.with_receptors(**{name: sl.ExponentialCurrent(tau_syn=k) for k, name in enumerate("abc", 1)})
    given = model(tau_syn_b=[5.0, 6.0]).parameters
    lists = model.nest.more(given, 0.1)
    np.testing.assert_array_equal(lists["tau_syn"], [[1.0, 5.0, 3.0], [1.0, 6.0, 3.0]])


def test_a_spike_of_izhikevichs_neuron_with_a_conductance_is_of_third_order_in_its_step():
    """The potential goes on from the reset in the step of the spike, which comes a third into it."""
    from spikelearn.neurons.izhikevich import izhikevich_advance

    a, b, c, d, V_peak, current, conductance = 0.02, 0.2, -65.0, 8.0, 30.0, 20.0, 2.0

    def slopes(V, u):
        return 0.04 * V * V + 5.0 * V + 140.0 - u + current - conductance * V, a * (b * V - u)

    def integrated(V, u, duration, pieces=2000):
        h = duration / pieces
        for _ in range(pieces):
            dV, du = slopes(V, u)
            middle = slopes(V + 0.5 * h * dV, u + 0.5 * h * du)
            V, u = V + h * middle[0], u + h * middle[1]
        return V, u

    errors = []
    for dt in (0.02, 0.01):
        V, u = integrated(V_peak, -10.0, -dt / 3.0)
        u_peak = -10.0
        expected = integrated(c, u_peak + d, 2.0 * dt / 3.0)
        found = izhikevich_advance(V, u, current, conductance, a, b, c, d, V_peak, dt)
        assert found[2] == 1
        errors.append(np.abs(np.subtract(found[:2], expected)))
    # third order of a step means an eighth for half of it
    np.testing.assert_array_less(errors[1] * 5.0, errors[0])
