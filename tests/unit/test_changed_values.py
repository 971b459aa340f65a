"""Parameters and state that are set before the first run and between runs."""

import copy
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from all_parts import network as all_parts
from every_model import HALF, neurons_of, outcome, synapses_of
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError, SpikelearnError
from spikelearn.neurons import MODELS
from spikelearn.parameters import declared_units
from spikelearn.plasticity import RULES, SIGNAL_RULES, STEP_RULES
from spikelearn.synapses import GRADED_SYNAPSES, SYNAPSES

ALL_RULES = (*RULES, *SIGNAL_RULES, *STEP_RULES)
LATER = 7.0
"""ms, between two changes."""


def units_of(model):
    return {name: unit.name for name, unit in declared_units(model.Parameters).items()}


def others(make, known, units):
    """(name, another value that a model accepts) of each parameter; a length of time in steps stays one."""
    for name, value in known.items():
        if units[name] in ("ms", "duration"):
            tries = [value + 0.5, value + 5.0, value - 0.5]
        else:
            tries = [value * 1.1, value * 0.9, value + 0.1, value - 0.1, value + 1.0]
        for new in tries:
            try:
                make(**known | {name: new})
            except SpikelearnError:
                continue
            if new != value:
                yield name, new
                break
        else:
            raise AssertionError(f"no other {name} than {value}")


def same_arrays(one, other, what):
    found, expected = one.build().arrays(), other.build().arrays()
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        EXACT.check(found[name], values, f"{what}: {name}")


