"""Stepper, compiled loop and plain Python run one and the same Plan; however a run is cut or watched, it is one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tolerances import EXACT, ULP
from unit import all_parts

import spikelearn as sl
from spikelearn.codegen.jit import JIT_DISABLED
from spikelearn.errors import ParameterError, SimulationError, UnitError

TESTS = Path(__file__).parent.parent


def same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        EXACT.check(one[name], other[name], name)


@pytest.fixture(scope="module")
def whole():
    net = all_parts.network()
    return all_parts.outcome(net, [net.run(all_parts.DURATION)])


def test_the_network_of_all_parts_is_active_and_learns(whole):
    start = all_parts.network()
    before = all_parts.weights(start, start.run(0.0))
    assert all(len(values) > 3 for name, values in whole.items() if "times" in name), {
        k: len(v) for k, v in whole.items()
    }
    for name in all_parts.PLASTIC:
        assert np.abs(whole[f"weights of {name}"] - before[f"weights of {name}"]).max() > 0.1, name


def test_the_stepper_and_the_compiled_loop_give_the_same_bits(whole):
    net = all_parts.network()
    same(all_parts.outcome(net, [net.run(all_parts.DURATION, engine="stepper")]), whole)


def test_plain_python_without_the_compiler_gives_the_same_spikes_and_weights():
    def script(**environment):
        command = [sys.executable, "-W", "error", str(TESTS / "unit" / "all_parts.py"), "40", "compiled"]
        done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return dict(line.split("|", 1) for line in done.stdout.splitlines())

    compiled, plain = script(), script(NUMBA_DISABLE_JIT="1")
    assert len(compiled) > 20 and compiled == plain


def test_a_run_in_pieces_is_the_run_in_one(whole):
    net = all_parts.network()
    same(all_parts.outcome(net, [net.run(length) for length in (0.1, 33.3, 0.0, 6.6, 80.0)]), whole)


def test_a_run_may_change_its_engine_midway(whole):
    net = all_parts.network()
    same(all_parts.outcome(net, [net.run(60.0, engine="stepper"), net.run(60.0)]), whole)


def test_the_same_seed_gives_the_same_spikes_and_another_seed_others(whole):
    again, other = all_parts.network(), all_parts.network(seed=2)
    same(all_parts.outcome(again, [again.run(all_parts.DURATION)]), whole)
    spikes = other.run(all_parts.DURATION).spikes("poisson").times
    assert not np.array_equal(spikes, whole["('poisson', 'spike') times"])


def test_watching_weights_does_not_change_what_happens(whole):
    net = all_parts.network(record_weights=False)
    unwatched = all_parts.outcome(net, [net.run(all_parts.DURATION)])
    same(unwatched, {name: whole[name] for name in unwatched})


def test_looking_at_weights_between_runs_does_not_change_what_happens(whole):
    net = all_parts.network()
    runs = []
    for _ in range(4):
        runs.append(net.run(30.0))
        assert len(runs[-1].weights("STDP")) > 10
    same(all_parts.outcome(net, runs), whole)


def test_each_run_keeps_the_weights_of_its_own_end():
    net = all_parts.network()
    first, second = net.run(40.0), net.run(80.0)
    again = all_parts.network().run(40.0)
    EXACT.check(first.weights("STDP"), again.weights("STDP"))
    assert np.abs(first.weights("STDP") - second.weights("STDP")).max() > 0.01


def test_projections_that_are_not_plastic_are_frozen():
    net = all_parts.network(plastic=False, record_weights=False)
    before = all_parts.weights(net, net.run(0.0))
    run = net.run(all_parts.DURATION)
    assert len(run.spikes("lif").times) > 3
    same(all_parts.weights(net, run), before)


def test_spikes_after_the_end_of_a_run_are_found_by_the_next():
    net = sl.Network(dt=0.1)
    source, target = net.population(1, sl.SpikeList([5.0])), net.population(1, sl.Parrot())
    net.connect(source, target, weight=1.0, delay=3.0)
    net.record(target)
    assert len(net.run(6.0).spikes(target).times) == 0 and net.time == pytest.approx(6.0)
    ULP(2).check(net.run(6.0).spikes(target).times, [8.0])


# Windows and resets in trials


def learner(reset=(), plastic=None, phase=20.0, rule=None):
    """One synapse whose pair of spikes falls at the end of each phase of 20 ms; dopamine is there all the time."""
    net = sl.Network(dt=1.0)
    dopamine = net.modulator(tau=1e15)
    net.release(dopamine, [1.0], 0.01)
    times = np.arange(5) * phase
    source = net.population(1, sl.SpikeList(times + 14.0))
    force = net.population(1, sl.SpikeList(times + 17.0))
    target = net.population(1, sl.Parrot(), name="target")
    net.connect(force, target, weight=1.0, delay=1.0)
    rule = sl.DopamineSTDP(dopamine, tau_c=50.0) if rule is None else rule
    projection = net.connect(source, target, "ignored", weight=50.0, delay=1.0, plasticity=rule, name="learning")
    net.record(projection, ["weight", "c"] if rule.rule.modulated else "weight", every=1.0)
    return net, projection


def test_weights_are_frozen_in_every_step_of_a_phase_without_them_and_move_in_every_step_of_one_with():
    net, projection = learner()
    phases = [sl.Phase(20.0, plastic=[projection]), sl.Phase(20.0, plastic=[])]
    weight = net.run(trials=sl.Trials(phases, 2)).trace(projection, "weight").values[:, 0]
    moved = np.flatnonzero(np.diff(weight)) + 2  # the steps in which the weight changed
    EXACT.check(moved, [19, 20, *range(41, 61)])


def test_a_phase_without_named_projections_leaves_all_as_they_are_described_and_so_does_the_end():
    net, projection = learner()
    phases = [sl.Phase(20.0), sl.Phase(20.0, plastic=[])]
    weight = net.run(trials=sl.Trials(phases, 1)).trace(projection, "weight").values[:, 0]
    EXACT.check(np.flatnonzero(np.diff(weight)) + 2, [19, 20])
    after = net.run(20.0).trace(projection, "weight").values[:, 0]
    assert np.all(np.diff(after) != 0)


def test_a_phase_freezes_the_projections_that_it_does_not_name():
    net = sl.Network(dt=1.0)
    source, force = net.population(1, sl.SpikeList([14.0])), net.population(1, sl.SpikeList([17.0]))
    target = net.population(1, sl.Parrot())
    net.connect(force, target, weight=1.0, delay=1.0)
    both = [net.connect(source, target, "ignored", weight=50.0, delay=1.0, plasticity=sl.STDP()) for _ in range(2)]
    run = net.run(trials=sl.Trials([sl.Phase(20.0, plastic=[both[1]])], 1))
    EXACT.check(run.weights(both[0]), 50.0)
    assert run.weights(both[1])[0] > 50.1


def test_weights_of_static_synapses_can_be_recorded_too():
    net = sl.Network(dt=1.0)
    source, target = net.population(2, sl.SpikeList([1.0])), net.population(2, sl.Parrot())
    one = net.connect(source, target, "ignored", weight=3.0, name="one for all")
    each = net.connect(source, target, "ignored", weight=[[1.0, 2.0], [4.0, 5.0]], name="one by one")
    net.record(one, "weight", every=2.0)
    net.record(each, "weight", every=2.0)
    run = net.run(4.0)
    EXACT.check(run.trace(one, "weight").values, 3.0)
    found = run.synapses(each)
    EXACT.check(run.trace(each, "weight").values, np.tile([[1.0, 4.0, 2.0, 5.0]], (2, 1)))
    EXACT.check(found.weight, [1.0, 4.0, 2.0, 5.0])


def test_a_view_records_and_finds_its_own_neurons():
    net = sl.Network(dt=1.0)
    cells = net.population(5, sl.LIF(I_e=np.linspace(0, 1000, 5)))
    net.record(cells[[4, 1]], ["spikes", "V_m"])
    run = net.run(50.0)
    EXACT.check(run.trace(cells, "V_m").ids, [1, 4])
    EXACT.check(run.trace(cells[4], "V_m").values[:, 0], run.trace(cells, "V_m").values[:, 1])
    assert set(run.spikes(cells).ids) == {4} and len(run.spikes(cells[[1]]).times) == 0


def test_a_reset_of_a_projection_forgets_eligibility_and_traces_and_keeps_weights():
    net, projection = learner()
    run = net.run(trials=sl.Trials([sl.Phase(20.0, reset=[projection])], 3))
    c, weight = run.trace(projection, "c").values[:, 0], run.trace(projection, "weight").values[:, 0]
    assert c[19] > 0.5 and weight[19] > 50.0
    EXACT.check(c[20:37], 0.0)
    EXACT.check(weight[20:37], weight[19])
    ULP(100, 50.0).check(np.diff(weight[20:40]), np.diff(weight[:20]))


def test_a_reset_of_a_projection_forgets_its_traces_also_where_nothing_modulates():
    rule = sl.STDP(lambda_=0.1, mu_plus=0, mu_minus=0, alpha=0.5)
    changes = []
    for reset in (False, True):
        net, projection = learner(rule=rule)
        trials = sl.Trials([sl.Phase(20.0, reset=[projection] if reset else ())], 3)
        changes.append(np.diff(net.run(trials=trials).trace(projection, "weight").values[[0, 19, 39, 59], 0]))
    ULP(10, 100.0).check(changes[1], 10 * np.exp(-3 / 20))
    assert abs(changes[0][1] - changes[1][1]) > 0.5


def test_a_reset_of_a_population_puts_its_state_back_to_its_start():
    net = sl.Network(dt=0.1, seed=5)
    cells = net.population(4, sl.LIF(I_e=300.0), initial={"V_m": sl.Uniform(-70, -60)})
    net.record(cells, "V_m")
    V_m = net.run(trials=sl.Trials([sl.Phase(5.0, reset=[cells]), sl.Phase(5.0)], 2)).trace(cells, "V_m").values
    EXACT.check(V_m[100:], V_m[:100])
    assert np.abs(V_m[50:100] - V_m[:50]).max() > 0.1


def test_rates_and_currents_of_phases_hold_in_their_phases_only():
    net = sl.Network(dt=1.0, seed=1)
    poisson = net.population(50, sl.Poisson(100.0))
    cells = net.population(2, sl.LIF())
    net.record(poisson)
    net.record(cells, "V_m")
    before = net.run(100.0)
    phases = [sl.Phase(50.0, rates={poisson: 1000.0}, currents={(cells, "exc"): [100.0, 200.0]}), sl.Phase(50.0)]
    during, after = net.run(trials=sl.Trials(phases, 1)), net.run(100.0)
    assert len(during.spikes(poisson).times) == 50 * 50 and during.spikes(poisson).times.max() == 150.0
    for run in (before, after):
        assert 350 < len(run.spikes(poisson).times) < 650
    EXACT.check(before.trace(cells, "V_m").values, -70.0)
    at_rest = during.trace(cells, "V_m").values[49]
    ULP(100, 70.0).check(at_rest, -70.0 + np.array([4.0, 8.0]) * (1 - np.exp(-5.0)))
    assert np.all(after.trace(cells, "V_m").values[50:] < -69.9)


def add_reward(trial, phase, counts, release, log):
    release[0] += 0.5 * counts[0]
    log[trial] = counts[0]


def test_a_callback_sees_the_counts_of_its_phase_and_what_it_releases_acts_in_the_next_step():
    net = sl.Network(dt=1.0)
    dopamine = net.modulator(tau=1e15)
    source = net.population(1, sl.SpikeList([2.0, 3.0, 10.0, 11.0, 25.0]))
    net.record(dopamine, "n", every=1.0)
    log = np.zeros(3)
    reward = sl.Callback(add_reward, (source.counts(), dopamine.release, log))
    n = net.run(trials=sl.Trials([sl.Phase(10.0, callback=reward)], 3)).trace(dopamine, "n").values[:, 0]
    EXACT.check(log, [3, 1, 1])
    ULP(10**7).check(n[[9, 10, 19, 20, 29]], [0.0, 1.5, 1.5, 2.0, 2.0])


def follow(step, fired, V_m, current, release, log):
    for i in range(len(fired)):
        log[step - 1, i] = fired[i]
        current[i] = 100.0 if step >= 10 else 0.0
        if step == 20:
            V_m[i] = -60.0
    release[0] += fired[0]


@pytest.mark.parametrize("engine", ["compiled", "stepper"])
def test_a_callback_of_every_step_sees_who_fired_and_sets_currents_states_and_releases(engine):
    net = sl.Network(dt=1.0)
    dopamine = net.modulator(tau=1e15)
    cells = net.population(2, sl.LIF(I_e=np.array([500.0, 0.0])))
    log = np.zeros((40, 2))
    net.on_step(follow, cells.fired(), cells.state("V_m"), cells.current("exc"), dopamine.release, log)
    net.record(cells, ["spikes", "V_m"])
    net.record(dopamine, "n", every=1.0)
    run = net.run(40.0, engine=engine)
    times, ids = run.spikes(cells)
    expected = np.zeros((40, 2))
    expected[times.astype(int) - 1, ids] = 1
    assert expected.sum() > 1
    EXACT.check(log, expected)
    V_m = run.trace(cells, "V_m").values[:, 1]
    EXACT.check(V_m[:10], -70.0)
    ULP(100, 70.0).check(V_m[10], -70.0 + 4.0 * (1 - np.exp(-0.1)))
    ULP(100, 70.0).check(V_m[20], -66.0 + 6.0 * np.exp(-0.1))
    n = run.trace(dopamine, "n").values[:, 0]
    ULP(10**4).check(n[1:], np.cumsum(expected[:-1, 0]))


def nonsense(step, something):
    something.append("text")


@pytest.mark.skipif(JIT_DISABLED, reason="nothing is compiled")
def test_a_callback_that_cannot_be_compiled_is_named_before_anything_is_simulated():
    net = sl.Network()
    net.population(1, sl.LIF())
    net.on_step(nonsense, np.zeros(3))
    with pytest.raises(sl.errors.DescriptionError, match="Callback nonsense cannot be compiled"):
        net.run(1.0)


# Stops


def test_ctrl_c_gives_back_what_was_simulated_and_the_next_run_goes_on():
    script = """
