"""Rules that say that what they add at post events is linear in a trace: that they are right, and pairs of spikes."""

import itertools
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from examples import many_numbers
from naive import pair_by_pair
from naive.comparison import DT, STEPS, TOLERANCE, compare

import spikelearn as sl
from spikelearn.codegen.functions import plain
from spikelearn.errors import DescriptionError
from spikelearn.plasticity import RULES

ADDITIVE = {"mu_plus": 0.0, "mu_minus": 0.0}
MORE = {sl.STDP: ADDITIVE, sl.NearestSTDP: ADDITIVE, sl.InhibitorySTDP: {"W_min": -100.0, "W_max": 0.0}}
BY_PAIRS = {"tau_plus": 15.0, "tau_minus": 30.0, "lambda_": 0.05, "alpha": 1.1, "mu_plus": 0.0, "mu_minus": 0.0}


def claims():
    for rule in RULES:
        for more in ({}, MORE.get(rule, {})):
            if rule.learns_by == "events" and rule.additive_in(rule.Parameters(**more)):
                yield pytest.param(rule, rule.Parameters(**more), id=f"{rule.name} {more}")


@pytest.mark.parametrize(("rule", "parameters"), list(claims()))
def test_what_a_post_event_adds_is_linear_in_one_trace_and_the_same_at_all_weights(rule, parameters):
    generator = np.random.default_rng(1)
    x, on_post = rule.additive_in(parameters), plain(rule.on_post)
    arguments = rule.takes("on_post")
    constants = rule.constants(parameters, 0.1)
    pre = {trace.name for trace in rule.pre}

    def added(weight, values):
        result = on_post(*((constants | values | {"weight": weight})[name] for name in arguments))
        return result if rule.modulated else result - weight

    for _ in range(20):
        values = {name: generator.uniform(0, 2) for name in arguments if name not in constants}
        one = added(0.0, values | dict.fromkeys(pre, 0.0) | {x: 1.0})
        for weight in generator.uniform(parameters.W_min, parameters.W_max, 5):
            assert added(weight, values) == pytest.approx(one * values[x], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"on_post": lambda weight, x, y, A, B: weight + x * (B - weight)}, "on_post adds"),
        ({"on_post": lambda weight, x, y, A, B: weight + x * x}, "on_post adds"),
        ({"on_post": lambda weight, x, y, A, B: weight + x - A}, "on_post adds"),
        ({"additive_in": lambda p: "y"}, "expected one of its pre traces .x. or '', got 'y'"),
        ({"on_post": lambda weight, x, y, A, B, since_pre: weight + x * since_pre}, "on_post depends on since_pre"),
    ],
)
def test_a_rule_that_says_so_and_is_not_is_refused(changed, message):
    with pytest.raises(DescriptionError, match=message):
        replace(TurningSTDP, **changed)()


@pytest.mark.parametrize(("dendritic", "sign"), list(itertools.product([0, 1, 9], [1.0, -1.0])))
def test_hebbian_and_anti_hebbian_pairs(dendritic, sign):
    parameters = BY_PAIRS | {"lambda_": 0.2 * sign}
    final, reference, *_ = compare(lambda _: sl.STDP(**parameters), pair_by_pair.STDP, parameters, dendritic, seed=3)
    TOLERANCE.check(final, reference.weights)
    assert {0.0, 100.0} & set(final)


@pytest.mark.parametrize("tau", [0.004, 0.4, 2.0])
def test_traces_that_decay_within_steps_and_long_pauses(tau):
    parameters = BY_PAIRS | {"tau_plus": tau, "tau_minus": 2.0 * tau}
    final, reference, *_ = compare(lambda _: sl.STDP(**parameters), pair_by_pair.STDP, parameters, 0, seed=4)
    TOLERANCE.check(final, reference.weights)


