"""Trials: what a schedule sets, when it sets it, and what callbacks see."""

import numpy as np
import pytest
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, SpikelearnError


def remember(trial, phase, counts, seen):
    """Keep how many spikes there were in each trial and phase."""
    total = 0
    for i in range(len(counts)):
        total += counts[i]
    seen[trial, phase] = total


def release_if_even(trial, phase, release, amount):
    if trial % 2 == 0:
        release[0] += amount


def push(step, current):
    current[0] = 500.0 if step > 100 else 0.0


def test_each_trial_shows_its_own_row_of_rates_and_silence_where_a_phase_names_none():
    net = sl.Network(dt=1.0, seed=3)
    source = net.population(2, sl.Poisson(0.0), name="source")
    net.record(source)
    rates = np.array([[1000.0, 0.0], [0.0, 1000.0], [0.0, 0.0]])
    run = net.run(trials=sl.Trials([sl.Phase(10.0, rates={source: rates}), sl.Phase(5.0)], n=3))
    times, ids = run.spikes(source)
    assert np.array_equal(times, np.r_[1:11, 16:26])
    assert np.array_equal(ids, np.repeat([0, 1], 10))


def test_a_callback_sees_the_spikes_of_its_own_phase_alone():
    net = sl.Network(dt=1.0, seed=3)
    source = net.population(4, sl.Poisson(0.0), name="source")
    seen = np.zeros((5, 2))
    look = sl.Callback(remember, (source.counts(), seen))
    phases = [sl.Phase(10.0, rates={source: 1000.0}, callback=look), sl.Phase(5.0, callback=look)]
    net.run(trials=sl.Trials(phases, n=5))
    assert np.array_equal(seen, np.tile([40.0, 0.0], (5, 1)))


def test_a_release_by_a_callback_counts_from_the_next_step_on():
    net = sl.Network(dt=1.0)
    net.population(1, sl.Poisson(0.0))
    dopamine = net.modulator("dopamine", tau=5.0)
    net.record(dopamine, "n")
    phase = sl.Phase(10.0, callback=sl.Callback(release_if_even, (dopamine.release, 2.0)))
    run = net.run(trials=sl.Trials([phase], n=3))
    n = run.trace(dopamine, "n").values[:, 0]
    assert np.all(n[:10] == 0.0)
    assert n[10] == 2.0
    np.testing.assert_allclose(n[10:30], 2.0 * np.exp(-np.arange(20) / 5.0), rtol=1e-12)


def test_releases_of_a_phase_differ_from_trial_to_trial():
    net = sl.Network(dt=1.0)
    net.population(1, sl.Poisson(0.0))
    dopamine = net.modulator("dopamine", tau=1e-3)
    net.record(dopamine, "n")
    run = net.run(trials=sl.Trials([sl.Phase(4.0, releases={dopamine: [1.0, 3.0]})], n=2))
    assert np.allclose(run.trace(dopamine, "n").values[:, 0], [1, 0, 0, 0, 3, 0, 0, 0], atol=1e-12)


def test_currents_of_a_phase_end_with_it():
    net = sl.Network(dt=0.1)
    cells = net.population(1, sl.LIF(), name="cells")
    net.record(cells)
    phases = [sl.Phase(50.0, currents={(cells, "exc"): 1000.0}), sl.Phase(50.0)]
    times = net.run(trials=sl.Trials(phases, n=2)).spikes(cells).times
    assert len(times) > 4
    assert np.all(times % 100.0 <= 50.5)


def test_a_schedule_that_ends_in_a_phase_with_a_current_leaves_none():
    net = sl.Network(dt=0.1)
    cells = net.population(1, sl.LIF(V_th=1e6), name="cells")
    net.record(cells, "V_m")
    net.run(trials=sl.Trials([sl.Phase(20.0, currents={(cells, "exc"): 1000.0})], n=2))
    V_m = net.run(20.0).trace(cells, "V_m").values[:, 0] + 70.0
    assert V_m[0] > 30.0
    ULP(2000, 100.0).check(V_m, V_m[0] * np.exp(-0.1 / 10.0 * np.arange(200)))


