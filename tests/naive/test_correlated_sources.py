"""Correlated Poisson sources against their slow twin, and against the correlations that they promise."""

import numpy as np
import pytest
from given_spikes import steps_of
from tolerances import EXACT, STAT

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError, UnitError
from spikelearn.kernels.random import bits, noise_key, stream

DT = 1.0
GROUPS_FROM = 1 << 42


def fired(source, n, duration=200.0, seed=3, callback=None, **how):
    """(T, n): whether each neuron fires in each step."""
    net = sl.Network(dt=DT, seed=seed, threads=how.pop("threads", 1))
    population = net.population(n, source)
    net.record(population)
    if callback is not None:
        net.on_step(callback, population.rates)
    times, ids = net.run(duration, **how).spikes(population)
    found = np.zeros((round(duration / DT), n), bool)
    found[steps_of(times, DT) - 1, ids] = True
    return found


def one_number(start, increment, counter):
    drawn = bits(np.uint64(start), np.uint64(increment), counter)
    return (int(drawn) // 2**11 + 0.5) / 2.0**53


def step_by_step(rates, correlations, groups, n_steps, uid=1, seed=3):
    """What `fired` finds, with one hidden number for each group and step, neuron by neuron."""
    found = np.zeros((n_steps, len(rates)), bool)
    for step in range(1, n_steps + 1):
        with np.errstate(over="ignore"):
            of_step = stream(seed, noise_key(uid), step)
            hidden = {g: one_number(*of_step, GROUPS_FROM + g) for g in groups}
            own = [one_number(*of_step, i) for i in range(len(rates))]
        for i, (rate, g) in enumerate(zip(rates, groups, strict=True)):
            share = np.sqrt(correlations[g])
            if own[i] < share:
                found[step - 1, i] = hidden[g] < rate * DT * 1e-3
            else:
                found[step - 1, i] = (own[i] - share) / (1 - share) < rate * DT * 1e-3
    return found


RATES, CORRELATIONS, GROUPS = [200.0, 400.0, 100.0, 0.0, 300.0, 1000.0, 50.0], [0.3, 1.0, 0.0], [0, 1, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("engine", ["compiled", "stepper"])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_each_neuron_fires_as_in_the_slow_twin(engine, threads):
    source = sl.CorrelatedPoisson(RATES, CORRELATIONS, GROUPS)
    found = fired(source, len(RATES), engine=engine, threads=threads)
    EXACT.check(found, step_by_step(RATES, CORRELATIONS, GROUPS, len(found)))
    assert found[:, 5].all() and not found[:, 3].any() and 10 < found[:, 2].sum() < 40


def test_pairs_of_a_group_have_its_correlation_within_a_step_and_all_keep_their_rate():
    n_steps, p = 100_000, 0.1
    trains = fired(sl.CorrelatedPoisson(100.0, [0.2, 0.0, 0.9], 3), 9, duration=n_steps * DT).astype(float)
    STAT(n_steps, np.sqrt(p * (1 - p))).check(trains.mean(axis=0), np.full(9, p))
    correlation = np.corrcoef(trains.T)
    for group, c in enumerate([0.2, 0.0, 0.9]):
        within = correlation[3 * group : 3 * group + 3, 3 * group : 3 * group + 3][np.triu_indices(3, 1)]
        # less than the mean square of a product of two standardised trains: 1 + c (1 - 2 p)^2 / (p (1 - p))
        STAT(n_steps, np.sqrt(1.0 + c / (p * (1 - p)))).check(within, np.full(3, c))
        STAT(n_steps).check(correlation[3 * group : 3 * group + 3, 3 * group + 3 :], 0.0)
    later = np.corrcoef(trains[:-1].T, trains[1:].T)[:9, 9:]
    STAT(n_steps).check(later, np.zeros((9, 9)))


def test_neurons_of_unequal_rates_have_the_correlation_that_the_docstring_tells():
    n_steps, low, high = 100_000, 0.05, 0.2
    trains = fired(sl.CorrelatedPoisson([50.0, 200.0], 0.5), 2, duration=n_steps * DT).astype(float)
    expected = 0.5 * np.sqrt(low * (1 - high) / (high * (1 - low)))
    STAT(n_steps, np.sqrt(1.0 + 1.0 / np.sqrt(low * high))).check(np.corrcoef(trains.T)[0, 1], expected)


def test_rates_that_change_in_time_or_by_callbacks_change_those_of_all():
    timed = fired(sl.CorrelatedPoisson(sl.Timed([0.0, 1000.0], 50.0), 0.5), 4, duration=100.0)
    assert not timed[:50].any() and timed[50:].all()

    def switch(step, rates):
        rates[:] = 1000.0 * (step >= 30)

    called = fired(sl.CorrelatedPoisson(0.0, 0.5), 4, duration=100.0, callback=switch)
    assert not called[:30].any() and called[30:].all()


def test_a_run_in_pieces_is_the_run_in_one():
    def run(*durations):
        net = sl.Network(dt=DT, seed=3)
        net.record(net.population(6, sl.CorrelatedPoisson(100.0, 0.3, 2), name="sources"))
        runs = [net.run(duration).spikes("sources") for duration in durations]
        return np.concatenate([np.stack([run.times, run.ids]) for run in runs], axis=1)

    EXACT.check(run(37.0, 63.0), run(100.0))


@pytest.mark.parametrize(
    ("error", "message", "source"),
    [
        (ParameterError, "rate of CorrelatedPoisson: .*at least 0 Hz, got -1", lambda: sl.CorrelatedPoisson(-1.0, 0.1)),
        (ParameterError, "correlation of .*expected 0 to 1, got -0.1", lambda: sl.CorrelatedPoisson(1.0, -0.1)),
        (ParameterError, "correlation of .*expected 0 to 1", lambda: sl.CorrelatedPoisson(1.0, float("nan"))),
        (UnitError, "correlation of CorrelatedPoisson", lambda: sl.CorrelatedPoisson(1.0, "x")),
        (DescriptionError, "expected one or 3, one per group", lambda: sl.CorrelatedPoisson(1.0, [0.1, 0.2], 3)),
        (ParameterError, "groups of .*at least 1, got 0", lambda: sl.CorrelatedPoisson(1.0, 0.1, 0)),
        (DescriptionError, "groups of .*counted from 0", lambda: sl.CorrelatedPoisson(1.0, 0.1, [0, -1])),
        (DescriptionError, "groups of .*whole numbers", lambda: sl.CorrelatedPoisson(1.0, 0.1, [0.5, 1.0])),
    ],
)
def test_a_wrong_value_is_refused_by_name(error, message, source):
    with pytest.raises(error, match=message):
        source()


@pytest.mark.parametrize(
    ("message", "source"),
    [
        ("population 's': 4 neurons cannot be divided into 3 groups", sl.CorrelatedPoisson(1.0, 0.1, 3)),
        ("population 's': groups needs 4 values, one per neuron, got 3", sl.CorrelatedPoisson(1.0, 0.1, [0, 1, 1])),
        ("population 's': rate needs one value or 4", sl.CorrelatedPoisson([1.0, 2.0], 0.1)),
    ],
)
def test_a_population_of_another_size_is_refused(message, source):
    with pytest.raises(DescriptionError, match=message):
        sl.Network(dt=DT).population(4, source, name="s")


@pytest.mark.parametrize("engine", ["events", sl.NEST(native_sources=True)])
def test_engines_that_cannot_correlate_say_so(engine):
    if engine != "events":
        pytest.importorskip("nest")
    net = sl.Network(dt=DT)
    net.record(net.population(4, sl.CorrelatedPoisson(10.0, 0.1), name="s"))
    with pytest.raises(DescriptionError, match="'s'.*CorrelatedPoisson"):
        net.run(10.0, engine=engine)


@pytest.mark.parametrize("engine", ["nest", "brian2"])
def test_other_engines_replay_the_same_spikes(engine):
    pytest.importorskip(engine)
    source = sl.CorrelatedPoisson(RATES[:5], CORRELATIONS[:2], GROUPS[:5])
    EXACT.check(fired(source, 5, duration=50.0, engine=engine), fired(source, 5, duration=50.0))
