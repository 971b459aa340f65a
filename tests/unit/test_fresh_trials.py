"""Trials that begin afresh: all states as at 0 ms, nothing in flight, the same weights, other random numbers."""

import numpy as np
import pytest
from tolerances import EXACT

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError

LENGTH = 60.0


def everything(threads=1, seed=1):
    """A network with every kind of state, driven by constant currents alone: trials that begin alike are alike."""
    net = sl.Network(dt=0.1, seed=seed, threads=threads)
    start = {"V_m": sl.Uniform(-70.0, -52.0)}
    cells = net.population(8, sl.LIFNMDA(I_e=np.linspace(520.0, 900.0, 8)), name="cells", initial=start)
    bursting = net.population(4, sl.Pyramidal(), name="bursting")
    net.drive(bursting, sl.StepCurrent([0.0], [[900.0, 1000.0, 1100.0, 1200.0]]))
    dopamine = net.modulator("dopamine", tau=50.0)
    net.connect(cells[:4], cells[4:], "nmda", weight=0.3, delay=1.0, synapse=sl.NMDA())
    net.connect(cells, bursting, "soma", sl.FixedProbability(0.6), weight=80.0, delay=7.0, synapse=sl.Mongillo())
    net.connect(cells, bursting, "apical", weight=40.0, delay=3.0)
    net.connect(bursting, dopamine, weight=0.1, delay=2.0)
    learned = net.connect(
        cells, cells, "exc", sl.AllToAll(autapses=False), weight=sl.Uniform(0.5, 1.0), dendritic_delay=1.5,
        plasticity=sl.DopamineSTDP(dopamine, W_max=2.0), name="learned",
    )  # fmt: skip
    released = net.connect(
        cells, bursting, "soma", weight=sl.Uniform(10.0, 30.0), delay=1.0, plasticity=sl.STDP(),
        synapse=sl.TsodyksMarkram(), name="released",
    )  # fmt: skip
    stepwise = net.connect(cells, cells, "exc", weight=sl.Uniform(0.5, 1.0), plasticity=sl.Clopath(), name="stepwise")
    net.record(cells, ["spikes", "V_m", "g_nmda"])
    net.record(bursting, ["spikes", "V_s", "V_d"])
    net.record(dopamine, "n")
    net.record(learned, ["c", "weight"], every=0.1)
    return net, (learned, released, stepwise)


def halves(run):
    """The spikes and samples of the first trial, and those of the second as if it had begun at 0 ms."""
    for name in ("cells", "bursting"):
        times, ids = np.round(run.spikes(name).times, 1), run.spikes(name).ids
        first, second = times <= LENGTH, times > LENGTH
        assert first.sum() > 5
        yield (times[first], ids[first]), (np.round(times[second] - LENGTH, 1), ids[second])
    for trace in run.trace_data.values():
        n = len(trace.times) // 2
        yield (trace.values[:n],), (trace.values[n:],)


def test_a_fresh_trial_is_the_first_one_again_where_nothing_is_random():
    net, _ = everything()
    run = net.run(trials=sl.Trials([sl.Phase(LENGTH, fresh=True, plastic=[])], n=2))
    for first, second in halves(run):
        for a, b in zip(first, second, strict=True):
            EXACT.check(a, b)


def test_weights_are_kept():
    net, learned = everything()
    begun = [net.weights(each) for each in learned]
    run = net.run(trials=sl.Trials([sl.Phase(LENGTH, fresh=True)], n=2))
    for before, each in zip(begun, learned, strict=True):
        assert np.abs(run.weights(each) - before).max() > 1e-4
    weights = run.trace(learned[0], "weight")
    between = round(LENGTH / 0.1)
    # Dopamine is gone, and with it the learning, so the weights of the last step stay.
    np.testing.assert_allclose(weights.values[between], weights.values[between - 1], atol=1e-3)


@pytest.mark.parametrize("threads", [2, 3])
def test_any_number_of_threads_gives_the_same_bits(threads):
    trials = sl.Trials([sl.Phase(40.0, fresh=True), sl.Phase(20.0)], n=2)
    one, more = (everything(n)[0].run(trials=trials) for n in (1, threads))
    for name in ("cells", "bursting"):
        EXACT.check(one.spikes(name).times, more.spikes(name).times)
        EXACT.check(one.spikes(name).ids, more.spikes(name).ids)
    for key, trace in one.trace_data.items():
        EXACT.check(trace.values, more.trace_data[key].values)


