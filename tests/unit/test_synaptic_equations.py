"""Synapse models and plasticity rules from equations: what is kept, and the errors for a wrong one."""

import re
import subprocess
import sys

import numpy as np
import pytest
from cases.synapses import amplitudes
from given_spikes import one_synapse
from tolerances import EXACT, ULP
from unit.test_equations import _marked

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError, UnitError

D, P, U = DescriptionError, ParameterError, UnitError
RELAXING = "dx/dt = (1 - x)/tau : 1 (event-driven)"
TRACES = "dapre/dt = -apre/tau : 1 (event-driven)\ndapost/dt = -apost/tau : 1 (event-driven)"
LIMITS = {"W_min": 0.0, "W_max": 10.0}


def synapse(equations=RELAXING, on_pre="released = 0.5*x; x -= released", **changes):
    given = {"parameters": {"tau": (100.0, "ms")}, "initial": {"x": 1.0}, "name": "Mine"} | changes
    return sl.SynapseModel.from_equations(equations, on_pre=on_pre, **given)


def rule(equations=TRACES, on_pre="apre += A; w += apost", on_post="apost -= A; w += apre", **changes):
    given = {"parameters": {"tau": (20.0, "ms"), "A": 0.5, **LIMITS}, "name": "Mine"} | changes
    return sl.PlasticityRule.from_equations(equations, on_pre=on_pre, on_post=on_post, **given)


