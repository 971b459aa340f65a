"""Rewiring: what is conserved, what moves, where to, and what it is good for."""

import numpy as np
import pytest
from examples import many_numbers
from given_traces import replay
from naive import test_signals
from naive.step_by_step import delivered
from tolerances import EXACT, STAT, ULP

import spikelearn as sl

DT = 0.5


def network(homeostasis, rule=None, seed=1, n=12, weight=None, recurrent=False, plasticity=None, spikes=()):
    net = sl.Network(dt=DT, seed=seed)
    net.population(3, sl.Parrot(), name="first in the block")
    cells = net.population(n, sl.Parrot(), name="cells")
    source = cells if recurrent else net.population(20, sl.SpikeList(*spikes) if len(spikes) else sl.Poisson(50.0))
    projection = net.connect(
        source, cells[2:] if not recurrent else cells, "ignored", rule or sl.FixedProbability(0.4), name="wired",
        weight=sl.Uniform(0.0, 100.0) if weight is None else weight, delay=sl.Uniform(0.5, 3.0), plasticity=plasticity,
    )  # fmt: skip
    net.homeostasis(projection, homeostasis)
    net.record(cells, "ignored")
    return net, cells, projection


def test_weak_synapses_move_and_the_others_stay():
    net, _, projection = network(sl.Rewiring(below=30.0, weight=45.0, every=10.0))
    before = net.run(9.5).synapses(projection)
    after = net.run(0.5).synapses(projection)
    weak = before.weight <= 30.0
    assert 10 < np.count_nonzero(weak) < len(weak)
    for name in ("pre", "delay"):
        EXACT.check(getattr(after, name), getattr(before, name))
    EXACT.check(after.post[~weak], before.post[~weak])
    EXACT.check(after.weight[~weak], before.weight[~weak])
    EXACT.check(after.weight[weak], 45.0)
    assert np.all(after.post[weak] != before.post[weak])
    assert after.post.min() >= 2 and after.post.max() < 12
    EXACT.check(net.run(500.0).synapses(projection).post, after.post)


def test_the_limit_itself_counts_as_weak_and_nothing_moves_between_times():
    net, _, projection = network(sl.Rewiring(below=10.0, weight=10.0, every=5.0), weight=10.0)
    posts = [net.run(2.5).synapses(projection).post for _ in range(6)]
    EXACT.check(posts[1], posts[2])
    EXACT.check(posts[3], posts[4])
    assert all(np.all(posts[k] != posts[k + 1]) for k in (0, 2, 4))


def test_what_is_sent_arrives_at_the_new_targets():
    generator = np.random.default_rng(4)
    steps, ids = np.sort(generator.integers(1, 200, 150)), generator.integers(0, 20, 150)
    unique = sorted({(int(s), int(i)) for s, i in zip(steps, ids, strict=True)})
    spikes = [s * DT for s, _ in unique], [i for _, i in unique]
    net, cells, projection = network(sl.Rewiring(below=50.0, weight=20.0, every=25.0, probability=0.5), spikes=spikes)
    received, expected = [], []
    for piece in range(4):
        wired = net.run(0.0).synapses(projection)
        rows = list(zip(wired.pre, wired.post, wired.weight, np.round(wired.delay / DT).astype(int), strict=True))
        # delivery comes before rewiring in a step: up to step 50 (k + 1) events take the synapses of piece k
        expected.append(delivered(rows, unique, 12, 200)[50 * piece : 50 * (piece + 1)])
        received.append(net.run(25.0).trace(cells, "ignored").values)
        assert not np.array_equal(wired.post, net.run(0.0).synapses(projection).post)
    assert np.count_nonzero(expected) > 200
    ULP(10).check(np.concatenate(received), np.concatenate(expected))


@pytest.mark.parametrize(
    ("rule", "degree"), [(sl.AllToAll(autapses=False), 11), (sl.FixedOutDegree(5, autapses=False), 5)]
)
def test_autapses_are_avoided_if_the_rule_avoids_them(rule, degree):
    net, _, projection = network(sl.Rewiring(below=1.0, weight=1.0, every=1.0), rule, recurrent=True, weight=1.0)
    for _ in range(10):
        found = net.run(5.0).synapses(projection)
        assert np.all(found.pre != found.post)
        EXACT.check(np.bincount(found.pre), np.full(12, degree))


def test_autapses_are_made_if_the_rule_allows_them():
    net, _, projection = network(sl.Rewiring(1.0, 1.0, every=1.0), sl.FixedOutDegree(5), recurrent=True, weight=1.0)
    counts = sum(np.count_nonzero(np.equal(*net.run(1.0).synapses(projection)[:2])) for _ in range(40))
    # 2400 synapses in all, each at one of 12 targets; a synapse does not go where it is, so that samples are apart
    STAT(2400, np.sqrt(1 / 12 * 11 / 12)).check(counts / 2400, 1 / 12)


