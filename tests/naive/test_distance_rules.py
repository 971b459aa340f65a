"""Connection rules, weights and delays that go by distance, against closed forms and against loops over pairs."""

import math

import numpy as np
import pytest
from tolerances import EXACT, STAT, ULP

import spikelearn as sl
from spikelearn.connectivity import PROFILES
from spikelearn.errors import DescriptionError, ParameterError

GAUSSIAN = sl.GaussianProfile(0.8, sigma=0.2)
RING = sl.Grid(20, extent=1.0, periodic=True)


def connected(rule, n=20, positions=RING, seed=1, threads=1, engine=None, source=None, **options):
    """The synapses of a population with itself, or of `source` positions with it."""
    net = sl.Network(dt=0.1, seed=seed, threads=threads)
    sender = None if source is None else net.population(n, sl.Parrot(), positions=source)
    cells = net.population(n, sl.LIF(), positions=positions, name="cells")
    made = net.connect(cells if sender is None else sender, cells, "exc", rule, **{"delay": 1.0} | options)
    return net.run(0.0, engine=engine).synapses(made)


def ring_distance(n=20):
    """(n, n) distances on a ring of length 1."""
    apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    return np.minimum(apart, n - apart) / n


def counted(rule, trials, n=20, **options):
    """(n, n) how often each pair was connected."""
    matrix = np.zeros((n, n))
    for seed in range(trials):
        made = connected(rule, n, seed=seed, **options)
        np.add.at(matrix, (made.pre, made.post), 1)
    return matrix


@pytest.mark.parametrize("radius", [np.inf, 0.23])
@pytest.mark.parametrize(
    "profile", [GAUSSIAN, sl.ExponentialProfile(0.9, scale=0.1), sl.BoxcarProfile(0.4, radius=0.2),
                sl.LinearProfile(0.7, slope=-1.2), lambda d: 0.5 / (1.0 + 10.0 * d)],
    ids=["Gaussian", "exponential", "boxcar", "linear", "a function"],
)  # fmt: skip
def test_each_pair_is_connected_with_the_probability_at_its_distance(profile, radius):
    trials, apart = 40, ring_distance()
    matrix = counted(sl.DistanceProbability(profile, radius), trials)
    assert matrix.max() <= trials
    for distance in np.unique(np.round(apart, 9)):
        pairs = np.isclose(apart, distance)
        p = float(profile(distance)) if distance <= radius else 0.0
        STAT(trials * pairs.sum(), math.sqrt(max(p * (1 - p), 0.0))).check(matrix[pairs].mean() / trials, p)


def test_the_mean_in_degree_is_the_integral_of_the_profile_over_space():
    n, x, sigma, trials = 60, 0.1, 0.15, 40
    # sources uniform in [-1/2, 1/2]: each is connected with q(x) = integral of 0.8 exp(-(x - y)^2 / 2 sigma^2) dy
    upper, lower = ((0.5 - x) / (sigma * math.sqrt(2)), (-0.5 - x) / (sigma * math.sqrt(2)))
    q = 0.8 * sigma * math.sqrt(math.pi / 2) * (math.erf(upper) - math.erf(lower))
    rule = sl.DistanceProbability(sl.GaussianProfile(0.8, sigma))
    degrees = [
        np.bincount(connected(rule, n, np.full(n, x), seed, source=sl.UniformPositions(1.0)).post, minlength=n)
        for seed in range(trials)
    ]
    # all targets of a network share its sources; networks are independent, and an in-degree is binomial in each
    STAT(trials, math.sqrt(n * q * (1 - q))).check(np.mean(degrees), n * q)


