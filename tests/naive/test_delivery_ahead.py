"""Input that is delivered some steps ahead against one loop over all synapses for each spike.

Large networks with several delays are delivered so; here, all that can be. Sums are float32.
"""

import numpy as np
import pytest
from given_spikes import steps_of
from naive.step_by_step import delivered
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.engine.lowering import static_synapses, synapse_tables

DT, STEPS, HALF = 0.1, 203, 102
N_SOURCE, N_TARGET = 11, 37
SINGLE = ULP(20 * 2**29, 10.0)
"""Sums of up to twenty terms of order 1 to 10, each rounded to 24 bits."""
DOUBLE = ULP(20, 10.0)
"""The same, rounded to 53 bits."""


@pytest.fixture(autouse=True)
def ahead(monkeypatch):
    monkeypatch.setattr(static_synapses, "_AHEAD_FROM", 1)
    monkeypatch.setattr(static_synapses, "_MOST_STEPS", 8)


def spikes():
    steps, ids = np.nonzero(np.random.default_rng(4).random((STEPS, N_SOURCE)) < 0.06)
    return steps, ids


def network(threads=1, precision="mixed"):
    """Two sources: one weight and many delays, and own weights with few; a third table is not delivered ahead."""
    net = sl.Network(dt=DT, seed=3, threads=threads, precision=precision)
    steps, ids = spikes()
    sources = [net.population(N_SOURCE, sl.SpikeList(steps * DT, ids), name=name) for name in ("one", "own")]
    target = net.population(N_TARGET, sl.Parrot(), name="target")
    others = net.population(5, sl.Parrot(), name="others")
    p = sl.FixedProbability(0.6)
    net.connect(sources[0], target, "ignored", p, weight=0.7, delay=sl.Uniform(0.1, 3.1), name="a")
    net.connect(sources[1], target, "ignored", p, weight=sl.Normal(2.0, 1.0), delay=sl.Uniform(0.3, 1.2), name="b")
    net.connect(sources[1], others, "ignored", p, weight=sl.Normal(2.0, 1.0), delay=sl.Uniform(0.3, 4.0), name="c")
    net.connect(sources[0], target, "ignored", p, weight=sl.Normal(1.0, 1.0), delay=0.9, name="one delay")
    net.record(target, "ignored")
    net.record(others, "ignored")
    return net


def received(run, name):
    return run.trace(name, "ignored").values


def synapses(run, name):
    pre, post, weight, delay = run.synapses(name)
    return list(zip(pre.tolist(), post.tolist(), weight.tolist(), steps_of(delay, DT).tolist(), strict=True))


def expected(run, names, n, of=lambda name, step: None):
    """What arrives. of: the synapses of a projection from a step on; None: the same as at the end."""
    given, total = list(zip(*(a.tolist() for a in spikes()), strict=True)), np.zeros((STEPS, n))
    for name in names:
        total += delivered(synapses(run, name), given, n, STEPS)
    return total


def test_what_arrives_is_every_spike_through_every_synapse_after_its_delay():
    net = network()
    run = net.run(STEPS * DT)
    block = net.build().program.plans[0].blocks
    assert any("ignored" in each.ahead for each in block.values())
    SINGLE.check(received(run, "target"), expected(run, ["a", "b", "one delay"], N_TARGET))
    SINGLE.check(received(run, "others"), expected(run, ["c"], 5))
    assert np.abs(received(run, "target")).max() > 10.0


def test_in_double_precision_sums_and_weights_are_those_of_small_networks(monkeypatch):
    monkeypatch.setattr(synapse_tables, "SINGLE_PRECISION_FROM", 1)
    net = network(precision="double")
    run = net.run(STEPS * DT)
    assert not any(block.ahead for block in net.build().program.plans[0].blocks.values())
    DOUBLE.check(received(run, "target"), expected(run, ["a", "b", "one delay"], N_TARGET))
    assert np.any(net.weights(net.projections["b"]) != net.weights(net.projections["b"]).astype(np.float32))
    mixed = network()
    EXACT.check(mixed.weights(mixed.projections["b"]), net.weights(net.projections["b"]).astype(np.float32))


def test_events_with_values_are_not_delivered_ahead_and_their_weights_can_be_set():
    net = sl.Network(dt=DT, seed=3)
    source = net.population(3, sl.LIF(I_e=400.0), name="source")
    target = net.population(4, sl.Parrot(), name="target")
    made = net.connect(source, target, "ignored", weight=sl.Uniform(1, 2), delay=sl.Uniform(0.3, 4.0), payload="V_m")
    net.record(target, "ignored")
    net.run(30.0)
    net.set_weights(made, np.zeros(12))
    EXACT.check(net.run(30.0).trace(target, "ignored").values[50:], 0.0)


@pytest.mark.parametrize("threads", [2, 3])
def test_any_number_of_threads_gives_the_same_bits(threads):
    one, several = network().run(STEPS * DT), network(threads).run(STEPS * DT)
    for name in ("target", "others"):
        EXACT.check(received(several, name), received(one, name))
    assert several.synaptic_events == one.synaptic_events