def test_a_reset_puts_the_state_back_to_its_start():
    net = sl.Network(dt=0.1)
    cells = net.population(3, sl.LIF(), name="cells", initial={"V_m": [-70.0, -65.0, -60.0]})
    net.drive(cells, sl.StepCurrent([0.0], [300.0]))
    net.record(cells, "V_m")
    V_m = net.run(trials=sl.Trials([sl.Phase(20.0, reset=[cells])], n=3)).trace(cells, "V_m").values
    assert np.array_equal(V_m[:200], V_m[200:400])
    assert np.array_equal(V_m[:200], V_m[400:])


def test_a_callback_of_every_step_acts_on_the_next_one():
    net = sl.Network(dt=1.0)
    cells = net.population(1, sl.LIF(), name="cells")
    net.on_step(push, cells.current("exc"))
    net.record(cells, "V_m")
    V_m = net.run(200.0).trace(cells, "V_m").values[:, 0]
    assert np.all(V_m[:101] == -70.0)
    assert V_m[101] > -70.0


def test_trials_continue_where_the_network_stopped():
    net = sl.Network(dt=1.0, seed=1)
    source = net.population(1, sl.Poisson(0.0), name="source")
    net.record(source)
    net.run(17.0)
    run = net.run(trials=sl.Trials([sl.Phase(3.0, rates={source: 1000.0}), sl.Phase(3.0)], n=2))
    assert np.array_equal(run.spikes(source).times, [18, 19, 20, 24, 25, 26])
    assert net.run(10.0).spikes(source).times.size == 0


@pytest.mark.parametrize(
    ("phase", "message"),
    [
        (lambda source, cells: sl.Phase(0.2), "duration of phase 0: expected at least dt = 1 ms"),
        (lambda source, cells: sl.Phase(10.0, rates={source: np.zeros((7, 2))}), r"\(2,\) or \(3, 2\) for 3 trials"),
        (lambda source, cells: sl.Phase(10.0, rates={source: 2000.0}), "expected 0 to 1000 Hz"),
        (lambda source, cells: sl.Phase(10.0, rates={cells: 2.0}), "has no rates"),
        (
            lambda source, cells: sl.Phase(10.0, currents={(cells, "apical"): 2.0}),
            "accepts no current through port 'apical'",
        ),
        (lambda source, cells: sl.Phase(10.0, reset=["cells"]), "expected populations and plastic projections"),
    ],
)
def test_a_phase_that_cannot_be_is_refused_before_anything_runs(phase, message):
    net = sl.Network(dt=1.0)
    source = net.population(2, sl.Poisson(0.0), name="source")
    cells = net.population(2, sl.LIF(), name="cells")
    with pytest.raises(SpikelearnError, match=message):
        net.run(trials=sl.Trials([phase(source, cells)], n=3))
    assert net.time == 0.0


@pytest.mark.parametrize(
    ("phase", "message"),
    [
        (lambda cells, fixed: sl.Phase(1.0, rates={"cells": 5.0}), "rates of Phase: expected populations, got 'cells'"),
        (
            lambda cells, fixed: sl.Phase(1.0, currents={cells: 5.0}),
            r"currents of Phase: expected \(population, port\)",
        ),
        (lambda cells, fixed: sl.Phase(1.0, releases={cells: 5.0}), "releases of Phase: expected modulators"),
        (lambda cells, fixed: sl.Phase(1.0, plastic=[cells]), "plastic of Phase: expected plastic projections"),
        (lambda cells, fixed: sl.Phase(1.0, plastic=[fixed]), "plastic of Phase: expected plastic projections"),
        (lambda cells, fixed: sl.Phase(1.0, plastic=fixed), "plastic of Phase: expected plastic projections"),
        (lambda cells, fixed: sl.Phase(1.0, plastic={fixed: 1.0}), "plastic of Phase: expected plastic projections"),
        (lambda cells, fixed: sl.Phase(1.0, reset=cells), "reset of Phase: expected a list"),
        (lambda cells, fixed: sl.Phase(1.0, callback=remember), "expected Callback"),
        (lambda cells, fixed: sl.Callback(3), "Callback: expected a function, .* got 3"),
    ],
)
def test_what_a_phase_is_given_is_of_the_kind_that_it_takes(phase, message):
    net = sl.Network(dt=1.0)
    cells = net.population(2, sl.LIF(), name="cells")
    fixed = net.connect(cells, cells)
    with pytest.raises(DescriptionError, match=message):
        phase(cells, fixed)


