"""Weights that are set before the first run and between runs."""

import copy

import numpy as np
import pytest
from all_parts import PLASTIC, outcome
from all_parts import network as all_parts
from every_weight import FIRST, KINDS, PAIRS, SECOND, M, N, in_unit, network, result
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.engine.lowering import synapse_tables
from spikelearn.errors import SpikelearnError


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_a_network_with_weights_set_is_the_network_made_with_them(kind, threads):
    made, changed = (network(kind, weights, threads=threads) for weights in (SECOND, FIRST))
    changed.set_weights(changed.projections["made"], in_unit(kind, SECOND))
    expected = result(made.run(60.0))
    EXACT.check(result(changed.run(60.0)), expected)
    unchanged = network(kind, FIRST)
    assert not np.array_equal(expected, result(unchanged.run(60.0)))


def test_weights_are_those_of_run_in_the_same_order_and_before_the_first_run_those_given():
    net = network("STDP", FIRST)
    made = net.projections["made"]
    EXACT.check(net.weights(made), FIRST.T.ravel())
    run = net.run(20.0)
    EXACT.check(net.weights(made), run.weights(made))
    assert np.any(net.weights(made) != FIRST.T.ravel())
    with pytest.raises(ValueError, match="read-only"):
        net.weights(made)[0] = 1.0


@pytest.mark.parametrize("kind", ["static", "STDP", "STDP on a dendrite"])
def test_setting_the_weights_that_there_are_changes_nothing(kind):
    net, again = network(kind, FIRST), network(kind, FIRST)
    net.run(30.0), again.run(30.0)
    again.set_weights(again.projections["made"], again.weights(again.projections["made"]))
    EXACT.check(result(again.run(30.0)), result(net.run(30.0)))


@pytest.mark.parametrize("kind", KINDS)
def test_weights_set_between_runs_are_those_set_and_earlier_runs_keep_theirs(kind):
    net = network(kind, FIRST)
    made, given = net.projections["made"], in_unit(kind, SECOND.T.ravel())
    first, second = net.run(10.0), net.run(10.0)
    net.set_weights(made, given)
    found = net.weights(made)
    # what is on its way, and c N, is subtracted and added
    (ULP(100, 200.0) if kind in ("STDP on a dendrite", "DopamineSTDP") else EXACT).check(found, given)
    assert np.all(first.weights(made) != found) and np.all(second.weights(made) != found)
    if kind in ("static", "short-term", "payload", "frozen"):
        EXACT.check(net.run(10.0).weights(made), found)


def test_one_value_per_synapse_and_a_matrix_mean_the_same_and_a_matrix_may_have_gaps():
    pairs = sl.Pairs(*PAIRS)
    matrix = np.full((N, M), np.nan)
    matrix[tuple(PAIRS)] = SECOND[tuple(PAIRS)]
    net = network("STDP", FIRST[tuple(PAIRS)], pairs)
    made = net.projections["made"]
    for weights in (SECOND[tuple(PAIRS)], matrix, np.nan_to_num(matrix)):
        net.set_weights(made, np.zeros(30))
        net.set_weights(made, weights)
        EXACT.check(net.weights(made), SECOND[tuple(PAIRS)])


@pytest.mark.parametrize("kind", ["static", "STDP"])
def test_weights_that_were_set_are_in_copies_checkpoints_and_after_a_reset(kind, tmp_path):
    net = network(kind, FIRST)
    net.set_weights(net.projections["made"], SECOND)
    net.run(10.0)
    net.set_weights(net.projections["made"], FIRST[::-1])
    run = net.run(10.0)
    run.checkpoint(tmp_path / "state")
    twin, restored = copy.deepcopy(net), sl.Network.restore(tmp_path / "state")
    expected = result(net.run(30.0))
    EXACT.check(result(twin.run(30.0)), expected)
    EXACT.check(result(restored.run(30.0)), expected)
    kept = net.weights(net.projections["made"])
    net.reset()
    EXACT.check(net.weights(net.projections["made"]), kept)
    net.reset(keep_weights=False)
    EXACT.check(net.weights(net.projections["made"]), FIRST.T.ravel())


def test_a_network_with_every_part_can_be_made_another_whose_weights_it_is_given():
    one, other = all_parts(seed=1), all_parts(seed=1)
    run = one.run(30.0)
    for name in (*PLASTIC[:-1], "static", "short term", "values"):
        made, drawn = other.projections[name], other.weights(other.projections[name])
        other.set_weights(made, np.full(len(made), 0.5 * (drawn.min() + drawn.max())))
        other.set_weights(made, drawn)
    again = other.run(30.0)
    found, expected = outcome(other, [again]), outcome(one, [run])
    for name, values in expected.items():
        EXACT.check(found[name], values, name)


