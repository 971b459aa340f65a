"""Neuron models from equations: what they are made into, what is kept, and the errors for a wrong one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tolerances import EXACT, METHOD, ULP

import spikelearn as sl
from spikelearn.equations.linear import propagators
from spikelearn.errors import DescriptionError, ParameterError, UnitError

EQUATIONS = """
dV_m/dt = (E_L - V_m)/tau_m + (I_syn + I)/C_m : volt (unless refractory)
dI_syn/dt = -I_syn/tau_syn : amp
"""
PARAMETERS = {
    "E_L": (-70.0, "mV"), "tau_m": (10.0, "ms"), "C_m": (250.0, "pF"), "tau_syn": (2.0, "ms"), "V_th": (-55.0, "mV"),
    "t_ref": (2.0, "ms"),
}  # fmt: skip
GIVEN = {
    "threshold": "V_m > V_th", "reset": "V_m = E_L", "refractory": "t_ref", "ports": {"exc": "I_syn"},
    "currents": {"exc": "I"}, "parameters": PARAMETERS, "name": "Mine",
}  # fmt: skip


def make(equations=EQUATIONS, **changes):
    return sl.NeuronModel.from_equations(equations, **{**GIVEN, **changes})


def spikes(neuron, current=800.0, duration=100.0, size=1, record=None):
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(size, neuron)
    net.drive(cells, sl.StepCurrent([0.0], [current]))
    net.connect(net.population(1, sl.Poisson(800.0)), cells, "exc", weight=100.0, delay=1.0)
    net.record(cells, ["spikes", *([record] if record else [])])
    run = net.run(duration)
    return run.trace(cells, record).values if record else run.spikes(cells).times


def test_a_model_from_equations_is_a_model_like_any_other():
    model = make()
    assert model.units == {name: unit for name, (_, unit) in PARAMETERS.items()}
    assert dict(model.state) == {"V_m": "mV", "I_syn": "pA", "refractory": "1"}
    assert dict(model.ports) == {"exc": "pA"}
    assert model.method == "exact"
    with pytest.raises(ParameterError, match="Mine has no parameter 'tau' \\(did you mean 'tau_m'"):
        model(tau=3.0)
    with pytest.raises(ParameterError, match="tau_m of Mine: expected more than 0 ms, got -1"):
        model(tau_m=-1.0)


def test_parameters_may_differ_from_neuron_to_neuron():
    taus = np.array([8.0, 10.0, 15.0])
    together = spikes(make()(tau_m=taus, V_th=0.0), size=3, record="V_m")
    for i, tau in enumerate(taus):
        EXACT.check(together[:, i], spikes(make()(tau_m=tau, V_th=0.0), record="V_m")[:, 0])


def test_a_saved_model_is_the_same_in_another_process_which_compiles_nothing(tmp_path):
    model = make()
    model.save(tmp_path / "my_model.py")
    assert (tmp_path / "my_model.py").read_text() == model.source
    here = spikes(model())
    assert len(here) > 5
    script = """
