"""Connection rules by distance make the networks that NEST's spatial rules make: as many synapses at each distance."""

import math

import numpy as np
import pytest
from tolerances import STAT

import spikelearn as sl

nest = pytest.importorskip("nest")

SIDE, TRIALS = 15, 6


def shells(pre, post):
    """How many synapses there are at each distance on a periodic square grid of SIDE x SIDE points and side 1."""
    row, column = np.divmod(np.arange(SIDE * SIDE), SIDE)

    def along(axis):
        apart = np.abs(axis[pre] - axis[post])
        return np.minimum(apart, SIDE - apart)

    return np.bincount(along(row) ** 2 + along(column) ** 2, minlength=2 * (SIDE // 2 + 1) ** 2)


def in_nest(seed, how):
    nest.ResetKernel()
    nest.rng_seed = seed + 1
    grid = nest.spatial.grid([SIDE, SIDE], extent=[1.0, 1.0], edge_wrap=True)
    cells = nest.Create("parrot_neuron", positions=grid)
    profile = nest.spatial_distributions.gaussian(nest.spatial.distance, std=0.12)
    nest.Connect(cells, cells, how(profile))
    found = nest.GetConnections().get(["source", "target"])
    return shells(np.array(found["source"]) - 1, np.array(found["target"]) - 1)


def here(seed, rule):
    net = sl.Network(seed=seed)
    cells = net.population(SIDE * SIDE, sl.Parrot(), positions=sl.Grid((SIDE, SIDE), extent=1.0, periodic=True))
    made = net.connect(cells, cells, "ignored", rule, delay=1.0)
    synapses = net.run(0.0).synapses(made)
    return shells(synapses.pre, synapses.post)


@pytest.mark.parametrize(
    ("rule", "how"),
    [
        (
            sl.DistanceProbability(sl.GaussianProfile(0.7, sigma=0.12)),
            lambda profile: {"rule": "pairwise_bernoulli", "p": 0.7 * profile},
        ),
        (
            sl.DistanceProbability(sl.GaussianProfile(0.7, sigma=0.12), radius=0.25),
            lambda profile: {
                "rule": "pairwise_bernoulli", "p": 0.7 * profile, "mask": {"circular": {"radius": 0.25}}
            },
        ),
        (
            sl.DistanceInDegree(30, sl.GaussianProfile(1.0, sigma=0.12)),
            lambda profile: {"rule": "fixed_indegree", "indegree": 30, "p": profile},
        ),
        (
            sl.DistanceInDegree(30, sl.GaussianProfile(1.0, sigma=0.12), autapses=False, multapses=False),
            lambda profile: {
                "rule": "fixed_indegree", "indegree": 30, "p": profile, "allow_autapses": False,
                "allow_multapses": False,
            },
        ),
        (
            sl.DistanceOutDegree(30, sl.GaussianProfile(1.0, sigma=0.12)),
            lambda profile: {"rule": "fixed_outdegree", "outdegree": 30, "p": profile},
        ),
    ],
    ids=["probability", "probability within a radius", "in-degree", "in-degree, all different", "out-degree"],
)  # fmt: skip
def test_as_many_synapses_at_each_distance_as_in_nest(rule, how):
    ours = np.mean([here(seed, rule) for seed in range(TRIALS)], axis=0)
    theirs = np.mean([in_nest(seed, how) for seed in range(TRIALS)], axis=0)
    assert ours.sum() > 2500
    for found, expected in zip(ours, theirs, strict=True):
        # counts vary no more than Poisson counts, here and there
        STAT(TRIALS, math.sqrt(2.0 * max(found, expected, 1.0))).check(found, expected)
