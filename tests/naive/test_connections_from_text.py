"""Weights, delays, probabilities and conditions from text, and matrices of probabilities, beside plain Python."""

import math

import numpy as np
import pytest
from tolerances import EXACT, STAT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError, SpikelearnError, UnitError
from spikelearn.kernels.random import PARTNERS_STREAM, STREAMS, WEIGHT_STREAM, normal, stream, uniform

N, M = 7, 9


def network(seed=3, threads=1, positions=True):
    net = sl.Network(dt=0.1, seed=seed, threads=threads)
    places = (
        (np.linspace(0, 1, 2 * N).reshape(N, 2), np.linspace(0, 2, 2 * M).reshape(M, 2)) if positions else 2 * (None,)
    )
    source = net.population(N, sl.Poisson(20.0), name="source", positions=places[0])
    target = net.population(M, sl.LIF(), name="target", positions=places[1])
    return net, source, target


def matrix(net, projection, engine="compiled"):
    run = net.run(0.0, engine=engine) if net.time == 0 else net.run(0.0)
    return run.synapses(projection).matrix((N, M))


WEIGHTS = {
    "exp(-abs(i-j)/10.)": lambda i, j, **_: math.exp(-abs(i - j) / 10.0),
    "2 + 3*int(i > j) - i % 2": lambda i, j, **_: 2.0 + 3.0 * (i > j) - i % 2,
    "(i + 1)**(-2) + j // 2": lambda i, j, **_: (i + 1.0) ** -2 + j // 2,
    "10*exp(-d/0.2) + x_pre - 2*y_post": lambda i, j, d, a, b: 10 * math.exp(-d / 0.2) + a[0] - 2 * b[1],
    "x_post*pi + N_pre/N_post": lambda i, j, d, a, b: b[0] * math.pi + N / M,
    "0.002*nA*cos(2*pi*j/N_post)": lambda i, j, **_: 2.0 * math.cos(2 * math.pi * j / M),
    "clip(i, 1, 3)": lambda i, j, **_: min(max(i, 1.0), 3.0),
}


@pytest.mark.parametrize("text", WEIGHTS)
@pytest.mark.parametrize("engine", ["compiled", "stepper"])
def test_weights_are_those_of_the_expression(text, engine):
    net, source, target = network()
    made = net.connect(source, target, weight=text)
    a, b = source.positions, target.positions
    wanted = [
        [WEIGHTS[text](float(i), float(j), d=math.dist(a[i], b[j]), a=a[i], b=b[j]) for j in range(M)] for i in range(N)
    ]
    # some ten operations, and an exponential of the house's own
    ULP(64, 10.0).check(matrix(net, made, engine), wanted)


def test_numbers_are_counted_within_the_ends():
    net, source, target = network()
    made = net.connect(source[2:5], target[3:], weight="10*i + j")
    found = matrix(net, made)
    EXACT.check(found[2:5, 3:], 10.0 * np.arange(3)[:, None] + np.arange(M - 3))


def test_delays_take_the_nearest_step_and_one_below_it_is_an_error():
    net, source, target = network()
    made = net.connect(source, target, weight=1.0, delay="1.0 + 0.125*abs(i-j)")
    run = net.run(0.0)
    pre, post, _, delay = run.synapses(made)
    EXACT.check(np.round(delay / 0.1), np.floor((1.0 + 0.125 * np.abs(pre - post)) / 0.1 + 0.5))
    net, source, target = network()
    net.connect(source, target, delay="2*ms - 0.5*ms*i", name="made")
    with pytest.raises(DescriptionError, match=r"delay of projection 'made'.*from 0.1.*gives none for i = 4, j = 0"):
        net.run(1.0)


def test_other_engines_and_threads_have_the_same_synapses():
    def synapses(engine, threads=1):
        net, source, target = network(threads=threads)
        made = net.connect(
            source, target, "exc", sl.FixedProbability("0.8*exp(-d)"), weight="i + 10*j + rand()", delay="1+0.1*j"
        )
        return net.run(1.0, engine=engine).synapses(made)

    one = synapses("compiled")
    for engine, threads in (("stepper", 1), ("compiled", 3)):
        other = synapses(engine, threads)
        order = np.lexsort((other.post, other.pre)), np.lexsort((one.post, one.pre))
        for a, b in zip(other, one, strict=True):
            EXACT.check(a[order[0]], b[order[1]])
    events = synapses("events")
    EXACT.check(events.weight, one.weight)
    EXACT.check(events.pre, one.pre)


