"""Poisson numbers one by one, in plain Python, and what they are distributed like."""

import math

import numpy as np
import pytest
from examples import many_numbers
from scipy.stats import chi2
from tolerances import EXACT, STAT

import spikelearn as sl
from spikelearn.engine.lowering.drives import poisson_table

MASK = (1 << 64) - 1
GOLDEN, MIX_1, MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
MEANS = [0.0, 1e-9, 0.001, 0.1, 0.5, 1.0, 1.6, 3.0, 8.0, 29.9]


def mix(z):
    z = ((z ^ (z >> 30)) * MIX_1) & MASK
    z = ((z ^ (z >> 27)) * MIX_2) & MASK
    return z ^ (z >> 31)


def stream(seed, key, step):
    start = mix((seed + GOLDEN) & MASK)
    start = mix((start + key * GOLDEN) & MASK)
    start = mix((start + step * GOLDEN) & MASK)
    return start, mix(start ^ MIX_2) | 1


def number(seed, key, step, i, mean):
    """A quarter of 64 random bits, then 53 more if these leave it open."""
    start, increment = stream(seed, key, step)
    thresholds, residual = poisson_table(mean)
    u = (mix((start + (i // 4) * increment) & MASK) >> 16 * (i % 4)) & 0xFFFF
    reached = sum(u >= int(threshold) for threshold in thresholds)
    if reached < len(thresholds):
        return reached
    u = ((mix((start + ((1 << 40) + i) * increment) & MASK) >> 11) + 0.5) / 2.0**53
    return int(np.argmax(residual >= u))


def exact(mean, n):
    return np.array([math.exp(-mean) * mean**k / math.factorial(k) for k in range(n)])


@pytest.mark.parametrize("mean", MEANS)
def test_bits_and_what_they_leave_over_make_exactly_the_probabilities(mean):
    thresholds, residual = poisson_table(mean)
    values = np.diff(thresholds.astype(int), prepend=0)
    left = 1.0 - values.sum() / 65536
    found = np.diff(np.minimum(residual, 1.0), prepend=0.0) * left
    found[: len(values)] += values / 65536
    assert np.all(values >= 0) and np.all(np.diff(residual) >= 0) and 0.0 < left < 0.01
    np.testing.assert_allclose(found, exact(mean, len(found)), rtol=0, atol=2e-15)


def arrivals(mean, n=1000, steps=200, seed=5, before=0, weight=1.0, **how):
    """The key of the random numbers, and (steps, n), what arrives at each neuron in each step of 1 ms."""
    net = sl.Network(dt=1.0, seed=seed, **how)
    if before:
        net.population(before, sl.Parrot())
    cells = net.population(n, sl.Parrot(), name="cells")
    net.drive(cells, sl.PoissonInput(1000.0 * mean), port="ignored", weight=weight)
    net.record(cells, "ignored")
    run = net.run(float(steps))
    found = run.trace(cells, "ignored").values
    assert run.synaptic_events == round(found.sum() / weight)
    [call] = [c for c in net.build("compiled").program.plans[0].stages["arrive"] if c.label == "drive cells.ignored"]
    return dict(zip(call.kernel.parameters, call.arguments, strict=True))["key"], found


@pytest.mark.parametrize(("mean", "n"), [(0.5, 300), (1.6, 5), (3.0, 257), (29.9, 70)])
def test_numbers_are_those_made_one_by_one(mean, n):
    key, found = arrivals(mean, n, steps=12, before=3, weight=0.5)
    expected = [[number(5, key, step, i, mean) for i in range(n)] for step in range(1, 13)]
    EXACT.check(found, 0.5 * np.array(expected))


@pytest.mark.parametrize("mean", [0.05, 0.5, 1.6])
@pytest.mark.parametrize("threads", [2, 3])
def test_they_are_the_same_on_any_number_of_threads_and_in_any_population_that_begins_alike(mean, threads):
    _, one = arrivals(mean, 1000, 20)
    EXACT.check(arrivals(mean, 1000, 20, threads=threads)[1], one)
    EXACT.check(arrivals(mean, 90, 20)[1], one[:, :90])


@many_numbers
@pytest.mark.parametrize("mean", [0.05, 0.5, 1.6, 3.0, 8.0])
def test_they_are_poisson_numbers(mean):
    """Chi-square over the numbers that are expected at least 20 times, the others together."""
    _, found = arrivals(mean, 2000, 500, seed=11)
    counts = np.bincount(found.astype(int).ravel())
    expected = exact(mean, len(counts)) * found.size
    often = np.flatnonzero(expected >= 20)
    seen = np.append(counts[often], found.size - counts[often].sum())
    wanted = np.append(expected[often], found.size - expected[often].sum())
    assert chi2.sf(((seen - wanted) ** 2 / wanted).sum(), len(often)) > 1e-4


@many_numbers
@pytest.mark.parametrize("mean", [0.05, 0.5, 1.6, 8.0])
def test_neurons_and_steps_are_independent(mean):
    """Pairs of neurons at distances within and between what is drawn together, and steps that follow each other."""
    _, found = arrivals(mean, 2048, 500, seed=12)
    pairs = [(found[:, :-d], found[:, d:]) for d in (1, 2, 3, 4, 63, 64, 256, 1024)]
    pairs += [(found[:-d], found[d:]) for d in (1, 2, 10)] + [(found[:-1, :-1], found[1:, 1:])]
    for a, b in pairs:
        STAT(a.size).check(np.corrcoef(a.ravel(), b.ravel())[0, 1], 0.0)
        joint = np.mean((a == 0) & (b == 0))
        p = math.exp(-2.0 * mean)
        STAT(a.size, math.sqrt(p * (1 - p) + 4 * mean * p)).check(joint, p)
    sums = found.reshape(500, -1, 4).sum(axis=2)
    STAT(sums.size, math.sqrt(2 * (4 * mean) ** 2 + 4 * mean)).check(sums.var(), 4 * mean)


@many_numbers
def test_rare_arrivals_go_to_all_neurons_that_share_a_number_alike():
    """6.4 a step for 64 neurons, of which one step in five has nine or more."""
    _, found = arrivals(0.1, 64, 40_000, seed=13)
    counts = found.sum(axis=0)
    assert np.mean(found.sum(axis=1) >= 9) > 0.15
    wanted = counts.mean()
    assert chi2.sf(((counts - wanted) ** 2 / wanted).sum(), 63) > 1e-4
    often = found[found.sum(axis=1) >= 9].sum(axis=0)
    assert chi2.sf(((often - often.mean()) ** 2 / often.mean()).sum(), 63) > 1e-4