def test_the_stepper_and_runs_in_parts_give_the_same_bits():
    def phases(n):
        return sl.Trials([sl.Phase(6.0, fresh=True), sl.Phase(4.0)], n=n)

    whole = everything()[0].run(trials=phases(3))
    stepped = everything()[0].run(trials=phases(3), engine="stepper")
    net, _ = everything()
    parts = [net.run(trials=phases(2)), net.run(trials=phases(1))]
    for key, trace in whole.trace_data.items():
        EXACT.check(trace.values, stepped.trace_data[key].values)
        EXACT.check(trace.values, np.concatenate([part.trace_data[key].values for part in parts]))


def test_a_checkpoint_between_two_trials_continues_bit_for_bit(tmp_path):
    trials = sl.Trials([sl.Phase(10.0, fresh=True)], n=2)
    net, _ = everything()
    net.run(trials=trials, checkpoint=tmp_path / "state.ckpt")
    expected, found = (each.run(trials=trials) for each in (net, sl.Network.restore(tmp_path / "state.ckpt")))
    for key, trace in expected.trace_data.items():
        EXACT.check(trace.values, found.trace_data[key].values)


def test_each_trial_has_random_numbers_of_its_own():
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(5, sl.LIF())
    net.drive(cells, sl.PoissonInput(8000.0), weight=60.0)
    net.record(cells)
    times = net.run(trials=sl.Trials([sl.Phase(100.0, fresh=True)], n=2)).spikes(cells).times
    first, second = times[times <= 100.0], times[times > 100.0] - 100.0
    assert len(first) > 10 and len(second) > 10 and not np.array_equal(np.round(first, 1), np.round(second, 1))


def test_events_in_flight_are_lost_also_in_the_first_trial():
    net = sl.Network(dt=1.0)
    source, cell = net.population(1, sl.SpikeList([0.0, 8.0])), net.population(1, sl.LIF(), name="cell")
    net.connect(source, cell, weight=100.0, delay=5.0)
    net.record(cell, "V_m")
    run = net.run(trials=sl.Trials([sl.Phase(10.0, fresh=True)], n=2))
    assert np.all(run.trace(cell, "V_m").values == -70.0)


def test_a_level_that_follows_a_signal_goes_on_following_it():
    net = sl.Network(dt=1.0)
    net.population(1, sl.LIF())
    followed, released = net.modulator("followed", tau=np.inf), net.modulator("released")
    signal = net.signal("signal", initial=3.0)
    net.follow(followed, signal, 2.0)
    net.release(released, [1.0], 1.0)
    net.record(followed, "n")
    net.record(released, "n")
    run = net.run(trials=sl.Trials([sl.Phase(5.0), sl.Phase(5.0, fresh=True)], n=1))
    EXACT.check(run.trace(followed, "n").values, np.full((10, 1), 6.0))
    levels = run.trace(released, "n").values[:, 0]
    assert np.all(levels[:5] > 0.9) and np.all(levels[5:] == 0.0)


def remember(trial, phase, counts, fired, seen):
    for i in range(len(counts)):
        seen[trial, i] = counts[i]
        seen[trial, len(counts) + i] = fired[i]


def raise_rates(step, rates, current):
    if step == 5:
        for i in range(len(rates)):
            rates[i] = 1000.0
        current[0] = 10.0


def test_phases_set_rates_of_views_and_leave_other_neurons_alone():
    net = sl.Network(dt=1.0, seed=3, threads=2)
    source = net.population(6, sl.Poisson(0.0), name="source")
    always = net.population(1, sl.Poisson(1000.0), name="always")
    net.record(source)
    net.record(always)
    rows = np.array([[1000.0, 0.0], [0.0, 1000.0]])
    phases = [sl.Phase(3.0, rates={source[1:3]: rows, source[[5]]: 1000.0}), sl.Phase(2.0, rates={source[2:4]: 1000.0})]
    run = net.run(trials=sl.Trials(phases, n=2))
    times, ids = run.spikes(source)
    assert {k: times[ids == k].tolist() for k in range(6)} == {
        0: [], 1: [1, 2, 3], 2: [4, 5, 6, 7, 8, 9, 10], 3: [4, 5, 9, 10], 4: [], 5: [1, 2, 3, 6, 7, 8],
    }  # fmt: skip
    assert len(run.spikes(always).times) == 10
    assert len(net.run(5.0).spikes(source).times) == 0