def same(found, expected, what=""):
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        EXACT.check(found[name], values, f"{what}: {name}")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_neurons_that_are_set_before_the_first_run_are_those_made_so(model):
    firing = model(**model.properties.firing).parameters._asdict()
    if not firing:
        return
    changed = firing
    for name, new in others(model, firing, units_of(model)):
        try:
            model(**changed | {name: new})
        except SpikelearnError:
            continue
        changed = changed | {name: new}
    made = neurons_of(replace(model, properties=model.properties._replace(firing=changed)))
    for built in (False, True):
        net = neurons_of(model)
        if built:
            net.run(0.0)
        net.set(net.populations["cells"], **changed)
        same(outcome(net.run(HALF)), outcome(made.run(HALF)), model.name)
        made = neurons_of(replace(model, properties=model.properties._replace(firing=changed)))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_each_parameter_of_neurons_set_in_a_run_is_as_in_a_network_made_so_with_this_state(model):
    net, changed = neurons_of(model), {}
    cells = net.populations["cells"]
    net.run(20.0)
    parameters = cells.model.parameters._asdict()
    changes = list(others(model, parameters, units_of(model)))
    for k, (name, new) in enumerate(changes):
        # values for each neuron need a kernel of their own: about two of the parameters have them
        each = k % max(2, len(changes) // 2) == 1
        value = np.where(np.arange(cells.size) < 3, parameters[name], new) if each else new
        try:
            net.set(cells, **{name: value})
        except SpikelearnError:  # with those set before
            continue
        changed[name] = value
        EXACT.check(net.get(cells, name), value)
        twin = neurons_of(model)
        twin.set(twin.populations["cells"], **changed)
        twin.build().restore(net.build().arrays(), net.build().step, "test")
        net.run(LATER), twin.run(LATER)
        same_arrays(net, twin, f"{model.name}, {name}")
    assert changed or not parameters


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_state_variables_that_are_set_are_what_the_next_step_begins_with(model):
    for set_before, cut in ((True, slice(None)), (False, slice(None)), (False, slice(1, 4))):
        net = neurons_of(model)
        cells = net.populations["cells"]
        if not set_before:
            net.run(10.0)
        part = cells[cut] if cut != slice(None) else cells
        for name in model.state:
            before = net.get(cells, name)
            value = np.round(before[cut]) + 1.0
            net.set(part, **{name: value})
            EXACT.check(net.get(part, name), value)
            expected = before.copy()
            expected[cut] = value
            EXACT.check(net.get(cells, name), expected)
        net.run(5.0)


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.name)
def test_each_parameter_of_a_rule_set_in_a_run_changes_no_weight_at_once_and_is_as_in_a_network_made_so(rule):
    net, unchanged, changed = synapses_of(rule=rule), synapses_of(rule=rule), {}
    net.run(HALF), unchanged.run(HALF)
    learning = [p.name for p in net.projections.values() if p.learns]
    plasticity = net.projections[learning[0]].plasticity
    remembered = set(getattr(rule, "delayed", {}).values())
    first = [plasticity.modulator] if rule.modulated else []

    def make(**values):
        return rule(*first, **values)

    for name, new in others(make, plasticity.parameters._asdict(), units_of(rule)):
        known = net.projections[learning[0]].plasticity.parameters._asdict()
        if name in ("W_min", "W_max"):
            new = known[name] + (1.0 if name == "W_max" else -1.0)
        if name in remembered:
            with pytest.raises(DescriptionError, match="before the first run only"):
                net.set(net.projections[learning[0]], **{name: new})
            continue
        try:
            make(**known | {name: new})
        except SpikelearnError:
            continue
        for each in learning:
            projection = net.projections[each]
            before = net.weights(projection)
            net.set(projection, **{name: new})
            if projection.dendritic_steps == 0:  # else some of what has arrived is yet to be learned
                ULP(1e5, 1.0 + np.abs(before).max()).check(net.weights(projection), before, f"{rule.name}, {name}")
            assert net.get(projection, name) == new
        changed[name] = new
        twin = synapses_of(rule=rule)
        for each in learning:
            twin.set(twin.projections[each], **changed)
        twin.build().restore(net.build().arrays(), net.build().step, "test")
        net.run(LATER), twin.run(LATER), unchanged.run(LATER)
        same_arrays(net, twin, f"{rule.name}, {name}")
    assert not rule.Parameters._fields or changed
    assert any(np.any(net.weights(net.projections[p]) != unchanged.weights(unchanged.projections[p])) for p in learning)


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.name)
def test_a_rule_that_is_changed_learns_the_same_on_two_threads_in_python_and_after_a_checkpoint(rule, tmp_path):
    found = []
    for engine, threads in (("compiled", 1), ("compiled", 2), ("stepper", 1)):
        net = synapses_of(rule=rule, threads=threads)
        try:
            net.run(20.0, engine=engine)
        except DescriptionError as error:
            assert "runs on one thread" in str(error)
            continue
        learning = [p for p in net.projections.values() if p.learns]
        parameters = learning[0].plasticity.parameters._asdict()
        left_out = {"W_min", "W_max", *getattr(rule, "delayed", {}).values()}
        first = [learning[0].plasticity.modulator] if rule.modulated else []
        for name, new in others(partial(rule, *first), parameters, units_of(rule)):
            for projection in learning if name not in left_out else ():
                try:
                    net.set(projection, **{name: new})
                except ParameterError:  # with those set before
                    break
        net.run(10.0).checkpoint(tmp_path / "state")
        last = outcome(net.run(10.0))
        same(outcome(sl.Network.restore(tmp_path / "state").run(10.0)), last, "checkpoint")
        found.append(last)
    for each in found:
        same(each, found[0], rule.name)


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.name)
def test_a_rule_set_to_what_it_is_learns_as_it_would_have(rule):
    """But for the order of sums, as its synapses are brought up to date."""
    net, unchanged = synapses_of(rule=rule), synapses_of(rule=rule)
    net.run(HALF), unchanged.run(HALF)
    for projection in (p for p in net.projections.values() if p.learns):
        net.set(projection, W_max=projection.plasticity.parameters.W_max)
    found, expected = net.run(HALF), unchanged.run(HALF)
    for name in found.synapse_data:
        scale = 1.0 + np.abs(expected.weights(name)).max()
        np.testing.assert_allclose(found.weights(name), expected.weights(name), rtol=1e-9, atol=1e-9 * scale)