import sys
import numpy as np
sys.path[:0] = sys.argv[1:]
import my_model
from spikelearn.codegen import object_cache
from test_equations import make, spikes
keep, compiled = object_cache.keep, []
object_cache.keep = lambda *given: compiled.append(given[0]) or keep(*given)
made = spikes(make()())
# what comes from equations was compiled by the first process; the edited file is another model
print(made.tobytes().hex(), len(compiled), spikes(my_model.Model()).tobytes().hex())
"""
    paths = [str(tmp_path), str(Path(__file__).parent), str(Path(__file__).parents[1])]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *paths], capture_output=True, text=True, env=os.environ
    )
    assert done.returncode == 0, done.stderr
    made, compiled, saved = done.stdout.split()
    assert saved == made == here.tobytes().hex()
    assert compiled == "0"


def test_the_source_shows_equations_parameters_and_step():
    source = make().source
    for line in ("class Parameters(NamedTuple):", "    tau_m: ms = 10.0", "Model = NeuronModel("):
        assert line in source.splitlines()
    assert EQUATIONS in source
    assert max(map(len, source.splitlines())) <= 120
    assert "adex_step" in sl.AdEx.source


def test_numbers_inside_are_in_ms_mV_and_pA_whatever_they_are_given_in():
    equations = "dV_m/dt = (E_L - V_m + R*I_syn)*rate : volt\ndI_syn/dt = -I_syn/(0.002*second) : amp"
    given = {"refractory": None, "currents": {}, "initial": {"V_m": (-0.06, "volt")}}
    near = {"E_L": (-70.0, "mV"), "rate": (0.1, "1/ms"), "R": (0.04, "mV/pA"), "V_th": (0.0, "mV")}
    far = {"E_L": (-0.07, "volt"), "rate": (100.0, "Hz"), "R": (40.0, "Mohm"), "V_th": (0.0, "volt")}
    expected, found = (
        make(equations, parameters=each, **given)() for each in (near, far)
    )  # fmt: skip
    assert found.model.units["R"] == "Mohm" and found.model.units["rate"] == "Hz"
    EXACT.check(found.model.initial(found.parameters)["V_m"], -60.0)
    for a, b in zip(*(n.model.constants(n.parameters, 0.1).values() for n in (expected, found)), strict=True):
        ULP(8).check(float(b), float(a))


def test_brian2_quantities_are_parameters_and_keep_a_unit_that_people_write():
    from brian2 import Hz, Mohm, ms, mV

    model = make(
        "dV_m/dt = (E_L - V_m + R*I)*rate : volt",
        parameters={"E_L": -70 * mV, "R": 100 * Mohm, "rate": 20 * Hz, "V_th": 0 * mV},
        refractory=2 * ms,
        ports={"exc": "V_m"},
    )
    assert model.units == {"E_L": "mV", "R": "Mohm", "rate": "Hz", "V_th": "mV"}
    assert model().parameters.R == pytest.approx(100.0, rel=1e-14)
    EXACT.check(model(R=0.05 * 1000 * Mohm).parameters.R, 50.0)
    with pytest.raises(UnitError, match="R of Mine: expected Mohm"):
        model(R=3 * mV)


def test_what_reset_alone_changes_is_remembered():
    model = make(
        "dV_m/dt = (E_L - V_m)/tau_m + (I_syn + I)/C_m : volt\n"
        "dI_syn/dt = -I_syn/tau_syn : amp\ncount : 1\njump : volt",
        reset="jump = 2*mV; V_m = E_L + jump; count += 1",
        refractory=None,
    )
    counts = spikes(model(), record="count")[:, 0]
    assert counts[-1] == len(spikes(model())) > 3
    at_spikes = spikes(model(), record="V_m")[:, 0][np.diff(counts, prepend=0.0) > 0]
    EXACT.check(at_spikes, np.full(len(at_spikes), -68.0))


@pytest.mark.parametrize("chance", ["", " + 0*rand()"])
def test_an_expression_in_a_reset_is_that_of_what_statements_before_have_set(chance):
    """As in Brian2; also where only neurons that fire draw random numbers for it."""
    model = sl.NeuronModel.from_equations(
        "dv/dt = (2 - v)/tau : 1\ny = 2*v : 1\nz = y + 1 : 1\nw : 1", threshold="v > 1",
        reset=f"w = y{chance}; v = 0.1; w = w + 10*z", parameters={"tau": (5.0, "ms")}, name="in_order",
    )  # fmt: skip
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(1, model())
    net.record(cells, ["v", "w"])
    run = net.run(5.0)
    v, w = (run.trace(cells, name).values[:, 0] for name in ("v", "w"))
    at = int(np.argmax(w > 0))
    assert v[at] == 0.1 and 2.0 < w[at] - 12.0 < 2.2  # twice v just above the threshold, and 10 (2 0.1 + 1)


def test_names_that_the_loop_uses_itself_are_free():
    named = sl.NeuronModel.from_equations(
        "dn/dt = (step - n)/i : 1\ncontrol : 1", threshold="n > first", reset="n = mask; control += population",
        parameters={"step": 2.0, "i": (10.0, "ms"), "first": 1.0, "mask": 0.5, "population": 3.0}, name="Letters",
    )  # fmt: skip
    plain = sl.NeuronModel.from_equations(
        "dx/dt = (a - x)/b : 1\nd : 1", threshold="x > c", reset="x = e; d += f",
        parameters={"a": 2.0, "b": (10.0, "ms"), "c": 1.0, "e": 0.5, "f": 3.0}, name="Words",
    )  # fmt: skip

    def last(model, variable):
        net = sl.Network(dt=0.1)
        cells = net.population(2, model())
        net.record(cells, variable)
        return net.run(50.0).trace(cells, variable).values[-1]

    EXACT.check(last(named, "n"), last(plain, "x"))
    assert last(named, "control")[0] == last(plain, "d")[0] > 9.0


def test_an_exact_step_holds_what_is_refractory_while_the_rest_goes_on():
    """The recovery variable is driven by V_m, which stands still for 20 ms after a spike: RK4 agrees."""
    equations = """
    dV_m/dt = (E_L - V_m)/tau_m - w/C_m + (I_syn + I)/C_m : volt (unless refractory)
    dw/dt = (a*(V_m - E_L) - w)/tau_w : amp
    dI_syn/dt = -I_syn/tau_syn : amp
    """
    parameters = {**PARAMETERS, "a": (4.0, "nS"), "tau_w": (50.0, "ms")}
    exact, fourth = (
        spikes(make(equations, method=method, parameters=parameters, reset="V_m = E_L + 9*mV")(t_ref=20.0), record="w")
        for method in ("exact", "rk4")
    )
    assert np.ptp(exact) > 10.0
    # the fastest time constant is 2 ms, currents are hundreds of pA
    METHOD(4, 0.1, 10.0).check(exact, fourth)


def test_propagators_are_right_for_equal_time_constants_no_decay_and_oscillation():
    dt = 0.5
    P, Q = propagators([[-0.1, 2.0], [0.0, -0.1]], dt)
    ULP(10).check(P, [[np.exp(-0.05), 2.0 * dt * np.exp(-0.05)], [0.0, np.exp(-0.05)]])
    ULP(10).check(Q[1, 1], -np.expm1(-0.05) / 0.1)
    P, Q = propagators([[0.0, 1.0], [0.0, 0.0]], dt)
    ULP(4).check(P, [[1.0, dt], [0.0, 1.0]])
    ULP(4).check(Q, [[dt, dt**2 / 2], [0.0, dt]])
    P, _ = propagators([[0.0, -30.0], [30.0, 0.0]], dt)
    ULP(400, 1.0).check(P, [[np.cos(15.0), -np.sin(15.0)], [np.sin(15.0), np.cos(15.0)]])
    P, _ = propagators([[np.array([-0.1, -0.2]), 0.0], [0.0, -1000.0]], dt)
    ULP(2000).check(P[0, 0], np.exp([-0.05, -0.1]))


def test_noise_is_the_same_for_a_seed_and_differs_between_neurons_and_steps():
    model = sl.NeuronModel.from_equations("dx/dt = -x/(10*ms) + xi_1/ms**0.5 + 0*xi_2/ms**0.5 : 1", name="Noisy")
    assert model.normal == ("normal_xi_1", "normal_xi_2") and model.method == "euler"

    def path(seed):
        net = sl.Network(dt=0.1, seed=seed)
        cells = net.population(3, model())
        net.record(cells, "x")
        return net.run(10.0).trace(cells, "x").values

    EXACT.check(path(1), path(1))
    assert len(np.unique(path(1))) == path(1).size
    assert not np.any(path(1) == path(2))


def test_importing_spikelearn_does_not_import_brian2_and_using_it_leaves_the_process_as_it_was():
    script = """