def test_phases_set_currents_into_views_and_reset_them():
    net = sl.Network(dt=0.1, threads=2)
    cells = net.population(4, sl.LIF(), name="cells")
    net.record(cells, "V_m")
    phases = [
        sl.Phase(10.0, currents={(cells[:1], "exc"): 200.0, (cells[2:], "exc"): [100.0, 300.0]}),
        sl.Phase(5.0, reset=[cells[2:3]]),
    ]
    V_m = net.run(trials=sl.Trials(phases, n=1)).trace(cells, "V_m").values
    assert np.all(V_m[:, 1] == -70.0)
    rise = V_m[99] + 70.0
    np.testing.assert_allclose(rise / rise[0], [1.0, 0.0, 0.5, 1.5], rtol=1e-12)
    assert np.all(V_m[100:, 2] == -70.0) and np.all(V_m[100:, 3] > -70.0) and np.all(np.diff(V_m[100:, 3]) < 0.0)


def test_callbacks_take_views():
    net = sl.Network(dt=1.0, seed=3)
    source, cells = net.population(6, sl.Poisson(0.0), name="source"), net.population(3, sl.LIF(), name="cells")
    net.on_step(raise_rates, source[2:4].rates, cells[1:2].current("exc"))
    net.record(source)
    net.record(cells, "V_m")
    seen = np.zeros((2, 6))
    look = sl.Callback(remember, (source[1:4].counts(), source[1:4].fired(), seen))
    run = net.run(trials=sl.Trials([sl.Phase(10.0, callback=look)], n=2))
    assert seen.tolist() == [[0, 5, 5, 0, 1, 1], [0, 10, 10, 0, 1, 1]]
    assert sorted(set(run.spikes(source).ids.tolist())) == [2, 3]
    V_m = run.trace(cells, "V_m").values[-1]
    assert V_m[1] > -70.0 and V_m[0] == V_m[2] == -70.0


def test_views_and_fresh_are_checked():
    net = sl.Network(dt=1.0)
    source, cells = net.population(6, sl.Poisson(0.0), name="source"), net.population(3, sl.LIF(), name="cells")
    for refers in (lambda: source[::2].rates, lambda: source[[1, 0]].counts(), lambda: cells[[]].state("V_m")):
        with pytest.raises(DescriptionError, match="callbacks take contiguous views, e.g. population"):
            refers()
    with pytest.raises(DescriptionError, match="has no rates"):
        sl.Phase(1.0, rates={cells[:2]: 1.0})
    with pytest.raises(DescriptionError, match="accepts no current through port 'apical'"):
        sl.Phase(1.0, currents={(cells[:2], "apical"): 1.0})
    with pytest.raises(ParameterError, match="fresh of Phase: expected True or False"):
        sl.Phase(1.0, fresh="yes")
    twice = sl.Phase(1.0, rates={source[:3]: 1.0, source[2:]: 2.0})
    with pytest.raises(DescriptionError, match="rates of phase 0: .*got several for neuron 2 of 'source'"):
        net.run(trials=sl.Trials([twice], n=1))
    with pytest.raises(DescriptionError, match=r"a number, \(2,\) or \(3, 2\) for 3 trials"):
        net.run(trials=sl.Trials([sl.Phase(1.0, rates={source[:2]: np.ones(6)})], n=3))


def test_gap_junctions_of_a_fresh_trial_begin_with_the_potentials_of_its_first_step():
    Model = sl.NeuronModel.from_equations(
        "dv/dt = (1.2 - v + I_gap)/(10*ms) : 1\nI_gap : 1", threshold="v > 1", reset="v = 0",
        ports={"gap": "I_gap = weight"},
    )  # fmt: skip
    Gap = sl.GradedSynapse.from_equations("I_gap_post = w*(v_pre - v_post) : 1 (summed)")

    def traces(*duration, **trials):
        net = sl.Network(dt=0.1)
        cells = net.population(5, Model, name="cells", initial={"v": np.linspace(0.0, 0.9, 5)})
        net.connect(cells, cells, "gap", weight=0.05, synapse=Gap())
        net.record(cells, ["v", "I_gap"])
        run = net.run(*duration, **trials)
        return np.stack([run.trace(cells, variable).values for variable in ("v", "I_gap")])

    expected = traces(LENGTH)
    assert np.ptp(expected[1]) > 0.1
    found = traces(trials=sl.Trials([sl.Phase(LENGTH, fresh=True)], n=2))
    EXACT.check(found, np.concatenate([expected, expected], axis=1))