@pytest.mark.parametrize("rule", [sl.DistanceInDegree, sl.DistanceOutDegree])
def test_partners_of_a_fixed_degree_are_drawn_in_proportion_to_the_profile(rule):
    k, trials, n = 15, 40, 20
    for radius, autapses in ((np.inf, True), (0.31, False)):
        matrix = counted(rule(k, GAUSSIAN, radius, autapses=autapses), trials)
        own = matrix if rule is sl.DistanceOutDegree else matrix.T
        EXACT.check(own.sum(axis=1), k * trials)
        expected = np.where(ring_distance() <= radius, GAUSSIAN(ring_distance()), 0.0)
        if not autapses:
            np.fill_diagonal(expected, 0.0)
        share = expected / expected.sum(axis=1, keepdims=True)
        for shift in range(n):
            pairs = np.arange(n), (np.arange(n) + shift) % n
            p = share[0, shift]
            STAT(n * k * trials, math.sqrt(p * (1 - p))).check(own[pairs].sum() / (n * k * trials), p, f"{shift}")


@pytest.mark.parametrize("rule", [sl.DistanceInDegree, sl.DistanceOutDegree])
def test_without_repeats_partners_are_drawn_one_after_the_other(rule):
    n, trials = 20, 60
    matrix = counted(rule(2, GAUSSIAN, multapses=False), trials)
    assert matrix.max() <= trials
    # P(i among two) = w_i / W + sum over j of w_j / W * w_i / (W - w_j)
    w = GAUSSIAN(ring_distance()[0])
    first = w / w.sum()
    among = first + np.array([sum(first[j] * w[i] / (w.sum() - w[j]) for j in range(n) if j != i) for i in range(n)])
    own = matrix if rule is sl.DistanceOutDegree else matrix.T
    for shift in range(n):
        found = own[np.arange(n), (np.arange(n) + shift) % n].mean() / trials
        STAT(n * trials, math.sqrt(among[shift] * (1 - among[shift]))).check(found, among[shift], f"{shift} apart")


def test_without_repeats_all_partners_in_reach_can_be_taken():
    rule = sl.DistanceInDegree(6, GAUSSIAN, radius=0.16, autapses=False, multapses=False)
    made = connected(rule)
    assert sorted(zip(made.post.tolist(), made.pre.tolist(), strict=True)) == sorted(
        (j, (j + shift) % 20) for j in range(20) for shift in (-3, -2, -1, 1, 2, 3)
    )


@pytest.mark.parametrize(
    "rule", [sl.DistanceProbability(GAUSSIAN), sl.DistanceInDegree(6, GAUSSIAN), sl.DistanceOutDegree(6, GAUSSIAN)],
    ids=lambda rule: rule.name,
)  # fmt: skip
def test_shuffled_positions_lose_the_dependence_on_distance(rule):
    n = 200
    grid = np.arange(n) / n
    apart = ring_distance(n)

    def mean_distance(coordinates):
        made = connected(rule, n, sl.Positions(coordinates, period=1.0))
        return apart[made.pre, made.post].mean(), len(made.pre)

    # distances of random pairs are uniform in [0, 1/2], and those of a Gaussian half normal
    shuffled, m = mean_distance(np.random.default_rng(1).permutation(grid))
    STAT(m, 0.5 / math.sqrt(12)).check(shuffled, 0.25)
    near, m = mean_distance(grid)
    weight = GAUSSIAN(apart[0])
    STAT(m, 0.2).check(near, (weight * apart[0]).sum() / weight.sum())
    assert near < 0.17


@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.parametrize("periodic", [False, True])
def test_weights_and_delays_are_what_the_profile_says_at_the_distance_of_each_synapse(dimensions, periodic):
    positions = sl.UniformPositions((1.0, 2.0, 0.5)[:dimensions], periodic=periodic)
    net = sl.Network(dt=0.1, seed=2)
    source = net.population(30, sl.Parrot(), positions=positions)
    cells = net.population(25, sl.LIF(), positions=positions)
    made = net.connect(
        source[4:24], cells[:20], rule=sl.FixedProbability(0.4), weight=sl.GaussianProfile(50.0, 0.3),
        delay=sl.LinearProfile(0.5, 2.0),
    )  # fmt: skip
    synapses = net.run(0.0).synapses(made)
    assert len(synapses.pre) > 100
    for pre, post, weight, delay in zip(*synapses, strict=True):
        along = np.abs(source.positions[pre] - cells.positions[post])
        apart = np.linalg.norm(np.minimum(along, source.period - along) if periodic else along)
        # exponents down to -30 multiply the rounding of the distance
        ULP(200).check(weight, 50.0 * math.exp(-(apart**2) / (2 * 0.3**2)))
        ULP(20).check(delay, 0.1 * math.floor((0.5 + 2.0 * apart) / 0.1 + 0.5))


