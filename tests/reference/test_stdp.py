"""Pair STDP against live NEST and live Brian2; on any trains in test_plasticity.py."""

import numpy as np
import pytest
from cases.plasticity import BESIDE_NEST, beside_nest
from given_spikes import coincident_trains, one_synapse
from oracles import brian2_oracle, nest_oracle
from tolerances import EXACT, NINE_DIGITS, ULP

import spikelearn as sl
from spikelearn.errors import ParameterError


def sent(pre, post, *, w0, delay, lambda_=0.01, alpha=1.0, tau_plus=20.0, tau_minus=20.0, mu_plus=1.0, mu_minus=1.0):
    rule = sl.STDP(
        lambda_=lambda_,
        alpha=alpha,
        tau_plus=tau_plus,
        tau_minus=tau_minus,
        mu_plus=mu_plus,
        mu_minus=mu_minus,
        W_max=100.0,
    )
    return one_synapse(pre, post, lambda modulator: rule, weight=w0, dendritic=delay).sent


def against_nest(pre, post, **parameters):
    ours = sent(pre * 0.1, post * 0.1, **parameters)
    theirs = nest_oracle.stdp_weights(pre * 0.1, post * 0.1, Wmax=100.0, **parameters)
    assert len(ours) == len(pre)
    NINE_DIGITS.check(ours, theirs)
    return ours


@pytest.mark.parametrize("delay", [0.1, 1.0, 3.7, 20.0])
@pytest.mark.parametrize(
    ("mu_plus", "mu_minus", "alpha", "lambda_", "w0"),
    [(0.0, 0.0, 1.05, 0.01, 50.0), (1.0, 1.0, 1.0, 0.05, 20.0), (0.4, 0.4, 2.0, 0.02, 70.0), (0.0, 1.0, 0.3, 0.1, 5.0)],
    ids=["additive", "multiplicative", "mu 0.4", "mixed"],
)
def test_weights_are_those_of_nest_on_random_trains_with_many_coincidences(
    mu_plus, mu_minus, alpha, lambda_, w0, delay
):
    generator = np.random.default_rng(round(10 * delay))
    pre, post = coincident_trains(80, round(10 * delay), 2500, generator)
    acting = post + round(10 * delay)
    assert len(np.intersect1d(pre, acting)) >= 10
    weights = against_nest(
        pre, post, w0=w0, alpha=alpha, lambda_=lambda_, mu_plus=mu_plus, mu_minus=mu_minus, delay=delay,
        tau_plus=17.0, tau_minus=34.0,
    )  # fmt: skip
    assert np.ptp(weights) > 1.0


def test_weights_at_the_bounds_are_those_of_nest():
    pre, post = coincident_trains(80, 10, 2500, np.random.default_rng(3))
    rule = {"mu_plus": 0.0, "mu_minus": 0.0, "delay": 1.0, "w0": 50.0}
    low = against_nest(pre, post, alpha=1.2, lambda_=0.2, **rule)
    high = against_nest(pre, post, alpha=1e-9, lambda_=0.05, **rule)
    assert 5 < np.sum(low == 0.0) < 75
    assert 5 < np.sum(high > 100 - 1e-6) < 75


def test_a_post_spike_in_the_step_of_an_arrival_follows_it_if_the_delay_is_axonal():
    rule = sl.STDP(mu_plus=0, mu_minus=0)
    alone = one_synapse([9, 40], [10], lambda modulator: rule, weight=50.0, axonal=1.0)
    later = 50.0 + 100 * 0.01 * (1.0 - np.exp(-31 / 20))
    ULP(10).check(alone.sent, [50.0, later])


def test_a_post_spike_in_the_step_of_an_arrival_does_not_interact_with_it_if_the_delay_is_dendritic():
    rule = sl.STDP(mu_plus=0, mu_minus=0)
    alone = one_synapse([10, 40], [9], lambda modulator: rule, weight=50.0, dendritic=1.0)
    later = 50.0 - 100 * 0.01 * np.exp(-30 / 20)
    ULP(10).check(alone.sent, [50.0, later])


def test_axonal_and_dendritic_delay_add_up_to_the_arrival_and_only_their_difference_counts_for_learning():
    rule = sl.STDP()
    pre, post = coincident_trains(60, 5, 1500, np.random.default_rng(5))
    both = one_synapse(pre * 0.1, post * 0.1, lambda m: rule, weight=50.0, axonal=2.0, dendritic=3.0)
    shifted = one_synapse(pre * 0.1 + 2.0, post * 0.1, lambda m: rule, weight=50.0, dendritic=3.0)
    EXACT.check(both.sent, shifted.sent)