def test_multapses_are_avoided_if_they_are_not_wanted():
    def twice(homeostasis):
        net, _, projection = network(homeostasis, sl.FixedOutDegree(6, multapses=False), weight=1.0)
        found = [net.run(5.0).synapses(projection) for _ in range(10)]
        pairs = [set(zip(f.pre.tolist(), f.post.tolist(), strict=True)) for f in found]
        assert all(pairs[0] != other for other in pairs[1:])
        return sum(len(f.pre) - len(p) for f, p in zip(found, pairs, strict=True))

    assert twice(sl.Rewiring(1.0, 1.0, every=5.0, multapses=False)) == 0
    assert twice(sl.Rewiring(1.0, 1.0, every=5.0)) > 100


def test_where_every_target_is_taken_nothing_moves():
    net, _, projection = network(sl.Rewiring(1.0, 1.0, every=1.0, multapses=False), sl.AllToAll(), weight=1.0)
    before = net.run(0.0).synapses(projection).post
    EXACT.check(net.run(5.0).synapses(projection).post, before)


def test_new_targets_are_uniform_and_the_probability_is_what_was_asked_for():
    net, _, projection = network(sl.Rewiring(1.0, 1.0, every=1.0, probability=0.3), sl.FixedOutDegree(50), weight=1.0)
    before, moved, counts = net.run(0.0).synapses(projection).post, 0, np.zeros(12)
    for _ in range(20):
        after = net.run(1.0).synapses(projection).post
        moved += np.count_nonzero(after != before)
        counts += np.bincount(after[after != before], minlength=12)
        before = after
    STAT(20_000, np.sqrt(0.3 * 0.7)).check(moved / 20_000, 0.3)
    # ten targets; the one where a synapse is has no chance, which evens out over the synapses
    STAT(moved, np.sqrt(0.1 * 0.9)).check(counts[2:] / moved, 0.1)
    assert not counts[:2].any()


def test_the_seed_decides_and_neither_pauses_nor_another_run_matter():
    homeostasis = sl.Rewiring(50.0, 40.0, every=2.0, probability=0.5)

    def wired(seed, pieces):
        net, _, projection = network(homeostasis, seed=seed, plasticity=sl.STDP())
        for length in pieces:
            run = net.run(length)
        return run.synapses(projection)

    one, pieces, other = wired(1, [40.0]), wired(1, [0.5, 20.5, 0.0, 19.0]), wired(2, [40.0])
    for name in ("pre", "post", "weight", "delay"):
        EXACT.check(getattr(pieces, name), getattr(one, name))
    assert len(other.post) != len(one.post) or not np.array_equal(other.post, one.post)


def test_a_synapse_that_moved_has_no_eligibility_and_the_others_keep_theirs():
    def learned(probability):
        net = sl.Network(dt=DT, seed=1)
        dopamine = net.modulator(tau=50.0)
        source, cells = net.population(20, sl.Poisson(80.0)), net.population(10, sl.Parrot())
        net.connect(net.population(10, sl.Poisson(50.0)), cells, "exc", sl.OneToOne(), weight=1.0)
        rule = sl.DopamineSTDP(dopamine, A_plus=5.0, A_minus=5.0, tau_c=200.0, W_max=100.0)
        projection = net.connect(source, cells, "ignored", weight=sl.Uniform(0.0, 100.0), plasticity=rule)
        net.release(dopamine, 60.0, 0.01)
        if probability:
            net.homeostasis(projection, sl.Rewiring(50.0, 70.0, every=50.0, probability=probability))
        net.record(projection, "c", every=50.0)
        run = net.run(50.0)
        return run.trace(projection, "c").values[-1], run.synapses(projection), net.run(50.0).synapses(projection)

    (c, now, later), (c_free, now_free, later_free) = learned(0.5), learned(0.0)
    moved = now.post != now_free.post
    assert 20 < np.count_nonzero(moved) < 100 and np.all(now_free.weight[moved] <= 50.0)
    EXACT.check(c[moved], 0.0)
    EXACT.check(c[~moved], c_free[~moved])
    EXACT.check(now.weight[moved], 70.0)
    ULP(100, 1000.0).check(now.weight[~moved], now_free.weight[~moved])
    assert np.count_nonzero(c[~moved]) > 50 and np.ptp(later.weight[moved]) > 0.1
    stayed = ~moved & (later.post == now.post)
    ULP(1000, 1000.0).check(later.weight[stayed], later_free.weight[stayed])