def run_of(engine="compiled", threads=1, procedural=False):
    net = sl.Network(dt=0.1, seed=2, threads=threads)
    source = net.population(40, sl.Poisson(100.0), positions=sl.UniformPositions((1.0, 1.0)))
    cells = net.population(30, sl.LIF(), name="cells", positions=sl.UniformPositions((1.0, 1.0)))
    made = net.connect(
        source, cells, "exc", sl.DistanceOutDegree(20, GAUSSIAN), weight=lambda d: 200.0 / (0.5 + d),
        delay=sl.LinearProfile(0.5, 3.0), procedural=procedural, name="made",
    )  # fmt: skip
    net.record(cells)
    run = net.run(50.0, engine=engine)
    return *run.synapses(made), *run.spikes(cells)


def test_values_by_distance_are_the_same_on_all_threads_and_made_at_each_event():
    one = run_of()
    assert len(one[4]) > 20
    for options in ({"threads": 2}, {"threads": 3}, {"threads": 2, "engine": "stepper"}):
        for found, expected in zip(run_of(**options), one, strict=True):
            EXACT.check(found, expected)
    made = run_of(procedural=True)
    for found, expected in zip(made[:4], one[:4], strict=True):
        EXACT.check(found, expected)
    for found, expected in zip(run_of(procedural=True, threads=3), made, strict=True):
        EXACT.check(found, expected)


@pytest.mark.parametrize("engine", ["events", "nest", pytest.param("brian2", marks=pytest.mark.slow)])
def test_other_engines_are_given_the_same_synapses_by_distance(engine):
    if engine == "nest":
        pytest.importorskip("nest")
    one, other = run_of(), run_of(engine)
    assert len(other[4]) > 20
    for found, expected in zip(other[:3], one[:3], strict=True):
        EXACT.check(found, expected)
    ULP(4, 10.0).check(np.floor(other[3] / 0.1 + 0.5) * 0.1, one[3])


def test_values_by_distance_go_through_a_checkpoint(tmp_path):
    net = sl.Network(dt=0.1, seed=2)
    source = net.population(40, sl.Poisson(100.0), positions=sl.UniformPositions(1.0))
    cells = net.population(30, sl.LIF(), name="cells", positions=sl.UniformPositions(1.0))
    steep = 4.0
    rule = sl.DistanceProbability(lambda d: math.exp(-steep * d))
    net.connect(source, cells, "exc", rule, weight=lambda d: 500.0 - steep * d, delay=1.0, name="made")
    net.record(cells)
    net.run(20.0).checkpoint(tmp_path / "state")
    expected, found = net.run(30.0), sl.Network.restore(tmp_path / "state").run(30.0)
    assert len(expected.spikes("cells").times) > 10
    for one, other in zip(found.spikes("cells"), expected.spikes("cells"), strict=True):
        EXACT.check(one, other)
    EXACT.check(found.synapses("made").weight, expected.synapses("made").weight)


def test_a_delay_that_would_be_shorter_than_a_step_is_one_step():
    made = connected(sl.AllToAll(), delay=sl.LinearProfile(0.0, 0.93))
    expected = np.maximum(1, np.floor(0.93 * ring_distance()[made.pre, made.post] / 0.1 + 0.5))
    EXACT.check(np.round(made.delay / 0.1), expected)