import os, signal, threading
import numpy as np
import spikelearn as sl
def build():
    net = sl.Network(dt=0.1, seed=1)
    poisson = net.population(200, sl.Poisson(50.0), name="poisson")
    net.record(poisson)
    return net, poisson
net, poisson = build()
net.run(1.0)
threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT)).start()
run = net.run(1e9)
assert run.interrupted and 1.0 < run.t_stop < 1e8, run.t_stop
assert len(run.spikes(poisson).times) and run.spikes(poisson).times.max() <= run.t_stop
more = net.run(10.0)
assert not more.interrupted and more.t_start == run.t_stop
other, poisson = build()
length = min(run.t_stop, 50.0)
again = other.run(length).spikes(poisson)
n = len(again.times)
first = net.run(0.0)
times = run.spikes(poisson).times
known = again.times > 1.0
assert np.array_equal(times[: known.sum()], again.times[known])
print("interrupted at", run.t_stop)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0 and done.stdout.startswith("interrupted at"), done.stderr


def test_ctrl_c_is_again_what_it_was_after_a_run():
    before = signal.getsignal(signal.SIGINT)
    net = sl.Network()
    net.population(1, sl.LIF())
    net.run(1.0)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("engine", ["compiled", "stepper"])
def test_a_state_that_is_not_finite_stops_the_run_and_is_named(engine):
    net = sl.Network(dt=0.1)
    net.population(3, sl.LIF(), name="quiet")
    source = net.population(1, sl.SpikeList([7.0]))
    cells = net.population(5, sl.Izhikevich(), name="fragile")
    for _ in range(2):
        net.connect(source, cells, "exc", sl.Pairs([0], [3]), weight=-1e308, delay=1.0)
    net.record(cells, "V_m")
    with pytest.raises(sl.errors.SimulationError, match=r"'fragile', neuron 3: .* at 8 ms") as raised:
        net.run(100.0, engine=engine)
    run = raised.value.run
    assert len(run.trace(cells, "V_m").times) == 80 and run.t_stop == pytest.approx(8.0)
    assert np.all(np.isfinite(run.trace(cells, "V_m").values[:79]))
    assert np.all(np.isfinite(run.trace(cells, "V_m").values[:, :3]))


