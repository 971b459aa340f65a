"""Short-term plasticity against live NEST, and against recurrences written down from the papers."""

import math

import numpy as np
import pytest
from forced import steps_of
from oracles import nest_oracle
from tolerances import NINE_DIGITS, ULP

import spikelearn as sl

TRAIN = np.array([10.0, 20.0, 22.5, 25.0, 50.0, 300.0, 310.0, 2000.0])


def amplitudes(synapse, times, weight=3.0, delay=1.0):
    """What each spike of a train delivers."""
    net = sl.Network(dt=0.1)
    source = net.population(1, sl.SpikeList(times))
    target = net.population(1, sl.Parrot())
    net.connect(source, target, "ignored", weight=weight, delay=delay, synapse=synapse)
    net.record(target, "ignored")
    received = net.run(times[-1] + delay + 0.1).trace(target, "ignored").values[:, 0]
    assert np.count_nonzero(received) == len(times)
    return received[steps_of(times + delay, 0.1) - 1]


def random_train(seed):
    return np.sort(np.random.default_rng(seed).choice(np.arange(2, 8000), 60, replace=False)) * 0.1


@pytest.mark.parametrize(("U", "tau_rec", "tau_fac"), [(0.4, 100.0, 50.0), (0.1, 800.0, 1000.0), (0.9, 5.0, 0.01)])
@pytest.mark.parametrize("times", [TRAIN, random_train(1)], ids=["hand-made", "random"])
def test_tsodyks_markram_is_nests_tsodyks2(times, U, tau_rec, tau_fac):
    ours = amplitudes(sl.TsodyksMarkram(U=U, tau_rec=tau_rec, tau_fac=tau_fac), times)
    NINE_DIGITS.check(ours, nest_oracle.tsodyks2(times, U=U, tau_rec=tau_rec, tau_fac=tau_fac, weight=3.0))


def test_tsodyks_markram_follows_the_recurrence_of_the_specification():
    x, u, expected = 1.0, 0.4, [0.4]
    for h in np.diff(TRAIN):
        x, u = 1 + (x - x * u - 1) * math.exp(-h / 100.0), 0.4 + u * (1 - 0.4) * math.exp(-h / 50.0)
        expected.append(x * u)
    ULP(100).check(amplitudes(sl.TsodyksMarkram(U=0.4, tau_rec=100.0, tau_fac=50.0), TRAIN, weight=1.0), expected)


def relaxed(value, rest, time, tau, pieces=50):
    """value -> rest with tau over a time, in many small exact pieces: the slow way."""
    for _ in range(pieces):
        value = rest + (value - rest) * math.exp(-time / pieces / tau)
    return value


@pytest.mark.parametrize("times", [TRAIN, random_train(2)], ids=["hand-made", "random"])
def test_mongillo_facilitates_before_it_releases_and_relaxes_to_U(times):
    U, tau_D, tau_F = 0.19, 200.0, 1500.0
    x, u, expected, last = 1.0, U, [], times[0]
    for t in times:
        x, u = relaxed(x, 1.0, t - last, tau_D), relaxed(u, U, t - last, tau_F)
        u += U * (1 - u)
        expected.append(u * x)
        x -= u * x
        last = t
    ULP(5000).check(amplitudes(sl.Mongillo(U=U, tau_D=tau_D, tau_F=tau_F), times, weight=1.0), expected)


@pytest.mark.parametrize("times", [TRAIN, random_train(3)], ids=["hand-made", "random"])
def test_release_first_releases_before_it_facilitates_and_relaxes_to_U(times):
    U, f, tau_D, tau_F = 0.02, 0.1, 100.0, 80.0
    x, u, expected, last = 1.0, U, [], times[0]
    for t in times:
        x, u = relaxed(x, 1.0, t - last, tau_D), relaxed(u, U, t - last, tau_F)
        expected.append(u * x)
        x -= u * x
        u += f * (1 - u)
        last = t
    ULP(5000).check(amplitudes(sl.ReleaseFirst(U=U, f=f, tau_D=tau_D, tau_F=tau_F), times, weight=1.0), expected)


def test_the_forms_differ_in_what_the_first_spike_releases():
    first = {
        m: amplitudes(m(U=0.2), np.array([5.0, 9.0]), weight=1.0)[0]
        for m in (sl.TsodyksMarkram, sl.Mongillo, sl.ReleaseFirst)
    }
    ULP(10).check(first[sl.TsodyksMarkram], 0.2)
    ULP(10).check(first[sl.ReleaseFirst], 0.2)
    ULP(10).check(first[sl.Mongillo], 0.2 + 0.2 * (1 - 0.2))


def test_each_synapse_of_a_projection_remembers_its_own_source_and_delay():
    """Two sources, three delays: what arrives is what each would deliver alone."""
    model = sl.Mongillo(U=0.3, tau_D=50.0, tau_F=100.0)
    trains = [TRAIN, random_train(4)]
    pairs = sl.Pairs([0, 0, 1, 1, 1], [0, 1, 0, 1, 1])
    weights, delays = np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([1.0, 2.0, 0.5, 1.0, 1.5])
    net = sl.Network(dt=0.1)
    ids = np.concatenate([np.full(len(train), k) for k, train in enumerate(trains)])
    source = net.population(2, sl.SpikeList(np.concatenate(trains), ids))
    target = net.population(2, sl.Parrot())
    net.connect(source, target, "ignored", pairs, weight=weights, delay=delays, synapse=model)
    net.record(target, "ignored")
    received = net.run(2010.0).trace(target, "ignored").values
    expected = np.zeros_like(received)
    for pre, post, weight, delay in zip(pairs.pre, pairs.post, weights, delays, strict=True):
        alone = amplitudes(model, trains[pre], weight=weight, delay=delay)
        np.add.at(expected[:, post], steps_of(trains[pre] + delay, 0.1) - 1, alone)
    ULP(10).check(received, expected)
