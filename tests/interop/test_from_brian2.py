"""Brian2's objects taken over by spikelearn, against Brian2 itself: scripts of its kinds that both run."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import numpy as np
import pytest
from interop.brian2_scripts import (
    SCRIPTS,
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    defaultclock,
    get_device,
    ms,
    mV,
    network_operation,
    poisson_inputs,
    prefs,
    ran,
    run,
    set_device,
    start_scope,
)
from tolerances import EXACT, STAT, ULP

import spikelearn as sl
from spikelearn.equations.brian import quiet
from spikelearn.errors import DescriptionError, SimulationError, UnitError

ROUNDED = ULP(4_500_000, 1e-3)
"""1e-9 of a value: the same statements in other units, and exponentials of another kind, over a thousand steps in which
neurons excite each other. The smallest scale is a volt's thousandth."""


@pytest.fixture(autouse=True)
def _without_warnings_of_its_dependencies():
    with quiet():
        yield


MANY_KERNELS = {"runs_that_end_within_a_step", "other_methods"}
"""Scripts of many small networks: half a minute of compiling."""


@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=pytest.mark.slow if each in MANY_KERNELS else []) for each in SCRIPTS]
)
def test_a_script_gives_what_it_gives_on_brian2(name):
    theirs, ours = ran(SCRIPTS[name], "runtime"), ran(SCRIPTS[name], "spikelearn")
    assert ours.keys() == theirs.keys()
    for what, expected in theirs.items():
        whole = expected.dtype.kind in "iub"
        assert ours[what].dtype == expected.dtype and ours[what].shape == expected.shape, what
        (EXACT if whole else ROUNDED).check(ours[what], expected, what)


def one_neuron(delay):
    A = SpikeGeneratorGroup(1, [0, 0, 0], [1, 2, 2.4] * ms)
    B = NeuronGroup(1, "dv/dt = -v/(10*ms) : 1", threshold="v > 1.5", reset="v = 0", method="exact")
    S = Synapses(A, B, on_pre="v += 1", delay=delay)
    S.connect()
    V = StateMonitor(B, "v", record=True)
    run(10 * ms)
    return {"v": V.v}


def test_a_step_of_delay_would_be_seen():
    """The control: if input came a step later than in Brian2, the comparison would fail."""
    theirs = ran(lambda: one_neuron(0 * ms), "runtime")["v"]
    ours, later = (ran(lambda d=d: one_neuron(d), "spikelearn")["v"] for d in (0 * ms, 0.1 * ms))
    ROUNDED.check(ours, theirs)
    with pytest.raises(AssertionError):
        ROUNDED.check(later, theirs)


def test_what_is_random_has_the_distribution_that_brian2_has():
    theirs, ours = ran(poisson_inputs, "runtime"), ran(poisson_inputs, "spikelearn")
    for found in (ours, theirs):
        early, late = found["t"] < 0.25, found["t"] >= 0.25
        STAT(1, (20 * 250) ** 0.5).check(early.sum(), 1000 * 20 * 0.25)
        STAT(1, (30 * 250) ** 0.5).check(late.sum(), 1000 * 30 * 0.25)
        expected = np.linspace(0, 100, 1000) * 0.5
        STAT(1000, 1.0).check(np.mean((found["q"] - expected) / np.sqrt(np.maximum(expected, 1.0))), 0.0)
        STAT(500, 10.0).check(found["o"].mean(), 5000 * 0.02)
        STAT(500 * 30, 1.0).check(found["y"][:, 20:].mean(), 0.0)
        STAT(500 * 30, 2**0.5).check(found["y"][:, 20:].var() * (1 - 0.1 / 10), 1.0)
        STAT(500 * 50, 1.0).check(found["z"][:, 50:].mean(), 0.0)
        STAT(500 * 50, 2**0.5).check(found["z"][:, 50:].var(), 1.0)
        STAT(500 * 100, 12**-0.5).check(found["r"].mean(), 0.5)
        # 2,000 arrivals a second of 0.1, which decay in 10 ms: mean 2, variance half of 2,000/s 0.01 10 ms
        STAT(500 * 25, 0.32).check(found["v"][:, 20:].mean(), 2.0)
        STAT(500 * 25, 0.15).check(found["v"][:, 20:].var(), 0.1)
        STAT(500, 4.0).check(found["x"].mean(), 0.3 * 2 * 25)
        STAT(1, (12.5 * 500) ** 0.5).check(found["w"][:500].sum(), 50 * 0.25 * 500)
        assert found["w"][500:].sum() == 0 == np.ptp(found["a"], axis=0).max()
        STAT(500, (1 + 1 / 12) ** 0.5).check(found["a"][0].mean(), 0.5)
        STAT(500 * 20, 12**-0.5).check((found["b"] - found["a"]).mean(), 0.5)
        STAT(500 * 19, 1 / 12).check(
            np.mean((found["b"] - found["a"] - 0.5)[1:] * (found["b"] - found["a"] - 0.5)[:-1]), 0.0
        )
    # one draw for all, or for a step and the next, would correlate
    r = ours["r"]
    STAT(500 * 99, 1 / 12).check(np.mean((r[:, 1:] - 0.5) * (r[:, :-1] - 0.5)), 0.0)
    STAT(499 * 100, 1 / 12).check(np.mean((r[1:] - 0.5) * (r[:-1] - 0.5)), 0.0)