@pytest.mark.parametrize("name", ["Plain", "LowPass", "LowPass with rise"])
def test_a_rule_that_learns_from_a_signal_starts_anew_at_the_new_target(name):
    """What moves goes on as a synapse would that was there from the start, but for its weight and eligibility then."""
    scene, dt = test_signals.scene(3), test_signals.DT
    rule, moves = test_signals.RULES[name], 40 * dt

    def run(pairs, regulated):
        net = sl.Network(dt=dt, seed=1)
        target = replay(net, 4, scene.post, V_m=scene.V_m, u_bar_minus=scene.second)
        spikes = sorted(scene.pre)
        source = net.population(5, sl.SpikeList([s * dt for s, _ in spikes], [i for _, i in spikes]))
        learning = test_signals.rule_of(name)(None)
        projection = net.connect(source, target, "ignored", pairs, weight=50.0, delay=dt, plasticity=learning)
        if regulated:
            net.homeostasis(projection, sl.Rewiring(below=5000.0, weight=10.0, every=moves, probability=0.4))
        net.record(projection, ["weight", "c"] if rule.has_eligibility else "weight", every=moves / 2)
        first = net.run(moves)
        second = net.run(moves - dt)
        found = first.synapses(projection), second.synapses(projection)
        return found, [r.trace(projection, v).values for r in (first, second) for v in projection.recordable]

    pairs = np.repeat(np.arange(5), 4), np.tile(np.arange(4), 5)
    (now, later), recorded = run(sl.Pairs(*pairs), True)
    moved = now.post != pairs[1]
    assert 4 < np.count_nonzero(moved) < 16
    (there, there_later), expected = run(sl.Pairs(pairs[0], now.post), False)
    ULP(1_000_000).check(now.weight[moved], 10.0)
    if rule.has_eligibility:
        ULP(10, 1.0).check(recorded[1][-1][moved], 0.0)
        test_signals.TOLERANCE.check(recorded[1][-1][~moved], expected[1][-1][~moved])
    else:
        gained = there_later.weight - there.weight
        assert np.ptp(gained) > 0.1
        test_signals.TOLERANCE.check(later.weight[moved] - 10.0, gained[moved])


def patterns(seed, n_groups, group, duration):
    """Times and ids of sources in groups that fire together, each in eight of ten of its group's events at 5 Hz, and
    times and groups of the events."""
    generator = np.random.default_rng(seed)
    events = np.sort(generator.choice(np.arange(10, duration, 12), n_groups * duration // 200, replace=False))
    groups = generator.integers(0, n_groups, len(events))
    member, which = np.nonzero(generator.random((group, len(events))) < 0.8)
    times, ids = events[which] + generator.integers(0, 3, len(which)), groups[which] * group + member
    return times.astype(float), ids, events.astype(float) + 4.0, groups


def share_that_found_its_group(homeostasis, n_groups=4, group=20, duration=60_000):
    """Each of four targets fires just after its group of sources; each source has two synapses anywhere."""
    times, ids, teaching, groups = patterns(1, n_groups, group, duration)
    net = sl.Network(dt=1.0, seed=3)
    source, cells = net.population(n_groups * group, sl.SpikeList(times, ids)), net.population(n_groups, sl.Parrot())
    teacher = net.population(n_groups, sl.SpikeList(teaching, groups))
    net.connect(teacher, cells, "exc", sl.OneToOne(), weight=1.0)
    rule = sl.STDP(lambda_=0.1, alpha=1.5, mu_plus=0.0, mu_minus=0.0, tau_plus=10.0, tau_minus=40.0)
    projection = net.connect(source, cells, "ignored", sl.FixedOutDegree(2), weight=50.0, plasticity=rule)
    net.homeostasis(projection, homeostasis)
    before, after = net.run(0.0).synapses(projection), net.run(float(duration)).synapses(projection)
    EXACT.check(np.bincount(after.pre, minlength=80), 2)
    return tuple(np.mean(found.post == found.pre // group) for found in (before, after))


@many_numbers
def test_rewiring_finds_the_inputs_that_are_correlated_and_random_pruning_does_not():
    before, found = share_that_found_its_group(sl.Rewiring(below=10.0, weight=50.0, every=500.0))
    STAT(160, np.sqrt(1 / 4 * 3 / 4)).check(before, 1 / 4)
    # a wrong synapse is given up within seconds, and then has one chance in three of being right
    assert found > 0.95
    _, pruned = share_that_found_its_group(sl.Rewiring(below=100.0, weight=50.0, every=500.0, probability=0.1))
    STAT(160, np.sqrt(1 / 4 * 3 / 4)).check(pruned, 1 / 4)