# Factors of what is learned


def learner(plasticity=None, threads=1):
    net = sl.Network(dt=0.1, seed=4, threads=threads)
    source = net.population(20, sl.Poisson(100.0), name="source")
    cells = net.population(5, sl.LIF(), name="cells")
    made = net.connect(
        source, cells, weight=sl.Uniform(100.0, 300.0), delay=1.0, plasticity=plasticity or sl.STDP(W_max=400.0),
        name="made",
    )  # fmt: skip
    return net, made


def weights_after(plastic, n=4, **options):
    net, made = learner(**options)
    first = net.run(20.0).weights(made)
    phases = [sl.Phase(30.0, plastic=None if plastic is None else plastic(made)), sl.Phase(10.0)]
    last = net.run(trials=sl.Trials(phases, n=n)).weights(made)
    return np.array([first, last, net.run(20.0).weights(made)])


@pytest.mark.parametrize("plasticity", [sl.STDP(W_max=400.0), sl.Clopath(W_max=400.0, A_LTD=0.01, A_LTP=0.01)])
def test_a_factor_of_1_is_the_rule_and_one_of_0_a_phase_that_is_not_plastic(plasticity):
    plain = weights_after(None, plasticity=plasticity)
    for ones in (lambda made: {made: 1}, lambda made: {made: np.ones(4)}, lambda made: {made: [1, 1.0, 1, 1]}):
        EXACT.check(weights_after(ones, plasticity=plasticity), plain)
    frozen = weights_after(lambda made: [], plasticity=plasticity)
    for zeros in (lambda made: {made: 0.0}, lambda made: {}, lambda made: {made: np.zeros(4)}):
        EXACT.check(weights_after(zeros, plasticity=plasticity), frozen)
    assert np.any(plain[1] != frozen[1])


def test_a_factor_of_a_trial_is_that_of_its_trial_on_any_number_of_threads():
    one = weights_after(lambda made: {made: [0.0, 2.0, 0.5, 0.0]})
    for threads in (2, 3):
        EXACT.check(weights_after(lambda made: {made: [0.0, 2.0, 0.5, 0.0]}, threads=threads), one)
    assert not np.array_equal(one[1], weights_after(lambda made: {made: [0.5, 2.0, 0.0, 0.0]})[1])


@pytest.mark.parametrize(
    ("factor", "message"),
    [
        (-0.5, "expected at least 0, got -0.5"),
        ([1.0, -1.0, 1.0], "expected at least 0, got -1"),
        (np.nan, "expected finite numbers"),
        ([1.0, np.inf, 1.0], "expected finite numbers"),
        ([1.0, 1.0], r"expected a number or \(3,\) for 3 trials, got shape \(2,\)"),
        (np.ones((3, 2)), r"expected a number or \(3,\) for 3 trials, got shape \(3, 2\)"),
        ("fast", "'fast'"),
        (True, "True"),
        (None, "None"),
    ],
)
def test_a_factor_that_cannot_be_is_refused_before_anything_runs(factor, message):
    net, made = learner()
    with pytest.raises(SpikelearnError, match=f"plastic of phase 1: factor of projection 'made': .*{message}"):
        net.run(trials=sl.Trials([sl.Phase(1.0), sl.Phase(1.0, plastic={made: factor})], n=3))
    assert net.time == 0.0


# Events in flight


def echo(threads=1, **options):
    """Cells that fire once, early in each trial, and hear of it 6 ms later: in the next trial, if nothing is lost."""
    net = sl.Network(dt=0.1, seed=1, threads=threads)
    cells = net.population(4, sl.LIFDelta(), name="cells")
    heard = net.population(3, sl.LIF(), name="heard")
    made = net.connect(cells, heard, "exc", weight=100.0, name="made", **{"delay": 6.0} | options)
    net.record(cells)
    net.record(heard, "V_m")
    return net, cells, heard, made