@pytest.mark.parametrize("model", [*SYNAPSES, *GRADED_SYNAPSES], ids=lambda model: model.name)
def test_each_parameter_of_a_synapse_set_in_a_run_is_as_in_a_network_made_so(model):
    net, changed = synapses_of(synapse=model()), {}
    net.run(HALF)
    names = [p.name for p in net.projections.values() if p.synapse is not None]
    for name, new in others(model, model().parameters._asdict(), units_of(model)):
        changed[name] = new
        twin = synapses_of(synapse=model())
        for each in names:
            net.set(net.projections[each], **{name: new})
            twin.set(twin.projections[each], **changed)
        twin.build().restore(net.build().arrays(), net.build().step, "test")
        net.run(LATER), twin.run(LATER)
        same_arrays(net, twin, f"{model.name}, {name}")
    assert changed


# All kinds of change together


def change_all(net):
    """Something of each kind, in a network with every part."""
    lif, cells = net.populations["lif"], net.populations["pyramidal"]
    net.set(lif, tau_m=12.0, V_th=-54.0)
    net.set(lif[2:5], I_e=[100.0, 200.0, 300.0], V_m=-65.0)
    net.set(cells, V_s=np.linspace(-70, -60, 6), burst_window=12.0)
    net.set(net.populations["poisson"], rate=np.linspace(20, 120, 20))
    net.set(net.populations["poisson"][:5], rate=100.0)
    net.set(net.populations["timed"], rate=sl.Timed([100.0, 30.0], 45.0))
    net.set(net.populations["listed"], times=[net.time + 3.0, net.time + 12.0], ids=[0, 2])
    net.set(net.modulators["dopamine"], level=0.05, tau=30.0)
    net.set(net.projections["STDP"], lambda_=0.02, tau_plus=15.0)
    net.set(net.projections["dendritic STDP"], mu_plus=0.5, W_max=110.0)
    net.set(net.projections["DopamineSTDP"], tau_c=15.0, A_plus=3.0)
    net.set(net.projections["Clopath"], A_LTD=0.4, tau_x=3.0)
    net.set(net.projections["short term"], U=0.3)
    for drive, values in zip(
        net._drives,
        (
            {"mean": 300.0, "tau": 8.0},
            {"times": [0.0, 90.0], "values": [500.0, 700.0]},
            {"rate": 200.0, "weight": 60.0},
        ),
        strict=True,
    ):
        net.set(drive, **values)


@pytest.mark.parametrize("time", [0.0, 40.0])
def test_changes_of_every_kind_are_the_same_on_all_engines_and_threads_and_after_a_checkpoint(time, tmp_path):
    found = {}
    for engine, threads in (("compiled", 1), ("compiled", 2), ("stepper", 1)):
        net = all_parts(threads=threads, shareable=True)
        net.run(time, engine=engine)
        change_all(net)
        twin = copy.deepcopy(net)
        net.run(10.0).checkpoint(tmp_path / "state")
        restored = sl.Network.restore(tmp_path / "state")
        found[engine, threads] = outcome(net.run(30.0))
        twin.run(10.0)
        same(outcome(twin.run(30.0)), found[engine, threads], f"copy, {engine}, {threads}")
        same(outcome(restored.run(30.0)), found[engine, threads], f"checkpoint, {engine}, {threads}")
    for which, values in found.items():
        same(values, found["compiled", 1], which)
    unchanged = all_parts(shareable=True)
    unchanged.run(time + 10.0)
    last = outcome(unchanged.run(30.0))
    assert any(not np.array_equal(last[name], values) for name, values in found["compiled", 1].items())


def test_parameters_that_are_set_to_distributions_are_drawn():
    def network(**parameters):
        net = sl.Network(dt=0.1, seed=3)
        return net, net.population(50, sl.LIF(**parameters), name="cells")

    wide = sl.Normal(20.0, 3.0, low=1.0)
    (net, cells), (_, made) = network(), network(tau_m=wide)
    net.set(cells, tau_m=wide)
    EXACT.check(net.get(cells, "tau_m"), made.model.parameters.tau_m)
    assert repr(cells.model) == repr(made.model)
    net.run(1.0)
    net.set(cells[:10], V_th=sl.Uniform(-50.0, -45.0), V_m=sl.Uniform(-60.0, -55.0))
    net.set(cells, I_e=sl.Exponential(100.0))
    assert len(set(net.get(cells[:10], "V_th"))) == 10 and set(net.get(cells[10:], "V_th")) == {-55.0}
    assert len(set(net.get(cells, "I_e"))) == 50 and -60.0 <= net.get(cells[:10], "V_m").min()
    EXACT.check(net.get(cells, "tau_m"), made.model.parameters.tau_m)


