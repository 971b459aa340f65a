"""What each connection rule promises, and that what it draws is drawn evenly."""

import numpy as np
import pytest
from tolerances import EXACT, STAT, ULP

import spikelearn as sl


def connected(rule, n_source=20, n_target=30, seed=1, recurrent=False, views=None, **kwargs):
    """(pre, post, synapses) of a projection."""
    net = sl.Network(dt=0.1, seed=seed)
    target = net.population(n_target, sl.Parrot())
    source = target if recurrent else net.population(n_source, sl.Poisson(0.0))
    ends = (source, target) if views is None else (source[views[0]], target[views[1]])
    projection = net.connect(*ends, "ignored", rule, **{"weight": 1.0, "delay": 1.0} | kwargs)
    synapses = net.run(0.0).synapses(projection)
    return synapses.pre, synapses.post, synapses


def counts(ids, n):
    return np.bincount(ids, minlength=n)


def pairs(pre, post):
    return list(zip(pre.tolist(), post.tolist(), strict=True))


@pytest.mark.parametrize("autapses", [True, False])
def test_all_to_all_makes_every_pair_once(autapses):
    pre, post, _ = connected(sl.AllToAll(autapses), n_target=7, recurrent=True)
    assert sorted(pairs(pre, post)) == [(i, j) for i in range(7) for j in range(7) if autapses or i != j]


@pytest.mark.parametrize("autapses", [True, False])
def test_one_to_one_makes_each_pair_of_equals(autapses):
    pre, post, _ = connected(sl.OneToOne(autapses), n_target=7, recurrent=True)
    assert pairs(pre, post) == ([(i, i) for i in range(7)] if autapses else [])


def test_pairs_makes_just_those_pairs_in_their_order():
    wanted = [(3, 1), (0, 0), (3, 1), (2, 6)]
    pre, post, _ = connected(sl.Pairs(*zip(*wanted, strict=True)))
    assert pairs(pre, post) == wanted
    assert len(connected(sl.Pairs([], []))[0]) == 0


@pytest.mark.parametrize("autapses", [True, False])
@pytest.mark.parametrize("p", [0.0, 0.02, 0.3, 1.0])
def test_fixed_probability_makes_each_pair_independently(p, autapses):
    n, trials = 40, 25
    matrix = np.zeros((n, n))
    sizes = []
    for seed in range(trials):
        pre, post, _ = connected(sl.FixedProbability(p, autapses), n_target=n, seed=seed, recurrent=True)
        assert len(set(pairs(pre, post))) == len(pre)
        matrix[pre, post] += 1
        sizes.append(len(pre))
    possible = np.full((n, n), trials * p)
    if not autapses:
        np.fill_diagonal(possible, 0.0)
        assert not np.diagonal(matrix).any()
    spread = np.sqrt(p * (1 - p))
    STAT(n * trials, spread).check(matrix.mean(axis=0) / trials, possible.mean(axis=0) / trials, "to each target")
    STAT(n * trials, spread).check(matrix.mean(axis=1) / trials, possible.mean(axis=1) / trials, "from each source")
    pairs_there = possible.sum() / trials / p if p else 0
    # the variance of a binomial number over independent networks
    STAT(trials, np.sqrt(2) * max(1.0, pairs_there * p * (1 - p))).check(
        np.var(sizes, ddof=1), pairs_there * p * (1 - p)
    )


@pytest.mark.parametrize("autapses", [True, False])
@pytest.mark.parametrize("multapses", [True, False])
@pytest.mark.parametrize("rule", [sl.FixedInDegree, sl.FixedOutDegree])
def test_fixed_degree_gives_each_neuron_its_number_of_partners_drawn_evenly(rule, multapses, autapses):
    n, k, trials = 25, 18, 40
    partners, repeated = np.zeros(n), False
    for seed in range(trials):
        pre, post, _ = connected(rule(k, autapses, multapses), n_target=n, seed=seed, recurrent=True)
        own, others = (post, pre) if rule is sl.FixedInDegree else (pre, post)
        EXACT.check(counts(own, n), k)
        assert autapses or not np.any(pre == post)
        repeated |= len(set(pairs(pre, post))) < len(pre)
        partners += counts(others, n)
    assert repeated == multapses
    # each of n k trials draws falls on a neuron with probability 1/n; without repeats it varies less
    STAT(n * k * trials, np.sqrt((1 - 1 / n) / n)).check(partners / (n * k * trials), 1 / n)