def test_runs_in_pieces_checkpoints_and_the_stepper_give_the_same_bits(tmp_path):
    whole = network(2).run(STEPS * DT)
    for engine in ("compiled", "stepper"):
        net, found = network(2), []
        for steps in (1, 2, 97, 3, STEPS - 103):
            run = net.run(steps * DT, engine=engine)
            found.append(received(run, "target"))
            run.checkpoint(tmp_path / "between")
            net = sl.Network.restore(tmp_path / "between")
        EXACT.check(np.concatenate(found), received(whole, "target"))


@pytest.mark.parametrize("steps", range(HALF, HALF + 8))
def test_events_are_counted_when_they_arrive(steps):
    run = network().run(steps * DT)
    given = list(zip(*(a.tolist() for a in spikes()), strict=True))
    assert run.synaptic_events == sum(
        step + delay <= steps
        for name in ("a", "b", "c", "one delay")
        for pre, _, _, delay in synapses(run, name)
        for step, source in given
        if source == pre
    )


@pytest.mark.parametrize("steps", [HALF, HALF + 1, HALF + 3])
@pytest.mark.parametrize("threads", [1, 2])
def test_what_is_on_its_way_arrives_with_weights_that_were_set(steps, threads):
    net = network(threads)
    first = net.run(steps * DT)
    before = expected(first, ["a", "b", "one delay"], N_TARGET)
    new = np.random.default_rng(1).normal(0.0, 4.0, len(first.synapses("b").pre))
    net.set_weights(net.projections["b"], new)
    second = net.run((STEPS - steps) * DT)
    after = expected(second, ["a", "b", "one delay"], N_TARGET)
    SINGLE.check(received(first, "target"), before[:steps])
    SINGLE.check(received(second, "target"), after[steps:])
    assert np.abs(before - after).max() > 1.0
    assert second.synaptic_events + first.synaptic_events == network().run(STEPS * DT).synaptic_events


def change(step, weights):
    if step % 25 == 7:
        for k in range(len(weights)):
            weights[k] *= -1.0


def test_what_is_on_its_way_arrives_with_weights_that_a_callback_wrote():
    net = network()
    net.on_step(change, net.projections["b"].weights())
    run = net.run(STEPS * DT)
    rest, of_b = expected(run, ["a", "one delay"], N_TARGET), expected(run, ["b"], N_TARGET)
    steps = np.arange(1, STEPS + 1)
    signs = (-1.0) ** ((steps + 17) // 25)  # those of step 8 on are the first that arrive with other signs
    last = (-1.0) ** ((STEPS + 18) // 25)
    SINGLE.check(received(run, "target"), rest + (last * signs)[:, None] * of_b)


def test_events_that_a_phase_discards_do_not_arrive():
    net = network(2)
    steps = 23
    phases = [sl.Phase(steps * DT), sl.Phase(steps * DT, discard_events=True)]
    run = net.run(trials=sl.Trials(phases, n=4))
    total, discarded = np.zeros((STEPS, N_TARGET)), [steps, 3 * steps, 5 * steps, 7 * steps, STEPS]
    for step, source in zip(*(a.tolist() for a in spikes()), strict=True):
        end = next(at for at in discarded if step <= at)
        for name in ("a", "b", "one delay"):
            in_time = [each for each in synapses(run, name) if step + each[3] <= end]
            total += delivered(in_time, [(step, source)], N_TARGET, STEPS)
    SINGLE.check(received(run, "target"), total[: 8 * steps])


@pytest.mark.parametrize(("model", "scale"), [("LIF", 20.0), ("LIFDelta", 0.1), ("AdEx", 20.0)])
def test_neurons_get_it_in_the_same_step_as_without_a_ring(model, scale, monkeypatch):
    def potentials(synapses):
        monkeypatch.setattr(static_synapses, "_AHEAD_FROM", synapses)
        net = sl.Network(dt=DT, seed=3, threads=2)
        steps, ids = spikes()
        source = net.population(N_SOURCE, sl.SpikeList(steps * DT, ids))
        target = net.population(N_TARGET, getattr(sl, model)(), name="target")
        port = net.connect(source, target, weight=sl.Uniform(0.0, scale), delay=sl.Uniform(0.1, 2.0)).port
        net.connect(source, target, port, weight=sl.Uniform(0.0, scale), delay=0.4)
        net.drive(target, sl.PoissonInput(900.0), port=port, weight=0.5 * scale)
        net.record(target, "V_m")
        run = net.run(STEPS * DT)
        assert (port in net.build().program.plans[1].block_of[target].ahead) == (synapses == 1)
        return run.trace(target, "V_m").values

    found, expected_ones = potentials(1), potentials(10**9)
    assert np.abs(np.diff(expected_ones, axis=0)).max() > 0.01
    SINGLE.check(found - expected_ones, 0.0)
