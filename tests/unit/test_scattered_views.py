"""Connecting and driving neurons that do not follow one another: cells[::2], cells[mask], cells[[1, 5, 7]]."""

import numpy as np
import pytest
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError

IDS = [7, 1, 4]


def two(seed=3, threads=1, n=10):
    net = sl.Network(dt=0.1, seed=seed, threads=threads)
    source = net.population(n, sl.Poisson(50.0), name="source", positions=np.arange(n) * 0.1)
    return net, source, net.population(n, sl.LIF(), name="target", positions=np.arange(n) * 0.2)


def apart(n, m, **how):
    """The same between populations of the size of the views, which are made first."""
    net = sl.Network(dt=0.1, seed=3)
    source, target = (net.population(k, sl.LIF()) for k in (n, m))
    made = net.connect(source, target, **how)
    return net.run(0.0).synapses(made), net


RULES = {
    "all": (sl.AllToAll(), 15),
    "probability": (sl.FixedProbability(0.5), None),
    "in-degree": (sl.FixedInDegree(2), 10),
    "out-degree": (sl.FixedOutDegree(2, multapses=False), 6),
    "total": (sl.FixedTotalNumber(11), 11),
    "where": (sl.Where("i + 1 != j"), 12),
    "matrix": (sl.FixedProbability(np.full((3, 5), 0.5)), None),
    "pairs": (sl.Pairs([0, 2, 2], [4, 0, 4]), 3),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_makes_its_pairs_among_the_views(rule):
    net, source, target = two()
    made = net.connect(source[IDS], target[::2], rule=RULES[rule][0], weight=sl.Uniform(1, 2), delay=sl.Uniform(1, 2))
    found = net.run(0.0).synapses(made)
    alone, _ = apart(3, 5, rule=RULES[rule][0], weight=sl.Uniform(1, 2), delay=sl.Uniform(1, 2))
    assert len(found.pre) == len(made) and RULES[rule][1] in (None, len(found.pre))
    EXACT.check(found.pre, np.array(IDS)[alone.pre])
    EXACT.check(found.post, 2 * alone.post)
    EXACT.check(found.weight, alone.weight)
    EXACT.check(found.delay, alone.delay)


def test_masks_strides_and_lists():
    net, source, target = two()
    mask = np.arange(10) % 3 == 0
    made = net.connect(source[mask], target[[1, 5, 7]], weight=2.0)
    pre, post, weight, _ = net.run(0.0).synapses(made)
    EXACT.check(
        sorted({*zip(pre.tolist(), post.tolist(), strict=True)}), [(i, j) for i in (0, 3, 6, 9) for j in (1, 5, 7)]
    )
    EXACT.check(weight, 2.0)


def test_contiguous_views_are_as_before():
    net, source, target = two()
    made = net.connect(source[2:6], target[[3, 4, 5]], rule=sl.AllToAll())
    assert (made.source_first, made.source_size, made.target_first, made.target_size) == (2, 4, 3, 3)


def test_arrays_texts_and_distances_are_those_of_the_views():
    given = np.arange(15.0).reshape(3, 5)
    for weight in (given, "5*i + j"):
        net, source, target = two()
        made = net.connect(source[IDS], target[::2], weight=weight)
        pre, post, found, _ = net.run(0.0).synapses(made)
        EXACT.check(found, [given[IDS.index(i), j // 2] for i, j in zip(pre, post, strict=True)])
    net, source, target = two()
    made = net.connect(source[IDS], target[::2], weight="d", delay=sl.LinearProfile(1.0, 1.0), name="made")
    pre, post, found, delay = net.run(0.0).synapses(made)
    ULP(4, 2.0).check(found, np.abs(source.positions[pre, 0] - target.positions[post, 0]))
    assert np.all(np.abs(delay - 1.0 - found) <= 0.05 + 1e-9)


AUTAPSES = [
    sl.AllToAll(autapses=False), sl.FixedProbability(0.7, autapses=False), sl.FixedInDegree(3, autapses=False),
    sl.FixedOutDegree(3, autapses=False, multapses=False), sl.FixedTotalNumber(30, autapses=False),
    sl.Where("True", autapses=False), sl.DistanceProbability(sl.GaussianProfile(0.9, 1.0), autapses=False),
]  # fmt: skip


@pytest.mark.parametrize("rule", AUTAPSES, ids=lambda rule: rule.name)
def test_autapses_are_left_out_where_views_share_neurons(rule):
    net, _, cells = two()
    made = net.connect(cells[::2], cells, rule=rule)
    pre, post, _, _ = net.run(0.0).synapses(made)
    assert len(pre) == len(made) > 0 and not np.any(pre == post) and set(pre) <= {0, 2, 4, 6, 8}
    if isinstance(rule, sl.AllToAll):
        assert len(pre) == 45
    if isinstance(rule, sl.FixedInDegree):
        EXACT.check(np.bincount(post), 3)


def test_one_to_one_leaves_out_the_same_neuron_only():
    net, _, cells = two()
    made = net.connect(cells[[0, 2, 4]], cells[[2, 0, 4]], rule=sl.OneToOne(autapses=False))
    pre, post, _, _ = net.run(0.0).synapses(made)
    EXACT.check(sorted(zip(pre.tolist(), post.tolist(), strict=True)), [(0, 2), (2, 0)])


def test_it_runs_learns_and_is_the_same_on_threads():
    def run(threads, engine="compiled"):
        net, source, target = two(threads=threads)
        made = net.connect(
            source[::3], target[1::2], "exc", sl.FixedProbability(0.8), weight=sl.Uniform(200, 400), delay=1.0,
            plasticity=sl.STDP(W_max=1000.0),
        )  # fmt: skip
        net.record(target[[1, 5]], "V_m")
        return net.run(200.0, engine=engine), made

    one, made = run(1)
    two_threads, made_2 = run(2)
    EXACT.check(one.trace("target", "V_m").values, two_threads.trace("target", "V_m").values)
    EXACT.check(one.synapses(made).weight, two_threads.synapses(made_2).weight)
    EXACT.check(one.trace("target", "V_m").values, run(1, "stepper")[0].trace("target", "V_m").values)
    assert np.ptp(one.trace("target", "V_m").values) > 1.0


def test_short_term_parameters_of_pairs():
    U = np.linspace(0.1, 0.9, 6).reshape(3, 2)
    runs = []
    for scattered in (True, False):
        net = sl.Network(dt=0.1, seed=1)
        source = net.population(6, sl.SpikeList(np.tile([1.0, 11.0, 21.0], 6), np.repeat(np.arange(6), 3)), name="s")
        target = net.population(4, sl.Parrot(), name="t")
        ends = (source[[5, 0, 2]], target[[3, 1]]) if scattered else (source, target)
        rule = sl.AllToAll() if scattered else sl.Pairs([5, 0, 2] * 2, [3] * 3 + [1] * 3)
        net.connect(*ends, "ignored", rule, synapse=sl.TsodyksMarkram(U=U if scattered else U.T.ravel()))
        net.record(target, "ignored")
        runs.append(net.run(40.0).trace("t", "ignored").values)
    EXACT.check(runs[0], runs[1])


def currents(drive, view, n=6):
    net = sl.Network(dt=0.1, seed=5)
    cells = net.population(n, sl.LIF(), name="cells")
    net.drive(view(cells), drive)
    net.record(cells, "V_m")
    return net.run(20.0).trace("cells", "V_m").values


@pytest.mark.parametrize(
    "drive",
    [sl.StepCurrent([1.0, 5.0], [100.0, 200.0]), sl.NoiseCurrent(50.0, 20.0), sl.NoiseCurrent(50.0, 20.0, tau=3.0)],
)
def test_drives_reach_the_neurons_of_a_view_only(drive):
    found = currents(drive, lambda cells: cells[[4, 1]])
    EXACT.check(found[:, [0, 2, 3, 5]], found[0, 0])
    assert np.all(np.ptp(found[:, [1, 4]], axis=0) > 1.0)
    all_of_them = currents(drive, lambda cells: cells)
    EXACT.check(found[:, [1, 4]], all_of_them[:, [1, 4]])


def test_values_of_drives_are_in_the_order_of_the_view():
    found = currents(sl.StepCurrent(0.0, np.array([[100.0, 300.0]])), lambda cells: cells[[4, 1]])
    EXACT.check(found[:, 4], currents(sl.StepCurrent(0.0, 100.0), lambda cells: cells)[:, 4])
    EXACT.check(found[:, 1], currents(sl.StepCurrent(0.0, 300.0), lambda cells: cells)[:, 1])
    with pytest.raises(DescriptionError, match="one value or 2"):
        currents(sl.StepCurrent(0.0, np.array([[100.0, 300.0, 1.0]])), lambda cells: cells[[4, 1]])


@pytest.mark.parametrize("engine", ["compiled", "stepper", "events"])
def test_poisson_input_to_some(engine):
    net = sl.Network(dt=0.1, seed=5)
    cells = net.population(6, sl.LIF(), name="cells")
    net.drive(cells[::2], sl.PoissonInput(500.0), "exc", weight=100.0)
    net.record(cells, "V_m", every=1.0)
    found = net.run(50.0, engine=engine).trace("cells", "V_m").values
    EXACT.check(found[:, 1::2], found[0, 1])
    assert np.all(np.ptp(found[:, ::2], axis=0) > 1.0)


def test_noise_on_views_adds_to_other_noise():
    net = sl.Network(dt=0.1, seed=5)
    cells = net.population(4, sl.LIF(), name="cells")
    net.drive(cells[[0, 2]], sl.NoiseCurrent(50.0, 0.0))
    net.drive(cells, sl.NoiseCurrent(25.0, 0.0))
    net.drive(cells[[2, 0]], sl.NoiseCurrent(25.0, 0.0))
    net.record(cells, "V_m")
    found = net.run(20.0).trace("cells", "V_m").values
    EXACT.check(found[:, [0, 2]], currents(sl.StepCurrent(0.0, 100.0), lambda cells: cells)[:, [0, 2]])
    EXACT.check(found[:, [1, 3]], currents(sl.StepCurrent(0.0, 25.0), lambda cells: cells)[:, [1, 3]])


def test_what_cannot_be_is_refused():
    net, source, target = two()
    with pytest.raises(DescriptionError, match="has no neurons"):
        net.connect(source[[]], target)
    with pytest.raises(DescriptionError, match="neuron 3 occurs 2 times"):
        net.connect(source[[3, 1, 3]], target)
    with pytest.raises(DescriptionError, match="procedural synapses need contiguous views"):
        net.connect(source[::2], target, rule=sl.FixedOutDegree(2), procedural=True)
    with pytest.raises(DescriptionError, match=r"shape \(3, 10\)"):
        net.connect(source[[1, 3, 7]], target, weight=np.ones((10, 10)))
    with pytest.raises(DescriptionError, match="has no neurons"):
        net.drive(target[[]], sl.StepCurrent(0.0, 1.0))
    assert not net.projections