# A user's functions: what the compiler freezes into them is part of what they are


def counted(function):
    net = sl.Network(dt=1.0)
    net.population(1, sl.LIF())
    count = np.zeros(1)
    net.on_step(function, count)
    net.run(10.0)
    return count[0]


def adder(amount):
    def add(step, count):
        count[0] += amount

    return add


GLOBAL = """
import sys, numpy as np, spikelearn as sl
AMOUNT = float(sys.argv[1])
def add(step, count):
    count[0] += AMOUNT
net = sl.Network(dt=1.0)
net.population(1, sl.LIF())
count = np.zeros(1)
net.on_step(add, count)
net.run(10.0)
print(count[0])
"""


def test_closures_of_one_text_are_functions_of_their_own():
    assert [counted(adder(amount)) for amount in (1.0, 2.0, 1.0)] == [10.0, 20.0, 10.0]


def test_a_global_value_that_changed_since_the_last_process_is_seen(tmp_path):
    (tmp_path / "script.py").write_text(GLOBAL)
    for amount in ("1.0", "2.0"):
        command = [sys.executable, str(tmp_path / "script.py"), amount]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert float(done.stdout) == 10.0 * float(amount)


def test_functions_without_a_source_differ_by_the_names_that_they_use():
    made = {}
    lines = [f"def {f}(step, count):\n    count[0] += math.{f}(1.0)" for f in ("sin", "cos")]
    exec("import math\n" + "\n".join(lines), made)
    ULP(16).check(np.array([counted(made["sin"]), counted(made["cos"])]), 10 * np.array([np.sin(1.0), np.cos(1.0)]))