def trial_of(cells, heard, n, **options):
    begin = sl.Phase(1.0, currents={(cells, "exc"): 5000.0}, reset=[cells, heard], **options)
    return sl.Trials([begin, sl.Phase(4.0)], n=n)


@pytest.mark.parametrize("engine", ["compiled", "stepper"])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_reset_lets_events_arrive_that_are_in_flight_and_discarding_them_does_not(threads, engine):
    net, cells, heard, _ = echo(threads)
    run = net.run(trials=trial_of(cells, heard, 3), engine=engine)
    assert len(run.spikes(cells).times) == 12
    V_m = run.trace(heard, "V_m").values.reshape(3, 50, 3)
    assert np.all(V_m[0] == -70.0) and np.all(V_m[1:].max(axis=1) > -70.0)

    net, cells, heard, _ = echo(threads)
    run = net.run(trials=trial_of(cells, heard, 3, discard_events=True), engine=engine)
    assert len(run.spikes(cells).times) == 12
    assert np.all(run.trace(heard, "V_m").values == -70.0)
    # those of the last trial are in flight still
    assert np.any(net.run(5.0, engine=engine).trace(heard, "V_m").values > -70.0)

    net, cells, heard, _ = echo(threads)
    net.run(trials=trial_of(cells, heard, 1), engine=engine)
    run = net.run(trials=sl.Trials([sl.Phase(5.0, discard_events=True)], n=1), engine=engine)
    assert np.all(run.trace(heard, "V_m").values == -70.0)


def mark(step, fired, seen):
    for i in range(len(fired)):
        seen[step] += fired[i]


@pytest.mark.parametrize("threads", [1, 2])
def test_trials_that_discard_events_and_reset_all_are_the_same_each_time(threads):
    net, cells, heard, made = echo(threads, delay=0.3, plasticity=sl.STDP(W_max=1e6, lambda_=0.0))
    net.connect(cells, cells, weight=3.0, delay=2.2)
    seen = np.zeros(401)
    net.on_step(mark, cells.fired(), seen)
    phase = sl.Phase(10.0, currents={(cells, "exc"): 900.0}, reset=[cells, heard, made], discard_events=True)
    run = net.run(trials=sl.Trials([phase], n=4))
    V_m = run.trace(heard, "V_m").values.reshape(4, 100, 3)
    EXACT.check(V_m[1:], np.tile(V_m[0], (3, 1, 1)))
    assert np.ptp(V_m[0]) > 1.0
    assert len(run.spikes(cells).times) == seen.sum() > 0


@pytest.mark.parametrize("gap", [0.1, 0.2, 3.0])
def test_discarding_events_leaves_those_that_have_reached_a_synapse_to_its_rule(gap):
    """The last post event before the discard counts for the pre event after it."""
    weights = {}
    for discard in (False, True):
        net = sl.Network(dt=0.1)
        pre = net.population(1, sl.SpikeList([10.0 - 0.1 + gap]), name="pre")
        post = net.population(1, sl.LIFDelta(), name="post")
        net.connect(net.population(1, sl.SpikeList([9.9]), name="teacher"), post, weight=100.0, delay=0.1)
        made = net.connect(pre, post, weight=1.0, delay=0.1, plasticity=sl.STDP(W_max=10.0, lambda_=0.1), name="made")
        phases = [sl.Phase(10.0), sl.Phase(10.0, discard_events=discard)]
        weights[discard] = net.run(trials=sl.Trials(phases, n=1)).weights(made)
    if gap > 0.1:
        EXACT.check(weights[True], weights[False])
        assert weights[True] < 1.0
    else:
        EXACT.check(weights[True], 1.0)


def test_events_on_their_way_back_along_a_dendrite_are_not_discarded_without_a_reset():
    net, cells, heard, made = echo(delay=None, dendritic_delay=2.0, plasticity=sl.STDP(W_max=1e6))
    with pytest.raises(SpikelearnError, match="discard_events of phase 1: projection 'made' .* among reset"):
        net.run(trials=sl.Trials([sl.Phase(1.0), sl.Phase(1.0, discard_events=True)], n=1))
    net.run(trials=sl.Trials([sl.Phase(1.0), sl.Phase(1.0, discard_events=True, reset=[made])], n=1))