def test_a_saved_synapse_and_a_saved_rule_are_what_they_were(tmp_path):
    synapse().save(tmp_path / "my_synapse.py")
    rule().save(tmp_path / "my_rule.py")
    script = """
import my_rule, my_synapse
print(my_synapse.Model.release.py_func(0.25, 30.0, 100.0), my_rule.Model.on_post.py_func(3.0, 0.7, 0.1, 0.5))
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, cwd=tmp_path
    )  # fmt: skip
    released, weight = synapse().release.py_func(0.25, 30.0, 100.0), rule().on_post.py_func(3.0, 0.7, 0.1, 0.5)
    assert done.stdout.strip() == f"{released} {weight}", done.stderr


def test_release_is_the_closed_form_of_its_equations():
    times = np.array([10.0, 15.0, 60.0])
    x, expected, last = 1.0, [], 10.0
    for time in times:
        x = 1.0 + (x - 1.0) * np.exp(-(time - last) / 100.0)
        expected.append(0.5 * x)
        x, last = x - 0.5 * x, time
    ULP(50).check(amplitudes(synapse()(), times, 1.0), expected)


def test_an_expression_in_on_pre_is_that_of_what_statements_before_have_set():
    made = synapse("dx/dt = (1 - x)/tau : 1 (event-driven)\ny = 0.5*x : 1", on_pre="x -= y; released = y")
    ULP(50).check(amplitudes(made(), np.array([10.0]), 1.0), [0.25])


def test_coupled_equations_with_equal_time_constants_are_refused_where_the_closed_form_divides_by_zero():
    equations = "dx/dt = (1 - x - y)/tau : 1 (event-driven)\ndy/dt = -y/tau_y : 1 (event-driven)"
    made = synapse(equations, parameters={"tau": (100.0, "ms"), "tau_y": (3.0, "ms")})
    assert made(tau_y=99.0).parameters.tau_y == 99.0
    with pytest.raises(P, match="Mine: the closed form divides by tau - tau_y, which must not be 0"):
        made(tau_y=100.0)


def test_a_weight_with_a_unit_is_kept_in_it():
    made = rule(
        "w : siemens\n" + TRACES,
        on_pre="apre += 1; w += g*apost",
        on_post="apost -= 1; w += g*apre",
        parameters={"tau": (20.0, "ms"), "g": (0.002, "uS"), "W_min": (0.0, "nS"), "W_max": (0.01, "uS")},
    )
    assert made().parameters.W_max == 10.0
    weights = one_synapse([10.0], [15.0], lambda modulator: made(), weight=5.0, axonal=1.0, T=40.0).final
    ULP(20).check(weights, 5.0 + 2.0 * np.exp(-4.0 / 20.0))


def test_a_trace_is_seen_before_or_after_its_own_jump_as_the_statements_stand():
    before = rule(on_pre="w += apre; apre += A", on_post="apost += A")
    after = rule(on_pre="apre += A; w += apre", on_post="apost += A")
    EXACT.check(before.on_pre.py_func(5.0, 3.0, 0.0, 0.5), 6.5)
    EXACT.check(after.on_pre.py_func(5.0, 3.0, 0.0, 0.5), 7.0)


ALWAYS, SQUARE = "dx/dt = -x/tau : 1", "dx/dt = -x*x/tau : 1 (event-driven)"


def test_names_that_the_loops_use_themselves_are_free():
    by_letters = rule(
        "ds/dt = -s/n : 1 (event-driven)\ndh/dt = -h/n : 1 (event-driven)\np : 1",
        on_pre="s += 1; p += g; w += g*h",
        on_post="h += 1; w += p*s",
        parameters={"n": (20.0, "ms"), "g": 0.5, **LIMITS},
        initial={"p": 0.25},
    )
    by_words = rule(
        "dx/dt = -x/tau : 1 (event-driven)\ndy/dt = -y/tau : 1 (event-driven)\nz : 1",
        on_pre="x += 1; z += A; w += A*y",
        on_post="y += 1; w += z*x",
        initial={"z": 0.25},
    )
    ours, theirs = (
        one_synapse(
            [10.0, 30.0], [15.0, 25.0], lambda modulator, each=each: each(), weight=5.0, axonal=1.0, T=40.0
        ).final
        for each in (by_letters, by_words)
    )
    assert ours == theirs != 5.0
    times = np.array([10.0, 15.0, 60.0])
    slot = synapse(
        "ddepth/dt = (slot - depth)/row : 1 (event-driven)", "released = depth; depth = 0",
        parameters={"slot": 1.0, "row": (100.0, "ms")}, initial={"depth": 1.0},
    )  # fmt: skip
    ULP(50).check(amplitudes(slot(), times, 1.0), [1.0, -np.expm1(-0.05), -np.expm1(-0.45)])


def everything(threads=1):
    """A network of a noisy neuron, a synapse and a rule, all from equations."""
    neuron = sl.NeuronModel.from_equations(
        "dV_m/dt = (E_L - V_m)/tau_m + 3*mV*xi/tau_m**0.5 : volt (unless refractory)",
        threshold="V_m > V_th", reset="V_m = E_L", refractory=2.0, ports={"exc": "V_m"},
        parameters={"E_L": (-60.0, "mV"), "V_th": (-55.0, "mV"), "tau_m": (10.0, "ms")}, name="Noisy",
    )  # fmt: skip
    net = sl.Network(dt=0.1, seed=4, threads=threads)
    sources = net.population(10, sl.Poisson(50.0))
    cells = net.population(7, neuron(tau_m=np.linspace(5.0, 15.0, 7)), name="cells")
    net.connect(sources, cells, weight=2.0, delay=1.0, synapse=synapse()())
    net.connect(sources, cells, weight=2.0, delay=1.5, plasticity=rule()(), name="plastic")
    net.record(cells, ["spikes", "V_m"])
    return net


def outcome(run):
    return np.concatenate([run.spikes("cells").times, run.trace("cells", "V_m").values.ravel(), run.weights("plastic")])


def test_a_network_from_equations_is_one_on_two_threads_and_through_a_checkpoint_in_another_process(tmp_path):
    whole = everything().run(60.0)
    assert np.ptp(whole.weights("plastic")) > 0.1 and len(whole.spikes("cells").times) > 5
    EXACT.check(outcome(everything(threads=2).run(60.0)), outcome(whole))
    net = everything()
    net.run(30.0).checkpoint(tmp_path / "state")
    second = net.run(30.0)
    script = f"""