def test_parameters_of_a_rule_that_differ_between_synapses_are_set_and_set_again():
    net = sl.Network(dt=0.1, seed=1)
    source, cells = net.population(20, sl.Poisson(100.0)), net.population(8, sl.LIF(I_e=400.0))
    made = net.connect(source, cells, weight=sl.Uniform(0, 100), plasticity=sl.STDP(W_max=100.0, mu_plus=0.0))
    net.run(100.0)
    for lambda_ in (sl.Uniform(0.01, 0.05), np.zeros((20, 8)), 0.01):
        before = net.weights(made)
        net.set(made, lambda_=lambda_)
        ULP(100, 100.0).check(net.weights(made), before)
        net.run(100.0)
        assert np.any(net.weights(made) != before) == (not isinstance(lambda_, np.ndarray))


def test_after_a_reset_a_network_is_the_one_made_with_what_was_set_last():
    net, made = neurons_of(sl.LIF), neurons_of(sl.LIF)
    made.set(made.populations["cells"], tau_m=14.0, E_L=-68.0)
    net.run(30.0)
    net.set(net.populations["cells"], tau_m=14.0, E_L=-68.0, V_m=-60.0)
    net.run(30.0)
    net.reset(keep_weights=False)
    same(outcome(net.run(HALF)), outcome(made.run(HALF)))


def test_all_is_set_or_nothing():
    net = all_parts()
    net.run(10.0)
    cells, stdp = net.populations["lif"], net.projections["STDP"]
    for part, values, error, message in (
        (cells, {"tau_m": 12.0, "V_th": np.inf}, ParameterError, "V_th of LIF: expected a finite number"),
        (
            cells,
            {"V_m": np.zeros(3), "tau_m": 12.0},
            DescriptionError,
            "V_m of population 'lif': expected one value or 8",
        ),
        (cells, {"tau_m": 12.0, "t_ref": 0.234}, SpikelearnError, "t_ref"),
        (cells, {"tau_n": 1.0}, DescriptionError, r"no 'tau_n' \(did you mean 'tau_m'\?\); it has: E_L, .*V_m"),
        (cells[:2], {"tau_m": [1.0, 2.0, 3.0]}, DescriptionError, "one value or 2"),
        (cells, {}, DescriptionError, "expected values by name"),
        (
            stdp,
            {"lambda_": 0.1, "W_max": 10.0},
            ParameterError,
            "10, the limits W_min and W_max of STDP, but .* beyond",
        ),
        (stdp, {"weight": 3.0}, DescriptionError, "set_weights"),
        (stdp, {"lambda_": 0.1, "delay": -1.0}, ParameterError, "delay of projection 'STDP'"),
        (net.modulators["dopamine"], {"level": 1.0, "tau": 0.0}, ParameterError, "tau of modulator 'dopamine'"),
        (net._drives[1], {"values": [1.0]}, DescriptionError, "one value, or one row of values, for each time"),
        (sl.Network().population(1, sl.LIF()), {"tau_m": 1.0}, DescriptionError, "of this network"),
    ):
        before = {name: array.copy() for name, array in net.build().arrays().items()}
        text = str(net)
        with pytest.raises(error, match=message):
            net.set(part, **values)
        for name, array in net.build().arrays().items():
            EXACT.check(array, before[name], f"{values}: {name}")
        assert str(net) == text


# Sources, drives, modulators, readouts


def test_spike_times_that_are_set_replace_those_that_are_left_and_are_later_than_now():
    net = sl.Network(dt=0.1)
    source = net.population(2, sl.SpikeList([5.0, 20.0, 30.0], [0, 1, 0]))
    net.record(source)
    first = net.run(10.0)
    with pytest.raises(DescriptionError, match="has run to 10 ms; expected later times, got 10 ms at index 1"):
        net.set(source, times=[12.0, 10.0])
    net.set(source, times=[15.0, 10.1], ids=[1, 0])
    EXACT.check(net.run(30.0).spikes(source).times, [10.1, 15.0])
    EXACT.check(first.spikes(source).times, [5.0])