import logging, sys, warnings
hook, show = sys.excepthook, warnings.showwarning
import spikelearn as sl
assert "brian2" not in sys.modules and "sympy" not in sys.modules
sl.NeuronModel.from_equations("dx/dt = -x/(10*ms) : 1")
assert "brian2" in sys.modules
assert sys.excepthook is hook and warnings.showwarning is show
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "", done.stderr


ONE = "dV_m/dt = (E_L - V_m)/tau_m : volt"
D, P, U = DescriptionError, ParameterError, UnitError

IN_EQUATIONS = [  # error, message, what is marked, equations
    (D, "E_l is unknown (did you mean 'E_L'?)", "E_l", "dV_m/dt = (E_l - V_m)/tau_m : volt"),
    (D, "known names are V_m, E_L", "tau_x", "dV_m/dt = (E_L - V_m)/tau_x : volt"),
    (D, "give constants in parameters=", "tau_x", "dV_m/dt = (E_L - V_m)/tau_x : volt"),
    (D, "a current from net.drive in currents=", "J", "dV_m/dt = (E_L - V_m + J*ohm)/tau_m : volt"),
    (U, "V_m / ms is in mV/ms, but C_m in pF", "V_m/ms + C_m", "dV_m/dt = V_m/ms + C_m : volt"),
    (U, "dV_m/dt should be in mV/ms, but this is in mV", "E_L - V_m", "dV_m/dt = E_L - V_m : volt"),
    (D, "foo is not a known function", "foo", "dV_m/dt = foo(E_L)/tau_m : volt"),
    (D, "exp is a function and needs its arguments", "exp", "dV_m/dt = exp/tau_m : volt"),
    (
        D,
        "rand cannot be used: random numbers are available in threshold= and reset=",
        "rand()",
        "dV_m/dt = E_L*rand()/tau_m : volt",
    ),
    (D, "this is not an expression", "(", "dV_m/dt = ((E_L - V_m)/tau_m : volt"),
    (D, "refers to 'mvolt', but this is not a base unit. Use 'volt'", "mvolt", "dV_m/dt = E_L/tau_m : mvolt"),
    (D, "an equation ends in its unit", "dV_m/dt = E_L/tau_m", "dV_m/dt = E_L/tau_m"),
    (D, "V_m is defined twice", "V_m", f"{ONE}\nV_m = E_L : volt"),
    (D, "f is defined in terms of itself, through f, g", "g", f"{ONE}\nf = g : 1\ng = f : 1"),
    (D, "(unless tired) is not allowed here", "unless tired", f"{ONE} (unless tired)"),
    (P, "g has no value: give it in parameters=", "g", f"{ONE}\ng : 1"),
    (D, "dV_m/dt must be linear in xi", "xi", "dV_m/dt = mV*xi**2 : volt"),
    (D, "tau_m has an equation, so it cannot be a parameter", "tau_m", f"{ONE}\ntau_m = 3*ms : second"),
    (D, "E_L.x is not in Brian2's syntax", "E_L.x", "dV_m/dt = E_L.x/tau_m : volt"),
]