@pytest.mark.parametrize("engine", ["nest", "brian2"])
def test_other_simulators_take_them(engine):
    pytest.importorskip(engine)
    counts = []
    for each in ("compiled", engine):
        net = sl.Network(dt=0.1, seed=3)
        source = net.population(4, sl.SpikeList([1.0, 5.0, 9.0, 13.0], [0, 1, 2, 3]), name="source")
        target = net.population(4, sl.LIF(), name="target")
        net.connect(source, target, "exc", sl.Where("i != j"), weight="200.0 + 100*abs(i-j)", delay="1.0 + 0.5*j")
        net.record(target, "V_m", every=1.0)
        counts.append(net.run(30.0, engine=each).trace(target, "V_m").values)
    ULP(4_500_000, 100.0).check(counts[1], counts[0])


def test_random_numbers_in_text_are_those_of_the_synapse():
    net, source, target = network()
    made = net.connect(source, target, weight="rand() + 10*randn()")
    pre, post, weight, _ = net.run(0.0).synapses(made)
    wanted = []
    with np.errstate(over="ignore"):
        start, increment = map(np.uint64, stream(3, made.uid * STREAMS + WEIGHT_STREAM, 0))
        for i, j in zip(pre, post, strict=True):
            counter = 2 * (int(j) * made.row_width + int(i))
            wanted.append(uniform(start, increment, counter) + 10 * normal(start, increment, counter + 1))
    ULP(8, 30.0).check(weight, wanted)
    assert len(set(weight)) == N * M


def test_they_are_reproducible_and_have_their_distribution():
    net = sl.Network(seed=1)
    cells = net.population(200, sl.LIF())
    made = net.connect(cells, cells, weight="5 + 2*randn()")
    weight = net.weights(made)
    STAT(40_000, 2.0).check(weight.mean(), 5.0)
    assert abs(weight.std() - 2.0) < 0.05
    again = sl.Network(seed=1)
    cells = again.population(200, sl.LIF())
    EXACT.check(again.weights(again.connect(cells, cells, weight="5 + 2*randn()")), weight)


CONDITIONS = {
    "i != j and abs(i-j) < 5": lambda i, j, d: i != j and abs(i - j) < 5,
    "not (i < j or i == 3)": lambda i, j, d: not (i < j or i == 3),
    "d < 0.7": lambda i, j, d: d < 0.7,
    "1 < j - i <= 4": lambda i, j, d: 1 < j - i <= 4,
    "True": lambda i, j, d: True,
}


@pytest.mark.parametrize("text", CONDITIONS)
def test_pairs_are_those_for_which_the_condition_holds(text):
    net, source, target = network()
    made = net.connect(source, target, rule=sl.Where(text), weight=1.0)
    wanted = [
        [CONDITIONS[text](i, j, math.dist(source.positions[i], target.positions[j])) for j in range(M)]
        for i in range(N)
    ]
    EXACT.check(matrix(net, made) != 0.0, wanted)
    assert len(made) == np.sum(wanted)


def test_conditions_draw_too_and_autapses_are_left_out():
    net = sl.Network(seed=2)
    cells = net.population(100, sl.LIF())
    made = net.connect(cells, cells, rule=sl.Where("rand() < 0.2", autapses=False))
    STAT(9900, 0.4).check(len(made) / 9900, 0.2)
    found = net.run(0.0).synapses(made)
    assert not np.any(found.pre == found.post)


def by_chance(net, made, p):
    wanted = np.zeros((N, M), bool)
    with np.errstate(over="ignore"):
        for j in range(M):
            start, increment = map(np.uint64, stream(3, made.uid * STREAMS + PARTNERS_STREAM, j))
            wanted[:, j] = [uniform(start, increment, i) < p[i, j] for i in range(N)]
    return wanted


