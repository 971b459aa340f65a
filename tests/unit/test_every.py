"""Functions in Python that are called between steps at regular times."""

import copy

import numpy as np
import pytest
from tolerances import EXACT

import spikelearn as sl
from spikelearn import io
from spikelearn.errors import DescriptionError, ParameterError, SimulationError


def network(**how):
    net = sl.Network(dt=0.1, seed=1, **how)
    noise, cells = net.population(50, sl.Poisson(60.0), name="noise"), net.population(20, sl.LIF(), name="cells")
    net.connect(noise, cells, weight=sl.Uniform(0.0, 200.0), delay=1.0, plasticity=sl.STDP(W_max=400.0), name="made")
    net.record(cells)
    net.record(cells[:2], "V_m", every=1.0)
    return net


def regulate(net):
    """Scale weights so that cells fire ten times in 20 ms, which needs Python and all that a function may read."""
    made, n = net.projections["made"], len(net.spikes("cells").times)
    net.set_weights(made, np.clip(net.weights(made) * (1.1 if n < 10 else 0.9), 0.0, 400.0))


def all_of(run):
    return [run.spikes("cells").times, run.spikes("cells").ids, run.trace("cells", "V_m").values, run.weights("made")]


def same(one, other):
    for a, b in zip(one, other, strict=True):
        EXACT.check(a, b)


@pytest.fixture(scope="module")
def regulated():
    net = network()
    net.every(20.0, regulate)
    return all_of(net.run(200.0))


def test_a_closed_loop_in_python_does_what_a_loop_around_short_runs_does(regulated):
    by_hand = network()
    runs = []
    for _ in range(10):
        run = by_hand.run(20.0)
        made, n = by_hand.projections["made"], len(run.spikes("cells").times)
        by_hand.set_weights(made, np.clip(by_hand.weights(made) * (1.1 if n < 10 else 0.9), 0.0, 400.0))
        runs.append(run)
    EXACT.check(np.concatenate([run.spikes("cells").times for run in runs]), regulated[0])
    EXACT.check(by_hand.weights(by_hand.projections["made"]), regulated[3])
    assert not np.array_equal(all_of(network().run(200.0))[0], regulated[0])


@pytest.mark.parametrize("how", [{"threads": 2}, {"threads": 3}, {"engine": "stepper"}])
def test_threads_and_the_stepper_give_the_same_bits(how, regulated):
    net = network(threads=how.get("threads"))
    net.every(20.0, regulate)
    same(all_of(net.run(200.0, engine=how.get("engine"))), regulated)


def test_pieces_copies_checkpoints_and_files_give_the_same_bits(regulated, tmp_path):
    net = network()
    net.every(20.0, regulate)
    run = net.run(50.0)
    run = net.run(20.0, after=run)
    other = copy.deepcopy(net)
    run.checkpoint(tmp_path / "state")
    same(all_of(net.run(130.0, after=run)), regulated)
    same(all_of(other.run(130.0, after=run)), regulated)
    restored = sl.Network.restore(tmp_path / "state")
    same(all_of(restored.run(130.0, after=restored.recorded)), regulated)
    net.reset(keep_weights=False)
    with io.RunWriter(tmp_path / "run.h5") as sink:
        same(all_of(net.run(200.0, sink=sink)), regulated)
    EXACT.check(io.load(tmp_path / "run.h5").spikes("cells").times, regulated[0])


def test_checkpoints_on_the_way_have_what_the_functions_did(regulated, tmp_path):
    net = network()
    net.every(20.0, regulate)
    net.every(70.0, lambda net: net.time == 140.0 and 1 / 0)
    with pytest.raises(SimulationError, match="at 140 ms"):
        net.run(200.0, checkpoint=tmp_path / "state", checkpoint_every=60.0)
    restored = sl.Network.restore(tmp_path / "state")
    assert restored.time == 120.0
    restored._regular.pop()
    same(all_of(restored.run(80.0, after=restored.recorded)), regulated)