@pytest.mark.parametrize("engine", ["compiled", "stepper"])
def test_an_exception_in_a_callback_stops_the_run_and_says_where(engine):
    def fails_once(step, count):
        count[0] += 1
        if step == 5:
            raise ValueError("no")

    net = sl.Network(dt=1.0)
    net.population(1, sl.LIF())
    count = np.zeros(1)
    net.on_step(fails_once, count)
    with pytest.raises(SimulationError, match=r"every step: fails_once\) raised an exception at 5 ms"):
        net.run(10.0, engine=engine)
    assert net.time == 5.0 and count[0] == 5.0
    assert net.run(5.0, engine=engine).t_stop == 10.0


@pytest.mark.parametrize("engine", ["compiled", "stepper"])
def test_what_is_recorded_from_a_time_on_is_the_end_of_what_is_recorded_throughout(engine):
    def run(**options):
        net = sl.Network(dt=0.1, seed=1)
        source = net.population(20, sl.Poisson(rate=200.0), name="source")
        cells = net.population(5, sl.LIF(), name="cells")
        dopamine = net.modulator("dopamine", tau=20.0)
        static = net.connect(source, cells, port="exc", weight=300.0, name="static")
        stdp = sl.STDP(W_max=600.0)
        learning = net.connect(source, cells, port="exc", weight=300.0, plasticity=stdp, name="learning")
        net.release(dopamine, [5.0, 30.0], 1.0)
        for of, variables in (
            (source, "spikes"), (cells, ["spikes", "V_m"]), (dopamine, "n"), (static, "weight"), (learning, "weight"),
        ):  # fmt: skip
            net.record(of, variables, every=None if variables == "spikes" else 0.5, **options)
        return net.run(60.0, engine=engine, progress=False)

    throughout, late = run(), run(start=20.3)
    assert any(len(found.times) for found in late.spike_data.values())
    for key, found in late.spike_data.items():
        whole = throughout.spike_data[key]
        part = whole.times > 20.25
        assert 0 < part.sum() < part.size
        np.testing.assert_array_equal(found.times, whole.times[part])
        np.testing.assert_array_equal(found.ids, whole.ids[part])
    for key, trace in late.trace_data.items():
        whole = throughout.trace_data[key]
        part = whole.times > 20.25
        assert trace.times[0] == pytest.approx(20.5)
        np.testing.assert_array_equal(trace.times, whole.times[part])
        np.testing.assert_array_equal(trace.values, whole.values[part])


