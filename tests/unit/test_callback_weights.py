"""Weights as arguments of callbacks: what they read, and what they write."""

import copy
from typing import NamedTuple

import numpy as np
import pytest
from every_weight import FIRST, KINDS, PAIRS, SECOND, M, N, network, result
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, SimulationError, SpikelearnError
from spikelearn.plasticity import Trace
from spikelearn.units import ms, weight


def keep(trial, phase, weights, kept):
    """Copy what there is to the row of the trial."""
    flat = weights.reshape(-1)
    for k in range(len(flat)):
        kept[trial, k] = flat[k]


def shrink(trial, phase, weights, factor):
    flat = weights.reshape(-1)
    for k in range(len(flat)):
        flat[k] *= factor


def look(trial, phase, weights):
    """Write all of them anew, as they are."""
    for i in range(len(weights)):
        for j in range(weights.shape[1]):
            weights[i, j] = 1.0 * weights[i, j]


def set_to(trial, phase, weights, value):
    weights[2, 3] = value


def set_first(trial, phase, weights):
    weights[0, 0] = 20.0


def decay(step, weights, factor):
    for i in range(len(weights)):
        for j in range(weights.shape[1]):
            weights[i, j] *= factor


def keep_each(step, weights, kept):
    flat = weights.reshape(-1)
    for k in range(len(flat)):
        kept[step - 1, k] = flat[k]


def trials(net, function, *arguments, n=3):
    callback = sl.Callback(function, (net.projections["made"].weights(), *arguments))
    return sl.Trials([sl.Phase(6.0), sl.Phase(4.0, callback=callback), sl.Phase(2.0)], n=n)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_a_callback_sees_the_weights_that_a_run_that_ends_there_has(kind, threads):
    net, kept = network(kind, FIRST, threads=threads), np.zeros((3, N * M))
    net.run(trials=trials(net, keep, kept))
    in_pieces = network(kind, FIRST)
    for trial in range(3):
        matrix = in_pieces.run(10.0).synapses("made").matrix((N, M))
        EXACT.check(kept[trial], matrix.ravel())
        in_pieces.run(2.0)


@pytest.mark.parametrize("kind", ["static", "STDP", "Clopath"])
def test_of_a_projection_with_gaps_it_sees_them_in_the_order_of_a_run(kind):
    net = network(kind, FIRST[tuple(PAIRS)], sl.Pairs(*PAIRS))
    kept = np.zeros((3, 30))
    net.run(trials=trials(net, keep, kept))
    in_pieces = network(kind, FIRST[tuple(PAIRS)], sl.Pairs(*PAIRS))
    EXACT.check(kept[0], in_pieces.run(10.0).weights("made"))


@pytest.mark.parametrize(("threads", "engine"), [(1, "compiled"), (2, "stepper"), (3, "compiled")])
@pytest.mark.parametrize("kind", KINDS)
def test_what_it_writes_is_what_is_set_between_two_runs(kind, threads, engine):
    net = network(kind, FIRST, threads=threads)
    run = net.run(trials=trials(net, shrink, 0.9, n=2), engine=engine)
    in_pieces = network(kind, FIRST)
    made = in_pieces.projections["made"]
    pieces = in_pieces.run(10.0)
    for duration in (12.0, 2.0):
        in_pieces.set_weights(made, 0.9 * in_pieces.weights(made))
        pieces = pieces.joined(in_pieces.run(duration))
    EXACT.check(result(run), result(pieces))
    assert not np.array_equal(result(run), result(network(kind, FIRST).run(24.0)))


@pytest.mark.parametrize("kind", KINDS)
def test_looking_at_weights_changes_no_bit(kind):
    plain, looked_at = network(kind, FIRST), network(kind, FIRST)
    expected = result(plain.run(trials=sl.Trials([sl.Phase(6.0), sl.Phase(4.0), sl.Phase(2.0)], n=3)))
    EXACT.check(result(looked_at.run(trials=trials(looked_at, look))), expected)


@pytest.mark.parametrize("kind", ["STDP", "Clopath", "DopamineSTDP", "StepRule"])
def test_writing_one_weight_changes_no_bit_of_those_onto_other_targets(kind):
    plain, written = network(kind, FIRST), network(kind, FIRST)
    first = plain.run(trials=sl.Trials([sl.Phase(6.0), sl.Phase(4.0), sl.Phase(2.0)], n=3))
    second = written.run(trials=trials(written, set_to, 77.0))
    one, other = (run.synapses("made").matrix((N, M)) for run in (first, second))
    elsewhere = np.arange(M) != 3
    EXACT.check(other[:, elsewhere], one[:, elsewhere])
    assert np.all(other[2, 3] != one[2, 3])


class FollowingParameters(NamedTuple):
    tau: ms = 1000.0
    W_min: weight = 0.0
    W_max: weight = 51.0


def _follow(V_m, event, rate):
    return rate * (V_m + 70.0)


Following = sl.SignalRule(
    "Following", FollowingParameters, (Trace("x", "tau"),), ("V_m",), _follow, lambda p, dt: {"rate": 0.02 * dt}
)