ELSEWHERE = [  # error, message, what is marked, other arguments
    (D, "threshold of neuron model 'Mine': V_x is unknown", "V_x", {"threshold": "V_m > V_x"}),
    (U, "V_m is in mV, but tau_m in ms", "V_m > tau_m", {"threshold": "V_m > tau_m"}),
    (D, "expected a condition such as 'V_m > V_th'", "V_m", {"threshold": "V_m"}),
    (U, "reset of neuron model 'Mine': V_m should be in mV, but this is without a unit", "3", {"reset": "V_m = 3"}),
    (D, "V_th cannot be set here", "V_th", {"reset": "V_m = E_L; V_th = E_L"}),
    (D, "expected a statement such as 'V_m = V_reset'", "V_m == E_L", {"reset": "V_m == E_L"}),
    (D, "weight is only available in ports=", "weight", {"reset": "V_m = weight"}),
    (D, "port 'exc' of neuron model 'Mine': V_n is not a variable", "V_n", {"ports": {"exc": "V_n"}}),
    (D, "inputs of one step are summed", "V_m = weight", {"ports": {"exc": "V_m = weight"}}),
    (D, "expected a statement with `weight`", "V_m += 1*mV", {"ports": {"exc": "V_m += 1*mV"}}),
    (D, "inputs of one step are summed", "V_m += weight + 3*mV", {"ports": {"exc": "V_m += weight + 3*mV"}}),
    (U, "no unit of weight makes this consistent", "V_m += weight**3", {"ports": {"exc": "V_m += weight**3"}}),
    (D, "initial V_m of neuron model 'Mine': E_x is unknown", "E_x", {"initial": {"V_m": "E_x"}}),
    (U, "V_m should be in mV, but this is in pF", "C_m", {"initial": {"V_m": "C_m"}}),
]