def test_fixed_degree_without_repeats_can_take_every_partner():
    for rule in (sl.FixedInDegree, sl.FixedOutDegree):
        pre, post, _ = connected(rule(6, autapses=False, multapses=False), n_target=7, recurrent=True)
        assert sorted(pairs(pre, post)) == [(i, j) for i in range(7) for j in range(7) if i != j]


@pytest.mark.parametrize("autapses", [True, False])
@pytest.mark.parametrize("multapses", [True, False])
def test_fixed_total_number_is_that_number_drawn_evenly(multapses, autapses):
    n, total, trials = 15, 150, 60
    matrix, repeated = np.zeros((n, n)), False
    for seed in range(trials):
        pre, post, _ = connected(sl.FixedTotalNumber(total, autapses, multapses), n_target=n, seed=seed, recurrent=True)
        assert len(pre) == total and (autapses or not np.any(pre == post))
        repeated |= len(set(pairs(pre, post))) < total
        np.add.at(matrix, (pre, post), 1)
    assert repeated == multapses
    possible = np.ones((n, n)) if autapses else 1 - np.eye(n)
    share = possible / possible.sum()
    for axis in (0, 1):
        p = share.sum(axis=axis)
        STAT(total * trials, np.sqrt(p.max())).check(matrix.sum(axis=axis) / (total * trials), p)


def test_fixed_total_number_without_repeats_can_take_every_pair_also_of_views_that_overlap_in_part():
    shared = {3, 4}
    pre, post, _ = connected(
        sl.FixedTotalNumber(5 * 5 - 2, autapses=False, multapses=False), n_target=8, recurrent=True,
        views=(slice(3, 8), slice(0, 5)),
    )  # fmt: skip
    assert sorted(pairs(pre, post)) == [(i, j) for i in range(3, 8) for j in range(5) if not (i == j and i in shared)]


@pytest.mark.parametrize(
    "rule",
    [sl.AllToAll(), sl.FixedProbability(0.5), sl.FixedInDegree(3), sl.FixedOutDegree(3), sl.FixedTotalNumber(20)],
)
def test_views_connect_their_own_neurons_only(rule):
    pre, post, _ = connected(rule, views=(slice(4, 10), slice(20, 25)))
    assert set(pre) <= set(range(4, 10)) and set(post) <= set(range(20, 25))
    assert len(pre) > 5


@pytest.mark.parametrize(
    ("distribution", "mean", "deviation", "low", "high"),
    [
        (sl.Uniform(2.0, 6.0), 4.0, 4 / np.sqrt(12), 2.0, 6.0),
        (sl.Normal(3.0, 2.0), 3.0, 2.0, -np.inf, np.inf),
        (sl.Normal(0.0, 1.0, low=0.0), np.sqrt(2 / np.pi), np.sqrt(1 - 2 / np.pi), 0.0, np.inf),
        (sl.LogNormal(0.5, 0.4), np.exp(0.58), np.exp(0.58) * np.sqrt(np.exp(0.16) - 1), 0.0, np.inf),
        (sl.Exponential(2.5), 2.5, 2.5, 0.0, np.inf),
    ],
    ids=["uniform", "normal", "half normal", "log-normal", "exponential"],
)
def test_weights_are_drawn_from_their_distribution(distribution, mean, deviation, low, high):
    weights = connected(sl.AllToAll(), n_source=100, n_target=100, weight=distribution)[2].weight
    n = len(weights)
    assert n == 10_000 and low <= weights.min() and weights.max() <= high
    STAT(n, deviation).check(weights.mean(), mean)
    # the variance of a variance is below 9 deviation^4 / n for all of these
    STAT(n, 3 * deviation**2).check(weights.var(), deviation**2)
    correlation = np.corrcoef(weights[:-1], weights[1:])[0, 1]
    STAT(n).check(correlation, 0.0)


def test_delays_are_drawn_apart_from_weights_and_rounded_to_steps():
    _, _, synapses = connected(sl.AllToAll(), weight=sl.Uniform(0, 1), delay=sl.Uniform(0.1, 3.0))
    ULP(2, 3.0).check(synapses.delay, np.round(synapses.delay / 0.1) * 0.1)
    STAT(600).check(np.corrcoef(synapses.delay, synapses.weight)[0, 1], 0.0)
    assert 25 < len(np.unique(synapses.delay)) <= 30


def test_another_seed_makes_another_network_and_the_same_seed_the_same():
    one, same, other = (connected(sl.FixedProbability(0.3), seed=s, weight=sl.Uniform(0, 1)) for s in (1, 1, 2))
    assert pairs(*one[:2]) == pairs(*same[:2]) != pairs(*other[:2])
    EXACT.check(one[2].weight, same[2].weight)