@pytest.mark.parametrize("profile", [each for each in PROFILES if each is not sl.FunctionProfile])
def test_a_profile_is_the_function_that_it_says(profile):
    made = profile(0.5, 0.25)
    d = np.array([0.0, 0.1, 0.25, 0.3, 2.0])
    expected = {
        "GaussianProfile": 0.5 * np.exp(-(d**2) / (2 * 0.25**2)), "ExponentialProfile": 0.5 * np.exp(-d / 0.25),
        "BoxcarProfile": np.where(d <= 0.25, 0.5, 0.0), "LinearProfile": 0.5 + 0.25 * d,
    }[profile.__name__]  # fmt: skip
    ULP(4).check(made(d), expected)
    with pytest.raises(ParameterError, match=f"of {profile.__name__}: expected a finite number, got nan"):
        profile(math.nan, 1.0)


def test_a_profile_of_ones_own_has_its_numbers_as_data():
    from dataclasses import dataclass

    @dataclass(frozen=True)
    class Hill(sl.Profile):
        height: float
        half: float

        @staticmethod
        def value(distance, numbers):
            return numbers[0] / (1.0 + distance / numbers[1])

    made = connected(sl.AllToAll(), weight=Hill(3.0, 0.1))
    ULP(20).check(made.weight, 3.0 / (1.0 + ring_distance()[made.pre, made.post] / 0.1))
    with pytest.raises(DescriptionError, match=r"value of profile 'Wrong' takes \(d\), expected \(distance, numbers\)"):
        type("Wrong", (sl.Profile,), {"value": staticmethod(lambda d: d)})


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (sl.DistanceProbability(sl.GaussianProfile(1.2, 0.1)), "a probability from 0 to 1, the profile is 1.2 at dist"),
        (sl.DistanceProbability(sl.LinearProfile(0.5, -2.0)), "DistanceProbability found a probability outside 0..1"),
        (sl.DistanceProbability(0.1), "profile of DistanceProbability: expected a profile such as .* got 0.1"),
        (sl.DistanceProbability(GAUSSIAN, radius=-1.0), "radius of DistanceProbability: expected more than 0, got -1"),
        (sl.DistanceInDegree(7, GAUSSIAN, radius=0.16, autapses=False, multapses=False), "or too few different ones"),
        (sl.DistanceInDegree(1, GAUSSIAN, radius=0.01, autapses=False), "found no partner, or too few"),
        (sl.DistanceInDegree(5, sl.LinearProfile(0.1, -1.0)), "or a profile that is negative or not finite"),
        (sl.DistanceOutDegree(21, GAUSSIAN, multapses=False), "needs 21 different targets, there are 20"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_followed_is_an_error_that_names_it(rule, message):
    with pytest.raises(DescriptionError, match=f"projection 'cells->cells': .*{message}"):
        connected(rule)


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (None, None, "populations have none"), (None, RING, "source has none"), (RING, None, "target has none"),
        (sl.UniformPositions((1.0, 1.0)), sl.UniformPositions(1.0), "got 2 of the source and 1 of the target"),
        (RING, sl.UniformPositions(1.0), r"in one space, got periods \(1\) and \(0\)"),
    ],
)  # fmt: skip
def test_distances_need_positions_in_one_space(source, target, message):
    for options in ({"rule": sl.DistanceProbability(GAUSSIAN)}, {"weight": GAUSSIAN}, {"delay": lambda d: 1.0}):
        net = sl.Network()
        ends = [net.population(20, sl.LIF(), positions=positions) for positions in (source, target)]
        with pytest.raises(DescriptionError, match=f"projection .*: distances need .*{message}"):
            net.connect(*ends, **options)


def test_what_no_synapse_is_has_no_distance():
    net = sl.Network()
    cells = net.population(20, sl.LIF(), positions=RING)
    with pytest.raises(DescriptionError, match="distances need positions, but the target has none"):
        net.connect(cells, net.modulator("dopamine"), weight=GAUSSIAN)
    with pytest.raises(DescriptionError, match="initial V_m .*: only synapses have a distance"):
        net.population(20, sl.LIF(), positions=RING, initial={"V_m": GAUSSIAN})


def test_a_value_that_is_not_a_number_is_an_error():
    for options in ({"weight": lambda d: math.nan}, {"delay": lambda d: math.nan}):
        with pytest.raises(DescriptionError, match="'cells->cells': a weight or delay by distance is not a number"):
            connected(sl.AllToAll(), **options)