def test_a_projection_to_a_modulator_releases_what_it_was_given_on_any_number_of_threads():
    n = []
    for threads in (1, 2):
        net = sl.Network(dt=1.0, threads=threads)
        dopamine = net.modulator("dopamine", tau=20.0)
        source = net.population(3, sl.SpikeList([5.0, 10.0, 15.0], [0, 1, 2]))
        net.population(4, sl.LIF())
        made = net.connect(source, dopamine, weight=np.ones((3, 1)), delay=1.0)
        net.record(dopamine, "n")
        net.set_weights(made, [1.0, 3.0, 0.0])
        n.append(net.run(30.0).trace(dopamine, "n").values[:, 0])
    EXACT.check(n[1], n[0])
    ULP(10).check(n[0][[5, 10]], [1.0, np.exp(-5 / 20) + 3.0])


def test_large_static_projections_hold_them_as_they_hold_those_they_are_made_with(monkeypatch):
    monkeypatch.setattr(synapse_tables, "SINGLE_PRECISION_FROM", 10)
    net, made = network("static", FIRST), network("static", SECOND)
    net.set_weights(net.projections["made"], SECOND)
    EXACT.check(net.weights(net.projections["made"]), made.weights(made.projections["made"]))
    EXACT.check(net.weights(net.projections["made"]), SECOND.T.ravel().astype(np.float32).astype(float))


@pytest.mark.parametrize(
    ("kind", "weights", "message"),
    [
        ("STDP", np.ones(3), r"weights of projection 'made': expected \(60,\).* \(12, 5\); got shape \(3,\)"),
        ("STDP", SECOND.T, r"expected \(60,\).* \(12, 5\); got shape \(5, 12\)"),
        ("STDP", 3.0, r"got shape \(\)"),
        (
            "STDP",
            np.full((N, M), 201.0),
            "expected 0 to 200, the limits W_min and W_max of STDP, got 201",
        ),
        ("STDP", np.full((N, M), np.nan), "limits W_min and W_max of STDP, got nan"),
        ("static", np.full((N, M), np.inf), "expected finite weights, got inf for synapse 0, from neuron 0 to 0"),
        ("static", np.full((N, M), "a"), "weights of projection 'made'"),
        ("static", None, "weights of projection 'made'"),
    ],
)
def test_weights_that_cannot_be_are_refused_and_those_there_stay(kind, weights, message):
    net = network(kind, FIRST)
    with pytest.raises(SpikelearnError, match=message):
        net.set_weights(net.projections["made"], weights)
    EXACT.check(net.weights(net.projections["made"]), FIRST.T.ravel())


def test_what_has_no_weights_of_its_own_says_so():
    matrix = np.full((N, M), 0.0)
    matrix[3, 1] = 2.0
    net = network("static", FIRST[tuple(PAIRS[:, :1])], sl.Pairs([0], [0]))
    with pytest.raises(SpikelearnError, match="expected 0 or NaN where there is no synapse, got 2 from source 3 to"):
        net.set_weights(net.projections["made"], matrix)
    shared = network("static", 3.0)
    with pytest.raises(SpikelearnError, match="projection 'made': its synapses share one weight.*an array or a distr"):
        shared.set_weights(shared.projections["made"], SECOND)
    with pytest.raises(SpikelearnError, match="set_weights: 'made' is not a population, projection, modulator or"):
        net.set_weights("made", matrix)
    with pytest.raises(SpikelearnError, match="set_weights: expected a projection"):
        net.set_weights(net.populations["cells"], matrix)
    with pytest.raises(SpikelearnError, match="weights: 'made' is not a population, projection, modulator or"):
        net.weights(shared.projections["made"])


def test_an_engine_that_cannot_take_weights_over_says_so_and_the_network_still_runs():
    net = sl.Network(dt=0.1)
    source, cells = net.population(2, sl.SpikeList([1.0], [0]), name="source"), net.population(2, sl.LIF())
    made = net.connect(source, cells, weight=np.ones((2, 2)), name="made")
    net.set_weights(made, np.full((2, 2), 2.0))
    with pytest.raises(SpikelearnError, match="weights of projection 'made' were set, which .*events.* does not"):
        net.run(5.0, engine="events")
    net.run(5.0)
    EXACT.check(net.weights(made), [2.0, 2.0, 2.0, 2.0])
    other = sl.Network(dt=0.1)
    source, cells = other.population(2, sl.SpikeList([1.0], [0])), other.population(2, sl.LIF())
    made = other.connect(source, cells, weight=np.ones((2, 2)))
    other.run(1.0, engine="events")
    EXACT.check(other.weights(made), np.ones(4))
    with pytest.raises(SpikelearnError, match="set_weights: this network runs on"):
        other.set_weights(made, np.ones((2, 2)))