def small(**how):
    G = NeuronGroup(4, "dv/dt = (1.5 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells")
    G.v = "0.1*i"
    S = Synapses(G, G, "w : 1", on_pre="v += w", name="synapses", **how)
    S.connect(condition="i != j")
    S.w = 0.05
    return G, S, SpikeMonitor(G, name="spikes"), StateMonitor(G, "v", record=True, name="potentials")


def test_it_gives_a_network_that_does_all_that_networks_do(tmp_path):
    start_scope()
    G, S, M, V = small()
    net = sl.from_brian2(seed=3)
    assert isinstance(net, sl.Network) and {*net.populations} == {"cells"} and {*net.projections} == {"synapses.pre"}
    net.record(net.populations["cells"], "v", every=1.0, name="coarse")
    run = net.run(30 * ms, checkpoint=tmp_path / "net.ckpt")
    EXACT.check(
        np.round(run.spikes("cells").times / 0.1) - 1, np.round(np.array(M.t_) / 1e-4)[: len(run.spikes("cells").times)]
    )
    assert run.trace("cells", "v", recording="coarse").values.shape == (30, 4)
    restored, copied = sl.Network.restore(tmp_path / "net.ckpt"), copy.deepcopy(net)
    ends = [each.run(10.0).trace("cells", "v", recording="coarse").values for each in (net, restored, copied)]
    EXACT.check(ends[1], ends[0])
    EXACT.check(ends[2], ends[0])
    assert len(V.t) == 400 and np.asarray(defaultclock.t_) == pytest.approx(0.04)
    EXACT.check(run.synapses("synapses.pre").weight, np.array(S.w))


def test_objects_may_be_given_or_are_those_that_are_visible():
    results = []
    for given in (lambda *objects: None, lambda *objects: list(objects), lambda *objects: Network(*objects)):
        start_scope()
        G, S, M, V = small()
        sl.from_brian2(given(G, S, M, V), namespace={}).run(20 * ms)
        results.append(np.array(V.v))
    EXACT.check(results[1], results[0])
    EXACT.check(results[2], results[0])


def test_the_seed_is_that_of_brian2():
    def noise(seed):
        from brian2 import seed as set_seed

        start_scope()
        set_seed(seed)
        G = NeuronGroup(3, "dv/dt = -v/(5*ms) + xi/ms**.5 : 1", method="euler")
        V = StateMonitor(G, "v", record=True)
        sl.from_brian2([G, V]).run(5 * ms)
        return np.array(V.v)

    EXACT.check(noise(4), noise(4))
    assert np.any(noise(4) != noise(5))


def test_an_engine_in_python_gives_the_same():
    def potentials(engine):
        start_scope()
        objects = small()
        sl.from_brian2(list(objects)).run(10 * ms, engine=engine)
        return np.array(objects[3].v)

    EXACT.check(potentials("stepper"), potentials("compiled"))


def neurons(equations="dv/dt = -v/tau : 1", threshold="v > 1", reset="v = 0", tau=10 * ms, **more):
    given = {"method": "euler", "namespace": {"tau": tau}} | more
    return NeuronGroup(2, equations, threshold=threshold, reset=reset, name="cells", **given)


def onto(cells, model="w : 1", **how):
    S = Synapses(cells, cells, model, name="syn", **({"on_pre": "v += w"} if not how else how))
    S.connect()
    return [cells, S]


def with_runner(when):
    cells = neurons()
    cells.run_regularly("v += 0.1", when=when)
    return [cells]


