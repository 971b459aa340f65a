"""Events that bring a value with them, against a reference that looks each value up in the trace of the source."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from given_spikes import steps_of
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError
from spikelearn.plasticity import Trace
from spikelearn.units import ms, number, weight

DT, STEPS = 0.5, 300


class CarrierParameters(NamedTuple):
    p: number = 0.2  # probability of a rate event in a step, and of a spike


def _step(V_m, r, ignored, in_exc, in_ignored, I_exc, u, p):
    V_m = 0.8 * V_m + u - 0.4 + in_exc
    r = 0.9 * r + V_m / (1.0 + abs(V_m))
    return V_m, r, in_ignored, np.uint8(16 * (u < p) + (u > 1.0 - p))


Carrier = sl.NeuronModel(
    "Carrier",
    CarrierParameters,
    lambda p, dt: {"p": p.p},
    _step,
    state={"V_m": "mV", "r": "1", "ignored": "1"},
    ports={"exc": "mV", "ignored": "1"},
    currents=("exc",),
    random=("u",),
    initial=lambda p: {"V_m": 0.0},
    kinds=("spike", "rate"),
)
"""It wanders, reports rates and spikes at random, and shows in `ignored` what has just arrived there."""


class ValuesParameters(NamedTuple):
    tau_fast: ms = 4.0
    tau_slow: ms = 25.0
    tau_c: ms = 20.0
    gain: number = 0.05
    W_min: weight = -1e5
    W_max: weight = 1e5


def _signal(V_m, event, gain):
    return gain * V_m + gain * event


COMMON = {
    "Parameters": ValuesParameters,
    "pre": (Trace("fast", "tau_fast"), Trace("slow", "tau_slow", "set")),
    "reads": ("V_m",),
    "signal": _signal,
    "constants": lambda p, dt: {"gain": p.gain},
}
RULES = {"Plain": sl.SignalRule("Plain", **COMMON), "LowPass": sl.SignalRule("LowPass", low_pass=True, **COMMON)}


def events_of(run, population, kind):
    """(step, id) of each event."""
    times, ids = run.spikes(population, kind)
    return list(zip(steps_of(times, DT).tolist(), ids.tolist(), strict=True))


def values_of(run, population, variable):
    """(STEPS + 1, n): by step."""
    values = run.trace(population, variable).values
    return np.vstack([np.zeros(values.shape[1]), values])


def delivered(run, projection):
    """(STEPS, n): what arrives through a static projection, looked up event by event."""
    total = np.zeros((STEPS, projection.target.size))
    values = values_of(run, projection.source, projection.payload)
    synapses = run.synapses(projection)
    for step, i in events_of(run, projection.source, projection.on):
        for pre, post, w, delay in zip(*synapses[:4], strict=True):
            arrival = step + round(delay / DT)
            if pre == i and arrival <= STEPS:
                total[arrival - 1, post] += w * values[step, i]
    return total


def learned(run, projection, rule):
    """(what arrives, weights, eligibilities) of a SignalRule whose synapses move in every step."""
    p, d = rule.parameters, projection.dendritic_steps
    V_m = values_of(run, projection.target, "V_m")
    spikes, values = set(events_of(run, projection.target, "spike")), values_of(run, projection.source, "r")
    rates = set(events_of(run, projection.source, "rate"))
    synapses = run.synapses(projection)
    low_pass = rule.rule.low_pass
    total, ends, eligibilities = np.zeros((STEPS + d, projection.target_size)), [], []
    for i, j, w, delay in zip(synapses.pre, synapses.post, projection.weight.values, synapses.delay, strict=True):
        fast = slow = c = 0.0
        for step in range(1, STEPS + 1):
            fast, slow = fast * math.exp(-DT / p.tau_fast), slow * math.exp(-DT / p.tau_slow)
            if low_pass:
                w, c = w + c * p.tau_c * (1.0 - math.exp(-DT / p.tau_c)), c * math.exp(-DT / p.tau_c)

            def taken(at, sum_of_traces, j=j):
                return sum_of_traces * p.gain * (V_m[at, j] + ((at, j) in spikes))

            if d > 0 and step > d:
                c, w = (c + taken(step - d, fast + slow), w) if low_pass else (c, w + taken(step - d, fast + slow))
            emitted = step + d - round(delay / DT)
            if (emitted, i) in rates:
                total[step + d - 1, j] += w * values[emitted, i]
                fast, slow = fast + values[emitted, i], values[emitted, i]
            if d == 0:
                c, w = (c + taken(step, fast + slow), w) if low_pass else (c, w + taken(step, fast + slow))
        ends.append(w)
        eligibilities.append(c)
    return total[:STEPS], np.array(ends), np.array(eligibilities)


def network(seed=1, threads=1):
    net = sl.Network(dt=DT, seed=seed, threads=threads)
    one, two = (net.population(n, Carrier(), name=f"cells {n}") for n in (7, 5))
    for population in (one, two):
        net.record(population, ["spikes", "rates", "V_m", "r", "ignored"])
    return net, one, two


@pytest.mark.parametrize("seed", [1, 2])
def test_what_arrives_is_the_weight_times_the_value_at_the_end_of_the_step_of_the_event(seed):
    net, one, two = network(seed)
    p = sl.FixedProbability(0.6)
    into_one = [
        net.connect(two, one, "ignored", p, weight=1.5, delay=2.0, on="rate", payload="r"),
        net.connect(two, one, "ignored", weight=-0.5, delay=2.0, on="rate", payload="V_m"),
        net.connect(one[2:5], one[:4], "ignored", weight=sl.Normal(0, 1), delay=sl.Uniform(0.5, 6.0), payload="r"),
    ]
    into_two = [net.connect(one, two, "ignored", p, weight=2.0, delay=0.5, on="rate", payload="r")]
    net.connect(one, two, "exc", weight=0.05, payload="r", delay=1.0)  # and it acts: the cells go another way
    run = net.run(STEPS * DT)
    for target, projections in ((one, into_one), (two, into_two)):
        expected = sum(delivered(run, projection) for projection in projections)
        assert np.count_nonzero(expected) > STEPS
        ULP(100, 10.0).check(run.trace(target, "ignored").values, expected)


def test_a_modulator_is_released_by_values():
    net, one, _ = network()
    modulator = net.modulator(tau=10.0)
    net.connect(one, modulator, weight=0.5, on="rate", payload="r", delay=1.0)
    net.record(modulator, "n")
    run = net.run(STEPS * DT)
    values, n, expected = values_of(run, one, "r"), 0.0, []
    rates = events_of(run, one, "rate")
    for step in range(1, STEPS + 1):
        n = n * math.exp(-DT / 10.0) + sum(0.5 * values[step - 2, i] for s, i in rates if s == step - 2)
        expected.append([n])
    ULP(STEPS, 1.0).check(run.trace(modulator, "n").values, expected)


@pytest.mark.parametrize("dendritic", [0, 3, 100])
@pytest.mark.parametrize("name", RULES)
def test_traces_of_a_signal_rule_grow_by_values_or_are_set_to_them(name, dendritic):
    net, one, two = network(3)
    generator = np.random.default_rng(4)
    rule = RULES[name]()
    pre, post = generator.integers(0, 7, 12), generator.integers(0, 5, 12)
    projection = net.connect(
        one, two, "ignored", sl.Pairs(pre, post), weight=generator.normal(0, 1, 12), on="rate", payload="r",
        axonal_delay=generator.choice([1, 2, 5], 12) * DT, dendritic_delay=dendritic * DT, plasticity=rule,
    )  # fmt: skip
    if name == "LowPass":
        net.record(projection, "c", every=STEPS * DT)
    run = net.run(STEPS * DT)
    sent, weights, eligibilities = learned(run, projection, rule)
    tolerance = ULP(
        4_500_000, 1.0
    )  # as in test_signals: integrals are up to exp(8) times as large as what they differ by
    tolerance.check(run.trace(two, "ignored").values, sent, "what arrived")
    assert np.abs(weights - projection.weight.values).max() > 0.1
    tolerance.check(run.weights(projection), weights)
    if name == "LowPass":
        tolerance.check(run.trace(projection, "c").values[-1], eligibilities)


def test_a_frozen_projection_sends_values_and_learns_nothing():
    net, one, two = network(3)
    projection = net.connect(
        one, two, "ignored", weight=sl.Normal(0, 1), on="rate", payload="r", plasticity=RULES["Plain"](), plastic=False,
        delay=1.0,
    )  # fmt: skip
    run = net.run(STEPS * DT)
    ULP(100, 10.0).check(run.trace(two, "ignored").values, delivered(run, projection))


def built(seed=5, threads=1):
    net, one, two = network(seed, threads)
    net.connect(
        one, two, weight=sl.Uniform(-0.1, 0.1), delay=sl.Uniform(0.5, 6.0), payload="r", on="rate", name="static"
    )
    rule = RULES["Plain"](gain=0.005, W_min=-0.1, W_max=0.1)
    net.connect(two, one, weight=0.01, delay=4.0, payload="V_m", on="rate", plasticity=rule, name="plastic")
    return net


def outcome(*runs):
    found = [np.concatenate([run.trace(name, "V_m").values for run in runs]) for name in ("cells 7", "cells 5")]
    return [*found, runs[-1].weights("plastic")]


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("engine", ["compiled", "stepper"])
def test_values_are_the_same_bits_on_any_number_of_threads(threads, engine):
    one = outcome(built().run(100.0))
    for found, expected in zip(outcome(built(threads=threads).run(100.0, engine=engine)), one, strict=True):
        EXACT.check(found, expected)


def test_a_checkpoint_holds_values_that_are_on_their_way(tmp_path):
    net = built()
    first = net.run(50.5)
    first.checkpoint(tmp_path / "state")
    second = sl.Network.restore(tmp_path / "state").run(49.5)
    for found, expected in zip(outcome(first, second), outcome(built().run(100.0)), strict=True):
        EXACT.check(found, expected)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"payload": "q"}, "no state 'q'"),
        ({"payload": "r", "procedural": True, "rule": sl.AllToAll()}, "procedural"),
        ({"payload": "r", "synapse": sl.TsodyksMarkram()}, "TsodyksMarkram depends on event times"),
        ({"payload": "r", "plasticity": sl.STDP()}, "STDP learns from event times"),
    ],
)
def test_what_cannot_use_values_says_so(asked, said):
    net, one, two = network()
    with pytest.raises(DescriptionError, match=said):
        net.connect(one, two, "ignored", weight=1.0, **asked)


def test_sources_have_no_values():
    net, one, _ = network()
    with pytest.raises(DescriptionError, match="no state 'rate'"):
        net.connect(net.population(3, sl.Poisson(20.0)), one, "ignored", payload="rate")


@pytest.mark.parametrize("engine", ["events", "nest", "brian2"])
def test_engines_that_know_no_values_refuse_them(engine):
    net = sl.Network(dt=DT)
    cells = net.population(3, sl.LIFDelta())
    net.connect(cells, cells, weight=0.01, payload="V_m")
    with pytest.raises(DescriptionError, match="value"):
        net.run(1.0, engine=engine)