NAMED = [  # error, message, arguments
    (D, "refractory of neuron model 'Mine': expected a time or the name of a parameter", {"refractory": "t_rex"}),
    (U, "expected a time, but parameter E_L is in mV", {"refractory": "E_L"}),
    (U, "expected a time, got (2, 'mV')", {"refractory": (2, "mV")}),
    (P, "at least 0 ms, got -1", {"refractory": -1}),
    (D, "unknown method 'exat' (did you mean 'exact'", {"method": "exat"}),
    (U, "parameter tau_m of neuron model 'Mine': 'msx' is not a unit", {"parameters": {"tau_m": (1.0, "msx")}}),
    (P, "'lambda' cannot be the name of a parameter", {"parameters": {"lambda": 1.0}}),
    (P, "expected one number as the default", {"parameters": {"E_L": ([1.0, 2.0], "mV")}}),
    (P, "expected a dict of names and values", {"parameters": [1.0]}),
    (U, "parameter E_L of neuron model 'Mine': expected a number", {"parameters": {"E_L": "x"}}),
    (D, "initial V_x of neuron model 'Mine': unknown variable", {"initial": {"V_x": 1.0}}),
    (U, "initial V_m of neuron model 'Mine': expected mV", {"initial": {"V_m": (1.0, "pA")}}),
    (D, "current 'exc' of neuron model 'Mine': the equations do not use 'I_stim'", {"currents": {"exc": "I_stim"}}),
    (D, "has a reset or a refractory period, but no threshold", {"threshold": ""}),
    (D, "ports of neuron model 'Mine': expected a dict", {"ports": "V_m"}),
]


def _marked(error):
    """The message, and what the signs below the line point at."""
    first, line, marks = str(error).split("\n")
    begin, end = re.search(r"\^+", marks).span()
    return first, line[begin:end].rstrip()


@pytest.mark.parametrize(("error", "message", "marked", "equations"), IN_EQUATIONS)
def test_an_error_in_the_equations_points_at_what_is_wrong(error, message, marked, equations):
    with pytest.raises(error) as found:
        make(equations, ports={"exc": "V_m"}, currents={})
    first, pointed_at = _marked(found.value)
    assert first.startswith("equations of neuron model 'Mine': ") and message in first
    assert pointed_at == marked


@pytest.mark.parametrize(("error", "message", "marked", "changes"), ELSEWHERE)
def test_an_error_in_other_texts_points_at_what_is_wrong(error, message, marked, changes):
    with pytest.raises(error) as found:
        make(ONE, **{"ports": {"exc": "V_m"}, "currents": {}, **changes})
    first, pointed_at = _marked(found.value)
    assert message in first and pointed_at == marked


def test_a_refractory_variable_without_a_period_and_a_method_that_does_not_fit_are_pointed_at():
    with pytest.raises(D, match=r"\(unless refractory\) needs refractory="):
        make(refractory=None)
    square = "dV_m/dt = V_m*V_m/E_L/tau_m : volt"
    with pytest.raises(D, match="'exact' cannot integrate neuron model 'Mine': it is not linear in V_m") as found:
        make(square, method="exact", ports={}, currents={})
    assert _marked(found.value)[1] == "V_m*V_m/E_L/tau_m"
    with pytest.raises(D, match="it has noise"):
        make(f"{ONE[:-7]} + xi*mV/ms**0.5 : volt", method="exact", ports={}, currents={})
    with pytest.raises(D, match="multiplicative noise"):
        make(f"{ONE[:-7]} + xi*V_m/ms**0.5 : volt", method="euler", ports={}, currents={})
    # exponential Euler of Brian2 takes this for linear in V_m
    with pytest.raises(D, match="dV_m/dt is not linear in V_m"):
        make("dV_m/dt = V_m*exp(V_m/mV)/tau_m : volt", method="exponential_euler", ports={}, currents={})


@pytest.mark.parametrize(("error", "message", "changes"), NAMED)
def test_what_has_no_place_in_a_text_is_named(error, message, changes):
    with pytest.raises(error, match=re.escape(message)):
        make(**changes)


@pytest.mark.parametrize("equations", ["", "hello", 3, "f = 3 : 1", "dheld/dt = -held/ms : 1"])
def test_what_is_no_equation_is_reported_with_what_one_is(equations):
    with pytest.raises(DescriptionError, match="d[.V].*/dt|reserved name in generated"):
        make(equations)
