"""Delivery by sorted tables against one loop over all synapses for each spike."""

import numpy as np
import pytest
from given_spikes import steps_of
from naive.step_by_step import delivered
from tolerances import EXACT, ULP

import spikelearn as sl

DT, STEPS = 0.1, 300


def random_spikes(generator, n, rate=0.03):
    steps, ids = np.nonzero(generator.random((STEPS, n)) < rate)
    return steps + 1, ids


def spikes_of(run, population):
    times, ids = run.spikes(population)
    return list(zip(steps_of(times, DT).tolist(), ids.tolist(), strict=True))


def synapses_of(run, projection):
    pre, post, weight, delay = run.synapses(projection)
    return list(zip(pre.tolist(), post.tolist(), weight.tolist(), steps_of(delay, DT).tolist(), strict=True))


def expected_input(run, projections, target):
    total = np.zeros((STEPS, target.size))
    for projection in projections:
        total += delivered(synapses_of(run, projection), spikes_of(run, projection.source), target.size, STEPS)
    return total


@pytest.mark.parametrize("seed", [1, 2])
def test_what_arrives_is_every_spike_through_every_synapse_after_its_delay(seed):
    """Two source and two target populations, whose projections share tables where they can, one recurrent."""
    generator = np.random.default_rng(seed)
    net = sl.Network(dt=DT, seed=seed)
    sources = [net.population(n, sl.SpikeList(t * DT, i)) for n in (7, 4) for t, i in [random_spikes(generator, n)]]
    targets = [net.population(n, sl.Parrot(), name=f"target {n}") for n in (6, 9)]
    p = sl.FixedProbability(0.5)
    into = {target: [] for target in targets}

    def connect(source, target, *args, **kwargs):
        into[getattr(target, "population", target)].append(net.connect(source, target, "ignored", *args, **kwargs))

    for target in targets:
        connect(sources[0], target, p, weight=1.5, delay=1.0)
        connect(sources[1], target, p, weight=-0.5, delay=sl.Uniform(0.1, 5.0))
        connect(sources[0], target, sl.FixedInDegree(5), weight=sl.Normal(1.0, 2.0), delay=2.0)
        connect(
            sources[1], target, sl.FixedTotalNumber(20), weight=sl.Exponential(2.0), delay=sl.Normal(3.0, 2.0, low=0.1)
        )
    connect(sources[0], targets[0], p, weight=2.5, delay=1.0)  # the same slots as the first, with another weight
    connect(targets[0], targets[1], p, weight=sl.LogNormal(0.0, 0.5), axonal_delay=0.7, dendritic_delay=1.3)
    connect(targets[1][2:5], targets[0][1:4], sl.AllToAll(), weight=np.arange(9.0).reshape(3, 3), delay=0.3)
    net.connect(sources[0][:6], targets[0], "exc", sl.OneToOne(), weight=1.0, delay=0.1)
    net.connect(sources[0][1:], targets[1], "exc", sl.FixedOutDegree(1), weight=1.0, delay=0.2)
    for population in [*sources, *targets]:
        net.record(population)
    for target in targets:
        net.record(target, "ignored")
    run = net.run(STEPS * DT)
    for source, n in zip(sources, (7, 4), strict=True):
        assert len(run.spikes(source).times) > 3 * n
    for target in targets:
        assert len(run.spikes(target).times) > 10
        # some ten terms of order 1 to 10 add up in another order
        ULP(100, 100.0).check(run.trace(target, "ignored").values, expected_input(run, into[target], target))


def test_weights_and_delays_given_one_by_one_are_those_of_the_synapses_in_the_order_given():
    generator = np.random.default_rng(3)
    pre, post = generator.integers(0, 5, 40), generator.integers(0, 6, 40)
    weight, delay = generator.normal(0, 3, 40), generator.integers(1, 30, 40) * DT
    net = sl.Network(dt=DT)
    source = net.population(5, sl.SpikeList(np.arange(1, 6) * 1.0, np.arange(5)))
    target = net.population(6, sl.Parrot())
    both = net.connect(source, target, "ignored", sl.Pairs(pre, post), weight=weight, delay=delay)
    matrix = net.connect(source, target, "exc", weight=generator.normal(0, 1, (5, 6)), delay=1.0, name="all")
    net.record(target, "ignored")
    run = net.run(STEPS * DT)
    found = run.synapses(both)
    for measured, given in zip(found[:3], (pre, post, weight), strict=True):
        EXACT.check(measured, given)
    ULP(2).check(found.delay, delay)
    all_to_all = run.synapses(matrix)
    EXACT.check(all_to_all.weight, matrix.weight.values[all_to_all.pre, all_to_all.post])
    spikes = [(round((k + 1) / DT), k) for k in range(5)]
    synapses = list(zip(pre, post, weight, steps_of(delay, DT), strict=True))
    ULP(100, 10.0).check(run.trace(target, "ignored").values, delivered(synapses, spikes, 6, STEPS))


def test_every_synapse_that_an_event_passes_is_counted():
    net = sl.Network(dt=DT)
    source = net.population(3, sl.SpikeList([1.0, 2.0, 3.0, STEPS * DT - 0.1], [0, 1, 1, 2]))
    target = net.population(4, sl.Parrot())
    net.connect(source, target, "ignored", weight=1.0, delay=0.5)
    net.connect(source, target, "ignored", weight=sl.Uniform(0, 1), delay=0.5)
    assert net.run(STEPS * DT).synaptic_events == 2 * 3 * 4


def test_a_delay_that_would_be_drawn_shorter_than_a_step_is_drawn_again():
    net = sl.Network(dt=DT, seed=4)
    source, target = net.population(20, sl.SpikeList([1.0], [0])), net.population(20, sl.Parrot())
    projection = net.connect(source, target, "ignored", weight=1.0, delay=sl.Normal(0.0, 0.2))
    delays = net.run(1.0).synapses(projection).delay
    ULP(2).check(delays.min(), DT)
    assert delays.max() > 0.3
    assert np.mean(delays < 1.5 * DT) < 0.4  # clipping would put 77 % there, drawing again 32 %