def test_axonal_delay_gives_the_weights_of_brian2_coincidences_included():
    pre, post = coincident_trains(60, -15, 1500, np.random.default_rng(6))
    assert len(np.intersect1d(pre + 15, post)) >= 10
    rule = sl.STDP(mu_plus=0, mu_minus=0, alpha=1.05, lambda_=0.05)
    ours = one_synapse(pre * 0.1, post * 0.1, lambda m: rule, weight=50.0, axonal=1.5, T=200.0)
    b2 = brian2_oracle.import_brian2()
    with brian2_oracle.quiet():
        step = 0.1 * b2.ms
        emitted = [b2.SpikeGeneratorGroup(1, np.zeros(len(s), int), s * step, dt=step) for s in (pre, post)]
        synapses = b2.Synapses(
            *emitted,
            "w : 1\ndK_plus/dt = -K_plus/(20*ms) : 1 (event-driven)\ndK_minus/dt = -K_minus/(20*ms) : 1 (event-driven)",
            on_pre="w = clip(w - 100*0.05*1.05*K_minus, 0, 100)\nK_plus += 1",
            on_post="w = clip(w + 100*0.05*K_plus, 0, 100)\nK_minus += 1",
            delay={"pre": 15 * step},
            namespace={"ms": b2.ms},
            dt=step,
        )
        synapses.connect()
        synapses.w = 50.0
        network = b2.Network(*emitted, synapses)
        network.run(2000 * step)
        final = float(synapses.w[0])
    assert abs(final - 50.0) > 1.0
    NINE_DIGITS.check(ours.final, final)


@pytest.mark.parametrize("how", BESIDE_NEST)
def test_negative_weights_are_positive_ones_with_the_other_sign_and_those_of_nest_with_wmax_below_zero(how):
    rule, parameters, start = BESIDE_NEST[how]
    pre, post = (start + 0.1 * train for train in coincident_trains(80, 10, 2500, np.random.default_rng(10)))
    w_0 = {"w_0": -1.0} if "w_0" in rule.Parameters._fields else {}
    positive, negative = rule(**parameters, W_max=100.0), rule(**parameters, **w_0, W_min=-100.0, W_max=0.0)
    expected = one_synapse(pre, post, lambda modulator: positive, weight=30.0, dendritic=1.0).sent
    sent = one_synapse(pre, post, lambda modulator: negative, weight=-30.0, dendritic=1.0).sent
    EXACT.check(sent, -expected)
    assert len(np.unique(sent)) > 40
    if rule is not sl.PowerLawSTDP:  # NEST's takes a power of a negative weight
        NINE_DIGITS.check(sent, beside_nest(pre, post, negative, weight=-30.0, delay=1.0)[1])


def test_inhibitory_stdp_with_w_max_zero_enlarges_inhibition_at_pairs():
    rule = sl.InhibitorySTDP(eta=1.0, alpha=0.0, W_min=-100.0, W_max=0.0)
    paired = one_synapse([10.0, 20.0], [15.0], lambda modulator: rule, weight=-10.0, axonal=1.0)
    ULP(10).check(paired.sent, [-10.0, -10.0 - np.exp(-4 / 20) - np.exp(-6 / 20)])


@pytest.mark.parametrize("rule", [sl.STDP, sl.NearestSTDP, sl.PreCentredSTDP, sl.ReducedSTDP, sl.InhibitorySTDP])
def test_weights_of_two_signs_are_refused(rule):
    with pytest.raises(ParameterError, match="one sign: W_min >= 0 or W_max <= 0, got -1 and 1"):
        rule(W_min=-1.0, W_max=1.0)


@pytest.mark.parametrize("limits", [{"w_0": -1.0}, {"W_min": -1.0, "W_max": 0.0}, {"W_min": -1.0}, {"w_0": 0.0}])
def test_power_law_stdp_wants_weights_and_w_0_of_one_sign(limits):
    with pytest.raises(ParameterError, match="weights and w_0 must have one sign"):
        sl.PowerLawSTDP(**limits)


def test_a_negative_w_max_alone_is_refused_with_the_limits_to_give():
    with pytest.raises(ParameterError, match="got 0 and -100; for negative weights, W_min=-100 and W_max=0"):
        sl.STDP(W_max=-100.0)


@pytest.mark.parametrize("gap", [15, 40])
@pytest.mark.parametrize("first", ["pre", "post"])
def test_a_pair_many_time_constants_apart_still_counts(gap, first):
    """The weight begins at 0, or at twice what the pair takes off it."""
    net = sl.Network(dt=0.1)
    times = (10.0, 10.0 + 20.0 * gap)
    pre, post = times if first == "pre" else times[::-1]
    source, teacher = net.population(1, sl.SpikeList([pre])), net.population(1, sl.SpikeList([post]))
    cell = net.population(1, sl.Parrot(), name="cell")
    net.connect(teacher, cell, "exc", weight=1.0, delay=0.1)
    rule = sl.STDP(lambda_=1.0, alpha=1.0, mu_plus=0.0, mu_minus=0.0, W_max=1.0)
    start = 0.0 if first == "pre" else 2.0 * np.exp(-gap)
    made = net.connect(source, cell, "ignored", weight=start, delay=0.1, plasticity=rule)
    ULP(100).check(net.run(1000.0).synapses(made).weight, [np.exp(-gap)])