@pytest.mark.parametrize("rule", [sl.STDP, sl.NearestSTDP], ids=lambda rule: rule.name)
def test_each_post_event_has_the_factor_of_its_time(rule):
    factors = 1.5, 0.0, 1.0, 0.5

    def trials(projection):
        return sl.Trials([sl.Phase(20 * DT, plastic={projection: factor}) for factor in factors], STEPS // 80)

    final, reference, *_ = compare(
        lambda _: rule(**BY_PAIRS), getattr(pair_by_pair, rule.name), BY_PAIRS, 0, seed=5, trials=trials,
        plastic=lambda step: factors[(step - 1) // 20 % 4],
    )  # fmt: skip
    TOLERANCE.check(final, reference.weights)


class Turning(NamedTuple):
    tau: float = 15.0
    A: float = 20.0
    B: float = 40.0
    W_min: float = 0.0
    W_max: float = 100.0


TurningSTDP = sl.PlasticityRule(
    "TurningSTDP",
    Turning,
    pre=(sl.Trace("x", "tau"),),
    post=(sl.Trace("y", "tau"),),
    on_pre=lambda weight, x, y, A, B: weight,
    on_post=lambda weight, x, y, A, B: weight + x * (A - B * y),
    constants=lambda p, dt: {"A": p.A, "B": p.B},
    additive_in=lambda p: "x",
)


class TurningByPairs(pair_by_pair.PairByPair):
    def at_pre(self, weight):
        return weight

    def at_post(self, weight):
        x, y = (pair_by_pair.summed(self.ages(kind), self.tau) for kind in ("pre", "post"))
        return weight + x * (self.A - self.B * y)


@pytest.mark.parametrize("dendritic", [0, 9])
def test_limits_are_held_at_each_event_if_changes_have_both_signs(dendritic):
    parameters = {"tau": 15.0, "A": 20.0, "B": 40.0}
    final, reference, *_ = compare(lambda _: TurningSTDP(**parameters), TurningByPairs, parameters, dendritic, seed=6)
    TOLERANCE.check(final, reference.weights)
    assert 0.0 in final or 100.0 in final


def test_what_a_source_has_caused_before_thousands_of_time_constants_of_silence_counts():
    def learned_after(pause):
        net = sl.Network(dt=0.1, seed=1)
        source = net.population(1, sl.SpikeList([10.0, pause], [0, 0]))
        spikes = np.concatenate([[11.0], np.arange(80.0, pause - 40.0, 97.0)])
        target = net.population(1, sl.LIF())
        net.connect(net.population(1, sl.SpikeList(spikes, [0] * len(spikes))), target, weight=1e4, delay=1.0)
        rule = sl.STDP(tau_plus=2.0, tau_minus=2.0, lambda_=1e-3, mu_plus=0.0)
        learned = net.connect(source, target, weight=1e-3, delay=1.0, plasticity=rule)
        return net.run(pause + 20.0).weights(learned)[0]

    soon = learned_after(150.0)
    assert soon > 0.02
    for pause in (300.0, 1_000.0, 3_000.0, 20_000.0):
        assert learned_after(pause) == pytest.approx(soon, rel=1e-9)


@many_numbers
@pytest.mark.parametrize("modulated", [False, True])
@pytest.mark.parametrize("dendritic", [0.0, 1.0])
def test_sweeps_that_some_shares_need_and_others_do_not_change_no_bit(dendritic, modulated):
    def learned(threads):
        net = sl.Network(dt=0.1, seed=3, threads=threads)
        source = net.population(30, sl.Poisson(rate=np.linspace(0.5, 20.0, 30)))
        target = net.population(12, sl.LIF())
        drive = net.population(12, sl.Poisson(rate=np.geomspace(5.0, 200.0, 12)))
        net.connect(drive, target, rule=sl.OneToOne(), weight=1e4, delay=1.0)
        rule = sl.STDP(mu_plus=0.0, mu_minus=0.0, lambda_=1e-3)
        if modulated:
            dopamine = net.modulator("dopamine", tau=50.0)
            net.release(dopamine, np.arange(40.0, 3000.0, 190.0), 0.1)
            rule = sl.DopamineSTDP(dopamine, A_minus=0.9, tau_c=120.0, b=0.002, W_max=50.0)
        projection = net.connect(
            source, target, weight=sl.Uniform(1.0, 50.0), axonal_delay=1.0, dendritic_delay=dendritic, plasticity=rule
        )
        return net.run(3000.0).weights(projection)

    one = learned(1)
    assert np.ptp(one) > 1.0
    if modulated:
        assert 0.03 < np.mean((one == 0.0) | (one == 50.0)) < 0.95
    for threads in (2, 5):
        np.testing.assert_array_equal(learned(threads), one)