def test_probabilities_from_text_and_from_a_matrix():
    p = np.array([[0.9 * math.exp(-abs(i - j) / 3.0) for j in range(M)] for i in range(N)])
    for given in ("0.9*exp(-abs(i-j)/3.0)", p, p.tolist()):
        net, source, target = network()
        made = net.connect(source, target, rule=sl.FixedProbability(given))
        found = matrix(net, made) != 0.0
        EXACT.check(found, by_chance(net, made, p))
        assert 5 < found.sum() < 50


def test_a_matrix_has_its_probabilities():
    net = sl.Network(seed=7)
    cells = net.population(400, sl.LIF())
    p = np.kron([[0.8, 0.1], [0.05, 0.4]], np.ones((200, 200)))
    made = net.connect(cells, cells, rule=sl.FixedProbability(p, autapses=False))
    found = net.run(0.0).synapses(made)
    assert not np.any(found.pre == found.post)
    for a in (0, 1):
        for b in (0, 1):
            n = np.sum((found.pre // 200 == a) & (found.post // 200 == b))
            STAT(40_000, 0.5).check(n / (40_000 - 200 * (a == b)), [[0.8, 0.1], [0.05, 0.4]][a][b])


@pytest.mark.parametrize(
    "what, message",
    [
        ({"weight": "exp(-abs(i-k)/10.)"}, "k is unknown.*known names are i, j"),
        ({"weight": "exq(i)"}, "exq is not a known function"),
        ({"weight": "i +"}, "weight of projection .*not an expression"),
        ({"weight": "__import__('os')"}, "weight of projection"),
        ({"weight": "i.real"}, "not in Brian2's syntax"),
        ({"weight": "i < j"}, "expected a number"),
        ({"weight": "5*mV"}, "value in pA"),
        ({"weight": "i/(j - 2)"}, "no value for i = "),
        ({"weight": "z_pre"}, "z_pre is a coordinate of the source, which has 2"),
        ({"weight": "rand(3)"}, "rand takes no argument"),
        ({"weight": "exp"}, "exp is a function"),
        ({"weight": "clip(i, 1)"}, "clip takes 3 arguments, got 2"),
        ({"delay": "1*mV"}, "delay of projection"),
        ({"rule": sl.Where("i - j")}, "expected a condition"),
        ({"rule": sl.Where(3)}, "expected a text"),
        ({"rule": sl.FixedProbability("2*i")}, "probabilities from 0 to 1"),
        ({"rule": sl.FixedProbability(np.full((M, N), 0.5))}, r"\(7, 9\), got shape \(9, 7\)"),
    ],
)
def test_what_is_wrong_is_named_when_it_is_given(what, message):
    net, source, target = network()
    with pytest.raises(SpikelearnError, match=f"(?s){message}"):
        net.connect(source, target, "exc", **what)
    assert not net.projections


def test_wrong_matrices_and_positions():
    with pytest.raises(ParameterError, match="got 1.5 from source 0 to target 1"):
        sl.FixedProbability([[0.5, 1.5]])
    with pytest.raises(UnitError):
        sl.FixedProbability([["a", "b"]])
    net, source, target = network(positions=False)
    with pytest.raises(DescriptionError, match="positions"):
        net.connect(source, target, weight="d")
    with pytest.raises(DescriptionError, match="x_post is a coordinate of the target, which has no positions"):
        net.connect(source, target, weight="x_post")


def test_a_weight_beyond_the_limits_of_its_rule_is_an_error():
    net, source, target = network()
    net.connect(source, target, "exc", weight="30*i", plasticity=sl.STDP(W_max=100.0), name="made")
    with pytest.raises(DescriptionError, match="weight of projection 'made'.*0 to 100.*i = 4"):
        net.run(1.0)


def test_it_is_in_checkpoints(tmp_path):
    net, source, target = network()
    made = net.connect(source, target, "exc", sl.FixedProbability("0.5 + 0.02*i"), weight="100 + rand()")
    first = net.run(10.0)
    first.checkpoint(tmp_path / "state")
    again = sl.Network.restore(tmp_path / "state")
    EXACT.check(again.weights(again.projections[made.name]), net.weights(made))
