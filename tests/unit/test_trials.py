"""Trials: what a schedule sets, when it sets it, and what callbacks see."""

import numpy as np
import pytest

import spikelearn as sl
from spikelearn.errors import DescriptionError


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
        (lambda source, cells: sl.Phase(0.2), "duration of phase 0: expected at least one step"),
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
    with pytest.raises(DescriptionError, match=message):
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