def test_writing_one_weight_leaves_another_beyond_its_limits_that_is_clipped_at_its_next_arrival():
    """It rises beyond W_max and falls again, with no arrival in between."""
    found = []
    for change in (set_first, look):
        net = sl.Network(dt=0.1)
        source, cell = net.population(2, sl.SpikeList([1.0, 1.0], [0, 1])), net.population(1, sl.LIF())
        made = net.connect(source, cell, "exc", weight=np.full((2, 1), 50.0), plasticity=Following())
        callback = sl.Callback(change, (made.weights(),))
        phases = [
            sl.Phase(20.0, currents={(cell, "exc"): 250.0}, callback=callback),
            sl.Phase(40.0, currents={(cell, "exc"): -150.0}),
        ]
        net.record(made, "weight", every=20.0)
        run = net.run(trials=sl.Trials(phases, n=1))
        found.append(run.trace(made, "weight").values)
    EXACT.check(found[0][:, 1], found[1][:, 1])
    assert found[0][0, 1] == 51.0 and found[0][2, 1] < 50.9 and abs(found[0][2, 0] - found[1][2, 0]) > 10.0


@pytest.mark.parametrize("threads", [1, 2])
def test_in_every_step_it_sees_what_is_recorded(threads):
    net = network("STDP", FIRST, threads=threads)
    made, kept = net.projections["made"], np.zeros((200, N * M))
    net.on_step(keep_each, made.weights(), kept)
    net.record(made, "weight", every=0.1)
    found = net.run(20.0).trace(made, "weight")
    order = np.argsort(np.arange(N * M).reshape(M, N).T.ravel())
    EXACT.check(kept[:, order], found.values)
    assert np.ptp(found.values, axis=0).max() > 0.1


@pytest.mark.parametrize("threads", [1, 2])
def test_weights_that_decay_in_every_step_do_so_and_stay_so_in_copies(threads, tmp_path):
    net = network("static", FIRST, threads=threads)
    net.on_step(decay, net.projections["made"].weights(), 0.99)
    first, second = net.run(10.0), net.run(10.0)
    for run, steps in ((first, 100), (second, 200)):
        ULP(400).check(run.weights("made"), FIRST.T.ravel() * 0.99**steps)
    second.checkpoint(tmp_path / "state")
    twin, restored = copy.deepcopy(net), sl.Network.restore(tmp_path / "state")
    expected = result(net.run(10.0))
    EXACT.check(result(twin.run(10.0)), expected)
    EXACT.check(result(restored.run(10.0)), expected)
    kept = net.weights(net.projections["made"])
    net.reset()
    EXACT.check(net.weights(net.projections["made"]), kept)
    net.reset(keep_weights=False)
    EXACT.check(net.weights(net.projections["made"]), FIRST.T.ravel())


def test_weights_that_a_phase_changed_are_in_copies_and_earlier_runs_keep_theirs():
    net = network("static", FIRST)
    before = net.run(1.0)
    run = net.run(trials=trials(net, shrink, 0.5, n=1))
    EXACT.check(before.weights("made"), FIRST.T.ravel())
    EXACT.check(run.weights("made"), 0.5 * FIRST.T.ravel())
    twin = copy.deepcopy(net)
    EXACT.check(twin.weights(twin.projections["made"]), 0.5 * FIRST.T.ravel())


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("STDP", 201.0, "weights of projection 'made' outside 0 to 200, the limits W_min and W_max of STDP, or NaN"),
        ("DopamineSTDP", -1.0, "projection 'made' outside 0 to 200, the limits W_min and W_max of DopamineSTDP"),
        ("Clopath", np.nan, "projection 'made' outside 0 to 200"),
        ("static", np.inf, "a callback wrote weights of projection 'made' that are not finite, at 10 ms"),
        ("static", np.nan, "a callback wrote weights of projection 'made' that are not finite, at 10 ms"),
    ],
)
def test_a_weight_that_cannot_be_stops_the_run_and_is_not_taken_over(kind, value, message, threads):
    net = network(kind, FIRST, threads=threads)
    with pytest.raises(SimulationError, match=message):
        net.run(trials=trials(net, set_to, value))
    assert net.time == 10.0
    EXACT.check(net.weights(net.projections["made"]), network(kind, FIRST).run(10.0).weights("made"))
    net.run(trials=trials(net, set_to, 20.0))


def test_weights_that_are_stored_once_can_be_read_but_not_written():
    net, kept = network("static", 3.0), np.zeros((3, N * M))
    net.run(trials=trials(net, keep, kept))
    EXACT.check(kept, np.full((3, N * M), 3.0))
    with pytest.raises(SpikelearnError, match="shrink.* read-only"):
        net.run(trials=trials(net, shrink, 0.5))


def test_what_has_no_weights_and_what_belongs_to_another_network_is_refused():
    net = network("static", FIRST)
    made = net.connect(
        net.populations["source"], net.populations["cells"], rule=sl.FixedOutDegree(2), procedural=True, name="drawn"
    )
    with pytest.raises(DescriptionError, match="weights of projection 'drawn': procedural synapses are not stored"):
        made.weights()
    other = network("static", SECOND)
    with pytest.raises(SpikelearnError, match="callback of phase 1: 'made' is not a .* of this network"):
        net.run(trials=trials(other, keep, np.zeros((3, N * M))))


def test_synapses_that_are_rewired_are_seen_with_their_new_targets():
    net = sl.Network(dt=0.1, seed=2)
    source, cells = net.population(N, sl.Poisson(50.0)), net.population(M, sl.LIF())
    made = net.connect(source, cells, weight=sl.Uniform(0.0, 60.0), plasticity=sl.STDP(W_max=100.0), name="made")
    net.homeostasis(made, sl.Rewiring(below=30.0, weight=40.0, every=5.0, probability=0.5))
    kept = np.zeros((1, N * M))
    callback = sl.Callback(keep, (made.weights(), kept))
    run = net.run(trials=sl.Trials([sl.Phase(12.0, callback=callback)], n=1))
    EXACT.check(kept[0], run.weights(made))
    assert np.any(run.synapses(made).post != np.repeat(np.arange(M), N))