def spatial():
    import brian2

    morphology = brian2.Soma(30 * brian2.um)
    return [brian2.SpatialNeuron(morphology, "Im = 0*amp/meter**2 : amp/meter**2", name="dendrite")]


def delayed_table():
    stimulus = TimedArray([1.0, 2.0], dt=1 * ms)
    return [neurons("dv/dt = (stimulus(t - 1*ms) - v)/tau : 1", namespace={"tau": 10 * ms, "stimulus": stimulus})]


def clocks():
    return [neurons(), NeuronGroup(1, "v : 1", dt=0.2 * ms, name="slow")]


def inactive():
    cells = neurons()
    cells.active = False
    return [cells]


def regular_synapses():
    cells, S = onto(neurons())
    S.run_regularly("w *= 0.9", dt=1 * ms)
    return [cells, S]


def no_reset():
    cells = neurons()
    cells.resetter["spike"].active = False
    return [cells]


def summed_twice():
    cells = neurons("dv/dt = (s - v)/tau : 1\ns : 1")
    found = [cells]
    for name in ("one", "other"):
        S = Synapses(cells, cells, "s_post = v_pre : 1 (summed)", name=name)
        S.connect()
        found.append(S)
    return found


def late_operation():
    return [neurons(), network_operation(when="end")(lambda: None)]


def regular_first():
    cells = neurons()
    cells.run_regularly("v += 0.1")
    return [cells, network_operation(order=1)(lambda: None)]


def on_synapses():
    cells, S = onto(neurons())
    return [cells, S, (T := Synapses(cells, S, on_pre="w_post += 1", name="on_it")), T.connect()][:3]