import sys
import spikelearn as sl
sys.path[:0] = {sys.path!r}
from unit.test_synaptic_equations import outcome
print(outcome(sl.Network.restore({str(tmp_path / "state")!r}).run(30.0)).tobytes().hex())
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == outcome(second).tobytes().hex()
    EXACT.check(second.weights("plastic"), whole.weights("plastic"))


WRONG_SYNAPSES = [  # error, message, what is marked, arguments
    (D, "x is integrated only between events: write (event-driven)", ALWAYS, {"equations": ALWAYS}),
    (D, "must be linear in the variables; dx/dt is not", "-x*x/tau", {"equations": SQUARE}),
    (D, "x does not decay", "1/tau", {"equations": "dx/dt = 1/tau : 1 (event-driven)"}),
    (D, "y_post is not available here: weight times `released` is delivered", "y_post", {"on_pre": "y_post += x"}),
    (D, "`released` is not set", "x -= 0.5*x", {"on_pre": "x -= 0.5*x"}),
    (D, "`released` is multiplied by the weight later", "w", {"on_pre": "released = w*x"}),
    (D, "`released` has no value before it is set", "released += x", {"on_pre": "released += x"}),
    (U, "released should be without a unit, but this is in ms", "x*tau", {"on_pre": "released = x*tau"}),
    (P, "y has no value: give it in parameters=", "y", {"equations": f"{RELAXING}\ny : 1"}),
]  # fmt: skip

ADVICE = "a variable with an equation is a trace: it decays to 0 and jumps once, in on_pre or in on_post"
WRONG_RULES = [
    (D, f"apre is changed in on_pre and in on_post; {ADVICE}", "apre", {"on_post": "apre = 0; w += apre"}),
    (D, f"apost is never changed; {ADVICE}", "apost", {"on_post": "w += apre"}),
    (D, f"apre jumps by an amount that is not constant (w); {ADVICE}", "apre += w", {"on_pre": "apre += w"}),
    (D, "dapre/dt should be -apre/tau with a parameter tau that is a time", "-2*apre/tau",
     {"equations": TRACES.replace("-apre", "-2*apre")}),
    (D, "v_post cannot be set: the projection delivers the weight", "v_post", {"on_pre": "v_post += w; apre += A"}),
    (D, "the weight is called w", "weight", {"on_post": "apost += A; w += weight"}),
    (D, "w is the weight, which can only be changed by on_pre= and on_post=", "w",
     {"equations": TRACES + "\ndw/dt = -w/tau : 1 (event-driven)"}),
    (U, "w should be without a unit, but this is in ms", "tau", {"on_post": "apost += A; w += tau"}),
    (P, "n has no value: give it in parameters=, or change it in on_pre=", "n", {"equations": f"{TRACES}\nn : 1"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "error", "message", "marked", "changes"),
    [(synapse, *each) for each in WRONG_SYNAPSES] + [(rule, *each) for each in WRONG_RULES],
)
def test_an_error_points_at_what_is_wrong(make, error, message, marked, changes):
    with pytest.raises(error) as found:
        make(**changes)
    first, pointed_at = _marked(found.value)
    assert message in first and pointed_at == marked


def test_a_rule_needs_limits_and_must_change_the_weight():
    with pytest.raises(P, match=re.escape("plasticity rule 'Mine' needs W_min and W_max in parameters=")):
        rule(parameters={"tau": (20.0, "ms"), "A": 0.5})
    with pytest.raises(U, match="W_min and W_max should have the same unit"):
        rule(parameters={"tau": (20.0, "ms"), "A": 0.5, "W_min": 0.0, "W_max": (1.0, "nS")})
    with pytest.raises(D, match="never changes the weight w"):
        rule(on_pre="apre += A", on_post="apost += A")