def test_it_is_called_at_multiples_of_its_interval_and_at_the_end_but_not_at_the_beginning():
    net, seen = network(), []
    net.every(30.0, lambda net: seen.append(("a", net.time)))
    net.every(20, lambda net: seen.append(("b", net.time)))
    net.run(60.0)
    assert seen == [("b", 20.0), ("a", 30.0), ("b", 40.0), ("a", 60.0), ("b", 60.0)]
    net.run(0.0)
    net.run(19.9)
    assert len(seen) == 5
    net.run(0.1)
    assert seen[5:] == [("b", 80.0)]


def test_spikes_are_those_of_the_last_interval_also_across_runs():
    net, found = network(), {10.0: [], 25.0: []}
    for interval, of_it in found.items():
        net.every(interval, lambda net, of_it=of_it: of_it.append(net.spikes(net.populations["cells"])))
    runs = [net.run(length) for length in (33.0, 17.0, 50.0)]
    times = np.concatenate([run.spikes("cells").times for run in runs])
    assert len(times) > 100
    for interval, of_it in found.items():
        EXACT.check(np.concatenate([each.times for each in of_it]), times)
        for k, each in enumerate(of_it):
            assert np.all((each.times > k * interval + 0.05) & (each.times < (k + 1) * interval + 0.05))


def test_spikes_of_a_view_are_those_of_its_neurons_and_others_are_refused():
    net = network()
    cells = net.populations["cells"]
    net.every(100.0, lambda net: ids.append(net.spikes(cells[:3]).ids))
    ids = []
    run = net.run(100.0)
    EXACT.check(ids[0], run.spikes(cells[:3]).ids)
    with pytest.raises(DescriptionError, match="only functions of every read them here"):
        net.spikes(cells)
    net.every(100.0, lambda net: net.spikes("noise"))
    with pytest.raises(SimulationError, match="'spike' of 'noise' was not recorded"):
        net.run(100.0)


def test_an_exception_ends_the_run_says_when_and_leaves_what_was_simulated():
    net = network()

    def fails(net):
        if net.time == 40.0:
            raise ValueError("no more food")

    net.every(20.0, fails)
    with pytest.raises(
        SimulationError, match=r"function fails \(every 20 ms\) raised ValueError: no more food"
    ) as raised:
        net.run(100.0)
    assert "at 40 ms" in str(raised.value) and "test_every.py" in str(raised.value)
    assert raised.value.run.t_stop == 40.0 and isinstance(raised.value.__cause__, ValueError)
    EXACT.check(raised.value.run.spikes("cells").times, network().run(40.0).spikes("cells").times)
    assert net.run(10.0).t_start == 40.0


@pytest.mark.parametrize(
    "act",
    [
        lambda net: net.run(1.0),
        lambda net: net.reset(),
        lambda net: net.population(3, sl.LIF()),
        lambda net: net.record(net.populations["noise"]),
        lambda net: net.every(10.0, print),
        lambda net: net.remove(net._recordings[0]),
    ],
)
def test_what_is_for_between_runs_is_refused_in_it(act):
    net = network()
    net.every(10.0, act)
    with pytest.raises(SimulationError, match="a function of every") as raised:
        net.run(20.0)
    assert raised.value.run.t_stop == 10.0 and "at 10 ms" in str(raised.value)
    net._regular.clear()
    EXACT.check(net.run(10.0).weights("made"), network().run(20.0).weights("made"))


def test_it_acts_within_trials_too():
    net, seen = network(), []
    net.every(25.0, lambda net: seen.append((net.time, len(net.spikes("cells").times))))
    run = net.run(trials=sl.Trials([sl.Phase(20.0), sl.Phase(15.0, rates={net.populations["noise"]: 200.0})], n=3))
    assert [time for time, _ in seen] == [25.0, 50.0, 75.0, 100.0]
    assert sum(n for _, n in seen) == np.count_nonzero(run.spikes("cells").times < 100.05)
    without = network()
    trials = sl.Trials([sl.Phase(20.0), sl.Phase(15.0, rates={without.populations["noise"]: 200.0})], n=3)
    same(all_of(run), all_of(without.run(trials=trials)))


