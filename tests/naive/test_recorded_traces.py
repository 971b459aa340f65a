"""Recorded traces and state of synapses against sums over all earlier events, in every step."""

import numpy as np
import pytest
from naive.comparison import DT, N_POST, N_PRE, STEPS, as_list, coincident_spikes
from tolerances import ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError

TOLERANCE = ULP(2_000, 10.0)
"""The sum of up to a hundred exponentials, which the engine carries on from event to event."""


def network(plasticity, dendritic, threads=1, plastic=True):
    net = sl.Network(dt=DT, threads=threads)
    modulator = net.modulator("dopamine", tau=50.0)
    pre, post = coincident_spikes(np.random.default_rng(3), [1, 4], dendritic)
    source, target = net.population(N_PRE, as_list(pre)), net.population(N_POST, sl.Parrot(), name="target")
    force = net.population(N_POST, as_list({(s - 1, j) for s, j in post}))
    net.connect(force, target, "exc", sl.OneToOne(), weight=1.0, delay=DT)
    delays = DT * np.where(np.arange(N_PRE * N_POST).reshape(N_PRE, N_POST) % 3, 1, 4)
    learning = net.connect(
        source, target, "ignored", weight=50.0, axonal_delay=delays, dendritic_delay=dendritic * DT or None,
        plasticity=plasticity(modulator), name="learning", plastic=plastic,
    )  # fmt: skip
    return net, learning, pre, post


def events_at(spikes, neurons, delays):
    """(STEPS, synapses): the events of each synapse's neuron that have reached it, as (steps, synapses) of 0 and 1."""
    happened = np.zeros((STEPS + 1, len(neurons)))
    for step, neuron in spikes:
        for k in np.flatnonzero(neurons == neuron):
            if step + delays[k] <= STEPS:
                happened[step + delays[k], k] = 1.0
    return happened


def traced(happened, tau, nearest):
    """The trace at the end of each step, from all events until then."""
    steps = np.arange(STEPS + 1)
    result = np.zeros_like(happened)
    for k in range(happened.shape[1]):
        for now in steps:
            times = steps[: now + 1][happened[: now + 1, k] > 0]
            decayed = np.exp(-(now - times) * DT / tau)
            result[now, k] = (decayed[-1] if len(decayed) else 0.0) if nearest else decayed.sum()
    return result[1:]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dendritic", [0, 3])
@pytest.mark.parametrize(
    ("plasticity", "nearest"),
    [
        (lambda m: sl.STDP(tau_plus=15.0, tau_minus=30.0), False),
        (lambda m: sl.ReducedSTDP(tau_plus=15.0, tau_minus=30.0), True),
        (lambda m: sl.TripletSTDP(), False),
        (lambda m: sl.DopamineSTDP(m, tau_plus=15.0, tau_minus=30.0), False),
    ],
    ids=["STDP", "ReducedSTDP", "TripletSTDP", "DopamineSTDP"],
)
def test_recorded_traces_are_sums_over_the_events_until_then(plasticity, nearest, dendritic, threads):
    net, learning, pre, post = network(plasticity, dendritic, threads)
    rule = learning.plasticity
    pre_names, post_names = ([trace.name for trace in side] for side in (rule.rule.pre, rule.rule.post))
    net.record(learning, [*pre_names, *post_names, *rule.rule.state], every=DT)
    run = net.run(STEPS * DT)
    synapses = run.synapses(learning)
    total = np.round(synapses.delay / DT).astype(int)
    arrived = events_at(pre, synapses.pre, total - dendritic)
    returned = events_at(post, synapses.post, np.full(len(total), dendritic))
    for happened, names, side in ((arrived, pre_names, rule.rule.pre), (returned, post_names, rule.rule.post)):
        for name, trace in zip(names, side, strict=True):
            expected = traced(happened, getattr(rule.parameters, trace.tau), nearest)
            assert expected.max() > 0.9
            TOLERANCE.check(run.trace(learning, name).values, expected, name)
    for name in rule.rule.state:
        # A post event in the step of an arrival follows it, but through a dendrite neither sees the other.
        latest = [np.maximum.accumulate(np.arange(STEPS + 1)[:, None] * h)[1:] for h in (arrived, returned)]
        fired = latest[1] > latest[0] if dendritic else (latest[1] >= latest[0]) & (latest[1] > 0)
        np.testing.assert_array_equal(run.trace(learning, name).values, fired.astype(float))


def test_recording_traces_changes_no_weight():
    weights = []
    for names in (["weight"], ["weight", "K_plus", "K_minus"]):
        net, learning, *_ = network(lambda m: sl.STDP(), 3)
        net.record(learning, names, every=DT)
        weights.append(net.run(STEPS * DT).trace(learning, "weight").values)
    np.testing.assert_array_equal(*weights)


@pytest.mark.parametrize(
    ("plasticity", "plastic", "it_has"),
    [
        (lambda m: sl.STDP(), True, "weight, K_plus, K_minus"),
        (lambda m: sl.STDP(), False, "weight"),
        (lambda m: sl.DopamineSTDP(m), True, "weight, c, K_plus, K_minus"),
        (lambda m: sl.ReducedSTDP(), True, "weight, fired, K_plus, K_minus"),
        (lambda m: sl.TripletSTDP(), True, "weight, K_plus, K_x, K_minus, K_y"),
        (lambda m: sl.Clopath(), True, "weight"),
    ],
)
def test_an_error_lists_what_can_be_recorded_of_a_projection(plasticity, plastic, it_has):
    net = sl.Network(dt=DT)
    cells = net.population(1, sl.AdExClopath())
    rule = plasticity(net.modulator("dopamine", tau=50.0))
    learning = net.connect(cells, cells, weight=1.0, delay=DT, plasticity=rule, plastic=plastic)
    with pytest.raises(DescriptionError, match=f"no variable 'K_plux'.*it has: {it_has}$"):
        net.record(learning, "K_plux")


@pytest.mark.parametrize("engine", ["nest", "brian2"])
def test_other_engines_refuse_to_record_traces(engine):
    net, learning, *_ = network(lambda m: sl.STDP(), 3)
    net.record(learning, "K_plus")
    with pytest.raises(DescriptionError, match="'K_plus' cannot be recorded on"):
        net.run(1.0, engine=engine)