UNKNOWN = {
    "a name": (lambda: [neurons("dv/dt = (x0 - v)/tau : 1")], "equation of v of NeuronGroup 'cells': 'x0' is de"),
    "in a reset": (lambda: [neurons(reset="v = lower")], "reset of NeuronGroup 'cells': 'lower' is defined no"),
    "an event": (lambda: [neurons(events={"low": "v < 0"})], "'cells': the event 'low' is not taken over"),
    "a method": (lambda: [neurons(method="gsl")], "method of NeuronGroup 'cells': 'gsl' is not taken over"),
    "a table read later": (delayed_table, r"a TimedArray is read at t only, stimulus\(t\); got"),
    "a period that is drawn": (lambda: [neurons(refractory="rand()*ms")], "refractory of NeuronGroup 'cells'"),
    "two clocks": (clocks, "'slow': its clock has dt = 0.2 ms, that of the network 0.1 ms"),
    "compartments": (spatial, "SpatialNeuron 'dendrite': objects of this class are not taken over"),
    "a place": (lambda: with_runner("end"), "when='end', order=0 is not taken over"),
    "a name in on_pre": (lambda: onto(neurons(), on_pre="v += strength"), "on_pre of Synapses 'syn': 'strength' is"),
    "what is not active": (inactive, "NeuronGroup 'cells' is not active"),
    "synapses on synapses": (on_synapses, "synapses on the synapses 'syn' are not taken over"),
    "regular synapses": (regular_synapses, "Synapses 'syn': CodeRunner 'syn_run_regularly' in it is not taken over"),
    "a part that is not active": (no_reset, "Resetter 'cells_spike_resetter' is not active"),
    "two sums": (summed_twice, "Synapses 'other': 's' of 'cells' is a .summed. variable of Synapses 'one' already"),
    "a table in on_pre": (
        lambda: onto(neurons(), "w : 1", on_pre="v += w*table(t)", namespace={"table": TimedArray([1.0], dt=1 * ms)}),
        "on_pre of Synapses 'syn': the TimedArray 'table' is taken over in groups only",
    ),
    "an operation elsewhere": (late_operation, "NetworkOperation 'networkoperation.*': when='end', order=0 is not"),
    "another order": (regular_first, "CodeRunner 'cells_run_regularly': Brian2 has it before NetworkOperation 'networ"),
    "the last spike": (lambda: [neurons(refractory="t - lastspike < 2*ms")], "lastspike cannot be used"),
    "two spikes": (
        lambda: [SpikeGeneratorGroup(2, [1, 0, 1], [1.01, 1.02, 1.07] * ms, name="given")],
        "SpikeGeneratorGroup 'given': neuron 1 has several spikes in the step from 1 ms on; expected at most one",
    ),
    "what is recorded": (
        lambda: [c := neurons(), StateMonitor(c, "v", record=True, when="resets", name="m")],
        "StateMonitor 'm': when='resets' is not taken over",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", UNKNOWN)
def test_what_cannot_be_taken_over_is_an_error_that_names_it(what):
    objects, message = UNKNOWN[what]
    start_scope()
    defaultclock.dt = 0.1 * ms
    with pytest.raises(DescriptionError, match=message):
        sl.from_brian2(objects(), namespace={})


def test_errors_show_the_text():
    start_scope()
    with pytest.raises(UnitError) as error:
        sl.from_brian2([neurons("dv/dt = (tau - v)/tau : 1")], namespace={})
    assert "equations of NeuronGroup 'cells': tau is in ms, but v without a unit" in str(error.value)
    assert "\n    dv/dt = (tau - v)/tau : 1\n             ^^^^^^^" in str(error.value)
    with pytest.raises(UnitError) as error:
        sl.from_brian2(onto(neurons(), "w : volt"), namespace={})
    assert "on_pre of Synapses 'syn': v should be without a unit, but this is in mV\n    v += w" in str(error.value)


def test_a_network_that_has_run_elsewhere_is_refused():
    start_scope()
    net = Network(*small())
    ran(lambda: {"t": net.run(1 * ms, namespace={}) or 0}, "runtime")
    with pytest.raises(DescriptionError, match="this network has run to 1. ms in Brian2"):
        sl.from_brian2(net)
    with pytest.raises(DescriptionError, match="has been run in another network"):
        sl.from_brian2(list(net.objects))


def test_a_network_that_changes_is_refused():
    start_scope()
    G, S, M, V = small()
    brian = Network(G, S, M, V)
    net = sl.from_brian2(brian, namespace={})
    net.run(1 * ms)
    brian.add(PopulationRateMonitor(G, name="rate"))
    net.run(1 * ms)
    S.connect(i=0, j=0)
    with pytest.raises(DescriptionError, match="Synapses 'synapses' has got further synapses"):
        net.run(1 * ms)
    brian.add(NeuronGroup(1, "v : 1", name="new"))
    with pytest.raises(DescriptionError, match="NeuronGroup 'new' has been added to the network after"):
        net.run(1 * ms)


@pytest.mark.parametrize("at", [0, 2])
def test_an_error_in_an_operation_is_that_error(at):
    start_scope()
    G, S, M, V = small()

    @network_operation(dt=1 * ms)
    def fail(t):
        if t > (at - 0.5) * ms:
            raise ZeroDivisionError("of this script")

    net = sl.from_brian2([G, S, M, V, fail], namespace={})
    with pytest.raises((ZeroDivisionError, SimulationError), match="of this script"):
        net.run(5 * ms)
    assert len(V.t) == 10 * at


def test_a_time_step_that_changes_is_refused():
    start_scope()
    G, S, M, V = small()
    net = sl.from_brian2([G, S, M, V], namespace={})
    net.run(1 * ms)
    try:
        defaultclock.dt = 0.2 * ms
        with pytest.raises(DescriptionError, match="dt of its clock was 0.1 ms when it was taken over, and is 0.2 ms"):
            net.run(1 * ms)
    finally:
        defaultclock.dt = 0.1 * ms


def test_a_weight_of_all_synapses_that_changes_is_refused():
    start_scope()
    G = NeuronGroup(2, "dv/dt = -v/(10*ms) : volt", threshold="v > 1*mV", reset="v = 0*mV", method="exact")
    S = Synapses(G, G, on_pre="v += J", name="syn")
    S.connect()
    net = sl.from_brian2([G, S], namespace={"J": 1 * mV})
    net.run(1 * ms, namespace={"J": 1 * mV})
    with pytest.raises(DescriptionError, match="on_pre of Synapses 'syn': its weight was one number for all synapses"):
        net.run(1 * ms, namespace={"J": 2 * mV})


def test_the_code_of_its_page_runs():
    page = (Path(__file__).parents[2] / "docs/interop/brian2.md").read_text(encoding="utf-8")
    names, before = {"__name__": "page"}, (get_device(), prefs.codegen.target)
    prefs.codegen.target = "numpy"
    try:
        for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
            exec(block, names)
    finally:
        set_device(before[0])
        prefs.codegen.target = before[1]
    assert names["M"].num_spikes > 0 and names["spikes"].num_spikes > 0
    assert len(names["run_of"].spikes("cells").ids) == names["spikes"].num_spikes