@pytest.mark.parametrize("threads", [1, 2])
def test_all_that_can_be_set_between_runs_can_be_set_in_it(threads):
    """Also what needs the network to be built anew: a rule's parameter, a drive's, and parting what shared a table."""

    def network():
        net = sl.Network(dt=0.1, seed=1, threads=threads)
        noise, cells = net.population(50, sl.Poisson(60.0), name="noise"), net.population(20, sl.LIF(), name="cells")
        learns = net.connect(
            noise, cells, weight=sl.Uniform(0.0, 200.0), plasticity=sl.STDP(W_max=400.0), name="learns"
        )
        two = [net.connect(noise, cells, weight=sl.Uniform(0.0, w), delay=2.0, name=f"to {w}") for w in (50.0, 90.0)]
        current = net.drive(cells, sl.StepCurrent([0.0], [100.0]))
        net.record(cells)
        return net, noise, cells, learns, two, current

    def changes(net, noise, cells, learns, two, current):
        return {
            20.0: lambda: net.set(cells, tau_m=12.0, V_m=-60.0),
            30.0: lambda: net.set(learns, lambda_=0.05),
            40.0: lambda: net.set(cells[:7], I_e=np.linspace(0.0, 300.0, 7)),
            50.0: lambda: net.switch_off(two[1]),
            60.0: lambda: net.set(current, values=[200.0]),
            70.0: lambda: net.set(noise, rate=90.0),
            80.0: lambda: net.switch_on(two[1]),
        }

    parts = network()
    by_time = changes(*parts)
    parts[0].every(10.0, lambda net: by_time.get(net.time, lambda: None)())
    run = parts[0].run(100.0)
    others = network()
    by_hand, runs = changes(*others), []
    for k in range(10):
        runs.append(others[0].run(10.0))
        by_hand.get(10.0 * (k + 1), lambda: None)()
    EXACT.check(run.spikes("cells").times, np.concatenate([each.spikes("cells").times for each in runs]))
    EXACT.check(run.weights("learns"), runs[-1].weights("learns"))
    assert run.synaptic_events == sum(each.synaptic_events for each in runs)
    assert len(run.spikes("cells").times) > 100


@pytest.mark.parametrize("engine", ["events", "compiled", "stepper"])
def test_engines_call_it_alike(engine):
    net, seen = sl.Network(dt=0.1), []
    cells = net.population(5, sl.LIFDelta(I_e=600.0), name="cells")
    net.record(cells)
    net.every(10.0, lambda net: seen.append((net.time, len(net.spikes(cells).times))))
    run = net.run(50.0, engine=engine)
    assert [time for time, _ in seen] == [10.0, 20.0, 30.0, 40.0, 50.0]
    assert sum(n for _, n in seen) == len(run.spikes(cells).times) > 0


def test_what_it_cannot_do_on_an_engine_is_an_error_that_names_both():
    net = sl.Network(dt=0.1)
    cells = net.population(5, sl.LIFDelta(I_e=600.0), name="cells")
    made = net.connect(cells, cells, weight=sl.Uniform(0.0, 1.0), name="made")
    for act, text in (
        (lambda net: net.set_weights(made, net.weights(made)), 'set_weights: this network runs on engine="events"'),
        (lambda net: net.switch_off(made), 'switch_off: <Projection .made.*engine="events"'),
    ):
        net._regular.clear()
        net.every(10.0, act)
        with pytest.raises(SimulationError, match=text):
            net.run(20.0, engine="events")


@pytest.mark.parametrize(
    ("interval", "function", "error", "text"),
    [
        (0.05, print, ParameterError, "interval of every: expected at least dt = 0.1 ms"),
        (0.0, print, ParameterError, "interval of every"),
        (10.0, "f", DescriptionError, "every: expected a function of the network, got 'f'"),
        (10.0, lambda: None, DescriptionError, "is called with the network alone"),
        (10.0, lambda net, more: None, DescriptionError, "is called with the network alone"),
    ],
)
def test_wrong_arguments_are_refused(interval, function, error, text):
    with pytest.raises(error, match=text):
        network().every(interval, function)


def test_a_generator_is_no_function_of_it():
    def yields(net):
        yield net

    with pytest.raises(DescriptionError, match="without yield"):
        network().every(10.0, yields)


def test_an_object_that_can_be_called_is_one():
    class Counter:
        calls = 0

        def __call__(self, net):
            self.calls += 1

    net, counter = network(), Counter()
    net.every(10.0, counter)
    net.run(50.0)
    assert counter.calls == 5