def test_a_rate_that_is_set_holds_from_now_on_also_if_it_changes_in_time():
    net = sl.Network(dt=1.0, seed=2)
    source = net.population(200, sl.Poisson(0.0))
    net.record(source)
    net.run(150.0)
    net.set(source, rate=sl.Timed([500.0, 0.0, 1000.0, 0.0], 100.0))
    times = net.run(350.0).spikes(source).times
    assert times.min() == 201.0 and np.all(np.bincount(times.astype(int))[201:301] == 200) and times.max() == 300.0
    net.set(source, rate=1000.0)
    assert len(net.run(10.0).spikes(source).times) == 2000 and net.get(source, "rate") == 1000.0


def test_a_current_that_is_set_ends_the_one_before():
    net = sl.Network(dt=0.1)
    cells = net.population(2, sl.LIF())
    net.drive(cells, sl.StepCurrent([0.0, 50.0], [300.0, 0.0]))
    [drive] = net._drives
    twin = copy.deepcopy(net)
    net.run(20.0), twin.run(20.0)
    net.set(drive, times=[10.0], values=[200.0])
    current = net.build().program.plans[0].blocks[sl.LIF].currents["exc"]
    net.run(0.1)
    EXACT.check(current, [200.0, 200.0])
    net.set(drive, times=[30.0], values=[100.0])
    net.run(1.0)
    EXACT.check(net.build().program.plans[0].blocks[sl.LIF].currents["exc"], [0.0, 0.0])
    net.run(10.0)
    EXACT.check(net.build().program.plans[0].blocks[sl.LIF].currents["exc"], [100.0, 100.0])


def test_a_level_and_a_time_constant_of_a_modulator_hold_from_now_on():
    net = sl.Network(dt=1.0)
    dopamine = net.modulator("dopamine", tau=20.0)
    net.population(1, sl.LIF())
    net.record(dopamine)
    net.set(dopamine, level=2.0)
    ULP(10).check(net.run(10.0).trace(dopamine, "n").values[-1], [2.0 * np.exp(-10 / 20)])
    net.set(dopamine, level=1.0, tau=50.0)
    assert (net.get(dopamine, "level"), net.get(dopamine, "tau")) == (1.0, 50.0)
    ULP(10).check(net.run(10.0).trace(dopamine, "n").values[-1], [np.exp(-10 / 50)])
    net.reset()
    assert net.get(dopamine, "level") == 2.0


def test_a_readout_learns_at_the_rate_that_is_set():
    net = sl.Network(dt=1.0)
    source = net.population(3, sl.Poisson(200.0))
    goal = net.signal("goal", 1, initial=1.0)
    readout = net.readout(source, size=1, learning=sl.DeltaRule(eta=1e-4), target=goal, tau=10.0)
    net.run(20.0)
    kept = net.weights(readout)
    net.set(readout, eta=1e-30, tau=15.0)
    net.run(20.0)
    ULP(10, np.abs(kept).max()).check(net.weights(readout), kept)
    assert net.get(readout, "eta") == 1e-30 and net.get(readout, "tau") == 15.0


def test_a_delay_is_set_when_no_event_is_on_its_way():
    net = sl.Network(dt=0.1)
    source = net.population(1, sl.SpikeList([5.0, 9.0, 20.0, 40.0]))
    cells = net.population(1, sl.LIF())
    made = net.connect(source, cells, weight=100.0, delay=3.0)
    net.record(cells, "I_syn_exc")

    def arrivals(run):
        trace = run.trace(cells, "I_syn_exc")
        return trace.times[:, None][np.diff(trace.values, axis=0, prepend=trace.values[:1]) > 1.0]

    EXACT.check(arrivals(net.run(10.0)), [8.0])
    with pytest.raises(DescriptionError, match="neuron 0 of 'SpikeList'|an event of neuron 0 .* emitted at 9 ms"):
        net.set(made, delay=1.0)
    EXACT.check(arrivals(net.run(5.0)), [12.0])
    net.set(made, delay=15.0)
    assert net.get(made, "delay") == 15.0
    EXACT.check(arrivals(net.run(25.0)), [35.0])
    EXACT.check(arrivals(net.run(20.0)), [55.0])


