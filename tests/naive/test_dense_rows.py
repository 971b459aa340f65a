"""Rows of synapses onto neighbours, as slices, against the same synapses listed pair by pair, and against a matrix."""

import numpy as np
import pytest
from given_traces import replay
from naive.test_signals import DT, Hidden, HiddenLowPass, rule_of
from tolerances import EXACT, ULP

import spikelearn as sl

N_SOURCES, N_TARGETS, STEPS = 6, 9, 400
DELAY = 3
"""Steps. In a ring of four rows, so many before a step are not as many after it, as two are."""
PAIRS = tuple(each.ravel() for each in np.indices((N_SOURCES, N_TARGETS)))


def network(rule, listed, threads=1, payload="", synapse=None, dendritic=0):
    """(network, projection, targets), with sources that are silent for 100 steps, but for one."""
    generator = np.random.default_rng(5)
    net = sl.Network(dt=DT, threads=threads)
    dopamine = net.modulator(tau=30.0)
    net.release(dopamine, [20.0, 90.0], [0.2, -0.1])
    steps, ids = np.nonzero(generator.random((STEPS, N_SOURCES)) < 0.2)
    keep = (ids == 0) | (steps < 100) | (steps > 250)
    source = net.population(N_SOURCES, sl.SpikeList((steps + 1)[keep] * DT, ids[keep]))
    if payload:
        source = net.population(N_SOURCES, sl.PerfectIntegrator(interval=4.0), name="rates")
        net.drive(source, sl.StepCurrent(np.arange(20) * 10.0, generator.random((20, N_SOURCES))))
    post = {(int(s), int(j)) for s, j in zip(*np.nonzero(generator.random((STEPS, N_TARGETS)) < 0.03), strict=True)}
    V_m = -60.0 + generator.normal(0.0, 6.0, (STEPS, N_TARGETS))
    target = replay(net, N_TARGETS, {p for p in post if p[0] > 1}, V_m=V_m, u_bar_minus=V_m[::-1])
    weights = generator.uniform(0.5, 2.3, (N_SOURCES, N_TARGETS))
    given = {"weight": weights.ravel() if listed else weights, "axonal_delay": DELAY * DT}
    given |= {"payload": payload, "on": "rate"} if payload else {}
    given |= {"plasticity": rule(dopamine), "dendritic_delay": dendritic * DT} if rule else {}
    how = sl.Pairs(*PAIRS) if listed else sl.AllToAll()
    projection = net.connect(source, target, "ignored", how, synapse=synapse, name="synapses", **given)
    net.record(target, ["ignored"], every=DT)
    if rule:
        net.record(projection, "weight", every=30 * DT)
    return net, projection, target


def outcome(rule, listed, **how):
    net, projection, target = network(rule, listed, **how)
    trials = None
    if rule:
        phases = [sl.Phase(60 * DT), sl.Phase(20 * DT, plastic=[]), sl.Phase(20 * DT, reset=[projection])]
        trials = sl.Trials(phases, STEPS // 100)
    table = net.build().program.plans[0].tables[projection]
    assert table.dense != listed
    run = net.run(STEPS * DT) if trials is None else net.run(trials=trials)
    found = {"input": run.trace(target, "ignored").values, "weights": run.synapses(projection).matrix((6, 9))}
    if rule:
        found["recorded"] = np.sort(run.trace(projection, "weight").values, axis=1)
        assert np.any(found["recorded"][0] != found["recorded"][-1])
    return found | {"events": run.synaptic_events}


def compare(rule, **how):
    expected = outcome(rule, listed=True, **how)
    for threads in (1, 2):
        for name, values in outcome(rule, listed=False, threads=threads, **how).items():
            EXACT.check(values, expected[name], name)


@pytest.mark.parametrize("payload", ["", "r"])
def test_static_synapses_of_every_pair_deliver_what_a_list_of_them_does(payload):
    compare(None, payload=payload)


@pytest.mark.parametrize(
    ("rule", "how"),
    [
        (lambda m: HiddenLowPass(W_min=0.4, W_max=2.4), {}),
        pytest.param(rule_of("Modulated"), {}, marks=pytest.mark.slow),
        pytest.param(lambda m: Hidden(W_min=0.4, W_max=2.4), {}, marks=pytest.mark.slow),
        (rule_of("Plain"), {"payload": "r"}),
        (rule_of("Plain"), {"synapse": sl.TsodyksMarkram(), "dendritic": 3}),
    ],
    ids=[
        "an eligibility and limits of what is sent",
        "an eligibility",
        "limits of what is sent",
        "values",
        "depression and a dendritic delay",
    ],
)
def test_every_pair_learns_what_a_list_of_pairs_does(rule, how):
    compare(rule, **how)


@pytest.mark.parametrize("threads", [1, 2])
def test_what_arrives_of_values_is_their_product_with_the_matrix_of_weights(threads):
    net, projection, target = network(None, listed=False, payload="r", threads=threads)
    net.record(projection.source, ["r"], every=DT)
    run = net.run(STEPS * DT)
    sent = run.trace(projection.source, "r").values
    expected = np.vstack([np.zeros((DELAY, N_TARGETS)), sent[:-DELAY] @ projection.weight.values])
    ULP(100, 10.0).check(run.trace(target, "ignored").values, expected)


EVERY_PAIR = {"weight": sl.Uniform(0.0, 1.0), "delay": 1.0}


@pytest.mark.parametrize(
    ("dense", "targets", "how"),
    [
        (True, slice(0, 8), {}),
        (True, slice(2, 7), {}),
        (True, slice(2, 7), {"plasticity": sl.Clopath()}),
        (False, slice(0, 3), {}),
        (False, slice(0, 8), {"rule": sl.AllToAll(autapses=False)}),
        (False, slice(0, 8), {"rule": sl.FixedProbability(1.0)}),
        (False, slice(0, 8), {"delay": sl.Uniform(0.5, 5.0)}),
    ],
)
def test_rows_are_dense_where_every_pair_is_connected_and_there_are_enough_targets(dense, targets, how):
    net = sl.Network(dt=DT, seed=1)
    cells = net.population(8, sl.LIF(), name="cells")
    projection = net.connect(cells, cells[targets], **EVERY_PAIR | how)
    assert net.build().program.plans[0].tables[projection].dense == dense


def test_rows_that_are_rewired_and_those_that_share_a_table_with_others_are_not_dense():
    net = sl.Network(dt=DT, seed=1)
    cells = net.population(8, sl.LIF(), name="cells")
    one, other = net.connect(cells, cells, **EVERY_PAIR), net.connect(cells, cells[:4], **EVERY_PAIR)
    rewired = net.connect(cells, cells, "inh", **EVERY_PAIR)
    net.homeostasis(rewired, sl.Rewiring(below=0.5, weight=0.6, every=5.0))
    tables = net.build().program.plans[0].tables
    assert tables[one] is tables[other]
    assert not tables[one].dense and not tables[rewired].dense