def test_a_recording_includes_the_step_at_which_it_starts():
    net = sl.Network(dt=0.1)
    net.record(net.population(1, sl.LIF(), name="cell"), "V_m", start=0.3)
    np.testing.assert_allclose(net.run(1.0).trace("cell", "V_m").times, np.arange(3, 11) * 0.1)


@pytest.mark.parametrize(
    ("start", "error"),
    [(-1.0, ParameterError), (np.nan, ParameterError), (np.inf, ParameterError), ("soon", UnitError), (None, UnitError),
     ([1.0, 2.0], ParameterError)],
)  # fmt: skip
def test_a_start_of_a_recording_that_is_no_time_from_0_on_is_refused(start, error):
    net = sl.Network()
    cell = net.population(1, sl.LIF(), name="cell")
    with pytest.raises(error, match="start of recording 'cell'"):
        net.record(cell, "V_m", start=start)


def test_a_run_knows_the_unit_of_its_weights():
    net = sl.Network()
    cell, dopamine = net.population(1, sl.LIF(), name="cell"), net.modulator()
    net.connect(cell, cell, port="exc", name="current")
    net.connect(cell, dopamine, name="release")
    assert {name: each.unit for name, each in net.run(1.0).projections.items()} == {"current": "pA", "release": ""}


@pytest.mark.parametrize("engine", ["compiled", "events"])
@pytest.mark.parametrize(("other", "expected"), [(1.0, [6.0, 10.0]), (-0.5, [6.0, 10.0]), (-1.0, [])])
def test_a_parrot_fires_once_for_several_spikes_if_their_weights_sum_to_more_than_zero(other, expected, engine):
    net = sl.Network(dt=0.5)
    source, target = net.population(2, sl.SpikeList([5.0, 5.0, 9.0, 9.0], [0, 1, 0, 1])), net.population(1, sl.Parrot())
    net.connect(source, target, "exc", weight=[[1.0], [other]], delay=1.0)
    net.record(target)
    EXACT.check(net.run(12.0, engine=engine).spikes(target).times, expected)