def test_runs_before_a_change_keep_what_they_were():
    net, twin = all_parts(), all_parts()
    run, expected = net.run(20.0), twin.run(20.0)
    net.set(net.projections["STDP"], lambda_=0.0001)
    net.set(net.populations["lif"], tau_m=9.0)
    net.run(20.0)
    EXACT.check(run.weights("STDP"), expected.weights("STDP"))
    EXACT.check(run.populations["lif"].parameters["tau_m"], np.linspace(8, 15, 8))
    EXACT.check(net.run(1.0).populations["lif"].parameters["tau_m"], 9.0)


def test_what_an_engine_cannot_change_it_says_before_anything_is_changed():
    net = neurons_of(sl.LIF)
    cells = net.populations["cells"]
    net.set(cells, tau_m=12.0)
    net.run(5.0, engine="events")
    with pytest.raises(DescriptionError, match='set of population .*engine="events".*cannot be changed'):
        net.set(cells, tau_m=15.0)
    assert cells.model.parameters.tau_m == 12.0


# As a user would: what a newcomer tried


def test_newcomer_changes_a_parameter_in_the_middle_of_a_run():
    net = sl.Network(dt=0.1)
    cells = net.population(3, sl.LIF(), name="cells")
    net.record(cells, "spikes")
    assert len(net.run(100).spikes(cells).times) == 0
    net.set(cells, I_e=500)
    assert len(net.run(100).spikes(cells).times) > 0
    net.set(cells, I_e=0.0, tau_m=20)
    net.run(50)
    assert len(net.run(100).spikes(cells).times) == 0
    assert cells.model.parameters.tau_m == 20.0 and net.get(cells, "I_e") == 0.0


def test_newcomer_sets_and_clamps_weights_in_the_middle_of_a_run():
    net = sl.Network(dt=0.1, seed=1)
    source, cells = net.population(50, sl.Poisson(100.0)), net.population(5, sl.LIF())
    made = net.connect(source, cells, weight=sl.Uniform(0, 100), plasticity=sl.STDP(W_max=100.0, lambda_=0.1))
    net.run(100)
    net.set_weights(made, np.full(len(made), 50.0))
    net.set(made, lambda_=0.0)
    net.run(100)
    EXACT.check(net.weights(made), np.full(250, 50.0))
    net.set(made, lambda_=0.1)
    net.run(100)
    assert np.all(net.weights(made) != 50.0)


def test_newcomer_changes_the_spike_times_of_a_source_between_runs():
    net = sl.Network(dt=0.1)
    source = net.population(1, sl.SpikeList([]), name="pattern")
    net.record(source)
    for pattern in ([1.0, 4.0], [2.0, 3.0, 8.0]):
        net.set(source, times=net.time + np.array(pattern))
        start = net.time
        ULP(10, 30.0).check(net.run(10.0).spikes(source).times - start, pattern)


def test_spikes_that_carry_values_are_set_with_them():
    net = sl.Network(dt=0.1)
    source = net.population(2, sl.SpikeList([5.0, 9.0], [0, 1], values={"size": [2.0, -1.0]}))
    cells = net.population(1, sl.LIFDelta(tau_m=1e9, V_th=100.0))
    net.record(cells, "V_m")
    net.connect(source, cells, weight=1.0, delay=1.0, payload="size")
    net.run(7)
    net.set(source, times=[8.0, 12.0], ids=[1, 1], values={"size": [4.0, 0.5]})
    run = net.run(13)
    jumps = np.diff(np.append(-68.0, run.trace(cells, "V_m").values[:, 0]))
    assert {k: round(jumps[k], 6) for k in np.flatnonzero(np.abs(jumps) > 1e-3)} == {19: 4.0, 59: 0.5}
    with pytest.raises(DescriptionError, match="its spikes carry 'size'"):
        net.set(source, times=[30.0])
